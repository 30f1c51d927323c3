package browsertest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/browsertest"
)

// hands is how somebody uses a page.
type hands struct {
	t *testing.T
	// keyboard: with Tab, Enter and letters alone.
	keyboard bool
	// scripts: the page may run its module.
	scripts bool
}

// The ways in which every journey has to work.
var everyWay = map[string]hands{
	"mouse":                    {scripts: true},
	"keyboard":                 {scripts: true, keyboard: true},
	"without-scripts":          {},
	"keyboard-without-scripts": {keyboard: true},
}

// tab opens a tab for these hands.
func (h hands) tab(b *browsertest.Browser) *browsertest.Page {
	h.t.Helper()
	p := b.Tab()
	if !h.scripts {
		p.Scripts(false)
	}
	if h.keyboard {
		p.Front()
	}
	return p
}

// open opens the address in a tab of its own.
func (h hands) open(b *browsertest.Browser, address string) *browsertest.Page {
	h.t.Helper()
	p := h.tab(b)
	p.Goto(address)
	return p
}

// fill fills in a field.
func (h hands) fill(p *browsertest.Page, selector, text string) {
	h.t.Helper()
	if !h.keyboard {
		p.Type(selector, text)
		return
	}
	h.reach(p, selector)
	browsertest.Eval[*string](p, "document.activeElement.select(); null")
	p.Press(text)
}

// push presses a button and waits until the page says the words.
func (h hands) push(p *browsertest.Page, selector, words string) {
	h.t.Helper()
	if !h.keyboard {
		p.Follow(selector)
	} else {
		h.reach(p, selector)
		p.Press("Enter")
	}
	p.See(words)
}

// reach goes to an element with the Tab key, and wants to see where it is.
func (h hands) reach(p *browsertest.Page, selector string) {
	h.t.Helper()
	on := fmt.Sprintf("document.activeElement.matches(%q)", selector)
	for range 40 {
		if browsertest.Eval[bool](p, on) {
			if !browsertest.Eval[bool](p, ringed) {
				h.t.Errorf("the focus on %s of %s cannot be seen", selector, p.URL())
			}
			return
		}
		p.Press("Tab")
	}
	h.t.Fatalf("%s cannot be reached with Tab at %s", selector, p.URL())
}

// ringed says whether the element that has the focus shows it.
const ringed = `(() => {
	const e = document.activeElement, s = getComputedStyle(e);
	return e.matches(":focus-visible") && ((s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2) || s.boxShadow !== "none");
})()`

// ask begins a sign-in and types the address; the tab waits then.
func (h hands) ask(w *world, b *browsertest.Browser) *browsertest.Page {
	h.t.Helper()
	p := h.open(b, w.rp.URL())
	h.fill(p, "#username", ada)
	h.push(p, "main button.main", "Check your email")
	return p
}

// goesOn waits until the asking tab went on: by itself, or by its button.
func (h hands) goesOn(p *browsertest.Page, words string) {
	h.t.Helper()
	if h.scripts {
		p.See(words)
		return
	}
	h.push(p, "[data-opened] button", words)
}

// Every journey of docs/mailed-link.md, with the mouse, by keyboard alone, and
// without JavaScript. What a page violates, loads from elsewhere or
// complains about fails each of them.
func TestJourneys(t *testing.T) {
	for name, journey := range map[string]func(*world, hands){
		"the-link-in-a-second-tab": linkInSecondTab, "the-code": codeTyped, "continue-there": continueThere,
		"sign-in-here": signInHere, "another-address": anotherAddress,
	} {
		for way, h := range everyWay {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				h.t = t
				journey(newWorld(t), h)
			})
		}
	}
}

// The link, opened in a second tab of the browser that asked: what is left to
// do is done there and that tab answers the application, once; the asking one
// says so and calls nobody.
func linkInSecondTab(w *world, h hands) {
	w.magic("ext-magic-update-profile-action", "true")
	b := browsertest.New(w.t)
	p := h.ask(w, b)
	l := h.open(b, w.s.Mail.Wait(ada).Link)
	if !h.scripts {
		l.See("Signing you in")
		h.push(l, "form[data-submit] button", "Tell us who you are")
	}
	l.See("Tell us who you are")
	left := func() {
		w.t.Helper()
		p.See("This sign-in went on elsewhere")
		if p.Has("script") || p.Has("form") {
			w.t.Error("R-024: the tab that was left behind can still do something")
		}
	}
	h.goesOn(p, "This sign-in went on elsewhere")
	left()
	w.signedIn(b, false)
	h.fill(l, "#firstName", "Ada")
	h.push(l, "main button.main", "Application")
	l.At(w.rp.OAuth.RedirectURL)
	p.Reload()
	left()
	w.answered(1)
	w.signedIn(b, true)
	if u := w.account(ada); u == nil || !u.EmailVerified || u.FirstName != "Ada" {
		w.t.Errorf("the account is %+v", u)
	}
}

// The code, typed where the sign-in began.
func codeTyped(w *world, h hands) {
	b := browsertest.New(w.t)
	p := h.ask(w, b)
	code := w.s.Mail.Wait(ada).Code
	h.fill(p, "#code", other(code, "000000", "000001"))
	h.push(p, "form:has(#code) button.main", "That is not the code from the mail. 4 tries are left.")
	h.fill(p, "#code", code[:3]+" "+code[3:])
	h.push(p, "form:has(#code) button.main", "Application")
	p.At(w.rp.OAuth.RedirectURL)
	w.answered(1)
	w.signedIn(b, true)
}

// With the number, *Continue there* completes the asking browser and nothing
// else, and its page goes on by itself.
func continueThere(w *world, h hands) {
	asking, phone := browsertest.New(w.t), browsertest.New(w.t)
	p := h.ask(w, asking)
	number := shownNumber(w.t, p)
	o := h.open(phone, w.s.Mail.Wait(ada).Link)
	o.See("Someone wants to sign in as a•••@example.test")
	h.fill(o, "#number", other(number, "472", "471"))
	h.push(o, choice("continue"), "That number is not the one shown. 2 tries left.")
	h.fill(o, "#number", number)
	h.push(o, choice("continue"), "Go back to the other screen")
	h.goesOn(p, "Application")
	p.At(w.rp.OAuth.RedirectURL)
	w.answered(1)
	w.signedIn(asking, true)
	w.signedIn(phone, false)
	h.open(phone, w.rp.URL()).See("Sign in or register")
}

// With the number, *Sign in here instead* asks once more, by the account's
// name, signs this browser in, leads to the application's start, and ends the
// asking login, which answers nobody.
func signInHere(w *world, h hands) {
	asking, phone := browsertest.New(w.t), browsertest.New(w.t)
	p := h.ask(w, asking)
	o := h.open(phone, w.s.Mail.Wait(ada).Link)
	h.fill(o, "#number", shownNumber(w.t, p))
	h.push(o, choice("here"), "Sign in here as ada@example.test?")
	w.signedIn(phone, false)
	o.Reload()
	o.See("Sign in here as ada@example.test?")
	h.push(o, choice("yes"), "Application")
	o.At(strings.TrimSuffix(w.rp.OAuth.RedirectURL, "/callback") + "/login")
	h.goesOn(p, "This sign-in went on elsewhere")
	w.answered(0)
	w.signedIn(phone, true)
	w.signedIn(asking, false)
	h.open(phone, w.rp.URL()).At(w.rp.OAuth.RedirectURL)
	w.answered(1)
}

// The arrow beside the address begins again; the link of the first mail has
// ended then, and offers a new one with one click.
func anotherAddress(w *world, h hands) {
	b := browsertest.New(w.t)
	p := h.ask(w, b)
	first := w.s.Mail.Wait(ada).Link
	h.push(p, ".account button", "Sign in or register")
	if typed := browsertest.Eval[string](p, `document.querySelector("#username").value`); typed != "" {
		w.t.Errorf("the new page holds %q", typed)
	}
	l := h.open(b, first)
	l.See("This link has ended")
	h.fill(p, "#username", "grace@example.test")
	h.push(p, "main button.main", "Check your email")
	p.See("grace@example.test")
	h.push(l, "main button[name=resend]", "Check your email")
	l.See(ada)
	l = h.open(b, w.s.Mail.Wait("grace@example.test").Link)
	if !h.scripts {
		h.push(l, "form[data-submit] button", "Application")
	}
	l.At(w.rp.OAuth.RedirectURL)
	w.answered(1)
	if w.account(ada) != nil || w.account("grace@example.test") == nil {
		w.t.Error("the account is not the one of the second address")
	}
}

// The mail again: the button rests while the page counts down, then brings a
// second mail with the same code; the first one's link still works.
func TestSendAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := browsertest.New(t)
	p, first := w.asking(b)
	w.s.Clock.Advance(29 * time.Second) // one second is left, which really passes
	p.Reload()
	p.See("in 1 s")
	if !p.Has(`.resend button[aria-disabled=true]`) {
		t.Error("the button does not rest")
	}
	p.Click(".resend button")
	p.Until("the button to be free", `!document.querySelector(".resend button").hasAttribute("aria-disabled")`)
	if n := w.s.Mail.Count(ada); n != 1 || strings.Contains(p.Text("main"), "in 1 s") {
		t.Errorf("%d mails, and the page says %s", n, p.Text("main"))
	}
	w.s.Clock.Advance(time.Second)
	p.Follow(".resend button")
	p.See("A new mail is on its way")
	again := w.s.Mail.Wait(ada)
	if again.Code != first.Code || again.Link == first.Link {
		t.Errorf("the second mail has the code %s and the first %s; the links are %s and %s", again.Code, first.Code, again.Link, first.Link)
	}
	p.Reload() // of the page, not of the form
	w.s.Settle("demo")
	if n := w.s.Mail.Count(ada); n != 2 {
		t.Errorf("%d mails after a reload", n)
	}
	b.Open(first.Link).At(w.rp.OAuth.RedirectURL)
	w.answered(1)
}

// Without scripts the button is never at rest; pressed early, it says when.
func TestSendAgainTooEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := hands{t: t}
	p := h.ask(w, browsertest.New(t))
	w.s.Mail.Wait(ada)
	h.push(p, ".resend button", "A new mail can be sent in 30 seconds.")
	w.s.Clock.Advance(30 * time.Second)
	h.push(p, ".resend button", "A new mail is on its way")
	w.s.Mail.Wait(ada)
}

// A form that still asks for the address, in another tab of the same sign-in or
// in one that came back to it: the same address mails nothing more, another one
// begins anew.
func TestFormLeftBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := browsertest.New(t)
	p := b.Open(w.rp.URL())
	same, another := b.Open(p.URL()), b.Open(p.URL())
	first := w.ask(p, ada)
	same.Type("#username", ada)
	same.Follow("main button.main")
	same.See("Check your email")
	w.s.Settle("demo")
	if n := w.s.Mail.Count(ada); n != 1 {
		t.Errorf("the same address again caused %d mails", n)
	}
	second := w.ask(another, "grace@example.test")
	p.See("Begin again in the application")
	b.Open(first.Link).See("This link has ended")
	b.Open(second.Link).At(w.rp.OAuth.RedirectURL)
	another.See("This sign-in went on elsewhere")
	w.answered(1)
}

// The back button leads to a page of the same sign-in, sends nothing and
// answers nobody, before and after the sign-in.
func TestBackButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := browsertest.New(t)
	p, mail := w.asking(b)
	back := func() {
		t.Helper()
		browsertest.Eval[*string](p, "(window.here = true, null)")
		p.Back()
		p.Until("the page before", `!window.here && document.readyState === "complete" && document.querySelector("h1")`)
	}
	back() // the form, where the browser kept it; else the page that waits
	b.Open(mail.Link).At(w.rp.OAuth.RedirectURL)
	w.answered(1)
	p.Reload()
	p.See("This sign-in went on elsewhere")
	p.Goto(w.s.Base + "/nowhere")
	back()
	p.See("This sign-in went on elsewhere")
	w.s.Settle("demo")
	if n := w.s.Mail.Count(ada); n != 1 {
		t.Errorf("%d mails", n)
	}
	w.answered(1)
}

// A reload shows the same page again and does nothing twice, wherever it
// comes; so does one of a page that answered a form.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.magic("ext-magic-update-profile-action", "true")
	asking, phone := browsertest.New(t), browsertest.New(t)
	again := func(p *browsertest.Page, words string) {
		t.Helper()
		p.See(words)
		p.Reload()
		p.See(words)
	}
	p := asking.Open(w.rp.URL())
	again(p, "Sign in or register")
	p.Type("#username", "no address")
	p.Follow("main button.main")
	again(p, "This is not an email address")
	mail := w.ask(p, ada)
	number := shownNumber(t, p)
	for _, r := range p.Loaded() {
		if r.Type == "Document" && r.Status < 300 && r.Method != "GET" {
			t.Errorf("R-078: a form was answered by a page, not by the way to one: %d to %s %s", r.Status, r.Method, r.URL)
		}
	}
	again(p, "Check your email")
	if n := shownNumber(t, p); n != number {
		t.Errorf("the number was %s and is %s", number, n)
	}
	o := phone.Open(mail.Link)
	again(o, "Someone wants to sign in")
	o.Type("#number", number)
	o.Follow(choice("continue"))
	o.See("Go back to the other screen")
	o.Reload() // sends the form again
	o.See("This link no longer works")
	again(p, "Tell us who you are")
	w.answered(0)
	p.Type("#firstName", "Ada")
	p.Follow("main button.main")
	p.At(w.rp.OAuth.RedirectURL)
	w.answered(1)
	w.s.Settle("demo")
	if n := w.s.Mail.Count(ada); n != 1 {
		t.Errorf("%d mails", n)
	}
	count := map[string]int{}
	for _, e := range w.s.EventTypes("demo") {
		count[e]++
	}
	for _, e := range []string{"REGISTER", "LINK_REDEEMED", "LINK_OPENED", "LOGIN"} {
		if count[e] != 1 {
			t.Errorf("%s happened %d times: %v", e, count[e], count)
		}
	}
}

// "Keep me signed in" makes the session's cookie outlive the browser, and
// nothing else does.
func TestRememberMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.realm(func(r *latchkey.Realm) { r.RememberMe = true })
	for _, remember := range []bool{false, true} {
		b := browsertest.New(t)
		p := b.Open(w.rp.URL())
		if remember {
			p.Click("[name=rememberMe]")
		}
		p.Goto(w.ask(p, ada).Link)
		p.At(w.rp.OAuth.RedirectURL)
		w.signedIn(b, true)
		held := false
		for _, c := range b.Cookies() {
			if (!c.Hidden && c.Name != "sid-demo") || c.SameSite != "Lax" {
				t.Errorf("R-070: %s is seen by scripts or is SameSite=%s", c.Name, c.SameSite)
			}
			if c.Name == "session-demo" {
				held = true
				if c.Stays != remember {
					t.Errorf("remember me is %v, and the session's cookie stays: %v", remember, c.Stays)
				}
			}
		}
		if !held {
			t.Error("there is no cookie of a session")
		}
	}
}

// An application on another site begins by a form of its own, to which the
// browser adds no cookies: a person who is signed in is not asked
// again, and a sign-in that waits in another tab goes on in this browser.
func TestFromAnotherSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := browsertest.New(t)
	post := func() *browsertest.Page {
		p := b.Open(strings.Replace(strings.TrimSuffix(w.rp.OAuth.RedirectURL, "/callback"), "127.0.0.1", "shop.test", 1))
		u, err := url.Parse(w.rp.URL())
		if err != nil {
			t.Fatal(err)
		}
		fields := ""
		for k, v := range u.Query() {
			fields += fmt.Sprintf("add(%q, %q);", k, v[0])
		}
		u.RawQuery = ""
		p.Lead(fmt.Sprintf(`const f = document.createElement("form"); f.method = "post"; f.action = %q;
			const add = (name, value) => { const i = document.createElement("input"); i.name = name; i.value = value; f.append(i); };
			%s document.body.append(f); f.submit()`, u.String(), fields))
		return p
	}
	p, mail := w.asking(b)
	post().See("Sign in or register")
	b.Open(mail.Link).At(w.rp.OAuth.RedirectURL)
	p.See("This sign-in went on elsewhere")
	post().At(w.rp.OAuth.RedirectURL)
	w.answered(2)
	w.signedIn(b, true)
}
