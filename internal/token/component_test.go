package token

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey"
)

// A key goes out as a component and comes back as the same key, whatever it is;
// its kid is Keycloak's, whether the component says it or not.
func TestKeyComponents(t *testing.T) {
	for _, algorithm := range []string{"RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS512", "RSA-OAEP", "AES"} {
		for _, status := range []latchkey.KeyStatus{latchkey.KeyActive, latchkey.KeyPassive, latchkey.KeyDisabled} {
			k, err := NewKey("realm-id", algorithm, start)
			if err != nil {
				t.Fatal(err)
			}
			k.Status, k.Priority, k.ActiveFrom = status, 7, start.Add(time.Hour)
			c, err := ComponentOf(k)
			if err != nil {
				t.Fatal(err)
			}
			got, err := KeyFromComponent("realm-id", c, start.Add(1000*time.Hour))
			if err != nil {
				t.Fatalf("%s: %v", algorithm, err)
			}
			want := *k
			want.ComponentID, want.Name, want.Provider = c.ID, c.Name, c.Provider
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("%s: %s", algorithm, diff)
			}
			again, err := ComponentOf(got)
			if diff := cmp.Diff(c, again); err != nil || diff != "" {
				t.Errorf("%s: the second time: %v %s", algorithm, err, diff)
			}
			delete(c.Config, "kid")
			if got, err := KeyFromComponent("realm-id", c, start); err != nil || (k.Certificate != nil && got.ID != k.ID) {
				t.Errorf("%s without its kid: %v %v", algorithm, got.ID, err)
			}
		}
	}
}

// What an export of Keycloak's says, and what can be wrong with it.
func TestKeyFromComponent(t *testing.T) {
	k := testKeys["RS256"]
	private, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private.(*rsa.PrivateKey))}))
	text := base64.StdEncoding.EncodeToString(k.Private)
	other := base64.StdEncoding.EncodeToString(testKeys["PS256"].Certificate)
	for name, c := range map[string]struct {
		provider string
		config   []string
		field    string // empty: it is taken
		made     string // algorithm; empty: the key of the test
	}{
		"as Keycloak has it":       {"rsa-generated", []string{"privateKey", text, "certificate", base64.StdEncoding.EncodeToString(k.Certificate), "priority", "100"}, "", ""},
		"PEM of an operator":       {"rsa", []string{"privateKey", pkcs1, "priority", "1"}, "", ""},
		"one without a key":        {"rsa-generated", []string{"priority", "100"}, "", "RS256"},
		"a curve":                  {"ecdsa-generated", []string{"ecdsaEllipticCurveKey", "P-384"}, "", "ES384"},
		"Edwards' curve":           {"eddsa-generated", []string{"eddsaEllipticCurveKey", "Ed25519"}, "", "EdDSA"},
		"a secret":                 {"hmac-generated", []string{"algorithm", "HS512"}, "", "HS512"},
		"one to encrypt with":      {"aes-generated", nil, "", "AES"},
		"in a file elsewhere":      {"java-keystore", []string{"keystore", "/etc/passwd"}, "providerId", ""},
		"no key at all":            {"rsa", []string{"privateKey", "bm9wZQ=="}, "privateKey", ""},
		"no base64":                {"rsa", []string{"privateKey", "%%%"}, "privateKey", ""},
		"another key's":            {"rsa", []string{"privateKey", text, "certificate", other}, "certificate", ""},
		"no certificate":           {"rsa", []string{"privateKey", text, "certificate", "x"}, "certificate", ""},
		"not for that algorithm":   {"rsa", []string{"privateKey", text, "algorithm", "ES256"}, "algorithm", ""},
		"no such algorithm":        {"rsa", []string{"algorithm", "RS1"}, "algorithm", ""},
		"a secret for RSA":         {"rsa-generated", []string{"algorithm", "HS512"}, "algorithm", ""},
		"a short secret":           {"hmac-generated", []string{"algorithm", "HS512", "secret", "c2hvcnQ"}, "secret", ""},
		"a priority that is none":  {"rsa", []string{"privateKey", text, "priority", "high"}, "priority", ""},
		"a curve that nobody has":  {"ecdsa-generated", []string{"algorithm", "ES256K"}, "algorithm", ""},
		"an RSA key as a curve's":  {"ecdsa-generated", []string{"ecdsaPrivateKey", text}, "algorithm", ""},
		"enc that is said to sign": {"rsa-enc", []string{"privateKey", text, "algorithm", "RS256"}, "", ""},
	} {
		got, err := KeyFromComponent("realm-id", KeyComponent{ID: "c", Name: "n", Provider: c.provider, Config: mapped(c.config)}, start)
		var e *latchkey.Error
		switch {
		case c.field != "":
			if !errors.As(err, &e) || e.Code != latchkey.CodeInvalid || e.Field != c.field {
				t.Errorf("%s: %v, want one about %s", name, err, c.field)
			}
			if err != nil && strings.Contains(err.Error(), text[:40]) {
				t.Errorf("%s: the error tells the key", name)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.made != "" && (got.Algorithm != c.made || len(got.Private) == 0), c.made == "" && got.ID != k.ID:
			t.Errorf("%s: %s %s", name, got.Algorithm, got.ID)
		}
	}
}

func mapped(pairs []string) map[string][]string {
	out := map[string][]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = []string{pairs[i+1]}
	}
	return out
}
