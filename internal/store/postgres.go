package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"time"

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

// postgresEngine is PostgreSQL through one pool. READ COMMITTED is enough:
// what must happen once is decided by one conditional statement.
type postgresEngine struct {
	native  *pgxpool.Pool
	pool    *sql.DB
	notices *notices
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

func (e *postgresEngine) reader() querier { return sqlQuerier{e.pool, &e.db.work} }

func (e *postgresEngine) update(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	// The caller may give up waiting for a connection, and in a statement, but
	// not in the commit: nobody would know whether it happened.
	c, err := e.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() { _ = c.Close() }()
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxDuration)
	defer cancel()
	t, err := c.BeginTx(whole, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	// A no-op after the commit; it runs whatever f does.
	defer func() { _ = t.Rollback() }()
	work := &tx.db.work
	work.trips.Add(2)
	tx.q = sqlQuerier{t, work}
	tx.now = fromMillis(tx.db.now().UnixMilli())
	if err := tx.db.call(f, tx); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if tx.wrote {
		work.commits.Add(1)
	}
	return nil
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

// sqlQuerier is a pool or a transaction. pgx keeps the prepared statements of
// each connection itself.
type sqlQuerier struct {
	db interface {
		QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
		ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	}
	work *counters
}

func (q sqlQuerier) query(ctx context.Context, text string, args []any) (rows, error) {
	q.work.trips.Add(1)
	return q.db.QueryContext(ctx, text, args...) //nolint:rowserrcheck // Tx.each looks
}

func (q sqlQuerier) exec(ctx context.Context, text string, args []any) (int64, error) {
	q.work.trips.Add(1)
	res, err := q.db.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
