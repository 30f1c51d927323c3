package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"latchkey"
)

// What becomes of a statement whose caller has gone away.
const (
	cancelDelay    = 200 * time.Millisecond
	cancelDeadline = 2 * time.Second
)

// postgresSettings are those of every connection. What comes without BEGIN is a
// transaction, too, and has its isolation from here. Statements find rows by
// indexes, and their plans are kept: one that was made while a table was small
// enough to be read whole must not read it whole when it has grown. The costs
// of a scan without an index would switch the compiler on, which takes longer
// than any statement here.
const postgresSettings = "SET default_transaction_isolation TO 'read committed'; SET enable_seqscan TO off; SET jit TO off"

// postgresEngine is PostgreSQL through one pool. READ COMMITTED is enough:
// what must happen once is decided by one conditional statement.
type postgresEngine struct {
	native  *pgxpool.Pool
	pool    *sql.DB // the same for migrations, which goose runs
	notices *notices
	flights flights
	db      *DB
}

func openPostgres(ctx context.Context, url string, conns int, db *DB) (engine, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The error of the parser is left out: it may quote the password.
		return nil, latchkey.Invalid("database", "The PostgreSQL URL cannot be read.")
	}
	if conns <= 0 {
		conns = max(8, 4*runtime.GOMAXPROCS(0))
	}
	// The pool keeps what it has opened: a connection a query is eight times
	// the cost of the query.
	config.MaxConns = int32(min(conns, 10_000))
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	// The connection for notices ends at once with its context.
	listening := config.ConnConfig.Copy()
	// A caller who goes away in the middle of a statement must not cost us the
	// connection: a short statement comes to its end, a long one is cancelled.
	config.ConnConfig.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, CancelRequestDelay: cancelDelay, DeadlineDelay: cancelDeadline}
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		return c.PgConn().Exec(ctx, postgresSettings).Close()
	}
	native, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	e := &postgresEngine{native: native, pool: stdlib.OpenDBFromPool(native), db: db}
	e.notices = &notices{config: listening, pool: e.pool, hub: db.hub, log: db.log}
	if err := e.pool.PingContext(ctx); err != nil {
		_ = e.close()
		return nil, &latchkey.Error{Code: latchkey.CodeUnavailable, Message: "The database cannot be reached.", Err: err}
	}
	return e, nil
}

func (e *postgresEngine) reader() querier { return postgresReader{e} }

func (e *postgresEngine) update(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	// The caller may give up waiting for a connection, and in a statement, but
	// not in the commit: nobody would know whether it happened.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxDuration)
	defer cancel()
	t := &postgresTx{reader: postgresReader{e}, ctx: ctx}
	tx.q = t
	tx.now = fromMillis(tx.db.now().UnixMilli())
	err := func() error {
		defer t.end(whole) // whatever f does
		if err := tx.db.call(f, tx); err != nil {
			return err
		}
		return t.commit(whole)
	}()
	if err == nil && tx.wrote {
		e.db.work.commits.Add(1)
	}
	tx.q = e.reader()
	return t.explain(tx, err)
}

func (e *postgresEngine) start(ctx context.Context, db *DB) {
	db.hub.forward = e.notices.queue()
	db.running.Go(func() { e.notices.send(ctx) })
	db.running.Go(func() { e.notices.listen(ctx) })
}

func (e *postgresEngine) migrating(context.Context) (migrating, error) {
	return migrating{pool: e.pool, release: func() error { return nil }}, nil
}

func (e *postgresEngine) close() error {
	err := e.pool.Close()
	e.native.Close()
	return err
}
