package console_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// press opens the question that a link leads to, and says yes.
func (w *world) press(address string) *servertest.Page {
	w.t.Helper()
	p := w.b.Get(address)
	if p.Status != http.StatusOK {
		w.t.Fatalf("%s: %d %s", address, p.Status, p.Text())
	}
	if p = formAt(w.t, p, address).Submit(); p.Status != http.StatusOK {
		w.t.Fatalf("%s: %d %s", p.URL, p.Status, p.Text())
	}
	return p
}

// has wants words on a page.
func has(t testing.TB, p *servertest.Page, words ...string) {
	t.Helper()
	for _, one := range words {
		if !p.Has(one) {
			t.Errorf("%s has no %q:\n%s", p.URL, one, p.Text())
		}
	}
}

func TestUser(t *testing.T) {
	w := newWorld(t)
	p := w.open("users/add-user")
	f := p.FormWith("username").Set("username", "ada").Set("email", "ada.example.test").Set("firstName", "Ada")
	p = f.Submit()
	if p.Status != http.StatusBadRequest || !p.Has("not an email address") {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if got := p.FormWith("firstName").Values.Get("firstName"); got != "Ada" {
		t.Errorf("what was typed is lost: %q", got)
	}
	p = p.FormWith("username").Set("email", "ada@example.test").Submit()
	has(t, p, "Created.", "Credentials")
	again := w.open("users/add-user").FormWith("username").Set("username", "ada").Set("lastName", "Byron").Submit()
	if again.Status != http.StatusBadRequest || !again.Has("User name* User exists with same username") || again.FormWith("username").Values.Get("lastName") != "Byron" {
		t.Errorf("the username is another's: %d %s", again.Status, again.Text())
	}
	path := strings.TrimPrefix(p.URL.Path, "/admin/master/console/realms/demo/")
	id := strings.Split(path, "/")[1]

	p = p.FormWith("lastName").Set("lastName", "Lovelace").Set("emailVerified", "on").Submit()
	has(t, p, "Saved.")
	p = w.open("users/" + id + "/settings")
	if got := p.FormWith("lastName").Values.Get("lastName"); got != "Lovelace" {
		t.Errorf("last name %q", got)
	}
	p = w.press(w.at("users/" + id + "/disable"))
	has(t, p, "Disabled")
	has(t, w.open("users?enabled=false"), "ada@example.test")
	has(t, w.open("users?search=lovelace"), "ada@example.test")
	if w.open("users?enabled=true&search=lovelace").Has("ada@example.test") {
		t.Error("a disabled user is listed among those who are not")
	}
	p = w.press(w.at("users/" + id + "/delete"))
	has(t, p, "Deleted.")
	if got := w.b.Get(w.at("users/" + id + "/settings")); got.Status != http.StatusNotFound {
		t.Errorf("a deleted user: %d", got.Status)
	}
}

// user makes a user of realm demo, and gives their id.
func (w *world) user(address string) string {
	w.t.Helper()
	return w.s.AddUser(realm.DemoRealm, address, "", func(u *latchkey.User) { u.EmailVerified = true }).ID
}

// tick chooses things of a list, and presses the button.
func tick(p *servertest.Page, button string, values ...string) *servertest.Page {
	for _, f := range p.Forms() {
		if f.Has(button) && f.Method == http.MethodPost {
			f.Values["chosen"] = values
			return f.Press(button)
		}
	}
	return p.Press(button)
}

// Passwords are set, credentials named, put in order and deleted; mails ask for
// required actions.
func TestUserCredentials(t *testing.T) {
	w := newWorld(t)
	id := w.user("ada@example.test")
	at := "users/" + id + "/credentials"
	has(t, w.open(at), "There are no credentials.")
	p := w.open(at+"/set-password").FormWith("value").Set("value", "a long secret").Set("confirmation", "another").Submit()
	if p.Status != http.StatusBadRequest || !p.Has("The two passwords differ.") || strings.Contains(p.Text(), "a long secret") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	p = p.FormWith("value").Set("value", "a long secret").Set("confirmation", "a long secret").Submit()
	has(t, p, "Saved.", "Password")
	user := w.snapshotUser("ada@example.test")
	if !user.HasRequiredAction(latchkey.ActionUpdatePassword) {
		t.Error("a temporary password is not to be changed")
	}
	credential := w.credentials(id)[0]
	p = w.open(at+"/"+credential.ID+"/label").FormWith("userLabel").Set("userLabel", "by root").Submit()
	has(t, p, "Saved.", "by root")

	otp := &latchkey.Credential{RealmID: credential.RealmID, UserID: id, ID: "otp", Type: latchkey.CredentialOTP, SecretData: "{}", CredentialData: "{}",
		CreatedAt: w.s.Clock.Now(), Priority: 20}
	w.s.Update(func(tx *store.Tx) error { return tx.CreateCredential(otp) })
	p = w.open(at)
	formAt(t, p, w.at(at+"/otp/up")).Submit()
	if got := w.credentials(id); got[0].ID != "otp" {
		t.Errorf("not moved: %s", got[0].Type)
	}
	formAt(t, w.open(at), w.at(at+"/otp/down")).Submit()
	if got := w.credentials(id); got[1].ID != "otp" {
		t.Errorf("not moved back: %s", got[1].Type)
	}
	has(t, w.b.Get(w.at(at+"/otp/delete")), "Delete One-time password?")
	p = w.press(w.at(at + "/otp/delete"))
	has(t, p, "Deleted.")
	if len(w.credentials(id)) != 1 {
		t.Error("not deleted")
	}

	p = w.open(at + "/send-email").FormWith("lifespan").Submit()
	if p.Status != http.StatusBadRequest || !p.Has("This is needed.") {
		t.Errorf("a mail without actions: %d %s", p.Status, p.Text())
	}
	p = p.FormWith("lifespan").Set("actions", "UPDATE_PASSWORD").Set("lifespan", "2").Set("lifespan~unit", "3600").Submit()
	has(t, p, "The mail is on its way.")
	p = w.open(at).Press("Send verification mail")
	has(t, p, "The mail is on its way.")

	p = w.open("users/" + id + "/mail")
	has(t, p, "Actions for the account", "Verify email", "Links that are out", "Handed over")
	has(t, w.open("users/"+id+"/mail?kind=verify-email&state=failed"), "Nothing is like that")
	// It is the page of all mails, narrowed: a mail has one page.
	p = p.Click("ada@example.test")
	has(t, p, "ada@example.test", "Taken", "250", "Send again")
	if !strings.Contains(p.URL.Path, "/mail/messages/") {
		t.Errorf("%s", p.URL)
	}
}

func (w *world) snapshotUser(address string) (u *latchkey.User) {
	w.t.Helper()
	w.s.View(func(tx *store.Tx) (err error) {
		u, err = tx.UserByEmail(w.s.Snapshot(realm.DemoRealm).Realm.ID, address)
		return err
	})
	return u
}

func (w *world) credentials(userID string) (list []*latchkey.Credential) {
	w.t.Helper()
	w.s.View(func(tx *store.Tx) (err error) {
		list, err = tx.Credentials(w.s.Snapshot(realm.DemoRealm).Realm.ID, userID)
		return err
	})
	return list
}

// formAt is the form of the page that is sent to the address.
func formAt(t testing.TB, p *servertest.Page, address string) *servertest.Form {
	t.Helper()
	for _, f := range p.Forms() {
		if f.Action == address && f.Method == http.MethodPost {
			return f
		}
	}
	t.Fatalf("%s has no form for %s", p.URL, address)
	return nil
}

// What the realm's user profile says of an attribute is what its field is, and
// what is wrong stands at the field; what it does not name has a tab of its own.
func TestUserAttributes(t *testing.T) {
	w := newWorld(t)
	w.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		changed.Profile.UnmanagedAttributePolicy = latchkey.UnmanagedAdminEdit
		changed.Profile.Groups = []latchkey.ProfileGroup{{Name: "work", DisplayHeader: "At work"}}
		both := &latchkey.ProfilePermissions{View: []string{"admin"}, Edit: []string{"admin"}}
		changed.Profile.Attributes = append(slices.Clone(changed.Profile.Attributes),
			latchkey.ProfileAttribute{Name: "badge", DisplayName: "Badge number", Group: "work", Permissions: both,
				Validations: map[string]latchkey.ProfileSettings{"length": {"max": 4}}},
			latchkey.ProfileAttribute{Name: "langs", DisplayName: "Languages", Multivalued: true, Permissions: both},
			latchkey.ProfileAttribute{Name: "size", DisplayName: "Shirt", Permissions: both,
				Validations: map[string]latchkey.ProfileSettings{"options": {"options": []any{"S", "L"}}}})
		return tx.UpdateRealm(&changed)
	})
	id := w.user("ada@example.test")
	p := w.open("users/" + id + "/settings")
	has(t, p, "At work", "Badge number", "Languages", "Shirt")
	p = p.FormWith("attributes/badge").Set("attributes/badge", "12345").Set("attributes/langs", "de\nen").Set("attributes/size", "L").Submit()
	if p.Status != http.StatusBadRequest || !p.Has("Badge number This is too long.") && !p.Has("Badge number Make it") {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	p = p.FormWith("attributes/badge").Set("attributes/badge", "1234").Submit()
	has(t, p, "Saved.")
	p = w.open("users/"+id+"/attributes").FormWith("unmanaged").Set("unmanaged", "desk=4\nteam=red").Submit()
	has(t, p, "Saved.")
	p = w.open("users/"+id+"/attributes").FormWith("unmanaged").Set("unmanaged", "team=red\nteam=blue").Submit()
	has(t, p, "Saved.")
	want := map[string][]string{"badge": {"1234"}, "langs": {"de", "en"}, "size": {"L"}, "team": {"red", "blue"}}
	if got := w.snapshotUser("ada@example.test").Attributes; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	has(t, w.open("users?q=team:blue"), "ada@example.test")
	if w.open("users?q=team:green").Has("ada@example.test") {
		t.Error("found by an attribute that they do not have")
	}
}

// Who was locked out by wrong passwords is seen to be, and let in again.
func TestUserLockedOut(t *testing.T) {
	w := newWorld(t)
	id := w.user("ada@example.test")
	snap := w.s.Snapshot(realm.DemoRealm)
	w.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		changed.BruteForce.Protected = true
		return tx.UpdateRealm(&changed)
	})
	if w.open("users/" + id + "/settings").Has("Wrong passwords and codes") {
		t.Error("nothing was wrong")
	}
	w.s.Update(func(tx *store.Tx) error {
		f, err := tx.LockLoginFailure(snap.Realm.ID, id)
		if err != nil {
			return err
		}
		f.Failures, f.NotBefore, f.LastFailure, f.LastIP = 30, w.s.Clock.Now().Add(time.Hour), w.s.Clock.Now(), "192.0.2.1"
		return tx.SaveLoginFailure(f, w.s.Clock.Now().Add(24*time.Hour))
	})
	p := w.open("users/" + id + "/settings")
	has(t, p, "Wrong passwords and codes", "Too many tries", "192.0.2.1")
	p = formAt(t, p, w.at("users/"+id+"/unlock")).Submit()
	if !p.Has("Done.") || p.Has("Too many tries") {
		t.Errorf("%s", p.Text())
	}
}
