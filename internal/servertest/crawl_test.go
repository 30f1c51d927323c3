package servertest_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/console"
	"latchkey/internal/login"
	"latchkey/internal/oidc"
	"latchkey/internal/page"
	"latchkey/internal/relyingparty"
	"latchkey/internal/servertest"
	"latchkey/internal/web"
)

// everyRoute lists the patterns of every door, as they list them themselves.
func everyRoute(s *servertest.Server) (patterns []string) {
	for _, list := range [][]web.Route{
		oidc.New(oidc.Deps{}).Routes(), login.New(login.Deps{}).Routes(), admin.New(admin.Deps{Now: s.Clock.Now}).Routes(),
		console.New(relyingparty.Deps{Site: s.Site()}).Routes(), page.New(s.Site()).Routes(),
	} {
		for _, r := range list {
			patterns = append(patterns, r.Pattern)
		}
	}
	return append(patterns, "GET /{$}", "GET /robots.txt")
}

var variable = regexp.MustCompile(`\{[^}]*\}`)

// example is a path of the pattern.
func example(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return variable.ReplaceAllStringFunc(path, func(name string) string {
		switch name {
		case "{realm}":
			return "demo"
		case "{$}":
			return ""
		}
		return "x"
	})
}

var everyMethod = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"}

// every route answers the methods that it has, and every other one with
// 405 and the list of them; TRACE nowhere. No route falls over a request that
// holds nothing.
func TestEveryRoute(t *testing.T) {
	s := servertest.Start(t)
	mux := http.NewServeMux()
	patterns := everyRoute(s)
	for _, p := range patterns {
		mux.HandleFunc(p, func(http.ResponseWriter, *http.Request) {})
	}
	paths := map[string]bool{}
	for _, p := range patterns {
		paths[example(p)] = true
	}
	if len(paths) < 20 {
		t.Fatalf("only %d paths", len(paths))
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 10 * time.Second}
	for path := range paths {
		var allowed []string
		for _, m := range everyMethod {
			r, err := http.NewRequestWithContext(t.Context(), m, s.Base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, p := mux.Handler(r); p != "" {
				allowed = append(allowed, m)
			}
		}
		if slices.Contains(allowed, "TRACE") {
			t.Errorf("%s has TRACE", path)
		}
		for _, m := range everyMethod {
			r, err := http.NewRequestWithContext(t.Context(), m, s.Base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			got := strings.Split(strings.ReplaceAll(resp.Header.Get("Allow"), " ", ""), ",")
			slices.Sort(got)
			want := slices.Sorted(slices.Values(allowed))
			switch known := slices.Contains(allowed, m); {
			case known && (resp.StatusCode >= 500 || resp.StatusCode == http.StatusMethodNotAllowed):
				t.Errorf("%s %s: %d", m, path, resp.StatusCode)
			case !known && (resp.StatusCode != http.StatusMethodNotAllowed || !slices.Equal(got, want) || len(resp.Cookies()) > 0):
				t.Errorf("%s %s: %d, Allow %v, want %v", m, path, resp.StatusCode, got, want)
			}
		}
	}
}

// what people and scanners try is not there, says nothing of the
// machine or the version, and has the headers that everything has.
func TestNothingElseIsServed(t *testing.T) {
	s := servertest.Start(t)
	for _, path := range []string{"/metrics", "/health", "/health/live", "/health/ready", "/debug", "/debug/", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars",
		"/debug/requests", "/actuator", "/actuator/health", "/.git/config", "/.env", "/.well-known/security.txt", "/server-status", "/api", "/swagger", "/graphql",
		"/realms", "/realms/", "/realms/nobody", "/realms/demo/protocol/saml", "/realms/demo/clients-registrations/default", "/auth/realms/demo", "/js/keycloak.js",
		"/resources/", "/resources/x", "/resources/x/y", "/resources/..%2f..%2fetc%2fpasswd/x", "/realms/demo/../../etc/passwd", "/realms/%2e%2e/%2e%2e/etc/passwd",
		"/realms/demo%00/account", "/realms/demo/login-actions", "/realms/demo/login-actions/", "/admin/serverinfo", "/admin/realms/demo/users/../../..", "/a/b/c/d/e/f"} {
		for _, accept := range []string{"text/html", "application/json"} {
			status, header, body := raw(t, s, "GET "+path+" HTTP/1.1\r\nHost: "+s.Site().Base.Host+"\r\nAccept: "+accept+"\r\nConnection: close\r\n\r\n")
			if status < 400 || status >= 500 {
				t.Errorf("%s (%s): %d", path, accept, status)
			}
			for _, tell := range []string{runtime.Version(), "goroutine", "latchkey/internal", "/usr/", "/root", "/home/", "panic", "sqlite", "SQL"} {
				if strings.Contains(body, tell) {
					t.Errorf("%s tells %q:\n%s", path, tell, body)
				}
			}
			if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" || header.Get("Server") != "" ||
				!strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%s: %v", path, header)
			}
		}
	}
}

// raw sends bytes as they are, which libraries would tidy up first.
func raw(t *testing.T, s *servertest.Server, request string) (status int, header http.Header, body string) {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr("public"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprint(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer func() { _ = resp.Body.Close() }()
	var b strings.Builder
	_, _ = bufio.NewReader(resp.Body).WriteTo(&b)
	return resp.StatusCode, resp.Header, b.String()
}
