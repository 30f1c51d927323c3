package main

import (
	"context"
	"sync"
	"time"
)

// run is what one row of figures is measured with.
type run struct {
	name string
	c    int // at once
	time time.Duration
	// one does one operation for a virtual person and tells the watch its steps.
	one func(ctx context.Context, person int, w *watch) error
}

// figures are what a run gave.
type figures struct {
	run
	algorithm string
	took      time.Duration
	done      int
	failed    int
	first     error // the first failure
	spent     series
	steps     *laps
	server    usage
	db        usage
	driver    usage
}

// measure runs c people at once for the time of the run.
func measure(ctx context.Context, r run, w *world) figures {
	f := figures{run: r, steps: newLaps()}
	server, db, driver := w.server.usage(), w.db.usage(), ownUsage()
	began := time.Now()
	ends := began.Add(r.time)
	var mu sync.Mutex
	var people sync.WaitGroup
	for person := range r.c {
		people.Go(func() {
			for ctx.Err() == nil && time.Now().Before(ends) {
				start := time.Now()
				err := attempt(ctx, r, person, f.steps.start())
				mu.Lock()
				if err != nil {
					f.failed++
					if f.first == nil {
						f.first = err
					}
				} else {
					f.done++
					f.spent = append(f.spent, time.Since(start))
				}
				mu.Unlock()
			}
		})
	}
	people.Wait()
	f.took = time.Since(began)
	f.server, f.db, f.driver = w.server.usage().since(server), w.db.usage().since(db), ownUsage().since(driver)
	return f
}

// attempt does one operation, in ten seconds or not at all.
func attempt(ctx context.Context, r run, person int, w *watch) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return r.one(ctx, person, w)
}

// perOp is a part of each operation, in milliseconds.
func (f figures) perOp(d time.Duration) float64 {
	if f.done == 0 {
		return 0
	}
	return d.Seconds() * 1000 / float64(f.done)
}

// sigmas is the CPU of an operation in σ, server and database together.
func (f figures) sigmas(sigma time.Duration) float64 {
	return f.perOp(f.server.cpu+f.db.cpu) / (sigma.Seconds() * 1000)
}
