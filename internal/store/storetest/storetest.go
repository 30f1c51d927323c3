package storetest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// MasterKey is the key that every test database is sealed with. It is worth
// nothing.
const MasterKey latchkey.Secret = "oT1hS9xQm4u7cZr2yV5bKfWd8nLgEpJ3AiXsRtB6U0w="

// Keyring gives a ring with MasterKey.
func Keyring() *secret.Keyring {
	ring, err := secret.ParseKeyring(MasterKey)
	if err != nil {
		panic(err)
	}
	return ring
}

// clocks holds the clock of every open database.
var clocks sync.Map // *store.DB to *Clock

// ClockOf gives the clock that a database of this package runs by.
func ClockOf(db *store.DB) *Clock {
	c, _ := clocks.Load(db)
	clock, _ := c.(*Clock)
	return clock
}

// Each runs the test once on SQLite and once on PostgreSQL, each time with a
// database of its own.
func Each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		db, _ := SQLite(t)
		f(t, db)
	})
	t.Run("postgres", func(t *testing.T) {
		db, _ := Postgres(t)
		f(t, db)
	})
}

// SQLite opens a fresh database, and gives its URL for a second opening.
func SQLite(t testing.TB) (db *store.DB, url string) {
	t.Helper()
	url = SQLiteURL(t)
	return Open(t, url, NewClock()), url
}

// Postgres opens a fresh database, and gives its URL for a second opening.
func Postgres(t testing.TB) (db *store.DB, url string) {
	t.Helper()
	url = PostgresURL(t)
	return Open(t, url, NewClock()), url
}

// Open opens a database of SQLiteURL or PostgresURL with a clock; it is closed
// when the test ends.
func Open(t testing.TB, url string, clock *Clock) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), store.Options{URL: url, Keyring: Keyring(), Now: clock.Now,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatalf("opening a test database: %v", err)
	}
	clocks.Store(db, clock)
	t.Cleanup(func() {
		clocks.Delete(db)
		if err := db.Close(); err != nil {
			t.Errorf("closing a test database: %v", err)
		}
	})
	return db
}

// template is a migrated SQLite database, made once for all tests.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp(memory(), "latchkey-test-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // made above
})

// migrate makes the schema.
func migrate(url string) error {
	db, err := store.Open(context.Background(), store.Options{URL: url, Keyring: Keyring(), Now: NewClock().Now})
	if err != nil {
		return err
	}
	if _, err := db.Migrate(context.Background()); err != nil {
		_ = db.Close()
		return err
	}
	return db.Close()
}

// SQLiteURL makes a fresh, migrated database that goes with the test.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	file, err := template()
	if err != nil {
		t.Fatalf("making a test database: %v", err)
	}
	// In memory where there is room: every commit is synced to the disk, and
	// on a busy machine each takes its time.
	dir, err := os.MkdirTemp(memory(), "latchkey-test-") //nolint:usetesting // t.TempDir is on a disk
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "latchkey.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// Tidy does what PostgreSQL does by itself within a minute of many writes, and
// nothing to SQLite.
func Tidy(t testing.TB, url string) {
	t.Helper()
	if strings.HasPrefix(url, "sqlite:") {
		return
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "VACUUM ANALYZE"); err != nil {
		t.Fatal(err)
	}
}
