package store

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// pingDeadline bounds the whole of a health check.
const pingDeadline = 2 * time.Second

// Options say which database to open and how.
type Options struct {
	// URL is "sqlite:PATH" or "postgres://..." (any form that libpq takes).
	URL string
	// Keyring seals what must be readable again: client secrets, private keys,
	// relay passwords, the secrets of unsent mails.
	Keyring *secret.Keyring
	// Now is the clock. Everything that is stored or compared comes from it,
	// in UTC with milliseconds.
	Now func() time.Time
	// Log takes what happens in the background; nil for slog.Default.
	Log *slog.Logger
	// MaxConns bounds the open connections; zero for four a core (at least 8)
	// on PostgreSQL and one reader a core on SQLite.
	MaxConns int
}

// DB is an open database. It is safe for use by several goroutines.
type DB struct {
	engine  engine
	dialect *dialect
	keyring *secret.Keyring
	now     func() time.Time
	log     *slog.Logger
	hub     *hub
	work    counters
	courier atomic.Pointer[func(*latchkey.Message)]

	stop    context.CancelFunc
	stopped atomic.Bool
	running sync.WaitGroup
}

// engine is what differs between the two databases in how a transaction is
// run; how statements differ is in dialect.
type engine interface {
	// reader gives what a View asks: each statement on its own.
	reader() querier
	// update runs f in one transaction and commits it.
	update(ctx context.Context, tx *Tx, f func(*Tx) error) error
	// start begins background work, which ends with ctx.
	start(ctx context.Context, db *DB)
	// migrating gives a connection pool for schema changes and what releases it.
	migrating(ctx context.Context) (migrating, error)
	close() error
}

// Open opens the database. It does not migrate: see DB.Pending and DB.Migrate.
// A database that was made with another master key is refused with a sentence
// that says so.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Keyring == nil {
		return nil, latchkey.Invalid("master key", "The database needs a master key.")
	}
	if o.Now == nil {
		return nil, latchkey.Invalid("clock", "The database needs a clock.")
	}
	db := &DB{keyring: o.Keyring, now: o.Now, log: o.Log, hub: newHub()}
	if db.log == nil {
		db.log = slog.Default()
	}
	var err error
	scheme, rest, _ := strings.Cut(o.URL, ":")
	switch scheme {
	case "sqlite":
		db.dialect = &sqliteDialect
		db.engine, err = openSQLite(strings.TrimPrefix(rest, "//"), o.MaxConns, &db.work)
	case "postgres", "postgresql":
		db.dialect = &postgresDialect
		db.engine, err = openPostgres(ctx, o.URL, o.MaxConns, db)
	default:
		return nil, latchkey.Invalid("database", "A database URL begins with sqlite: or postgres://.")
	}
	if err != nil {
		return nil, err
	}
	if err := db.checkCanary(ctx); err != nil {
		_ = db.engine.close()
		return nil, err
	}
	background, stop := context.WithCancel(context.Background())
	db.stop = stop
	db.engine.start(background, db)
	db.running.Go(func() { db.poll(background) })
	return db, nil
}

// Close waits for the transactions that run, and closes. What comes afterwards
// is refused with the code "unavailable".
func (db *DB) Close() error {
	if db.stopped.Swap(true) {
		return nil
	}
	db.stop()
	db.running.Wait()
	return db.engine.close()
}

// Dialect is "sqlite" or "postgres".
func (db *DB) Dialect() string { return db.dialect.name }

// ServerTime is what the database server's clock shows; for SQLite, which has
// none of its own, it is the given one's.
func (db *DB) ServerTime(ctx context.Context) (now time.Time, err error) {
	if db.dialect.clock == "" {
		return db.now(), nil
	}
	err = db.View(ctx, func(tx *Tx) error {
		return tx.each(func(r row) error { return r.Scan(timeColumn{&now}) }, db.dialect.clock)
	})
	return now, err
}

// Keyring is the ring that the database seals with.
func (db *DB) Keyring() *secret.Keyring { return db.keyring }

// Ping reads, outside of a transaction and inside of one, so that it fails
// when either way is blocked: a health check that stays green while sign-in is
// dead is worse than none. It takes at most two seconds.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingDeadline)
	defer cancel()
	read := func(tx *Tx) error {
		_, err := tx.Meta(metaCanary)
		return err
	}
	if err := db.View(ctx, read); err != nil {
		return err
	}
	return db.Update(ctx, read)
}
