package admin_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

const keyType = "org.keycloak.keys.KeyProvider"

type config map[string][]string

func (w *world) makeKey(token, provider string, c config) answer {
	w.t.Helper()
	return w.rest(token, "POST", "/demo/components", m{"name": provider, "providerId": provider, "providerType": keyType, "config": c})
}

// keysOf are the key components that sign with the algorithm.
func (w *world) keysOf(token, algorithm string) (ids []string) {
	w.t.Helper()
	var all []representation.Component
	w.must(200, token, "GET", "/demo/components?type="+keyType, nil).into(&all)
	for _, one := range all {
		if slices.Equal(one.Config["algorithm"], []string{algorithm}) && !slices.Equal(one.Config["active"], []string{"false"}) {
			ids = append(ids, *one.ID)
		}
	}
	return ids
}

// rpOf is a client that asks for tokens in its own name.
type rpOf struct{ uuid, id, secret string }

func (w *world) serviceClient(name string) rpOf {
	w.t.Helper()
	rp := w.s.RP(name, func(c *representation.Client) { c.PublicClient, c.ServiceAccountsEnabled = new(false), new(true) })
	w.s.Update(func(tx *store.Tx) error {
		_, err := tx.ServiceAccountUser(rp.Client.RealmID, rp.Client.ID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			err = tx.CreateUser(realm.NewServiceAccount(rp.Client, tx.Now()))
		}
		return err
	})
	return rpOf{rp.Client.ID, rp.Client.ClientID, rp.Client.Secret.Reveal()}
}

func headOf(t testing.TB, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var head struct{ Alg string }
	if err := json.Unmarshal(text, &head); err != nil {
		t.Fatal(err)
	}
	return head.Alg
}

// signs asks for tokens by client credentials, and says what they are signed
// with.
func (w *world) signs(rp rpOf) string {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {rp.id}, "client_secret": {rp.secret}}
	status, _, text := w.s.Ask("POST", "/realms/demo/protocol/openid-connect/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
	if status != 200 {
		w.t.Fatalf("no token: %d %s", status, text)
	}
	_, head, _ := strings.Cut(text, `"access_token":"`)
	head, _, _ = strings.Cut(head, ".")
	return headOf(w.t, head)
}

// A component reads back as it was sent, so that tools which compare find no
// difference, and its key is as large as it says.
func TestKeyComponentReadsBack(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	for provider, sent := range map[string]config{
		"rsa-generated":   {"priority": {"50"}, "enabled": {"true"}, "active": {"true"}, "algorithm": {"RS256"}, "keySize": {"3072"}},
		"hmac-generated":  {"priority": {"50"}, "enabled": {"true"}, "active": {"false"}, "algorithm": {"HS384"}, "secretSize": {"128"}},
		"aes-generated":   {"priority": {"50"}, "enabled": {"false"}, "active": {"true"}, "secretSize": {"32"}},
		"ecdsa-generated": {"priority": {"50"}, "enabled": {"true"}, "active": {"true"}, "ecdsaEllipticCurveKey": {"P-384"}},
	} {
		id := w.makeKey(admin, provider, sent).id()
		var one representation.Component
		read := func(want config) {
			t.Helper()
			w.must(200, admin, "GET", "/demo/components/"+id, nil).into(&one)
			for name, values := range want {
				if !slices.Equal(one.Config[name], values) {
					t.Errorf("%s: %s is %q, sent %q", provider, name, one.Config[name], values)
				}
			}
		}
		read(sent)
		before := w.must(200, admin, "GET", "/demo/keys", nil).Text
		w.must(204, admin, "PUT", "/demo/components/"+id, m{"config": sent})
		if after := w.must(200, admin, "GET", "/demo/keys", nil).Text; after != before {
			t.Errorf("%s: sent again it makes another key", provider)
		}
		sent["active"], sent["enabled"] = []string{"false"}, []string{"true"}
		w.must(204, admin, "PUT", "/demo/components/"+id, m{"config": sent})
		read(sent)
	}
}

// What means no key is refused, in Keycloak's words.
func TestKeyComponentRefusals(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	for _, row := range []struct {
		provider, field, value, sentence string
	}{
		{"rsa-generated", "keySize", "7", "'Key size' should be 2048, 3072 or 4096"},
		{"rsa-generated", "enabled", "maybe", "'Enabled' should be true or false"},
		{"rsa-generated", "priority", "abc", "'Priority' should be a number"},
		{"rsa-generated", "algorithm", "ES256", "'Algorithm' should be RS256, RS384"},
		{"ecdsa-generated", "ecdsaEllipticCurveKey", "P-999", "'Elliptic Curve' should be P-256, P-384 or P-521"},
		{"eddsa-generated", "eddsaEllipticCurveKey", "Ed448", "'Elliptic Curve' should be Ed25519"},
		{"hmac-generated", "secretSize", "3", "'Secret size' should be 32, 64"},
		{"rsa", "privateKey", "", "'Private RSA Key' is required"},
		{"nope", "providerId", "x", "cannot be taken over"},
	} {
		a := w.makeKey(admin, row.provider, config{row.field: {row.value}})
		if a.Status != 400 || !strings.Contains(a.Text, row.sentence) || !strings.Contains(a.Text, `"field":"`+row.field+`"`) {
			t.Errorf("%s %s=%s: %d %s", row.provider, row.field, row.value, a.Status, a.Text)
		}
	}
	id := w.makeKey(admin, "rsa-generated", config{}).id()
	w.refused(admin, "PUT", "/demo/components/"+id, m{"config": config{"active": {"often"}}}, `"field":"active"`)
}

// Whatever becomes of its keys and its algorithm, a realm signs: what it needs
// is made in the same transaction.
func TestAlwaysSigns(t *testing.T) {
	w := newWorld(t)
	admin, rp := w.admin(), w.serviceClient("demo")
	for _, algorithm := range []string{"EdDSA", "ES256", "PS256", "RS256"} {
		w.must(204, admin, "PUT", "/demo", m{"defaultSignatureAlgorithm": algorithm})
		if got := w.signs(rp); got != algorithm {
			t.Errorf("signs with %s, expected %s", got, algorithm)
		}
	}
	for _, off := range []string{"enabled", "active", ""} {
		for _, algorithm := range []string{"RS256", "HS512"} {
			for _, id := range w.keysOf(admin, algorithm) {
				if off == "" {
					w.must(204, admin, "DELETE", "/demo/components/"+id, nil)
				} else {
					w.must(204, admin, "PUT", "/demo/components/"+id, m{"config": config{off: {"false"}}})
				}
			}
			if got := w.signs(rp); got != "RS256" {
				t.Errorf("signs with %s", got)
			}
			if len(w.keysOf(admin, algorithm)) == 0 {
				t.Errorf("%s: no key for %s", off, algorithm)
			}
		}
	}
}

// A client that asks for what the realm has no key for gets what there is.
func TestClientAlgorithm(t *testing.T) {
	w := newWorld(t)
	admin, rp := w.admin(), w.serviceClient("demo")
	w.refused(admin, "PUT", "/demo/clients/"+rp.uuid, m{"attributes": m{"access.token.signed.response.alg": "FOO"}}, "access.token.signed.response.alg")
	w.must(204, admin, "PUT", "/demo/clients/"+rp.uuid, m{"attributes": m{"access.token.signed.response.alg": "ES512"}})
	if got := w.signs(rp); got != "ES512" && got != "RS256" {
		t.Errorf("signs with %s", got)
	}
}
