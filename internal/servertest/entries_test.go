package servertest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// withEntries starts a server whose realm signs people in by password, and lets
// them register and reset it.
func withEntries(t *testing.T) (*servertest.Server, *servertest.RP) {
	t.Helper()
	s := servertest.Start(t)
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.BrowserFlow, r.RegistrationAllowed, r.RegistrationEmailAsUsername, r.ResetPasswordAllowed = "browser", true, true, true
		return tx.UpdateRealm(&r)
	})
	return s, s.RP("demo")
}

// enter opens an entry beside the authorization endpoint.
func enter(rp *servertest.RP, b *servertest.Browser, path string) *servertest.Page {
	return b.Get(strings.Replace(rp.URL(), "/auth?", "/"+path+"?", 1))
}

// the mailbox, by whichever entry, gets around no second factor, and
// takes none away, not even that of an account that nobody has proven.
func TestNoEntryGetsAroundASecondFactor(t *testing.T) {
	for name, verified := range map[string]bool{"proven": true, "unproven": false} {
		t.Run(name, func(t *testing.T) {
			s, rp := withEntries(t)
			u := s.AddUser("demo", "ada@example.test", "the old password", func(u *latchkey.User) { u.EmailVerified = verified })
			key := credential.NewOTPSecret()
			device, err := credential.NewOTP(latchkey.OTPPolicy{}, key, "phone")
			if err != nil {
				t.Fatal(err)
			}
			device.RealmID, device.UserID, device.CreatedAt = u.RealmID, u.ID, s.Clock.Now()
			s.Update(func(tx *store.Tx) error { return tx.CreateCredential(device) })
			code := func() string {
				c, err := totp.GenerateCodeCustom(key.Reveal(), s.Clock.Now(), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
				if err != nil {
					t.Fatal(err)
				}
				return c
			}

			b := s.Browser()
			enter(rp, b, "forgot-credentials").FormWith("username").Set("username", u.Email).Submit()
			p := b.Get(s.Mail.Wait(u.Email).Link).Press("Continue")
			s.View(func(tx *store.Tx) error { // half of what is asked for changes nothing of the account
				now, err := tx.User(u.RealmID, u.ID)
				if err == nil && len(now.RequiredActions) > 0 {
					t.Errorf("before the second factor %v wait for the user", now.RequiredActions)
				}
				return err
			})
			otpForm := p.FormWith("otp") // the second factor comes before the new password
			if p.Has("new password") || p.Has("set up") {
				t.Errorf("after the link: %q", p.Text())
			}
			if p = otpForm.Set("otp", "000000").Submit(); p.Has("new password") {
				t.Errorf("after a wrong code: %q", p.Text())
			}
			p = p.FormWith("otp").Set("otp", code()).Submit()
			if !strings.Contains(p.Body, `name="totp"`) { // the flow says that they are set up anew
				t.Errorf("after the right code: %q", p.Text())
			}
			has := map[string]int{}
			s.View(func(tx *store.Tx) error {
				list, err := tx.Credentials(u.RealmID, u.ID)
				for _, c := range list {
					has[c.Type]++
				}
				return err
			})
			if has[latchkey.CredentialOTP] != 1 {
				t.Errorf("credentials %v", has)
			}
			if len(rp.Calls()) > 0 {
				t.Error("the application was answered before one-time passwords were set up anew")
			}
		})
	}
}

// A link on an application's own page begins a reset without a sign-in, and
// ends at the application's start.
func TestResetWithoutASignIn(t *testing.T) {
	s, rp := withEntries(t)
	u := s.AddUser("demo", "ada@example.test", "the old password", func(u *latchkey.User) { u.EmailVerified = true })
	const path = "/realms/demo/login-actions/reset-credentials"
	for query, want := range map[string]int{"": http.StatusBadRequest, "?client_id=nobody": http.StatusBadRequest,
		"?client_id=" + rp.Client.ClientID + "&tab_id=none": http.StatusBadRequest, "?client_id=" + rp.Client.ClientID: http.StatusOK} {
		if p := s.Browser().Get(s.Base + path + query); p.Status != want {
			t.Errorf("%q: %d %s", query, p.Status, p.Title())
		}
	}
	b := s.Browser()
	b.Get(s.Base+path+"?client_id="+rp.Client.ClientID).FormWith("username").Set("username", u.Email).Submit()
	p := b.Get(s.Mail.Wait(u.Email).Link).Press("Continue")
	p = p.FormWith("password-new").Set("password-new", "the new password").Set("password-confirm", "the new password").Submit()
	if p.Status != http.StatusOK || len(rp.Calls()) > 0 || b.Jar.Get("session-demo") == "" {
		t.Errorf("%d %s, the application was answered %d times", p.Status, p.Title(), len(rp.Calls()))
	}
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.ResetPasswordAllowed = false
		return tx.UpdateRealm(&r)
	})
	if p := s.Browser().Get(s.Base + path + "?client_id=" + rp.Client.ClientID); p.Status != http.StatusBadRequest {
		t.Errorf("not allowed: %d %s", p.Status, p.Title())
	}
}

// The three ways that an application has to a registration, and the one to a
// new password; where the realm does not have them a prompt is passed over, and
// the other two say so.
func TestEntriesOfApplications(t *testing.T) {
	s, rp := withEntries(t)
	open := func(path string, params ...string) string {
		return s.Browser().Get(strings.Replace(rp.URL(params...), "/auth?", "/"+path+"?", 1)).Heading()
	}
	look := func(register, create, forgot string) {
		t.Helper()
		for what, pair := range map[string][2]string{
			"registrations": {open("registrations"), register}, "prompt=create": {open("auth", "prompt", "create"), create},
			"forgot-credentials": {open("forgot-credentials"), forgot},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
			}
		}
	}
	discovered := func() bool {
		return strings.Contains(s.Browser().Get(s.Base+"/realms/demo/.well-known/openid-configuration").Body, `"create"`)
	}
	look("Make an account", "Make an account", "Forgot your password")
	if !discovered() {
		t.Error("discovery does not name prompt=create")
	}
	// Whatever is wrong with the request is found first.
	if p := s.Browser().Get(strings.Replace(rp.URL("redirect_uri", "https://evil.example/"), "/auth?", "/registrations?", 1)); p.Status != http.StatusBadRequest {
		t.Errorf("another redirect URI: %d", p.Status)
	}
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.RegistrationAllowed, r.ResetPasswordAllowed = false, false
		return tx.UpdateRealm(&r)
	})
	look("Accounts are not made here", "Sign in", "Passwords are not reset here")
	if discovered() {
		t.Error("discovery names prompt=create")
	}
}

// what was typed to register is sealed in the login, and gone with it.
func TestWhatWasTypedIsSealed(t *testing.T) {
	s, rp := withEntries(t)
	b := s.Browser()
	enter(rp, b, "registrations").FormWith("email").Set("email", "ada@example.test").Set("firstName", "Augusta").
		Set("password", "correct horse battery").Set("password-confirm", "correct horse battery").Submit()
	mail := s.Mail.Wait("ada@example.test")
	tab := func() (l *latchkey.Login) {
		s.View(func(tx *store.Tx) error {
			m, err := tx.Messages(rp.Client.RealmID, store.MessageFilter{})
			if err != nil || len(m) != 1 {
				t.Fatalf("mails %v, %v", m, err)
			}
			l, err = tx.Login(rp.Client.RealmID, m[0].LoginID)
			return err
		})
		return l
	}
	l := tab()
	if len(l.Draft) == 0 || strings.Contains(string(l.Draft), "Augusta") || strings.Contains(string(l.Draft), "argon2") {
		t.Errorf("the draft is %q", l.Draft)
	}
	b.Get(mail.Link).Press("Sign in")
	if l = tab(); len(l.Draft) > 0 {
		t.Error("the draft is kept")
	}
}

// it goes with a login that ends in any other way, too.
func TestWhatWasTypedGoesWithTheLogin(t *testing.T) {
	for name, end := range map[string]func(waits, link *servertest.Page) *servertest.Page{
		"begun again":   func(waits, _ *servertest.Page) *servertest.Page { return waits.Press("change") },
		"It was not me": func(_, link *servertest.Page) *servertest.Page { return link.Press("It was not me") },
	} {
		t.Run(name, func(t *testing.T) {
			s, rp := withEntries(t)
			b := s.Browser()
			waits := enter(rp, b, "registrations").FormWith("email").Set("email", "ada@example.test").
				Set("password", "correct horse battery").Set("password-confirm", "correct horse battery").Submit()
			end(waits, b.Get(s.Mail.Wait("ada@example.test").Link))
			s.View(func(tx *store.Tx) error {
				m, err := tx.Messages(rp.Client.RealmID, store.MessageFilter{})
				if err != nil {
					return err
				}
				l, err := tx.Login(rp.Client.RealmID, m[0].LoginID)
				if err == nil && (!l.Ended() || len(l.Draft) > 0) {
					t.Errorf("ended %v, the draft is %q", l.Ended(), l.Draft)
				}
				return err
			})
		})
	}
}

// A link of one kind is useless as any other: that of a reset does not make an
// account, that of a sign-in sets no password.
func TestKindsOfLinks(t *testing.T) {
	s, rp := withEntries(t)
	u := s.AddUser("demo", "ada@example.test", "the old password", func(u *latchkey.User) { u.EmailVerified = true })
	b := s.Browser()
	enter(rp, b, "forgot-credentials").FormWith("username").Set("username", u.Email).Submit()
	mail, token := s.Mail.Wait(u.Email), ""
	s.Update(func(tx *store.Tx) error {
		list, err := tx.Messages(u.RealmID, store.MessageFilter{})
		if err != nil {
			return err
		}
		token = list[0].TokenID
		k, err := tx.ActionToken(u.RealmID, token)
		if err != nil || k.Kind != latchkey.TokenReset {
			t.Errorf("the token is %+v, %v", k, err)
		}
		l, err := tx.Login(u.RealmID, list[0].LoginID)
		if err != nil {
			return err
		}
		// As if another step of the login had mailed it.
		for _, f := range s.Snapshot("demo").Flows {
			for _, e := range f.Executions {
				if e.Authenticator == latchkey.AuthRegistrationPage {
					l.Mail.Execution = e.ID
				}
			}
		}
		return tx.SaveLogin(l)
	})
	p := b.Get(mail.Link).Press("Continue")
	s.View(func(tx *store.Tx) error {
		k, err := tx.ActionToken(u.RealmID, token)
		if err == nil && (!k.RedeemedAt.IsZero() || b.Jar.Get("session-demo") != "") {
			t.Errorf("it was redeemed: %d %s", p.Status, p.Text())
		}
		return err
	})
}
