package storetest

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until it is moved. It is safe for use by
// several goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock gives a clock that stands at the same moment in every test.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)}
}

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock, and gives the new time.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}
