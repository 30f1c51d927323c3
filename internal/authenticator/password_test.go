package authenticator_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// Both ways to ask for a password.
func passwordFlows() map[string][]step {
	return map[string][]step{
		"one page": {{provider: latchkey.AuthUsernamePasswordForm, requirement: latchkey.Required}},
		"two pages": {{provider: latchkey.AuthUsernameForm, requirement: latchkey.Required},
			{provider: latchkey.AuthPasswordForm, requirement: latchkey.Required}},
	}
}

// submit types name and password, on one page or on two.
func (b *tab) submit(flowName, username, password string) flow.Result {
	if flowName == "one page" {
		return b.post("username", username, "password", password)
	}
	if b.result.Screen != nil {
		if _, ok := b.result.Screen.(flow.UsernameForm); ok {
			b.post("username", username)
		}
	}
	return b.post("password", password)
}

func TestPasswords(t *testing.T) {
	for name, steps := range passwordFlows() {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.flows(steps...)
				w.realm(func(r *latchkey.Realm) { r.LoginWithEmailAllowed = true })
				u := w.user("ada@example.test", true, func(u *latchkey.User) { u.Username = "ada" })
				w.user("bob@example.test", false, nil)
				w.user("off@example.test", true, func(u *latchkey.User) { u.Enabled = false })
				w.user("service-account-x", true, func(u *latchkey.User) { u.ServiceAccountClientID = "client" })
				for _, typed := range []string{"ada", "ADA", "ada@example.test", "Ada@Example.test"} {
					b := w.open(latchkey.AuthorizationRequest{})
					b.get()
					if res := b.submit(name, typed, password); res.Kind != flow.Done || b.login.UserID != u.ID || !slices.Equal(b.login.AMR, []string{"pwd"}) || b.login.Level() != 1 {
						t.Errorf("%s: %+v, %+v", typed, res, b.login)
					}
				}
				// what is wrong is not told.
				for what, typed := range map[string][2]string{
					"wrong password": {"ada", "wrong"}, "unknown": {"nobody", password}, "no password": {"bob@example.test", password},
					"disabled": {"off@example.test", password}, "service account": {"service-account-x", password},
					"too long a name": {strings.Repeat("n", 300) + "@example.test", password},
				} {
					b := w.open(latchkey.AuthorizationRequest{})
					b.get()
					res := b.submit(name, typed[0], typed[1])
					if what == "too long a name" {
						if res.Kind != flow.Show || b.login.UserID != "" {
							t.Errorf("%s: %+v", what, res)
						}
						continue
					}
					var got, want flow.Screen = res.Screen, flow.UsernamePasswordForm{Username: typed[0], Errors: credentialsWrong}
					if name == "two pages" {
						want = flow.PasswordForm{Username: typed[0], Errors: credentialsWrong}
					}
					if !reflect.DeepEqual(got, want) || res.Code != "invalid_user_credentials" || !res.Refused {
						t.Errorf("%s: %+v", what, res)
					}
				}
			})
		})
	}
}

var credentialsWrong = []flow.FieldError{{Field: "password", Message: "error.credentials"}}

// A typed address is a name only where the realm says so.
func TestPasswordsWithoutAddresses(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(passwordFlows()["one page"]...)
	w.realm(func(r *latchkey.Realm) { r.LoginWithEmailAllowed = false })
	w.user("ada@example.test", true, func(u *latchkey.User) { u.Username = "ada" })
	for typed, passes := range map[string]bool{"ada": true, "ada@example.test": false} {
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		if res := b.post("username", typed, "password", password); (res.Kind == flow.Done) != passes {
			t.Errorf("%s: %+v", typed, res)
		}
	}
}

// What the forms show: hints, who is signed in, the box, what is missing.
func TestPasswordForms(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.realm(func(r *latchkey.Realm) { r.RememberMe = true })
	u := w.user("ada@example.test", true, func(u *latchkey.User) { u.Username = "ada" })
	again := latchkey.AuthorizationRequest{Prompt: []string{"login"}}

	w.flows(passwordFlows()["one page"]...)
	b := w.open(latchkey.AuthorizationRequest{LoginHint: "bob"})
	b.get()
	if form := screen[flow.UsernamePasswordForm](b); form.Username != "bob" || form.Fixed || !form.RememberMe {
		t.Errorf("hint: %+v", form)
	}
	b.post("username", " ", "password", "")
	if form := screen[flow.UsernamePasswordForm](b); !slices.Equal(errorKeys(form.Errors), []string{"username error.username.missing", "password error.password.missing"}) {
		t.Errorf("nothing typed: %+v", form)
	}
	b.post("username", "ada", "password", password, "rememberMe", "on")
	if !b.login.RememberMe {
		t.Error("not remembered")
	}
	b = w.open(again).signIn(u, w.clock.Now())
	b.get()
	if form := screen[flow.UsernamePasswordForm](b); form.Username != "ada" || form.Fixed {
		t.Errorf("signed in: %+v", form)
	}

	w.flows(passwordFlows()["two pages"]...)
	b = w.open(again).signIn(u, w.clock.Now())
	b.get()
	if form := screen[flow.UsernameForm](b); form.Username != "ada" {
		t.Errorf("signed in: %+v", form)
	}
	b.post("username", "")
	if form := screen[flow.UsernameForm](b); !slices.Equal(errorKeys(form.Errors), []string{"username error.username.missing"}) {
		t.Errorf("nothing typed: %+v", form)
	}
	b.post("username", "Ada")
	if form := screen[flow.PasswordForm](b); form.Username != "Ada" {
		t.Errorf("the name as typed: %+v", form)
	}
	b.post("password", "")
	if form := screen[flow.PasswordForm](b); !slices.Equal(errorKeys(form.Errors), []string{"password error.password.missing"}) {
		t.Errorf("nothing typed: %+v", form)
	}

	// A password asked for where nobody said who it is: closed.
	w.flows(step{provider: latchkey.AuthPasswordForm, requirement: latchkey.Required})
	if res := w.open(latchkey.AuthorizationRequest{}).get(); res.Kind != flow.Failed {
		t.Errorf("a password of nobody: %+v", res)
	}

	// After the mailed link the user is known: shown, not asked.
	w.flows(step{id: "magic", provider: latchkey.AuthMagicLink, requirement: latchkey.Required},
		step{provider: latchkey.AuthUsernamePasswordForm, requirement: latchkey.Required})
	b = w.open(latchkey.AuthorizationRequest{})
	w.update(func(tx *store.Tx) error {
		l, err := tx.LockLogin(b.login.RealmID, b.login.ID)
		if err != nil {
			return err
		}
		l.UserID, l.Executions = u.ID, map[string]latchkey.ExecutionStatus{"magic": latchkey.StatusSuccess}
		return tx.SaveLogin(l)
	})
	b.get()
	if form := screen[flow.UsernamePasswordForm](b); !form.Fixed || form.Username != "ada" {
		t.Errorf("known: %+v", form)
	}
	// The name in the form is not asked: it is the known user's password.
	w.user("bob@example.test", true, func(u *latchkey.User) { u.Username = "bob" })
	if res := b.post("username", "bob", "password", password); res.Kind != flow.Done || b.login.UserID != u.ID {
		t.Errorf("known: %+v, %s", res, b.login.UserID)
	}
}

// An imported password is hashed as passwords are now once it is known; one
// that changed between the hashing and the transaction passes nobody.
func TestPasswordRenewed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.flows(passwordFlows()["one page"]...)
		u := w.user("ada@example.test", false, func(u *latchkey.User) { u.Username = "ada" })
		w.update(func(tx *store.Tx) error {
			return tx.CreateCredential(&latchkey.Credential{RealmID: u.RealmID, ID: "imported", UserID: u.ID, Type: latchkey.CredentialPassword, UserLabel: "mine",
				SecretData:     `{"value":"OPj+tjW21jOURC9MDoQQexdNYnZbK9a6WP5YMTPpcwmAL+v7Mbug074C5F9iQ1RD2A3dKjwvNdPNso1EGuarDQ==","salt":"MDEyMzQ1Njc4OWFiY2RlZg=="}`,
				CredentialData: `{"hashIterations":27500,"algorithm":"pbkdf2-sha256"}`})
		})
		for range 2 {
			b := w.open(latchkey.AuthorizationRequest{})
			b.get()
			if res := b.post("username", "ada", "password", "correct horse é"); res.Kind != flow.Done {
				t.Fatalf("%+v", res)
			}
		}
		w.update(func(tx *store.Tx) error {
			list, err := tx.Credentials(u.RealmID, u.ID)
			if err == nil && (len(list) != 1 || list[0].ID != "imported" || list[0].UserLabel != "mine" || !strings.Contains(list[0].CredentialData, `"argon2"`)) {
				t.Errorf("credentials %+v", list)
			}
			return err
		})

		// Changed after Prepare: the step looks again.
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		form := map[string][]string{"username": {"ada"}, "password": {"correct horse é"}}
		submit := &flow.Submission{Step: b.login.Current, Form: form}
		run := func(tx *store.Tx, l *latchkey.Login) *flow.Run {
			return &flow.Run{Registry: w.registry, Realm: w.snap, Login: l, Tx: tx, Submit: submit, Now: tx.Now()}
		}
		err := w.db.View(t.Context(), func(tx *store.Tx) (err error) {
			submit.Prepared, err = flow.Prepare(run(tx, b.login))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.update(func(tx *store.Tx) error {
			list, err := tx.Credentials(u.RealmID, u.ID)
			if err != nil {
				return err
			}
			other, err := hashed()
			if err != nil {
				return err
			}
			list[0].SecretData = other.SecretData
			return tx.UpdateCredential(list[0])
		})
		w.update(func(tx *store.Tx) error {
			res, err := flow.Advance(run(tx, b.login))
			if err == nil && (res.Kind != flow.Show || res.Code != "invalid_user_credentials") {
				t.Errorf("the old password passes: %+v", res)
			}
			return err
		})
	})
}

// a name is slowed, never locked; and the owner's own browser is not
// slowed by strangers.
func TestPasswordLimits(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(passwordFlows()["one page"]...)
	w.user("ada@example.test", true, func(u *latchkey.User) { u.Username = "ada" })
	try := func(ip string, known bool, typed string) flow.Result {
		b := w.open(latchkey.AuthorizationRequest{})
		if known {
			b.knows("ada@example.test")
		}
		b.browser.IP = ip
		b.get()
		return b.post("username", "ada", "password", typed)
	}
	// Right ones are no failures: they use nothing up, however many come.
	for i := range 15 {
		if res := try("198.51.100.1", false, password); res.Kind != flow.Done {
			t.Fatalf("the right password, for the %d. time: %+v", i+1, res)
		}
	}
	for range 10 {
		try("198.51.100.1", false, "wrong")
	}
	res := try("198.51.100.2", false, password)
	form, _ := res.Screen.(flow.UsernamePasswordForm)
	if res.Kind == flow.Done || res.Code != flow.CodeLimited || len(form.Errors) != 1 || form.Errors[0].Message != "error.tries.many" || !slices.Equal(form.Errors[0].Args, []any{30}) {
		t.Errorf("the eleventh try: %+v", res)
	}
	if res := try("203.0.113.1", true, password); res.Kind != flow.Done {
		t.Errorf("the owner's browser: %+v", res)
	}
	w.clock.Advance(30 * time.Second)
	if res := try("198.51.100.2", false, password); res.Kind != flow.Done {
		t.Errorf("half a minute later: %+v", res)
	}
}
