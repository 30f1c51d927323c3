package oidc_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// The discovery document says what is built and nothing else.
func TestDiscovery(t *testing.T) {
	w := sqliteWorld(t)
	golden, err := os.ReadFile("testdata/discovery.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(golden), "BASE", w.base)), &want); err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{"/realms/bench/.well-known/openid-configuration", "/realms/bench/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/realms/bench"} {
		a := w.browser().get(w.base + u)
		if diff := cmp.Diff(want, a.json); a.status != http.StatusOK || diff != "" {
			t.Errorf("%s: %d %s", u, a.status, diff)
		}
	}
	for _, u := range []string{"/realms/nope/.well-known/openid-configuration", "/realms/nope", "/.well-known/oauth-authorization-server/realms/nope", "/realms/nope/protocol/openid-connect/certs"} {
		if a := w.browser().get(w.base + u); a.status != http.StatusNotFound || a.text("error") != "Realm does not exist" {
			t.Errorf("%s: %d %s", u, a.status, a.body)
		}
	}
	// Every endpoint that it names answers something.
	for name, u := range want {
		text, _ := u.(string)
		if strings.HasSuffix(name, "_endpoint") || name == "jwks_uri" {
			if a := w.browser().get(text); a.status == http.StatusNotFound {
				t.Errorf("%s is nowhere", text)
			}
		}
	}
}

// The languages that it names are those that pages speak.
func TestDiscoveryLanguages(t *testing.T) {
	w := sqliteWorld(t)
	r := *w.snap("bench").Realm
	r.InternationalizationEnabled, r.SupportedLocales = true, []string{"fr", "de-AT", "de", "xx", "en"}
	w.update(func(tx *store.Tx) error { return tx.UpdateRealm(&r) })
	a := w.browser().get(w.base + "/realms/bench/.well-known/openid-configuration")
	if diff := cmp.Diff([]any{"de", "en"}, a.json["ui_locales_supported"]); diff != "" {
		t.Error(diff)
	}
}

// The realm's public page, as adapters of Keycloak read it.
func TestRealmRoot(t *testing.T) {
	w := sqliteWorld(t)
	a := w.browser().get(w.base + "/realms/bench")
	der, err := base64.StdEncoding.DecodeString(a.text("public_key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := jose.ParseSignedCompact(w.tokens("bench-app").text("access_token"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signed.Verify(key); err != nil {
		t.Error(err)
	}
	delete(a.json, "public_key")
	if diff := cmp.Diff(map[string]any{"realm": "bench", "token-service": w.base + "/realms/bench/protocol/openid-connect",
		"account-service": w.base + "/realms/bench/account", "tokens-not-before": 0.0}, a.json); diff != "" {
		t.Error(diff)
	}
}

// A new key takes over while tokens of the old one go on, until it is disabled
//
func TestKeyRotation(t *testing.T) {
	w := sqliteWorld(t)
	old := w.tokens("bench-app")
	snap := w.snap("bench")
	before := snap.ActiveKey("RS256", w.clock.Now())
	fresh, err := token.NewKey(snap.Realm.ID, "RS256", w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.update(func(tx *store.Tx) error {
		if err := tx.CreateKey(fresh); err != nil {
			return err
		}
		return tx.SetKeyStatus(snap.Realm.ID, before.ID, latchkey.KeyPassive)
	})
	now := w.tokens("bench-app")
	header, _ := decode(t, now.text("access_token"))
	kids := func() (kids []string) {
		var set jose.JSONWebKeySet
		a := w.browser().get(w.endpoint("bench", "certs"))
		if err := json.Unmarshal(a.body, &set); err != nil {
			t.Fatal(err)
		}
		for _, k := range set.Keys {
			if len(k.Certificates) != 1 || k.Use != "sig" || !k.IsPublic() || !k.Valid() {
				t.Errorf("%+v", k)
			}
			kids = append(kids, k.KeyID)
		}
		return kids
	}
	if header["kid"] != fresh.ID || !slices.Contains(kids(), fresh.ID) || !slices.Contains(kids(), before.ID) || len(kids()) != 3 {
		t.Errorf("%v, keys %v", header, kids())
	}
	for name, raw := range map[string]string{"old": old.text("access_token"), "new": now.text("access_token")} {
		if a := w.userinfo("bench", raw); a.status != http.StatusOK {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	w.update(func(tx *store.Tx) error { return tx.SetKeyStatus(snap.Realm.ID, before.ID, latchkey.KeyDisabled) })
	if a := w.userinfo("bench", old.text("access_token")); a.status != http.StatusUnauthorized || slices.Contains(kids(), before.ID) {
		t.Errorf("a disabled key: %d %v", a.status, kids())
	}
}

// Scripts read what is theirs by the web origins of clients, and nothing of
// the authorization endpoint.
func TestCORS(t *testing.T) {
	w := sqliteWorld(t)
	const mine, foreign = "http://127.0.0.1:9999", "https://evil.example.test"
	b := w.browser()
	ask := func(method, url, origin string, header ...string) *answer {
		r, _ := http.NewRequest(method, url, nil)
		r.Header.Set("Origin", origin)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return b.do(r)
	}
	for path, methods := range map[string]string{"token": "POST, OPTIONS", "userinfo": "GET, POST, OPTIONS", "certs": "GET, OPTIONS",
		"token/introspect": "POST, OPTIONS", "revoke": "POST, OPTIONS"} {
		a := ask("OPTIONS", w.endpoint("bench", path), mine, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
		h := a.header
		if a.status != http.StatusOK || h.Get("Access-Control-Allow-Origin") != mine || h.Get("Access-Control-Allow-Methods") != methods || h.Get("Access-Control-Allow-Credentials") != "true" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || h.Get("Access-Control-Max-Age") != "3600" || !slices.Contains(h.Values("Vary"), "Origin") {
			t.Errorf("%s: %d %v", path, a.status, h)
		}
	}
	// bench-star allows any origin: without credentials.
	a := ask("OPTIONS", w.endpoint("bench", "token"), foreign)
	if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", a.header)
	}
	w.changeClient("bench-star", func(c *latchkey.Client) { c.WebOrigins = nil })
	for _, path := range []string{"token", "token/introspect", "revoke", "userinfo", "certs"} {
		for _, origin := range []string{foreign, "null", mine + ".evil.test", "http://127.0.0.1:99999"} {
			if a := ask("OPTIONS", w.endpoint("bench", path), origin); a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s answers %s: %v", path, origin, a.header)
			}
		}
	}
	if a := ask("GET", w.base+"/realms/bench/.well-known/openid-configuration", mine); a.header.Get("Access-Control-Allow-Origin") != mine {
		t.Errorf("discovery: %v", a.header)
	}
	if a := ask("GET", w.authURL("bench", params("bench-app")), mine); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the authorization endpoint: %v", a.header)
	}
	// The answers themselves go by the client, errors included.
	post := func(client, body string) *answer {
		header := []string{"Origin", mine}
		if client == "bench-public" {
			body += "&client_id=bench-public"
		} else {
			header = append(header, as(client)...)
		}
		return b.postBody(w.endpoint("bench", "token"), body, header...)
	}
	for client, want := range map[string]string{"bench-app": mine, "bench-public": mine, "bench-pkce": ""} {
		if a := post(client, "grant_type=refresh_token&refresh_token=x"); a.header.Get("Access-Control-Allow-Origin") != want {
			t.Errorf("%s: %v", client, a.header)
		}
	}
	raw := w.tokens("bench-app").text("access_token")
	if a := ask("GET", w.endpoint("bench", "userinfo"), mine, "Authorization", "Bearer "+raw); a.header.Get("Access-Control-Allow-Origin") != mine {
		t.Errorf("%v", a.header)
	}
	raw = w.tokens("bench-pkce").text("access_token")
	if a := ask("GET", w.endpoint("bench", "userinfo"), mine, "Authorization", "Bearer "+raw); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("userinfo of another client: %v", a.header)
	}
	if a := ask("GET", w.endpoint("bench", "userinfo"), mine); a.header.Get("Access-Control-Allow-Origin") != mine || a.header.Get("Access-Control-Expose-Headers") != "WWW-Authenticate" {
		t.Errorf("an error: %v", a.header)
	}
}
