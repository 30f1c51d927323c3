package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"latchkey"
)

const (
	defaultConns = 8
	minConns     = 4
	maxWaiting   = 256              // mails that may wait for a connection of one relay
	maxIdle      = time.Minute      // relays drop idle connections, NATs forget them
	maxUses      = 100              // mails on one connection
	forgetAfter  = 10 * time.Minute // a pool nobody used: the realm has another relay now
)

// The defaults of a relay's timeouts. Together with the lease they answer
// when the first relay hangs, the next one has the mail in under 5 s.
// The last one is longer because a relay may look at the mail before it says
// 250, and giving up there can make a duplicate.
const (
	defaultConnect = 4 * time.Second  // dial, TLS, greeting, AUTH
	defaultCommand = 4 * time.Second  // MAIL, RCPT and DATA together
	defaultFinal   = 20 * time.Second // the mail's text and the answer to it
	maxTimeout     = 30 * time.Second
)

// endpoint is a relay as it is spoken to.
type endpoint struct {
	latchkey.Relay
	addr    string // host:port
	key     string // of the pool: all that makes connections differ
	connect time.Duration
	command time.Duration
	final   time.Duration
}

func newEndpoint(r latchkey.Relay) endpoint {
	e := endpoint{Relay: r, addr: r.Address()}
	e.connect = timeout(r.ConnectionTimeout, defaultConnect)
	e.command = timeout(r.Timeout, defaultCommand)
	// Keycloak's timeout is for each answer and its writeTimeout for the text;
	// the text and its answer have one deadline here.
	e.final = max(timeout(r.WriteTimeout, defaultFinal), timeout(r.Timeout, 0))
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{r.Address(), fmt.Sprint(r.SSL, r.StartTLS, r.Auth, r.ConnectionTimeout, r.Timeout, r.WriteTimeout),
		r.AuthType, r.User, r.Password.Reveal(), r.AuthTokenURL, r.AuthTokenScope, r.AuthTokenClientID, r.AuthTokenClientSecret.Reveal()}))
	e.key = hex.EncodeToString(sum[:])
	return e
}

func timeout(ms int, otherwise time.Duration) time.Duration {
	if ms <= 0 {
		return otherwise
	}
	return min(time.Duration(ms)*time.Millisecond, maxTimeout)
}

// pool is what a node knows of one relay: warm connections, how many mails
// are under way, and whether it works. A relay that hangs holds its own
// connections and no others.
type pool struct {
	addr  string
	slots chan struct{} // one for each connection that may be in use

	mu      sync.Mutex
	idle    []*conn // the last one used is the last one here
	waiting int
	breaker breaker
	used    time.Time
}

// errBusy says that enough mails wait for the relay already.
var errBusy = errors.New("all connections to the relay are in use")

// enter takes a slot, waiting for one when it must, but not when the worker
// is ending.
func (p *pool) enter(ctx context.Context, ending <-chan struct{}) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	p.mu.Lock()
	full := p.waiting >= maxWaiting
	if !full {
		p.waiting++
	}
	p.mu.Unlock()
	if full {
		return errBusy
	}
	defer func() { p.mu.Lock(); p.waiting--; p.mu.Unlock() }()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errBusy
	case <-ending:
		return errBusy
	}
}

func (p *pool) leave() { <-p.slots }

// take gives the warmest connection that is still good for use, or nil.
func (p *pool) take(now time.Time) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used = now
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if now.Sub(c.since) < maxIdle {
			return c
		}
		go c.quit()
	}
	return nil
}

// give puts a connection back.
func (p *pool) give(c *conn, now time.Time) {
	if c.uses >= maxUses {
		go c.quit()
		return
	}
	c.since = now
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// drain closes every idle connection.
func (p *pool) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.close()
	}
	p.idle = nil
}

// allow asks the breaker.
func (p *pool) allow(now time.Time) (bool, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.breaker.allow(now)
}

// judge tells the breaker how a conversation ended; f is nil when it ended
// well, and cut says that it was we who ended it.
func (p *pool) judge(now time.Time, f *fault, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case f != nil && (cut || errors.Is(f.err, errExpired)):
		p.breaker.release() // it says nothing about the relay
	case f == nil || !f.relays():
		p.breaker.worked()
	default:
		p.breaker.failed(now, f.slow())
	}
}

// sweep closes connections that were idle for too long.
func (p *pool) sweep(now time.Time) (unused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.idle[:0]
	for _, c := range p.idle {
		if now.Sub(c.since) < maxIdle {
			kept = append(kept, c)
		} else {
			go c.quit()
		}
	}
	p.idle = kept
	return len(kept) == 0 && len(p.slots) == 0 && now.Sub(p.used) > forgetAfter
}

// pools are the node's relays.
type pools struct {
	conns int
	mu    sync.Mutex
	byKey map[string]*pool
}

func (ps *pools) of(e endpoint, now time.Time) *pool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.byKey[e.key]
	if p == nil {
		p = &pool{addr: e.addr, slots: make(chan struct{}, ps.conns), used: now}
		ps.byKey[e.key] = p
	}
	return p
}

func (ps *pools) all() []*pool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	out := make([]*pool, 0, len(ps.byKey))
	for _, p := range ps.byKey {
		out = append(out, p)
	}
	return out
}

// sweep closes what is idle and forgets relays that nobody uses, whose keys it
// gives.
func (ps *pools) sweep(now time.Time) (forgotten []string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for key, p := range ps.byKey {
		if p.sweep(now) {
			delete(ps.byKey, key)
			forgotten = append(forgotten, key)
		}
	}
	return forgotten
}

// close says good-bye to all relays, for a second at most.
func (ps *pools) close() {
	var wg sync.WaitGroup
	for _, p := range ps.all() {
		p.mu.Lock()
		for _, c := range p.idle {
			wg.Go(c.quit)
		}
		p.idle = nil
		p.mu.Unlock()
	}
	wg.Wait()
}
