package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// queuedMost is how many writes wait for the next statement before they go out
// by themselves.
const queuedMost = 64

var (
	// errEnded is what statements get after one has failed: the transaction
	// cannot commit any more. Why is what Update answers.
	errEnded = errors.New("store: the transaction has failed")
	// errRolledBack says that a COMMIT did not commit.
	errRolledBack = errors.New("store: the transaction was rolled back")
)

// postgresTx is one transaction. BEGIN goes out with the first statement that
// writes or locks, in one message; writes of which nobody needs the outcome
// wait for the next statement that somebody waits for, and the last of them go
// out with the COMMIT. A transaction of which every write can wait is one
// message without BEGIN and COMMIT: PostgreSQL takes what comes before a Sync
// as one transaction.
//
// It has a connection from its first statement on that is not a shared read.
type postgresTx struct {
	*postgresConn
	reader postgresReader
	ctx    context.Context // the caller's, who may give up waiting for a connection
	queue  []write
	begun  bool
	// failed is what ended the transaction early, and none what to say of it
	// when that is a write that changed nothing. When it is one that had waited,
	// nobody but Update was told.
	failed error
	none   func(*Tx) error
	late   bool
}

// checked is a write that fails on the server when it changes no row, so that
// what comes behind it in the same message is not done.
func checked(text string) string {
	return "WITH changed AS (" + text + " RETURNING 1) SELECT 1 / COUNT(*) FROM changed"
}

// changedNothing is the failure of a checked write: a division by zero.
func changedNothing(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "22012"
}

// later takes a write in.
func (t *postgresTx) later(ctx context.Context, w write) error {
	if t.failed != nil {
		return errEnded
	}
	t.queue = append(t.queue, w)
	if len(t.queue) < queuedMost {
		return nil
	}
	results, _, err := t.send(ctx, true, nil, "")
	if err != nil {
		return err
	}
	return t.ended(results.Close())
}

func (t *postgresTx) query(ctx context.Context, text string, args []any) (rows, error) {
	r, err := t.run(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (t *postgresTx) exec(ctx context.Context, text string, args []any) (int64, error) {
	r, err := t.run(ctx, text, args)
	if err != nil {
		return 0, err
	}
	_ = r.Close()
	if r.err != nil {
		return 0, r.err
	}
	tag, _ := r.result.Close()
	return tag.RowsAffected(), nil
}

// shared lets a read that stands before the transaction begins go out with
// those of others.
func (t *postgresTx) shared(ctx context.Context, text string, args []any) (rows, error) {
	if t.failed != nil || t.begun || len(t.queue) > 0 || !onlyReads(text) {
		return t.query(ctx, text, args)
	}
	r, err := t.reader.shared(ctx, text, args)
	return r, t.ended(err)
}

// connect takes a connection when there is none yet.
func (t *postgresTx) connect() (err error) {
	if t.postgresConn == nil {
		t.postgresConn, err = takePostgresConn(t.ctx, t.reader.engine.native, &t.reader.engine.db.work)
	}
	return t.ended(err)
}

// run sends what waits and the statement, and gives the statement's rows.
func (t *postgresTx) run(ctx context.Context, text string, args []any) (*postgresRows, error) {
	if t.failed != nil {
		return nil, errEnded
	}
	if err := t.connect(); err != nil {
		return nil, err
	}
	s, err := t.prepared(ctx, text)
	if err != nil {
		return nil, t.ended(err)
	}
	if len(t.queue) == 0 && (t.begun || s.reads) {
		r, err := t.rows(ctx, s, args)
		if err != nil {
			return nil, t.ended(err)
		}
		r.failed = func(err error) { _ = t.ended(err) }
		return r, nil
	}
	results, result, err := t.send(ctx, true, args, text)
	if err != nil {
		return nil, err
	}
	return &postgresRows{stmt: s, result: result, rest: results, failed: func(err error) { _ = t.ended(err) }}, nil
}

// send sends, in one message, BEGIN where the transaction has to begin, what
// waits, and the statement, which may be none; it reads the outcomes up to the
// statement's.
func (t *postgresTx) send(ctx context.Context, begin bool, args []any, last string) (*pgconn.MultiResultReader, *pgconn.ResultReader, error) {
	if err := t.connect(); err != nil {
		return nil, nil, err
	}
	queue := t.queue
	t.queue = nil
	writes := make([]write, 0, len(queue)+2)
	if begin && !t.begun {
		writes = append(writes, write{text: "BEGIN"})
	}
	writes = append(writes, queue...)
	if last != "" {
		writes = append(writes, write{text: last, args: args})
	}
	batch := &pgconn.Batch{}
	for _, w := range writes {
		text := w.text
		if w.none != nil {
			text = checked(text)
		}
		s, err := t.prepared(ctx, text)
		if err == nil {
			err = t.add(batch, s, w.args)
		}
		if err != nil {
			return nil, nil, t.ended(err)
		}
	}
	t.work.trips.Add(1)
	t.begun = t.begun || begin
	results := t.conn.ExecBatch(ctx, batch)
	for i, w := range writes {
		if !results.NextResult() {
			return nil, nil, t.lost(results, w, last != "" && i == len(writes)-1)
		}
		if i == len(writes)-1 {
			break
		}
		if _, err := results.ResultReader().Close(); err != nil {
			return nil, nil, t.lost(results, w, false)
		}
	}
	return results, results.ResultReader(), nil
}

// lost says why a statement of a batch has no outcome.
func (t *postgresTx) lost(results *pgconn.MultiResultReader, w write, own bool) error {
	err := results.Close()
	if err == nil {
		err = errRolledBack
	}
	if t.failed == nil {
		t.failed, t.late = err, !own
		if changedNothing(err) {
			t.none = w.none
		}
	}
	if own {
		return err
	}
	return errEnded
}

// ended takes down what ended the transaction.
func (t *postgresTx) ended(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// commit sends what waits and ends the transaction. ctx is not the caller's:
// nobody would know whether a commit happened that was given up.
func (t *postgresTx) commit(ctx context.Context) error {
	if t.failed != nil {
		return fmt.Errorf("store: %w", t.failed)
	}
	if !t.begun && len(t.queue) == 0 {
		return nil
	}
	last := ""
	if t.begun {
		last = "COMMIT"
	}
	results, result, err := t.send(ctx, false, nil, last)
	if err != nil {
		return err
	}
	tag, err := result.Close()
	if closing := results.Close(); err == nil {
		err = closing
	}
	if err == nil && last != "" && !strings.HasPrefix(tag.String(), last) {
		err = errRolledBack
	}
	if err != nil {
		return fmt.Errorf("store: %w", t.ended(err))
	}
	t.begun = false
	return nil
}

// end rolls back what was not committed, and frees the connection.
func (t *postgresTx) end(ctx context.Context) {
	if t.postgresConn == nil {
		return
	}
	if t.begun && !t.conn.IsClosed() {
		t.work.trips.Add(1)
		_ = t.conn.Exec(ctx, "ROLLBACK").Close()
	}
	t.postgresConn.end(ctx, t.failed)
}

// explain gives the error of an Update that ended with err. When a write that
// had waited failed, the closure knows nothing of it.
func (t *postgresTx) explain(tx *Tx, err error) error {
	switch {
	case !t.late:
		return err
	case t.none != nil:
		return t.none(tx)
	}
	return fmt.Errorf("store: %w", t.failed)
}
