package store_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

func TestLoginFailure(t *testing.T) {
	promise(t, func(w *world) {
		id, now := w.realm.ID, w.clock.Now()
		f := &latchkey.LoginFailure{RealmID: id, Subject: "ann", Failures: 3, Lockouts: 1, NotBefore: now.Add(time.Minute), LastFailure: now, LastIP: "192.0.2.1"}
		closed := &latchkey.LoginFailure{RealmID: id, Subject: "bob", Closed: true}
		w.update(func(tx *store.Tx) error {
			for _, one := range []*latchkey.LoginFailure{f, closed} {
				fresh, err := tx.LockLoginFailure(id, one.Subject)
				if err != nil {
					return err
				}
				w.same(fresh, &latchkey.LoginFailure{RealmID: id, Subject: one.Subject})
				if err := tx.SaveLoginFailure(one, now.Add(time.Hour)); err != nil {
					return err
				}
			}
			again, err := tx.LockLoginFailure(id, "ann")
			w.same(again, f)
			return err
		})
		w.view(func(tx *store.Tx) error {
			got, err := tx.LoginFailure(id, "ann")
			w.same(got, f)
			return err
		})
		w.clock.Advance(2 * time.Hour)
		if _, err := w.db.Sweep(t.Context(), 100); err != nil {
			w.Fatal(err)
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.LoginFailure(id, "ann"); return err })
		w.update(func(tx *store.Tx) error {
			if _, err := tx.LoginFailure(id, "bob"); err != nil {
				w.Errorf("what is closed was forgotten: %v", err)
			}
			for _, want := range []bool{true, false} {
				if had, err := tx.DeleteLoginFailure(id, "bob"); had != want || err != nil {
					w.Errorf("%v, %v", had, err)
				}
			}
			if _, err := tx.LockLoginFailure(id, "carl"); err != nil {
				return err
			}
			if err := tx.DeleteLoginFailures(id); err != nil {
				return err
			}
			if _, err := tx.LoginFailure(id, "carl"); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				w.Errorf("%v", err)
			}
			return nil
		})
	})
}

// A code is used up, and with it all that were before it (RFC 6238 5.2).
func TestUseOTP(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		c := &latchkey.Credential{RealmID: id, UserID: w.user("ann", "").ID, Type: latchkey.CredentialOTP, SecretData: "s", CredentialData: "{}", Counter: 5}
		w.update(func(tx *store.Tx) error {
			if err := tx.CreateCredential(c); err != nil {
				return err
			}
			for _, step := range []struct {
				used int64
				ok   bool
			}{{4, false}, {5, true}, {5, false}, {9, true}, {7, false}, {10, true}} {
				if ok, err := tx.UseOTP(id, c.ID, step.used, `{"n":1}`); ok != step.ok || err != nil {
					w.Errorf("%+v: %v, %v", step, ok, err)
				}
			}
			// What changes a device does not make its codes good again.
			c.UserLabel = "phone"
			if err := tx.UpdateCredential(c); err != nil {
				return err
			}
			list, err := tx.Credentials(id, c.UserID)
			if len(list) != 1 || list[0].Counter != 11 || list[0].UserLabel != "phone" {
				w.Errorf("%+v", list)
			}
			return err
		})
	})
}
