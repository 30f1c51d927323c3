package outbox

import "time"

// A relay is left alone for coolFirst after breakAfter failures in a row, or
// after a single one that kept a mail waiting; each failed probe doubles the
// time up to coolMax.
const (
	breakAfter = 3
	coolFirst  = 10 * time.Second
	coolMax    = 2 * time.Minute
)

// breaker remembers, on this node, whether a relay works. It is not safe for
// use by several goroutines; its pool's lock guards it.
type breaker struct {
	failures int // in a row
	cool     time.Duration
	until    time.Time // open until then; zero when closed
	probing  bool      // one mail is finding out whether the relay is back
}

// allow says whether a mail may be tried. When it may not, at says when to
// ask again.
func (b *breaker) allow(now time.Time) (ok bool, at time.Time) {
	switch {
	case b.until.IsZero():
		return true, time.Time{}
	case now.Before(b.until):
		return false, b.until
	case b.probing:
		return false, now.Add(time.Second)
	}
	b.probing = true
	return true, time.Time{}
}

// release takes back an allowance that was not used.
func (b *breaker) release() { b.probing = false }

// worked closes the breaker.
func (b *breaker) worked() { *b = breaker{} }

// failed counts a failure that was the relay's; slow says that it cost the
// mail its time.
func (b *breaker) failed(now time.Time, slow bool) {
	b.failures++
	probe := b.probing
	b.probing = false
	if !probe && !slow && b.failures < breakAfter {
		return
	}
	if !probe && !b.until.IsZero() && now.Before(b.until) {
		return // one of several that were under way when it opened
	}
	b.cool = min(max(2*b.cool, coolFirst), coolMax)
	b.until = now.Add(b.cool)
}
