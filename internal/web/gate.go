package web

import (
	"context"
	"sync/atomic"
	"time"
)

// DefaultInFlight is how many requests may be under way at once. More would
// only wait for the database; those that come are queued for a moment and then
// told to come back.
const DefaultInFlight = 256

// queueTime is how long a request waits for its turn.
const queueTime = 500 * time.Millisecond

// gate bounds the requests under way. Pages and assets may take three quarters
// of the places, so that token endpoints always find one.
type gate struct {
	all, people chan struct{}
	waiting     atomic.Int64
}

func newGate(n int) *gate {
	if n <= 0 {
		n = DefaultInFlight
	}
	return &gate{all: make(chan struct{}, n), people: make(chan struct{}, max(1, n*3/4))}
}

// enter waits for a place; leave gives it back. It says no when as many wait as
// are served, or when the wait is over.
func (g *gate) enter(ctx context.Context, class Class) (leave func(), ok bool) {
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	take := func(places chan struct{}) bool {
		select {
		case places <- struct{}{}:
			return true
		default:
		}
		if g.waiting.Add(1) > int64(cap(g.all)) {
			g.waiting.Add(-1)
			return false
		}
		defer g.waiting.Add(-1)
		if timer == nil {
			timer = time.NewTimer(queueTime)
		}
		select {
		case places <- struct{}{}:
			return true
		case <-timer.C:
		case <-ctx.Done():
		}
		return false
	}
	if class == ClassJSON {
		return func() { <-g.all }, take(g.all)
	}
	if !take(g.people) {
		return nil, false
	}
	if !take(g.all) {
		<-g.people
		return nil, false
	}
	return func() { <-g.all; <-g.people }, true
}
