package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// A group that was left open for somebody who then gives up is committed all
// the same: nobody waits for a commit that never comes.
func TestGroupIsNotLeftOpen(t *testing.T) {
	url := storetest.SQLiteURL(t)
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			db := storetest.Open(t, url, storetest.NewClock())
			begun, goOn := make(chan struct{}), make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				if err := db.Update(t.Context(), func(tx *store.Tx) error {
					close(begun)
					<-goOn
					return tx.SetMeta("a", "x")
				}); err != nil {
					t.Error(err)
				}
			})
			<-begun
			ctx, cancel := context.WithCancel(t.Context())
			for range 3 {
				all.Go(func() {
					err := db.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta("b", "x") })
					if err != nil && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			all.Go(cancel)
			all.Go(func() { close(goOn) })
			all.Wait() // for ever, when the group stays open
		})
	}
}
