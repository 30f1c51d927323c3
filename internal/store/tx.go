package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// maxRuns is how often a closure is run when the database asks for another
// run (serialization failure, deadlock, a name that was taken this moment).
const maxRuns = 5

// maxDuration bounds a whole View or Update, so that a network which swallows
// everything blocks nobody for ever.
const maxDuration = time.Minute

// Tx is a closure's access to the database. It must not be kept after the
// closure has returned, nor used by another goroutine.
type Tx struct {
	db     *DB
	ctx    context.Context
	q      querier
	now    time.Time
	writes bool
	wrote  bool // a statement that may change something was run
	again  bool // the database asked for another run
	after  []func()
	topics map[string]bool
	bumped map[string]bool // realms whose version has grown in this transaction
	user   *latchkey.User  // the one that was read last; see Tx.User
	login  *loginRead      // the one that was read last; see Tx.LoginChanged
}

// querier runs statements: on a pool, on the writer or in a transaction.
type querier interface {
	query(ctx context.Context, text string, args []any) (rows, error)
	// exec says how many rows were changed.
	exec(ctx context.Context, text string, args []any) (int64, error)
}

// queuer is a querier to which writes can be given that nobody waits for. They
// are run in their order and before what is asked next, at the latest by the
// commit.
type queuer interface {
	later(ctx context.Context, w write) error
}

// write is a statement of whose outcome nothing in the closure depends. none
// gives the error of one that changed no row; nil: it need not change one.
type write struct {
	text string
	args []any
	none func(*Tx) error
}

// rows are what a query gives; *sql.Rows are some.
type rows interface {
	row
	Next() bool
	Err() error
	Close() error
}

type insideKey struct{}

var errNested = errors.New("store: a transaction inside a transaction")

// View runs f with read access. Each statement stands for itself and sees
// what is committed when it starts; f runs once.
func (db *DB) View(ctx context.Context, f func(*Tx) error) error {
	if ctx.Value(insideKey{}) != nil {
		return errNested
	}
	if db.stopped.Load() {
		return errClosed
	}
	tx, done := db.tx(ctx, false)
	defer done()
	tx.q = db.engine.reader()
	if err := db.call(f, tx); err != nil {
		return err
	}
	tx.finish()
	return nil
}

// Update runs f in one transaction and commits it when f returns nil. When the
// database asks for it, f is run again from the start, at most four times. A
// panic in f becomes an error. Update gives up when ctx ends before f has had
// its turn; a commit that has begun is waited for.
func (db *DB) Update(ctx context.Context, f func(*Tx) error) error {
	if ctx.Value(insideKey{}) != nil {
		return errNested
	}
	for run := 1; ; run++ {
		if db.stopped.Load() {
			return errClosed
		}
		tx, err := db.update(ctx, f)
		if err == nil {
			tx.finish()
			return nil
		}
		again := tx.again || db.dialect.retryable(err)
		if !again || run == maxRuns || ctx.Err() != nil {
			if again && ctx.Err() == nil {
				err = &latchkey.Error{Code: latchkey.CodeUnavailable, Message: "The database is busy. Try again.", Err: err}
			}
			return err
		}
		// Longer each time, and not the same for everybody.
		if err := pause(ctx, time.Duration(run)*time.Duration(1+secret.Random(1)[0]%5)*time.Millisecond); err != nil {
			return err
		}
	}
}

// yieldFor is how long Yield leaves SQLite to others.
const yieldFor = 10 * time.Millisecond

// Yield lets other processes write, between the transactions of an act that has
// many of them: who waits for SQLite's lock asks for it now and then, and would
// hardly ever find it free. PostgreSQL has no such lock.
func (db *DB) Yield(ctx context.Context) error {
	if db.Dialect() != "sqlite" {
		return nil
	}
	return pause(ctx, yieldFor)
}

// pause waits a little.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (db *DB) update(ctx context.Context, f func(*Tx) error) (*Tx, error) {
	tx, done := db.tx(ctx, true)
	defer done()
	db.work.transactions.Add(1)
	return tx, db.engine.update(tx.ctx, tx, f)
}

func (db *DB) tx(ctx context.Context, writes bool) (tx *Tx, done context.CancelFunc) {
	ctx, done = context.WithTimeout(context.WithValue(ctx, insideKey{}, true), maxDuration)
	return &Tx{db: db, ctx: ctx, now: fromMillis(db.now().UnixMilli()), writes: writes}, done
}

// call runs f and turns a panic into an error, so that one bad request cannot
// end the writer or the process.
func (db *DB) call(f func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			text := secret.PanicText(p)
			db.log.Error("panic in a transaction", "panic", text, "stack", string(debug.Stack()))
			err = fmt.Errorf("store: panic in a transaction: %s", text)
		}
	}()
	return f(tx)
}

// finish does what was to be done after the commit.
func (tx *Tx) finish() {
	if len(tx.topics) > 0 {
		tx.db.hub.committed(tx.topics)
	}
	for _, f := range tx.after {
		f()
	}
}

// Now is the time at which the transaction began: UTC, whole milliseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// Context is the context of View or Update.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Keyring is the ring that the database seals with.
func (tx *Tx) Keyring() *secret.Keyring { return tx.db.keyring }

// AfterCommit has f called once the transaction is committed, in the
// goroutine of Update, in the order of the calls; never when it is not.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// LookAhead runs f in a View and says whether it went well. When it did not,
// which a write alone is reason for, what f gave to AfterCommit is dropped: as
// far as the store knows nothing of it has happened.
func (tx *Tx) LookAhead(f func() bool) bool {
	before := len(tx.after)
	if !tx.writes && f() {
		return true
	}
	tx.after = tx.after[:before]
	return false
}

// Notify wakes those who watch the topic once the transaction is committed:
// on this node at once, on others by a hint that may be late or lost.
func (tx *Tx) Notify(topic string) {
	if tx.topics == nil {
		tx.topics = map[string]bool{}
	}
	tx.topics[topic] = true
}

var errReadOnly = errors.New("store: a View does not write")

// writing says whether a statement that changes rows may be run.
func (tx *Tx) writing(text string) error {
	if !tx.writes {
		return errReadOnly
	}
	if err := tx.ctx.Err(); err != nil {
		return err
	}
	tx.forget(text)
	tx.wrote = true
	return nil
}

// exec runs a statement that changes rows and says how many.
func (tx *Tx) exec(text string, args ...any) (int64, error) {
	if err := tx.writing(text); err != nil {
		return 0, err
	}
	tx.db.work.statements.Add(1)
	n, err := tx.q.exec(tx.ctx, text, args)
	if err != nil {
		return 0, tx.failed(err)
	}
	return n, nil
}

// later is exec for a statement of whose outcome nothing in the closure
// depends. On PostgreSQL it may go out with the next statement or the commit,
// which saves a wait; the closure does not hear of its failure then, but Update
// answers with it and nothing is committed, whatever the closure says. none
// gives the error of a statement that changed no row; nil: it need not change
// one. It may read.
func (tx *Tx) later(none func(*Tx) error, text string, args ...any) error {
	q, ok := tx.q.(queuer)
	if !ok {
		n, err := tx.exec(text, args...)
		if err == nil && n == 0 && none != nil {
			err = none(tx)
		}
		return err
	}
	if err := tx.writing(text); err != nil {
		return err
	}
	tx.db.work.statements.Add(1)
	if err := q.later(tx.ctx, write{text, args, none}); err != nil {
		return tx.failed(err)
	}
	return nil
}

// otherwise is the error of a write that changed nothing.
func otherwise(err error) func(*Tx) error { return func(*Tx) error { return err } }

// changed is exec for a statement of which the row count decides: whether it
// changed a row.
func (tx *Tx) changed(text string, args ...any) (bool, error) {
	n, err := tx.exec(text, args...)
	return n > 0, err
}

// must is exec for a statement that changes one thing that has to exist.
func (tx *Tx) must(what string, text string, args ...any) error {
	n, err := tx.exec(text, args...)
	if err == nil && n == 0 {
		err = notFound(what)
	}
	return err
}

// row is what a scanner reads from.
type row interface{ Scan(dest ...any) error }

// each calls scan for every row of a query, or of a statement with RETURNING.
func (tx *Tx) each(scan func(row) error, text string, args ...any) error {
	return tx.read(tx.q.query, scan, text, args)
}

// read is each with the querier's way of asking.
func (tx *Tx) read(query func(context.Context, string, []any) (rows, error), scan func(row) error, text string, args []any) error {
	if err := tx.ctx.Err(); err != nil {
		return err
	}
	tx.db.work.statements.Add(1)
	rows, err := query(tx.ctx, text, args)
	if err != nil {
		return tx.failed(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return tx.failed(err)
	}
	return nil
}

func (tx *Tx) failed(err error) error {
	if tx.db.dialect.retryable(err) {
		tx.again = true
	}
	return fmt.Errorf("store: %w", err)
}

// returning is each for a statement that changes rows.
func (tx *Tx) returning(scan func(row) error, text string, args ...any) error {
	if !tx.writes {
		return errReadOnly
	}
	tx.forget(text)
	tx.wrote = true
	return tx.each(scan, text, args...)
}

// many reads a list.
func many[T any](tx *Tx, scan func(*Tx, row) (T, error), text string, args ...any) ([]T, error) {
	var out []T
	err := tx.each(func(r row) error {
		v, err := scan(tx, r)
		if err == nil {
			out = append(out, v)
		}
		return err
	}, text, args...)
	return out, err
}

// one reads one thing, which has to exist. In a View on PostgreSQL it may go
// out together with what others read.
func one[T any](tx *Tx, what string, scan func(*Tx, row) (T, error), text string, args ...any) (out T, err error) {
	query := tx.q.query
	if s, ok := tx.q.(sharer); ok {
		query = s.shared
	}
	found := false
	err = tx.read(query, func(r row) error {
		v, err := scan(tx, r)
		if err == nil && !found {
			out, found = v, true
		}
		return err
	}, text, args)
	if err == nil && !found {
		err = notFound(what)
	}
	return out, err
}

func notFound(what string) error {
	return latchkey.Errorf(latchkey.CodeNotFound, "There is no such %s.", what)
}

func conflict(field, format string, args ...any) error {
	return &latchkey.Error{Code: latchkey.CodeConflict, Field: field, Message: fmt.Sprintf(format, args...)}
}

// insert runs an INSERT ... ON CONFLICT DO NOTHING, which unlike a failing
// INSERT leaves the transaction usable on PostgreSQL.
func (tx *Tx) insert(taken error, text string, args ...any) error {
	n, err := tx.exec(text, args...)
	if err == nil && n == 0 {
		err = taken
	}
	return err
}
