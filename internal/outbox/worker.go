package outbox

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

const (
	// lease is how long a claimed mail is this node's. A node that dies in
	// between costs the mail that long.
	lease = 60 * time.Second
	// handOver is the one deadline over all that is done with a claimed mail
	// before its outcome is written down; it ends well before the lease does.
	handOver = 45 * time.Second
	// recordIn is how long writing an outcome down may take; it is tried four
	// times.
	recordIn = 5 * time.Second
	// drain is how long hand-overs may go on after Deliver was told to end.
	drain = 20 * time.Second
	// pollEvery is how late a mail is noticed whose hint was lost.
	pollEvery = time.Second

	claimBatch  = 32
	maxInFlight = 1024
)

// Worker hands mails over. Its fields are set before Deliver and not changed.
type Worker struct {
	DB *store.DB
	// Realms gives a realm's snapshot; it is asked for every mail.
	Realms  func(ctx context.Context, realmID string) (*latchkey.Snapshot, error)
	Compose ComposeFunc
	// Code gives the code that a mail carries (actiontoken.MailedCode under the
	// keyring).
	Code    func(m *latchkey.Message) latchkey.Secret
	BaseURL string // as configured: links are built from it only
	Log     *slog.Logger
	Now     func() time.Time
	Conns   int            // SMTP connections a relay, 4 or more; 0: 8
	Roots   *x509.CertPool // nil: the system's
	// Caught, when set, is where every mail of every realm goes, whatever relays
	// the realm has: to its relays, from the realm's own sender, or from its
	// sender where the realm has none.
	Caught *latchkey.SMTP
	// Observe, when set, is told of every attempt: the relay's host:port, the
	// outcome, and how old the mail was when the attempt ended.
	Observe func(relay, outcome string, age time.Duration)

	once     sync.Once
	pools    *pools
	dialer   *dialer
	ending   <-chan struct{} // closed when Deliver is to end
	inFlight chan struct{}
	freed    chan struct{} // a hint that inFlight has room
}

func (w *Worker) init() {
	w.once.Do(func() {
		if w.Log == nil {
			w.Log = slog.Default()
		}
		conns := w.Conns
		if conns == 0 {
			conns = defaultConns
		}
		w.pools = &pools{conns: max(conns, minConns), byKey: map[string]*pool{}}
		w.dialer = &dialer{name: helloName(w.BaseURL), roots: w.Roots, tokens: newTokens(w.Now, w.Roots)}
		w.inFlight = make(chan struct{}, maxInFlight)
		w.freed = make(chan struct{}, 1)
	})
}

// helloName is how the worker introduces itself: the configured host name, or
// the address literal of an IP address (RFC 5321 4.1.3).
func helloName(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" {
		return "localhost"
	}
	ip := net.ParseIP(u.Hostname())
	switch {
	case ip == nil:
		return u.Hostname()
	case ip.To4() != nil:
		return "[" + ip.String() + "]"
	}
	return "[IPv6:" + ip.String() + "]"
}

// Deliver hands mails over until the context ends. Hand-overs that are under
// way are then finished, for 20 s at most; mails that wait go back to the
// queue at once. It gives nil: whatever fails is tried again.
func (w *Worker) Deliver(ctx context.Context) error {
	w.init()
	hints, stop := w.DB.Watch(store.TopicOutbox)
	defer stop()
	w.ending = ctx.Done()
	// Work outlives ctx by the time to drain.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var flights sync.WaitGroup
	stopTaking := w.take(ctx, work, &flights)
	timer := time.NewTimer(0)
	defer timer.Stop()
	hinted := true
	for ctx.Err() == nil {
		wait := w.round(ctx, work, hinted, &flights)
		timer.Reset(wait)
		hinted = false
		select {
		case <-ctx.Done():
		case <-hints:
			hinted = true
		case <-w.freed:
			hinted = true
		case <-timer.C:
		}
	}
	stopTaking()
	over := time.AfterFunc(drain, cancel)
	defer over.Stop()
	flights.Wait()
	w.pools.close()
	return nil
}

// round claims and starts what is due, and says how long nothing will be.
// Without a hint it reads before it writes: an idle node writes nothing.
func (w *Worker) round(ctx, work context.Context, hinted bool, flights *sync.WaitGroup) time.Duration {
	for _, key := range w.pools.sweep(w.Now()) {
		w.dialer.tokens.forget(key)
	}
	for ctx.Err() == nil {
		if !hinted {
			wait, err := w.nextDue(ctx)
			if err != nil {
				w.failed(ctx, "the outbox could not be read", err)
				return pollEvery
			}
			if wait > 0 {
				return min(wait, pollEvery)
			}
		}
		room := maxInFlight - len(w.inFlight)
		if room == 0 {
			return pollEvery // freed wakes earlier
		}
		claimed, err := w.claim(ctx, min(room, claimBatch))
		if err != nil {
			w.failed(ctx, "mails could not be claimed", err)
			return pollEvery
		}
		if len(claimed) == 0 {
			return pollEvery
		}
		for _, m := range claimed {
			select {
			case w.inFlight <- struct{}{}:
				w.fly(ctx, work, m, flights)
			default: // what was promised meanwhile has taken the room
				w.giveBack(m)
			}
		}
		hinted = len(claimed) == claimBatch // then there may be more
	}
	return pollEvery
}

// fly handles a mail in a goroutine of its own; its place in inFlight is taken.
func (w *Worker) fly(ctx, work context.Context, m *latchkey.Message, flights *sync.WaitGroup) {
	flights.Go(func() {
		w.guarded(ctx, work, m)
		full := len(w.inFlight) == cap(w.inFlight)
		<-w.inFlight
		if !full {
			return // nobody waits for room
		}
		select {
		case w.freed <- struct{}{}:
		default:
		}
	})
}

func (w *Worker) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		w.Log.ErrorContext(ctx, "outbox: "+what, "error", err)
	}
}

func (w *Worker) nextDue(ctx context.Context) (wait time.Duration, err error) {
	err = w.DB.View(ctx, func(tx *store.Tx) error {
		at, ok, err := tx.NextDue()
		wait = pollEvery
		if ok {
			wait = at.Sub(w.Now())
		}
		return err
	})
	return wait, err
}

func (w *Worker) claim(ctx context.Context, limit int) (claimed []*latchkey.Message, err error) {
	err = w.DB.Update(ctx, func(tx *store.Tx) error {
		claimed, err = tx.ClaimMessages(limit, lease)
		return err
	})
	return claimed, err
}

// guarded is handle for a goroutine of its own: a panic there would end the
// process. The mail is tried again when its claim is over.
func (w *Worker) guarded(ctx, work context.Context, m *latchkey.Message) {
	defer func() {
		if p := recover(); p != nil {
			w.Log.Error("outbox: handing a mail over panicked", "mail", m.ID, "panic", secret.PanicText(p), "stack", string(debug.Stack()))
		}
	}()
	w.handle(ctx, work, m)
}

// handle does all that is done with one claimed mail. ctx says that the
// worker is to end, work that it must.
func (w *Worker) handle(ctx, work context.Context, m *latchkey.Message) {
	work, cancel := context.WithTimeout(work, handOver)
	defer cancel()
	d, r := w.tryOnce(ctx, work, m)
	for _, a := range r.attempts {
		if w.Observe != nil {
			w.Observe(a.Relay, a.Outcome, w.Now().Sub(m.CreatedAt))
		}
	}
	w.tell(work, d, r)
	// What a relay took must be written down, or it is sent again.
	for wait := 100 * time.Millisecond; ; wait *= 3 {
		written, done := context.WithTimeout(context.WithoutCancel(work), recordIn)
		err := w.record(written, d, r)
		done()
		if err == nil {
			return
		}
		w.Log.ErrorContext(work, "outbox: the outcome of a mail could not be written down", "mail", m.ID, "error", err)
		if wait > 3*time.Second {
			return // the lease ends, and it is tried again
		}
		timer := time.NewTimer(wait)
		<-timer.C
	}
}

// tryOnce decides, composes and offers.
func (w *Worker) tryOnce(ctx, work context.Context, m *latchkey.Message) (*decision, result) {
	copied := *m
	copied.Secret = ""
	d := &decision{facts: Facts{Message: &copied, Realm: &latchkey.Realm{ID: m.RealmID}}}
	ours := func(what string, err error) (*decision, result) {
		w.failed(work, what, err)
		r := result{state: latchkey.MessageQueued, reason: what, round: true, again: w.Now().Add(backoff(m.Attempts))}
		if r.again.After(m.ExpiresAt) {
			r.again = m.ExpiresAt
		}
		return d, r
	}
	snap, err := w.Realms(work, m.RealmID)
	if err != nil {
		return ours("the realm could not be read", err)
	}
	d.facts.Realm = w.sending(snap.Realm)
	var decided *decision
	if err := w.DB.View(work, func(tx *store.Tx) error {
		decided, err = w.decide(tx, snap, m)
		return err
	}); err != nil {
		return ours("the mail's account could not be read", err)
	}
	d = decided
	if d.state != latchkey.MessageQueued {
		return d, result{state: d.state, reason: d.reason}
	}
	if s := &d.facts.Realm.SMTP; !s.Configured() {
		return d, w.later(result{state: latchkey.MessageQueued}, m, false, time.Time{})
	}
	content, err := w.compose(d.facts)
	if err != nil {
		return ours("the mail could not be written", err)
	}
	p, err := d.letter(content).build()
	if err != nil {
		return ours("the mail could not be built: "+publicMessage(err), err)
	}
	if ctx.Err() != nil { // the worker ends: another one has it
		return d, result{state: latchkey.MessageQueued, reason: m.Reason, again: w.Now()}
	}
	return d, w.offer(work, d, p)
}

// sending is the realm with the relays that its mails go to from this server.
func (w *Worker) sending(realm *latchkey.Realm) *latchkey.Realm {
	if w.Caught == nil {
		return realm
	}
	r := *realm
	r.SMTP.Relays = w.Caught.Relays
	if r.SMTP.From == "" {
		r.SMTP.From, r.SMTP.FromDisplayName = w.Caught.From, w.Caught.FromDisplayName
	}
	return &r
}

// compose calls Compose and turns its panics into errors: one bad template
// must not end the process.
func (w *Worker) compose(f Facts) (c Content, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("outbox: writing a mail panicked")
			w.Log.Error("outbox: writing a mail panicked", "kind", f.Message.Kind, "panic", secret.PanicText(p))
		}
	}()
	c, err = w.Compose(f)
	if err == nil && (strings.TrimSpace(c.Subject) == "" || strings.TrimSpace(c.Text) == "" || strings.TrimSpace(c.HTML) == "") {
		err = errors.New("outbox: the mail says nothing")
	}
	return c, err
}

func publicMessage(err error) string {
	var e *latchkey.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "an internal error"
}
