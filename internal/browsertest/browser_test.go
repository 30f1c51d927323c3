package browsertest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/browsertest"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// good is a page that does nothing wrong; bad does everything wrong that the
// browser is asked to notice.
const (
	good = `<!doctype html><html lang="en"><head><title>Good</title></head><body><main><h1>Good</h1>
<form method="post" action="/submit"><label for="name">Name</label> <input id="name" name="name"> <button>Send</button></form>
<p><a href="/moved">Moved</a></p></main></body></html>`
	bad = `<!doctype html><html><head><title></title></head><body><img src="http://elsewhere.example/x.png">
<input><script src="/bad.js"></script><script>document.title = "inline"</script></body></html>`
	policy = "default-src 'none'; img-src *; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'"
)

// site is a small site on loopback.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	page := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, text)
		}
	}
	mux.HandleFunc("GET /{$}", page(good))
	mux.HandleFunc("GET /bad", page(bad))
	mux.HandleFunc("GET /bad.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `console.error("it", "broke"); throw new Error("it threw")`)
	})
	mux.HandleFunc("POST /submit", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "name", Value: r.FormValue("name")})
		http.Redirect(w, r, "/hello", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, r *http.Request) {
		name := "nobody"
		if c, err := r.Cookie("name"); err == nil {
			name = c.Value
		}
		page("<!doctype html><html lang=en><title>Hello</title><h1>Hello "+name+"</h1>")(w, r)
	})
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/gone", http.StatusFound) })
	mux.HandleFunc("GET /gone", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGone)
		page("<!doctype html><title>Gone</title><p>It is gone.")(w, r)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// A page without a fault gives no finding, and what a person does in it works.
func TestGoodPage(t *testing.T) {
	s := site(t)
	b := browsertest.New(t)
	p := b.Open(s.URL)
	if barriers := p.Axe(); len(barriers) != 0 {
		t.Errorf("axe found %v", barriers)
	}
	p.Type("#name", "Ada")
	if status := p.Follow("button"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	p.See("Hello Ada")
	p.At("/hello")
	if got := p.Title(); got != "Hello" {
		t.Errorf("title %q", got)
	}
	if png := p.Picture("selftest/hello"); len(png) < 500 || string(png[1:4]) != "PNG" {
		t.Errorf("a picture of %d bytes", len(png))
	}
	if found := b.Findings(); len(found) != 0 {
		t.Errorf("findings %v", found)
	}
}

// Everything that a page does wrong is found, each under its kind.
func TestBadPage(t *testing.T) {
	s := site(t)
	b := browsertest.New(t)
	p := b.Open(s.URL + "/bad")
	p.Until("the script to have run", "document.readyState === 'complete'")
	want := map[browsertest.Kind]string{
		browsertest.Violation: "script-src",
		browsertest.Exception: "it threw",
		browsertest.Console:   "it broke",
		browsertest.Foreign:   "elsewhere.example",
	}
	found := b.Findings()
	for kind, words := range want {
		if !slices.ContainsFunc(found, func(f browsertest.Finding) bool { return f.Kind == kind && strings.Contains(f.Text, words) }) {
			t.Errorf("no %s with %q among %v", kind, words, found)
		}
	}
	if len(b.Findings()) != 0 {
		t.Error("findings are given twice")
	}
}

// Axe fails a test for a serious barrier, under a policy that forbids its script.
func TestAxeFails(t *testing.T) {
	s := site(t)
	b := browsertest.New(t)
	failed := &watched{TB: t}
	p := browsertest.On(failed, b.Open(s.URL+"/bad"))
	barriers := p.Axe()
	b.Findings()
	if !failed.failed {
		t.Errorf("axe let %v pass", barriers)
	}
	for _, rule := range []string{"html-has-lang", "label", "image-alt", "document-title"} {
		if !slices.ContainsFunc(barriers, func(b browsertest.Barrier) bool { return b.Rule == rule }) {
			t.Errorf("axe did not find %s: %v", rule, barriers)
		}
	}
}

// watched is a test whose failures are seen and not counted.
type watched struct {
	testing.TB
	failed bool
}

func (w *watched) Errorf(string, ...any) { w.failed = true }

// Redirects are two requests with their statuses, and an error page has its own.
func TestRequests(t *testing.T) {
	s := site(t)
	b := browsertest.New(t)
	p := b.Open(s.URL)
	if status := p.Follow("a"); status != http.StatusGone {
		t.Errorf("status %d", status)
	}
	var got []string
	for _, q := range b.Requests() {
		if q.Type == "Document" {
			got = append(got, fmt.Sprintf("%s %s %d", q.Method, strings.TrimPrefix(q.URL, s.URL), q.Status))
		}
	}
	want := []string{"GET / 200", "GET /moved 302", "GET /gone 410"}
	if !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}

// Two browsers share no cookies; two tabs of one do.
func TestProfiles(t *testing.T) {
	s := site(t)
	asking, other := browsertest.New(t), browsertest.New(t)
	p := asking.Open(s.URL)
	p.Type("#name", "Ada")
	p.Enter("#name")
	asking.Open(s.URL + "/hello").See("Hello Ada")
	other.Open(s.URL + "/hello").See("Hello nobody")
}

// Without scripts pages still work, and names under .test lead to loopback.
func TestPreferences(t *testing.T) {
	s := site(t)
	p := browsertest.New(t).Tab()
	p.Scripts(false)
	p.Goto(strings.Replace(s.URL, "127.0.0.1", "shop.test", 1))
	p.Type("#name", "Ada")
	p.Follow("button")
	p.See("Hello Ada")
	p.Prefer("prefers-color-scheme", "dark", "prefers-reduced-motion", "reduce")
	p.Size(400, 700)
	p.Scripts(true)
	p.Reload()
	if !browsertest.Eval[bool](p, `matchMedia("(prefers-color-scheme: dark)").matches && innerWidth === 400`) {
		t.Error("the tab did not take on dark and 400 pixels")
	}
}

// The JavaScript packages can be run and read.
func TestModules(t *testing.T) {
	if len(browsertest.Module(t, "keycloak-js/lib/keycloak.js")) == 0 {
		t.Error("keycloak-js is empty")
	}
	cmd := browsertest.Node(t, "-e", `import("openid-client").then(c => console.log(typeof c.discovery))`)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "function" {
		t.Errorf("node: %v: %s", err, out)
	}
}
