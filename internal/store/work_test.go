package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// whether a thing exists, or a limit is hit, does not show in how much
// the database is asked.
func TestEqualWork(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.user("ann", "ann@example.com")
		disabled := w.user("bob", "bob@example.com")
		disabled.Enabled = false
		w.update(func(tx *store.Tx) error { return tx.UpdateUser(disabled) })
		l := w.login("browser", "tab")
		w.token("good", nil)
		w.token("used", nil)
		w.redeem("used")
		w.update(func(tx *store.Tx) error {
			for name, acts := range map[string][]func(){
				"UserByEmail": {
					func() { _, _ = tx.UserByEmail(id, "ann@example.com") },
					func() { _, _ = tx.UserByEmail(id, "bob@example.com") },
					func() { _, _ = tx.UserByEmail(id, "nobody@example.com") },
					func() { _, _ = tx.UserByEmail(id, "") },
				},
				"Take": {
					func() {
						_, _, _ = take(tx, id, store.Bucket{Name: "mail", Key: []byte("k"), Interval: time.Hour, Burst: 1})
					},
					func() {
						_, _, _ = take(tx, id, store.Bucket{Name: "mail", Key: []byte("k"), Interval: time.Hour, Burst: 1})
					},
					func() {
						_, _ = tx.Take(id, store.Bucket{Name: "a", Key: []byte("k")}, store.Bucket{Name: "b", Key: []byte("k")})
					},
				},
				"AddressMark": {
					func() { _, _, _, _ = tx.AddressMark(id, []byte("k")) },
				},
				"CountCodeTry": {
					func() { _, _ = tx.CountCodeTry(id, l.ID, 1) },
					func() { _, _ = tx.CountCodeTry(id, l.ID, 1) },
					func() { _, _ = tx.CountCodeTry(id, "nobody", 1) },
				},
				"RedeemActionToken": {
					func() { _, _ = tx.RedeemActionToken(id, "good") },
					func() { _, _ = tx.RedeemActionToken(id, "used") },
					func() { _, _ = tx.RedeemActionToken(id, "unknown") },
				},
				"OpenActionToken": {
					func() { _, _ = tx.OpenActionToken(id, "good") },
					func() { _, _ = tx.OpenActionToken(id, "unknown") },
				},
				"CreateMessage": {
					func() { _ = tx.CreateMessage(&latchkey.Message{RealmID: id, Address: "ann@example.com"}) },
					func() {
						_ = tx.CreateMessage(&latchkey.Message{RealmID: id, Address: "x@example.com", State: latchkey.MessageWithheld})
					},
				},
			} {
				for i, act := range acts {
					if n := tx.Statements(act); n != 1 {
						w.Errorf("%s, case %d: %d statements", name, i, n)
					}
				}
			}
			return nil
		})
	})
}

// Every step of a flow asks who the person is: an Update reads the row once,
// and again when it has written users.
func TestUserIsReadOnce(t *testing.T) {
	promise(t, func(w *world) {
		ann := w.user("ann", "ann@example.com")
		w.update(func(tx *store.Tx) error {
			read := func() (u *latchkey.User) {
				u, err := tx.User(ann.RealmID, ann.ID)
				if err != nil {
					w.Fatal(err)
				}
				return u
			}
			first := read()
			first.AddRequiredAction("never saved")
			first.Attributes = map[string][]string{"never": {"saved"}}
			if n := tx.Statements(func() { w.same(read(), ann) }); n != 0 {
				w.Errorf("read again, with %d statements", n)
			}
			ann.FirstName, ann.Attributes = "Ann", map[string][]string{"a": {"b"}}
			if err := tx.UpdateUser(ann); err != nil {
				return err
			}
			w.same(read(), ann)
			read().Attributes["a"][0] = "changed in a copy"
			w.same(read(), ann)
			locked, err := tx.LockUser(ann.RealmID, ann.ID)
			w.same(locked, ann)
			return err
		})
		bob := &latchkey.User{RealmID: ann.RealmID, Username: "Bob", Email: "bob@example.com", Attributes: map[string][]string{"a": {"b"}}}
		known := func(tx *store.Tx, what string) {
			if n := tx.Statements(func() {
				u, err := tx.User(bob.RealmID, bob.ID)
				w.same(u, bob)
				if err != nil {
					w.Errorf("%s: %v", what, err)
				}
			}); n != 0 {
				w.Errorf("%s: read with %d statements", what, n)
			}
		}
		w.update(func(tx *store.Tx) error {
			err := tx.CreateUser(bob)
			known(tx, "made")
			return err
		})
		w.update(func(tx *store.Tx) error {
			locked, err := tx.LockUserByEmail(bob.RealmID, "Bob@example.com")
			w.same(locked, bob) // as it was made
			known(tx, "locked by address")
			return err
		})
	})
}

// What a look ahead gave to AfterCommit happens when it went well, and only
// in a view.
func TestLookAhead(t *testing.T) {
	promise(t, func(w *world) {
		var did []string
		look := func(tx *store.Tx, name string, well bool) bool {
			return tx.LookAhead(func() bool {
				tx.AfterCommit(func() { did = append(did, name) })
				return well
			})
		}
		w.view(func(tx *store.Tx) error {
			tx.AfterCommit(func() { did = append(did, "before") })
			if !look(tx, "well", true) || look(tx, "badly", false) {
				w.Error("it says otherwise than it went")
			}
			return nil
		})
		w.update(func(tx *store.Tx) error {
			if look(tx, "in an update", true) {
				w.Error("an update looked ahead")
			}
			return nil
		})
		if !slices.Equal(did, []string{"before", "well"}) {
			w.Errorf("%v", did)
		}
	})
}

// What the database is asked is counted, and a group that has nothing to write
// is no commit.
func TestWorkIsCounted(t *testing.T) {
	promise(t, func(w *world) {
		postgres := w.db.Dialect() == "postgres"
		count := func(act func()) store.Work {
			before := w.db.Work()
			act()
			now := w.db.Work()
			return store.Work{Statements: now.Statements - before.Statements, Transactions: now.Transactions - before.Transactions,
				Commits: now.Commits - before.Commits, RoundTrips: now.RoundTrips - before.RoundTrips}
		}
		w.token("good", nil)
		read := func(tx *store.Tx) error { _, err := tx.Meta("master-key-canary"); return err }
		fail := func(f func(*store.Tx) error) {
			err := w.db.Update(w.Context(), func(tx *store.Tx) error { return errors.Join(f(tx), latchkey.Invalid("a", "No.")) })
			if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
				w.Error(err)
			}
		}
		for name, test := range map[string]struct {
			act  func()
			want store.Work
		}{
			"view":             {func() { w.view(read) }, store.Work{Statements: 1, RoundTrips: 1}},
			"update that read": {func() { w.update(read) }, store.Work{Statements: 1, Transactions: 1, RoundTrips: 1}},
			"update of which nothing is asked": {func() {
				w.update(func(tx *store.Tx) error { return errors.Join(tx.SetMeta("a", "b"), tx.SetMeta("c", "d")) })
			}, store.Work{Statements: 2, Transactions: 1, Commits: 1, RoundTrips: 1}},
			"update that asks": {func() {
				w.update(func(tx *store.Tx) error {
					_, err := tx.OpenActionToken(w.realm.ID, "good") // BEGIN goes with it
					return errors.Join(err, tx.SetMeta("a", "b"), tx.SetMeta("c", "d"))
				})
			}, store.Work{Statements: 3, Transactions: 1, Commits: 1, RoundTrips: 2}},
			"update that reads what it wrote": {func() {
				w.update(func(tx *store.Tx) error { return errors.Join(tx.SetMeta("a", "b"), read(tx)) })
			}, store.Work{Statements: 2, Transactions: 1, Commits: 1, RoundTrips: 2}},
			"update that failed": {func() { fail(func(tx *store.Tx) error { return tx.SetMeta("a", "c") }) },
				store.Work{Statements: 1, Transactions: 1}},
			"update that failed after an answer": {func() {
				fail(func(tx *store.Tx) error { _, err := tx.OpenActionToken(w.realm.ID, "good"); return err })
			}, store.Work{Statements: 1, Transactions: 1, RoundTrips: 2}},
		} {
			test.act() // prepares
			if !postgres {
				test.want.RoundTrips = 0
			}
			if got := count(test.act); got != test.want {
				w.Errorf("%s: %+v, not %+v", name, got, test.want)
			}
		}
	})
}
