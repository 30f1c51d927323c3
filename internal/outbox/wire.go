package outbox

import (
	"bytes"
	"context"
	"errors"
	"net"
	"time"
)

// maxReplyBytes bounds what a relay may say while one mail is handed over.
const maxReplyBytes = 64 << 10

var (
	errOutOfTurn = errors.New("the relay spoke out of turn")
	errTalkative = errors.New("the relay said too much")
	errTimeout   = errors.New("no answer in time")
)

// past is a deadline that is over in any time zone and on any clock.
var past = time.Unix(1, 0)

// wire is the connection under an SMTP client. Before TLS it gives out one
// line a read, so that whatever a relay, or somebody before it, sends behind
// a line stays here: when the client goes on to write while such text waits,
// as it would at the TLS handshake after an injection behind the answer to
// STARTTLS, the conversation fails.
type wire struct {
	net.Conn
	plain   bool
	buffer  []byte // what is read from the network
	waiting []byte // of it, not yet given out
	budget  int    // bytes that may still be read
}

func newWire(c net.Conn, plain bool) *wire {
	return &wire{Conn: c, plain: plain, budget: maxReplyBytes}
}

// Read gives at most one line while the wire is plain.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.waiting) == 0 {
		if w.budget <= 0 {
			return 0, errTalkative
		}
		if !w.plain {
			n, err := w.Conn.Read(p)
			w.budget -= n
			return n, err
		}
		if w.buffer == nil {
			w.buffer = make([]byte, 4096)
		}
		n, err := w.Conn.Read(w.buffer)
		w.budget -= n
		if n == 0 {
			return 0, err
		}
		w.waiting = w.buffer[:n]
	}
	n := len(w.waiting)
	if i := bytes.IndexByte(w.waiting, '\n'); i >= 0 {
		n = i + 1
	}
	n = copy(p, w.waiting[:n])
	w.waiting = w.waiting[n:]
	return n, nil
}

// Write refuses to answer over text that nobody has read. A TLS record is
// what ends the plain part: no SMTP command starts with its first byte.
func (w *wire) Write(p []byte) (int, error) {
	if w.plain {
		if len(w.waiting) > 0 {
			return 0, errOutOfTurn
		}
		const handshake = 0x16
		w.plain = len(p) == 0 || p[0] != handshake
	}
	return w.Conn.Write(p)
}

// within runs a part of the conversation. When the time is over, or the
// context ends, reads and writes fail at once and the wire is of no more use.
// What f gave stands even when the time ran out a moment later.
func (w *wire) within(ctx context.Context, d time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = w.Conn.SetDeadline(past) })
	err := f()
	if !stop() && err != nil && isTimeout(err) {
		return errTimeout
	}
	return err
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
