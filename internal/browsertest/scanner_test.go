package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/browsertest"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// junk is what the machine types: what such machines are known to type, and
// numbers of the right kind that are not the one shown.
var junk = []string{"", "472", "000", "test", "615", "123456", "1", "839", "<b>'\"&", "508", "nobody", "1e3"}

// How the machine fills in a page.
const (
	fillSeen   = iota // what people see
	fillAway          // and the field that they do not see
	fillHidden        // and hidden fields
	fillNone          // nothing: it only clicks
	fillModes
)

// machine reads somebody's mail and detonates the link, in Chromium with
// scripts: it waits until the page is loaded, fills in every field, presses
// one thing after the other, and does the same with what comes.
type machine struct {
	w    *world
	link string
	// wrong are guesses of the number; the right one is not among them.
	wrong []string
	// spare are the values of buttons that it leaves alone.
	spare []string
	// modes it fills in pages with; all of them when empty.
	modes []int

	visits  int
	pressed map[string]bool
}

// detonate sets a machine on the link.
func (w *world) detonate(link, number string) *machine {
	m := &machine{w: w, link: link, pressed: map[string]bool{}}
	for _, v := range junk {
		if v != number {
			m.wrong = append(m.wrong, v)
		}
	}
	return m
}

// comes lets the machine visit n times: with a fresh profile each time, or
// with one that keeps its cookies.
func (m *machine) comes(n int, fresh bool) {
	m.w.t.Helper()
	before := m.what()
	if fresh {
		for range n {
			m.w.t.Run("visit", func(t *testing.T) {
				b := browsertest.New(t)
				m.visit(t, b, b.Tab())
			})
		}
	} else {
		m.w.t.Run("visits", func(t *testing.T) {
			b := browsertest.New(t)
			for p := b.Tab(); n > 0; n-- {
				m.visit(t, b, p)
			}
		})
	}
	if after := m.what(); after != before {
		m.w.t.Errorf("R-002: the machine changed something:\nbefore %s\nafter  %s", before, after)
	}
}

// what is all that a machine must not change.
func (m *machine) what() string {
	m.w.t.Helper()
	m.w.s.Settle("demo")
	var seen []string
	for _, e := range m.w.s.EventTypes("demo") {
		if !slices.ContainsFunc(harmless, func(h string) bool { return strings.HasPrefix(e, h) }) {
			seen = append(seen, e)
		}
	}
	_, key, _ := strings.Cut(m.link, "key=")
	id, _, ok := actiontoken.ParseKey(key)
	if !ok {
		m.w.t.Fatalf("no key in %s", m.link)
	}
	used := ""
	m.w.s.View(func(tx *store.Tx) error {
		token, err := tx.ActionToken(m.w.rp.Client.RealmID, id)
		if err == nil && !token.RedeemedAt.IsZero() {
			used = ", used up"
		}
		return err
	})
	verified := false
	if u := m.w.account(ada); u != nil {
		verified = u.EmailVerified
	}
	return fmt.Sprintf("%v; %d mails; %d answers; an account that is proven: %v%s", seen, len(m.w.s.Mail.All()), len(m.w.rp.Calls()), verified, used)
}

// harmless are the events that a machine may cause: that the link was opened,
// that a number was wrong, that it pressed "It was not me", that its own
// sign-ins came to nothing.
var harmless = []string{"LINK_OPENED", "LINK_REFUSED", "LINK_REPORTED", "LOGIN_ERROR", "RESTART"}

// visit opens the link, presses one thing, and goes on so with what comes, four
// pages far.
func (m *machine) visit(t *testing.T, b *browsertest.Browser, p *browsertest.Page) {
	t.Helper()
	n := m.visits
	m.visits++
	p.Goto(m.link)
	if !browsertest.Eval[bool](p, "document.scripts.length === 0") {
		t.Error("R-002: the page of a stranger's browser runs a script")
	}
	for depth := range 4 {
		if !strings.HasPrefix(p.URL(), m.w.s.Base) && !strings.HasPrefix(p.URL(), m.w.s.LocalURL("demo")) {
			break // the application's own site
		}
		if !m.press(t, p, n+depth) {
			break
		}
	}
	// Whatever cookies came, none of them opens a session.
	if live := m.w.on(t).sessions(b); live != 0 {
		t.Errorf("R-002: the machine holds %d live sessions", live)
	}
}

// press fills in the page and presses one of its things; false when there is
// none.
func (m *machine) press(t *testing.T, p *browsertest.Page, n int) bool {
	t.Helper()
	mode := n % fillModes
	if len(m.modes) > 0 {
		mode = m.modes[n%len(m.modes)]
	}
	spare := ""
	for _, v := range m.spare {
		spare += fmt.Sprintf(":not([value=%q])", v)
	}
	label := browsertest.Eval[string](p, fmt.Sprintf(`(() => {
		const things = [...document.querySelectorAll('a[href], button%s, input[type=submit], summary')];
		if (things.length === 0) return "";
		const fields = document.querySelectorAll('input:not([type=submit]), textarea');
		const mode = %d, junk = %q, thing = things[%d %% things.length];
		for (const f of fields) {
			if (mode === %d || (f.type === "hidden" && mode !== %d) || (f.closest(".away") && mode === %d)) continue;
			if (f.type === "checkbox") f.checked = true; else f.value = junk;
		}
		for (const f of document.forms) f.noValidate = true;
		window.here = thing.localName !== "summary";
		thing.click();
		if (document.querySelector("#username")) return "a sign-in of its own";
		return thing.value || thing.getAttribute("lang") || thing.innerText;
	})()`, spare, mode, m.wrong[n%len(m.wrong)], n, fillNone, fillHidden, fillSeen))
	if label == "" {
		return false
	}
	m.pressed[label] = true
	p.Until("what comes of pressing "+label, "!window.here && document.readyState === 'complete'")
	return true
}

// A machine that reads the mail comes first, in between and after, fifty times
// in all. It gets no session and changes nothing, and the person's own click
// goes on where it was.
func TestDetonationAroundThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := browsertest.New(t)
	p, mail := w.asking(b)
	m := w.detonate(mail.Link, shownNumber(t, p))
	m.comes(14, true)
	m.comes(6, false)
	l := b.Tab()
	l.Scripts(false)
	l.Goto(mail.Link)
	l.See("Signing you in")
	m.comes(8, true)
	m.comes(7, false)
	w.signedIn(b, false)
	l.Follow("form[data-submit] button")
	l.At(w.rp.OAuth.RedirectURL)
	p.See("This sign-in went on elsewhere")
	w.answered(1)
	w.signedIn(b, true)
	m.comes(8, true)
	m.comes(7, false)
	w.answered(1)
	w.signedIn(b, true)
	for _, thing := range []string{"continue", "here", "notme", "lost", "de"} {
		if !m.pressed[thing] {
			t.Errorf("the machine never pressed %s: %v", thing, m.pressed)
		}
	}
}

// Three wrong numbers close the page with the number, and nothing else: the
// link in the browser that asked and the code still work.
func TestDetonationUsesUpTheNumber(t *testing.T) {
	for name, finish := range map[string]func(*world, *browsertest.Page, servertest.Mail){
		"then-the-link": func(_ *world, p *browsertest.Page, mail servertest.Mail) { p.Goto(mail.Link) },
		"then-the-code": func(_ *world, p *browsertest.Page, mail servertest.Mail) {
			p.Type("#code", mail.Code)
			p.Follow("form:has(#code) button.main")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := browsertest.New(t)
			p, mail := w.asking(b)
			m := w.detonate(mail.Link, shownNumber(t, p))
			m.spare, m.modes = []string{"notme", "lost"}, []int{fillSeen}
			m.wrong = slices.DeleteFunc(m.wrong, func(v string) bool { return len(v) != 3 })
			m.comes(6, false)
			browsertest.New(t).Open(mail.Link).See("This page is closed")
			finish(w, p, mail)
			p.At(w.rp.OAuth.RedirectURL)
			w.answered(1)
			w.signedIn(b, true)
		})
	}
}

// A machine that also fills in what people do not see uses up no try: the
// person's phone still goes on with the number.
func TestDetonationOfTheHiddenField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := browsertest.New(t)
	p, mail := w.asking(b)
	number := shownNumber(t, p)
	m := w.detonate(mail.Link, "")
	m.spare, m.modes = []string{"notme"}, []int{fillAway}
	m.wrong = []string{number} // even the right number is nothing then
	m.comes(6, true)
	o := browsertest.New(t).Open(mail.Link)
	o.Type("#number", number)
	o.Follow(choice("continue"))
	o.See("Go back to the other screen")
	p.At(w.rp.OAuth.RedirectURL)
	w.answered(1)
}

// The same on a link that the API made and Latchkey mailed: it asks for the
// whole address, and the person who types it is signed in.
func TestDetonationOfALinkByAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.linkByAPI(true)
	m := w.detonate(link, "")
	m.comes(8, true)
	m.comes(5, false)
	b := browsertest.New(t)
	p := b.Open(link)
	p.Type("#address", ada)
	m.comes(2, false)
	p.Follow("main button.main")
	p.At(w.rp.OAuth.RedirectURL)
	w.answered(1)
	w.signedIn(b, true)
}

// From the link a machine gets on into the application and begins sign-ins of
// its own there, which come to nothing; the demo application stays as it was
// for the person.
func TestDetonationGoesOnIntoTheApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := browsertest.New(t)
	p := b.Open(w.s.LocalURL("demo"))
	p.Follow("main a.button")
	mail := w.ask(p, ada)
	m := w.detonate(mail.Link, shownNumber(t, p))
	m.comes(6, true)
	m.comes(10, false)
	if !m.pressed["a sign-in of its own"] {
		t.Errorf("the machine did not get into the application: %v", m.pressed)
	}
	p.Goto(mail.Link)
	p.See("You are signed in")
	if got := w.s.EventTypes("demo"); !slices.Contains(got, string(latchkey.EventLogin)) {
		t.Errorf("what happened: %v", got)
	}
}
