package authenticator_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// The whole way by the code: address, waiting page, code, done.
func TestMagicLinkByCode(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		if form := screen[flow.EmailForm](b); form.Address != "" || form.Fixed || !form.RegisterToo || form.RememberMe {
			t.Errorf("the form is %+v", form)
		}
		if len(b.messages()) > 0 {
			t.Error("a page that is shown mails")
		}
		b.post("username", "Ada@Example.test")
		page := screen[flow.Waiting](b)
		now := w.clock.Now()
		if page.Address != "Ada@Example.test" || len(page.Number) != 3 || !page.Code || page.CodeClosed || page.Reported || page.Failed || page.Resent ||
			!page.ResendAt.Equal(now.Add(30*time.Second)) || !page.ExpiresAt.Equal(now.Add(10*time.Minute)) {
			t.Errorf("the page is %+v", page)
		}
		m := b.mail()
		if m.State != latchkey.MessageQueued || m.Address != "Ada@Example.test" || !m.WithCode || !m.CreateUser || m.NoticeUnknown || m.UserID != "" ||
			m.LoginID != b.login.ID || m.ClientID != w.client.ID || m.From.Name != "Firefox" || !m.ExpiresAt.Equal(now.Add(10*time.Minute)) || m.Secret == "" {
			t.Errorf("the mail is %+v", m)
		}
		if b.login.Mail.Address != "ada@example.test" || b.login.Mail.Sent != 1 {
			t.Errorf("the login knows %+v", b.login.Mail)
		}
		// The page can be loaded again, and mails nothing.
		b.get()
		if again := screen[flow.Waiting](b); !reflect.DeepEqual(again, page) || len(b.messages()) != 1 {
			t.Errorf("loaded again: %+v", again)
		}
		b.post("opened", "on")
		screen[flow.Waiting](b)

		b.post("code", "")
		if page := screen[flow.Waiting](b); !slices.Equal(errorKeys(page.Errors), []string{"code error.code.missing"}) || b.login.CodeTries != 0 {
			t.Errorf("no code: %+v", page)
		}
		code := actiontoken.Code(storetest.Keyring(), b.login.ID).Reveal()
		b.post("code", wrong(code))
		if page := screen[flow.Waiting](b); !slices.Equal(errorKeys(page.Errors), []string{"code error.code.wrong"}) || page.Errors[0].Args[0] != 4 || b.result.Code != "invalid_code" {
			t.Errorf("a wrong code: %+v", page)
		}
		if res := b.post("code", code[:3]+" "+code[3:]); res.Kind != flow.Done {
			t.Fatalf("the right code: %+v", res)
		}
		if !b.login.NewUser || b.login.UserID == "" || !slices.Equal(b.login.AMR, []string{"email"}) {
			t.Errorf("the login is %+v", b.login)
		}
		if got := w.events(); !slices.Equal(got, []string{"MAIL_QUEUED", "CODE_REFUSED", "REGISTER", "LINK_REDEEMED"}) {
			t.Errorf("events %v", got)
		}
	})
}

func wrong(code string) string {
	if code == "123456" {
		return "654321"
	}
	return "123456"
}

// what is no address in its normal form is a sentence
// under the field; nothing is mailed and nothing is remembered.
func TestMagicLinkRefusesAddresses(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	for typed, want := range map[string][2]string{ // the sentence, and what the field holds then
		"":                           {"error.address.missing", ""},
		"ada":                        {"error.address.invalid", "ada"},
		"ada@example":                {"error.address.invalid", "ada@example"},
		"a@b.com,c@d.com":            {"error.address.invalid", "a@b.com,c@d.com"},
		"Ada <ada@example.test>":     {"error.address.invalid", "Ada <ada@example.test>"},
		" ada@example.test":          {"error.address.did-you-mean", "ada@example.test"},
		"user@ſervice.com":           {"error.address.did-you-mean", "user@service.com"},
		"ada@example.test\r\nBcc: x": {"error.address.invalid", "ada@example.test\r\nBcc: x"},
		"用户@example.test":            {"error.address.invalid", "用户@example.test"}, // the realm's relay takes no SMTPUTF8
	} {
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		b.post("username", typed)
		form := screen[flow.EmailForm](b)
		if !slices.Equal(errorKeys(form.Errors), []string{"username " + want[0]}) || form.Address != want[1] || b.result.Code != "invalid_email" {
			t.Errorf("%q: %+v", typed, form)
		}
		if len(b.messages()) > 0 || b.login.Mail.Sent > 0 {
			t.Errorf("%q is mailed to", typed)
		}
	}
	w.realm(func(r *latchkey.Realm) { r.SMTP.AllowUTF8 = true })
	b := w.open(latchkey.AuthorizationRequest{})
	b.get()
	b.post("username", "用户@example.test")
	screen[flow.Waiting](b)
}

// whatever is true of the address, the page is the same
// and so are the rows; only the state of the mail differs, and in no request
// does it depend on the account.
func TestMagicLinkSameForEverybody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.flows(step{id: "magic", provider: latchkey.AuthMagicLink, requirement: latchkey.Required, config: map[string]string{actiontoken.KeyDeniedDomains: "denied.test"}})
		w.user("known@example.test", true, nil)
		w.user("disabled@example.test", false, func(u *latchkey.User) { u.Enabled = false })
		w.user("unproven@example.test", false, func(u *latchkey.User) { u.EmailVerified = false })
		w.update(func(tx *store.Tx) error {
			for address, key := range map[string]func() []byte{
				"suppressed@example.test": func() []byte {
					return ratelimit.AddressKey(tx.Keyring(), w.snap.Realm.ID, "suppressed@example.test")
				},
				"guessed@example.test": func() []byte {
					return ratelimit.LinkOnlyKey(tx.Keyring(), w.snap.Realm.ID, "guessed@example.test")
				},
			} {
				if err := tx.MarkAddress(w.snap.Realm.ID, key(), "test", tx.Now().Add(time.Hour)); err != nil {
					return fmt.Errorf("%s: %w", address, err)
				}
			}
			return nil
		})
		for range 6 {
			b := w.open(latchkey.AuthorizationRequest{})
			b.get()
			b.post("username", "throttled@example.test")
		}
		var first *flow.Waiting
		for _, test := range []struct {
			address  string
			reason   string // withheld for
			withCode bool
		}{
			{"known@example.test", "", true}, {"unknown@example.test", "", true}, {"disabled@example.test", "", true}, {"unproven@example.test", "", true},
			{"suppressed@example.test", "", true}, {"guessed@example.test", "", false},
			{"throttled@example.test", "limit:mail.recipient.hour", true}, {"somebody@denied.test", "denied_domain", true},
		} {
			b := w.open(latchkey.AuthorizationRequest{})
			b.get()
			before := len(w.events())
			b.post("username", test.address)
			page := screen[flow.Waiting](b)
			page.Address, page.Number = "", ""
			if first == nil {
				first = &page
			}
			if !reflect.DeepEqual(page, *first) {
				t.Errorf("%s: the page is %+v, the first is %+v", test.address, page, *first)
			}
			m := b.mail()
			if m.Reason != test.reason || (m.State == latchkey.MessageWithheld) != (test.reason != "") || m.UserID != "" || m.WithCode != test.withCode || m.TokenID == "" {
				t.Errorf("%s: the mail is %+v", test.address, m)
			}
			if got := len(w.events()) - before; got != 1 {
				t.Errorf("%s: %d events", test.address, got)
			}
			w.update(func(tx *store.Tx) error {
				_, err := tx.ActionToken(w.snap.Realm.ID, m.TokenID)
				return err
			})
			b.post("code", "000000")
			if page := screen[flow.Waiting](b); !slices.Equal(errorKeys(page.Errors), []string{"code error.code.wrong"}) {
				t.Errorf("%s: a wrong code: %+v", test.address, page)
			}
		}
	})
}

// a resend waits for its time, and replaces nothing.
func TestMagicLinkResend(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		b.post("username", "Ada@example.test")
		number := screen[flow.Waiting](b).Number
		w.clock.Advance(29*time.Second + 500*time.Millisecond)
		b.post("resend", "on")
		page := screen[flow.Waiting](b)
		if !slices.Equal(errorKeys(page.Errors), []string{" error.resend.early"}) || page.Errors[0].Args[0] != 1 || page.Resent || len(b.messages()) != 1 {
			t.Errorf("too early: %+v", page)
		}
		w.clock.Advance(500 * time.Millisecond)
		b.post("resend", "on")
		page = screen[flow.Waiting](b)
		if !page.Resent || len(page.Errors) > 0 || page.Number != number || page.Address != "Ada@example.test" || !page.ResendAt.Equal(w.clock.Now().Add(30*time.Second)) {
			t.Errorf("resent: %+v", page)
		}
		list := b.messages()
		if len(list) != 2 || list[0].TokenID == list[1].TokenID || list[1].Address != "Ada@example.test" || b.login.Mail.Sent != 2 {
			t.Fatalf("mails %+v", list)
		}
		w.update(func(tx *store.Tx) error {
			for _, m := range list {
				token, err := tx.ActionToken(m.RealmID, m.TokenID)
				if err != nil || !w.clock.Now().Before(token.ExpiresAt) {
					t.Errorf("the link of a mail is void: %+v, %v", token, err)
				}
			}
			return nil
		})
		b.get()
		if page := screen[flow.Waiting](b); !page.Resent {
			t.Error("the page that a resend leads to does not say so")
		}
		w.clock.Advance(30 * time.Second)
		b.get()
		if page := screen[flow.Waiting](b); page.Resent {
			t.Error("the page goes on saying that a mail was just sent")
		}
	})
}

// after "It was not me" in another browser a resend brings a new
// number; tries that were used up stay used up, and the code stays closed.
func TestMagicLinkAfterReport(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		b.post("username", "ada@example.test")
		number := screen[flow.Waiting](b).Number
		report := func() {
			w.update(func(tx *store.Tx) error {
				l, err := tx.LockLogin(b.login.RealmID, b.login.ID)
				if err != nil {
					return err
				}
				l.Mail.NumberClosed, l.Mail.CodeClosed, l.Mail.ReportedAt = true, true, tx.Now()
				if _, err := tx.CountNumberTry(l.RealmID, l.ID, 3); err != nil {
					return err
				}
				return tx.SaveLogin(l)
			})
		}
		report()
		b.get()
		if page := screen[flow.Waiting](b); !page.Reported || page.Number != "" || !page.CodeClosed {
			t.Errorf("reported: %+v", page)
		}
		w.clock.Advance(time.Minute)
		b.post("resend", "on")
		page := screen[flow.Waiting](b)
		if page.Reported || page.Number == "" || page.Number == number || b.login.NumberTries != 1 || b.login.Mail.NumberGeneration != 1 {
			t.Errorf("sent again: %+v, %d tries", page, b.login.NumberTries)
		}
		if list := b.messages(); list[len(list)-1].WithCode || !page.CodeClosed {
			t.Error("the code is open again")
		}
		report()
		report()
		w.clock.Advance(time.Minute)
		b.post("resend", "on")
		if page := screen[flow.Waiting](b); page.Number != "" {
			t.Errorf("three tries are used up, and there is a number: %+v", page)
		}
	})
}

// a browser that the address knows has its own buckets, and its
// mails carry a code when strangers' do not.
func TestMagicLinkKnownBrowser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.update(func(tx *store.Tx) error {
			return tx.MarkAddress(w.snap.Realm.ID, ratelimit.LinkOnlyKey(tx.Keyring(), w.snap.Realm.ID, "ada@example.test"), "test", tx.Now().Add(time.Hour))
		})
		for i := range 8 {
			b := w.open(latchkey.AuthorizationRequest{})
			b.get()
			b.post("username", "ada@example.test")
			if m := b.mail(); m.WithCode || !b.login.Mail.LinkOnly || (m.State == latchkey.MessageWithheld) != (i >= 5) {
				t.Errorf("a stranger's mail %d: %+v", i, m)
			}
		}
		b := w.open(latchkey.AuthorizationRequest{}).knows("other@example.test").knows("ada@example.test")
		b.get()
		b.post("username", "Ada@example.test")
		if m := b.mail(); !m.WithCode || m.State != latchkey.MessageQueued || !m.From.Known || !b.login.From.Known {
			t.Errorf("the owner's mail: %+v", m)
		}
		fail := func(b *tab) bool {
			m := b.mail()
			m.State = latchkey.MessageFailed
			w.update(func(tx *store.Tx) error { return tx.UpdateMessage(m) })
			b.get()
			return screen[flow.Waiting](b).Failed
		}
		if !fail(b) {
			t.Error("R-058: the owner's browser is not told that the mail failed")
		}
		stranger := w.open(latchkey.AuthorizationRequest{})
		stranger.get()
		stranger.post("username", "bob@example.test")
		if fail(stranger) {
			t.Error("R-058: a stranger is told that the mail failed")
		}
	})
}

// prompt=login and max_age show the known address and ask before they mail;
// another address can be hinted at. login_hint only prefills.
func TestMagicLinkKnownAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user("ada@example.test", false, nil)
		soon := int64(60)
		for name, test := range map[string]struct {
			req     latchkey.AuthorizationRequest
			session bool
			address string
			fixed   bool
		}{
			"prompt=login":               {latchkey.AuthorizationRequest{Prompt: []string{"login"}}, true, "ada@example.test", true},
			"max_age":                    {latchkey.AuthorizationRequest{MaxAge: &soon}, true, "ada@example.test", true},
			"prompt=login, nobody there": {latchkey.AuthorizationRequest{Prompt: []string{"login"}}, false, "", false},
			"hint of the same":           {latchkey.AuthorizationRequest{Prompt: []string{"login"}, LoginHint: "ADA@example.test"}, true, "ada@example.test", true},
			"hint of another":            {latchkey.AuthorizationRequest{Prompt: []string{"login"}, LoginHint: "bob@example.test"}, true, "bob@example.test", false},
			"hint":                       {latchkey.AuthorizationRequest{LoginHint: "bob@example.test"}, false, "bob@example.test", false},
			"hint that is no address":    {latchkey.AuthorizationRequest{LoginHint: "<script>"}, false, "", false},
			"select_account":             {latchkey.AuthorizationRequest{Prompt: []string{"select_account"}}, false, "", false},
		} {
			b := w.open(test.req)
			if test.session {
				b.signIn(u, w.clock.Now().Add(-time.Hour))
			}
			b.get()
			form := screen[flow.EmailForm](b)
			if form.Address != test.address || form.Fixed != test.fixed || len(b.messages()) > 0 {
				t.Errorf("%s: %+v, %d mails", name, form, len(b.messages()))
			}
		}
		b := w.open(latchkey.AuthorizationRequest{Prompt: []string{"login"}}).signIn(u, w.clock.Now())
		b.get()
		b.post("username", "ada@example.test")
		screen[flow.Waiting](b)
		b.mail()
	})
}

// After a step that asked for a name the mail goes at once; what the page says
// is what was typed, and a name that is nobody's looks like any other.
func TestMagicLinkAfterName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.flows(step{provider: latchkey.AuthUsernameForm, requirement: latchkey.Required}, step{provider: latchkey.AuthMagicLink, requirement: latchkey.Required})
		w.realm(func(r *latchkey.Realm) { r.LoginWithEmailAllowed = true })
		u := w.user("ada@example.test", false, func(u *latchkey.User) { u.Username = "ada" })
		w.user("off@example.test", false, func(u *latchkey.User) { u.Username, u.Enabled = "off", false })
		w.user("", false, func(u *latchkey.User) { u.Username = "mailless" })
		var first *flow.Waiting
		for typed, want := range map[string]struct{ userID, reason, address string }{
			"ada":              {u.ID, "", "ada@example.test"},
			"ada@example.test": {u.ID, "", "ada@example.test"},
			"nobody":           {"", "no_account", "nobody"},
			"off":              {"", "no_account", "off"},
			"new@example.test": {"", "", "new@example.test"},
		} {
			b := w.open(latchkey.AuthorizationRequest{})
			b.get()
			screen[flow.UsernameForm](b)
			b.post("username", typed)
			page := screen[flow.Waiting](b)
			if page.Address != typed {
				t.Errorf("%s: the page says %q", typed, page.Address)
			}
			page.Address, page.Number = "", ""
			if first == nil {
				first = &page
			}
			if !reflect.DeepEqual(page, *first) {
				t.Errorf("%s: the page is %+v, another %+v", typed, page, *first)
			}
			if m := b.mail(); m.UserID != want.userID || m.Reason != want.reason || m.Address != want.address {
				t.Errorf("%s: the mail is %+v", typed, m)
			}
		}
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		b.post("username", "mailless")
		screen[flow.Waiting](b)
		if m := b.mail(); m.Reason != "no_address" {
			t.Errorf("a user without an address: %+v", m)
		}
		// The code signs in who was named.
		b = w.open(latchkey.AuthorizationRequest{})
		b.get()
		b.post("username", "ada")
		if res := b.post("code", actiontoken.Code(storetest.Keyring(), b.login.ID).Reveal()); res.Kind != flow.Done || b.login.UserID != u.ID {
			t.Errorf("the code: %+v", res)
		}
	})
}
