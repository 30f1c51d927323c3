package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey"
)

// pages answers with the failure in text, so that tests see what it holds.
type pages struct{}

func (pages) ServeError(w http.ResponseWriter, r *http.Request, f *Failure) {
	if f.Class != ClassPage {
		JSONErrors{}.ServeError(w, r, f)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(f.Status)
	fmt.Fprintf(w, "%s %s", f.Code, f.Message)
}

type oauthError struct{ code string }

func (e oauthError) Error() string { return e.code }
func (e oauthError) Respond(w http.ResponseWriter, _ *http.Request) {
	_ = WriteJSON(w, http.StatusBadRequest, map[string]string{"error": e.code})
}

func text(s string) Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, err := io.WriteString(w, s)
		return err
	}
}

func fails(err error) Handler {
	return func(http.ResponseWriter, *http.Request) error { return err }
}

const long = 5000

func routes() []Route {
	return []Route{
		{Pattern: "GET /page", Handler: text("a page")},
		{Pattern: "POST /page", Handler: text("posted")},
		{Pattern: "GET /long", Handler: text(strings.Repeat("long ", long/5))},
		{Pattern: "POST /authorize", Handler: text("authorized"), AnyOrigin: true},
		{Pattern: "GET /realms/{realm}", Class: ClassJSON, Handler: func(w http.ResponseWriter, r *http.Request) error {
			return WriteJSON(w, 200, map[string]string{"realm": r.PathValue("realm")})
		}},
		{Pattern: "POST /token", Class: ClassJSON, Handler: func(w http.ResponseWriter, r *http.Request) error {
			_, err := Form(w, r)
			return err
		}},
		{Pattern: "POST /json", Class: ClassJSON, Body: 100, Handler: func(_ http.ResponseWriter, r *http.Request) error {
			var v any
			return ReadJSON(r, &v)
		}},
		{Pattern: "GET /style.css", Class: ClassAsset, Handler: text("x")},
		{Pattern: "GET /fail/invalid", Class: ClassJSON, Handler: fails(latchkey.Invalid("email", "An address has an @."))},
		{Pattern: "GET /fail/secret", Handler: fails(errors.New("dial: password hunter2"))},
		{Pattern: "GET /fail/oauth", Class: ClassJSON, Handler: fails(fmt.Errorf("wrapped: %w", oauthError{"invalid_grant"}))},
		{Pattern: "GET /fail/late", Handler: fails(context.DeadlineExceeded)},
		{Pattern: "GET /panic", Handler: func(http.ResponseWriter, *http.Request) error { panic("hunter2") }},
		{Pattern: "GET /panic/runtime", Class: ClassJSON, Handler: func(_ http.ResponseWriter, r *http.Request) error {
			return []error{nil}[len(r.URL.Path)]
		}},
		{Pattern: "GET /panic/late", Handler: func(w http.ResponseWriter, _ *http.Request) error {
			_ = text("half")(w, nil)
			panic("hunter2")
		}},
	}
}

type house struct {
	http.Handler
	log    bytes.Buffer
	served []Served
}

func mount(t testing.TB, base string, proxies ...string) *house {
	h := &house{}
	h.Handler = Mount(routes(), Manners{Site: site(t, base, proxies...), Errors: pages{}, Now: clock(),
		Log: slog.New(slog.NewJSONHandler(&h.log, nil)), Observe: func(s Served) { h.served = append(h.served, s) }})
	return h
}

func (h *house) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const here = "https://id.example.test"

// Who is let in, by host, scheme, method and origin.
func TestMountAnswers(t *testing.T) {
	const crossSite, sameSite = "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"
	tests := []struct {
		name    string
		method  string
		url     string
		headers []string
		status  int
		want    string // in the body, or the Location
	}{
		{"page", "GET", here + "/page", nil, 200, "a page"},
		{"HEAD", "HEAD", here + "/page", nil, 200, ""},
		{"host in capitals with port and dot", "GET", here + "/page", []string{"Host: ID.Example.test.:443"}, 200, "a page"},
		{"other host", "GET", here + "/page", []string{"Host: evil.test"}, 421, "answers at https://id.example.test only"},
		{"other port", "GET", here + "/page", []string{"Host: id.example.test:8443"}, 421, ""},
		{"host with a lie", "GET", here + "/page", []string{"Host: evil.test", "X-Forwarded-Host: id.example.test"}, 421, ""},
		{"absolute target", "GET", "https://evil.test/page", nil, 421, ""},
		{"no host", "GET", here + "/page", []string{"Host: "}, 421, ""},
		{"unknown path, other host", "GET", here + "/nope", []string{"Host: evil.test"}, 421, ""},
		{"localhost in production", "GET", here + "/page", []string{"Host: localhost:8080"}, 421, ""},

		{"post of our own", "POST", here + "/page", []string{"Sec-Fetch-Site: same-origin"}, 200, "posted"},
		{"post by hand", "POST", here + "/page", nil, 200, "posted"},
		{"post from another site", "POST", here + "/page", []string{crossSite}, 403, "from another site"},
		{"post from the same site", "POST", here + "/page", []string{sameSite}, 403, ""},
		{"post of an old browser", "POST", here + "/page", []string{"Origin: https://evil.test"}, 403, ""},
		{"post of an old browser here", "POST", here + "/page", []string{"Origin: https://id.example.test"}, 200, "posted"},
		{"null origin", "POST", here + "/page", []string{"Origin: null"}, 403, ""},
		{"authorization by post from another site", "POST", here + "/authorize", []string{crossSite}, 200, "authorized"},
		{"token endpoint from another site", "POST", here + "/token", []string{crossSite}, 200, ""},
		{"navigation from another site", "GET", here + "/page", []string{crossSite}, 200, "a page"},

		{"nothing there", "GET", here + "/nope", []string{"Accept: text/html"}, 404, "not_found There is nothing"},
		{"nothing there, program", "GET", here + "/nope", []string{"Accept: */*"}, 404, `{"error":"There is nothing`},
		{"wrong method", "DELETE", here + "/page", nil, 405, "405"},
		{"wrong method, program", "GET", here + "/token", []string{"Accept: text/html"}, 405, `{"error":"HTTP 405 Method Not Allowed"}`},
		{"TRACE", "TRACE", here + "/page", nil, 405, ""},
		{"made-up method", "BREW", here + "/page", nil, 405, ""},
		{"OPTIONS of a page", "OPTIONS", here + "/page", nil, 405, ""},
		{"slash at the end", "GET", here + "/realms/demo/", nil, 200, `{"realm":"demo"}`},
		{"two slashes", "GET", here + "//page", nil, 404, ""},
		{"climbing", "GET", here + "/a/../page", nil, 404, ""},
		{"evil path", "GET", here + "//evil.test/%2e%2e", nil, 404, ""},

		{"invalid", "GET", here + "/fail/invalid", nil, 400, `{"errorMessage":"An address has an @.","field":"email"}`},
		{"answers for itself", "GET", here + "/fail/oauth", nil, 400, `{"error":"invalid_grant"}`},
		{"too late", "GET", here + "/fail/late", nil, 503, "unavailable"},
		{"our fault", "GET", here + "/fail/secret", nil, 500, "internal Something went wrong"},
		{"panic", "GET", here + "/panic", nil, 500, "internal Something went wrong"},
		{"panic, program", "GET", here + "/panic/runtime", nil, 500, `"error":"unknown_error"`},
		{"panic late", "GET", here + "/panic/late", nil, 200, "half"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := mount(t, here).do(ask(tt.method, tt.url, tt.headers...))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if tt.status == 405 && !strings.Contains(w.Header().Get("Allow"), "POST") {
				t.Errorf("Allow: %q", w.Header().Get("Allow"))
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || len(w.Header().Get("X-Request-Id")) < 8 {
				t.Errorf("%v", w.Header())
			}
			if w.Code >= 400 && w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("an error may be kept: %v", w.Header())
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("a secret got out: %s", w.Body)
			}
		})
	}
}

// A request for another name of this machine is sent to the configured one; so
// is a page asked for without TLS.
func TestMountSendsHome(t *testing.T) {
	const dev, proxy = "http://localhost:8080", "Remote: 10.0.0.1:1"
	tests := []struct {
		name, base, method, url string
		headers                 []string
		status                  int
		location                string
	}{
		{"other name", dev, "GET", "http://127.0.0.1:8080/page?a=%2F&b", nil, 302, "http://localhost:8080/page?a=%2F&b"},
		{"unknown path", dev, "GET", "http://[::1]:8080/nope", []string{"Accept: text/html"}, 302, "http://localhost:8080/nope"},
		{"evil path", dev, "GET", "http://127.0.0.1:8080//evil.test", []string{"Accept: text/html"}, 302, "http://localhost:8080//evil.test"},
		{"post", dev, "POST", "http://127.0.0.1:8080/page", nil, 421, ""},
		{"program", dev, "GET", "http://127.0.0.1:8080/realms/demo", nil, 200, ""},
		{"rebinding", dev, "GET", "http://evil.test:8080/page", nil, 421, ""},
		{"rebinding, program", dev, "GET", "http://evil.test:8080/realms/demo", nil, 421, ""},
		{"plain", here, "GET", "http://id.example.test/page?x=1", nil, 302, here + "/page?x=1"},
		{"plain post", here, "POST", "http://id.example.test/page", nil, 403, ""},
		{"plain program", here, "GET", "http://id.example.test/realms/demo", nil, 403, ""},
		{"plain, by a proxy", here, "GET", "http://id.example.test/page", []string{proxy, "X-Forwarded-Proto: http"}, 302, here + "/page"},
		{"TLS at the proxy", here, "GET", "http://id.example.test/page", []string{proxy, "X-Forwarded-Proto: https"}, 200, ""},
		{"silent proxy", here, "GET", "http://id.example.test/page", []string{proxy}, 200, ""},
		{"proxy with its own host", here, "GET", "http://backend:8080/page", []string{proxy, "X-Forwarded-Host: id.example.test", "X-Forwarded-Proto: https"}, 200, ""},
		{"TLS, says a stranger", here, "GET", "http://id.example.test/page", []string{"Remote: 203.0.113.9:1", "X-Forwarded-Proto: https"}, 302, here + "/page"},
		{"below a path", here + "/auth", "GET", here + "/auth/page", nil, 200, ""},
		{"outside of the path", here + "/auth", "GET", here + "/page", nil, 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := mount(t, tt.base, "10.0.0.0/8").do(ask(tt.method, tt.url, tt.headers...))
			if w.Code != tt.status || w.Header().Get("Location") != tt.location {
				t.Errorf("%d %q %s", w.Code, w.Header().Get("Location"), w.Body)
			}
		})
	}
}

// one line a request, with the pattern and nothing that a stranger wrote.
func TestLogLine(t *testing.T) {
	h := mount(t, here)
	h.do(ask("GET", here+"/realms/canary-path?canary-query=1", "Cookie: canary=1", "User-Agent: canary", "Referer: https://canary/"))
	h.do(ask("GET", here+"/canary-missing"))
	h.do(ask("canary", here+"/page"))
	h.do(ask("GET", here+"/fail/secret"))
	h.do(ask("GET", here+"/panic"))
	h.do(ask("GET", here+"/panic/runtime"))
	h.do(ask("GET", here+"/fail/invalid"))
	lines := strings.Split(strings.TrimSpace(h.log.String()), "\n")
	if len(lines) != 7 || len(h.served) != 7 {
		t.Fatalf("%d lines, %d observed", len(lines), len(h.served))
	}
	want := []string{"GET /realms/{realm} 200 INFO", "none 404 INFO", "none 405 INFO", "GET /fail/secret 500 ERROR", "GET /panic 500 ERROR", "GET /panic/runtime 500 ERROR", "GET /fail/invalid 400 INFO"}
	for i, line := range lines {
		var l struct {
			Level, Msg, Route, Request, Method, Panic, Stack, Error, Code string
			Status                                                        int
			MS                                                            float64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %d %s", l.Route, l.Status, l.Level); got != want[i] || l.Request == "" || l.MS <= 0 {
			t.Errorf("%s", line)
		}
		if strings.Contains(line, "canary") || strings.Contains(line, "An address") || (i != 3 && strings.Contains(line, "hunter2")) {
			t.Errorf("%s", line)
		}
		if (i == 4 || i == 5) != (l.Stack != "") || (i == 3) != strings.Contains(l.Error, "dial") || (i == 2 || i == 6) != (l.Code == "invalid") {
			t.Errorf("%s", line)
		}
	}
	if h.served[0].Pattern != "GET /realms/{realm}" || h.served[0].Class != ClassJSON || h.served[0].Bytes == 0 || h.served[0].Duration <= 0 {
		t.Errorf("%+v", h.served[0])
	}
}

// bodies end at their limit.
func TestBodyLimit(t *testing.T) {
	h := mount(t, here)
	for n, want := range map[int]int{98: 200, 99: 413} {
		r := httptest.NewRequest(http.MethodPost, here+"/json", strings.NewReader(`"`+strings.Repeat("x", n)+`"`))
		if w := h.do(r); w.Code != want {
			t.Errorf("%d bytes: %d %s", n+2, w.Code, w.Body)
		}
	}
	if w := h.do(post(here+"/token", "a="+strings.Repeat("x", DefaultBody))); w.Code != 413 {
		t.Errorf("%d", w.Code)
	}
}

func TestCompression(t *testing.T) {
	h := mount(t, here)
	tests := []struct {
		path, accept string
		gzip         bool
	}{
		{"/long", "gzip, br", true}, {"/long", "br, gzip;q=0.5", true}, {"/long", "", false}, {"/long", "gzip;q=0", false},
		{"/long", "gzip; q=0.000", false}, {"/page", "gzip", false},
	}
	for _, tt := range tests {
		w := h.do(ask("GET", here+tt.path, "Accept-Encoding: "+tt.accept))
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != tt.gzip || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s with %q: %v", tt.path, tt.accept, w.Header())
		}
		if tt.gzip {
			gz, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(gz); err != nil || len(body) != long || w.Header().Get("Content-Length") != "" {
				t.Errorf("%d bytes, %v, %v", len(body), err, w.Header())
			}
		}
	}
	sizes := map[int]bool{}
	for range 100 {
		sizes[h.do(ask("GET", here+"/long", "Accept-Encoding: gzip")).Body.Len()] = true
	}
	if len(sizes) < 10 {
		t.Errorf("%d sizes: what compresses well shows", len(sizes))
	}
	// Over a real connection, HEAD and GET agree and bodies arrive whole.
	srv := httptest.NewServer(Mount(append(routes(), Route{Pattern: "GET /drip", Handler: drip}), Manners{Site: site(t, "http://localhost"), Now: clock()}))
	defer srv.Close()
	for path, want := range map[string]int{"/long": long, "/page": 6, "/drip": 6000} {
		r, _ := http.NewRequest(http.MethodGet, srv.URL+path, nil)
		r.Host = "localhost"
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || len(body) != want || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %d bytes, %d, %v", path, len(body), resp.StatusCode, err)
		}
		_ = resp.Body.Close()
	}
}

// drip flushes what it has in small pieces.
func drip(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html")
	for range 6 {
		if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
			return err
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
	}
	return nil
}

func TestRequestID(t *testing.T) {
	var inside string
	h := Mount([]Route{{Pattern: "GET /", Handler: func(_ http.ResponseWriter, r *http.Request) error {
		inside = RequestID(r.Context())
		if _, ok := r.Context().Deadline(); !ok {
			t.Error("no deadline (R-211)")
		}
		return nil
	}}, {Pattern: "GET /poll", Waits: true, Handler: func(_ http.ResponseWriter, r *http.Request) error {
		if _, ok := r.Context().Deadline(); ok {
			t.Error("a long poll has a deadline")
		}
		return nil
	}}}, Manners{Site: site(t, here), Now: clock()})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, ask("GET", here+"/", "X-Request-Id: mine"))
	if inside == "" || inside == "mine" || w.Header().Get("X-Request-Id") != inside {
		t.Errorf("%q, %v", inside, w.Header())
	}
	h.ServeHTTP(httptest.NewRecorder(), ask("GET", here+"/poll"))
	if RequestID(context.Background()) != "" {
		t.Error("an id out of nowhere")
	}
}

// a server that stops ends its long polls.
func TestDrain(t *testing.T) {
	drain, stop := context.WithCancel(context.Background())
	h := Mount([]Route{{Pattern: "GET /poll", Class: ClassJSON, Waits: true, Handler: func(w http.ResponseWriter, r *http.Request) error {
		stop()
		<-r.Context().Done()
		return WriteJSON(w, 200, "over")
	}}}, Manners{Site: site(t, here), Now: clock(), Drain: drain})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, ask("GET", here+"/poll"))
	if w.Code != 200 {
		t.Error(w.Code)
	}
}

func TestSite(t *testing.T) {
	for base, want := range map[string]string{
		"https://ID.example.test/": "https://id.example.test", "https://id.example.test:443": "https://id.example.test",
		"http://[::1]:8080": "http://[::1]:8080", "https://a.test/auth/": "https://a.test/auth",
	} {
		s, err := NewSite(base)
		if err != nil || s.URL() != want || s.Issuer("demo") != want+"/realms/demo" || s.RealmURL("demo", "/x?y=1") != want+"/realms/demo/x?y=1" {
			t.Errorf("%s: %v, %v", base, s, err)
		}
	}
	for _, bad := range []string{"", "id.example.test", "ftp://a.test", "https://", "https://a.test?x", "https://a.test/#", "https://u:p@a.test", "https://a.test/?", "://"} {
		if _, err := NewSite(bad); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	s := site(t, "http://a.test/auth")
	if s.Path() != "/auth" || s.Path("x", "y") != "/auth/x/y" || site(t, "http://a.test").Path() != "/" || s.Secure() || s.Loopback() {
		t.Errorf("%q", s.Path())
	}
	for host, want := range map[string]bool{"localhost": true, "LOCALHOST.": true, "a.localhost": true, "127.9.9.9": true, "[::1]": true, "::ffff:127.0.0.1": true, "localhost.evil.test": false, "10.0.0.1": false, "": false} {
		if IsLoopback(host) != want {
			t.Errorf("IsLoopback(%q)", host)
		}
	}
}
