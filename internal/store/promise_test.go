package store_test

import (
	"database/sql"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// The store's promises are kept on both databases: every test of these files
// that takes a world runs on SQLite and on PostgreSQL.

func TestMain(m *testing.M) { storetest.Main(m) }

// world is a database of a test with a realm in it.
type world struct {
	*testing.T
	db    *store.DB
	url   string
	clock *storetest.Clock
	realm *latchkey.Realm
}

func promise(t *testing.T, f func(w *world)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) (*store.DB, string){"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			db, u := open(t)
			w := &world{T: t, db: db, url: u, clock: storetest.ClockOf(db), realm: &latchkey.Realm{Name: "demo", Enabled: true}}
			w.update(func(tx *store.Tx) error { return tx.CreateRealm(w.realm) })
			f(w)
		})
	}
}

// update and view fail the test on an error.
func (w *world) update(f func(*store.Tx) error) {
	w.Helper()
	if err := w.db.Update(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) view(f func(*store.Tx) error) {
	w.Helper()
	if err := w.db.View(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

// refused runs an Update that has to fail with the code, and gives the field.
func (w *world) refused(code latchkey.Code, f func(*store.Tx) error) string {
	w.Helper()
	err := w.db.Update(w.Context(), f)
	if got := latchkey.ErrorCode(err); got != code {
		w.Fatalf("code %q, want %q: %v", got, code, err)
	}
	var e *latchkey.Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

// same compares two values of whatever kind.
func (w *world) same(got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		w.Errorf("-want +got:\n%s", diff)
	}
}

// node opens the database once more, as another process would.
func (w *world) node() *store.DB {
	w.Helper()
	return storetest.Open(w, w.url, w.clock)
}

// raw opens the database without the store.
func (w *world) raw() *sql.DB {
	w.Helper()
	driver, dsn := "pgx", w.url
	if path, ok := strings.CutPrefix(w.url, "sqlite:"); ok {
		driver, dsn = "sqlite", "file://"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = db.Close() })
	return db
}

// strings reads one column of text.
func (w *world) strings(query string, args ...any) []string {
	w.Helper()
	rows, err := w.raw().QueryContext(w.Context(), query, args...)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return out
}

// tables are the tables of the database but goose's.
func (w *world) tables() []string {
	w.Helper()
	query := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%'`
	if w.db.Dialect() == "sqlite" {
		query = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`
	}
	return w.strings(query)
}

// race calls f n times at once and says how often it was true.
func (w *world) race(n int, f func(i int) (bool, error)) int {
	w.Helper()
	var all, ready sync.WaitGroup
	begin := make(chan struct{})
	won, errs := make(chan bool, n), make(chan error, n)
	for i := range n {
		ready.Add(1)
		all.Go(func() {
			ready.Done()
			<-begin
			ok, err := f(i)
			won <- ok
			errs <- err
		})
	}
	ready.Wait()
	close(begin)
	all.Wait()
	close(won)
	close(errs)
	for err := range errs {
		if err != nil {
			w.Error(err)
		}
	}
	wins := 0
	for ok := range won {
		if ok {
			wins++
		}
	}
	return wins
}

// within gives a value that has to come soon.
func within[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestEveryTableIsLedByItsRealm(t *testing.T) {
	promise(t, func(w *world) {
		query := `SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
			WHERE i.indisprimary AND i.indrelid = $1::regclass`
		if w.db.Dialect() == "sqlite" {
			query = `SELECT name FROM pragma_table_info($1) WHERE pk = 1`
		}
		known := map[string]bool{"meta": true} // belongs to the whole installation
		for _, table := range store.RealmTables() {
			known[table] = true
		}
		for _, table := range w.tables() {
			if !known[table] {
				w.Errorf("DeleteRealm forgets the table %s", table)
			}
			if table == "meta" {
				continue
			}
			if got := w.strings(query, table); len(got) != 1 || got[0] != "realm_id" {
				w.Errorf("the primary key of %s begins with %v", table, got)
			}
		}
	})
}

func TestViewDoesNotWrite(t *testing.T) {
	promise(t, func(w *world) {
		for name, f := range map[string]func(tx *store.Tx) error{
			"exec":      func(tx *store.Tx) error { return tx.SetMeta("x", "y") },
			"returning": func(tx *store.Tx) error { _, _, err := tx.RedeemCode("r", []byte("h")); return err },
			"lock":      func(tx *store.Tx) error { _, err := tx.LockLogin("r", "l"); return err },
		} {
			if err := w.db.View(w.Context(), f); err == nil || latchkey.ErrorCode(err) == latchkey.CodeNotFound {
				w.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestNoTransactionInsideATransaction(t *testing.T) {
	promise(t, func(w *world) {
		nothing := func(*store.Tx) error { return nil }
		for _, outer := range []func(*store.DB) func(f func(*store.Tx) error) error{
			func(db *store.DB) func(func(*store.Tx) error) error {
				return func(f func(*store.Tx) error) error { return db.View(w.Context(), f) }
			},
			func(db *store.DB) func(func(*store.Tx) error) error {
				return func(f func(*store.Tx) error) error { return db.Update(w.Context(), f) }
			},
		} {
			err := outer(w.db)(func(tx *store.Tx) error {
				if err := w.db.View(tx.Context(), nothing); err == nil {
					w.Error("a View ran inside")
				}
				if err := w.db.Update(tx.Context(), nothing); err == nil {
					w.Error("an Update ran inside")
				}
				return nil
			})
			if err != nil {
				w.Error(err)
			}
		}
	})
}

func TestAfterCommitOnlyAfterTheCommit(t *testing.T) {
	promise(t, func(w *world) {
		other := w.node()
		var calls []string
		w.update(func(tx *store.Tx) error {
			tx.AfterCommit(func() {
				calls = append(calls, "first")
				// Another process sees it: it is really committed.
				err := other.View(w.Context(), func(tx *store.Tx) error { _, err := tx.Meta("committed"); return err })
				if err != nil {
					w.Error(err)
				}
			})
			tx.AfterCommit(func() { calls = append(calls, "second") })
			return tx.SetMeta("committed", "yes")
		})
		w.same(calls, []string{"first", "second"})

		bad := errors.New("no")
		err := w.db.Update(w.Context(), func(tx *store.Tx) error {
			tx.AfterCommit(func() { w.Error("called without a commit") })
			return errors.Join(tx.SetMeta("rolled back", "yes"), bad)
		})
		if !errors.Is(err, bad) {
			w.Error(err)
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Meta("rolled back"); return err })
	})
}

func TestTheClockIsTheInjectedOne(t *testing.T) {
	promise(t, func(w *world) {
		w.clock.Advance(1500 * time.Microsecond)
		want := w.clock.Now().Truncate(time.Millisecond)
		w.update(func(tx *store.Tx) error {
			w.clock.Advance(time.Hour) // stands still for the transaction
			if !tx.Now().Equal(want) || tx.Now().Location() != time.UTC {
				w.Errorf("now is %v, want %v", tx.Now(), want)
			}
			return nil
		})
	})
}

func TestClosed(t *testing.T) {
	promise(t, func(w *world) {
		db := w.node()
		if err := db.Close(); err != nil {
			w.Fatal(err)
		}
		nothing := func(*store.Tx) error { return nil }
		if err := db.Update(w.Context(), nothing); latchkey.ErrorCode(err) != latchkey.CodeUnavailable {
			w.Error(err)
		}
		if err := db.View(w.Context(), nothing); latchkey.ErrorCode(err) != latchkey.CodeUnavailable {
			w.Error(err)
		}
		if err := db.Ping(w.Context()); err == nil {
			w.Error("a closed database answers a ping")
		}
	})
}

func TestMeta(t *testing.T) {
	promise(t, func(w *world) {
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Meta("greeting"); return err })
		for _, value := range []string{"hello", "good evening"} {
			w.update(func(tx *store.Tx) error { return tx.SetMeta("greeting", value) })
			w.view(func(tx *store.Tx) error {
				got, err := tx.Meta("greeting")
				w.same(got, value)
				return err
			})
		}
		if err := w.db.Ping(w.Context()); err != nil {
			w.Error(err)
		}
	})
}

// A server's clock is its own; SQLite has none but ours.
func TestServerTime(t *testing.T) {
	promise(t, func(w *world) {
		before := time.Now()
		got, err := w.db.ServerTime(t.Context())
		if err != nil {
			w.Fatal(err)
		}
		want := w.clock.Now()
		if w.db.Dialect() == "postgres" { // on this machine
			want = before
		}
		if d := got.Sub(want).Abs(); d > time.Minute {
			w.Errorf("%s, want %s", got, want)
		}
	})
}
