package realm_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func get(t *testing.T, c *realm.Cache, name string) *latchkey.Snapshot {
	t.Helper()
	s, err := c.Get(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func describe(t *testing.T, db *store.DB, id, text string) {
	t.Helper()
	err := db.Update(ctx, func(tx *store.Tx) error {
		r, err := tx.Realm(id)
		if err != nil {
			return err
		}
		r.DisplayName = text
		return tx.UpdateRealm(r)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Requests share one snapshot until the realm changes; who changed it reads
// the change at once.
func TestCache(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := realm.NewCache(db)
		for _, name := range []string{"shop", "", "a/b", "Shop"} {
			if _, err := c.Get(ctx, name); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				t.Errorf("realm %q that is not there: %v", name, err)
			}
		}
		if _, err := c.ByID(ctx, "nope"); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("id that is not there: %v", err)
		}
		shop, _ := made(t, db, named("shop"), options())
		first := get(t, c, "shop")
		if first != get(t, c, "shop") {
			t.Error("read twice without a change")
		}
		if byID, err := c.ByID(ctx, shop.Realm.ID); err != nil || byID != first {
			t.Errorf("by id: %v, %v", byID == first, err)
		}
		c.Invalidate(shop.Realm.ID)
		if first != get(t, c, "shop") {
			t.Error("read again although nothing changed")
		}
		// A snapshot that is there costs no look at the database, which would
		// fail with a context that is over.
		over, end := context.WithCancel(ctx)
		end()
		if _, err := c.Get(over, "shop"); err != nil {
			t.Errorf("the database was asked: %v", err)
		}
		describe(t, db, shop.Realm.ID, "new")
		c.Invalidate(shop.Realm.ID)
		if s := get(t, c, "shop"); s.Realm.DisplayName != "new" || first.Realm.DisplayName == "new" {
			t.Errorf("own change not seen: %q, and the old snapshot says %q", s.Realm.DisplayName, first.Realm.DisplayName)
		}
		err := db.Update(ctx, func(tx *store.Tx) error {
			r, err := tx.Realm(shop.Realm.ID)
			if err != nil {
				return err
			}
			r.Enabled = false
			return realm.Rename(tx, r, "store")
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if s := get(t, c, "store"); s.Realm.Enabled {
			t.Error("the realm is enabled")
		}
		if _, err := c.Get(ctx, "shop"); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("old name: %v", err)
		}
		if err := realm.Delete(ctx, db, shop.Realm.ID, realm.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		c.Invalidate(shop.Realm.ID)
		if _, err := c.Get(ctx, "store"); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("deleted realm: %v", err)
		}
	})
}

// Run follows changes that were made elsewhere, on this node or on another
// within a second).
func TestCacheRuns(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			open := storetest.SQLite
			if kind == "postgres" {
				open = storetest.Postgres
			}
			db, url := open(t)
			other := db
			if kind == "postgres" {
				other = storetest.Open(t, url, storetest.NewClock())
			}
			shop, _ := made(t, db, named("shop"), options())
			c := realm.NewCache(db)
			running, stop := context.WithCancel(ctx)
			ended := make(chan error, 1)
			go func() { ended <- c.Run(running) }()
			get(t, c, "shop")
			describe(t, other, shop.Realm.ID, "new")
			deadline := time.After(10 * time.Second)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for get(t, c, "shop").Realm.DisplayName != "new" {
				select {
				case <-deadline:
					t.Fatal("the change was not seen")
				case <-tick.C:
				}
			}
			stop()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("Run ended with %v", err)
			}
		})
	}
}

// While a realm changes all the time, everyone who changed it and said so sees
// their change or a later one, and nobody ever goes back to an older snapshot.
func TestCacheNeverGoesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop, _ := made(t, db, named("shop"), options())
		c := realm.NewCache(db)
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				last := int64(0)
				for i := range 10 {
					var written int64
					err := db.Update(ctx, func(tx *store.Tx) error {
						r, err := tx.Realm(shop.Realm.ID)
						if err != nil {
							return err
						}
						r.DisplayName = fmt.Sprint(worker, i)
						err = tx.UpdateRealm(r)
						written = r.Version
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					c.Invalidate(shop.Realm.ID)
					s, err := c.Get(ctx, "shop")
					if err != nil {
						t.Error(err)
						return
					}
					if s.Realm.Version < written || s.Realm.Version < last {
						t.Errorf("version %d after writing %d and seeing %d", s.Realm.Version, written, last)
					}
					last = s.Realm.Version
				}
			})
		}
		wg.Wait()
	})
}

// Who asks for a realm while it is changed without a pause gets it, whole: a
// script that configures it turns nobody away.
func TestCacheUnderChanges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shop, _ := made(t, db, named("shop"), options())
		c := realm.NewCache(db)
		done := make(chan struct{})
		var writers sync.WaitGroup
		for i := range 6 {
			writers.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-done:
						return
					default:
						describe(t, db, shop.Realm.ID, fmt.Sprint(i, n))
					}
				}
			})
		}
		for range 60 {
			c.Invalidate(shop.Realm.ID)
			if _, err := c.Get(ctx, "shop"); err != nil {
				t.Error(err)
				break
			}
		}
		close(done)
		writers.Wait()
	})
}
