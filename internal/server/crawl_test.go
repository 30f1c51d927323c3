package server_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/servertest"
	"latchkey/internal/web"
)

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// every route, asked in every way by somebody who
// knows nothing, answers with the headers of its kind, never with a 500, and
// only to the methods that it has.
func TestCrawl(t *testing.T) {
	s := servertest.Start(t)
	routes := s.Routes()
	if len(routes) < 20 {
		t.Fatalf("%d routes", len(routes))
	}
	seen := map[string]bool{}
	for _, route := range routes {
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.ReplaceAll(path, "{realm}", "demo")
		path = placeholder.ReplaceAllString(strings.ReplaceAll(path, "{$}", ""), "x")
		crawl(t, s, route, method, path)
		if seen[path] {
			continue
		}
		seen[path] = true
		for _, m := range []string{"TRACE", "PATCH", "PROPFIND", "BREW"} {
			if resp, _ := send(t, s, m, path, nil); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") == "" {
				t.Errorf("%s %s: %d, Allow %q", m, path, resp.StatusCode, resp.Header.Get("Allow"))
			}
		}
	}
}

func crawl(t *testing.T, s *servertest.Server, route web.Route, method, path string) {
	for _, query := range []string{"", "?x=1&x=2", "?client_id=%00&tab_id=" + strings.Repeat("a", 3000), "?%zz"} {
		for _, body := range []string{"", "a=1&a=2", strings.Repeat("x", 70<<10), "{"} {
			if body != "" && method == http.MethodGet {
				continue
			}
			resp, text := send(t, s, method, path+query, strings.NewReader(body))
			at := method + " " + path + query[:min(len(query), 20)] + " with " + body[:min(len(body), 10)]
			if resp.StatusCode >= 500 {
				t.Errorf("%s: %d %s", at, resp.StatusCode, text)
			}
			h := resp.Header
			if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("X-Request-Id") == "" || h.Get("Server") != "" {
				t.Errorf("%s: %v", at, h)
			}
			if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "base-uri 'none'") {
				t.Errorf("%s: policy %q", at, csp)
			}
			html := strings.HasPrefix(h.Get("Content-Type"), "text/html")
			if html && (h.Get("Cache-Control") != "no-store" || strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") == framable(path)) {
				t.Errorf("%s: page with %v", at, h)
			}
			if resp.StatusCode >= 400 && h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: an error may be kept: %v", at, h)
			}
			if route.Class == web.ClassJSON && html {
				t.Errorf("%s: a program gets a page", at)
			}
		}
	}
}

// framable says that a page is one that applications keep in a frame: only
// theirs is named in its policy, and it shows nothing.
func framable(path string) bool {
	return strings.HasSuffix(path, "/login-status-iframe.html") || strings.Contains(path, "/3p-cookies/")
}

func send(t *testing.T, s *servertest.Server, method, path string, body io.Reader) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.Base+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}
