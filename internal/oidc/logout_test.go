package oidc_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
)

// signedIn is a browser with a session and the tokens of a client in it.
func (w *world) signedIn(client string) (*browser, *answer) {
	w.t.Helper()
	b := w.browser()
	a := w.redeem(client, b.signIn("golden@example.test", params(client)).Get("code"))
	if a.status != http.StatusOK {
		w.t.Fatalf("%d %s", a.status, a.body)
	}
	return b, a
}

// live says whether the browser's session still gives tokens.
func (w *world) live(client string, a *answer) bool {
	w.t.Helper()
	return w.userinfo("bench", a.text("access_token")).status == http.StatusOK
}

func (w *world) logoutURL(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return w.endpoint("bench", "logout") + "?" + v.Encode()
}

// With an ID token of the browser's own session nothing is asked: it ends, and
// the person goes to where the application is registered for.
func TestLogoutByHint(t *testing.T) {
	w := sqliteWorld(t)
	b, a := w.signedIn("bench-app")
	w.clock.Advance(15 * time.Minute) // the ID token has expired
	got := b.get(w.logoutURL("id_token_hint", a.text("id_token"), "post_logout_redirect_uri", redirectURI, "state", "good bye"))
	if got.status != http.StatusFound || got.header.Get("Location") != redirectURI+"?state=good+bye" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if c := got.header.Get("Set-Cookie"); !strings.HasPrefix(c, "session-bench=;") || !strings.Contains(c, "Max-Age=0") {
		t.Errorf("cookie %q", c)
	}
	wantError(t, w.refresh("bench-app", a.text("refresh_token")), 400, "invalid_grant", "Session not active")
	e := w.eventList()
	if last := e[len(e)-2]; last.Type != latchkey.EventLogout || last.ClientID != "bench-app" || last.UserID == "" || last.SessionID != a.text("session_state") || last.Details["redirect_uri"] != redirectURI {
		t.Errorf("%v %+v", w.events(), last)
	}
	b, a = w.signedIn("bench-app")
	if got := b.get(w.logoutURL("id_token_hint", a.text("id_token"))); got.status != http.StatusOK || got.page.Page != "logged-out" || got.page.Client != "bench-app" || w.live("bench-app", a) {
		t.Errorf("the hint alone: %d %s", got.status, got.body)
	}
	// In a browser without a session the hint ends the one that it names.
	_, a = w.signedIn("bench-app")
	got = w.browser().get(w.logoutURL("id_token_hint", a.text("id_token"), "post_logout_redirect_uri", redirectURI))
	if got.status != http.StatusFound || got.header.Get("Location") != redirectURI || w.live("bench-app", a) {
		t.Errorf("another browser: %d %v", got.status, got.header)
	}
	// And when that one is gone, the way on is the same.
	got = w.browser().get(w.logoutURL("id_token_hint", a.text("id_token"), "post_logout_redirect_uri", redirectURI))
	if got.status != http.StatusFound || got.header.Get("Location") != redirectURI {
		t.Errorf("again: %d %v", got.status, got.header)
	}
}

// Without such a hint nothing ends by a GET: the page asks.
func TestLogoutAsks(t *testing.T) {
	for name, c := range map[string]struct {
		pairs []string
		to    string // where a yes leads; empty: the page
		hint  bool   // of another session
	}{
		"nothing":                     {},
		"client_id":                   {pairs: []string{"client_id", "bench-app"}},
		"client_id and redirect":      {pairs: []string{"client_id", "bench-app", "post_logout_redirect_uri", redirectURI, "state", "s"}, to: redirectURI + "?state=s"},
		"the hint of another session": {hint: true, pairs: []string{"post_logout_redirect_uri", redirectURI}, to: redirectURI},
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			pairs := c.pairs
			if c.hint {
				_, other := w.signedIn("bench-app")
				pairs = append([]string{"id_token_hint", other.text("id_token")}, pairs...)
			}
			b, a := w.signedIn("bench-app")
			page := b.get(w.logoutURL(pairs...))
			if page.status != http.StatusOK || page.page.Page != "confirm" || page.page.User != "golden@example.test" || page.header.Get("Set-Cookie") != "" || !w.live("bench-app", a) {
				t.Fatalf("%d %s", page.status, page.body)
			}
			if want := strings.Split(c.to, "?")[0]; (want == "") != (len(page.page.Targets) == 0) || (want != "" && !slices.Equal(page.page.Targets, []string{want})) {
				t.Errorf("targets %v", page.page.Targets)
			}
			form := url.Values{}
			for k, v := range page.page.Fields {
				form.Set(k, v)
			}
			// A form that another browser was shown does nothing here.
			other, o := w.signedIn("bench-app")
			if got := other.post(page.page.Action, form); got.page.Page != "confirm" || !w.live("bench-app", o) {
				t.Errorf("another browser's form: %d %s", got.status, got.body)
			}
			// Nor does one that was changed, or one from another site.
			changed := url.Values{"session_code": form["session_code"], "client_id": {"bench-star"}, "post_logout_redirect_uri": {"http://127.0.0.1:9999/elsewhere"}}
			if got := b.post(page.page.Action, changed); got.page.Page != "confirm" || !w.live("bench-app", a) {
				t.Errorf("a changed form: %d %s", got.status, got.body)
			}
			if got := b.post(page.page.Action, form, "Origin", "https://evil.example.test", "Sec-Fetch-Site", "cross-site"); got.status != http.StatusForbidden || !w.live("bench-app", a) {
				t.Errorf("from another site: %d %s", got.status, got.body)
			}
			action := page.page.Action
			if c.hint { // a page that keeps the fields in its form's address
				action += "?" + url.Values{"client_id": form["client_id"], "post_logout_redirect_uri": form["post_logout_redirect_uri"]}.Encode()
				form = url.Values{"session_code": form["session_code"]}
			}
			got := b.post(action, form)
			if w.live("bench-app", a) || !strings.HasPrefix(got.header.Get("Set-Cookie"), "session-bench=;") {
				t.Errorf("the yes ended nothing: %d %s", got.status, got.body)
			}
			if (c.to == "" && got.page.Page != "logged-out") || (c.to != "" && (got.status != http.StatusSeeOther || got.header.Get("Location") != c.to)) {
				t.Errorf("%d %v %s", got.status, got.header, got.body)
			}
			// The button pressed twice finds nobody signed in.
			if got := b.post(action, form); got.page.Page != "logged-out" {
				t.Errorf("twice: %d %s", got.status, got.body)
			}
		})
	}
	w := sqliteWorld(t)
	if got := w.browser().get(w.logoutURL()); got.page.Page != "logged-out" {
		t.Errorf("nobody signed in: %d %s", got.status, got.body)
	}
	// Nobody is signed in: there is nothing to ask before the redirect.
	got := w.browser().get(w.logoutURL("client_id", "bench-app", "post_logout_redirect_uri", redirectURI, "state", "s"))
	if got.status != http.StatusFound || got.header.Get("Location") != redirectURI+"?state=s" {
		t.Errorf("nobody signed in: %d %s", got.status, got.body)
	}
}

// The pages speak the language that the application asks for (ui_locales,
// RP-Initiated Logout 1.0, 2), the question as well as what comes after it.
func TestLogoutLanguage(t *testing.T) {
	w := sqliteWorld(t)
	b, _ := w.signedIn("bench-app")
	page := b.get(w.logoutURL("client_id", "bench-app", "ui_locales", "de en"))
	if page.page.Page != "confirm" || page.page.Locales != "de en" {
		t.Fatalf("%d %s", page.status, page.body)
	}
	form := url.Values{}
	for k, v := range page.page.Fields {
		form.Set(k, v)
	}
	if got := b.post(page.page.Action, form); got.page.Page != "logged-out" || got.page.Locales != "de en" || got.page.User != "golden@example.test" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.browser().get(w.logoutURL("ui_locales", strings.Repeat("d", 300))); got.status != http.StatusBadRequest {
		t.Errorf("300 characters: %d %s", got.status, got.body)
	}
}

// What logout refuses is a page, never a redirect.
func TestLogoutRefuses(t *testing.T) {
	w := sqliteWorld(t)
	_, app := w.signedIn("bench-app")
	_, narrow := w.signedIn("bench-narrow")
	_, public := w.signedIn("bench-public")
	for name, c := range map[string]struct {
		pairs []string
		page  string
		event string
	}{
		"a redirect that is not registered": {[]string{"id_token_hint", app.text("id_token"), "post_logout_redirect_uri", "http://127.0.0.1:9999/evil"}, "redirect", "invalid_redirect_uri"},
		"a redirect without client or hint": {[]string{"post_logout_redirect_uri", redirectURI}, "invalid", "invalid_request"},
		"a client that has none (-)":        {[]string{"id_token_hint", narrow.text("id_token"), "post_logout_redirect_uri", redirectURI}, "redirect", "invalid_redirect_uri"},
		"a redirect for signing in only":    {[]string{"id_token_hint", public.text("id_token"), "post_logout_redirect_uri", redirectURI}, "redirect", "invalid_redirect_uri"},
		"a hint that is none":               {[]string{"id_token_hint", "nope"}, "invalid", "invalid_token"},
		"an unknown client":                 {[]string{"client_id", "nope"}, "client", "client_not_found"},
		"the hint of another client":        {[]string{"id_token_hint", app.text("id_token"), "client_id", "bench-public"}, "invalid", "invalid_token"},
		"a long state":                      {[]string{"state", strings.Repeat("x", 5000)}, "invalid", "invalid_request"},
		"a NUL":                             {[]string{"state", "\x00"}, "invalid", "invalid_request"},
	} {
		got := w.browser().get(w.logoutURL(c.pairs...))
		e := w.events()
		if got.status != http.StatusBadRequest || got.page.Key != c.page || got.header.Get("Location") != "" || e[len(e)-1] != "LOGOUT_ERROR:"+c.event {
			t.Errorf("%s: %d %s %v", name, got.status, got.body, e[len(e)-1])
		}
	}
	for _, a := range []*answer{app, narrow, public} {
		if !w.live("", a) {
			t.Error("a refused logout ended a session")
		}
	}
	got := w.browser().get(w.logoutURL("id_token_hint", public.text("id_token"), "post_logout_redirect_uri", "http://127.0.0.1:9999/bye"))
	if got.status != http.StatusFound || got.header.Get("Location") != "http://127.0.0.1:9999/bye" {
		t.Errorf("its own: %d %s", got.status, got.body)
	}
}

// A form of the application posts the same; from another site it comes without
// cookies and is asked for again as a GET.
func TestLogoutByPost(t *testing.T) {
	w := sqliteWorld(t)
	b, a := w.signedIn("bench-app")
	form := url.Values{"id_token_hint": {a.text("id_token")}, "post_logout_redirect_uri": {redirectURI}, "state": {"s"}}
	foreign := w.browser().post(w.endpoint("bench", "logout"), form, "Origin", "https://app.example.test", "Sec-Fetch-Site", "cross-site")
	if foreign.status != http.StatusSeeOther || foreign.location(t).Path != "/realms/bench/protocol/openid-connect/logout" || !w.live("bench-app", a) {
		t.Fatalf("%d %s", foreign.status, foreign.body)
	}
	if got := b.get(foreign.location(t).String()); got.status != http.StatusFound || got.header.Get("Location") != redirectURI+"?state=s" || w.live("bench-app", a) {
		t.Errorf("%d %v", got.status, got.header)
	}
	b, a = w.signedIn("bench-app")
	form.Set("id_token_hint", a.text("id_token"))
	if got := b.post(w.endpoint("bench", "logout"), form); got.status != http.StatusSeeOther || got.header.Get("Location") != redirectURI+"?state=s" || w.live("bench-app", a) {
		t.Errorf("with cookies: %d %v", got.status, got.header)
	}
}

// An application ends the session by its refresh token (Keycloak's logout of
// adapters).
func TestLogoutByRefreshToken(t *testing.T) {
	w := sqliteWorld(t)
	endpoint := w.endpoint("bench", "logout")
	_, a := w.signedIn("bench-app")
	form := url.Values{"refresh_token": {a.text("refresh_token")}}
	b := w.browser()
	wantError(t, b.post(endpoint, form), 401, "invalid_client", "Invalid client or Invalid client credentials")
	wantError(t, b.post(endpoint, form, as("bench-narrow")...), 400, "invalid_grant", "Invalid refresh token. Token client and authorized client don't match")
	wantError(t, b.post(endpoint+"?client_secret=x", form, as("bench-app")...), 400, "invalid_request", "Parameters belong into the body of the request")
	wantError(t, b.post(endpoint, url.Values{"refresh_token": {"nope"}}, as("bench-app")...), 400, "invalid_grant", "Invalid refresh token")
	if !w.live("bench-app", a) {
		t.Fatal("ended too early")
	}
	got := b.post(endpoint, form, as("bench-app")...)
	if got.status != http.StatusNoContent || len(got.body) != 0 || w.live("bench-app", a) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if e := w.eventList(); e[len(e)-1].Type != latchkey.EventLogout || e[len(e)-1].ClientID != "bench-app" {
		t.Errorf("%v", w.events())
	}
	if got := b.post(endpoint, form, as("bench-app")...); got.status != http.StatusNoContent {
		t.Errorf("again: %d %s", got.status, got.body)
	}
	_, a = w.signedIn("bench-public")
	if got := b.post(endpoint, url.Values{"refresh_token": {a.text("refresh_token")}, "client_id": {"bench-public"}}); got.status != http.StatusNoContent || w.live("bench-public", a) {
		t.Errorf("a public client: %d %s", got.status, got.body)
	}
}
