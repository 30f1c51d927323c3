package console_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
)

// Groups are made, filled, moved and deleted; their members have their roles.
func TestGroups(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	p := w.open("groups/new").FormWith("description").Set("name", "staff").Set("description", "All who work here").Submit()
	has(t, p, "Created.", "staff")
	staff := w.group("staff")
	p = w.open("groups/new").FormWith("description").Set("name", "staff").Submit()
	if p.Status != http.StatusConflict && p.Status != http.StatusBadRequest || !p.Has("already exists") {
		t.Errorf("two groups of one name: %d %s", p.Status, p.Text())
	}
	p = w.open("groups/"+staff+"/new").FormWith("description").Set("name", "night").Submit()
	has(t, p, "Created.", "night", "staff")
	night := w.group("night")
	if w.open("groups").Has("night") {
		t.Error("a group below another is shown before it is opened")
	}
	has(t, w.open("groups?open="+staff), "night", "Hide")
	has(t, w.open("groups?search=nig"), "staff", "night")

	p = w.open("groups/"+night+"/attributes").FormWith("attributes").Set("attributes", "shift=late\nshift=early\nplace=b").Submit()
	has(t, p, "Saved.")
	if got := w.open("groups/" + night + "/attributes").FormWith("attributes").Values.Get("attributes"); got != "place=b\nshift=early\nshift=late" {
		t.Errorf("attributes %q", got)
	}
	p = w.open("groups/"+night+"/attributes").FormWith("attributes").Set("attributes", "shift").Submit()
	if p.Status != http.StatusBadRequest || p.FormWith("attributes").Values.Get("attributes") != "shift" {
		t.Errorf("%d %s", p.Status, p.Text())
	}

	p = tick(w.open("groups/"+night+"/members/add?search=ada"), "Add members", ada)
	has(t, p, "Saved.", "ada@example.test")
	has(t, w.open("users/"+ada+"/groups"), "/staff/night")
	hasNot(t, w.open("groups/"+staff+"/members"), "ada@example.test")
	p = w.open("groups/" + staff + "/members?includeSubGroups=true")
	has(t, p, "ada@example.test", "In a sub-group")
	if strings.Contains(p.Body, `value="`+ada+`"`) {
		t.Error("who is in a group below can be taken out of the one above")
	}
	p = tick(w.open("groups/"+night+"/members?includeSubGroups=true"), "Remove from the group", ada)
	has(t, p, "Remove ada@example.test from the group?")
	p = p.Press("Remove from the group")
	has(t, p, "There are no members.")
	p = tick(w.open("users/"+ada+"/groups/join?in="+staff), "Join groups", night)
	has(t, p, "Saved.", "/staff/night")
	has(t, w.press(w.at("users/"+ada+"/groups/"+night+"/leave")), "The person is in no group.")

	p = w.open("groups/" + night + "/move")
	p = formAt(t, p, w.at("groups/"+night+"/to-top")).Submit()
	has(t, p, "Saved.")
	has(t, w.open("groups"), "staff", "night")
	p = tick(w.open("groups/"+night+"/move"), "Move there", staff)
	has(t, p, "Saved.", "Groups staff night")

	p = tick(w.open("groups/default/add"), "Add groups", staff)
	has(t, p, "Saved.", "/staff")
	p = tick(w.open("groups/default"), "Remove", staff).Press("Remove")
	has(t, p, "New people are put into no group.")

	p = tick(w.open("groups/"+staff+"/role-mapping/assign"), "Assign roles", w.role("offline_access")+" ")
	has(t, p, "Saved.", "offline_access")
	p = w.press(w.at("groups/" + staff + "/delete"))
	has(t, p, "Deleted.", "There are no groups here.")
}

func (w *world) group(name string) (id string) {
	w.t.Helper()
	w.s.View(func(tx *store.Tx) error {
		list, err := tx.Groups(w.s.Snapshot(realm.DemoRealm).Realm.ID, store.GroupFilter{Search: name, Exact: true, Max: 10})
		for _, m := range list {
			id = m.Group.ID
		}
		return err
	})
	return id
}

func (w *world) role(name string) string {
	w.t.Helper()
	r := w.s.Snapshot(realm.DemoRealm).RoleNamed("", name)
	if r == nil {
		w.t.Fatalf("there is no role %s", name)
	}
	return r.ID
}

// Roles are made, composed, given, and deleted.
func TestRoles(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	p := w.open("roles/new").FormWith("description").Set("name", "buyer").Set("description", "May buy").Submit()
	has(t, p, "Created.", "buyer")
	p = w.open("roles/new").FormWith("description").Set("name", "buyer").Submit()
	has(t, p, "Role with name buyer already exists")
	buyer := w.role("buyer")
	p = w.open("roles/"+buyer+"/details").FormWith("description").Set("name", "").Submit()
	if p.Status != http.StatusBadRequest || !p.Has("This is needed.") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	p = p.FormWith("description").Set("name", "purchaser").Submit()
	has(t, p, "Saved.", "purchaser")
	has(t, w.open("roles?search=purch"), "purchaser", "May buy")

	snap := w.s.Snapshot(realm.DemoRealm)
	account := snap.ClientByClientID("account").ID
	view := snap.RoleNamed(account, "view-profile").ID
	p = tick(w.open("roles/"+buyer+"/associated-roles/assign"), "Assign roles", w.role("offline_access")+" ")
	has(t, p, "Saved.", "offline_access")
	p = tick(w.open("roles/"+buyer+"/associated-roles/assign?of=clients&search=view-profile"), "Assign roles", view+" "+account)
	has(t, p, "Saved.", "view-profile", "account")
	p = tick(w.open("users/"+ada+"/role-mapping/assign"), "Assign roles", buyer+" ")
	has(t, p, "Saved.", "purchaser")
	if p.Has("view-profile") {
		t.Error("inherited roles are shown before one asks for them")
	}
	has(t, w.open("users/"+ada+"/role-mapping?inherited=all"), "view-profile", "Inherited")
	has(t, w.open("roles/"+buyer+"/users-in-role"), "ada@example.test")
	p = tick(w.open("users/"+ada+"/role-mapping"), "Unassign", buyer+" ")
	has(t, p, "Unassign purchaser?")
	p = p.Press("Unassign")
	if p.Has("purchaser") {
		t.Errorf("%s", p.Text())
	}
	p = tick(w.open("roles/"+buyer+"/associated-roles"), "Unassign", view+" "+account).Press("Unassign")
	if p.Has("view-profile") {
		t.Errorf("%s", p.Text())
	}
	has(t, w.open("default-roles"), "default-roles-demo", "Associated roles")
	has(t, w.press(w.at("roles/"+buyer+"/delete")), "Deleted.")
	if w.s.Snapshot(realm.DemoRealm).RoleNamed("", "purchaser") != nil {
		t.Error("not deleted")
	}
}

// A link that the console makes signs its person in, once, and is shown once;
// links that are out can be revoked.
func TestMakeLink(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	open := w.open("users/" + ada + "/mail/make-link")
	p := open.FormWith("client_id").Set("client_id", "account-console").Set("redirect_uri", "https://elsewhere.example.test/").Submit()
	if p.Status != http.StatusBadRequest || !p.Has("has not registered this address") || p.FormWith("client_id").Values.Get("client_id") != "account-console" {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	p = p.FormWith("client_id").Set("redirect_uri", w.s.Base+"/realms/demo/account/").Submit()
	has(t, p, "it is shown this once")
	_, link, _ := strings.Cut(p.Text(), "Link http")
	link, _, _ = strings.Cut("http"+link, " ")
	list := w.open("users/" + ada + "/mail")
	has(t, list, "Link of an application", "account-console")
	p = list.Click("Revoke")
	has(t, p, "Revoke the link to account-console?")
	if p = p.Click("Cancel"); p.URL.String() != list.URL.String() {
		t.Errorf("who says no is at %s", p.URL)
	}
	p = w.s.Browser().Get(link)
	if p.Status != http.StatusOK || !p.Has("ada@example.test") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	has(t, w.press(w.at("users/"+ada+"/mail/links/revoke")), "No link is out.")
	if p := w.s.Browser().Get(link); p.Has("ada@example.test") {
		t.Errorf("a revoked link works: %s", p.Text())
	}
}

// An administrator becomes a person, in the account console.
func TestImpersonate(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	p := w.press(w.at("users/" + ada + "/impersonate"))
	if !strings.HasPrefix(p.URL.Path, "/realms/demo/account") || !p.Has("ada@example.test") {
		t.Errorf("%s %s", p.URL, p.Text())
	}
	has(t, w.open("users/"+ada+"/sessions"), "account-console")
	has(t, w.open("users"), "ada@example.test") // and still is who they are
}

// Consents are listed and revoked; links with identity providers are made and
// taken away.
func TestConsentsAndLinks(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	account := w.s.Snapshot(realm.DemoRealm).ClientByClientID("account-console")
	w.s.Update(func(tx *store.Tx) error {
		return tx.PutConsent(&latchkey.Consent{RealmID: account.RealmID, UserID: ada, ClientID: account.ID, CreatedAt: w.s.Clock.Now(), UpdatedAt: w.s.Clock.Now()})
	})
	has(t, w.open("users/"+ada+"/consents"), "account-console")
	has(t, w.press(w.at("users/"+ada+"/consents/account-console/revoke")), "Done.", "agreed to nothing")
	p := w.open("users/"+ada+"/identity-provider-links/add").FormWith("userId").Set("identityProvider", "github").Submit()
	if p.Status != http.StatusBadRequest || !p.Has("This is needed.") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	p = p.FormWith("userId").Set("userId", "4711").Set("userName", "ada").Submit()
	has(t, p, "Saved.", "github", "4711")
	has(t, w.press(w.at("users/"+ada+"/identity-provider-links/github/remove")), "No account elsewhere is linked.")
}

// offline gives somebody of realm demo an offline session.
func (w *world) offline(address string) {
	w.t.Helper()
	rp, b := w.s.RP("demo"), w.s.Browser()
	rp.Start(b, "scope", "openid offline_access").FormWith("username").Set("username", address).Submit()
	rp.Finish(b.Get(w.s.Mail.Wait(address).Link).Form(0).Submit())
}

// Sessions are seen, and end: one, those of a person, and all.
func TestSessions(t *testing.T) {
	w := newWorld(t)
	viewer := w.as("view-users")
	p := w.open("sessions")
	has(t, p, "view-users@example.test", "security-admin-console")
	has(t, w.open("sessions?search=view-users"), "view-users@example.test")
	has(t, w.open("sessions?search=nobody"), "Nothing matches")
	has(t, w.open("sessions?type=OFFLINE"), "Nothing")
	u := w.snapshotUser("view-users@example.test")
	p = w.open("users/" + u.ID + "/sessions")
	has(t, p, "security-admin-console", "127.0.0.1")
	if p := viewer.open("users/" + u.ID + "/sessions"); p.Has("Sign out everywhere") || p.Has("Actions for") {
		t.Error("who may only look is offered to end sessions")
	}
	var end string
	for _, l := range p.Links() {
		if strings.HasSuffix(l, "/end") {
			end = l
		}
	}
	p = w.press(w.s.Base + strings.TrimPrefix(end, w.s.Base))
	has(t, p, "The person is not signed in anywhere.")
	// A session that outlives the browser is listed by its kind, and ends.
	w.offline("view-users@example.test")
	p = w.open("users/" + u.ID + "/sessions?type=OFFLINE")
	has(t, p, "Offline", "127.0.0.1")
	has(t, w.open("users/"+u.ID+"/sessions"), "Regular 2026", "Offline 2026")
	hasNot(t, w.open("users/"+u.ID+"/sessions?type=REGULAR"), "Offline 2026")
	for _, l := range p.Links() {
		if strings.HasSuffix(l, "/end?offline=true") {
			end = l
		}
	}
	has(t, w.press(w.s.Base+strings.TrimPrefix(end, w.s.Base)), "Done.", "Regular 2026")
	has(t, w.open("users/"+u.ID+"/sessions?type=OFFLINE"), "Nothing")
	w.as("view-realm")
	p = w.press(w.at("sessions/end-all"))
	if p.Has("view-realm@example.test") {
		t.Errorf("%s", p.Text())
	}
	p = w.open("sessions/revocation")
	has(t, p, "Nothing is revoked")
	p = w.press(w.at("sessions/revocation/now"))
	has(t, p, "Saved.", "2026-")
	if w.s.Snapshot(realm.DemoRealm).Realm.NotBefore != w.s.Clock.Now().Unix() {
		t.Error("nothing is revoked")
	}
	p = formAt(t, p, w.at("sessions/revocation/clear")).Submit()
	has(t, p, "Nothing is revoked")
	if w.s.Snapshot(realm.DemoRealm).Realm.NotBefore != 0 {
		t.Error("still revoked")
	}
	has(t, formAt(t, p, w.at("sessions/revocation/push")).Submit(), "Done.")
}

// Whoever may only look is offered nothing that changes anything, and what they
// send all the same is refused.
func TestPeopleLooked(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	w.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		return tx.CreateGroup(&latchkey.Group{RealmID: snap.Realm.ID, Name: "staff"})
	})
	staff := w.group("staff")
	v := w.as("view-users", "view-realm", "query-groups")
	for _, path := range []string{"users", "users/" + ada + "/settings", "users/" + ada + "/credentials", "users/" + ada + "/role-mapping", "users/" + ada + "/groups",
		"users/" + ada + "/consents", "users/" + ada + "/sessions", "users/" + ada + "/identity-provider-links", "users/" + ada + "/mail",
		"groups", "groups/" + staff + "/settings", "groups/" + staff + "/sub-groups", "groups/" + staff + "/members", "groups/" + staff + "/attributes",
		"groups/" + staff + "/role-mapping", "groups/default", "roles", "roles/" + w.role("offline_access") + "/details", "roles/" + w.role("offline_access") + "/associated-roles",
		"sessions", "sessions/revocation"} {
		p := v.open(path)
		for _, f := range p.Forms() {
			if f.Method == http.MethodPost && !strings.HasSuffix(f.Action, "/sign-out") && f.Action != v.at(path) {
				t.Errorf("%s offers %s", path, f.Action)
			}
		}
		for _, word := range []string{"Save", "Delete", "Unassign", "Add user", "Assign roles", "Set password", "Make a link", "Create group", "Impersonate"} {
			for _, f := range p.Forms() {
				if f.Has(word) {
					t.Errorf("%s has a button %q", path, word)
				}
			}
			if p.Link(word) != "" {
				t.Errorf("%s has a link %q", path, word)
			}
		}
	}
	p := v.open("users/" + ada + "/settings")
	f := formAt(t, p, p.URL.String())
	f.Values.Set("firstName", "Eve")
	if p = f.Submit(); p.Status != http.StatusForbidden {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	if u := w.snapshotUser("ada@example.test"); u.FirstName != "" {
		t.Error("changed")
	}
}
