package requiredaction_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// code is what a device with that secret shows now.
func (w *world) code(s latchkey.Secret) string {
	w.t.Helper()
	code, err := totp.GenerateCodeCustom(s.Reveal(), w.clock.Now(), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// CONFIGURE_TOTP takes a device when it shows its code, and not before; the
// secret is the login's and sealed; the user is told.
func TestConfigureOTP(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.sessions(3)
		w.ask(latchkey.ActionConfigureOTP)
		w.get()
		first := screen[flow.OTPSetup](w)
		if first.Named || first.Policy.Digits != 6 || !strings.HasPrefix(first.URL.Reveal(), "otpauth://totp/acme:ada@example.test?") ||
			!strings.Contains(first.URL.Reveal(), first.Key.Reveal()) {
			t.Errorf("%+v", first)
		}
		for key, note := range w.login.Notes {
			if strings.Contains(note, first.Key.Reveal()) {
				t.Errorf("the secret stands in the login's row: %s", key)
			}
		}
		w.get()
		if again := screen[flow.OTPSetup](w); again.Key != first.Key {
			t.Error("looking again draws another secret")
		}
		for typed, want := range map[string][]string{"": {"totp error.otp.missing"}, "000000": {"totp error.otp.setup"}} {
			w.post("totp", typed, "userLabel", " my\u202ephone\n", "logout-sessions", "on")
			if got := screen[flow.OTPSetup](w); !slices.Equal(errorKeys(got.Errors), want) || got.Key != first.Key || got.Label != "myphone" || !got.LogoutOthers {
				t.Errorf("%q: %+v", typed, got)
			}
		}
		if len(w.credentials()) > 0 {
			t.Fatal("a device is there before its code")
		}
		code := w.code(first.Key)
		if res := w.post("totp", code, "userLabel", "phone", "logout-sessions", "on"); res.Kind != flow.Done {
			t.Fatalf("%+v", res)
		}
		list := w.credentials()
		if len(list) != 1 || list[0].Type != latchkey.CredentialOTP || list[0].UserLabel != "phone" || w.sessionsLeft() != 1 {
			t.Fatalf("%+v, %d sessions", list, w.sessionsLeft())
		}
		if _, right := credential.VerifyOTP(list[0], first.Policy, code, w.clock.Now()); right {
			t.Error("the code of the set-up is good once more")
		}
		w.clock.Advance(time.Minute)
		if _, right := credential.VerifyOTP(list[0], first.Policy, w.code(first.Key), w.clock.Now()); !right {
			t.Error("the next code is not good")
		}
		if got := w.eventTypes(); !slices.Equal(got, []string{"UPDATE_CREDENTIAL", "MAIL_QUEUED"}) || len(w.getUser().RequiredActions) > 0 {
			t.Errorf("events %v", got)
		}
		if len(w.login.Notes) > 0 {
			t.Errorf("the login keeps %v", w.login.Notes)
		}

		w.ask(latchkey.ActionConfigureOTP)
		w.get()
		second := screen[flow.OTPSetup](w)
		if !second.Named || second.Key == first.Key {
			t.Errorf("%+v", second)
		}
		for label, want := range map[string]string{"": "userLabel error.otp.name.missing", "PHONE": "userLabel error.otp.name.taken", strings.Repeat("x", 256): "userLabel error.field.long"} {
			w.post("totp", w.code(second.Key), "userLabel", label)
			if got := errorKeys(screen[flow.OTPSetup](w).Errors); !slices.Equal(got, []string{want}) {
				t.Errorf("%q: %v", label, got)
			}
		}
		if res := w.post("totp", w.code(second.Key), "userLabel", "tablet"); res.Kind != flow.Done || len(w.credentials()) != 2 {
			t.Errorf("%+v", res)
		}
	})
}

// delete_account asks once, needs the role and leaves nothing behind.
func TestDeleteAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(func(tx *store.Tx, _ *latchkey.Realm) error {
			ra := *w.snap.RequiredAction(latchkey.ActionDeleteAccount)
			ra.Enabled = true
			return tx.PutRequiredAction(&ra)
		})
		w.sessions(2)
		w.again()
		w.login.Request.Action = latchkey.ActionDeleteAccount
		w.update(func(tx *store.Tx) error { return tx.SaveLogin(w.login) })
		if res := w.get(); res.Kind != flow.Done || w.login.ActionStatus != flow.ActionError {
			t.Fatalf("without the role: %+v, %q", res, w.login.ActionStatus)
		}
		w.update(func(tx *store.Tx) error {
			role := w.snap.RoleNamed(w.snap.ClientByClientID("account").ID, "delete-account")
			return tx.AddUserRole(w.user.RealmID, w.user.ID, role.ID)
		})
		w.again()
		w.login.Request.Action = latchkey.ActionDeleteAccount
		w.update(func(tx *store.Tx) error { return tx.SaveLogin(w.login) })
		w.get()
		if got := screen[flow.DeleteAccount](w); got.Account != "ada@example.test" || !w.result.Initiated {
			t.Errorf("%+v", got)
		}
		w.post()
		screen[flow.DeleteAccount](w) // a form without the button asks again
		if res := w.post("confirm", "on"); res.Kind != flow.Over || res.Screen != (flow.AccountDeleted{}) {
			t.Fatalf("%+v", res)
		}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.User(w.user.RealmID, w.user.ID); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				t.Errorf("the account is there: %v", err)
			}
			return nil
		})
		told := false // by mail, although there is nobody any more
		w.update(func(tx *store.Tx) error {
			list, err := tx.ClaimMessages(50, time.Minute)
			for _, m := range list {
				told = told || m.Kind == latchkey.MailAccountDeleted && m.Address == "ada@example.test" && m.UserID == ""
			}
			return err
		})
		if !told {
			t.Error("R-194: nobody is told")
		}
		if got := w.eventTypes(); !slices.Equal(got, []string{"DELETE_ACCOUNT", "MAIL_QUEUED"}) || w.sessionsLeft() != 0 {
			t.Errorf("events %v, %d sessions", got, w.sessionsLeft())
		}
	})
}

// kc_action=delete_credential:<id> removes that one, never a password and
// nobody else's, and the user is told.
func TestDeleteCredential(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		credentialOf := func(u *latchkey.User, kind string) *latchkey.Credential {
			c := &latchkey.Credential{RealmID: u.RealmID, UserID: u.ID, Type: kind, UserLabel: "phone"}
			w.update(func(tx *store.Tx) error { return tx.CreateCredential(c) })
			return c
		}
		device, password, others := credentialOf(w.user, "otp"), credentialOf(w.user, "password"), credentialOf(w.person("bob"), "otp")
		open := func(id string) flow.Result {
			w.again()
			w.login.Request.Action, w.login.Request.ActionParameter = latchkey.ActionDeleteCredential, id
			w.update(func(tx *store.Tx) error { return tx.SaveLogin(w.login) })
			return w.get()
		}
		for _, id := range []string{"", "x", password.ID, others.ID} {
			if res := open(id); res.Kind != flow.Done || w.login.ActionStatus != flow.ActionError {
				t.Errorf("%q: %+v, %q", id, res, w.login.ActionStatus)
			}
		}
		open(device.ID)
		if got := screen[flow.DeleteCredential](w); got.Label != "phone" || got.Kind != "otp" {
			t.Errorf("%+v", got)
		}
		if res := w.post("accept", "on"); res.Kind != flow.Done || w.login.ActionStatus != flow.ActionSuccess {
			t.Errorf("%+v", res)
		}
		if list := w.credentials(); len(list) != 1 || list[0].ID != password.ID {
			t.Errorf("%+v", list)
		}
		if got := w.eventTypes(); !slices.Equal(got, []string{"REMOVE_CREDENTIAL", "MAIL_QUEUED"}) {
			t.Errorf("events %v", got)
		}
	})
}

// A language that somebody chose while they signed in is theirs from then on.
func TestUpdateLocale(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	set := func(locale string, chosen bool) []string {
		w.again()
		w.login.Locale, w.login.LocaleChosen = locale, chosen
		w.update(func(tx *store.Tx) error { return tx.SaveLogin(w.login) })
		if res := w.get(); res.Kind != flow.Done {
			t.Errorf("%+v", res)
		}
		return w.getUser().Attributes["locale"]
	}
	if got := set("de", true); got != nil {
		t.Errorf("a realm of one language: %v", got)
	}
	w.change(func(_ *store.Tx, r *latchkey.Realm) error { r.InternationalizationEnabled = true; return nil })
	for _, c := range []struct {
		locale string
		chosen bool
		want   []string
	}{{"de", false, nil}, {"de", true, []string{"de"}}, {"de", true, []string{"de"}}, {"ar", false, []string{"de"}}, {"ar", true, []string{"ar"}}} {
		if got := set(c.locale, c.chosen); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if got := w.eventTypes(); !slices.Equal(got, []string{"UPDATE_PROFILE", "UPDATE_PROFILE"}) {
		t.Errorf("events %v", got)
	}
}
