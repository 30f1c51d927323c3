package browsertest_test

import (
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/browsertest"
	"latchkey/internal/page/sample"
	"latchkey/internal/servertest"
)

// visited are the names of the pages that were looked at.
type visited struct {
	sync.Mutex
	names map[string]bool
}

// tour is a walk through pages of a world, which looks at each of them.
type tour struct {
	*world
	visited *visited
	still   map[*browsertest.Page]bool // tabs without scripts
}

// open opens the address in a tab that loads everything anew.
func (v *tour) open(b *browsertest.Browser, address string) *browsertest.Page {
	v.t.Helper()
	p := b.Tab()
	p.Cache(false)
	p.Front()
	p.Goto(address)
	return p
}

// plain opens the address in a tab without scripts, in which pages that submit
// themselves stand still.
func (v *tour) plain(b *browsertest.Browser, address string) *browsertest.Page {
	v.t.Helper()
	p := b.Tab()
	p.Cache(false)
	p.Front()
	p.Scripts(false)
	v.still[p] = true
	p.Goto(address)
	return p
}

// most is how much a page may take on the wire with everything that it loads.
const most = 30_000

// look wants the page to say the words, and looks at all that is asked of
// every page. The name is that of the page among the samples.
func (v *tour) look(p *browsertest.Page, name, words string) {
	v.t.Helper()
	p.See(words)
	v.visited.Lock()
	v.visited.names[name] = true
	v.visited.Unlock()
	v.weigh(p, name)
	v.tabThrough(p, name)
	p.Size(320, 700)
	if w := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); w > 320 {
		v.t.Errorf("%s is %d px wide on a screen of 320", name, w)
	}
	p.Scripts(true) // those of axe
	for _, scheme := range []string{"dark", "light"} {
		p.Prefer("prefers-color-scheme", scheme)
		for _, width := range []int{360, 1280} {
			p.Size(width, 740)
			p.Axe()
		}
	}
	if os.Getenv("LK_SCREENSHOTS") != "" {
		p.Picture("pages/" + name)
	}
	p.Scripts(!v.still[p])
}

// weigh holds the page and all that it loaded against the size that it may
// have, and wants all of it to be its own site's.
func (v *tour) weigh(p *browsertest.Page, name string) {
	v.t.Helper()
	at, err := url.Parse(p.URL())
	if err != nil {
		v.t.Fatal(err)
	}
	total, styled := 0, false
	var parts []string
	for _, r := range p.Loaded() {
		from, err := url.Parse(r.URL)
		if err != nil || (from.Host != "" && (from.Host != at.Host || from.Scheme != at.Scheme)) && r.Type != "Document" {
			v.t.Errorf("R-077: %s asks for %s", name, r.URL)
		}
		total += r.Bytes
		styled = styled || r.Type == "Stylesheet"
		parts = append(parts, r.Type+" "+r.URL)
	}
	if total == 0 || total > most || !styled {
		v.t.Errorf("%s takes %d bytes: %s", name, total, strings.Join(parts, ", "))
	}
}

// reachable marks what a person may want to reach, and counts it. Of several
// radio buttons Tab reaches one, and the arrows the others.
const reachable = `(() => {
	let n = 0;
	const other = e => e.type === "radio" && e !== (document.querySelector("[name='" + e.name + "']:checked") ?? document.querySelector("[type=radio][name='" + e.name + "']"));
	for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']"))
		if (e.type !== "hidden" && e.tabIndex >= 0 && e.checkVisibility() && !other(e)) e.dataset.mark = String(n++);
	document.activeElement?.blur();
	return n;
})()`

// tabThrough wants everything on the page to be reached with the Tab key, with
// a focus that can be seen.
func (v *tour) tabThrough(p *browsertest.Page, name string) {
	v.t.Helper()
	left := map[string]bool{}
	for i := range browsertest.Eval[int](p, reachable) {
		left[strconv.Itoa(i)] = true
	}
	all := len(left)
	for range 2*all + 8 {
		if len(left) == 0 {
			return
		}
		p.Press("Tab")
		at := browsertest.Eval[string](p, `(document.activeElement.dataset?.mark ?? "") + (`+ringed+` ? "" : " unseen")`)
		mark, unseen, _ := strings.Cut(at, " ")
		if mark == "" {
			continue // a frame, or the browser's own
		}
		if unseen != "" && left[mark] {
			v.t.Errorf("R-081: on %s the focus cannot be seen on %s", name, browsertest.Eval[string](p, "document.activeElement.outerHTML"))
		}
		delete(left, mark)
	}
	for mark := range left {
		v.t.Errorf("R-081: on %s Tab does not reach %s", name, browsertest.Eval[string](p, `document.querySelector("[data-mark='`+mark+`']").outerHTML`))
	}
}

// unmet are the samples that no person meets on a server that works, each with
// the reason.
var unmet = map[string]string{
	"email-plain":               "the same page with fewer words",
	"email-social":              "there are no identity providers yet",
	"email-accent":              "the same page in another colour",
	"username":                  "no built-in flow asks for the name alone",
	"password":                  "no built-in flow asks for the password alone",
	"password-error":            "no built-in flow asks for the password alone",
	"username-password-fixed":   "no built-in flow asks for a password again",
	"link-same-browser-submits": "it submits itself: every journey goes through it",
	"link-over-unknown-app":     "the application of a link is known as long as the link is",
	"consent-nothing":           "an application that asks for nothing is asked about in the same words",
	"otp-setup-unusual":         "a policy that next to nobody has, with everything wrong at once",
	"delete-credential-unnamed": "passkeys are not built yet",
	"error-unavailable":         "only while the server is overloaded or stops",
	"error-too-many":            "only over a limit of the whole network",
	"error-internal":            "only by our fault",
}

// Every page that people meet, on the whole server as it is: no violation of
// its policy, nothing on the console, nothing from elsewhere, under 30 kB on
// the first visit, usable by keyboard, without a barrier in light and dark, at
// 360 and at 1280 px, and no wider than a screen of 320.
func TestEveryPage(t *testing.T) {
	seen := &visited{names: map[string]bool{}}
	done := make(chan string, len(walks))
	t.Run("walk", func(t *testing.T) {
		for name, walk := range walks {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				walk(&tour{newWorld(t, servertest.RealmRelays()), seen, map[*browsertest.Page]bool{}})
				done <- name
			})
		}
	})
	if len(done) != len(walks) {
		return // one failed, or is not run
	}
	for _, s := range sample.Pages() {
		if !seen.names[s.Name] && unmet[s.Name] == "" {
			t.Errorf("no walk meets the page %s", s.Name)
		}
		if seen.names[s.Name] && unmet[s.Name] != "" {
			t.Errorf("%s is met, and is said not to be", s.Name)
		}
	}
	t.Logf("%d pages", len(seen.names))
}
