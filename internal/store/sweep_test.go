package store_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// sweep deletes all that is over.
func (w *world) sweep() (deleted int) {
	w.Helper()
	for {
		n, err := w.db.Sweep(w.Context(), 1000)
		if err != nil {
			w.Fatal(err)
		}
		if deleted += n; n < 1000 {
			return deleted
		}
	}
}

// left says which things are in a table, by one of its columns.
func (w *world) left(table, column string) string {
	w.Helper()
	return fmt.Sprint(w.strings("SELECT " + column + " FROM " + table + " ORDER BY 1"))
}

// links and codes go a day after their end, logins an hour.
func TestSweepAfterTheEnd(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.login("b", "ended early")
		w.login("b", "never ended")
		early := w.strings("SELECT id FROM login WHERE tab_id = 'ended early'")[0]
		w.update(func(tx *store.Tx) error { _, err := tx.EndLogin(id, early, latchkey.EndFinished); return err })
		saved := w.login("b", "saved an end")
		saved.EndedAt = w.clock.Now()
		w.update(func(tx *store.Tx) error { return tx.SaveLogin(saved) })
		w.token("month, used", func(t *latchkey.ActionToken) { t.ExpiresAt = w.clock.Now().Add(30 * 24 * time.Hour) })
		w.token("month, reusable", func(t *latchkey.ActionToken) {
			t.Reusable, t.ExpiresAt = true, w.clock.Now().Add(30*24*time.Hour)
		})
		w.token("month, void", func(t *latchkey.ActionToken) { t.LoginID, t.ExpiresAt = "l", w.clock.Now().Add(30*24*time.Hour) })
		w.token("ten minutes", nil)
		w.redeem("month, used")
		w.redeem("month, reusable")
		w.update(func(tx *store.Tx) error { return tx.VoidActionTokens(id, "l", "") })

		w.clock.Advance(time.Hour - time.Millisecond)
		w.sweep()
		w.same(w.left("login", "tab_id"), "[ended early never ended saved an end]")
		w.clock.Advance(time.Millisecond)
		w.sweep()
		w.same(w.left("login", "tab_id"), "[never ended]")
		w.clock.Advance(30 * time.Minute)
		w.sweep()
		w.same(w.left("login", "tab_id"), "[]")

		w.clock.Advance(22*time.Hour + 30*time.Minute - time.Millisecond)
		w.sweep()
		w.same(w.left("action_token", "id"), "[month, reusable month, used month, void ten minutes]")
		w.clock.Advance(time.Millisecond)
		w.sweep()
		w.same(w.left("action_token", "id"), "[month, reusable ten minutes]")
		w.clock.Advance(10 * time.Minute)
		w.sweep()
		w.same(w.left("action_token", "id"), "[month, reusable]")
		w.clock.Advance(30 * 24 * time.Hour)
		w.sweep()
		w.same(w.left("action_token", "id"), "[]")
	})
}

func TestSweepWhatIsOver(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.session("ann", "c")
		w.update(func(tx *store.Tx) error {
			if err := tx.MarkAddress(id, []byte("k"), "r", w.clock.Now().Add(time.Hour)); err != nil {
				return err
			}
			if err := tx.SaveKnownBrowser(id, []byte("b"), []byte("a")); err != nil {
				return err
			}
			if _, err := tx.UseJTI(id, "", "j", w.clock.Now().Add(time.Hour)); err != nil {
				return err
			}
			_, _, err := take(tx, id, store.Bucket{Name: "mail", Key: []byte("k"), Interval: time.Hour, Burst: 1})
			return err
		})
		w.sweep()
		for _, table := range []string{"authorization_code", "address_mark", "known_browser", "rate_limit", "used_jti"} {
			w.same(w.left(table, "realm_id"), fmt.Sprintf("[%s]", id))
		}
		w.clock.Advance(time.Hour)
		w.sweep()
		w.same(w.left("address_mark", "realm_id"), "[]")
		w.same(w.left("rate_limit", "realm_id"), "[]")
		w.same(w.left("used_jti", "realm_id"), "[]")
		w.same(w.left("authorization_code", "realm_id"), fmt.Sprintf("[%s]", id)) // a second use is still seen
		w.clock.Advance(time.Minute)
		w.sweep()
		w.same(w.left("authorization_code", "realm_id"), "[]")
		w.clock.Advance(400 * 24 * time.Hour)
		w.sweep()
		w.same(w.left("known_browser", "realm_id"), "[]")
	})
}

// Sessions end by the realm's times, and take with them what clients hold.
func TestSweepSessions(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.realm.SSOSessionIdleTimeout, w.realm.SSOSessionMaxLifespan = 1800, 36000
		w.realm.SSOSessionIdleTimeoutRememberMe, w.realm.SSOSessionMaxLifespanRememberMe = 7200, 72000
		w.realm.OfflineSessionIdleTimeout = 86400
		w.update(func(tx *store.Tx) error { return tx.UpdateRealm(w.realm) })
		for user, s := range map[string]latchkey.UserSession{
			"plain": {}, "used": {}, "remembered": {RememberMe: true}, "offline": {Offline: true},
		} {
			s.RealmID, s.UserID = id, user
			w.update(func(tx *store.Tx) error {
				if err := tx.CreateUserSession(&s); err != nil {
					return err
				}
				return tx.PutClientSession(&latchkey.ClientSession{RealmID: id, SessionID: s.ID, ClientID: user})
			})
		}
		used := w.strings("SELECT id FROM user_session WHERE user_id = 'used'")[0]
		hours := 0
		until := func(hour int, want string) {
			w.Helper()
			for ; hours < hour; hours++ {
				w.clock.Advance(time.Hour)
				if len(w.strings("SELECT id FROM user_session WHERE id = $1", used)) == 1 {
					w.update(func(tx *store.Tx) error { return tx.TouchUserSession(id, used) })
				}
			}
			w.sweep()
			w.same(w.left("user_session", "user_id"), want)
			w.same(w.left("client_session", "client_id"), want)
		}
		until(1, "[offline plain remembered used]")
		until(2, "[offline remembered used]") // half an hour idle, and an hour of grace
		until(3, "[offline used]")            // two hours idle, and an hour of grace
		until(10, "[offline used]")
		until(11, "[offline]") // ten hours in all, and an hour of grace
		until(25, "[]")        // a day idle, and an hour of grace
	})
}

// Events go when the realm says, others' never; those of a mail's life in a
// realm that records none go with its mails.
func TestSweepEvents(t *testing.T) {
	promise(t, func(w *world) {
		forever, silent := &latchkey.Realm{Name: "forever", EventsEnabled: true}, &latchkey.Realm{Name: "silent"}
		w.update(func(tx *store.Tx) error { return tx.CreateRealm(forever) })
		w.update(func(tx *store.Tx) error { return tx.CreateRealm(silent) })
		w.update(func(tx *store.Tx) error { return tx.CreateEvent(&latchkey.Event{RealmID: silent.ID}) })
		w.realm.EventsExpiration = 3600
		w.realm.Attributes = map[string]string{"adminEventsExpiration": "7200"}
		w.update(func(tx *store.Tx) error { return tx.UpdateRealm(w.realm) })
		for _, r := range []*latchkey.Realm{w.realm, forever} {
			w.update(func(tx *store.Tx) error {
				if err := tx.CreateEvent(&latchkey.Event{RealmID: r.ID}); err != nil {
					return err
				}
				if err := tx.CreateAdminEvent(&latchkey.AdminEvent{RealmID: r.ID}); err != nil {
					return err
				}
				for i, state := range []latchkey.MessageState{latchkey.MessageHandedOver, latchkey.MessageQueued} {
					m := &latchkey.Message{RealmID: r.ID, ID: fmt.Sprint(r.Name, i), State: state, ExpiresAt: w.clock.Now()}
					if err := tx.CreateMessage(m); err != nil {
						return err
					}
					if err := tx.RecordAttempt(&latchkey.DeliveryAttempt{RealmID: r.ID, MessageID: m.ID}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		for range 2 {
			w.clock.Advance(time.Hour)
			w.sweep()
		}
		w.same(w.left("event", "realm_id"), fmt.Sprintf("[%s %s]", forever.ID, silent.ID))
		w.same(w.left("admin_event", "realm_id"), fmt.Sprintf("[%s]", forever.ID))
		w.same(w.left("message", "id"), "[demo1 forever0 forever1]") // who waits is the worker's
		w.same(w.left("delivery_attempt", "message_id"), "[demo1 forever0 forever1]")
		w.clock.Advance(30 * 24 * time.Hour)
		w.sweep()
		w.same(w.left("message", "id"), "[demo1 forever1]")
		w.same(w.left("event", "realm_id"), fmt.Sprintf("[%s]", forever.ID))
	})
}

// A sweep is as small as it is told to be, and two nodes may sweep at once.
func TestSweepInBatches(t *testing.T) {
	promise(t, func(w *world) {
		for i := range 25 {
			w.token(fmt.Sprint(i), nil)
		}
		w.clock.Advance(48 * time.Hour)
		if n, err := w.db.Sweep(w.Context(), 10); n != 10 || err != nil {
			w.Errorf("deleted %d, %v", n, err)
		}
		node := w.nodes()
		total := make(chan int, 3)
		w.race(3, func(i int) (bool, error) {
			n, err := node(i).Sweep(w.Context(), 100)
			total <- n
			return err == nil, err
		})
		if n := <-total + <-total + <-total; n != 15 {
			w.Errorf("deleted %d of 15", n)
		}
	})
}

// A bucket that is used again while a sweep waits for it is not swept away:
// the limit would begin anew.
func TestSweepLooksAgain(t *testing.T) {
	promise(t, func(w *world) {
		if w.db.Dialect() == "sqlite" {
			w.Skip("nobody waits for a row")
		}
		take := func(tx *store.Tx) error {
			_, _, err := take(tx, w.realm.ID, store.Bucket{Name: "mail", Key: []byte("k"), Interval: time.Hour, Burst: 1})
			return err
		}
		w.update(take)
		w.clock.Advance(2 * time.Hour)
		swept := make(chan error, 1)
		raw := w.raw()
		w.update(func(tx *store.Tx) error {
			if err := take(tx); err != nil {
				return err
			}
			go func() {
				_, err := w.db.Sweep(w.Context(), 10)
				swept <- err
			}()
			for waiting := 0; waiting == 0; {
				err := raw.QueryRowContext(w.Context(), `SELECT COUNT(*) FROM pg_stat_activity
					WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := within(w, swept); err != nil {
			w.Error(err)
		}
		w.same(w.left("rate_limit", "name"), "[mail]")
	})
}
