package token

import (
	"testing"

	"latchkey"
)

// The form of pairwise subjects is Keycloak's: a UUID of version 3 of the
// SHA-256 over sector, user and salt, each of which makes another.
func TestPairwiseForm(t *testing.T) {
	const user = "8712290e-3b14-42b3-bc9b-c3306368d3bb"
	const want = "bbedc1fa-dc28-3e9b-a71d-32d98b66e447"
	if got := pairwise("client.example.com", user, "salt"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, other := range []string{pairwise("other.example.com", user, "salt"), pairwise("client.example.com", "u", "salt"), pairwise("client.example.com", user, "pepper")} {
		if other == want {
			t.Error("two subjects are one")
		}
	}
}

// The sector is that of the sector identifier, or the one host of the redirect
// URIs; a client that has neither is refused where it is configured, and has a
// sector of its own until then.
func TestSectors(t *testing.T) {
	for name, c := range map[string]struct {
		identifier string
		redirects  []string
		sector     string
		refused    bool
	}{
		"one host":                 {redirects: []string{"https://A.example.test/cb", "https://a.example.test:8443/*"}, sector: "a.example.test"},
		"two hosts":                {redirects: []string{"https://a.example.test/cb", "https://b.example.test/cb"}, refused: true},
		"two, and an identifier":   {identifier: "https://s.example.test/s.json", redirects: []string{"https://a.example.test/cb", "https://b.example.test/cb"}, sector: "s.example.test"},
		"none":                     {refused: true},
		"an app's own scheme":      {redirects: []string{"com.example:/cb"}, refused: true},
		"any":                      {redirects: []string{"*"}, refused: true},
		"an identifier in clear":   {identifier: "http://s.example.test/s.json", sector: "s.example.test", refused: true},
		"an identifier that is no": {identifier: "://", redirects: []string{"https://a.example.test/cb"}, refused: true},
	} {
		m := mapperOf(PairwiseMapper, "sectorIdentifierUri", c.identifier, "pairwiseSubAlgorithmSalt", "salt")
		client := &latchkey.Client{ID: "client-id", ClientID: "c", RedirectURIs: c.redirects, ProtocolMappers: []latchkey.ProtocolMapper{m}}
		if err := CheckPairwise(client); (latchkey.ErrorCode(err) == latchkey.CodeInvalid) != c.refused || (err != nil) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
		sector := c.sector
		if sector == "" {
			sector = "client-id"
		}
		if got := SubjectFor(&latchkey.Snapshot{}, client, "u"); got != pairwise(sector, "u", "salt") {
			t.Errorf("%s: another sector than %s", name, sector)
		}
	}
	if got := SubjectFor(&latchkey.Snapshot{}, &latchkey.Client{}, "u"); got != "u" {
		t.Errorf("without the mapper: %s", got)
	}
}
