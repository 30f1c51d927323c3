package store_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// Rows of sessions cost one write a sign-in and at most one a refresh: a use
// is recorded when the last record is older than a slack, which is a minute,
// and for a short idle time a twentieth of it.
func TestSessionWrites(t *testing.T) {
	promise(t, func(w *world) {
		realm := *w.realm
		realm.SSOSessionIdleTimeout, realm.SSOSessionMaxLifespan = 1800, 36000
		snap := (&latchkey.Snapshot{Realm: &realm}).Index()
		u, client := w.user("ann", "ann@example.com"), &latchkey.Client{RealmID: realm.ID, ID: "c", ClientID: "app"}
		var s *latchkey.UserSession
		var part *latchkey.ClientSession
		w.update(func(tx *store.Tx) error {
			if n := tx.Statements(func() { s, _, _ = session.Start(tx, snap, u, &latchkey.Login{}, latchkey.Browser{}) }); n != 1 {
				w.Errorf("a sign-in costs %d statements", n)
			}
			if n := tx.Statements(func() { part, _ = session.AttachClient(tx, snap, s, client, latchkey.AuthorizationRequest{}) }); n != 2 {
				w.Errorf("an application costs %d statements, a look and a row", n)
			}
			return nil
		})
		touches := func(want int, when string) {
			w.Helper()
			w.update(func(tx *store.Tx) error {
				n := tx.Statements(func() {
					if err := session.Touch(tx, &realm, s); err != nil {
						w.Error(err)
					}
					if err := session.TouchClient(tx, &realm, client, s, part); err != nil {
						w.Error(err)
					}
				})
				if n != want {
					w.Errorf("%s: %d writes, want %d", when, n, want)
				}
				return nil
			})
		}
		touches(0, "right after the sign-in")
		w.clock.Advance(time.Minute - time.Millisecond)
		touches(0, "within a minute")
		w.clock.Advance(time.Millisecond)
		touches(1, "after a minute")
		touches(0, "right after that")
		realm.SSOSessionIdleTimeout = 100
		w.clock.Advance(5 * time.Second)
		touches(1, "after a twentieth of a short idle time")
		w.update(func(tx *store.Tx) error {
			family := ""
			if n := tx.Statements(func() { family, _ = session.OpenFamily(tx, part, "one") }); n != 1 || family == "" {
				w.Errorf("a line of refresh tokens costs %d statements", n)
			}
			if n := tx.Statements(func() { _, _ = session.Rotate(tx, &realm, part, family, "one") }); n != 1 {
				w.Errorf("a rotation costs %d statements", n)
			}
			return nil
		})
	})
}
