package store_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// One statement gives what an answer about a session is made from, and the
// same as the nouns' own reads do.
func TestStanding(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		ann, bob := w.user("ann", "ann@example.com"), w.user("bob", "bob@example.com")
		s, other := w.session(ann.ID, "cookie-1"), w.session(bob.ID, "cookie-2")
		orphan := w.session("nobody", "cookie-3")
		night := w.group(w.group("", "staff", "role-of-staff").ID, "night")
		w.update(func(tx *store.Tx) error {
			for _, role := range []string{"role, two", `role "one"`, "röle"} {
				if err := tx.AddUserRole(id, ann.ID, role); err != nil {
					return err
				}
			}
			if _, err := tx.UseJTI(id, "", "taken-back", w.clock.Now().Add(time.Hour)); err != nil {
				return err
			}
			return tx.JoinGroup(id, bob.ID, night.ID)
		})
		check := func(s *latchkey.UserSession, u *latchkey.User, client, jti string, statements int) *store.Standing {
			w.Helper()
			var st *store.Standing
			w.update(func(tx *store.Tx) (err error) {
				if n := tx.Statements(func() { st, err = tx.Standing(id, s.ID, client, jti) }); n != statements {
					w.Errorf("%d statements, want %d", n, statements)
				}
				if err != nil {
					return err
				}
				w.same(st.Session, s)
				w.same(st.User, u)
				held, err := tx.Holdings(id, u.ID)
				w.same(st.Holdings, held)
				return err
			})
			return st
		}
		st := check(s, ann, "app", "taken-back", 1)
		w.view(func(tx *store.Tx) error {
			part, err := tx.ClientSession(id, s.ID, "app")
			w.same(st.Part, part)
			return err
		})
		if !st.Revoked || len(st.Holdings.Roles) != 3 {
			w.Errorf("revoked %v, roles %q", st.Revoked, st.Holdings.Roles)
		}
		if st = check(s, ann, "another", "good", 1); st.Part != nil || st.Revoked {
			w.Errorf("another client holds %+v, revoked %v", st.Part, st.Revoked)
		}
		if st = check(other, bob, "app", "", 2); len(st.Holdings.Memberships) != 1 || st.Holdings.Memberships[0].Path() != "/staff/night" {
			w.Errorf("groups %+v", st.Holdings.Memberships)
		}
		for _, key := range [][2]string{{id, "x"}, {"other", s.ID}, {id, orphan.ID}} {
			w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Standing(key[0], key[1], "app", ""); return err })
		}
	})
}

func TestServiceAccountStanding(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		u := &latchkey.User{RealmID: id, Username: "service-account-app", Enabled: true, ServiceAccountClientID: "app"}
		w.update(func(tx *store.Tx) error {
			if err := tx.CreateUser(u); err != nil {
				return err
			}
			if _, err := tx.UseJTI(id, "", "taken-back", w.clock.Now().Add(time.Hour)); err != nil {
				return err
			}
			return tx.AddUserRole(id, u.ID, "role")
		})
		w.view(func(tx *store.Tx) error {
			for jti, revoked := range map[string]bool{"": false, "good": false, "taken-back": true} {
				st, err := tx.ServiceAccountStanding(id, "app", jti)
				if err != nil {
					return err
				}
				w.same(st, &store.Standing{User: u, Holdings: &latchkey.Holdings{Roles: []string{"role"}}, Revoked: revoked})
			}
			return nil
		})
		for _, client := range []string{"", "another"} {
			w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.ServiceAccountStanding(id, client, ""); return err })
		}
	})
}
