package servertest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/servertest"
)

// recording is a request to a running Keycloak 26.7 and what it answered:
// the status, the headers that clients read, and the shape of the body. In the
// request, {access}, {refresh}, {id}, {code} and {verifier} stand for those of
// a sign-in that has just been made.
type recording struct {
	Name, Method, Path, Body string
	Headers                  map[string]string
	Form                     map[string]string
	SignedIn                 bool // in a browser that is signed in
	Answer                   struct {
		Status  int
		Headers map[string]string
		JSON    any // keys and types, at "=value" the value itself
		Page    bool
	}
}

// arrangement is what is done before a recording is replayed.
type arrangement struct {
	client, scope string
	realm         string // of the two that there are; "bench"
	before        func(w *replay)
}

// arrangements are those of the recordings that need one.
var arrangements = map[string]arrangement{
	"token-reused-code":              {before: func(w *replay) { w.redeem() }},
	"token-refresh-after-code-reuse": {before: func(w *replay) { w.redeem(); w.redeem() }},
	"token-code-public":              {client: "bench-public"},
	"token-code-offline":             {scope: "openid offline_access"},
	"token-code-no-openid":           {scope: "email"},
	"token-refresh-expired":          {before: func(w *replay) { w.redeem(); w.s.Clock.Advance(31 * time.Minute) }},
	"userinfo-no-openid-scope":       {scope: "email"},
	"token-code-own-audience":        {realm: "audience"},
	"token-rotation-first":           {realm: "audience"},
	"token-rotation-reuse": {realm: "audience", before: func(w *replay) {
		w.redeem()
		w.post("token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {w.vars["refresh"]}})
		w.s.Clock.Advance(11 * time.Second)
	}},
	"introspect-active":        {realm: "audience"},
	"introspect-active-jwt":    {realm: "audience"},
	"introspect-id-token":      {realm: "audience"},
	"introspect-refresh-token": {realm: "audience"},
	"revoke-refresh-afterwards": {before: func(w *replay) {
		w.redeem()
		w.post("revoke", url.Values{"token": {w.vars["refresh"]}})
	}},
	"revoke-userinfo-afterwards": {before: func(w *replay) {
		w.redeem()
		w.post("revoke", url.Values{"token": {w.vars["refresh"]}})
	}},
	"revoke-introspect-afterwards": {realm: "audience", before: func(w *replay) {
		w.redeem()
		w.post("revoke", url.Values{"token": {w.vars["refresh"]}})
	}},
	"revoke-access-token-userinfo": {before: func(w *replay) {
		w.redeem()
		w.post("revoke", url.Values{"token": {w.vars["access"]}})
	}},
	"logout-refresh-afterwards": {before: func(w *replay) {
		w.redeem()
		w.b.Get(w.s.Base + "/realms/bench/protocol/openid-connect/logout?id_token_hint=" + w.vars["id"])
	}},
}

// replay is one recording being replayed.
type replay struct {
	*testing.T
	s     *servertest.Server
	r     *recording
	a     arrangement
	b     *servertest.Browser
	vars  map[string]string
	spent bool // the code was redeemed
}

const callback = "http://127.0.0.1:9999/cb"

// replayRealm is a realm with the clients that the recordings were made with.
func replayRealm(s *servertest.Server, name string) {
	audience := name == "audience"
	s.Realm(name, func(r *representation.Realm) {
		r.RevokeRefreshToken = new(audience)
		app := representation.Client{ClientID: new("bench-app"), PublicClient: new(false), Secret: new("bench-secret"), RedirectURIs: []string{callback},
			WebOrigins: []string{"http://127.0.0.1:9999"}, StandardFlowEnabled: new(true), ServiceAccountsEnabled: new(true), FullScopeAllowed: new(true),
			Attributes: map[string]string{"post.logout.redirect.uris": "+"}}
		if audience {
			app.ProtocolMappers = []representation.ProtocolMapper{{Name: "own", Protocol: "openid-connect", ProtocolMapper: "oidc-audience-mapper",
				Config: map[string]string{"included.client.audience": "bench-app", "access.token.claim": "true", "introspection.token.claim": "true"}}}
		}
		r.Clients = []representation.Client{app, {ClientID: new("bench-public"), PublicClient: new(true), RedirectURIs: []string{callback}, WebOrigins: []string{"+"},
			StandardFlowEnabled: new(true), FullScopeAllowed: new(true), Attributes: map[string]string{"pkce.code.challenge.method": "S256"}}}
		r.InternationalizationEnabled = new(false)
	})
	s.AddUser(name, "golden@example.test", "", func(u *latchkey.User) { u.EmailVerified = true })
}

// TestKeycloakAnswers replays what was recorded of Keycloak's endpoints for
// applications: the same status, the same headers that clients read, the same
// shape of the body. What differs is listed in differences, each with its
// reason; a difference that is not there any more has to go from there.
func TestKeycloakAnswers(t *testing.T) {
	data, err := os.ReadFile("testdata/keycloak.json")
	if err != nil {
		t.Fatal(err)
	}
	var recordings []*recording
	if err := json.Unmarshal(data, &recordings); err != nil || len(recordings) < 100 {
		t.Fatalf("%d recordings: %v", len(recordings), err)
	}
	s := servertest.Start(t)
	replayRealm(s, "bench")
	replayRealm(s, "audience")
	known := map[string]bool{}
	for _, r := range recordings {
		known[r.Name] = true
		t.Run(r.Name, func(t *testing.T) {
			w := &replay{T: t, s: s, r: r, a: arrangements[r.Name], b: s.Browser(), vars: map[string]string{"base": url.QueryEscape(s.Base)}}
			w.b.Follow = false
			s.Clock.Advance(25 * time.Hour)
			got := strings.Join(w.differences(w.answer()), "; ")
			want := differences[r.Name].what
			if got != want {
				t.Errorf("differs in another way than is said:\n got  %s\n want %s", got, want)
			}
		})
	}
	for name := range arrangements {
		if !known[name] {
			t.Errorf("no recording is called %s", name)
		}
	}
	for name, d := range differences {
		if !known[name] || d.why == "" {
			t.Errorf("%s: no such recording, or no reason", name)
		}
	}
}

func (w *replay) realm() string {
	if w.a.realm != "" {
		return w.a.realm
	}
	return "bench"
}

// walk follows redirects as far as they stay with the server.
func (w *replay) walk(p *servertest.Page) *servertest.Page {
	w.Helper()
	for range 10 {
		at := p.Header.Get("Location")
		if p.Status < 300 || p.Status > 399 || !strings.HasPrefix(at, w.s.Base+"/") {
			return p
		}
		p = w.b.Do(http.MethodGet, at, nil)
	}
	w.Fatalf("too many redirects at %s", p.URL)
	return nil
}

// signIn signs in with a mailed link, and keeps the code.
func (w *replay) signIn() {
	w.Helper()
	client, scope := w.a.client, w.a.scope
	if client == "" {
		client = "bench-app"
	}
	if scope == "" {
		scope = "openid"
	}
	verifier := secret.Token()
	q := url.Values{"client_id": {client}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {scope}, "state": {"s"}, "nonce": {"nonce-1"},
		"code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"}}
	p := w.walk(w.b.Get(w.s.Site().Issuer(w.realm()) + "/protocol/openid-connect/auth?" + q.Encode()))
	w.walk(p.FormWith("username").Set("username", "golden@example.test").Submit())
	p = w.walk(w.b.Get(w.s.Mail.Wait("golden@example.test").Link))
	p = w.walk(p.Form(0).Submit())
	at, err := url.Parse(p.Header.Get("Location"))
	if err != nil || at.Query().Get("code") == "" {
		w.Fatalf("not signed in: %d %s %s", p.Status, p.URL, p.Text())
	}
	w.vars["code"], w.vars["verifier"] = at.Query().Get("code"), verifier
}

// post sends a form to an endpoint as bench-app.
func (w *replay) post(path string, form url.Values) (int, string) {
	w.Helper()
	headers := []string{"Content-Type: application/x-www-form-urlencoded"}
	if w.a.client == "bench-public" {
		form.Set("client_id", w.a.client)
	} else {
		headers = append(headers, "Authorization: Basic YmVuY2gtYXBwOmJlbmNoLXNlY3JldA==")
	}
	return w.s.Send(http.MethodPost, "/realms/"+w.realm()+"/protocol/openid-connect/"+path, form.Encode(), headers...)
}

// redeem turns the code into tokens, and keeps them the first time.
func (w *replay) redeem() {
	w.Helper()
	if w.vars["code"] == "" {
		w.signIn()
	}
	status, body := w.post("token", url.Values{"grant_type": {"authorization_code"}, "code": {w.vars["code"]}, "redirect_uri": {callback},
		"code_verifier": {w.vars["verifier"]}})
	var tokens map[string]any
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || (status != http.StatusOK && !w.spent) {
		w.Fatalf("code to tokens: %d %s", status, body)
	}
	if !w.spent {
		for key, name := range map[string]string{"access_token": "access", "refresh_token": "refresh", "id_token": "id"} {
			w.vars[name], _ = tokens[key].(string)
		}
	}
	w.spent = true
}

// needs says whether the request holds one of the placeholders.
func (w *replay) needs(names ...string) bool {
	all, _ := json.Marshal([]any{w.r.Path, w.r.Headers, w.r.Form})
	for _, n := range names {
		if strings.Contains(string(all), "{"+n+"}") {
			return true
		}
	}
	return false
}

func (w *replay) fill(text string) string {
	for name, value := range w.vars {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// answer replays the request.
func (w *replay) answer() *servertest.Page {
	w.Helper()
	if w.r.SignedIn || w.needs("code", "access", "refresh", "id") {
		w.signIn()
	}
	if w.a.before != nil {
		w.a.before(w)
	}
	if !w.spent && w.needs("access", "refresh", "id") {
		w.redeem()
	}
	path := strings.Replace(w.r.Path, "/realms/bench", "/realms/"+w.realm(), 1)
	if w.r.Name == "logout-confirmed" {
		ask := strings.TrimSuffix(path[:strings.Index(path, "?")], "/logout-confirm")
		return w.b.Get(w.s.Base + ask + "?client_id=bench-app&post_logout_redirect_uri=" + url.QueryEscape(callback)).Press("Sign out")
	}
	var headers []string
	for k, v := range w.r.Headers {
		headers = append(headers, k+": "+w.fill(v))
	}
	b := w.b
	if !w.r.SignedIn {
		b = w.s.Browser()
		b.Follow = false
	}
	var form url.Values
	if w.r.Form != nil {
		form = url.Values{}
		for k, v := range w.r.Form {
			form.Set(k, w.fill(v))
		}
	}
	if strings.HasPrefix(w.r.Headers["Accept"], "text/html") {
		p := b.Do(w.r.Method, w.s.Base+w.fill(path), form)
		w.b = b
		return w.walk(p)
	}
	body := w.r.Body
	if form != nil {
		body = form.Encode()
	}
	p := &servertest.Page{}
	p.Status, p.Header, p.Body = w.s.Ask(w.r.Method, w.fill(path), body, headers...)
	return p
}
