package demo_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/demo"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// signIn walks a browser from the application through the mail and back.
func signIn(t *testing.T, s *servertest.Server, b *servertest.Browser, address string) *servertest.Page {
	t.Helper()
	p := b.Get(s.LocalURL("demo")).Click("Sign in")
	p.FormWith("username").Set("username", address).Submit()
	return b.Get(s.Mail.Wait(address).Link).Form(0).Submit()
}

// The whole road of the demo application, without JavaScript.
func TestRoad(t *testing.T) {
	s := servertest.Start(t)
	b := s.Browser()
	home := s.LocalURL("demo") + "/"
	p := b.Get(home)
	if p.Heading() != "You are not signed in" || p.Title() != "Sign in · Demo application" {
		t.Fatalf("%q %q", p.Title(), p.Text())
	}
	p = signIn(t, s, b, "ada@example.test")
	if p.URL.String() != home || p.Heading() != "You are signed in" || !p.Has("ada@example.test") {
		t.Fatalf("%s: %s", p.URL, p.Text())
	}
	for _, want := range []string{"ID token", "Access token", "Refresh token", "iss " + s.Site().Issuer("demo"), "azp demo-app", "email_verified true", "UTC, in 5 minutes"} {
		if !p.Has(want) {
			t.Errorf("the page does not say %q:\n%s", want, p.Text())
		}
	}
	if strings.Contains(p.Body, "eyJ") {
		t.Error("the page shows a token that could be used")
	}
	if csp := p.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self' "+s.Base) {
		t.Error(csp)
	}

	s.Clock.Advance(time.Minute)
	p = p.Press("Get new tokens")
	if p.Heading() != "You are signed in" || !p.Has("auth_time") || !p.Has("1 minute ago") || !p.Has("UTC, in 5 minutes") {
		t.Errorf("after the refresh: %s", p.Text())
	}

	session := b.Jar.Get("session-demo")
	p = p.Press("Sign out")
	if p.URL.String() != home || p.Heading() != "You are not signed in" {
		t.Fatalf("after signing out: %s %s", p.URL, p.Text())
	}
	if session == "" || b.Jar.Get("session-demo") == session {
		t.Error("Latchkey's own session was not ended")
	}
	if p = b.Get(home + "login"); !strings.Contains(p.Title(), "Sign in or register") {
		t.Errorf("signing in again asks for nothing: %s", p.Text())
	}
}

// The end of a session at Latchkey ends it here, with a sentence.
func TestSessionOver(t *testing.T) {
	s := servertest.Start(t)
	p := signIn(t, s, s.Browser(), "ada@example.test")
	snap := s.Snapshot("demo")
	s.Update(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(snap.Realm.ID, "ada@example.test")
		if err != nil {
			return err
		}
		_, err = tx.EndUserSessions(snap.Realm.ID, u.ID, "")
		return err
	})
	p = p.Press("Get new tokens")
	if p.Heading() != "Your session is over" || !p.Has("invalid_grant") {
		t.Errorf("%s", p.Text())
	}
	if p = p.Click("Back to the start"); p.Heading() != "You are not signed in" {
		t.Errorf("%s", p.Text())
	}
}

// OpenID Connect Core 4: the application begins a sign-in for its own issuer
// only, by GET and by POST from another site, and goes nowhere else for it.
func TestInitiateLogin(t *testing.T) {
	s := servertest.Start(t)
	b := s.Browser()
	login := s.LocalURL("demo") + "/login"
	p := b.Get(login + "?iss=" + url.QueryEscape("https://evil.test/realms/demo"))
	if p.Status != 400 || !p.Has("another server than the one that sent you here") || len(p.Hops) != 1 {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	q := url.Values{"iss": {s.Site().Issuer("demo")}, "target_link_uri": {"https://evil.test/"}, "login_hint": {"ada@example.test"}}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		p = b.Do(method, login, q, "Sec-Fetch-Site: cross-site", "Origin: https://id.example.test")
		if !strings.HasPrefix(p.URL.String(), s.Base) || p.FormWith("username").Values.Get("username") != "ada@example.test" {
			t.Errorf("%s: %s %s", method, p.URL, p.Text())
		}
		for _, hop := range p.Hops {
			if strings.Contains(hop.Location, "evil") {
				t.Errorf("%s", hop.Location)
			}
		}
	}
}

// Answers that nobody asked for, that came to another browser, or twice.
func TestCallbackRefuses(t *testing.T) {
	s := servertest.Start(t)
	base := s.LocalURL("demo")
	victim, attacker := s.Browser(), s.Browser()
	begin := func(b *servertest.Browser) string {
		b.Follow = false
		defer func() { b.Follow = true }()
		u, err := url.Parse(b.Get(base + "/login").Hops[0].Location)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("state")
	}
	state := begin(attacker)
	own := begin(victim)
	iss := "&iss=" + url.QueryEscape(s.Site().Issuer("demo"))
	tests := []struct{ name, query, want string }{
		{"no state", "?code=x", "belongs to no sign-in that this browser began"},
		{"another browser's state", "?code=x&state=" + state + iss, "belongs to no sign-in that this browser began"},
		{"twice", "?code=x&state=a&state=b", "may stand there once"},
		{"another issuer", "?code=x&state=" + own + "&iss=https://evil.test", "comes from another server"},
		{"used up", "?code=x&state=" + own + iss, "belongs to no sign-in that this browser began"},
		{"declined", "?error=access_denied&error_description=%3Cb%3Eno%3C/b%3E&state=" + begin(victim) + iss, "The sign-in was declined"},
		{"unknown error", "?error=teapot&state=" + begin(victim) + iss, "Latchkey answered with an error"},
		{"a code that is none", "?code=nope&state=" + begin(victim) + iss, "Your session is over"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := victim.Get(base + "/callback" + tt.query)
			if !p.Has(tt.want) || p.Link("Sign in") == "" || strings.Contains(p.Body, "<b>no") {
				t.Errorf("%d %s", p.Status, p.Text())
			}
			if victim.Jar.Get("demo-session") != "" {
				t.Error("signed in")
			}
		})
	}
	s.Clock.Advance(2 * time.Hour)
	late := begin(victim)
	s.Clock.Advance(time.Hour)
	if p := victim.Get(base + "/callback?code=x&state=" + late + iss); !p.Has("took too long") {
		t.Errorf("an old answer: %s", p.Text())
	}
}

// The provider is asked when it is needed, and asked again until it answers.
func TestDiscoveryIsLazy(t *testing.T) {
	up := false
	var asked int
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if !up {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		base := "http://" + r.Host
		_, _ = w.Write([]byte(`{"issuer":"` + base + `","authorization_endpoint":"` + base + `/auth","token_endpoint":"` + base + `/token","jwks_uri":"` + base + `/certs"}`))
	}))
	defer issuer.Close()
	now := time.Now()
	app, err := demo.New(demo.Options{Issuer: issuer.URL, BaseURL: "http://localhost:8081", ClientID: demo.ClientID,
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	if err != nil || asked != 0 {
		t.Fatal(err, asked)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "http://localhost:8081"+path, nil)
		r.Header.Set("Accept", "text/html")
		app.ServeHTTP(w, r)
		return w
	}
	if w := get("/login"); w.Code != 503 || !strings.Contains(w.Body.String(), "Latchkey does not answer") || !strings.Contains(w.Body.String(), issuer.URL) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	up = true
	for range 2 {
		if w := get("/login"); w.Code != 302 || !strings.HasPrefix(w.Header().Get("Location"), issuer.URL+"/auth?") || !strings.Contains(w.Header().Get("Location"), "code_challenge_method=S256") {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	if w := get("/nope"); w.Code != 404 || !strings.Contains(w.Body.String(), "This application has one page") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get("/style.css"); w.Code != 200 || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if _, err := demo.New(demo.Options{BaseURL: "nowhere", Now: time.Now}); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("%v", err)
	}
}
