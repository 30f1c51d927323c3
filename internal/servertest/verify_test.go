package servertest_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// proving is a person who has typed the password of an account and is asked to
// prove its address, and the mail of it.
type proving struct {
	*servertest.Server
	rp   *servertest.RP
	b    *servertest.Browser
	user *latchkey.User
	page *servertest.Page
	mail servertest.Mail
}

// prove signs in to where the address is to be proven: the account's own, or,
// with an action, another one.
func prove(t *testing.T, action string) *proving {
	t.Helper()
	s := servertest.Start(t)
	p := &proving{Server: s, user: s.AddUser("demo", "ada@example.test", adasPassword, func(u *latchkey.User) { u.EmailVerified = action != "" })}
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.BrowserFlow, r.VerifyEmail = "browser", true
		if action != "" {
			ra := *snap.RequiredAction(action)
			ra.Enabled = true
			if err := tx.PutRequiredAction(&ra); err != nil {
				return err
			}
		}
		return tx.UpdateRealm(&r)
	})
	p.rp = s.RP("demo")
	p.b = s.Browser()
	to, params := p.user.Email, []string(nil)
	if action != "" {
		params = []string{"kc_action", action}
	}
	p.page = p.rp.Start(p.b, params...)
	p.page = p.page.FormWith("password").Set("username", p.user.Email).Set("password", adasPassword).Submit()
	if action != "" {
		to = "grace@example.test"
		p.page = p.page.FormWith("email").Set("email", to).Submit()
	}
	p.mail = s.Mail.Wait(to)
	return p
}

// the mail that proves an address is read elsewhere as often as not: its
// code is typed where it was asked for, five tries long, and the link says so.
func TestVerifyEmailByCode(t *testing.T) {
	p := prove(t, "")
	elsewhere := p.Server.Browser().Get(p.mail.Link)
	if !elsewhere.Has("Type the code where you started") || p.mail.Code == "" {
		t.Fatalf("%q, code %q", elsewhere.Text(), p.mail.Code)
	}
	wrong := "000000"
	if p.mail.Code == wrong {
		wrong = "000001"
	}
	if p.page = p.page.FormWith("code").Set("code", wrong).Submit(); !p.page.Has("That is not the code") && !p.page.Has("code is wrong") {
		t.Errorf("%q", p.page.Text())
	}
	p.rp.Finish(p.page.FormWith("code").Set("code", p.mail.Code).Submit())
	p.View(func(tx *store.Tx) error {
		u, err := tx.User(p.user.RealmID, p.user.ID)
		if err == nil && (!u.EmailVerified || len(u.RequiredActions) > 0) {
			t.Errorf("%+v", u)
		}
		return err
	})
}

// five wrong codes close it; the link lives on.
func TestVerifyEmailCodeCloses(t *testing.T) {
	p := prove(t, "")
	wrong := "000000"
	if p.mail.Code == wrong {
		wrong = "000001"
	}
	for range 5 {
		p.page = p.page.FormWith("code").Set("code", wrong).Submit()
	}
	if strings.Contains(p.page.Body, `name="code"`) || !p.page.Has("is closed") {
		t.Errorf("%q", p.page.Text())
	}
	if other := p.Server.Browser().Get(p.mail.Link); other.Has("Type the code") {
		t.Errorf("a closed code is asked for: %q", other.Text())
	}
}

// "It was not me" and "I no longer have that screen" do on a link
// that proves an address what they do on the sign-in's.
func TestNotMeOnLinksThatProveAnAddress(t *testing.T) {
	for name, action := range map[string]string{"own": "", "new": latchkey.ActionUpdateEmail} {
		t.Run(name, func(t *testing.T) {
			p := prove(t, action)
			other := p.Server.Browser().Get(p.mail.Link)
			if lost := other.Press("I no longer have that screen"); lost.Heading() == other.Heading() {
				t.Errorf("nothing happens: %q", lost.Text())
			}
			if done := other.Press("It was not me"); done.Heading() == other.Heading() {
				t.Errorf("nothing happens: %q", done.Text())
			}
			reported := 0
			for _, e := range p.EventTypes("demo") {
				if e == string(latchkey.EventLinkReported) {
					reported++
				}
			}
			if reported != 1 {
				t.Errorf("%d events of it", reported)
			}
			if p.page = p.page.Reload(); strings.Contains(p.page.Body, `name="code"`) || !p.page.Has("did not ask for it") {
				t.Errorf("the asking page: %q", p.page.Text())
			}
			form := p.page.FormWith("resend")
			form.Values.Del("resend")
			form.Values.Set("code", p.mail.Code)
			if after := form.Submit(); len(p.rp.Calls()) > 0 {
				t.Errorf("the closed code is taken: %q", after.Text())
			}
			// The asking browser's own link lives on.
			p.rp.Finish(p.b.Get(p.mail.Link).Form(0).Submit())
		})
	}
}
