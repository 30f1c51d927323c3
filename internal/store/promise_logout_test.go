package store_test

import (
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

func (w *world) notice(id string, change func(*latchkey.LogoutNotice)) *latchkey.LogoutNotice {
	w.Helper()
	n := &latchkey.LogoutNotice{RealmID: w.realm.ID, ID: id, ClientID: "app", UserID: "ann", SessionID: "sid",
		ExpiresAt: w.clock.Now().Add(5 * time.Minute)}
	if change != nil {
		change(n)
	}
	w.update(func(tx *store.Tx) error { return tx.CreateLogoutNotice(n) })
	return n
}

func (w *world) claimNotices(limit int) (list []*latchkey.LogoutNotice) {
	w.Helper()
	w.update(func(tx *store.Tx) (err error) { list, err = tx.ClaimLogoutNotices(limit, time.Minute); return err })
	return list
}

// A notice is claimed when it is due, the most overdue first, by one worker at
// a time, and again when its claim ran out: a node that dies loses none.
func TestLogoutNotice(t *testing.T) {
	promise(t, func(w *world) {
		first := w.notice("first", nil)
		w.clock.Advance(time.Second)
		w.notice("second", nil)
		w.notice("later", func(n *latchkey.LogoutNotice) { n.NextAttemptAt = w.clock.Now().Add(time.Hour) })
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error {
			return tx.CreateLogoutNotice(&latchkey.LogoutNotice{RealmID: w.realm.ID, ID: "first"})
		})
		got := w.claimNotices(9)
		if len(got) != 2 || got[0].ID != "first" || got[1].ID != "second" {
			w.Fatalf("claimed %v", got)
		}
		first.ClaimedUntil = w.clock.Now().Add(time.Minute)
		w.same(got[0], first)
		if again := w.claimNotices(9); len(again) != 0 {
			w.Errorf("claimed twice: %v", again)
		}
		w.view(func(tx *store.Tx) error {
			at, ok, err := tx.NextLogoutDue()
			if !ok || !at.Equal(first.ClaimedUntil) {
				w.Errorf("due %v %v", at, ok)
			}
			return err
		})
		got[0].NextAttemptAt, got[0].Attempts, got[0].Reason = w.clock.Now().Add(2*time.Second), 1, "status 500"
		w.update(func(tx *store.Tx) error { return tx.PostponeLogoutNotice(got[0]) })
		w.clock.Advance(2 * time.Second)
		if again := w.claimNotices(9); len(again) != 1 || again[0].Attempts != 1 || again[0].Reason != "status 500" {
			w.Errorf("after its pause: %v", again)
		}
		w.clock.Advance(time.Minute)
		if again := w.claimNotices(1); len(again) != 1 {
			w.Errorf("after its claim ran out: %v", again)
		}
		var gone, twice bool
		w.update(func(tx *store.Tx) (err error) { gone, err = tx.DeleteLogoutNotice(w.realm.ID, "first"); return err })
		w.update(func(tx *store.Tx) (err error) { twice, err = tx.DeleteLogoutNotice(w.realm.ID, "first"); return err })
		if !gone || twice {
			w.Errorf("deleted %v, then %v", gone, twice)
		}
		w.update(func(tx *store.Tx) error { return tx.PostponeLogoutNotice(got[0]) }) // no error
		w.view(func(tx *store.Tx) error {
			list, err := tx.LogoutNotices(w.realm.ID)
			if len(list) != 2 {
				w.Errorf("left %v", list)
			}
			return err
		})
		w.clock.Advance(2 * time.Hour)
		w.sweep()
		if list := w.claimNotices(9); len(list) != 0 {
			w.Errorf("not swept: %v", list)
		}
	})
}

// Notices are claimed by one worker each, however many try at once.
func TestClaimLogoutNoticesRace(t *testing.T) {
	promise(t, func(w *world) {
		const notices = 20
		for range notices {
			w.notice("", nil)
		}
		node := w.nodes()
		var mu sync.Mutex
		claimed := map[string]int{}
		count := func(list []*latchkey.LogoutNotice) {
			mu.Lock()
			defer mu.Unlock()
			for _, n := range list {
				claimed[n.ID]++
			}
		}
		w.race(30, func(i int) (bool, error) {
			err := node(i).Update(w.Context(), func(tx *store.Tx) error {
				list, err := tx.ClaimLogoutNotices(4, time.Minute)
				count(list)
				return err
			})
			return err == nil, err
		})
		count(w.claimNotices(notices)) // whose locks others held
		if len(claimed) != notices {
			w.Errorf("%d of %d claimed", len(claimed), notices)
		}
		for id, n := range claimed {
			if n != 1 {
				w.Errorf("notice %s was claimed %d times", id, n)
			}
		}
	})
}
