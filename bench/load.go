package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// run is what one row of figures was measured with.
type run struct {
	name string
	c    int // at once
	time time.Duration
	// one does one operation; the number is of the virtual person.
	one func(ctx context.Context, person int) error
}

// figures are what a run gave.
type figures struct {
	run
	took   time.Duration
	done   int
	failed int
	first  error // the first failure
	spent  []time.Duration
	server usage
	db     usage
	driver usage
}

// measure runs c people at once for the time of the run.
func measure(ctx context.Context, r run, w *world) figures {
	f := figures{run: r}
	server, db, driver := w.server.usage(), w.db.usage(), ownUsage()
	began := time.Now()
	ends := began.Add(r.time)
	var mu sync.Mutex
	var people sync.WaitGroup
	for person := range r.c {
		people.Go(func() {
			for ctx.Err() == nil && time.Now().Before(ends) {
				start := time.Now()
				err := attempt(ctx, r, person)
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
	slices.Sort(f.spent)
	return f
}

// attempt does one operation, in ten seconds or not at all.
func attempt(ctx context.Context, r run, person int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return r.one(ctx, person)
}

// quantile is the time within which that part of the operations was done.
func (f figures) quantile(q float64) time.Duration {
	if len(f.spent) == 0 {
		return 0
	}
	return f.spent[min(int(q*float64(len(f.spent))), len(f.spent)-1)]
}

const columns = "| %-22s | %3s | %9s | %7s | %7s | %7s | %8s | %8s | %8s | %7s | %6s |\n"

func printHead() {
	fmt.Printf(columns, "operation", "c", "/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "db CPU", "driver", "RSS MiB", "failed")
	fmt.Printf(columns, "---", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:", "--:")
}

func (f figures) print() {
	per := func(d time.Duration) string {
		if f.done == 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f", d.Seconds()*1000/float64(f.done))
	}
	ms := func(q float64) string { return fmt.Sprintf("%.1f", f.quantile(q).Seconds()*1000) }
	fmt.Printf(columns, f.name, fmt.Sprint(f.c), fmt.Sprintf("%.1f", float64(f.done)/f.took.Seconds()),
		ms(0.5), ms(0.95), ms(0.99), per(f.server.cpu), per(f.db.cpu), per(f.driver.cpu),
		fmt.Sprintf("%.0f", float64(f.server.rss)/(1<<20)), fmt.Sprint(f.failed))
	if f.first != nil {
		fmt.Printf("  the first failure of %s: %v\n", f.name, f.first)
	}
}
