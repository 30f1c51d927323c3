package web

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
)

var update = flag.Bool("update", false, "write golden files anew")

// the headers of each class, and of the two special pages.
func TestHeaders(t *testing.T) {
	var out strings.Builder
	write := func(name string, h http.Header) {
		fmt.Fprintf(&out, "== %s\n", name)
		for _, k := range slices.Sorted(maps.Keys(h)) {
			fmt.Fprintf(&out, "%s: %s\n", k, strings.Join(h[k], " | "))
		}
	}
	https, http := site(t, "https://id.example.test"), site(t, "http://localhost:8080")
	for _, class := range []Class{ClassPage, ClassJSON, ClassRedirect, ClassAsset} {
		w := httptest.NewRecorder()
		https.classHeaders(w.Header(), class)
		write(class.String(), w.Header())
	}
	w := httptest.NewRecorder()
	http.classHeaders(w.Header(), ClassPage)
	write("page on http", w.Header())
	PageHeaders(w, "https://App.example.test:8443/cb?x=1", "com.example.app:/cb", "http://127.0.0.1:9/cb", "http://127.0.0.1:9/other", "javascript", "https://a;b/", "https:///x")
	write("page with form targets", w.Header())
	FrameHeaders(w, "https://app.example.test")
	write("frame", w.Header())
	w = httptest.NewRecorder()
	https.SetCookie(w, "session", "demo", "v", time.Hour)
	https.ClearCookie(w, "session", "demo")
	demo := &latchkey.Realm{Name: "demo"}
	abroad := &latchkey.Realm{Name: "demo", Attributes: map[string]string{latchkey.AttributeCrossSite: "true"}}
	https.SetSession(w, demo, "v", "id", time.Hour)
	https.SetSession(w, abroad, "v", "id", 0)
	https.ProbeCookie(w, abroad)
	https.ClearSession(w, demo)
	http.SetCookie(w, "session", "demo", "v", 0)
	http.SetSession(w, abroad, "v", "id", 0)
	write("cookies", w.Header())
	const file = "testdata/headers.golden"
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("got\n%s", out.String())
	}
}

// what is read back, and that a planted cookie is none.
func TestCookie(t *testing.T) {
	https, http := site(t, "https://id.example.test"), site(t, "http://localhost:8080")
	tests := []struct {
		name   string
		site   *Site
		cookie string
		want   string
	}{
		{"https", https, "__Host-s-demo=v", "v"},
		{"http", http, "s-demo=v", "v"},
		{"https without the prefix", https, "s-demo=v", ""},
		{"other realm", https, "__Host-s-master=v", ""},
		{"empty", https, "__Host-s-demo=", ""},
		{"twice the same", http, "s-demo=v; s-demo=v", "v"},
		{"one planted", http, "s-demo=v; s-demo=w", ""},
	}
	for _, tt := range tests {
		got, ok := tt.site.Cookie(ask("GET", "/", "Cookie: "+tt.cookie), "s", "demo")
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v", tt.name, got, ok)
		}
	}
	r := ask("GET", "/", "Cookie: __Host-link.a-demo=1; __Host-link.b-demo=2; __Host-link.c-other=3; x=4; link.d-demo=5")
	if got := https.CookieNames(r, "link.", "demo"); !slices.Equal(got, []string{"link.a", "link.b"}) {
		t.Errorf("names %q", got)
	}
}

// 303 after a post, 302 after GET, never another.
func TestRedirect(t *testing.T) {
	for method, want := range map[string]int{"GET": 302, "HEAD": 302, "POST": 303, "DELETE": 303} {
		w := httptest.NewRecorder()
		if err := Redirect(w, ask(method, "/"), "https://app.example.test/cb?code=1#x"); err != nil || w.Code != want {
			t.Errorf("%s: %d, %v", method, w.Code, err)
		}
		if h := w.Header(); h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", h)
		}
	}
	for _, target := range []string{"", "/a\r\nSet-Cookie: x=1", "/a\x00", "https://a/\\b", "/ä", "/a b", "\t/a", `/"`} {
		w := httptest.NewRecorder()
		if err := Redirect(w, ask("GET", "/"), target); latchkey.ErrorCode(err) != latchkey.CodeInvalid || w.Header().Get("Location") != "" {
			t.Errorf("%q went out: %v", target, err)
		}
	}
}

// what a browser could read as somebody else's address is no path.
func TestLocalPath(t *testing.T) {
	for _, good := range []string{"/", "/a", "/a/b?x=1&y=%2F", "/a%2Fb", "/realms/demo/account", "/a?u=https://evil.test", "/a:b", "/a@b", "/~a"} {
		if !LocalPath(good) {
			t.Errorf("%q refused", good)
		}
	}
	hosts := []string{"evil.test", "evil.test/a", "@evil.test", "localhost.evil.test:80", "[::1]"}
	fronts := []string{"//", "///", "/\\", "\\\\", "\\/", "/\t/", "/\n/", "/\r\n/", "\t//", " //", "http://", "HTTPS://", "hTtP:/", "http:", "https:\\\\",
		"javascript:", "data:text/html,", "ftp://", "/%0d%0a/", "/%09/", "/%5c", "/%5C%5C", "/./", "/../", "/a/..//", "/a//", "", ".", "./", "../",
		"?//", "#//", "/#", "/a#//", "//\x00", "/\u2028/", "/\u3002/", "／／", "/;/../../", "/%00", "/%7f", "/%2e%2e//", "/.//"}
	for _, front := range fronts {
		for _, host := range hosts {
			if LocalPath(front + host) {
				t.Errorf("%q accepted", front+host)
			}
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/a", "//a", "/\\a", "/%5ca", "/a/../b", "/a#b"} {
		f.Add(s)
	}
	s := site(f, "https://id.example.test")
	f.Fuzz(func(t *testing.T, raw string) {
		if !LocalPath(raw) {
			return
		}
		w := httptest.NewRecorder()
		if err := Redirect(w, ask("GET", "/"), raw); err != nil {
			t.Fatalf("%q is a path and cannot be gone to: %v", raw, err)
		}
		u, err := s.Base.Parse(raw)
		if err != nil || u.Host != s.Base.Host || u.Scheme != "https" || u.User != nil {
			t.Fatalf("%q leads to %v, %v", raw, u, err)
		}
	})
}
