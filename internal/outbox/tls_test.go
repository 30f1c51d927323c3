package outbox

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey"
)

// implicit TLS, StartTLS that is required, and what must fail.
func TestTLS(t *testing.T) {
	good, roots := certificate(t, "127.0.0.1")
	other, otherRoots := certificate(t, "other.test")
	tests := []struct {
		name     string
		server   *scripted
		roots    *x509.CertPool
		ssl, stl bool
		ok       bool
		reply    string
	}{
		{"implicit", &scripted{config: good, ssl: true}, roots, true, false, true, "taken"},
		{"implicit wins over StartTLS", &scripted{config: good, ssl: true}, roots, true, true, true, "taken"},
		{"implicit, wrong name", &scripted{config: other, ssl: true}, otherRoots, true, false, false, "certificate was not accepted"},
		{"implicit, unknown authority", &scripted{config: good, ssl: true}, nil, true, false, false, "certificate was not accepted"},
		{"implicit, no TLS there", &scripted{answers: map[string]string{"GREET": "220 hello, plain\n220 world"}}, roots, true, false, false, "TLS: "},
		{"StartTLS", &scripted{config: good}, roots, false, true, true, "taken"},
		{"StartTLS, wrong name", &scripted{config: other}, otherRoots, false, true, false, "certificate was not accepted"},
		{"StartTLS, unknown authority", &scripted{config: good}, nil, false, true, false, "certificate was not accepted"},
		{"StartTLS is not offered", &scripted{}, roots, false, true, false, "does not offer STARTTLS"},
		{"StartTLS is refused", &scripted{config: good, answers: map[string]string{"STARTTLS": "454 4.7.0 not now"}}, roots, false, true, false, "TLS: 454"},
		{"StartTLS hangs", &scripted{config: good, answers: map[string]string{"STARTTLS": hang}}, roots, false, true, false, "TLS: no answer in time"},
		{"text behind the answer to STARTTLS", &scripted{config: good, answers: map[string]string{"STARTTLS": "220 go\n250 injected"}}, roots, false, true, false, "out of turn"},
		{"plain, although TLS is there", &scripted{config: good}, roots, false, false, true, "taken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClock()
			s := startScripted(t, tt.server)
			w := relayWorker(t, c)
			w.dialer.roots = tt.roots
			relay := s.relay()
			if s.answers["STARTTLS"] == hang {
				relay = s.impatient()
			}
			relay.SSL, relay.StartTLS = tt.ssl, tt.stl
			d, p := mailFor(t, c, relay)
			r := offer(t, w, d, p)
			if (r.state == latchkey.MessageHandedOver) != tt.ok || len(r.attempts) != 1 || !strings.Contains(r.attempts[0].Reply, tt.reply) {
				t.Errorf("%+v", r)
			}
			if !tt.ok && (len(s.got()) != 0 || s.count("MAIL") != 0) {
				t.Error("it spoke on without TLS")
			}
		})
	}
}

// text that a man in the middle sends a moment later is in the way of
// the handshake.
func TestInjectionLater(t *testing.T) {
	config, roots := certificate(t, "127.0.0.1")
	s := startScripted(t, &scripted{config: config, answers: map[string]string{"STARTTLS": "220 go"}})
	w := relayWorker(t, newClock())
	w.dialer.roots = roots
	s.config = nil // it says go, and goes on in plain text
	s.offers = []string{"STARTTLS"}
	relay := s.impatient()
	relay.StartTLS = true
	d, p := mailFor(t, newClock(), relay)
	if r := offer(t, w, d, p); r.state == latchkey.MessageHandedOver || len(s.got()) != 0 {
		t.Errorf("%+v", r)
	}
}

// All ways to sign in to a relay, and the failures that are its own.
func TestAuth(t *testing.T) {
	tests := []struct {
		name   string
		offers []string
		answer string
		ok     bool
		sent   string
		reply  string
	}{
		{"PLAIN", []string{"AUTH LOGIN PLAIN"}, "", true, "AUTH PLAIN " + b64("\x00ada\x00pass word"), "taken"},
		{"wrong password", []string{"AUTH PLAIN"}, "535 5.7.8 no: " + b64("\x00ada\x00pass word") + " pass word", false, "AUTH PLAIN " + b64("\x00ada\x00pass word"), "AUTH: 535 5.7.8 no: [redacted] [redacted]"},
		{"nothing we can", []string{"AUTH GSSAPI"}, "", false, "", "neither AUTH PLAIN nor AUTH LOGIN"},
		{"nothing at all", nil, "", false, "", "neither AUTH PLAIN nor AUTH LOGIN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startScripted(t, &scripted{offers: tt.offers})
			if tt.answer != "" {
				s.set("AUTH", tt.answer)
			}
			c := newClock()
			w := relayWorker(t, c)
			relay := s.relay()
			relay.Auth, relay.User, relay.Password = true, "ada", "pass word"
			d, p := mailFor(t, c, relay)
			r := offer(t, w, d, p)
			if (r.state == latchkey.MessageHandedOver) != tt.ok || !strings.Contains(r.attempts[0].Reply, tt.reply) {
				t.Errorf("%+v", r)
			}
			if tt.sent != "" && s.count(tt.sent) != 1 {
				t.Errorf("it sent %q", s.steps)
			}
		})
	}
}

func TestAuthLogin(t *testing.T) {
	s := startScripted(t, &scripted{offers: []string{"AUTH LOGIN"}, answers: map[string]string{
		"AUTH": "334 " + b64("Username:"), b64("ada"): "334 " + b64("Password:"), b64("word"): "235 welcome"}})
	c := newClock()
	w := relayWorker(t, c)
	relay := s.relay()
	relay.Auth, relay.AuthType, relay.User, relay.Password = true, "basic", "ada", "word"
	d, p := mailFor(t, c, relay)
	if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver {
		t.Errorf("%+v", r)
	}
}

// tokenServer is an OAuth 2.0 token endpoint.
type tokenServer struct {
	*httptest.Server
	calls  int
	answer func(w http.ResponseWriter, r *http.Request)
}

func newTokenServer(t *testing.T) *tokenServer {
	s := &tokenServer{}
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != "mailer" || r.FormValue("client_secret") != "shh" || r.FormValue("scope") != "smtp.send" {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client"})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "tok", "expires_in": 300, "token_type": "Bearer"})
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.calls++; s.answer(w, r) }))
	t.Cleanup(s.Close)
	return s
}

// XOAUTH2 with client credentials, as Keycloak's authToken settings have it.
func TestXOAUTH2(t *testing.T) {
	tokens := newTokenServer(t)
	s := startScripted(t, &scripted{offers: []string{"AUTH XOAUTH2"}})
	c := newClock()
	w := relayWorker(t, c)
	relay := s.relay()
	relay.Auth, relay.AuthType, relay.User = true, "token", "ada@acme.example"
	relay.AuthTokenURL, relay.AuthTokenClientID, relay.AuthTokenClientSecret, relay.AuthTokenScope = tokens.URL, "mailer", "shh", "smtp.send"
	d, p := mailFor(t, c, relay)
	const sent = "AUTH XOAUTH2 dXNlcj1hZGFAYWNtZS5leGFtcGxlAWF1dGg9QmVhcmVyIHRvawEB"
	if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver || s.count(sent) != 1 {
		t.Fatalf("%+v %q", r, s.steps)
	}
	fresh := func() result {
		w.pools.of(newEndpoint(relay), c.now()).drain()
		return offer(t, w, d, p)
	}
	if r := fresh(); r.state != latchkey.MessageHandedOver || tokens.calls != 1 {
		t.Errorf("the token is kept: %d calls, %+v", tokens.calls, r)
	}
	c.add(271 * time.Second) // 29 s before it expires
	if r := fresh(); r.state != latchkey.MessageHandedOver || tokens.calls != 2 {
		t.Errorf("a token is fetched before the old one expires: %d calls, %+v", tokens.calls, r)
	}
	s.set("AUTH", "535 5.7.8 revoked")
	if r := fresh(); r.state != latchkey.MessageQueued || !strings.Contains(r.attempts[0].Reply, "AUTH: 535 5.7.8 revoked") {
		t.Errorf("%+v", r)
	}
	s.set("AUTH", "235 welcome")
	if r := fresh(); r.state != latchkey.MessageHandedOver || tokens.calls != 3 {
		t.Errorf("a token that was refused is not used again: %d calls, %+v", tokens.calls, r)
	}
}

func TestXOAUTH2Fails(t *testing.T) {
	tests := []struct {
		name   string
		url    string
		answer func(w http.ResponseWriter, r *http.Request)
		reply  string
	}{
		{"refused", "", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"error":"invalid_client"}`, 401) }, "access token: the token endpoint answered 401 invalid_client"},
		{"no token", "", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) }, "has no access token"},
		{"junk", "", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat("x", 1<<20))) }, "has no access token"},
		{"redirect", "", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", 307) }, "answered 307"},
		{"plain http", "http://token.test/", nil, "must start with https://"},
		{"no URL", "token.test", nil, "URL is wrong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tokens := newTokenServer(t)
			if tt.answer != nil {
				tokens.answer = tt.answer
			}
			if tt.url == "" {
				tt.url = tokens.URL
			}
			s := startScripted(t, &scripted{offers: []string{"AUTH XOAUTH2"}})
			c := newClock()
			w := relayWorker(t, c)
			relay := s.relay()
			relay.Auth, relay.AuthType, relay.User, relay.AuthTokenURL, relay.AuthTokenClientSecret = true, "token", "ada", tt.url, "shh"
			d, p := mailFor(t, c, relay)
			r := offer(t, w, d, p)
			if r.state != latchkey.MessageQueued || r.attempts[0].Outcome != OutcomeUnreachable || !strings.Contains(r.attempts[0].Reply, tt.reply) || strings.Contains(r.attempts[0].Reply, "shh") {
				t.Errorf("%+v", r)
			}
			if s.count("GREET") != 0 {
				t.Error("the relay was called without a token")
			}
		})
	}
}

// The admin's Test connection: what the relay said, and settings that are wrong.
func TestTestMail(t *testing.T) {
	s := newScripted(t, nil)
	c := newClock()
	w := relayWorker(t, c)
	realm := &latchkey.Realm{ID: "r", Name: "acme"}
	content := Content{Subject: "Test", Text: "It works.", HTML: "<p>It works.</p>"}
	settings := latchkey.SMTP{From: "noreply@acme.example", Relays: []latchkey.Relay{s.relay()}}
	a, err := w.Test(t.Context(), realm, settings, "admin@acme.example", content)
	if err != nil || a.Outcome != OutcomeAccepted || a.Reply != "250 2.0.0 taken as 4711" || len(s.got()) != 1 || s.count("QUIT") != 1 {
		t.Errorf("%+v %v", a, err)
	}
	s.set("RCPT", "550 5.1.1 no such user")
	if a, err := w.Test(t.Context(), realm, settings, "admin@acme.example", content); err != nil || a.Outcome != OutcomeRefused || a.Reply != "RCPT: 550 5.1.1 no such user" {
		t.Errorf("%+v %v", a, err)
	}
	for field, broken := range map[string]latchkey.SMTP{"from": {Relays: settings.Relays}, "host": {From: settings.From}} {
		var e *latchkey.Error
		if _, err := w.Test(t.Context(), realm, broken, "admin@acme.example", content); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("%s: %v", field, err)
		} else if e, _ = err.(*latchkey.Error); e.Field != field {
			t.Errorf("%s: %v", field, e)
		}
	}
	if _, err := w.Test(t.Context(), realm, settings, "", content); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("an admin without an address: %v", err)
	}
}
