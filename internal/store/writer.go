package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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

// writer is the one connection that writes. Whoever has its turn runs their
// closure on it. The first one begins a transaction, the others each run in a
// savepoint of their own, and the one behind whom nobody waits, or with whom
// the group is full, commits for all. So one fsync serves everybody who came
// meanwhile (group commit), and who comes alone is served without another
// goroutine.
type writer struct {
	conn    *sqliteConn
	work    *counters
	turn    chan struct{} // holds one value while somebody has the turn
	waiting atomic.Int64  // how many want the turn
	closing chan struct{}
	closed  sync.Once

	// The group that is open. They belong to who has the turn.
	open    bool
	wrote   bool // there is something to commit
	runs    int  // how many had their turn in it
	members []chan error
}

func openWriter(uri string, work *counters) (*writer, error) {
	conn, err := openSQLiteConn(uri, writerPragmas)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return &writer{conn: conn, work: work, turn: make(chan struct{}, 1), closing: make(chan struct{})}, nil
}

// update waits for a turn, runs f in it and waits for the commit.
func (w *writer) update(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	if err := w.take(ctx); err != nil {
		return err
	}
	result := make(chan error, 1)
	err := w.run(tx, f, result)
	if err != nil {
		return err
	}
	return <-result
}

// take waits for the turn.
func (w *writer) take(ctx context.Context) error {
	w.waiting.Add(1)
	err := error(nil)
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		err = ctx.Err()
	case <-w.closing:
		err = errClosed
	}
	w.waiting.Add(-1)
	if err != nil {
		w.settle() // a group may have been left open for us
	}
	return err
}

// run runs f in the turn, gives the turn on, and says why f did not join the
// group. When it did, the commit's outcome comes by result.
func (w *writer) run(tx *Tx, f func(*Tx) error, result chan error) (err error) {
	err = errGone // unless f returns: runtime.Goexit ends a failing test
	begun := false
	defer func() {
		if begun {
			err = w.ran(err, tx, result)
		}
		w.leave()
	}()
	if beginning := w.begin(); beginning != nil {
		return beginning
	}
	begun = true
	tx.q = w
	tx.now = fromMillis(tx.db.now().UnixMilli())
	err = tx.db.call(f, tx)
	return err
}

// begin begins the group, or a savepoint in it.
func (w *writer) begin() error {
	w.runs++
	if w.open {
		if err := w.do("SAVEPOINT request"); err != nil {
			w.end(err)
			return fmt.Errorf("%w: %w", errGroupLost, err)
		}
		return nil
	}
	if err := w.do("BEGIN IMMEDIATE"); err != nil {
		w.runs = 0
		return fmt.Errorf("store: %w", err)
	}
	w.open = true
	return nil
}

// ran takes what a closure did into the group, or back.
func (w *writer) ran(err error, tx *Tx, result chan error) error {
	if err == nil {
		w.members = append(w.members, result)
		w.wrote = w.wrote || tx.wrote
		if w.runs > 1 {
			if lost := w.do("RELEASE request"); lost != nil {
				w.end(lost)
			}
		}
		return nil
	}
	if w.runs == 1 {
		// Nobody else is in it. Nothing is left to roll back where SQLite has.
		_ = w.do("ROLLBACK")
		w.open, w.wrote, w.runs = false, false, 0
		return err
	}
	lost := w.do("ROLLBACK TO request")
	if lost == nil {
		lost = w.do("RELEASE request")
	}
	if lost != nil {
		w.end(lost)
	}
	return err
}

// leave gives the turn on: to who waits, or, after the commit, to nobody.
func (w *writer) leave() {
	if w.open && w.waiting.Load() == 0 {
		// Who could run by now and has no core yet may be about to come: let
		// them, and one commit serves them, too. Nobody there costs nothing.
		runtime.Gosched()
	}
	if w.open && (w.waiting.Load() == 0 || w.runs >= maxGroup) {
		w.end(nil)
	}
	<-w.turn
	w.settle()
}

// settle commits a group that was left to somebody who then gave up. It is
// called after every change that could have been their giving up or our
// leaving it to them, so that one of the two sees both.
func (w *writer) settle() {
	if w.waiting.Load() > 0 {
		return // whoever comes next sees to it
	}
	select {
	case w.turn <- struct{}{}:
	default:
		return // whoever has the turn sees to it
	}
	if w.open {
		w.end(nil)
	}
	<-w.turn
}

// end commits the group, or rolls it back when it is lost already, and tells
// its members.
func (w *writer) end(lost error) {
	if lost == nil {
		lost = w.do("COMMIT")
	}
	if lost != nil {
		// Nothing to roll back when SQLite has done it: then this fails, too.
		_ = w.do("ROLLBACK")
		lost = fmt.Errorf("%w: %w", errGroupLost, lost)
	} else if w.wrote {
		w.work.commits.Add(1)
	}
	for _, m := range w.members {
		m <- lost
	}
	clear(w.members)
	w.open, w.wrote, w.runs, w.members = false, false, 0, w.members[:0]
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

// close lets who has the turn come to an end, and closes.
func (w *writer) close() error {
	w.closed.Do(func() { close(w.closing) })
	w.turn <- struct{}{}
	if w.open {
		w.end(nil)
	}
	return w.conn.close()
}
