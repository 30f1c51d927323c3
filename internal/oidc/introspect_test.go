package oidc_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey"
	"latchkey/internal/store"
)

func (w *world) introspect(client, raw string, header ...string) *answer {
	w.t.Helper()
	return w.browser().post(w.endpoint("bench", "token/introspect"), url.Values{"token": {raw}}, append(as(client), header...)...)
}

func (w *world) revoke(client, raw string) *answer {
	w.t.Helper()
	form := url.Values{"token": {raw}}
	if _, confidential := clientSecrets[client]; confidential {
		return w.browser().post(w.endpoint("bench", "revoke"), form, as(client)...)
	}
	form.Set("client_id", client)
	return w.browser().post(w.endpoint("bench", "revoke"), form)
}

// Introspection tells of every kind of token what it says, with Keycloak's
// additions (RFC 7662, R-129).
func TestIntrospection(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app")
	user := w.user("golden@example.test")
	for kind, name := range map[string]string{"Bearer": "access_token", "Refresh": "refresh_token", "ID": "id_token"} {
		raw := a.text(name)
		_, claims := decode(t, raw)
		got := w.introspect("bench-app", raw)
		if got.status != http.StatusOK || got.json["active"] != true || got.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %s", name, got.status, got.body)
		}
		for _, c := range []string{"exp", "iat", "jti", "iss", "typ", "azp", "sid"} {
			if diff := cmp.Diff(claims[c], got.json[c]); diff != "" {
				t.Errorf("%s: %s %s", name, c, diff)
			}
		}
		want := map[string]any{"client_id": "bench-app", "username": user.Username, "token_type": kind, "sub": user.ID, "email": user.Email, "email_verified": true, "acr": "1"}
		for c, v := range want {
			if diff := cmp.Diff(v, got.json[c]); diff != "" {
				t.Errorf("%s: %s %s", name, c, diff)
			}
		}
		if _, ok := got.json["realm_access"].(map[string]any)["roles"]; !ok {
			t.Errorf("%s: no roles: %s", name, got.body)
		}
	}
	if got := w.introspect("bench-app", a.text("id_token")); got.json["nonce"] != "nonce-1" {
		t.Errorf("nonce: %s", got.body)
	}
	service := w.token("bench-app", "grant_type", "client_credentials").text("access_token")
	if got := w.introspect("bench-app", service); got.json["active"] != true || got.json["username"] != "service-account-bench-app" {
		t.Errorf("of a service account: %s", got.body)
	}
}

// Whoever is not meant is told that a token is not active, like of one that
// never was; only clients with a secret may ask at all.
func TestIntrospectionRefuses(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app")
	raw := a.text("access_token")
	inactive := func(name string, got *answer) {
		t.Helper()
		if diff := cmp.Diff(map[string]any{"active": false}, got.json); got.status != http.StatusOK || diff != "" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	inactive("another client", w.introspect("bench-narrow", raw))
	inactive("another client's refresh token", w.introspect("bench-narrow", a.text("refresh_token")))
	inactive("another client's ID token", w.introspect("bench-narrow", a.text("id_token")))
	for name, bad := range map[string]string{"garbage": "nope", "a changed signature": raw[:len(raw)-6] + "AAAAAA", "two tokens": raw + "." + raw, "a code": w.code("bench-app")} {
		inactive(name, w.introspect("bench-app", bad))
	}
	form := url.Values{"token": {raw}}
	inactive("at another realm", w.browser().post(w.endpoint("other", "token/introspect"), form, as("bench-app")...))

	const endpoint = "token/introspect"
	b := w.browser()
	wantError(t, b.post(w.endpoint("bench", endpoint), form), 401, "invalid_client", "Invalid client or Invalid client credentials")
	wantError(t, b.post(w.endpoint("bench", endpoint), url.Values{"token": {raw}, "client_id": {"bench-public"}}), 403, "invalid_request", "Client not allowed.")
	wantError(t, b.post(w.endpoint("bench", endpoint), url.Values{}, as("bench-app")...), 400, "invalid_request", "Token not provided.")
	wantError(t, b.post(w.endpoint("bench", endpoint), nil, append(as("bench-app"), "Content-Type", "application/json")...), 400, "invalid_request", "Token not provided.")
	wantError(t, b.post(w.endpoint("bench", endpoint)+"?token="+raw, url.Values{}, as("bench-app")...), 400, "invalid_request", "Parameters belong into the body of the request")
	wantError(t, b.postBody(w.endpoint("bench", endpoint), "token=a&token=b", as("bench-app")...), 400, "invalid_request", "duplicated parameter")
	if got := b.get(w.endpoint("bench", endpoint)); got.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", got.status)
	}
}

// A resource server that signs nobody in may ask, as in Keycloak, for what its
// audience is.
func TestIntrospectionByBearerOnly(t *testing.T) {
	w := sqliteWorld(t)
	raw := w.tokens("bench-app").text("access_token")
	w.changeClient("bench-narrow", func(c *latchkey.Client) { c.BearerOnly = true })
	if got := w.introspect("bench-narrow", raw); got.status != http.StatusOK || got.json["active"] != false {
		t.Errorf("%d %s", got.status, got.body)
	}
	w.changeClient("bench-app", func(c *latchkey.Client) {
		c.ProtocolMappers = append(c.ProtocolMappers, latchkey.ProtocolMapper{ID: "aud", Name: "aud", Protocol: "openid-connect", ProtocolMapper: "oidc-audience-mapper",
			Config: map[string]string{"included.client.audience": "bench-narrow", "access.token.claim": "true", "introspection.token.claim": "true"}})
	})
	raw = w.tokens("bench-app").text("access_token")
	if got := w.introspect("bench-narrow", raw); got.status != http.StatusOK || got.json["active"] != true {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// With Accept: application/jwt, and where the client has it switched on, the
// answer holds itself signed; the answer itself stays JSON (Keycloak's way).
func TestIntrospectionSigned(t *testing.T) {
	w := sqliteWorld(t)
	raw := w.tokens("bench-app").text("access_token")
	if got := w.introspect("bench-app", raw, "Accept", "application/jwt"); got.json["jwt"] != nil || got.json["active"] != true || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("off: %s", got.body)
	}
	w.changeClient("bench-app", func(c *latchkey.Client) {
		c.Attributes["client.introspection.response.allow.jwt.claim.enabled"] = "true"
	})
	if got := w.introspect("bench-app", raw); got.json["jwt"] != nil {
		t.Errorf("not asked for: %s", got.body)
	}
	got := w.introspect("bench-app", raw, "Accept", "application/jwt")
	header, claims := decode(t, got.text("jwt"))
	if header["alg"] != "RS256" || claims["jti"] != got.json["jti"] || claims["sub"] != got.json["sub"] || claims["active"] != nil {
		t.Errorf("%v %v", header, claims)
	}
	if got := w.introspect("bench-app", "nope", "Accept", "application/jwt"); len(got.json) != 1 {
		t.Errorf("inactive: %s", got.body)
	}
}

// A token is no longer active when what it stands for is gone.
func TestIntrospectionAfterwards(t *testing.T) {
	for name, spoil := range map[string]func(w *world, u *latchkey.User, a *answer){
		"the session ended": func(w *world, u *latchkey.User, _ *answer) {
			w.update(func(tx *store.Tx) error { _, err := tx.EndUserSessions(u.RealmID, u.ID, ""); return err })
		},
		"the user was disabled": func(w *world, u *latchkey.User, _ *answer) {
			u.Enabled = false
			w.update(func(tx *store.Tx) error { return tx.UpdateUser(u) })
		},
		"they expired": func(w *world, _ *latchkey.User, _ *answer) { w.clock.Advance(12 * time.Hour) },
		"the client was disabled": func(w *world, _ *latchkey.User, _ *answer) {
			w.changeClient("bench-app", func(c *latchkey.Client) { c.Enabled = false })
		},
		"the refresh token was revoked": func(w *world, _ *latchkey.User, a *answer) { w.revoke("bench-app", a.text("refresh_token")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			a := w.tokens("bench-app")
			spoil(w, w.user("golden@example.test"), a)
			for _, kind := range []string{"access_token", "refresh_token", "id_token"} {
				got := w.introspect("bench-app", a.text(kind))
				if name == "the client was disabled" {
					if got.status != http.StatusUnauthorized {
						t.Errorf("%s: %d", kind, got.status)
					}
					continue
				}
				if got.status != http.StatusOK || len(got.json) != 1 || got.json["active"] != false {
					t.Errorf("%s: %d %s", kind, got.status, got.body)
				}
			}
		})
	}
}

// A refresh token that was rotated away is not active, its successor is.
func TestIntrospectionOfRotated(t *testing.T) {
	w := sqliteWorld(t)
	w.changeRealm(func(r *latchkey.Realm) { r.RevokeRefreshToken = true })
	first := w.tokens("bench-app").text("refresh_token")
	second := w.refresh("bench-app", first).text("refresh_token")
	if got := w.introspect("bench-app", first); got.json["active"] != false {
		t.Errorf("the first: %s", got.body)
	}
	if got := w.introspect("bench-app", second); got.json["active"] != true {
		t.Errorf("the second: %s", got.body)
	}
}

// Revocation of a refresh token takes back all that the client holds of the
// session (RFC 7009, R-129).
func TestRevokeRefresh(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app")
	if got := w.revoke("bench-app", a.text("refresh_token")); got.status != http.StatusOK || len(got.body) != 0 {
		t.Fatalf("%d %q", got.status, got.body)
	}
	wantError(t, w.refresh("bench-app", a.text("refresh_token")), 400, "invalid_grant", "Session not active")
	if got := w.userinfo("bench", a.text("access_token")); got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != `Bearer realm="bench", error="invalid_token", error_description="user_session_not_found"` {
		t.Errorf("userinfo: %d %v", got.status, got.header)
	}
	// Again: an empty answer, and no event.
	if got := w.revoke("bench-app", a.text("refresh_token")); got.status != http.StatusOK || len(got.body) != 0 {
		t.Errorf("%d %q", got.status, got.body)
	}
	if got := w.events(); !slices.Equal(got[len(got)-2:], []string{"REVOKE_GRANT", "REFRESH_TOKEN_ERROR:user_session_not_found"}) {
		t.Errorf("events %v", got)
	}
}

// The session goes on for the other applications in it.
func TestRevokeLeavesOthers(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	first := w.redeem("bench-app", b.signIn("golden@example.test", params("bench-app")).Get("code"))
	second := w.redeem("bench-public", b.signInAs(person{fromCookie: true}, params("bench-public")).Get("code"))
	w.revoke("bench-app", first.text("refresh_token"))
	wantError(t, w.refresh("bench-app", first.text("refresh_token")), 400, "invalid_grant", "Session doesn't have required client")
	if got := w.refresh("bench-public", second.text("refresh_token")); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := b.signInAs(person{fromCookie: true}, params("bench-app")); !got.Has("code") {
		t.Errorf("%v", got)
	}
}

// An access token alone can be taken back, of a person and of a service
// account; refreshing goes on.
func TestRevokeAccess(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app")
	raw := a.text("access_token")
	if got := w.revoke("bench-app", raw); got.status != http.StatusOK || len(got.body) != 0 {
		t.Fatalf("%d %q", got.status, got.body)
	}
	if got := w.introspect("bench-app", raw); got.json["active"] != false {
		t.Errorf("introspection: %s", got.body)
	}
	if got := w.userinfo("bench", raw); got.status != http.StatusUnauthorized {
		t.Errorf("userinfo: %d", got.status)
	}
	again := w.refresh("bench-app", a.text("refresh_token"))
	if got := w.userinfo("bench", again.text("access_token")); got.status != http.StatusOK {
		t.Errorf("a new one: %d", got.status)
	}
	service := w.token("bench-app", "grant_type", "client_credentials").text("access_token")
	w.revoke("bench-app", service)
	if got := w.introspect("bench-app", service); got.json["active"] != false {
		t.Errorf("of a service account: %s", got.body)
	}
}

// What cannot be revoked, and by whom.
func TestRevokeRefuses(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app")
	for name, raw := range map[string]string{"garbage": "nope", "a code": "a.b.c", "a changed one": a.text("access_token") + "A"} {
		if got := w.revoke("bench-app", raw); got.status != http.StatusOK || len(got.body) != 0 {
			t.Errorf("%s: %d %q", name, got.status, got.body)
		}
	}
	for _, kind := range []string{"access_token", "refresh_token", "id_token"} {
		for _, client := range []string{"bench-narrow", "bench-public"} {
			wantError(t, w.revoke(client, a.text(kind)), 400, "invalid_token", "Unmatching clients")
		}
	}
	wantError(t, w.revoke("bench-app", a.text("id_token")), 400, "unsupported_token_type", "Unsupported token type")
	b := w.browser()
	wantError(t, b.post(w.endpoint("bench", "revoke"), url.Values{"token": {"nope"}}), 401, "invalid_client", "Invalid client or Invalid client credentials")
	wantError(t, b.post(w.endpoint("bench", "revoke"), url.Values{}, as("bench-app")...), 400, "invalid_request", "Token not provided")
	if got := b.post(w.endpoint("other", "revoke"), url.Values{"token": {a.text("refresh_token")}}, as("bench-app")...); got.status != http.StatusOK {
		t.Errorf("at another realm: %d %s", got.status, got.body)
	}
	if got := w.refresh("bench-app", a.text("refresh_token")); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := b.get(w.endpoint("bench", "revoke") + "?token=x"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", got.status)
	}
}

// An offline session is its client's alone: it ends with its refresh token,
// and the sign-in in the browser stays.
func TestRevokeOffline(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	a := w.redeem("bench-app", b.signIn("golden@example.test", params("bench-app", "scope", "openid offline_access")).Get("code"))
	if got := w.introspect("bench-app", a.text("refresh_token")); got.json["active"] != true || got.json["token_type"] != "Offline" {
		t.Fatalf("%s", got.body)
	}
	w.revoke("bench-app", a.text("refresh_token"))
	wantError(t, w.refresh("bench-app", a.text("refresh_token")), 400, "invalid_grant", "Session not active")
	if got := b.signInAs(person{fromCookie: true}, params("bench-app")); !got.Has("code") {
		t.Errorf("%v", got)
	}
}

// Userinfo is signed for a client that wants it so (OpenID Connect Core 5.3.2).
func TestUserinfoSigned(t *testing.T) {
	w := sqliteWorld(t)
	raw := w.tokens("bench-app").text("access_token")
	for _, algorithm := range []string{"RS256", "EdDSA"} {
		w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["user.info.response.signature.alg"] = algorithm })
		got := w.userinfo("bench", raw)
		header, claims := decode(t, string(got.body))
		want := map[string]any{"iss": w.base + "/realms/bench", "aud": "bench-app", "sub": w.user("golden@example.test").ID,
			"email": "golden@example.test", "email_verified": true, "preferred_username": "golden@example.test"}
		if diff := cmp.Diff(want, claims); got.status != http.StatusOK || header["alg"] != algorithm || got.header.Get("Content-Type") != "application/jwt" || diff != "" {
			t.Errorf("%d %v %v %s", got.status, got.header, header, diff)
		}
	}
	// Never unsigned: as the realm signs, when there is no key for what is asked.
	w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["user.info.response.signature.alg"] = "none" })
	got := w.userinfo("bench", raw)
	if header, _ := decode(t, string(got.body)); got.status != http.StatusOK || header["alg"] != "RS256" {
		t.Errorf("none: %d %v", got.status, header)
	}
}
