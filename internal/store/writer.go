package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"latchkey"
)

// maxGroup bounds how many requests share one commit, and so how long the
// first of them waits for the last.
const maxGroup = 128

var (
	// errGroupLost says that the whole transaction was rolled back by SQLite
	// (a full disk, a lack of memory): the requests that were in it run again.
	errGroupLost = errors.New("store: the group of transactions was rolled back")
	errGone      = errors.New("store: the closure did not return")
	errClosed    = latchkey.Errorf(latchkey.CodeUnavailable, "The database is closed.")
)

// writer is the one connection that writes. Its goroutine gives turns: it
// begins a transaction, lets one request after another run inside it, each in
// a savepoint of its own, and commits when nobody waits or the group is full.
// So one fsync serves everybody who came meanwhile (group commit). A request's
// closure runs in the goroutine that called Update.
type writer struct {
	conn     *sqliteConn
	work     *counters
	requests chan *request
	closing  chan struct{}
	closed   sync.Once
	done     chan struct{}
}

// request is a caller of Update that waits for its turn.
type request struct {
	tx     *Tx
	state  atomic.Int32
	turn   chan error // nil: go on; else the transaction could not begin
	ran    chan error // what the closure returned
	result chan error // of the commit; only when the closure returned nil
}

const (
	requestWaiting int32 = iota
	requestRunning
	requestGivenUp
)

func openWriter(uri string, work *counters) (*writer, error) {
	conn, err := openSQLiteConn(uri, writerPragmas)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	w := &writer{conn: conn, work: work, requests: make(chan *request), closing: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w, nil
}

// update waits for a turn, runs f in it and waits for the commit.
func (w *writer) update(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	r := &request{tx: tx, turn: make(chan error, 1), ran: make(chan error, 1), result: make(chan error, 1)}
	select {
	case w.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return errClosed
	}
	select {
	case err := <-r.turn:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		if r.state.CompareAndSwap(requestWaiting, requestGivenUp) {
			return ctx.Err()
		}
		if err := <-r.turn; err != nil {
			return err
		}
	}
	// From here on the writer waits for us, whatever f does: runtime.Goexit
	// (a failing test) included.
	returned := false
	defer func() {
		if !returned {
			r.ran <- errGone
		}
	}()
	tx.q = w
	tx.now = fromMillis(tx.db.now().UnixMilli())
	err := tx.db.call(f, tx)
	returned = true
	r.ran <- err
	if err != nil {
		return err
	}
	return <-r.result
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case r := <-w.requests:
			w.group(r)
		case <-w.closing:
			return
		}
	}
}

// group runs the request and those that wait behind it in one transaction.
func (w *writer) group(r *request) {
	if err := w.do("BEGIN IMMEDIATE"); err != nil {
		if r.state.CompareAndSwap(requestWaiting, requestRunning) {
			r.turn <- fmt.Errorf("store: %w", err)
		}
		return
	}
	var members []*request
	lost := error(nil)
	for n := 1; r != nil && lost == nil; n++ {
		if r.state.CompareAndSwap(requestWaiting, requestRunning) {
			var kept bool
			if kept, lost = w.take(r); kept {
				members = append(members, r)
			}
		}
		r = nil
		if n < maxGroup && lost == nil {
			select {
			case r = <-w.requests:
			default:
			}
		}
	}
	if lost == nil {
		lost = w.do("COMMIT")
	}
	if lost == nil && slices.ContainsFunc(members, func(m *request) bool { return m.tx.wrote }) {
		w.work.commits.Add(1)
	}
	if lost != nil {
		// Nothing to roll back when SQLite has done it: then this fails, too.
		_ = w.do("ROLLBACK")
		lost = fmt.Errorf("%w: %w", errGroupLost, lost)
	}
	for _, m := range members {
		m.result <- lost
	}
}

// take gives one request its turn. It is kept when its changes wait for the
// commit; lost is set when the transaction itself is gone.
func (w *writer) take(r *request) (kept bool, lost error) {
	if err := w.do("SAVEPOINT request"); err != nil {
		r.turn <- fmt.Errorf("%w: %w", errGroupLost, err)
		return false, err
	}
	r.turn <- nil
	if err := <-r.ran; err != nil {
		if err := w.do("ROLLBACK TO request"); err != nil {
			return false, err
		}
		return false, w.do("RELEASE request")
	}
	return true, w.do("RELEASE request")
}

func (w *writer) do(text string) error {
	_, err := w.conn.exec(text, nil)
	return err
}

// query and exec leave the caller's context out: SQLite answers an
// interrupted write with a rollback of the whole transaction, and so of
// everybody in the group. The context is looked at between statements.

func (w *writer) query(_ context.Context, text string, args []any) (rows, error) {
	r, err := w.conn.query(context.Background(), text, args, nil)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (w *writer) exec(_ context.Context, text string, args []any) (int64, error) {
	return w.conn.exec(text, args)
}

func (w *writer) close() error {
	w.closed.Do(func() { close(w.closing) })
	<-w.done
	return w.conn.close()
}
