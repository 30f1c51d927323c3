package store

import (
	"context"

	"github.com/pressly/goose/v3"
)

// MigrateTo brings the schema to a version, up or down.
func (db *DB) MigrateTo(ctx context.Context, version int64) error {
	return db.withProvider(ctx, func(p *goose.Provider) error {
		now, err := p.GetDBVersion(ctx)
		if err != nil {
			return err
		}
		if version < now {
			_, err = p.DownTo(ctx, version)
		} else {
			_, err = p.UpTo(ctx, version)
		}
		return err
	})
}

// LatestVersion is the version that Migrate leads to.
func (db *DB) LatestVersion(ctx context.Context) (latest int64, err error) {
	err = db.withProvider(ctx, func(p *goose.Provider) error {
		_, latest, err = p.GetVersions(ctx)
		return err
	})
	return latest, err
}

// RealmTables are the tables that DeleteRealm empties.
func RealmTables() (names []string) {
	for _, table := range realmTables {
		names = append(names, table.name)
	}
	return names
}

// Statements says how many statements f runs.
func (tx *Tx) Statements(f func()) int {
	c := &counting{querier: tx.q}
	tx.q = c
	defer func() { tx.q = c.querier }()
	f()
	return c.n
}

// Run runs a statement of a test.
func (tx *Tx) Run(text string, args ...any) error {
	_, err := tx.exec(text, args...)
	return err
}

// RunLater gives a statement of a test to be run by the commit.
func (tx *Tx) RunLater(text string, args ...any) error { return tx.later(nil, text, args...) }

// Ask reads one value.
func (tx *Tx) Ask(dest any, text string, args ...any) error {
	return tx.each(func(r row) error { return r.Scan(dest) }, text, args...)
}

type counting struct {
	querier
	n int
}

func (c *counting) query(ctx context.Context, text string, args []any) (rows, error) {
	c.n++
	return c.querier.query(ctx, text, args)
}

func (c *counting) exec(ctx context.Context, text string, args []any) (int64, error) {
	c.n++
	return c.querier.exec(ctx, text, args)
}

// AskOne is Ask in the way that one thing is read.
func (tx *Tx) AskOne(dest any, text string, args ...any) error {
	_, err := one(tx, "row", func(_ *Tx, r row) (struct{}, error) { return struct{}{}, r.Scan(dest) }, text, args...)
	return err
}

// FlightsMost is how many messages with shared reads are under way at once.
const FlightsMost = flightsMost

// FlightsOut says how many are.
func (db *DB) FlightsOut() int {
	f := &db.engine.(*postgresEngine).flights
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out
}

// ReadsWaiting says how many reads wait for one.
func (db *DB) ReadsWaiting() int {
	f := &db.engine.(*postgresEngine).flights
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting)
}

// FewUsers is how many users are sorted to give a page of them.
const FewUsers = fewUsers

// FewSessions and FewMessages are how many are sorted to give a page of them.
const (
	FewSessions = fewSessions
	FewMessages = fewMessages
)

// Tidy does what PostgreSQL does by itself within a minute of many writes.
func (db *DB) Tidy(ctx context.Context) error {
	e, ok := db.engine.(*postgresEngine)
	if !ok {
		return nil
	}
	_, err := e.native.Exec(ctx, "VACUUM ANALYZE")
	return err
}
