package backchannel

import (
	"sync"
	"time"
)

// An application is left alone for coolFirst after breakAfter failures in a
// row; each failed probe doubles the time up to coolMax. Of one application no
// more than maxPerClient notices are under way at once.
const (
	breakAfter   = 3
	coolFirst    = 5 * time.Second
	coolMax      = time.Minute
	maxPerClient = 8
	// keptFor is how long a breaker is remembered that nobody asked for.
	keptFor = 10 * time.Minute
)

// breakers remember, on this node, which applications answer.
type breakers struct {
	mu       sync.Mutex
	byClient map[string]*breaker
}

type breaker struct {
	underWay int
	failures int // in a row
	cool     time.Duration
	until    time.Time // open until then; zero when closed
	used     time.Time
}

// enter says whether the application may be called now; else when to ask
// again. Who may calls leave behind it.
func (b *breakers) enter(client string, now time.Time) (ok bool, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byClient == nil {
		b.byClient = map[string]*breaker{}
	}
	c := b.byClient[client]
	if c == nil {
		c = &breaker{}
		b.byClient[client] = c
	}
	c.used = now
	most := maxPerClient
	if !c.until.IsZero() {
		most = 1 // a probe
	}
	switch {
	case now.Before(c.until):
		return false, c.until
	case c.underWay >= most:
		return false, now.Add(max(c.cool, time.Second))
	}
	c.underWay++
	return true, time.Time{}
}

// release takes back an entry that was not used.
func (b *breakers) release(client string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.byClient[client]; c != nil {
		c.underWay--
	}
}

// leave says what came of the call.
func (b *breakers) leave(client string, now time.Time, worked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.byClient[client]
	if c == nil {
		return
	}
	c.underWay--
	if worked {
		c.failures, c.cool, c.until = 0, 0, time.Time{}
		return
	}
	c.failures++
	if c.failures < breakAfter || now.Before(c.until) {
		return
	}
	c.cool = min(max(2*c.cool, coolFirst), coolMax)
	c.until = now.Add(c.cool)
}

// sweep forgets breakers that nobody has asked for in a while.
func (b *breakers) sweep(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for client, c := range b.byClient {
		if c.underWay == 0 && now.Sub(c.used) > keptFor {
			delete(b.byClient, client)
		}
	}
}
