package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// Where each authorization request ends that does not become a login: a page
// as long as it is not known where the application is, else an error
// to it in its mode, with state and iss. Texts are Keycloak's.
func TestAuthorizeRefuses(t *testing.T) {
	w := sqliteWorld(t)
	long := strings.Repeat("x", 5000)
	for name, c := range map[string]struct {
		v        url.Values
		status   int
		page     string
		fragment bool
		want     url.Values // of the error
		event    string
	}{
		"no client":                 {v: params("bench-app", "client_id", ""), status: 400, page: "invalid", event: "invalid_request"},
		"an unknown client":         {v: params("nope"), status: 400, page: "client", event: "client_not_found"},
		"a disabled client":         {v: params("bench-off"), status: 400, page: "client", event: "client_disabled"},
		"a bearer-only client":      {v: params("bench-bearer"), status: 400, page: "client", event: "not_allowed"},
		"no redirect URI":           {v: params("bench-app", "redirect_uri", ""), status: 400, page: "redirect", event: "invalid_redirect_uri"},
		"another redirect URI":      {v: params("bench-app", "redirect_uri", "http://127.0.0.1:9999/evil"), status: 400, page: "redirect", event: "invalid_redirect_uri"},
		"a long redirect URI":       {v: params("bench-star", "redirect_uri", "http://127.0.0.1:9999/"+long), status: 400, page: "redirect", event: "invalid_redirect_uri"},
		"max_age that is no number": {v: params("bench-app", "max_age", "x"), status: 400, page: "invalid", event: "invalid_request"},
		"a negative max_age":        {v: params("bench-app", "max_age", "-1"), status: 400, page: "invalid", event: "invalid_request"},
		"a parameter twice":         {v: url.Values{"client_id": {"bench-app", "bench-app"}}, status: 400, page: "invalid", event: "invalid_request"},
		"state twice":               {v: func() url.Values { v := params("bench-app"); v.Add("state", "x"); return v }(), status: 400, page: "invalid", event: "invalid_request"},
		"an unknown parameter twice": {v: func() url.Values {
			v := params("bench-app")
			v["x"] = []string{"1", "2"}
			return v
		}(), status: 400, page: "invalid", event: "invalid_request"},
		"a NUL": {v: params("bench-app", "state", "a\x00b"), status: 400, page: "invalid", event: "invalid_request"},

		"no response type": {v: params("bench-app", "response_type", ""),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Missing parameter: response_type"}}, event: "invalid_request"},
		"an unknown response type": {v: params("bench-app", "response_type", "foo"),
			want: url.Values{"error": {"unsupported_response_type"}}, event: "invalid_request"},
		"response type none": {v: params("bench-app", "response_type", "none"),
			want: url.Values{"error": {"unsupported_response_type"}}, event: "invalid_request"},
		"response type token": {v: params("bench-app", "response_type", "token"), fragment: true,
			want: url.Values{"error": {"unauthorized_client"}, "error_description": {"Client is not allowed to initiate browser login with given response_type. Implicit flow is disabled for the client."}}, event: "not_allowed"},
		"the hybrid flow": {v: params("bench-app", "response_type", "code id_token"), fragment: true,
			want: url.Values{"error": {"unauthorized_client"}, "error_description": {"Client is not allowed to initiate browser login with given response_type. Implicit flow is disabled for the client."}}, event: "not_allowed"},
		"an unknown response mode": {v: params("bench-app", "response_mode", "foo"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: response_mode"}}, event: "invalid_request"},
		"a signed response mode": {v: params("bench-app", "response_mode", "query.jwt"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: response_mode"}}, event: "invalid_request"},
		"the flow is off": {v: params("bench-noflow"),
			want: url.Values{"error": {"unauthorized_client"}, "error_description": {"Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client."}}, event: "not_allowed"},
		"a request object": {v: params("bench-app", "request", "abc"),
			want: url.Values{"error": {"request_not_supported"}}, event: "invalid_request"},
		"a request URI": {v: params("bench-app", "request_uri", "urn:ietf:params:oauth:request_uri:nope"),
			want: url.Values{"error": {"request_uri_not_supported"}}, event: "invalid_request"},
		"a registration": {v: params("bench-app", "registration", "{}"),
			want: url.Values{"error": {"registration_not_supported"}}, event: "invalid_request"},
		"an unknown scope": {v: params("bench-app", "scope", "openid nope"),
			want: url.Values{"error": {"invalid_scope"}, "error_description": {"Invalid scopes: openid nope"}}, event: "invalid_request"},
		"a public client without PKCE": {v: params("bench-public", "code_challenge", "", "code_challenge_method", ""),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Missing parameter: code_challenge_method"}}, event: "invalid_request"},
		"a client that asks for PKCE, without": {v: params("bench-pkce", "code_challenge", "", "code_challenge_method", ""),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Missing parameter: code_challenge_method"}}, event: "invalid_request"},
		"PKCE plain": {v: params("bench-public", "code_challenge_method", "plain"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: code challenge method is not matching the configured one"}}, event: "invalid_request"},
		"PKCE plain of a confidential client": {v: params("bench-app", "code_challenge_method", "plain"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: code challenge method is not matching the configured one"}}, event: "invalid_request"},
		"a challenge without a method": {v: params("bench-app", "code_challenge_method", ""),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Missing parameter: code_challenge_method"}}, event: "invalid_request"},
		"a method without a challenge": {v: params("bench-app", "code_challenge", ""),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Missing parameter: code_challenge"}}, event: "invalid_request"},
		"a short challenge": {v: params("bench-app", "code_challenge", "abc"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: code_challenge"}}, event: "invalid_request"},
		"a challenge of other characters": {v: params("bench-app", "code_challenge", strings.Repeat("+", 43)),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: code_challenge"}}, event: "invalid_request"},
		"prompt none beside login": {v: params("bench-app", "prompt", "none login"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: prompt"}}, event: "invalid_request"},
		"prompt none without a session": {v: params("bench-app", "prompt", "none"),
			want: url.Values{"error": {"login_required"}}, event: "login_required"},
		"a hint that is none": {v: params("bench-app", "id_token_hint", "nope"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: id_token_hint"}}, event: "invalid_request"},
		"claims that are none": {v: params("bench-app", "claims", "{"),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: claims"}}, event: "invalid_request"},
		"claims that are too long": {v: params("bench-app", "claims", `{"x":"`+long+`"}`),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: claims"}}, event: "invalid_request"},
		"an acr that is no text": {v: params("bench-app", "claims", `{"id_token":{"acr":{"essential":true,"values":[1]}}}`),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: claims"}}, event: "invalid_request"},
		"two subjects": {v: params("bench-app", "claims", `{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}`),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: claims"}}, event: "invalid_request"},
		"an essential acr that is not known": {v: params("bench-app", "claims", `{"id_token":{"acr":{"essential":true,"values":["urn:nope"]}}}`),
			want: url.Values{"error": {"unmet_authentication_requirements"}, "error_description": {"The acr that is required is not known here"}}, event: "unmet_authentication_requirements"},
		"an essential acr that cannot be reached": {v: params("bench-app", "claims", `{"id_token":{"acr":{"essential":true,"value":"7"}}}`),
			want: url.Values{"error": {"unmet_authentication_requirements"}, "error_description": {"The sign-in cannot reach the acr that is required"}}, event: "unmet_authentication_requirements"},
		"a long kc_action": {v: params("bench-app", "kc_action", long),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: kc_action"}}, event: "invalid_request"},
		"a long nonce": {v: params("bench-app", "nonce", long),
			want: url.Values{"error": {"invalid_request"}, "error_description": {"Invalid parameter: nonce"}}, event: "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.events())
			a := w.browser().get(w.authURL("bench", c.v))
			if got := w.eventList(); len(got) != before+1 || got[before].Type != latchkey.EventLoginError || got[before].Error != c.event || got[before].Details["reason"] != c.want.Get("error_description") {
				t.Errorf("events %v", w.events()[before:])
			}
			if a.header.Get("Cache-Control") != "no-store" || len(a.header.Values("Set-Cookie")) != 0 {
				t.Errorf("%v", a.header)
			}
			if c.page != "" {
				if a.status != c.status || a.page.Page != "error" || a.page.Key != c.page || a.header.Get("Location") != "" {
					t.Errorf("%d %s", a.status, a.body)
				}
				return
			}
			c.want.Set("state", "st-1")
			c.want.Set("iss", w.site.Issuer("bench"))
			to := a.location(t)
			got := to.Query()
			if c.fragment {
				if got, _ = url.ParseQuery(to.Fragment); to.RawQuery != "" {
					t.Errorf("something in the query: %s", to)
				}
			}
			if a.status != http.StatusFound || to.Scheme+"://"+to.Host+to.Path != redirectURI || got.Encode() != c.want.Encode() {
				t.Errorf("%d %s, want %s", a.status, to, c.want.Encode())
			}
		})
	}
	for _, realm := range []string{"nope", "closed"} {
		a := w.browser().get(w.authURL(realm, params("a")))
		if (a.status != http.StatusNotFound && a.status != http.StatusForbidden) || a.page.Key != "realm" {
			t.Errorf("realm %s: %d %s", realm, a.status, a.body)
		}
	}
	if a := w.browser().get(w.authURL("bench", params("bench-app", "state", long))); a.location(t).Query().Has("state") {
		t.Error("a state that is too long comes back")
	}
}

// What becomes a login keeps the whole request.
func TestAuthorizeOpensLogin(t *testing.T) {
	w := sqliteWorld(t)
	state, nonce := strings.Repeat("s", 2048), strings.Repeat("n", 2048)
	v := params("bench-app", "state", state, "nonce", nonce, "prompt", "login foo", "max_age", "100", "login_hint", "hint@example.test",
		"ui_locales", "de en", "acr_values", "1 2", "scope", " openid   email ", "response_mode", "fragment", "unknown", "ignored",
		"redirect_uri", redirectURI+"#/deep/link")
	b := w.browser()
	r, _ := http.NewRequest(http.MethodGet, w.authURL("bench", v), nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	a := b.do(r)
	to := a.location(t)
	if a.status != http.StatusFound || to.Path != "/realms/bench/login-actions/authenticate" || to.Query().Get("client_id") != "bench-app" || len(to.Query().Get("tab_id")) != 11 {
		t.Fatalf("%d %s", a.status, to)
	}
	if a.header.Get("Referrer-Policy") != "no-referrer" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", a.header)
	}
	realmID := w.snapID("bench")
	var l *latchkey.Login
	w.update(func(tx *store.Tx) (err error) {
		l, err = tx.LoginByTab(realmID, secret.Hash(b.cookie("login-bench")), to.Query().Get("tab_id"))
		return err
	})
	q := l.Request
	if q.ClientID != "bench-app" || q.RedirectURI != redirectURI+"#/deep/link" || q.ResponseType != "code" || q.ResponseMode != "fragment" || q.Scope != "openid email" ||
		q.State != state || q.Nonce != nonce || q.CodeChallenge != challenge() || q.CodeChallengeMethod != "S256" || !q.Prompts("login") || !q.Prompts("foo") ||
		q.MaxAge == nil || *q.MaxAge != 100 || q.LoginHint != "hint@example.test" || q.UILocales != "de en" || len(q.ACRValues) != 2 {
		t.Errorf("%+v", q)
	}
	if l.Answer != latchkey.AnswerCode || l.FlowID == "" || l.Entry != latchkey.EntrySignIn {
		t.Errorf("%+v", l)
	}
	w.changeRealm(func(r *latchkey.Realm) { r.BrowserFlow = "gone" })
	if a := b.get(w.authURL("bench", params("bench-app"))); a.page.Key != "setup" {
		t.Errorf("without a flow: %d %s", a.status, a.body)
	}
}

// The request by POST is the same request; a post from another site, which
// brings no cookies, is asked for again as a GET.
func TestAuthorizeByPost(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	foreign := []string{"Origin", "https://app.example.test", "Sec-Fetch-Site", "cross-site"}
	a := b.post(w.endpoint("bench", "auth"), params("bench-app"), foreign...)
	to := a.location(t)
	if a.status != http.StatusSeeOther || to.Path != "/realms/bench/protocol/openid-connect/auth" || to.Query().Get("state") != "st-1" || len(a.header.Values("Set-Cookie")) != 0 {
		t.Fatalf("%d %s %v", a.status, to, a.header)
	}
	if a := b.get(to.String()); a.status != http.StatusFound || !strings.HasSuffix(a.location(t).Path, "/login-actions/authenticate") {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = b.post(w.endpoint("bench", "auth"), params("bench-app")) // with the cookie now
	if a.status != http.StatusSeeOther || !strings.HasSuffix(a.location(t).Path, "/login-actions/authenticate") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.post(w.endpoint("bench", "auth"), params("bench-app", "redirect_uri", "http://evil.test/")); a.status != 400 || a.page.Key != "redirect" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.post(w.endpoint("bench", "auth"), params("bench-app", "scope", "nope")); a.status != http.StatusSeeOther || a.location(t).Query().Get("error") != "invalid_scope" {
		t.Errorf("%d %s", a.status, a.body)
	}
	huge := b.w.browser().post(w.endpoint("bench", "auth"), params("bench-app", "unknown", strings.Repeat("x", 9000)))
	if huge.status != http.StatusSeeOther || !strings.HasSuffix(huge.location(t).Path, "/login-actions/authenticate") {
		t.Errorf("what fits no URL: %d %s", huge.status, huge.body)
	}
}

// The answer: a code, in the mode that was asked for.
func TestAnswer(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	a := b.get(w.authURL("bench", params("bench-app")))
	a = b.get(b.finish(a.location(t), person{user: "golden@example.test", amr: []string{"email"}}))
	to := a.location(t)
	q := to.Query()
	parts := strings.Split(q.Get("code"), ".")
	if a.status != http.StatusFound || to.Host != "127.0.0.1:9999" || q.Get("state") != "st-1" || q.Get("iss") != w.site.Issuer("bench") || len(q) != 4 ||
		len(parts) != 3 || len(parts[0]) != 43 || parts[1] != q.Get("session_state") || parts[2] != w.snap("bench").ClientByClientID("bench-app").ID {
		t.Fatalf("%d %s", a.status, to)
	}
	// An address that is no longer the application's is not answered.
	a = b.get(w.authURL("bench", params("bench-app")))
	moved := b.finish(a.location(t), person{fromCookie: true})
	w.changeClient("bench-app", func(c *latchkey.Client) { c.RedirectURIs = []string{"http://127.0.0.1:9999/moved"} })
	if a := b.get(moved); a.status != http.StatusForbidden || a.header.Get("Location") != "" {
		t.Errorf("a redirect URI that was taken away: %d %v", a.status, a.header)
	}
}

// The three response modes, for codes and for errors, with the application's
// own query and fragment kept (keycloak-js sends deep links).
func TestResponseModes(t *testing.T) {
	w := sqliteWorld(t)
	w.changeClient("bench-app", func(c *latchkey.Client) { c.RedirectURIs = append(c.RedirectURIs, redirectURI+"?own=1") })
	for name, c := range map[string]struct {
		redirect, mode string
		prefix         string // of the location
	}{
		"query":                          {redirectURI, "query", redirectURI + "?"},
		"query beside a query":           {redirectURI + "?own=1", "", redirectURI + "?own=1&"},
		"query before a fragment":        {redirectURI + "#/deep", "query", redirectURI + "?"},
		"fragment":                       {redirectURI, "fragment", redirectURI + "#"},
		"fragment behind a fragment":     {redirectURI + "#/deep", "fragment", redirectURI + "#/deep&"},
		"fragment beside a query":        {redirectURI + "?own=1", "fragment", redirectURI + "?own=1#"},
		"form_post":                      {redirectURI, "form_post", ""},
		"form_post without the fragment": {redirectURI + "#/deep", "form_post", ""},
	} {
		for _, refused := range []string{"", "access_denied"} {
			t.Run(name+" "+refused, func(t *testing.T) {
				b := w.browser()
				a := b.get(w.authURL("bench", params("bench-app", "redirect_uri", c.redirect, "response_mode", c.mode)))
				a = b.get(b.finish(a.location(t), person{user: "golden@example.test", refused: refused}))
				var got url.Values
				if c.mode == "form_post" {
					if a.status != 200 || a.page.Page != "form-post" || a.page.Action != redirectURI {
						t.Fatalf("%d %s", a.status, a.body)
					}
					got = url.Values{}
					for k, v := range a.page.Fields {
						got.Set(k, v)
					}
				} else {
					to := a.header.Get("Location")
					if !strings.HasPrefix(to, c.prefix) {
						t.Fatalf("to %q, want %q", to, c.prefix)
					}
					text := strings.TrimPrefix(to, c.prefix)
					text, fragment, _ := strings.Cut(text, "#")
					if strings.Contains(c.redirect, "#") && c.mode == "query" && fragment != "/deep" {
						t.Errorf("the fragment is lost: %q", to)
					}
					got, _ = url.ParseQuery(text)
				}
				if got.Get("state") != "st-1" || got.Get("iss") != w.site.Issuer("bench") || got.Get("error") != refused || got.Has("code") != (refused == "") || got.Has("session_state") != (refused == "") {
					t.Errorf("%v", got)
				}
			})
		}
	}
	// An error of the request itself comes in the mode that was asked for.
	a := w.browser().get(w.authURL("bench", params("bench-app", "response_mode", "form_post", "scope", "nope")))
	if a.page.Page != "form-post" || a.page.Fields["error"] != "invalid_scope" || a.page.Fields["state"] != "st-1" || a.page.Fields["iss"] == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A sign-in alone is no yes to an application that needs one, and no proof of
// what it requires.
func TestWithheld(t *testing.T) {
	w := sqliteWorld(t)
	as := person{user: "golden@example.test"}
	if got := w.browser().signInAs(as, params("bench-consent")); got.Get("error") != "consent_required" || got.Has("code") {
		t.Errorf("without a consent: %v", got)
	}
	snap := w.snap("bench")
	client := snap.ClientByClientID("bench-consent")
	w.update(func(tx *store.Tx) error {
		u, err := tx.UserByUsername(snap.Realm.ID, as.user)
		if err != nil {
			return err
		}
		var all []string
		for _, s := range snap.Scopes {
			all = append(all, s.ID)
		}
		return session.GrantConsent(tx, snap, u.ID, client, all)
	})
	if got := w.browser().signInAs(as, params("bench-consent")); !got.Has("code") {
		t.Errorf("with one: %v", got)
	}
	b := w.browser()
	b.signInAs(as, params("bench-app"))
	must := params("bench-app", "claims", `{"id_token":{"acr":{"essential":true,"value":"1"}}}`)
	if got := b.signInAs(person{fromCookie: true}, must); got.Get("error") != "unmet_authentication_requirements" {
		t.Errorf("an old session for an essential acr: %v", got)
	}
	if got := b.signInAs(as, must); !got.Has("code") {
		t.Errorf("a new one: %v", got)
	}
}

// A session that is used again proves nothing now: acr 0, the old auth_time,
// and never where the request asked for more.
func TestOldSession(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	first := b.signInAs(person{user: "golden@example.test", amr: []string{"email"}}, params("bench-app"))
	authTime := float64(w.clock.Now().Unix())
	w.clock.Advance(100 * time.Second)
	tokens := w.redeem("bench-app", b.signInAs(person{fromCookie: true}, params("bench-app")).Get("code"))
	for _, name := range []string{"access_token", "id_token"} {
		_, claims := decode(t, tokens.text(name))
		if claims["acr"] != "0" || claims["auth_time"] != authTime || claims["sid"] != first.Get("session_state") {
			t.Errorf("%s: %v", name, claims)
		}
		if amr, _ := claims["amr"].([]any); name == "id_token" && (len(amr) != 1 || amr[0] != "email") {
			t.Errorf("amr %v", claims["amr"])
		}
	}
	hint := tokens.text("id_token")
	for name, c := range map[string]struct {
		pairs []string
		as    person
		code  bool
	}{
		"max_age that holds":            {[]string{"max_age", "100"}, person{fromCookie: true}, true},
		"max_age that does not":         {[]string{"max_age", "99"}, person{fromCookie: true}, false},
		"max_age of 0":                  {[]string{"max_age", "0"}, person{fromCookie: true}, false},
		"a very large max_age":          {[]string{"max_age", "999999999999"}, person{fromCookie: true}, true},
		"prompt=login":                  {[]string{"prompt", "login"}, person{fromCookie: true}, false},
		"prompt=none":                   {[]string{"prompt", "none"}, person{fromCookie: true}, true},
		"prompt=login, proven anew":     {[]string{"prompt", "login"}, person{user: "golden@example.test"}, true},
		"the person that was expected":  {[]string{"id_token_hint", hint}, person{fromCookie: true}, true},
		"another one than was expected": {[]string{"id_token_hint", hint}, person{user: "alice"}, false},
	} {
		by := b
		if c.as.user != "" {
			by = w.browser()
		}
		got := by.signInAs(c.as, params("bench-app", c.pairs...))
		if got.Has("code") != c.code || (!c.code && got.Get("error") != "login_required") {
			t.Errorf("%s: %v", name, got)
		}
	}
	// A hint that has expired is a hint all the same, and of any client.
	w.clock.Advance(20 * time.Minute)
	if got := b.signInAs(person{fromCookie: true}, params("bench-pkce", "id_token_hint", hint)); !got.Has("code") {
		t.Errorf("%v", got)
	}
	// A session that ended before the answer is none.
	a := b.get(w.authURL("bench", params("bench-app")))
	late := b.finish(a.location(t), person{fromCookie: true})
	u := w.user("golden@example.test")
	w.update(func(tx *store.Tx) error { _, err := tx.EndUserSessions(u.RealmID, u.ID, ""); return err })
	if q := b.get(late).location(t).Query(); q.Get("error") != "login_required" || q.Get("state") != "st-1" || q.Has("code") {
		t.Errorf("%v", q)
	}
}
