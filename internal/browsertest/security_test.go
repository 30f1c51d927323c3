package browsertest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/store"
)

// code is what an application shows that was given the key.
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
