package login_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/servertest"
)

// TestACodeIsOfOneLoginAndOneAddress: the code of a mail is none for another
// address, whichever way the address is changed, and none in another tab, for
// the same address neither.
func TestACodeIsOfOneLoginAndOneAddress(t *testing.T) {
	const eve, victim = "eve@example.test", "victim@example.test"
	for name, c := range map[string]struct {
		address string
		goOn    func(*testing.T, *servertest.RP, *servertest.Browser, *servertest.Form, *servertest.Page) *servertest.Page
	}{
		"the form once more, after the back button": {victim, func(_ *testing.T, _ *servertest.RP, _ *servertest.Browser, form *servertest.Form, _ *servertest.Page) *servertest.Page {
			return form.Set("username", victim).Submit()
		}},
		"restart": {victim, func(t *testing.T, _ *servertest.RP, _ *servertest.Browser, _ *servertest.Form, waiting *servertest.Page) *servertest.Page {
			for _, f := range waiting.Forms() {
				if strings.Contains(f.Action, "/login-actions/restart") {
					return f.Submit().FormWith("username").Set("username", victim).Submit()
				}
			}
			t.Fatal("the page has no way to another address")
			return nil
		}},
		"another tab": {eve, func(_ *testing.T, rp *servertest.RP, b *servertest.Browser, _ *servertest.Form, _ *servertest.Page) *servertest.Page {
			return rp.Start(b).FormWith("username").Set("username", eve).Submit()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			rp := s.RP("demo")
			b := s.Browser()
			form := rp.Start(b).FormWith("username")
			waiting := form.Set("username", eve).Submit()
			code := s.Mail.Wait(eve).Code
			p := c.goOn(t, rp, b, form, waiting)
			s.Mail.Wait(c.address)
			if p = p.FormWith("code").Set("code", code).Submit(); b.Jar.Get("session-demo") != "" || !p.Has(c.address) {
				t.Errorf("%q: %s", p.Title(), p.Text())
			}
		})
	}
}

// TestStrangersLockNobodyOut: who tries passwords for a name slows strangers
// down and not the person, whose browser signed in before. A
// password makes a browser known only for an address that was proven.
func TestStrangersLockNobodyOut(t *testing.T) {
	const password = "correct horse battery"
	for address, proven := range map[string]bool{"ada@example.test": true, "eve@example.test": false} {
		t.Run(address, func(t *testing.T) {
			s := servertest.Start(t)
			rp := s.RP("demo")
			bind(s, "demo", latchkey.AuthUsernamePasswordForm)
			s.AddUser("demo", address, password, func(u *latchkey.User) { u.EmailVerified = proven })
			try := func(b *servertest.Browser, with string) bool {
				b.Jar.Remove("session-demo")
				rp.Start(b).FormWith("password").Set("username", address).Set("password", with).Submit()
				return b.Jar.Get("session-demo") != ""
			}
			own := s.Browser()
			if !try(own, password) {
				t.Fatal("not signed in")
			}
			for range 12 {
				try(s.Browser(), "wrong")
			}
			if try(s.Browser(), password) {
				t.Fatal("strangers are not slowed down")
			}
			if got := try(own, password); got != proven {
				t.Errorf("the browser that signed in before: %v", got)
			}
		})
	}
}
