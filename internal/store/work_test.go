package store_test

import (
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
					func() { _, _, _ = tx.Take(id, "mail", []byte("k"), time.Hour, 1) },
					func() { _, _, _ = tx.Take(id, "mail", []byte("k"), time.Hour, 1) },
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
