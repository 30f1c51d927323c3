package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// an initial access lets in as many as it is good for, however many ask
// at once; one that has ended or was taken back lets nobody in.
func TestUseInitialAccess(t *testing.T) {
	promise(t, func(w *world) {
		made := func(remaining int, ends time.Time) *latchkey.InitialAccess {
			a := &latchkey.InitialAccess{RealmID: w.realm.ID, Count: remaining, Remaining: remaining, ExpiresAt: ends}
			w.update(func(tx *store.Tx) error { return tx.CreateInitialAccess(a) })
			return a
		}
		use := func(realmID, id string) (ok bool) {
			w.update(func(tx *store.Tx) (err error) { ok, err = tx.UseInitialAccess(realmID, id); return err })
			return ok
		}
		three := made(3, time.Time{})
		var used atomic.Int32
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if use(w.realm.ID, three.ID) {
					used.Add(1)
				}
			})
		}
		all.Wait()
		if used.Load() != 3 {
			w.Errorf("one for three was used %d times", used.Load())
		}
		w.view(func(tx *store.Tx) error {
			got, err := tx.InitialAccess(w.realm.ID, three.ID)
			if err == nil && got.Remaining != 0 {
				w.Errorf("%d remain", got.Remaining)
			}
			return err
		})
		short := made(2, w.clock.Now().Add(time.Minute))
		if use("other", short.ID) || !use(w.realm.ID, short.ID) {
			w.Error("of another realm, or not at all")
		}
		w.clock.Advance(time.Minute)
		if use(w.realm.ID, short.ID) {
			w.Error("used at its end")
		}
		gone := made(1, time.Time{})
		w.update(func(tx *store.Tx) error { _, err := tx.DeleteInitialAccess(w.realm.ID, gone.ID); return err })
		if use(w.realm.ID, gone.ID) {
			w.Error("used after it was taken back")
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.InitialAccess(w.realm.ID, gone.ID); return err })
	})
}
