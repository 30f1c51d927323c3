package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/browsertest"
	"latchkey/internal/page"
	"latchkey/internal/page/sample"
	"latchkey/internal/web"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

// site is a small server that shows samples and answers what they ask.
type site struct {
	*httptest.Server
	kit     *page.Kit
	polls   atomic.Int32
	next    chan string   // what a poll answers; empty: null
	refuse  atomic.Int32  // polls to answer with 503 first
	posts   atomic.Int32  // forms that came in
	left    chan struct{} // polls that the page gave up
	answer  chan struct{} // what answers the form of /held
	waiting *page.Waiting // what /wait shows
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{next: make(chan string), left: make(chan struct{}, 16), answer: make(chan struct{})}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Server.Close)
	where, err := web.NewSite(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.kit = page.New(where)
	mux.Handle("/resources/", web.Mount(s.kit.Routes(), web.Manners{Site: where, Errors: s.kit, Now: func() time.Time { return sample.Now }}))
	mux.HandleFunc("GET /pages/{lang}/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, p := range sample.Pages() {
			if p.Name == r.PathValue("name") {
				p.Policy.Script = r.URL.Query().Has("script")
				s.show(t, w, r, p)
			}
		}
	})
	mux.HandleFunc("GET /wait", func(w http.ResponseWriter, r *http.Request) {
		s.show(t, w, r, sample.Page{Page: *s.waiting, Policy: page.Policy{Script: true}})
	})
	mux.HandleFunc("GET /poll", s.poll)
	mux.HandleFunc("POST /posted", func(w http.ResponseWriter, _ *http.Request) {
		s.posts.Add(1)
		w.Header().Set("Location", "/done")
		w.WriteHeader(http.StatusSeeOther)
	})
	mux.HandleFunc("POST /held", func(w http.ResponseWriter, r *http.Request) {
		s.posts.Add(1)
		<-s.answer
		http.Redirect(w, r, "/done", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /same", func(w http.ResponseWriter, r *http.Request) {
		s.show(t, w, r, sample.Page{Page: page.LinkSameBrowser{Form: page.Form{Action: "/posted"}, Account: "ada@example.test"},
			Policy: page.Policy{Script: true}})
	})
	mux.HandleFunc("GET /done", func(w http.ResponseWriter, _ *http.Request) {
		// A cookie that changes ends what the browser keeps of no-store pages.
		http.SetCookie(w, &http.Cookie{Name: "done", Value: fmt.Sprint(s.posts.Load()), HttpOnly: true})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Done</title><p>It went on.</p></html>`)
	})
	return s
}

func (s *site) show(t *testing.T, w http.ResponseWriter, r *http.Request, p sample.Page) {
	lang := r.PathValue("lang")
	if lang == "" {
		lang = "en"
	}
	if err := s.kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: sample.Meta(s.kit, p, lang), Page: p.Page, Policy: p.Policy}); err != nil {
		t.Error(err)
	}
}

func (s *site) poll(w http.ResponseWriter, r *http.Request) {
	s.polls.Add(1)
	if s.refuse.Add(-1) >= 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	select {
	case next := <-s.next:
		w.Header().Set("Content-Type", "application/json")
		if next == "" {
			_, _ = fmt.Fprint(w, `{"next":null}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"next":%q}`, next)
	case <-r.Context().Done():
		s.left <- struct{}{}
	}
}

// The waiting page goes on by itself as soon as the server says so, whatever
// it was told before.
func TestWaitingGoesOnByItself(t *testing.T) {
	s := newSite(t)
	w := waitingPage(t)
	w.PollURL, w.Action = "/poll", "/posted"
	w.ResendAt = sample.Now.Add(2 * time.Second)
	s.waiting = &w
	p := browsertest.New(t).Open(s.URL + "/wait")
	if p.Title() != "Check your email · Acme" {
		t.Errorf("title %q", p.Title())
	}
	p.Until("the button for those without scripts to be gone", `document.querySelector("[data-opened]").hidden`)
	// The new mail: its button rests, then works.
	if !p.Has(`[data-resend] button[aria-disabled=true]`) {
		t.Error("the button for a new mail does not rest")
	}
	p.Click("[data-resend] button")
	p.Until("the seconds to pass", `!document.querySelector("[data-resend] button").hasAttribute("aria-disabled") && document.querySelector("[data-countdown]").hidden`)
	if n := s.posts.Load(); n != 0 {
		t.Errorf("the resting button sent %d forms", n)
	}
	s.next <- ""
	s.next <- "/done" // the next question is there at once
	p.At("/done")
	if n := s.polls.Load(); n != 2 {
		t.Errorf("%d polls", n)
	}
}

// A form that was sent gives up the poll: what the poll would say of the very
// step that the form takes must not lead away from the form's own answer.
func TestWaitingLetsAFormFinish(t *testing.T) {
	s := newSite(t)
	w := waitingPage(t)
	w.PollURL, w.Action, w.ResendAt = "/poll", "/held", sample.Now
	s.waiting = &w
	p := browsertest.New(t).Open(s.URL + "/wait")
	p.Until("the button for those without scripts to be gone", `document.querySelector("[data-opened]").hidden`)
	p.Type("#code", "123456")
	p.Click("form:has(#code) button")
	select {
	case <-s.left:
	case <-time.After(20 * time.Second):
		t.Error("the page still asks while its form is under way")
	}
	close(s.answer)
	p.At("/done")
	if n := s.posts.Load(); n != 1 {
		t.Errorf("%d forms came in", n)
	}
}

// A server that is away for a moment is asked again; an address elsewhere is
// not gone to.
func TestWaitingSurvivesAFailure(t *testing.T) {
	s := newSite(t)
	w := waitingPage(t)
	w.PollURL = "/poll"
	s.waiting = &w
	s.refuse.Store(1)
	b := browsertest.New(t)
	p := b.Open(s.URL + "/wait")
	s.next <- "https://evil.test/"
	p.See("Check your email")
	p.Reload()
	s.next <- "/done"
	p.At("/done")
	for _, f := range b.Findings() {
		if f.Kind != browsertest.Console || !strings.Contains(f.Text, "503") {
			t.Error(f)
		}
	}
}

// Late: the page says so by itself, 30 s after the mail was asked for.
func TestWaitingSaysThatTheMailIsLate(t *testing.T) {
	s := newSite(t)
	w := waitingPage(t)
	w.PollURL, w.SentAt = "/poll", sample.Now.Add(-29*time.Second)
	s.waiting = &w
	p := browsertest.New(t).Open(s.URL + "/wait")
	p.See("still on its way")
}

// In the asking browser the link's page submits itself.
func TestSameBrowserSubmitsItself(t *testing.T) {
	s := newSite(t)
	p := browsertest.New(t).Open(s.URL + "/same")
	p.At("/done")
	if n := s.posts.Load(); n != 1 {
		t.Errorf("%d forms came in", n)
	}
}

// Who comes back to the page is not sent on again.
func TestSameBrowserLetsComeBack(t *testing.T) {
	s := newSite(t)
	p := browsertest.New(t).Tab()
	p.Scripts(false)
	p.Goto(s.URL + "/same")
	p.Goto(s.URL + "/done")
	p.Scripts(true)
	browsertest.Eval[*string](p, `(setTimeout(() => history.back(), 0), null)`) // the answer comes before the page goes
	p.See("Signing you in")
	p.Until("the page to be loaded anew", `document.readyState === "complete" && performance.getEntriesByType("navigation")[0].type === "back_forward"`)
	p.Follow("main button")
	if n := s.posts.Load(); n != 1 {
		t.Errorf("%d forms came in", n)
	}
}

// the same page without JavaScript is one button.
func TestSameBrowserWithoutScripts(t *testing.T) {
	s := newSite(t)
	p := browsertest.New(t).Tab()
	p.Scripts(false)
	p.Goto(s.URL + "/same")
	p.Press("Tab")
	p.Follow("main button")
	if n := s.posts.Load(); n != 1 || !strings.HasSuffix(p.URL(), "/done") {
		t.Errorf("%d forms, at %s", n, p.URL())
	}
}

// WCAG 2.2 AA: axe finds nothing serious on any page, nor on the main ones in
// the dark and from right to left; nothing is wider than a narrow phone.
func TestPagesForEveryone(t *testing.T) {
	s := newSite(t)
	p := browsertest.New(t).Tab()
	main := map[string]bool{"email-social": true, "waiting-code-wrong": true, "link-other-browser-wrong": true, "profile-error": true, "waiting-reported": true}
	for _, c := range []struct {
		lang, scheme string
		width        int
	}{{"en", "light", 1280}, {"ar", "dark", 320}, {"de", "light", 320}} {
		p.Size(c.width, 800)
		p.Prefer("prefers-color-scheme", c.scheme)
		for _, x := range sample.Pages() {
			p.Goto(s.URL + "/pages/" + c.lang + "/" + x.Name)
			if c.lang == "en" || c.scheme == "dark" && main[x.Name] {
				p.Axe()
			}
			if w := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); w > c.width {
				t.Errorf("%s %s is %d px wide on a screen of %d", c.lang, x.Name, w, c.width)
			}
		}
	}
}
