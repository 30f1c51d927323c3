package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// groups lists groups by path.
func (w *world) groups(f store.GroupFilter) string {
	w.Helper()
	var paths []string
	w.view(func(tx *store.Tx) error {
		list, err := tx.Groups(w.realm.ID, f)
		for _, m := range list {
			paths = append(paths, m.Path())
		}
		n, counted := tx.CountGroups(w.realm.ID, f)
		if f.Max == 0 && n != len(list) {
			w.Errorf("%+v: %d listed, %d counted", f, len(list), n)
		}
		if counted != nil {
			return counted
		}
		return err
	})
	return strings.Join(paths, " ")
}

// Groups are listed by level, name, attribute and role, in parts, each with
// those above it.
func TestGroupLists(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		staff := w.group("", "staff", "r-1")
		west := w.group(staff.ID, "West_1", "r-1", "r-2")
		w.group(west.ID, "west 21")
		w.group("", "other", "r-10")
		w.update(func(tx *store.Tx) error {
			g, err := tx.LockGroup(id, west.ID)
			if err != nil {
				return err
			}
			g.Attributes = map[string][]string{"team": {"a", "b"}, `we"ird]`: {`'"}`}}
			return tx.UpdateGroup(g)
		})
		for _, c := range []struct {
			f    store.GroupFilter
			want string
		}{
			{store.GroupFilter{Level: true}, "/other /staff"},
			{store.GroupFilter{Level: true, Parent: staff.ID}, "/staff/West_1"},
			{store.GroupFilter{Level: true, Parent: "none"}, ""},
			{store.GroupFilter{Level: true, First: 1, Max: 1}, "/staff"},
			{store.GroupFilter{Search: "WEST"}, "/staff/West_1 /staff/West_1/west 21"},
			{store.GroupFilter{Search: "t_1"}, "/staff/West_1"},
			{store.GroupFilter{Search: "%"}, ""},
			{store.GroupFilter{Search: "West_1", Exact: true}, "/staff/West_1"},
			{store.GroupFilter{Search: "west_1", Exact: true}, ""},
			{store.GroupFilter{Attributes: map[string]string{"team": "b"}}, "/staff/West_1"},
			{store.GroupFilter{Attributes: map[string]string{"team": "b", `we"ird]`: `'"}`}}, "/staff/West_1"},
			{store.GroupFilter{Attributes: map[string]string{"team": "b", "no": "a"}}, ""},
			{store.GroupFilter{Attributes: map[string]string{"team": "ab"}}, ""},
			{store.GroupFilter{Role: "r-1"}, "/staff/West_1 /staff"},
			{store.GroupFilter{Role: "r-2"}, "/staff/West_1"},
			{store.GroupFilter{Role: "r-3"}, ""},
		} {
			got, want := strings.Split(w.groups(c.f), " /"), strings.Split(c.want, " /")
			slices.Sort(got) // which of upper and lower case comes first is the database's to say
			slices.Sort(want)
			if strings.ReplaceAll(strings.Join(got, " "), "/", "") != strings.ReplaceAll(strings.Join(want, " "), "/", "") {
				w.Errorf("%+v: %q, want %q", c.f, got, want)
			}
		}
		w.view(func(tx *store.Tx) error {
			counts, err := tx.SubGroupCounts(id, []string{staff.ID, west.ID, "none"})
			w.same(counts, map[string]int{staff.ID: 1, west.ID: 1})
			return err
		})
	})
}

// A group is found by a path whose names hold slashes, and moved with what is
// below it.
func TestGroupPaths(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		a, b := w.group("", "a/b"), w.group("", "b")
		child := w.group(a.ID, "child")
		w.group(b.ID, "taken")
		w.group("", "taken")
		find := func(path string) string {
			found := ""
			w.view(func(tx *store.Tx) error {
				m, err := tx.GroupByPath(id, path)
				if err == nil {
					found = m.Group.ID
				}
				return nil
			})
			return found
		}
		if find("/a~/b/child") != child.ID || find("a~/b/child/") != child.ID || find("/a/b/child") != "" || find("") != "" || find("/") != "" {
			w.Error("a name with a slash")
		}
		w.update(func(tx *store.Tx) error { return tx.MoveGroup(id, a.ID, b.ID) })
		if find("/b/a~/b/child") != child.ID {
			w.Error("not moved")
		}
		w.update(func(tx *store.Tx) error { return tx.MoveGroup(id, child.ID, "") })
		if find("/child") != child.ID {
			w.Error("not moved to the top")
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.MoveGroup(id, child.ID, "none") })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.MoveGroup(id, "none", "") })
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error {
			m, err := tx.GroupByPath(id, "/b/taken")
			if err != nil {
				return err
			}
			return tx.MoveGroup(id, m.Group.ID, "")
		})
	})
}

// Of two moves at once that would put two groups below each other one is
// refused, and no group is made below one that is deleted meanwhile.
func TestGroupTreeRaces(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		for round := range 20 {
			a, b := w.group("", fmt.Sprint("a", round)), w.group("", fmt.Sprint("b", round))
			other := w.node()
			var wg sync.WaitGroup
			run := func(db *store.DB, f func(*store.Tx) error) {
				wg.Go(func() {
					if err := db.Update(w.Context(), f); err != nil && latchkey.ErrorCode(err) == "" {
						w.Error(err)
					}
				})
			}
			run(w.db, func(tx *store.Tx) error { return tx.MoveGroup(id, a.ID, b.ID) })
			run(other, func(tx *store.Tx) error { return tx.MoveGroup(id, b.ID, a.ID) })
			wg.Wait()
			top := w.strings(`SELECT parent_id FROM realm_group WHERE id IN ('` + a.ID + `', '` + b.ID + `') AND parent_id = ''`)
			if len(top) != 1 {
				w.Fatalf("%d of the two are at the top", len(top))
			}
			c := w.group("", fmt.Sprint("c", round))
			run(w.db, func(tx *store.Tx) error {
				return tx.CreateGroup(&latchkey.Group{RealmID: id, ParentID: c.ID, Name: "below"})
			})
			run(other, func(tx *store.Tx) error { _, err := tx.DeleteGroup(id, c.ID); return err })
			wg.Wait()
			if left := w.strings(`SELECT id FROM realm_group WHERE parent_id = '` + c.ID + `'`); len(left) != 0 {
				w.Fatal("a group stands below one that does not exist")
			}
		}
	})
}

// The users of a role that everybody has are listed as those of any other.
func TestManyRoleUsers(t *testing.T) {
	promise(t, func(w *world) {
		id, n := w.realm.ID, store.FewUsers+50
		w.update(func(tx *store.Tx) error {
			for i := range n {
				u := &latchkey.User{RealmID: id, Username: fmt.Sprintf("u%05d", n-i)}
				if err := tx.CreateUser(u); err != nil {
					return err
				}
				if err := tx.AddUserRole(id, u.ID, "all"); err != nil {
					return err
				}
				if i%1000 == 0 {
					if err := tx.AddUserRole(id, u.ID, "some"); err != nil {
						return err
					}
				}
			}
			return tx.CreateUser(&latchkey.User{RealmID: id, Username: "a"})
		})
		w.view(func(tx *store.Tx) error {
			list, err := tx.RoleUsers(id, "all", 2, 2)
			if err != nil || len(list) != 2 || list[0].Username != "u00003" || list[1].Username != "u00004" {
				w.Errorf("%v, %v", list, err)
			}
			list, err = tx.RoleUsers(id, "some", 1, 5)
			if err != nil || len(list) != 2 || list[0].Username >= list[1].Username {
				w.Errorf("%v, %v", list, err)
			}
			return nil
		})
	})
}
