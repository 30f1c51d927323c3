package store_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func woken(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// A commit wakes its own node before Update returns; a rollback wakes nobody.
func TestWatchOwnNode(t *testing.T) {
	promise(t, func(w *world) {
		l := w.login("browser", "tab")
		login, stop := w.db.Watch(store.TopicLogin(l.ID))
		defer stop()
		realms, stop := w.db.Watch(store.TopicRealms)
		defer stop()
		outbox, stop := w.db.Watch(store.TopicOutbox)
		defer stop()
		drain := func() { woken(login); woken(realms); woken(outbox) }

		for name, c := range map[string]struct {
			change func(tx *store.Tx) error
			topic  <-chan struct{}
		}{
			"save":   {func(tx *store.Tx) error { return tx.SaveLogin(l) }, login},
			"answer": {func(tx *store.Tx) error { _, err := tx.AnswerLogin(w.realm.ID, l.ID); return err }, login},
			"end":    {func(tx *store.Tx) error { _, err := tx.EndLogin(w.realm.ID, l.ID, "x"); return err }, login},
			"realm":  {func(tx *store.Tx) error { return tx.BumpRealm(w.realm.ID) }, realms},
			"outbox": {func(tx *store.Tx) error { tx.Notify(store.TopicOutbox); return nil }, outbox},
		} {
			drain()
			w.update(c.change)
			if !woken(c.topic) {
				w.Errorf("%s: asleep", name)
			}
		}
		// Nothing happened, nobody is woken: a topic no poll looks at.
		drain()
		_ = w.db.Update(w.Context(), func(tx *store.Tx) error { tx.Notify(store.TopicOutbox); return errors.New("no") })
		if woken(outbox) {
			w.Error("woken by a rollback")
		}
		if l.Step != 2 {
			w.Errorf("step %d", l.Step)
		}
	})
}

func TestWatchStops(t *testing.T) {
	db, _ := storetest.SQLite(t)
	first, stop := db.Watch("x")
	second, stop2 := db.Watch("x")
	defer stop2()
	stop()
	stop()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { tx.Notify("x"); tx.Notify("x"); return nil }); err != nil {
		t.Fatal(err)
	}
	if woken(first) || !woken(second) || woken(second) {
		t.Error("want one wake-up of the one who watches")
	}
}

// Another process on the same file tells nobody: the poll sees it within a
// second.
func TestPollSeesWhatNobodyTold(t *testing.T) {
	url := storetest.SQLiteURL(t)
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, db: storetest.Open(t, url, storetest.NewClock()), clock: storetest.NewClock()}
		w.realm = fullRealm("demo")
		w.update(func(tx *store.Tx) error { return tx.CreateRealm(w.realm) })
		l := w.login("browser", "tab")
		other := storetest.Open(t, url, w.clock)
		login, stop := other.Watch(store.TopicLogin(l.ID))
		defer stop()
		realms, stop := other.Watch(store.TopicRealms)
		defer stop()
		<-time.After(3 * time.Second) // of the bubble: the polls that learn
		woken(login)
		woken(realms)
		<-time.After(3 * time.Second)
		if woken(login) || woken(realms) {
			t.Error("woken by nothing")
		}
		for name, c := range map[string]struct {
			change func(tx *store.Tx) error
			topic  <-chan struct{}
		}{
			"save":   {func(tx *store.Tx) error { return tx.SaveLogin(l) }, login},
			"answer": {func(tx *store.Tx) error { _, err := tx.AnswerLogin(w.realm.ID, l.ID); return err }, login},
			"end":    {func(tx *store.Tx) error { _, err := tx.EndLogin(w.realm.ID, l.ID, "x"); return err }, login},
			"realm":  {func(tx *store.Tx) error { return tx.BumpRealm(w.realm.ID) }, realms},
		} {
			w.update(c.change)
			began := time.Now()
			<-c.topic
			if waited := time.Since(began); waited > time.Second {
				t.Errorf("%s: seen after %v", name, waited)
			}
		}
	})
}

// Other nodes hear of it by a notice; no poll looks at this topic. When the
// connection breaks it is made again, and everybody looks once.
func TestNoticesReachOtherNodes(t *testing.T) {
	promise(t, func(w *world) {
		if w.db.Dialect() != "postgres" {
			w.Skip("one process has the file")
		}
		other := w.node()
		outbox, stop := other.Watch(store.TopicOutbox)
		defer stop()
		hear := func() {
			w.Helper()
			// Until the other listens a notice is lost: say it again.
			for range 200 {
				w.update(func(tx *store.Tx) error { tx.Notify(store.TopicOutbox); return nil })
				select {
				case <-outbox:
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
			w.Fatal("no notice came")
		}
		within(w, outbox) // it listens now, and looks
		hear()
		killed := w.strings(`SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity
			WHERE datname = current_database() AND query LIKE 'LISTEN%'`)
		if len(killed) != 2 {
			w.Errorf("%d connections for notices, want one a node", len(killed))
		}
		within(w, outbox) // it listens again, and looks
		hear()
	})
}
