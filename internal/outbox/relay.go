package outbox

import (
	"context"
	"errors"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// result is what became of one claim of a message.
type result struct {
	state    latchkey.MessageState // MessageQueued: to be tried again
	reason   string
	again    time.Time // when, for MessageQueued
	round    bool      // it counts as a try
	attempts []latchkey.DeliveryAttempt
	mark     string // why the address is to be marked; empty: it is not
}

// errAside says that a relay was not asked: it is left alone for a while.
var errAside = errors.New("the relay is left alone for a while")

// offer offers a mail to the relays in turn until one takes it. It ends with
// a final state, or with a time to try again.
func (w *Worker) offer(ctx context.Context, d *decision, p post) result {
	r := result{state: latchkey.MessageQueued}
	m := d.facts.Message
	still := func() bool { return w.Now().Before(m.ExpiresAt) }
	var earliest time.Time // when a relay that is left alone may be asked again
	refusals, busy := 0, false
	for _, relay := range d.facts.Realm.SMTP.Relays {
		if relay.Host == "" {
			continue
		}
		if !still() {
			return r.expired()
		}
		e := newEndpoint(relay)
		a, f, at := w.attempt(ctx, e, p, still)
		switch {
		case f == nil:
			a.Reply = tidy(a.Reply, d.secrets(e, w.dialer.tokens.last(e)))
			r.attempts = append(r.attempts, a)
			r.state, r.reason, r.round = latchkey.MessageHandedOver, "", true
			return r
		case errors.Is(f.err, errExpired):
			return r.expired()
		case errors.Is(f.err, errBusy):
			busy = true
			continue
		case errors.Is(f.err, errAside):
			if earliest.IsZero() || at.Before(earliest) {
				earliest = at
			}
			continue
		}
		a.Reply = tidy(a.Reply, d.secrets(e, w.dialer.tokens.last(e)))
		r.attempts = append(r.attempts, a)
		r.reason, r.round = a.Reply, true
		if f.noMailbox() {
			r.state, r.mark = latchkey.MessageFailed, a.Reply
			return r
		}
		if f.final() {
			refusals++
		}
	}
	if r.round && refusals == len(r.attempts) && !busy && earliest.IsZero() {
		r.state = latchkey.MessageFailed // every relay there is refuses this very mail
		return r
	}
	return w.later(r, m, busy, earliest)
}

// later says when a mail that no relay took is tried again.
func (w *Worker) later(r result, m *latchkey.Message, busy bool, earliest time.Time) result {
	now := w.Now()
	switch {
	case r.round:
		r.again = now.Add(backoff(m.Attempts))
	case busy:
		r.again, r.reason = now.Add(250*time.Millisecond+jitter(500*time.Millisecond)), m.Reason
	case !earliest.IsZero():
		r.again, r.reason = earliest.Add(jitter(time.Second)), "every relay is down at the moment"
	default:
		r.again, r.reason, r.round = now.Add(backoff(m.Attempts)), reasonNoServer, true
	}
	if r.again.After(m.ExpiresAt) {
		r.again = m.ExpiresAt
	}
	return r
}

func (r result) expired() result {
	r.state, r.reason = latchkey.MessageExpired, "no relay took it before its link ended"
	return r
}

// attempt hands the mail to one relay. A fault of errBusy or errAside says
// that the relay was not asked; at is then when it may be.
func (w *Worker) attempt(ctx context.Context, e endpoint, p post, still func() bool) (a latchkey.DeliveryAttempt, f *fault, at time.Time) {
	pool := w.pools.of(e, w.Now())
	if err := pool.enter(ctx, w.ending); err != nil {
		return a, &fault{err: err}, time.Time{}
	}
	defer pool.leave()
	begun := w.Now()
	if ok, at := pool.allow(begun); !ok {
		return a, &fault{err: errAside}, at
	}
	reply, f := w.converse(ctx, pool, e, p, still)
	pool.judge(w.Now(), f, ctx.Err() != nil)
	a = latchkey.DeliveryAttempt{At: begun, Relay: e.addr, Outcome: OutcomeAccepted, Reply: reply, Duration: w.Now().Sub(begun)}
	if f != nil {
		a.Outcome, a.Reply = f.outcome(), f.words()
	}
	return a, f, time.Time{}
}

// converse finds a connection and hands the mail over. A warm connection that
// turns out to be dead says nothing about the relay: a new one is made, as
// long as the mail's text was not on its way yet.
func (w *Worker) converse(ctx context.Context, p *pool, e endpoint, mail post, still func() bool) (string, *fault) {
	c, warm := p.take(w.Now()), true
	for {
		if c == nil {
			var f *fault
			if c, f = w.dialer.dial(ctx, e); f != nil {
				return "", f
			}
			warm = false
		}
		reply, f := c.send(ctx, e, mail, still)
		switch {
		case f == nil:
			p.give(c, w.Now())
			return reply, nil
		case warm && f.lost() && f.stage != stageEnd:
			c.close()
			p.drain() // the others are as old
			c = nil
			continue
		case !f.lost() && c.reset(ctx, e):
			p.give(c, w.Now())
		default:
			c.close()
		}
		return "", f
	}
}

// schedule is when a mail is tried again; the last step repeats.
var schedule = []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second, 60 * time.Second}

// backoff gives the wait after so many rounds before this one, a fifth more
// or less so that mails that failed together do not come back together.
func backoff(rounds int) time.Duration {
	d := schedule[min(max(rounds, 0), len(schedule)-1)]
	return d*4/5 + jitter(d*2/5)
}

// jitter draws a duration up to d.
func jitter(d time.Duration) time.Duration {
	b := secret.Random(2)
	return d * time.Duration(int(b[0])<<8|int(b[1])) / (1 << 16)
}
