package browsertest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// shownCode is what an application shows that was given the key of the page.
func (w *world) shownCode(p *browsertest.Page) string {
	w.t.Helper()
	return w.code(strings.ReplaceAll(p.Text("code.key"), " ", ""))
}

func (w *world) code(key string) string {
	w.t.Helper()
	code, err := totp.GenerateCodeCustom(key, w.s.Clock.Now(), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// enable switches required actions on.
func (w *world) enable(aliases ...string) {
	w.t.Helper()
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		for _, alias := range aliases {
			a := *snap.RequiredAction(alias)
			a.Enabled = true
			if err := tx.PutRequiredAction(&a); err != nil {
				return err
			}
		}
		return nil
	})
}

// byPassword signs in on the page with name and password.
func byPassword(p *browsertest.Page) {
	p.Type("#username", ada)
	p.Type("#password", "correct horse battery")
	p.Follow("main button.main")
}

// One-time passwords: setting a device up, giving its code, removing it.
func walkOTP(v *tour) {
	v.realm(func(r *latchkey.Realm) { r.BrowserFlow = "browser" })
	u := v.s.AddUser("demo", ada, "correct horse battery", func(u *latchkey.User) {
		u.EmailVerified = true
		u.AddRequiredAction(latchkey.ActionConfigureOTP)
	})
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL())
	byPassword(p)
	v.look(p, "otp-setup", "Set up an authenticator app")
	key := strings.ReplaceAll(p.Text("code.key"), " ", "")
	p.Type("#totp", v.code(key))
	p.Follow("main button.main")
	p.At(v.rp.OAuth.RedirectURL)

	v.s.Clock.Advance(time.Minute)
	p = v.open(browsertest.New(v.t), v.rp.URL("kc_action", latchkey.ActionConfigureOTP))
	byPassword(p)
	v.look(p, "otp", "Type the code of your authenticator app")
	p.Type("#otp", "000000")
	p.Follow("main button.main")
	v.look(p, "otp-wrong", "That is not the code")
	p.Type("#otp", v.code(key))
	p.Follow("main button.main")
	v.look(p, "otp-setup-asked", "Set up an authenticator app")
	v.realm(func(r *latchkey.Realm) {
		r.OTPPolicy = latchkey.OTPPolicy{Type: latchkey.OTPCounter, Algorithm: "HmacSHA256", Digits: 8, LookAheadWindow: 1}
	})
	p.Reload()
	p.Type("#totp", "00000000")
	p.Follow("main button.main")
	v.look(p, "otp-setup-unusual", "by a counter")
	v.realm(func(r *latchkey.Realm) { r.OTPPolicy = latchkey.OTPPolicy{} })
	p.Reload()
	p.Type("#userLabel", "My phone")
	p.Type("#totp", v.shownCode(p))
	p.Follow("main button.main")
	p.At(v.rp.OAuth.RedirectURL)

	p = v.open(browsertest.New(v.t), v.rp.URL())
	byPassword(p)
	v.look(p, "otp-several", "My phone")
	v.removals(u)
}

// removals are the pages that remove a way to sign in.
func (v *tour) removals(u *latchkey.User) {
	v.t.Helper()
	key := &latchkey.Credential{RealmID: u.RealmID, ID: secret.NewID(), UserID: u.ID, Type: latchkey.CredentialWebAuthn}
	var phone string
	v.s.Update(func(tx *store.Tx) error {
		if err := tx.CreateCredential(key); err != nil {
			return err
		}
		list, err := tx.Credentials(u.RealmID, u.ID)
		for _, c := range list {
			if c.UserLabel == "My phone" {
				phone = c.ID
			}
		}
		return err
	})
	v.realm(func(r *latchkey.Realm) { r.BrowserFlow = "magic link" })
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL("kc_action", "delete_credential:"+key.ID))
	p.Goto(v.ask(p, ada).Link)
	v.look(p, "delete-credential-unnamed", "your security key")
	p = v.open(b, v.rp.URL("kc_action", "delete_credential:"+phone))
	p.Goto(v.ask(p, ada).Link)
	v.look(p, "delete-credential", "My phone")
	p.Follow("[name=accept]")
	p.At(v.rp.OAuth.RedirectURL)
}

// Another address, and the way back.
func walkAddressChange(v *tour) {
	v.enable(latchkey.ActionUpdateEmail)
	v.s.AddUser("demo", ada, "", func(u *latchkey.User) { u.EmailVerified = true })
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL("kc_action", latchkey.ActionUpdateEmail))
	p.Goto(v.ask(p, ada).Link)
	v.look(p, "email-update", "Change your email address")
	p.Type("#email", ada)
	p.Follow("main button.main")
	v.look(p, "email-update-same", "This is your address already")
	browsertest.Eval[*string](p, `document.querySelector("#email").value = ""; null`)
	p.Type("#email", "grace@example.test")
	p.Follow("main button.main")
	v.look(p, "email-update-sent", "Confirm your new address")
	mail := v.s.Mail.Wait("grace@example.test")
	for i := range 5 {
		p.Type("#code", other(mail.Code, "000000", "111111"))
		p.Follow("main form:has(#code) button.main")
		if i == 0 {
			v.look(p, "email-update-wrong", "That is not the code")
		}
	}
	v.look(p, "email-update-closed", "wrong too often")
	p.Goto(mail.Link)
	p.At(v.rp.OAuth.RedirectURL)
	back := v.s.Mail.Wait(ada)
	if back.Link == "" || v.account("grace@example.test") == nil {
		v.t.Fatalf("%+v", back)
	}
	o := v.open(browsertest.New(v.t), back.Link)
	v.look(o, "email-revert", "Change your email address back")
	o.Follow(`[value="revert"]`)
	v.look(o, "email-reverted", "Your address is as it was")
	v.signedIn(b, false)
}

// The end of an account, and the end of a way in.
func walkAccountEnds(v *tour) {
	v.enable(latchkey.ActionDeleteAccount)
	u := v.s.AddUser("demo", ada, "", func(u *latchkey.User) { u.EmailVerified = true })
	v.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		return tx.AddUserRole(u.RealmID, u.ID, snap.RoleNamed(snap.ClientByClientID("account").ID, "delete-account").ID)
	})
	p := v.open(browsertest.New(v.t), v.rp.URL("kc_action", latchkey.ActionDeleteAccount))
	p.Goto(v.ask(p, ada).Link)
	v.look(p, "delete-account", "Delete your account")
	p.Follow("[name=confirm]")
	v.look(p, "account-deleted", "Your account is deleted")
	if v.account(ada) != nil {
		v.t.Error("the account is there")
	}
	denied := func(text string) {
		v.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			c := &latchkey.AuthenticatorConfig{RealmID: snap.Realm.ID, ID: secret.NewID(), Alias: "deny" + text, Config: map[string]string{"denyErrorMessage": text}}
			if err := tx.CreateAuthenticatorConfig(c); err != nil {
				return err
			}
			f := *snap.FlowByAlias("magic link")
			f.Executions = []latchkey.Execution{{ID: secret.NewID(), Authenticator: latchkey.AuthDenyAccess, ConfigID: c.ID, Requirement: latchkey.Required}}
			return tx.UpdateFlow(&f)
		})
	}
	denied("")
	v.look(v.open(browsertest.New(v.t), v.rp.URL()), "access-denied", "You cannot sign in here")
	denied("The shop is closed on Sundays.")
	v.look(v.open(browsertest.New(v.t), v.rp.URL()), "access-denied-own", "closed on Sundays")
}

// Setting a device up and signing in with it, a change of address and the way
// back, and the end of an account, in every way that a person may use a page
//
func TestSecurityJourneys(t *testing.T) {
	for name, h := range everyWay {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			h.t = t
			securityJourney(w, h)
		})
	}
}

func securityJourney(w *world, h hands) {
	w.enable(latchkey.ActionUpdateEmail, latchkey.ActionDeleteAccount)
	w.realm(func(r *latchkey.Realm) { r.BrowserFlow = "browser" })
	u := w.s.AddUser("demo", ada, "correct horse battery", func(u *latchkey.User) { u.EmailVerified = true })
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		return tx.AddUserRole(u.RealmID, u.ID, snap.RoleNamed(snap.ClientByClientID("account").ID, "delete-account").ID)
	})
	signIn := func(b *browsertest.Browser, words string, params ...string) *browsertest.Page {
		p := h.open(b, w.rp.URL(params...))
		h.fill(p, "#username", ada)
		h.fill(p, "#password", "correct horse battery")
		h.push(p, "main button.main", words)
		return p
	}
	b := browsertest.New(w.t)
	p := signIn(b, "Set up an authenticator app", "kc_action", latchkey.ActionConfigureOTP)
	key := strings.ReplaceAll(p.Text("code.key"), " ", "")
	h.fill(p, "#totp", w.code(key))
	h.push(p, "main button.main", "")
	p.At(w.rp.OAuth.RedirectURL)
	if got := w.s.Mail.Wait(ada); !strings.Contains(got.Subject, "authenticator") {
		w.t.Errorf("the notice is %q", got.Subject)
	}

	w.s.Clock.Advance(time.Minute)
	b = browsertest.New(w.t)
	p = signIn(b, "Type the code", "kc_action", latchkey.ActionUpdateEmail)
	h.fill(p, "#otp", w.code(key))
	h.push(p, "main button.main", "Change your email address")
	h.fill(p, "#email", "grace@example.test")
	h.push(p, "main button.main", "Confirm your new address")
	h.fill(p, "#code", w.s.Mail.Wait("grace@example.test").Code)
	h.push(p, "main form:has(#code) button.main", "")
	p.At(w.rp.OAuth.RedirectURL)
	w.signedIn(b, true)
	o := h.open(browsertest.New(w.t), w.s.Mail.Wait(ada).Link)
	h.push(o, `[value="revert"]`, "Your address is as it was")
	w.signedIn(b, false)

	w.s.Clock.Advance(time.Minute)
	p = signIn(b, "Type the code", "kc_action", latchkey.ActionDeleteAccount)
	h.fill(p, "#otp", w.code(key))
	h.push(p, "main button.main", "Delete your account")
	h.push(p, "[name=confirm]", "Your account is deleted")
	if w.account(ada) != nil || w.sessions(b) != 0 {
		w.t.Error("something is left of the account")
	}
}
