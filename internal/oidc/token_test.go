package oidc_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey"
	"latchkey/internal/store"
)

func keysOf(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// drop takes out what differs from run to run, after a look at its shape.
func drop(t *testing.T, claims map[string]any, names ...string) map[string]any {
	t.Helper()
	for _, n := range names {
		if v, ok := claims[n]; !ok || v == "" {
			t.Errorf("no %s in %v", n, claims)
		}
		delete(claims, n)
	}
	return claims
}

// A code grant gives Keycloak's answer and Keycloak's claims for its default
// scopes (keycloak-surface 7; R-116).
func TestCodeGrant(t *testing.T) {
	for _, client := range []string{"bench-app", "bench-public"} {
		t.Run(client, func(t *testing.T) {
			w := sqliteWorld(t)
			b := w.browser()
			q := b.signInAs(person{user: "golden@example.test", amr: []string{"email"}}, params(client))
			a := w.redeem(client, q.Get("code"))
			if a.status != http.StatusOK || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Pragma") != "no-cache" || a.header.Get("Content-Type") != "application/json" {
				t.Fatalf("%d %v %s", a.status, a.header, a.body)
			}
			answer := drop(t, a.json, "access_token", "refresh_token", "id_token")
			if diff := cmp.Diff(map[string]any{"expires_in": 300.0, "refresh_expires_in": 1800.0, "token_type": "Bearer", "not-before-policy": 0.0,
				"session_state": q.Get("session_state"), "scope": answer["scope"]}, answer); diff != "" {
				t.Error(diff)
			}
			if got := strings.Fields(answer["scope"].(string)); got[0] != "openid" || len(got) != 3 || !slices.Contains(got, "email") || !slices.Contains(got, "profile") {
				t.Errorf("scope %v", got)
			}
		})
	}
	w := sqliteWorld(t)
	b := w.browser()
	q := b.signInAs(person{user: "golden@example.test", amr: []string{"email"}}, params("bench-app"))
	a := w.redeem("bench-app", q.Get("code"))
	at := float64(w.clock.Now().Unix())
	user := w.user("golden@example.test")
	_, access := decode(t, a.text("access_token"))
	drop(t, access, "jti", "scope")
	common := map[string]any{"exp": at + 300, "iat": at, "auth_time": at, "iss": w.base + "/realms/bench", "sub": user.ID, "azp": "bench-app",
		"sid": q.Get("session_state"), "acr": "1", "email_verified": true, "preferred_username": "golden@example.test", "email": "golden@example.test"}
	want := map[string]any{"aud": "account", "typ": "Bearer", "allowed-origins": []any{"http://127.0.0.1:9999"},
		"realm_access":    map[string]any{"roles": []any{"default-roles-bench", "offline_access", "uma_authorization"}},
		"resource_access": map[string]any{"account": map[string]any{"roles": []any{"manage-account", "manage-account-links", "view-profile"}}}}
	for k, v := range common {
		want[k] = v
	}
	if diff := cmp.Diff(want, access); diff != "" {
		t.Errorf("access token: %s", diff)
	}
	_, id := decode(t, a.text("id_token"))
	drop(t, id, "jti", "at_hash")
	want = map[string]any{"aud": "bench-app", "typ": "ID", "nonce": "nonce-1", "amr": []any{"email"}}
	for k, v := range common {
		want[k] = v
	}
	if diff := cmp.Diff(want, id); diff != "" {
		t.Errorf("ID token: %s", diff)
	}
	header, refresh := decode(t, a.text("refresh_token"))
	if header["alg"] != "HS512" || refresh["typ"] != "Refresh" || refresh["aud"] != w.base+"/realms/bench" || refresh["azp"] != "bench-app" || refresh["exp"] != at+1800 || refresh["sub"] != user.ID {
		t.Errorf("refresh token: %v %v", header, refresh)
	}
	e := w.eventList()
	last := e[len(e)-1]
	if last.Type != latchkey.EventCodeToToken || last.ClientID != "bench-app" || last.UserID != user.ID || last.SessionID != q.Get("session_state") || last.IPAddress != "127.0.0.1" {
		t.Errorf("%+v", last)
	}
	if got := keysOf(anyMap(last.Details)); !slices.Equal(got, []string{"client_auth_method", "code_id", "grant_type", "refresh_token_id", "refresh_token_type", "scope", "token_id"}) {
		t.Errorf("details %v", last.Details)
	}
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// A person with a name and an address, as their scopes show them.
func TestPersonClaims(t *testing.T) {
	w := sqliteWorld(t)
	code := w.browser().signIn("alice", params("bench-app", "scope", "openid address phone")).Get("code")
	_, id := decode(t, w.redeem("bench-app", code).text("id_token"))
	for claim, want := range map[string]any{"name": "Alicia A", "given_name": "Alicia", "family_name": "A", "preferred_username": "alice", "locale": "de",
		"phone_number": "+43 1", "address": map[string]any{"street_address": "Gasse 1", "country": "AT"}} {
		if diff := cmp.Diff(want, id[claim]); diff != "" {
			t.Errorf("%s: %s", claim, diff)
		}
	}
}

// Without openid there is no ID token, and nothing at userinfo.
func TestWithoutOpenID(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app", "scope", "email")
	if a.json["id_token"] != nil || strings.Contains(a.text("scope"), "openid") {
		t.Errorf("%s", a.body)
	}
	info := w.userinfo("bench", a.text("access_token"))
	if info.status != http.StatusForbidden || info.header.Get("WWW-Authenticate") != `Bearer realm="bench", error="insufficient_scope", error_description="Missing openid scope"` {
		t.Errorf("%d %v", info.status, info.header)
	}
}

// A client with its own lifespan, algorithm and scope of roles.
func TestNarrowClient(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-narrow")
	header, _ := decode(t, a.text("id_token"))
	_, access := decode(t, a.text("access_token"))
	if a.json["expires_in"] != 60.0 || header["alg"] != "EdDSA" || access["realm_access"] != nil || access["resource_access"] != nil || access["aud"] != nil {
		t.Errorf("%s %v %v", a.body, header, access)
	}
}

// A refresh gives tokens of the same sign-in: acr, amr and auth_time as they
// were, no nonce (OpenID Connect Core 12.2).
func TestRefresh(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	first := w.redeem("bench-app", b.signInAs(person{user: "golden@example.test", amr: []string{"email"}}, params("bench-app")).Get("code"))
	authTime := float64(w.clock.Now().Unix())
	w.clock.Advance(1799 * time.Second)
	a := w.refresh("bench-app", first.text("refresh_token"))
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if diff := cmp.Diff(keysOf(first.json), keysOf(a.json)); diff != "" || a.json["scope"] != first.json["scope"] || a.json["session_state"] != first.json["session_state"] || a.json["refresh_expires_in"] != 1800.0 {
		t.Errorf("%s %s", diff, a.body)
	}
	for _, name := range []string{"access_token", "id_token"} {
		_, claims := decode(t, a.text(name))
		if claims["acr"] != "1" || claims["auth_time"] != authTime || claims["nonce"] != nil {
			t.Errorf("%s: %v", name, claims)
		}
	}
	_, id := decode(t, a.text("id_token"))
	if cmp.Diff([]any{"email"}, id["amr"]) != "" {
		t.Errorf("amr %v", id["amr"])
	}
	// Without rotation the first one stays good: the idle time began anew.
	w.clock.Advance(time.Second)
	wantError(t, w.refresh("bench-app", first.text("refresh_token")), 400, "invalid_grant", "Token is not active")
	w.clock.Advance(1700 * time.Second)
	if a := w.refresh("bench-app", a.text("refresh_token")); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	e := w.eventList()
	last := e[len(e)-1]
	if got := keysOf(anyMap(last.Details)); last.Type != latchkey.EventRefreshToken || !slices.Equal(got, []string{"age_of_refresh_token", "client_auth_method", "grant_type",
		"refresh_token_id", "refresh_token_type", "scope", "token_id", "updated_refresh_token_id"}) {
		t.Errorf("%v %v", last.Type, last.Details)
	}
}

// What a refresh refuses.
func TestRefreshRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		by     string
		pairs  []string
		before func(w *world, refresh string)
		code   string
		text   string
	}{
		"another client": {by: "bench-public", code: "invalid_grant", text: "Invalid refresh token. Token client and authorized client don't match"},
		"another confidential client": {by: "bench-narrow", code: "invalid_grant",
			text: "Invalid refresh token. Token client and authorized client don't match"},
		"a scope that was not granted": {pairs: []string{"scope", "openid offline_access"}, code: "invalid_scope", text: "The scope was not granted before"},
		"a scope that is none":         {pairs: []string{"scope", "nope"}, code: "invalid_scope", text: "The scope was not granted before"},
		"after the idle time": {before: func(w *world, _ string) { w.clock.Advance(1800 * time.Second) },
			code: "invalid_grant", text: "Token is not active"},
		"after the session ended": {before: func(w *world, _ string) {
			u := w.user("golden@example.test")
			w.update(func(tx *store.Tx) error { _, err := tx.EndUserSessions(u.RealmID, u.ID, ""); return err })
		}, code: "invalid_grant", text: "Session not active"},
		"after the user was disabled": {before: func(w *world, _ string) {
			u := w.user("golden@example.test")
			u.Enabled = false
			w.update(func(tx *store.Tx) error { return tx.UpdateUser(u) })
		}, code: "invalid_grant", text: "Session not active"},
		"after the realm was called back": {before: func(w *world, _ string) {
			w.changeRealm(func(r *latchkey.Realm) { r.NotBefore = w.clock.Now().Unix() + 1 })
		}, code: "invalid_grant", text: "Token is not active"},
		"after the client was called back": {before: func(w *world, _ string) {
			w.changeClient("bench-app", func(c *latchkey.Client) { c.NotBefore = w.clock.Now().Unix() + 1 })
		}, code: "invalid_grant", text: "Token is not active"},
		"after the session was shortened": {before: func(w *world, _ string) {
			w.changeRealm(func(r *latchkey.Realm) { r.SSOSessionMaxLifespan = 60 })
			w.clock.Advance(time.Minute)
		}, code: "invalid_grant", text: "Session not active"},
		"after the client's part was shortened": {before: func(w *world, _ string) {
			w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["client.session.max.lifespan"] = "60" })
			w.clock.Advance(time.Minute)
		}, code: "invalid_grant", text: "Session doesn't have required client"},
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			refresh := w.tokens("bench-app").text("refresh_token")
			if c.before != nil {
				c.before(w, refresh)
			}
			by := c.by
			if by == "" {
				by = "bench-app"
			}
			wantError(t, w.refresh(by, refresh, c.pairs...), 400, c.code, c.text)
			if got := w.events(); !strings.HasPrefix(got[len(got)-1], "REFRESH_TOKEN_ERROR:") {
				t.Errorf("events %v", got)
			}
		})
	}
}

// A narrower scope leaves the optional scopes out that it does not name.
func TestRefreshNarrows(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app", "scope", "openid address")
	narrow := w.refresh("bench-app", a.text("refresh_token"), "scope", "openid")
	if !strings.Contains(a.text("scope"), "address") || strings.Contains(narrow.text("scope"), "address") || !strings.Contains(narrow.text("scope"), "email") {
		t.Errorf("%q, then %q", a.text("scope"), narrow.text("scope"))
	}
	// What was narrowed away does not come back.
	wantError(t, w.refresh("bench-app", narrow.text("refresh_token"), "scope", "openid address"), 400, "invalid_scope", "The scope was not granted before")
}

// Where refresh tokens rotate, one that was used gives its successor again for
// ten seconds, and after that ends what came of it.
func TestRotation(t *testing.T) {
	for name, rotate := range map[string]func(w *world){
		"by the realm": func(w *world) { w.changeRealm(func(r *latchkey.Realm) { r.RevokeRefreshToken = true }) },
		"by the client": func(w *world) {
			w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["latchkey.refresh.rotation"] = "true" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			rotate(w)
			b := w.browser()
			first := w.redeem("bench-app", b.signIn("golden@example.test", params("bench-app")).Get("code")).text("refresh_token")
			tab := w.redeem("bench-app", b.signInAs(person{fromCookie: true}, params("bench-app")).Get("code")).text("refresh_token")
			_, claims := decode(t, first)
			if claims["reuse_id"] == nil {
				t.Fatalf("no line in %v", claims)
			}
			w.clock.Advance(time.Second)
			second := w.refresh("bench-app", first).text("refresh_token")
			w.clock.Advance(10 * time.Second)
			again := w.refresh("bench-app", first)
			_, a := decode(t, second)
			_, o := decode(t, again.text("refresh_token"))
			if a["jti"] != o["jti"] || a["jti"] == claims["jti"] || a["reuse_id"] != claims["reuse_id"] {
				t.Errorf("within the grace: %v, then %v", a, o)
			}
			// The other tab is another line.
			if got := w.refresh("bench-app", tab); got.status != http.StatusOK {
				t.Errorf("the other tab: %d %s", got.status, got.body)
			}
			w.clock.Advance(time.Second)
			wantError(t, w.refresh("bench-app", first), 400, "invalid_grant", "Maximum allowed refresh token reuse exceeded")
			wantError(t, w.refresh("bench-app", second), 400, "invalid_grant", "Session doesn't have required client")
			if got := w.userinfo("bench", again.text("access_token")); got.status != http.StatusUnauthorized {
				t.Errorf("userinfo after reuse: %d", got.status)
			}
		})
	}
	w := sqliteWorld(t)
	if _, claims := decode(t, w.tokens("bench-app").text("refresh_token")); claims["reuse_id"] != nil {
		t.Errorf("a line where nothing rotates: %v", claims)
	}
}

// A client that takes no refresh tokens gets none.
func TestNoRefreshTokens(t *testing.T) {
	w := sqliteWorld(t)
	w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["use.refresh.tokens"] = "false" })
	if a := w.tokens("bench-app"); a.json["refresh_token"] != nil || a.json["refresh_expires_in"] != 0.0 {
		t.Errorf("%s", a.body)
	}
}

// offline_access gives a refresh token that outlives the sign-in, to people
// who have that role.
func TestOfflineAccess(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	q := b.signIn("golden@example.test", params("bench-app", "scope", "openid offline_access"))
	a := w.redeem("bench-app", q.Get("code"))
	_, refresh := decode(t, a.text("refresh_token"))
	_, id := decode(t, a.text("id_token"))
	_, access := decode(t, a.text("access_token"))
	if refresh["typ"] != "Offline" || refresh["exp"] != nil || a.json["refresh_expires_in"] != 0.0 || !strings.Contains(a.text("scope"), "offline_access") || !strings.HasPrefix(access["jti"].(string), "ofrtac:") {
		t.Errorf("%s %v", a.body, refresh)
	}
	if id["sid"] != q.Get("session_state") || access["sid"] == id["sid"] || access["sid"] != refresh["sid"] {
		t.Errorf("sid of the sign-in %v, ID token %v, access token %v", q.Get("session_state"), id["sid"], access["sid"])
	}
	b.get(w.endpoint("bench", "logout") + "?id_token_hint=" + a.text("id_token"))
	w.clock.Advance(29 * 24 * time.Hour)
	again := w.refresh("bench-app", a.text("refresh_token"))
	if again.status != http.StatusOK {
		t.Fatalf("%d %s", again.status, again.body)
	}
	if info := w.userinfo("bench", again.text("access_token")); info.status != http.StatusOK {
		t.Errorf("userinfo: %d", info.status)
	}
	w.clock.Advance(30 * 24 * time.Hour)
	wantError(t, w.refresh("bench-app", again.text("refresh_token")), 400, "invalid_grant", "Session not active")

	realm := w.snap("bench")
	role := realm.RoleNamed("", "offline_access")
	base := realm.Role(realm.Realm.DefaultRoleID)
	base.Composites = slices.DeleteFunc(base.Composites, func(id string) bool { return id == role.ID })
	w.update(func(tx *store.Tx) error { return tx.UpdateRole(base) })
	a = w.tokens("bench-app", "scope", "openid offline_access")
	if _, refresh := decode(t, a.text("refresh_token")); refresh["typ"] != "Refresh" || strings.Contains(a.text("scope"), "offline_access") {
		t.Errorf("without the role: %s %v", a.body, refresh)
	}
}

// A client signs in as itself.
func TestClientCredentials(t *testing.T) {
	w := sqliteWorld(t)
	w.clock.Advance(time.Hour)
	for name, a := range map[string]*answer{
		"basic": w.token("bench-app", "grant_type", "client_credentials", "scope", "openid"),
		"post":  w.token("", "grant_type", "client_credentials", "client_id", "bench-app", "client_secret", "bench-secret", "scope", "openid"),
	} {
		if name == "post" { // the helper sets client_id itself
			a = w.browser().post(w.endpoint("bench", "token"), map[string][]string{"grant_type": {"client_credentials"}, "client_id": {"bench-app"}, "client_secret": {"bench-secret"}, "scope": {"openid"}})
		}
		if a.status != http.StatusOK || a.json["refresh_token"] != nil || a.json["session_state"] != nil || a.json["refresh_expires_in"] != 0.0 || a.json["id_token"] == nil {
			t.Fatalf("%s: %d %s", name, a.status, a.body)
		}
		_, claims := decode(t, a.text("access_token"))
		if !strings.HasPrefix(claims["jti"].(string), "trrtcc:") {
			t.Errorf("jti %v", claims["jti"])
		}
		drop(t, claims, "jti", "scope", "sub")
		at := float64(w.clock.Now().Unix())
		if diff := cmp.Diff(map[string]any{"exp": at + 300, "iat": at, "iss": w.base + "/realms/bench", "aud": "account", "typ": "Bearer", "azp": "bench-app", "acr": "1",
			"allowed-origins": []any{"http://127.0.0.1:9999"},
			"realm_access":    map[string]any{"roles": []any{"default-roles-bench", "offline_access", "uma_authorization"}},
			"resource_access": map[string]any{"account": map[string]any{"roles": []any{"manage-account", "manage-account-links", "view-profile"}}},
			"email_verified":  false, "preferred_username": "service-account-bench-app", "client_id": "bench-app", "clientHost": "127.0.0.1", "clientAddress": "127.0.0.1"}, claims); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if info := w.userinfo("bench", a.text("access_token")); info.status != http.StatusOK || info.text("preferred_username") != "service-account-bench-app" {
			t.Errorf("userinfo: %d %s", info.status, info.body)
		}
	}
	e := w.eventList()
	if last := e[len(e)-1]; last.Type != latchkey.EventClientLogin || last.Details["username"] != "service-account-bench-app" || last.SessionID != "" {
		t.Errorf("%+v", last)
	}
	if a := w.token("bench-app", "grant_type", "client_credentials", "scope", "offline_access"); a.status != http.StatusOK || a.json["refresh_token"] != nil || strings.Contains(a.text("scope"), "offline") {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := w.token("bench-app", "grant_type", "client_credentials", "scope", "openid")
	w.changeClient("bench-app", func(c *latchkey.Client) { c.ServiceAccountsEnabled = false })
	if info := w.userinfo("bench", a.text("access_token")); info.status != http.StatusUnauthorized {
		t.Errorf("after it was switched off: %d", info.status)
	}
}

// A client that wants an algorithm that the realm has no key for gets what the
// realm signs with: its people still get in, and the code is not spent on an
// error of the server.
func TestAlgorithmWithoutKey(t *testing.T) {
	w := sqliteWorld(t)
	w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["id.token.signed.response.alg"] = "ES512" })
	a := w.redeem("bench-app", w.code("bench-app"))
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if header, _ := decode(t, a.text("id_token")); header["alg"] != "RS256" {
		t.Errorf("%v", header)
	}
}
