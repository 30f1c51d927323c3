package browsertest_test

import (
	"time"

	"github.com/pquerna/otp/totp"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/store"
)

// Registration and a forgotten password.
func walkEntries(v *tour) {
	v.realm(func(r *latchkey.Realm) {
		r.BrowserFlow, r.RegistrationAllowed, r.ResetPasswordAllowed = "browser", true, true
	})
	v.terms("You may use Application for as long as you like.")
	b := browsertest.New(v.t)
	p := v.open(b, v.rp.URL())
	v.look(p, "sign-in-with-ways", "Password")
	at := p.URL()
	p.Follow("a[href*='/registration']")
	v.look(p, "register", "Make an account")
	p.Type("#email", "grace@example.test")
	p.Type("#password", "correct horse battery")
	p.Type("#password-confirm", "correct horse")
	p.Follow("main button.main")
	v.look(p, "register-error", "The two passwords differ")
	p.Goto(at)
	p.Follow("a[href*='/reset-credentials']")
	v.look(p, "forgot", "password")
	browsertest.Eval[*string](p, "document.querySelector('#username').required = false; null")
	p.Follow("main button.main")
	v.look(p, "forgot-error", "user name")
	v.s.AddUser("demo", ada, "correct horse battery", func(u *latchkey.User) { u.EmailVerified = true })
	p.Type("#username", ada)
	p.Follow("main button.main")
	mail := v.s.Mail.Wait(ada)
	v.look(v.open(browsertest.New(v.t), mail.Link), "link-other-browser-reset", "Someone wants to set a new password")
	v.look(v.plain(b, mail.Link), "link-same-browser-reset", "Setting a new password")
}

// What an application asks for, and who is signed in.
func walkConsent(v *tour) {
	b := browsertest.New(v.t)
	v.signIn(b, ada)
	p := v.open(b, v.rp.URL("prompt", "consent"))
	v.look(p, "consent", "asks for")
	p.Goto(v.rp.URL("prompt", "select_account"))
	v.look(p, "select-account", ada)
	v.enable(latchkey.ActionUpdatePassword)
	p.Goto(v.rp.URL("kc_action", latchkey.ActionUpdatePassword))
	v.look(p, "password-update-asked", "Choose a new password")
}

// One-time passwords, from the setting up to the sign-in, and what is removed.
func walkOTP(v *tour) {
	u := v.s.AddUser("demo", ada, "correct horse battery", func(u *latchkey.User) { u.EmailVerified = true })
	b := browsertest.New(v.t)
	v.signIn(b, ada)
	v.enable(latchkey.ActionConfigureOTP, latchkey.ActionDeleteCredential)
	p := v.open(b, v.rp.URL("kc_action", latchkey.ActionConfigureOTP))
	v.look(p, "otp-setup-asked", "Code that the app shows")
	key := browsertest.Eval[string](p, `document.querySelector("code.key")?.textContent.replaceAll(" ", "") ?? ""`)
	code := func() string {
		c, err := totp.GenerateCode(key, v.s.Clock.Now())
		if err != nil {
			v.t.Fatalf("%q: %v", key, err)
		}
		return c
	}
	p.Type("#totp", code())
	p.Type("#userLabel", "Phone")
	p.Follow("main button.main")
	p.See("Application")

	v.realm(func(r *latchkey.Realm) { r.BrowserFlow = "browser" })
	enter := func(p *browsertest.Page) {
		p.Type("#username", ada)
		p.Type("#password", "correct horse battery")
		p.Follow("main button.main")
	}
	v.s.Clock.Advance(time.Minute)
	p = v.open(browsertest.New(v.t), v.rp.URL())
	enter(p)
	v.look(p, "otp", "code")
	p.Type("#otp", other(code(), "000000", "000001"))
	p.Follow("main button.main")
	v.look(p, "otp-wrong", "That is not the code")
	v.s.Clock.Advance(time.Minute)
	var device *latchkey.Credential
	v.s.Update(func(tx *store.Tx) error {
		list, err := tx.Credentials(u.RealmID, u.ID)
		for _, c := range list {
			if c.Type == latchkey.CredentialOTP {
				device = c
			}
		}
		if err != nil {
			return err
		}
		second := *device
		second.ID, second.UserLabel = "", "Tablet"
		return tx.CreateCredential(&second)
	})
	p = v.open(browsertest.New(v.t), v.rp.URL())
	enter(p)
	v.look(p, "otp-several", "Tablet")

	v.realm(func(r *latchkey.Realm) { r.BrowserFlow = "magic link" })
	p = v.open(b, v.rp.URL("kc_action", latchkey.ActionDeleteCredential+":"+device.ID))
	v.look(p, "delete-credential", "Phone")
	v.s.AddUser("demo", "linus@example.test", "", func(u *latchkey.User) {
		u.EmailVerified = true
		u.AddRequiredAction(latchkey.ActionConfigureOTP)
	})
	p = v.open(browsertest.New(v.t), v.rp.URL())
	p.Goto(v.ask(p, "linus@example.test").Link)
	v.look(p, "otp-setup", "Code that the app shows")
}

// Another address, and no account any more.
func walkChanges(v *tour) {
	v.enable(latchkey.ActionUpdateEmail, latchkey.ActionDeleteAccount)
	b := browsertest.New(v.t)
	v.signIn(b, ada)
	p := v.open(b, v.rp.URL("kc_action", latchkey.ActionUpdateEmail))
	v.look(p, "email-update", ada)
	p.Type("#email", ada)
	p.Follow("main button.main")
	v.look(p, "email-update-same", "address")
	p.Type("#email", "grace@example.test")
	p.Follow("main button.main")
	v.look(p, "email-update-sent", "grace@example.test")
	mail := v.s.Mail.Wait("grace@example.test")
	wrong := other(mail.Code, "000000", "000001")
	for i := range 5 {
		p.Type("#code", wrong)
		p.Follow("form:has(#code) button.main")
		if i == 0 {
			v.look(p, "email-update-wrong", "code")
		}
	}
	v.look(p, "email-update-closed", "grace@example.test")
	p.Goto(mail.Link)
	v.s.Eventually("the address to change", func() bool { return v.s.Mail.Pending(ada) > 0 })
	p = v.plain(browsertest.New(v.t), v.s.Mail.Wait(ada).Link)
	v.look(p, "email-revert", ada)
	p.Follow("main button.main")
	v.look(p, "email-reverted", ada)

	b = browsertest.New(v.t)
	v.signIn(b, "edsger@example.test")
	v.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		u, err := tx.UserByEmail(snap.Realm.ID, "edsger@example.test")
		if err != nil {
			return err
		}
		account := snap.ClientByClientID("account")
		return tx.AddUserRole(snap.Realm.ID, u.ID, snap.RoleNamed(account.ID, "delete-account").ID)
	})
	p = v.open(b, v.rp.URL("kc_action", latchkey.ActionDeleteAccount))
	v.look(p, "delete-account", "edsger@example.test")
	p.Follow("main button.main, main button[name=accept], main form button")
	v.look(p, "account-deleted", "account")

	deny := func(config map[string]string) {
		v.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			if snap.Config("own-words") == nil {
				if err := tx.CreateAuthenticatorConfig(&latchkey.AuthenticatorConfig{RealmID: snap.Realm.ID, ID: "own-words", Alias: "own words", Config: config}); err != nil {
					return err
				}
			} else if err := tx.UpdateAuthenticatorConfig(&latchkey.AuthenticatorConfig{RealmID: snap.Realm.ID, ID: "own-words", Alias: "own words", Config: config}); err != nil {
				return err
			}
			f := *snap.FlowByAlias("magic link")
			f.Executions = []latchkey.Execution{{ID: "deny", Authenticator: "deny-access-authenticator", Requirement: latchkey.Required, ConfigID: "own-words"}}
			return tx.UpdateFlow(&f)
		})
	}
	deny(map[string]string{})
	p = v.open(browsertest.New(v.t), v.rp.URL())
	v.look(p, "access-denied", "not")
	deny(map[string]string{"denyErrorMessage": "The shop is closed on Sundays."})
	p = v.open(browsertest.New(v.t), v.rp.URL())
	v.look(p, "access-denied-own", "The shop is closed on Sundays.")
}
