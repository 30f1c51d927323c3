package server_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// Ready is red when people cannot sign in, and green again afterwards.
func TestHealth(t *testing.T) {
	s := servertest.Start(t)
	base := "http://" + s.Addr("management")
	for _, path := range []string{"/health", "/health/live", "/health/ready", "/health/started"} {
		if status, body := fetch(t, base+path); status != 200 || !strings.Contains(body, `"status":"UP"`) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	rename := func(from, to string) {
		s.Update(func(tx *store.Tx) error {
			r, err := tx.RealmByName(from)
			if err != nil {
				return err
			}
			r.Name = to
			return tx.UpdateRealm(r)
		})
		if err := s.Realms().Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Second)
	}
	rename("master", "away")
	if status, body := fetch(t, base+"/health/ready"); status != 503 || !strings.Contains(body, `{"name":"Realms","status":"DOWN"}`) {
		t.Errorf("without realm master: %d %s", status, body)
	}
	if status, _ := fetch(t, base+"/health/live"); status != 200 {
		t.Errorf("live: %d", status)
	}
	rename("away", "master")
	if status, body := fetch(t, base+"/health/ready"); status != 200 {
		t.Errorf("mended: %d %s", status, body)
	}
	if err := s.DB().Close(); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(time.Second)
	if status, body := fetch(t, base+"/health/ready"); status != 503 || strings.Count(body, "DOWN") < 3 {
		t.Errorf("without database: %d %s", status, body)
	}
}

// what the public listener says of itself, and the metrics.
func TestMetricsAndPublic(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	b := s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	mail := s.Mail.Wait("ada@example.test")
	rp.Finish(b.Get(mail.Link).Form(0).Submit())
	for _, path := range []string{"/metrics", "/health", "/debug/pprof/", "/debug/vars"} {
		if status, _ := s.Get(path); status != 404 {
			t.Errorf("%s is public: %d", path, status)
		}
	}
	status, body := fetch(t, "http://"+s.Addr("management")+"/metrics")
	if status != 200 {
		t.Fatal(status)
	}
	for _, want := range []string{`latchkey_events_total{error="",type="LOGIN"} `, `latchkey_mail_attempts_total{outcome="accepted"} 1`,
		`latchkey_events_total{error="",type="LINK_REDEEMED"} `, "latchkey_outbox_messages 0", "latchkey_outbox_oldest_seconds 0", "latchkey_mail_handover_seconds_count 1",
		`route="POST /realms/{realm}/protocol/openid-connect/token"`, "go_goroutines"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, secret := range []string{"ada@", "example.test", mail.Code, "key=", rp.Client.ClientID} {
		if strings.Contains(body, secret) {
			t.Errorf("metrics show %q", secret)
		}
	}
}

// pollURL is what the waiting page asks.
var pollURL = regexp.MustCompile(`http://[^"]+/login-actions/wait\?[^"]+`)

// a long poll ends when the server stops, and the stop is quick.
func TestStop(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	b := s.Browser()
	p := rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	s.Mail.Wait("ada@example.test")
	under := make(chan bool)
	trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(under) }})
	r, err := http.NewRequestWithContext(trace, http.MethodGet, html.UnescapeString(pollURL.FindString(p.Body)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	done := make(chan error, 1)
	go func() {
		resp, err := new(http.Transport).RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		done <- err
	}()
	<-under
	select {
	case err := <-done:
		t.Fatalf("the poll does not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	start := time.Now()
	s.Stop()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("the poll was left behind")
	}
	if _, err := net.DialTimeout("tcp", s.Addr("public"), time.Second); err == nil {
		t.Error("it still listens")
	}
}

// who sends too much of a header is refused, with a sentence where it is
// not far too much.
func TestHeaderLimits(t *testing.T) {
	s := servertest.Start(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Base+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 24<<10))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("24 KiB of header: %d", resp.StatusCode)
	}
	for size, want := range map[int]int{20 << 10: http.StatusRequestURITooLong, 15 << 10: http.StatusUnauthorized, 60 << 10: http.StatusRequestURITooLong} {
		status, _, text := s.Ask("GET", "/admin/realms/demo/users?search="+strings.Repeat("x", size), "")
		if status != want || want == http.StatusRequestURITooLong && !strings.Contains(text, "The address is longer than 16384 bytes.") {
			t.Errorf("%d bytes of query: %d %s", size, status, text)
		}
	}
}

// the administrators that the configuration names are made once; the
// first administrator's link counts until there is one.
func TestBootstrap(t *testing.T) {
	admins := func(s *servertest.Server) (names []string) {
		snap := s.Snapshot(latchkey.MasterRealm)
		s.View(func(tx *store.Tx) error {
			users, err := tx.RoleUsers(snap.Realm.ID, snap.RoleNamed("", latchkey.RoleAdmin).ID, 0, 10)
			for _, u := range users {
				names = append(names, u.Username)
			}
			return err
		})
		return names
	}
	s := servertest.Start(t)
	if yes, err := s.HasAdministrator(t.Context()); yes || err != nil || len(admins(s)) != 0 {
		t.Fatalf("a fresh server has an administrator: %v, %v", admins(s), err)
	}
	s.Stop()
	b := server.Bootstrap{Username: "Root@Example.test", Password: "correct horse battery", ClientID: "robot", ClientSecret: "a robot secret"}
	with := servertest.With(func(c *server.Config) { c.Bootstrap = b })
	for range 2 {
		s = s.Again(with)
		if got := fmt.Sprint(admins(s)); got != "[root@example.test service-account-robot]" && got != "[service-account-robot root@example.test]" {
			t.Errorf("administrators %s", got)
		}
		client := s.Snapshot(latchkey.MasterRealm).ClientByClientID("robot")
		if client == nil || client.Secret != "a robot secret" || client.PublicClient || client.StandardFlowEnabled || !client.ServiceAccountsEnabled {
			t.Errorf("client %+v", client)
		}
		if yes, err := s.HasAdministrator(t.Context()); !yes || err != nil {
			t.Error(err)
		}
		s.Stop()
	}
}

// The link of the first administrator works once.
func TestFirstAdminLink(t *testing.T) {
	s := servertest.Start(t)
	link, err := s.FirstAdminLink(t.Context())
	if err != nil || !strings.HasPrefix(link.Reveal(), s.Base+"/realms/master/login-actions/first-admin?key=") {
		t.Fatal(link.Reveal(), err)
	}
	p := s.Browser().Get(link.Reveal())
	p = p.FormWith("email").Set("email", "root@example.test").Submit()
	if yes, err := s.HasAdministrator(t.Context()); !yes || err != nil {
		t.Fatalf("no administrator was made: %v\n%s %s", err, p.URL, p.Text())
	}
	if p = s.Browser().Get(link.Reveal()); p.Status != http.StatusGone {
		t.Errorf("the link works twice: %d %s", p.Status, p.Text())
	}
	late, err := s.FirstAdminLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(server.FirstAdminTime)
	if p = s.Browser().Get(late.Reveal()); p.Status != http.StatusGone {
		t.Errorf("the link works after its hour: %d %s", p.Status, p.Text())
	}
}

// An administrator finds the way in from the server's address, and out of the
// mail back to the console.
func TestAdminSignsIn(t *testing.T) {
	s := servertest.Start(t)
	link, err := s.FirstAdminLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Browser().Get(link.Reveal()).FormWith("email").Set("email", "root@example.test").Submit()
	b := s.Browser()
	p := b.Get(s.Base)
	if !p.Has("latchkey admin link") {
		t.Errorf("%s", p.Text())
	}
	p = p.Click("Sign in").FormWith("username").Set("username", "root@example.test").Submit()
	if p.Status != http.StatusOK {
		t.Fatalf("%d %s %s", p.Status, p.URL, p.Text())
	}
	p = b.Get(s.Mail.Wait("root@example.test").Link).Form(0).Submit()
	if p.Status != 200 || p.URL.Path != "/admin/master/console/realms/master/" || !p.Has("root@example.test") {
		t.Errorf("%d %s %s", p.Status, p.URL, p.Text())
	}
	// Whoever else asks to sign in to realm master is told nothing.
	s.Browser().Get(s.Base).Click("Sign in").FormWith("username").Set("username", "eve@example.test").Submit()
	if s.Mail.Count("eve@example.test") != 0 {
		t.Error("realm master makes accounts of strangers")
	}
}

// A realm export is taken in once, and what was not taken is logged.
func TestImport(t *testing.T) {
	data, err := os.ReadFile("../../docs/example-realm.json")
	if err != nil {
		t.Fatal(err)
	}
	file := server.Import{Name: "example.json", Files: []realm.File{realm.Text("example.json", data)}}
	s := servertest.Start(t, servertest.With(func(c *server.Config) { c.Imports = []server.Import{file} }))
	if !strings.Contains(s.Log.String(), `"realm imported","file":"example.json"`) {
		t.Error(s.Log)
	}
	_, err = server.New(t.Context(), server.Config{Listen: "127.0.0.1:0", Database: storetest.SQLiteURL(t), Keyring: storetest.Keyring(),
		Imports: []server.Import{{Name: "broken.json", Files: []realm.File{realm.Text("broken.json", []byte(`{"realm":`))}}}})
	if latchkey.ErrorCode(err) != latchkey.CodeInvalid || !strings.Contains(err.Error(), "broken.json") {
		t.Errorf("%v", err)
	}
}

// TLS of our own, by HTTP/2, with HSTS and Secure cookies.
func TestTLS(t *testing.T) {
	cert, key := server.WritePair(t, t.TempDir(), "localhost")
	s := servertest.Start(t, servertest.With(func(c *server.Config) { c.TLSCert, c.TLSKey, c.Hostname = cert, key, "https://localhost" }))
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.Addr("public"))
		}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://localhost/realms/demo/.well-known/openid-configuration", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || !strings.Contains(resp.Header.Get("Strict-Transport-Security"), "31536000") {
		t.Errorf("%d %s %v", resp.StatusCode, resp.Proto, resp.Header)
	}
}
