package authenticator_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// browserOTP is the end of the built-in browser flow: name, password, and a
// code for who has a device.
func browserOTP(requirement latchkey.Requirement) []step {
	return []step{
		{provider: latchkey.AuthUsernamePasswordForm, requirement: latchkey.Required},
		{requirement: latchkey.Conditional, sub: []step{
			{provider: latchkey.ConditionUserConfigured, requirement: latchkey.Required},
			{provider: latchkey.AuthOTPForm, requirement: requirement},
		}},
	}
}

// The second factor is asked of who has one; mfa is told of who gave it
//
func TestOTPForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.flows(browserOTP(latchkey.Alternative)...)
		w.user("bob@example.test", true, nil)
		ada := w.user("ada@example.test", true, nil)
		phone := w.device(ada, "phone")
		w.clock.Advance(time.Second)
		tablet := w.device(ada, "")
		signIn := func(name string) *tab {
			b := w.open(latchkey.AuthorizationRequest{})
			b.get()
			b.post("username", name, "password", password)
			return b
		}
		if b := signIn("bob@example.test"); b.result.Kind != flow.Done {
			t.Errorf("no device: %+v", b.result)
		}
		b := signIn("ada@example.test")
		form := screen[flow.OTPForm](b)
		if len(form.Devices) != 2 || form.Devices[0].Label != "phone" || form.Chosen != form.Devices[0].ID {
			t.Fatalf("%+v", form)
		}
		for _, c := range []struct {
			form []string
			want []string
		}{
			{[]string{"otp", ""}, []string{"otp error.otp.missing"}},
			{[]string{"otp", "000000"}, []string{"otp error.otp.wrong"}},
			{[]string{"otp", w.code(tablet)}, []string{"otp error.otp.wrong"}}, // of the other device
			{[]string{"otp", w.code(phone), "selectedCredentialId", form.Devices[1].ID}, []string{"otp error.otp.wrong"}},
			{[]string{"selectedCredentialId", form.Devices[1].ID}, nil},
		} {
			b.post(c.form...)
			if got := screen[flow.OTPForm](b); !slices.Equal(errorKeys(got.Errors), c.want) {
				t.Errorf("%v: %+v", c.form, got)
			}
		}
		if res := b.post("otp", w.code(tablet), "selectedCredentialId", form.Devices[1].ID); res.Kind != flow.Done || !slices.Equal(b.login.AMR, []string{"pwd", "otp", "mfa"}) {
			t.Errorf("%+v, amr %v", res, b.login.AMR)
		}
		// Who sets one up in this login is not asked for it in this login.
		w.user("new@example.test", true, func(u *latchkey.User) { u.AddRequiredAction(latchkey.ActionConfigureOTP) })
		fresh := signIn("new@example.test")
		if res := fresh.post("totp", w.code(screen[flow.OTPSetup](fresh).Key)); res.Kind != flow.Done {
			t.Errorf("after the set-up: %+v", res)
		}
		// Used is used, in every login.
		b = signIn("ada@example.test")
		b.post("otp", w.code(tablet), "selectedCredentialId", form.Devices[1].ID)
		screen[flow.OTPForm](b)
		w.clock.Advance(30 * time.Second)
		if res := b.post("otp", w.code(tablet), "selectedCredentialId", form.Devices[1].ID); res.Kind != flow.Done {
			t.Errorf("the next code: %+v", res)
		}
	})
}

// A realm that requires a device has who has none set one up; an application
// that cannot show a page is refused.
func TestOTPRequired(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(step{provider: latchkey.AuthUsernamePasswordForm, requirement: latchkey.Required}, step{provider: latchkey.AuthOTPForm, requirement: latchkey.Required})
	u := w.user("ada@example.test", true, nil)
	b := w.open(latchkey.AuthorizationRequest{})
	b.get()
	b.post("username", "ada@example.test", "password", password)
	setup := screen[flow.OTPSetup](b)
	if res := b.get(); res.Kind != flow.Show {
		t.Errorf("%+v", res)
	}
	if res := b.post("totp", w.code(setup.Key)); res.Kind != flow.Done || slices.Contains(b.login.AMR, "otp") {
		t.Errorf("%+v, amr %v", res, b.login.AMR)
	}
	w.clock.Advance(time.Minute)
	b = w.open(latchkey.AuthorizationRequest{})
	b.get()
	b.post("username", "ada@example.test", "password", password)
	screen[flow.OTPForm](b)

	w.change(func(tx *store.Tx) error {
		ra := *w.snap.RequiredAction(latchkey.ActionConfigureOTP)
		ra.Enabled = false
		if err := tx.PutRequiredAction(&ra); err != nil {
			return err
		}
		return tx.DeleteCredentials(u.RealmID, u.ID)
	})
	w.user("bob@example.test", true, nil)
	b = w.open(latchkey.AuthorizationRequest{})
	b.get()
	if res := b.post("username", "bob@example.test", "password", password); res.Kind != flow.Failed || res.Code != "credential_setup_required" {
		t.Errorf("where nobody can set one up: %+v", res)
	}
}

// Of fifty logins that give the same code at once, one passes; all of them
// where the realm says that codes may be used again.
func TestOTPOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for reusable, want := range map[bool]int32{false: 1, true: 50} {
			w.realm(func(r *latchkey.Realm) { r.OTPPolicy.CodeReusable = reusable })
			w.flows(step{provider: latchkey.AuthCookie, requirement: latchkey.Required}, step{provider: latchkey.AuthOTPForm, requirement: latchkey.Required})
			name := "once@example.test"
			if reusable {
				name = "again@example.test"
			}
			u := w.user(name, false, nil)
			seed := w.device(u, "phone")
			var tabs []*tab
			for range 50 {
				// As many browsers of the owner's as there are limits for.
				b := w.open(latchkey.AuthorizationRequest{}).signIn(u, w.clock.Now()).knows(name)
				b.get()
				tabs = append(tabs, b)
				w.clock.Advance(time.Millisecond)
			}
			code := w.code(seed)
			var done atomic.Int32
			var wait sync.WaitGroup
			for _, b := range tabs {
				wait.Go(func() {
					res, err := b.try(map[string][]string{"otp": {code}}, "")
					if err != nil {
						t.Error(err)
					}
					if res.Kind == flow.Done {
						done.Add(1)
					}
				})
			}
			wait.Wait()
			if got := done.Load(); got != want && (!reusable || got < 2) { // limits let some tries wait
				t.Errorf("reusable %v: %d passed", reusable, got)
			}
		}
	})
}

// guesses at password and code are slowed together, the owner's own
// browser and the mailed link are not; what closed for good opens by a proven
// mailbox.
func TestBruteForce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.realm(func(r *latchkey.Realm) {
			r.BruteForce.Protected, r.BruteForce.FailureFactor, r.BruteForce.PermanentLockout = true, 3, true
			r.BruteForce.QuickLoginCheck = 0
		})
		w.flows(browserOTP(latchkey.Required)...)
		u := w.user("ada@example.test", true, nil)
		seed := w.device(u, "phone")
		try := func(b *tab, pass, code string) flow.Result {
			b.get()
			res := b.post("username", "ada@example.test", "password", pass)
			if _, ok := res.Screen.(flow.OTPForm); ok {
				res = b.post("otp", code)
			}
			return res
		}
		// Who knows the password does not get more tries at the code by it.
		try(w.open(latchkey.AuthorizationRequest{}), password, "000000")
		try(w.open(latchkey.AuthorizationRequest{}), password, "000000")
		if res := try(w.open(latchkey.AuthorizationRequest{}), password, "000000"); res.Code != "invalid_user_credentials" {
			t.Errorf("%+v", res)
		}
		if res := try(w.open(latchkey.AuthorizationRequest{}), password, w.code(seed)); res.Code != "user_temporarily_disabled" {
			t.Errorf("the road of passwords is open: %+v", res)
		}
		if res := try(w.open(latchkey.AuthorizationRequest{}).knows("ada@example.test"), password, w.code(seed)); res.Kind != flow.Done {
			t.Errorf("the owner's browser: %+v", res)
		}
		if res, _ := w.direct("username", "ada@example.test", "password", password); res.Code != "user_temporarily_disabled" {
			t.Errorf("the password grant: %+v", res)
		}
		// The mailbox is the way that is never closed.
		b := w.open(latchkey.AuthorizationRequest{})
		b.login.UserID, b.login.Mail.ProvenAt = u.ID, w.clock.Now()
		flow.PassFirstFactor(w.snap, b.login, w.clock.Now())
		w.update(func(tx *store.Tx) error { return tx.SaveLogin(b.login) })
		w.clock.Advance(time.Minute)
		b.get()
		screen[flow.OTPForm](b) // a second factor is one, whatever the first was
		if res := b.post("otp", w.code(seed)); res.Kind != flow.Done {
			t.Errorf("the owner is locked out: %+v", res)
		}
		w.clock.Advance(time.Minute)
		if res := try(w.open(latchkey.AuthorizationRequest{}), password, w.code(seed)); res.Kind != flow.Done {
			t.Errorf("a proven mailbox does not open the road: %+v", res)
		}
	})
}

// what gives somebody a way into an account is not asked of whoever sits
// at an open session: who has it waiting for them proves themselves first.
func TestWaitingActionsNeedAFreshSignIn(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	for _, c := range []struct {
		action string
		age    time.Duration
		again  bool
	}{
		{latchkey.ActionConfigureOTP, time.Minute, false}, {latchkey.ActionConfigureOTP, 6 * time.Minute, true},
		{latchkey.ActionUpdatePassword, 6 * time.Minute, true}, {latchkey.ActionUpdateProfile, 6 * time.Minute, false}, {"nothing", time.Hour, false},
	} {
		u := w.user(secret.NewID()+"@example.test", false, func(u *latchkey.User) { u.AddRequiredAction(c.action) })
		b := w.open(latchkey.AuthorizationRequest{}).signIn(u, w.clock.Now().Add(-c.age))
		b.get()
		if _, asked := b.result.Screen.(flow.EmailForm); asked != c.again {
			t.Errorf("%+v: %+v", c, b.result)
		}
	}
}
