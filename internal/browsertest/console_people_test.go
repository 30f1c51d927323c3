package browsertest_test

import (
	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
)

// peoplePages are the pages of users, groups, roles and sessions, with people
// to see.
func peoplePages(d *desk) []string {
	snap := d.s.Snapshot(realm.DemoRealm)
	ada := d.s.AddUser(realm.DemoRealm, "ada.lovelace@example.test", "a long secret", func(u *latchkey.User) {
		u.FirstName, u.LastName, u.EmailVerified = "Ada", "Lovelace", true
		u.RequiredActions = []string{latchkey.ActionUpdateProfile}
	})
	for _, name := range []string{"grace", "alan", "edsger"} {
		d.s.AddUser(realm.DemoRealm, name+"@example.test", "", func(u *latchkey.User) { u.Enabled = name != "alan" })
	}
	staff := &latchkey.Group{RealmID: snap.Realm.ID, Name: "Staff", Description: "All who work here"}
	d.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		changed.Profile.UnmanagedAttributePolicy = latchkey.UnmanagedEnabled
		if err := tx.UpdateRealm(&changed); err != nil {
			return err
		}
		if err := tx.CreateGroup(staff); err != nil {
			return err
		}
		if err := tx.CreateGroup(&latchkey.Group{RealmID: snap.Realm.ID, Name: "Night shift", ParentID: staff.ID}); err != nil {
			return err
		}
		if err := tx.CreateGroup(&latchkey.Group{RealmID: snap.Realm.ID, Name: "Guests"}); err != nil {
			return err
		}
		return tx.JoinGroup(snap.Realm.ID, ada.ID, staff.ID)
	})
	role := snap.RoleNamed("", "offline_access").ID
	user, group := "users/"+ada.ID+"/", "groups/"+staff.ID+"/"
	d.mailTo(user)
	return []string{
		"users", "users/add-user", user + "settings", user + "attributes", user + "credentials", user + "credentials/set-password",
		user + "credentials/send-email", user + "role-mapping", user + "role-mapping/assign", user + "groups", user + "groups/join", user + "consents",
		user + "sessions", user + "identity-provider-links", user + "identity-provider-links/add", user + "mail", user + "mail/make-link", user + "delete",
		"groups?open=" + staff.ID, "groups/new", "groups/default", group + "settings", group + "sub-groups", group + "members", group + "members/add",
		group + "attributes", group + "role-mapping", group + "move", "roles", "roles/new", "roles/" + role + "/details", "roles/" + role + "/associated-roles",
		"roles/" + role + "/users-in-role", "sessions", "sessions/revocation", "sessions/end-all",
	}
}

// mailTo has the console mail a user twice.
func (d *desk) mailTo(user string) {
	d.t.Helper()
	d.p.Goto(d.at(user + "credentials"))
	d.p.Follow("form[action$=send-verify-email] button")
	d.p.Goto(d.at(user + "credentials/send-email"))
	d.p.Click("input[value=UPDATE_PASSWORD]")
	d.p.Follow(".savebar .main")
}
