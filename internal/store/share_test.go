package store_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"latchkey/internal/store"
)

// grounded keeps reads that are shared from going out until the function is
// called that it gives.
func (w *world) grounded() (release func()) {
	w.Helper()
	holder, err := w.raw().Conn(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	run := func(text string) {
		if _, err := holder.ExecContext(w.Context(), text); err != nil {
			w.Error(err)
		}
	}
	run("SELECT pg_advisory_lock(7)")
	var blocked sync.WaitGroup
	for range store.FlightsMost {
		blocked.Go(func() {
			w.view(func(tx *store.Tx) error {
				var s string
				return tx.AskOne(&s, "SELECT CAST(pg_advisory_xact_lock_shared(7) AS TEXT)")
			})
		})
	}
	w.until(func() bool { return w.db.FlightsOut() == store.FlightsMost })
	return func() {
		run("SELECT pg_advisory_unlock(7)")
		blocked.Wait()
		_ = holder.Close()
	}
}

func (w *world) until(f func() bool) {
	w.Helper()
	for tick, end := time.NewTicker(time.Millisecond), time.Now().Add(20*time.Second); !f(); <-tick.C {
		if time.Now().After(end) {
			w.Fatal("it does not happen")
		}
	}
}

// What many read at the same time goes out together, each gets its own answer,
// and one that fails or is given up is nobody else's failure.
func TestReadsAreShared(t *testing.T) {
	onPostgres(t, func(w *world) {
		const n = 40
		w.update(func(tx *store.Tx) (err error) {
			for i := range n {
				err = errors.Join(err, tx.SetMeta("t-"+strconv.Itoa(i), "value "+strconv.Itoa(i)))
			}
			return err
		})
		read := func(i int) error {
			var v string
			f := func(tx *store.Tx) (err error) { v, err = tx.Meta("t-" + strconv.Itoa(i)); return err }
			run := w.db.View
			if i%2 == 0 {
				run = w.db.Update // what it reads before it writes
			}
			err := run(w.Context(), f)
			if err == nil && v != "value "+strconv.Itoa(i) {
				w.Errorf("%d got %q", i, v)
			}
			return err
		}
		for i := range n { // prepares
			if err := read(i); err != nil {
				w.Error(err)
			}
		}
		release := w.grounded()
		before := w.db.Work().RoundTrips
		var all sync.WaitGroup
		waits := 0
		wait := func(f func()) {
			all.Go(f)
			waits++
			w.until(func() bool { return w.db.ReadsWaiting() == waits })
		}
		gone, giveUp := context.WithCancel(w.Context())
		wait(func() {
			err := w.db.View(gone, func(tx *store.Tx) error { _, err := tx.Meta("t-0"); return err })
			if !errors.Is(err, context.Canceled) {
				w.Errorf("given up: %v", err)
			}
		})
		for i := range n {
			wait(func() {
				if err := read(i); err != nil {
					w.Errorf("%d: %v", i, err)
				}
			})
			if i == n-4 {
				wait(func() {
					var s string
					err := w.db.View(w.Context(), func(tx *store.Tx) error {
						return tx.AskOne(&s, "SELECT CAST(1 / COUNT(*) AS TEXT) FROM meta WHERE name = 'none'")
					})
					if err == nil {
						w.Error("a division by zero went well")
					}
				})
			}
		}
		giveUp()
		waits--
		w.until(func() bool { return w.db.ReadsWaiting() == waits })
		release()
		all.Wait()
		// One message for all, three that are asked again, and as many statements
		// that a connection had not prepared; the node polls beside it.
		if trips := w.db.Work().RoundTrips - before; trips > n/2 {
			w.Errorf("%d round trips", trips)
		}
		w.until(func() bool { return w.db.FlightsOut() == 0 })
	})
}

// Whoever is given up when it is about to send has the others sent all the
// same.
func TestReadsOfOthersAreSent(t *testing.T) {
	onPostgres(t, func(w *world) {
		w.update(func(tx *store.Tx) error { return tx.SetMeta("t-a", "x") })
		for range 50 {
			ctx, cancel := context.WithCancel(w.Context())
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					mine := w.Context()
					if i%2 == 0 {
						mine = ctx
					}
					err := w.db.View(mine, func(tx *store.Tx) error { _, err := tx.Meta("t-a"); return err })
					if err != nil && i%2 == 1 {
						w.Error(err)
					}
				})
			}
			cancel()
			all.Wait()
		}
		w.until(func() bool { return w.db.FlightsOut() == 0 })
	})
}
