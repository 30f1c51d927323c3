package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// group runs the closures as one group: the first holds the writer until all
// the others wait for their turn. It gives what each Update returned.
func group(t *testing.T, closures ...func(tx *store.Tx) error) (errs []error, read func(name string) bool) {
	t.Helper()
	url := storetest.SQLiteURL(t)
	errs = make([]error, len(closures))
	synctest.Test(t, func(t *testing.T) {
		db := storetest.Open(t, url, storetest.NewClock())
		var all sync.WaitGroup
		begun, goOn := make(chan struct{}), make(chan struct{})
		begin := sync.OnceFunc(func() { close(begun) })
		all.Go(func() {
			errs[0] = db.Update(t.Context(), func(tx *store.Tx) error {
				begin()
				<-goOn
				return closures[0](tx)
			})
		})
		<-begun
		for i, f := range closures[1:] {
			all.Go(func() {
				errs[i+1] = errGoexit // unless it returns
				errs[i+1] = db.Update(t.Context(), f)
			})
		}
		synctest.Wait() // everybody stands in the queue
		close(goOn)
		all.Wait()
	})
	db := storetest.Open(t, url, storetest.NewClock())
	return errs, func(name string) bool {
		err := db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Meta(name); return err })
		return err == nil
	}
}

var errGoexit = errors.New("its goroutine ended")

func set(name string) func(tx *store.Tx) error {
	return func(tx *store.Tx) error { return tx.SetMeta(name, "x") }
}

// In a group that shares a commit nobody's failure is another's: not an
// error, not a panic, not the end of a goroutine.
func TestGroupCommit(t *testing.T) {
	bad := errors.New("bad")
	committed := 0
	count := func(name string) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			tx.AfterCommit(func() { committed++ })
			return tx.SetMeta(name, "x")
		}
	}
	fail := func(tx *store.Tx, name string) error {
		tx.AfterCommit(func() { t.Error("called without a commit") })
		return tx.SetMeta(name, "x")
	}
	errs, read := group(t,
		count("first"),
		func(tx *store.Tx) error { return errors.Join(fail(tx, "failed"), bad) },
		func(tx *store.Tx) error { _ = fail(tx, "panicked"); panic("oh no") },
		func(tx *store.Tx) error { _ = fail(tx, "left"); runtime.Goexit(); return nil },
		func(tx *store.Tx) error { return tx.Run("INSERT INTO nowhere VALUES (1)") },
	)
	if errs[0] != nil || !errors.Is(errs[1], bad) || errs[2] == nil || !strings.Contains(errs[2].Error(), "panic in a transaction: a value of type string") ||
		!errors.Is(errs[3], errGoexit) || errs[4] == nil {
		t.Errorf("errors: %v", errs)
	}
	for name, want := range map[string]bool{"first": true, "failed": false, "panicked": false, "left": false} {
		if read(name) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
	if committed != 1 {
		t.Errorf("%d calls after the commit", committed)
	}
}

// When SQLite itself gives the whole transaction up, those who were in it run
// again; nobody is told of a commit that did not happen.
func TestGroupThatIsLostRunsAgain(t *testing.T) {
	var mu sync.Mutex
	runs := map[string]int{}
	ran := func(name string) int {
		mu.Lock()
		defer mu.Unlock()
		runs[name]++
		return runs[name]
	}
	errs, read := group(t,
		func(tx *store.Tx) error { ran("a"); return tx.SetMeta("a", "x") },
		func(tx *store.Tx) error {
			if ran("b") == 1 {
				return tx.Run("ROLLBACK")
			}
			return tx.SetMeta("b", "x")
		},
		func(tx *store.Tx) error { ran("c"); return tx.SetMeta("c", "x") },
	)
	for i, err := range errs {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if runs["a"] != 2 || runs["b"] != 2 || !read("a") || !read("b") || !read("c") {
		t.Errorf("runs %v; a %v, b %v, c %v", runs, read("a"), read("b"), read("c"))
	}
}

// More requests than fit into one group all commit.
func TestManyGroups(t *testing.T) {
	var closures []func(tx *store.Tx) error
	for i := range 400 {
		closures = append(closures, set(fmt.Sprint(i)))
	}
	errs, read := group(t, closures...)
	for i, err := range errs {
		if err != nil || !read(fmt.Sprint(i)) {
			t.Fatalf("%d: %v", i, err)
		}
	}
}

// Who gives up while waiting for a turn is let go at once, and does not run.
func TestUpdateGivesUpWithItsContext(t *testing.T) {
	for _, expired := range []bool{false, true} {
		url := storetest.SQLiteURL(t)
		synctest.Test(t, func(t *testing.T) {
			db := storetest.Open(t, url, storetest.NewClock())
			begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
			go func() {
				done <- db.Update(t.Context(), func(tx *store.Tx) error { close(begun); <-goOn; return nil })
			}()
			<-begun
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			if expired {
				cancel()
			}
			began := time.Now()
			err := db.Update(ctx, func(*store.Tx) error { t.Error("ran"); return nil })
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if waited := time.Since(began); waited > time.Hour {
				t.Errorf("waited %v", waited)
			}
			cancel()
			// A health check does not stay green while nobody can write.
			if err := db.Ping(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("ping: %v", err)
			}
			close(goOn)
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := db.Ping(t.Context()); err != nil {
				t.Errorf("ping: %v", err)
			}
		})
	}
}

// A context that ends inside a closure takes its own changes back, and nobody
// else's.
func TestContextEndsInsideAnUpdate(t *testing.T) {
	promise(t, func(w *world) {
		ctx, cancel := context.WithCancel(w.Context())
		err := w.db.Update(ctx, func(tx *store.Tx) error {
			if err := tx.SetMeta("cancelled", "x"); err != nil {
				return err
			}
			cancel()
			return tx.SetMeta("later", "x")
		})
		if !errors.Is(err, context.Canceled) {
			w.Error(err)
		}
		w.update(set("next"))
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Meta("cancelled"); return err })
	})
}

// A caller who goes away in the middle of a statement costs PostgreSQL no
// connection: making one is dearer than the statement.
func TestConnectionOutlivesItsCaller(t *testing.T) {
	promise(t, func(w *world) {
		if w.db.Dialect() == "sqlite" {
			w.Skip("there is no connection to lose")
		}
		u, err := url.Parse(w.url)
		if err != nil {
			w.Fatal(err)
		}
		q := u.Query()
		q.Set("application_name", "the one") // the listener's connection has the name, too
		u.RawQuery = q.Encode()
		db, err := store.Open(w.Context(), store.Options{URL: u.String(), Keyring: storetest.Keyring(), Now: w.clock.Now, MaxConns: 1})
		if err != nil {
			w.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		pids := func() []string {
			return w.strings(`SELECT CAST(pid AS TEXT) FROM pg_stat_activity
				WHERE application_name = 'the one' AND query NOT LIKE 'LISTEN%' ORDER BY pid`)
		}
		if err := db.Update(w.Context(), set("a")); err != nil {
			w.Fatal(err)
		}
		before := pids()
		ctx, cancel := context.WithCancel(w.Context())
		err = db.Update(ctx, func(tx *store.Tx) error {
			time.AfterFunc(10*time.Millisecond, cancel)
			return tx.Run("SELECT pg_sleep(0.1)")
		})
		if err != nil {
			w.Errorf("a short statement: %v", err) // it came to its end, and so it is committed
		}
		ctx, cancel = context.WithCancel(w.Context())
		err = db.Update(ctx, func(tx *store.Tx) error {
			time.AfterFunc(10*time.Millisecond, cancel)
			return tx.Run("SELECT pg_sleep(60)")
		})
		if err == nil || ctx.Err() == nil {
			w.Errorf("it slept on: %v", err)
		}
		if err := db.Update(w.Context(), set("b")); err != nil {
			w.Error(err)
		}
		w.same(pids(), before)
	})
}

// A panic is an error of that request on both databases.
func TestPanicInsideAnUpdate(t *testing.T) {
	promise(t, func(w *world) {
		for _, run := range []func(context.Context, func(*store.Tx) error) error{w.db.Update, w.db.View} {
			err := run(w.Context(), func(tx *store.Tx) error { panic("oh no") })
			if err == nil || !strings.Contains(err.Error(), "panic in a transaction: a value of type string") {
				w.Error(err)
			}
		}
		err := w.db.Update(w.Context(), func(tx *store.Tx) error { _ = tx.SetMeta("panicked", "x"); panic("oh no") })
		if err == nil {
			w.Error("no error")
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Meta("panicked"); return err })
	})
}

// what Update has answered for is on the disk, whatever becomes of the
// process: a copy of the files taken now, as a crash would leave them, has it.
func TestCommittedIsKept(t *testing.T) {
	db, url := storetest.SQLite(t)
	if err := db.Update(t.Context(), set("kept")); err != nil {
		t.Fatal(err)
	}
	path, dir := strings.TrimPrefix(url, "sqlite:"), t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		file, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "copy.db"+suffix), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	copied := storetest.Open(t, "sqlite:"+filepath.Join(dir, "copy.db"), storetest.NewClock())
	if err := copied.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Meta("kept"); return err }); err != nil {
		t.Error(err)
	}
}
