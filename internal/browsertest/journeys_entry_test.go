package browsertest_test

import (
	"testing"

	"latchkey"
	"latchkey/internal/browsertest"
)

// Making an account, and setting a new password, with the mouse, by keyboard
// alone, and without JavaScript.
func TestEntryJourneys(t *testing.T) {
	for name, journey := range map[string]func(*world, hands){
		"register-by-the-link": registerByLink, "register-by-the-code": registerByCode, "a-new-password": newPassword,
	} {
		for way, h := range everyWay {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				h.t = t
				w := newWorld(t)
				w.realm(func(r *latchkey.Realm) {
					r.BrowserFlow, r.RegistrationAllowed, r.RegistrationEmailAsUsername, r.ResetPasswordAllowed = "browser", true, true, true
				})
				journey(w, h)
			})
		}
	}
}

// register fills in the page that makes an account; the tab waits then.
func (h hands) register(w *world, b *browsertest.Browser) *browsertest.Page {
	h.t.Helper()
	p := h.open(b, w.rp.URL())
	h.push(p, `a[href*="/registration?"]`, "Make an account")
	h.fill(p, "#email", ada)
	h.fill(p, "#firstName", "Ada")
	h.fill(p, "#password", "correct horse battery")
	h.fill(p, "#password-confirm", "correct horse battery")
	h.push(p, "main button.main", "Check your email")
	return p
}

func registerByLink(w *world, h hands) {
	b := browsertest.New(w.t)
	p := h.register(w, b)
	if w.account(ada) != nil {
		w.t.Error("R-050: there is an account before the mailbox is proven")
	}
	l := h.open(b, w.s.Mail.Wait(ada).Link)
	if !h.scripts {
		l.See("Signing you in")
		h.push(l, "form[data-submit] button", "Application")
	}
	l.See("Application")
	h.goesOn(p, "This sign-in went on elsewhere")
	w.answered(1)
	w.signedIn(b, true)
	if u := w.account(ada); u == nil || !u.EmailVerified || u.FirstName != "Ada" {
		w.t.Errorf("the account is %+v", u)
	}
}

func registerByCode(w *world, h hands) {
	b := browsertest.New(w.t)
	p := h.register(w, b)
	h.fill(p, "#code", w.s.Mail.Wait(ada).Code)
	h.push(p, "form:has(#code) button.main", "Application")
	w.answered(1)
	w.signedIn(b, true)
}

func newPassword(w *world, h hands) {
	w.s.AddUser("demo", ada, "the old one", func(u *latchkey.User) { u.EmailVerified = true })
	b := browsertest.New(w.t)
	p := h.open(b, w.rp.URL())
	h.push(p, `a[href*="/reset-credentials?"]`, "Forgot your password")
	h.fill(p, "#username", ada)
	h.push(p, "main button.main", "Check your email")
	l := h.open(b, w.s.Mail.Wait(ada).Link)
	if !h.scripts {
		l.See("Setting a new password")
		h.push(l, "form[data-submit] button", "Choose a new password")
	}
	l.See("Choose a new password")
	w.signedIn(b, false)
	h.fill(l, "#password-new", "the new one")
	h.fill(l, "#password-confirm", "the new one")
	h.push(l, "main button.main", "Application")
	h.goesOn(p, "This sign-in went on elsewhere")
	w.answered(1)
	w.signedIn(b, true)
}
