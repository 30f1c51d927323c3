package page_test

import (
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"crypto/sha256"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/page/sample"
	"latchkey/internal/web"
)

// serve mounts the kit's routes and a page at /page.
func serve(t *testing.T, base string, s sample.Page, status int) (*page.Kit, http.Handler) {
	t.Helper()
	site, err := web.NewSite(base)
	if err != nil {
		t.Fatal(err)
	}
	k := page.New(site)
	show := func(w http.ResponseWriter, r *http.Request) error {
		return k.Write(w, r, page.Answer{Status: status, Meta: sample.Meta(k, s, "en"), Page: s.Page, Policy: s.Policy})
	}
	fail := func(http.ResponseWriter, *http.Request) error { return io.ErrUnexpectedEOF }
	invalid := func(http.ResponseWriter, *http.Request) error {
		return latchkey.Invalid("address", "One address, not two.")
	}
	return k, web.Mount(append(k.Routes(),
		web.Route{Pattern: "GET /page", Class: web.ClassPage, Handler: show},
		web.Route{Pattern: "GET /fail", Class: web.ClassPage, Handler: fail},
		web.Route{Pattern: "GET /invalid", Class: web.ClassPage, Handler: invalid},
		web.Route{Pattern: "GET /json", Class: web.ClassJSON, Handler: invalid},
	), web.Manners{Site: site, Errors: k, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return sample.Now }})
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	u, err := url.Parse(target)
	if err == nil {
		r.Host = u.Host
	}
	r.TLS = nil
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const local = "http://localhost:8080"

// the headers of a page, with and without a module, with and
// without a form that ends at an application, after a mailed link.
func TestPageHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		policy        page.Policy
		has, hasNot   []string
		referrerRules string
	}{
		"plain":    {page.Policy{}, []string{"script-src 'none'", "connect-src 'none'", "form-action 'self'"}, []string{"script-src 'self'"}, "same-origin"},
		"module":   {page.Policy{Script: true}, []string{"script-src 'self'", "connect-src 'self'", "require-trusted-types-for 'script'"}, nil, "same-origin"},
		"targets":  {page.Policy{FormTargets: []string{"https://shop.acme.test/cb"}}, []string{"form-action 'self' https://shop.acme.test"}, nil, "same-origin"},
		"mailed":   {page.Policy{NoReferrer: true}, nil, nil, "no-referrer"},
		"injected": {page.Policy{FormTargets: []string{"https://a.test;script-src *"}}, nil, []string{"script-src *"}, "same-origin"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sampleNamed(t, "waiting")
			s.Policy = c.policy
			_, h := serve(t, local, s, http.StatusOK)
			w := get(h, local+"/page")
			csp := w.Header().Get("Content-Security-Policy")
			for _, want := range append(c.has, "default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "style-src 'self'") {
				if !strings.Contains(csp, want) {
					t.Errorf("the policy lacks %s: %s", want, csp)
				}
			}
			for _, not := range append(c.hasNot, "unsafe", "http:", "*") {
				if strings.Contains(csp, not) {
					t.Errorf("the policy has %s: %s", not, csp)
				}
			}
			for key, want := range map[string]string{
				"Referrer-Policy": c.referrerRules, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
				"Content-Type": "text/html; charset=utf-8", "Content-Language": "en", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := w.Header().Get(key); got != want {
					t.Errorf("%s: %q, want %q", key, got, want)
				}
			}
			if w.Code != http.StatusOK {
				t.Errorf("status %d", w.Code)
			}
		})
	}
}

// A status other than 200 is kept.
func TestWriteKeepsTheStatus(t *testing.T) {
	_, h := serve(t, local, sampleNamed(t, "link-over"), http.StatusGone)
	if w := get(h, local+"/page"); w.Code != http.StatusGone {
		t.Errorf("status %d", w.Code)
	}
}

// What a page names is there, cached for a year, and is what its hash says.
func TestResources(t *testing.T) {
	for _, base := range []string{local, local + "/auth"} {
		s := sampleNamed(t, "email-accent")
		s.Page = sampleNamed(t, "waiting").Page
		s.Policy.Script = true
		_, h := serve(t, base, s, http.StatusOK)
		body := get(h, base+"/page").Body.String()
		urls := regexp.MustCompile(`(?:href|src)="([^"]*/resources/[^"]+)"`).FindAllStringSubmatch(body, -1)
		if len(urls) != 4 { // sheet, accent, icon, module
			t.Fatalf("%s: the page loads %v", base, urls)
		}
		for _, u := range urls {
			w := get(h, "http://localhost:8080"+u[1])
			if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Body.Len() == 0 {
				t.Errorf("%s: %d %q", u[1], w.Code, w.Header().Get("Cache-Control"))
			}
			if strings.HasSuffix(u[1], ".js") {
				sum := sha256.Sum256(w.Body.Bytes())
				if want := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(body, `integrity="`+want+`"`) {
					t.Errorf("%s: the page has another hash", u[1])
				}
				if ct := w.Header().Get("Content-Type"); !strings.HasPrefix(ct, "text/javascript") {
					t.Errorf("%s: %s", u[1], ct)
				}
			}
		}
		for _, bad := range []string{"/resources/0000000000000000/latchkey.css", "/resources/x/latchkey.css",
			regexp.MustCompile(`[^/]+\.css`).ReplaceAllString(urls[0][1], "nothing.css")} {
			if w := get(h, "http://localhost:8080"+bad); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", bad, w.Code)
			}
		}
	}
}

// A failure becomes a page in the person's language, without a word of its
// cause; a program gets JSON.
func TestServeError(t *testing.T) {
	_, h := serve(t, local, sampleNamed(t, "email"), http.StatusOK)
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{"/nowhere", http.StatusNotFound, "Diese Seite gibt es nicht"},
		{"/fail", http.StatusInternalServerError, "Hier ging etwas schief"},
		{"/invalid", http.StatusBadRequest, "One address, not two."},
	} {
		w := get(h, local+c.path, "Accept-Language", "de", "Accept", "text/html")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) || strings.Contains(w.Body.String(), "unexpected EOF") {
			t.Errorf("%s: %d %s", c.path, w.Code, w.Body)
		}
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: no policy", c.path)
		}
	}
	if w := get(h, local+"/json"); !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		t.Errorf("a program got %s", w.Header().Get("Content-Type"))
	}
}
