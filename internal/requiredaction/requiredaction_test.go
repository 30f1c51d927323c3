package requiredaction_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// A user of whom nothing is asked goes on.
func TestNothingAsked(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	if res := w.get(); res.Kind != flow.Done {
		t.Errorf("%+v", res)
	}
}

func TestUpdateProfile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(func(_ *store.Tx, r *latchkey.Realm) error {
			both := &latchkey.ProfilePermissions{View: []string{"user", "admin"}, Edit: []string{"user", "admin"}}
			shown := &latchkey.ProfilePermissions{View: []string{"user"}, Edit: []string{"admin"}}
			names := latchkey.ProfileSettings{}
			r.Profile = latchkey.UserProfile{Attributes: []latchkey.ProfileAttribute{
				{Name: "username", DisplayName: "${username}"}, {Name: "email", DisplayName: "${email}", Required: &latchkey.ProfileRequired{}},
				{Name: "firstName", DisplayName: "${firstName}", Required: &latchkey.ProfileRequired{Roles: []string{"user"}}, Permissions: both,
					Validations: map[string]latchkey.ProfileSettings{"length": {"max": 10}, "person-name-prohibited-characters": names}},
				{Name: "lastName", Permissions: both}, {Name: "department", DisplayName: "Department", Permissions: both,
					Validations: map[string]latchkey.ProfileSettings{"length": {"max": 255}}},
				{Name: "number", Permissions: shown, Required: &latchkey.ProfileRequired{}}, {Name: "salary"},
			}}
			return nil
		})
		w.ask(latchkey.ActionUpdateProfile)
		w.get()
		form := screen[flow.ProfileForm](w)
		want := []flow.ProfileField{
			{Name: "email", Label: "${email}", Values: []string{"ada@example.test"}, ReadOnly: true, Autocomplete: "email"},
			{Name: "firstName", Label: "${firstName}", Required: true, Autocomplete: "given-name", MaxLength: 10},
			{Name: "lastName", Label: "lastName", Autocomplete: "family-name"},
			{Name: "department", Label: "Department", MaxLength: 255},
			{Name: "number", Label: "number", ReadOnly: true},
		}
		if !reflect.DeepEqual(form.Fields, want) || form.New {
			t.Errorf("the form is %+v", form)
		}
		for _, test := range []struct {
			form []string
			want []string
		}{
			{[]string{"firstName", " ", "lastName", "Lovelace"}, []string{"firstName error-user-attribute-required"}},
			{[]string{"lastName", "Lovelace"}, []string{"firstName error-user-attribute-required"}},
			{[]string{"firstName", "Ada-Augusta-", "department", strings.Repeat("d", 256)}, []string{"firstName error-invalid-length-too-long", "department error-invalid-length-too-long"}},
			{[]string{"firstName", "A<b>", "lastName", "x\u202ey"}, []string{"firstName error-person-name-invalid-character", "lastName error-invalid-value"}},
			{[]string{"firstName", "A\x00", "lastName", "a\nb"}, []string{"firstName error-invalid-value", "lastName error-invalid-value"}},
			{[]string{"firstName", "\xff"}, []string{"firstName error-invalid-value"}},
		} {
			w.post(test.form...)
			form := screen[flow.ProfileForm](w)
			if !slices.Equal(errorKeys(form.Errors), test.want) || !w.result.Refused {
				t.Errorf("%v: %+v", test.form, form)
			}
			if u := w.getUser(); u.FirstName != "" || u.LastName != "" || len(u.Attributes) > 0 || !u.HasRequiredAction(latchkey.ActionUpdateProfile) {
				t.Errorf("%v: the account is %+v", test.form, u)
			}
		}
		// What may not be changed here is not, whatever is sent.
		res := w.post("firstName", " Ada ", "lastName", "O'Neil-Łukasz", "department", "Engines", "email", "victim@example.test",
			"username", "root", "number", "7", "enabled", "false", "unknown", "x")
		if res.Kind != flow.Done {
			t.Fatalf("%+v", res)
		}
		u := w.getUser()
		if u.FirstName != "Ada" || u.LastName != "O'Neil-Łukasz" || u.Email != "ada@example.test" || !u.EmailVerified || u.Username != "ada" || !u.Enabled ||
			len(u.Attributes) != 1 || !slices.Equal(u.Attributes["department"], []string{"Engines"}) || len(u.RequiredActions) > 0 {
			t.Errorf("the account is %+v", u)
		}
		events := w.events()
		if len(events) != 1 || events[0].Type != latchkey.EventUpdateProfile || events[0].Details["updated"] != "department firstName lastName" ||
			events[0].UserID != u.ID || events[0].ClientID != "account" || events[0].IPAddress != "192.0.2.1" {
			t.Errorf("events %+v", events)
		}
		// Emptied: gone.
		w.ask(latchkey.ActionUpdateProfile)
		w.login.NewUser = true
		w.get()
		w.post("firstName", "Ada", "lastName", "", "department", "")
		if u := w.getUser(); u.LastName != "" || len(u.Attributes["department"]) > 0 {
			t.Errorf("emptied: %+v", u)
		}
	})
}

// a username that is taken is said to be, an address never is asked for.
func TestUpdateProfileUsername(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.person("bob")
		w.change(func(_ *store.Tx, r *latchkey.Realm) error {
			r.EditUsernameAllowed = true
			return nil
		})
		w.ask(latchkey.ActionUpdateProfile)
		w.get()
		if form := screen[flow.ProfileForm](w); form.Fields[0].Name != "username" || form.Fields[0].Values[0] != "ada" || !form.Fields[0].Required {
			t.Errorf("the form is %+v", form)
		}
		for typed, want := range map[string]string{"": "error-user-attribute-required", "BOB": "error-username-exists", "a b": "error-username-invalid-character"} {
			w.post("username", typed, "firstName", "Ada")
			form := screen[flow.ProfileForm](w)
			if !slices.Equal(errorKeys(form.Errors), []string{"username " + want}) || strings.Join(form.Fields[0].Values, "") != typed {
				t.Errorf("%q: %+v", typed, form)
			}
		}
		if w.post("username", "Augusta").Kind != flow.Done || w.getUser().Username != "augusta" {
			t.Errorf("%+v, the account is %+v", w.result, w.getUser())
		}
	})
}

// Nothing that is typed into the form breaks the account or reaches a field
// that is not on it.
func TestUpdateProfileProperty(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	rapid.Check(t, func(rt *rapid.T) {
		w.ask(latchkey.ActionUpdateProfile)
		w.get()
		field := rapid.SampledFrom([]string{"firstName", "lastName", "email", "username", "id", "enabled", "attributes", "emailVerified"})
		form := map[string][]string{}
		for range rapid.IntRange(0, 5).Draw(rt, "fields") {
			form[field.Draw(rt, "field")] = []string{rapid.String().Draw(rt, "value")}
		}
		w.turn(form)
		u := w.getUser()
		if u.Email != "ada@example.test" || u.Username != "ada" || !u.EmailVerified || !u.Enabled || len(u.Attributes) > 0 {
			rt.Fatalf("%v: the account is %+v", form, u)
		}
		for _, name := range []string{u.FirstName, u.LastName} {
			if strings.ContainsAny(name, "<>\r\n\x00") || len([]rune(name)) > 255 {
				rt.Fatalf("%v: the name is %q", form, name)
			}
		}
	})
}

// A password that the person had not long ago is refused at its field.
func TestUpdatePasswordRemembers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(func(_ *store.Tx, r *latchkey.Realm) error {
			r.PasswordPolicy = "passwordHistory(2)"
			return nil
		})
		for _, test := range []struct{ password, want string }{{"first", ""}, {"first", "password-new error.password.used"}, {"second", ""},
			{"first", "password-new error.password.used"}} {
			w.ask(latchkey.ActionUpdatePassword)
			w.get()
			res := w.post("password-new", test.password, "password-confirm", test.password)
			if test.want == "" {
				if res.Kind != flow.Done {
					t.Fatalf("%+v", res)
				}
			} else if page := screen[flow.PasswordUpdate](w); !slices.Equal(errorKeys(page.Errors), []string{test.want}) {
				t.Errorf("%s: %+v", test.password, page)
			}
		}
	})
}

func TestUpdatePassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(func(_ *store.Tx, r *latchkey.Realm) error {
			r.PasswordPolicy = "length(8) and digits(1) and notUsername(undefined)"
			return nil
		})
		w.update(func(tx *store.Tx) error {
			for _, kind := range []string{latchkey.CredentialPassword, latchkey.CredentialPassword, "otp"} {
				err := tx.CreateCredential(&latchkey.Credential{RealmID: w.user.RealmID, ID: secret.NewID(), UserID: w.user.ID, Type: kind, SecretData: "{}", CredentialData: "{}"})
				if err != nil {
					return err
				}
			}
			return nil
		})
		w.ask(latchkey.ActionUpdatePassword)
		w.get()
		if page := screen[flow.PasswordUpdate](w); page.Username != "ada" {
			t.Errorf("the page is %+v", page)
		}
		for _, test := range []struct{ password, confirm, want string }{
			{"", "", "password-new error.password.missing"},
			{"short1", "short1", "password-new error.password.short"},
			{"longenough", "longenough", "password-new error.password.policy"},
			{"longenough1", "longenough2", "password-confirm error.password.mismatch"},
			{"longenough1", "", "password-confirm error.password.mismatch"},
			{strings.Repeat("a1", 600), strings.Repeat("a1", 600), "password-new error.field.long"},
		} {
			w.post("password-new", test.password, "password-confirm", test.confirm)
			page := screen[flow.PasswordUpdate](w)
			if !slices.Equal(errorKeys(page.Errors), []string{test.want}) || !w.result.Refused {
				t.Errorf("%+v: %+v", test, page)
			}
		}
		if res := w.post("password-new", "longenough1", "password-confirm", "longenough1"); res.Kind != flow.Done {
			t.Fatalf("%+v", res)
		}
		w.update(func(tx *store.Tx) error {
			list, err := tx.Credentials(w.user.RealmID, w.user.ID)
			if err != nil {
				return err
			}
			kinds := map[string]int{}
			for _, c := range list {
				kinds[c.Type]++
				if c.Type != latchkey.CredentialPassword {
					continue
				}
				if ok, err := credential.Verify(t.Context(), c, "longenough1"); !ok || err != nil {
					t.Errorf("the new password is not the account's: %v, %v", ok, err)
				}
			}
			if kinds[latchkey.CredentialPassword] != 1 || kinds["otp"] != 1 {
				t.Errorf("credentials %v", kinds)
			}
			return nil
		})
		if got := w.eventTypes(); !slices.Equal(got, []string{"UPDATE_PASSWORD", "MAIL_QUEUED"}) || len(w.getUser().RequiredActions) > 0 {
			t.Errorf("events %v, actions %v", got, w.getUser().RequiredActions)
		}
	})
}

func TestTerms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(func(tx *store.Tx, _ *latchkey.Realm) error {
			a := *w.snap.RequiredAction(latchkey.ActionTerms)
			a.Enabled, a.Config = true, map[string]string{"text": "Be kind."}
			return tx.PutRequiredAction(&a)
		})
		w.ask(latchkey.ActionTerms)
		w.get()
		if page := screen[flow.Terms](w); page.Text != "Be kind." {
			t.Errorf("the page is %+v", page)
		}
		w.post() // neither yes nor no
		screen[flow.Terms](w)
		if res := w.post("cancel", "on"); res.Kind != flow.Denied || !w.getUser().HasRequiredAction(latchkey.ActionTerms) {
			t.Errorf("R-131: no: %+v", res)
		}
		w.again()
		w.get()
		if res := w.post("accept", "on"); res.Kind != flow.Done {
			t.Fatalf("yes: %+v", res)
		}
		u := w.getUser()
		if !slices.Equal(u.Attributes["terms_and_conditions"], []string{strconv.FormatInt(w.clock.Now().Unix(), 10)}) || len(u.RequiredActions) > 0 {
			t.Errorf("the account is %+v", u)
		}
		events := w.events()
		if len(events) != 1 || events[0].Details["custom_required_action"] != latchkey.ActionTerms {
			t.Errorf("events %+v", events)
		}
	})
}

// VERIFY_EMAIL asks for itself where the realm wants proven addresses, mails
// once, and is over when the link is redeemed.
func TestVerifyEmail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.change(func(_ *store.Tx, r *latchkey.Realm) error {
			r.VerifyEmail, r.ActionTokenGeneratedByUserLifespan = true, 300
			return nil
		})
		if w.get().Kind != flow.Done {
			t.Fatalf("a proven address: %+v", w.result)
		}
		w.changeUser(func(u *latchkey.User) { u.EmailVerified = false })
		w.again()
		w.get()
		page := screen[flow.VerifyEmail](w)
		now := w.clock.Now()
		if page.Address != "ada@example.test" || page.Resent || !page.ResendAt.Equal(now.Add(30*time.Second)) {
			t.Errorf("the page is %+v", page)
		}
		w.get()
		w.post()
		list := w.messages()
		if len(list) != 1 || list[0].Kind != latchkey.MailVerifyEmail || list[0].UserID != w.user.ID || list[0].State != latchkey.MessageQueued || !list[0].WithCode ||
			list[0].Address != "ada@example.test" || !list[0].ExpiresAt.Equal(now.Add(300*time.Second)) {
			t.Fatalf("mails %+v", list)
		}
		w.post("resend", "on")
		if page := screen[flow.VerifyEmail](w); !slices.Equal(errorKeys(page.Errors), []string{" error.resend.early"}) || len(w.messages()) != 1 {
			t.Errorf("too early: %+v", page)
		}
		w.clock.Advance(30 * time.Second)
		w.post("resend", "on")
		w.get()
		if page := screen[flow.VerifyEmail](w); !page.Resent || len(w.messages()) != 2 {
			t.Errorf("resent: %+v, %d mails", page, len(w.messages()))
		}
		w.clock.Advance(30 * time.Second)
		w.get()
		if page := screen[flow.VerifyEmail](w); page.Resent {
			t.Error("the page goes on saying that a mail was just sent")
		}
		if w.getUser().EmailVerified || !w.getUser().HasRequiredAction(latchkey.ActionVerifyEmail) {
			t.Errorf("R-036: proven by nothing: %+v", w.getUser())
		}
		w.redeem(list[0])
		if res := w.get(); res.Kind != flow.Done || !w.getUser().EmailVerified {
			t.Errorf("after the link: %+v", res)
		}
		want := []string{"MAIL_QUEUED", "SEND_VERIFY_EMAIL", "MAIL_QUEUED", "SEND_VERIFY_EMAIL", "VERIFY_EMAIL"}
		if got := w.eventTypes(); !slices.Equal(got, want) {
			t.Errorf("events %v, want %v", got, want)
		}
	})
}

func (w *world) redeem(m *latchkey.Message) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		token, err := tx.ActionToken(m.RealmID, m.TokenID)
		if err != nil {
			return err
		}
		l, err := tx.LockLogin(m.RealmID, m.LoginID)
		if err != nil {
			return err
		}
		r, err := actiontoken.RedeemVerifyEmail(tx, w.snap, l, actiontoken.AddressProof{Token: token})
		if err == nil && r.Refused != "" {
			w.t.Errorf("redeemed: %+v", r)
		}
		return err
	})
}

// the limits of mails hold for this one too, and the page is the same.
func TestVerifyEmailLimits(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.changeUser(func(u *latchkey.User) { u.EmailVerified = false })
	states := map[latchkey.MessageState]int{}
	mails := func(n int) {
		for range n {
			w.ask(latchkey.ActionVerifyEmail)
			w.get()
			screen[flow.VerifyEmail](w)
			states[w.messages()[0].State]++
		}
	}
	mails(7)
	if states[latchkey.MessageQueued] != 5 || states[latchkey.MessageWithheld] != 2 {
		t.Errorf("%v", states)
	}
	w.known = [][]byte{ratelimit.AddressKey(storetest.Keyring(), w.snap.Realm.ID, "ada@example.test")}
	mails(1)
	if states[latchkey.MessageQueued] != 6 {
		t.Errorf("R-054: the known browser: %v", states)
	}
}

// There is nothing to verify for an account without an address, or with one
// that is proven.
func TestVerifyEmailOfNothing(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	for _, change := range []func(*latchkey.User){func(*latchkey.User) {}, func(u *latchkey.User) { u.Email, u.EmailVerified = "", false }} {
		w.changeUser(change)
		w.ask(latchkey.ActionVerifyEmail)
		if res := w.get(); res.Kind != flow.Done || len(w.messages()) > 0 || len(w.getUser().RequiredActions) > 0 {
			t.Errorf("%+v, the account is %+v", res, w.getUser())
		}
	}
}

// Several actions are asked one after the other, in the realm's order.
func TestActionsInOrder(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.ask(latchkey.ActionUpdatePassword, latchkey.ActionUpdateProfile)
	w.get()
	screen[flow.ProfileForm](w)
	w.post("firstName", "Ada")
	screen[flow.PasswordUpdate](w)
	if res := w.post("password-new", "longenough1", "password-confirm", "longenough1"); res.Kind != flow.Done {
		t.Errorf("%+v", res)
	}
}
