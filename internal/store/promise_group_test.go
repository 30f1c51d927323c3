package store_test

import (
	"fmt"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// group makes a group of the realm.
func (w *world) group(parent, name string, roles ...string) *latchkey.Group {
	w.Helper()
	g := &latchkey.Group{RealmID: w.realm.ID, ParentID: parent, Name: name, Roles: roles}
	w.update(func(tx *store.Tx) error { return tx.CreateGroup(g) })
	return g
}

// Groups stand in a tree, are found by path, and hand their roles down to who
// is in a group below.
func TestGroups(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		staff := w.group("", "staff", "r-staff")
		west := w.group(staff.ID, "west", "r-west", "r-staff")
		leads := w.group(west.ID, "leads")
		other := w.group("", "other", "r-other")
		ann, bob := w.user("ann", "ann@example.com"), w.user("bob", "bob@example.com")
		w.update(func(tx *store.Tx) error {
			for _, g := range []*latchkey.Group{leads, other, leads} {
				if err := tx.JoinGroup(id, ann.ID, g.ID); err != nil {
					return err
				}
			}
			return tx.AddUserRole(id, ann.ID, "r-own")
		})
		w.view(func(tx *store.Tx) error {
			list, err := tx.UserGroups(id, ann.ID)
			if err != nil {
				return err
			}
			var paths []string
			for _, m := range list {
				paths = append(paths, m.Path())
			}
			if got := fmt.Sprint(paths); got != "[/other /staff/west/leads]" {
				w.Errorf("paths %s", got)
			}
			h, err := tx.Holdings(id, ann.ID)
			if err != nil {
				return err
			}
			held := map[string]bool{}
			for _, r := range h.RoleIDs() {
				if held[r] {
					w.Errorf("%s twice", r)
				}
				held[r] = true
			}
			if len(held) != 4 || !held["r-own"] || !held["r-staff"] || !held["r-west"] || !held["r-other"] {
				w.Errorf("roles %v", held)
			}
			if h, err = tx.Holdings(id, bob.ID); err != nil || len(h.RoleIDs()) != 0 {
				w.Errorf("bob holds %v, %v", h.RoleIDs(), err)
			}
			m, err := tx.GroupByPath(id, "/staff/west/leads")
			if err != nil || m.Group.ID != leads.ID || m.Path() != "/staff/west/leads" {
				w.Errorf("by path: %v, %v", m, err)
			}
			if _, err := tx.GroupByPath(id, "/staff/leads"); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				w.Errorf("a path of no group: %v", err)
			}
			members, err := tx.GroupMembers(id, leads.ID, 0, 10)
			if err != nil || len(members) != 1 || members[0].ID != ann.ID {
				w.Errorf("members %v, %v", members, err)
			}
			if members, err = tx.MembersBelow(id, staff.ID, 0, 10); err != nil || len(members) != 1 || members[0].ID != ann.ID {
				w.Errorf("members of the group and those below, each once: %v, %v", members, err)
			}
			return nil
		})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error {
			return tx.CreateGroup(&latchkey.Group{RealmID: id, ParentID: staff.ID, Name: "west"})
		})
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error {
			return tx.CreateGroup(&latchkey.Group{RealmID: id, ParentID: "nowhere", Name: "x"})
		})
		w.refused(latchkey.CodeInvalid, func(tx *store.Tx) error { return tx.MoveGroup(id, staff.ID, leads.ID) })
		w.refused(latchkey.CodeInvalid, func(tx *store.Tx) error { return tx.MoveGroup(id, staff.ID, staff.ID) })
		w.update(func(tx *store.Tx) error {
			gone, err := tx.DeleteGroup(id, staff.ID)
			if len(gone) != 3 {
				w.Errorf("deleted %v", gone)
			}
			return err
		})
		w.view(func(tx *store.Tx) error {
			left, err := tx.AllGroups(id)
			if err != nil || len(left) != 1 || left[0].ID != other.ID {
				w.Errorf("left %v, %v", left, err)
			}
			h, err := tx.Holdings(id, ann.ID)
			if err == nil && len(h.Memberships) != 1 {
				w.Errorf("ann is in %d groups", len(h.Memberships))
			}
			return err
		})
	})
}

// A consent is kept for a person and a client, and goes with them.
func TestConsent(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		ann := w.user("ann", "ann@example.com")
		c := &latchkey.Consent{RealmID: id, UserID: ann.ID, ClientID: "c", Scopes: []string{"a"}}
		w.update(func(tx *store.Tx) error { return tx.PutConsent(c) })
		first := w.clock.Now()
		w.clock.Advance(5e9)
		c.Scopes = []string{"a", "b"}
		w.update(func(tx *store.Tx) error { return tx.PutConsent(c) })
		w.view(func(tx *store.Tx) error {
			got, err := tx.Consent(id, ann.ID, "c")
			if err == nil && (!got.CreatedAt.Equal(first) || !got.UpdatedAt.Equal(w.clock.Now()) || len(got.Scopes) != 2) {
				w.Errorf("%+v", got)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.DeleteUser(id, ann.ID) })
		w.view(func(tx *store.Tx) error {
			list, err := tx.Consents(id, ann.ID)
			if len(list) != 0 {
				w.Errorf("left %+v", list)
			}
			return err
		})
	})
}
