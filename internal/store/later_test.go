package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// settings gives the values that Updates of these tests leave behind.
func (w *world) settings() string {
	w.Helper()
	return strings.Join(w.strings(`SELECT name || '=' || value FROM meta WHERE name LIKE 't-%' ORDER BY name`), " ")
}

// A write that nobody waits for fails its Update all the same, with the error
// that it has always had, and nothing is committed nor done afterwards,
// whatever the closure says.
func TestLateFailure(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		l := w.login("browser", "tab")
		gone := &latchkey.Login{RealmID: id, ID: "gone", Step: 1, BrowserHash: []byte("b"), TabID: "t", ExpiresAt: w.clock.Now()}
		stale := *l
		w.update(func(tx *store.Tx) error { return tx.SaveLogin(l) })
		save := func(l latchkey.Login) func(*store.Tx) error {
			return func(tx *store.Tx) error { l := l; return tx.SaveLogin(&l) }
		}
		for name, test := range map[string]struct {
			write func(*store.Tx) error
			code  latchkey.Code
		}{
			"stale login":     {save(stale), latchkey.CodeConflict},
			"login is gone":   {save(*gone), latchkey.CodeNotFound},
			"session is gone": {func(tx *store.Tx) error { return tx.TouchUserSession(id, "gone") }, latchkey.CodeNotFound},
			"tab has a login": {func(tx *store.Tx) error {
				return tx.CreateLogin(&latchkey.Login{RealmID: id, BrowserHash: l.BrowserHash, TabID: l.TabID})
			}, latchkey.CodeConflict},
			"refused by a key": {func(tx *store.Tx) error { return tx.CreateEvent(&latchkey.Event{RealmID: id, ID: "twice"}) }, ""},
		} {
			if name == "refused by a key" {
				w.update(test.write)
			}
			ask := func(tx *store.Tx) error { _, err := tx.Meta("master-key-canary"); return err }
			for how, closure := range map[string]func(*store.Tx, error) error{
				"at the commit":              func(_ *store.Tx, err error) error { return err },
				"when something is asked":    func(tx *store.Tx, err error) error { return errors.Join(err, ask(tx)) },
				"when it is swallowed":       func(tx *store.Tx, err error) error { _ = ask(tx); return err },
				"when it is taken for other": func(tx *store.Tx, err error) error { return errors.Join(err, ask(tx), latchkey.Invalid("x", "No.")) },
				"in a transaction": func(tx *store.Tx, err error) error {
					_, opening := tx.EndLogin(id, "nobody", latchkey.EndFinished)
					return errors.Join(err, opening)
				},
			} {
				runs, after := 0, false
				err := w.db.Update(w.Context(), func(tx *store.Tx) error {
					runs++
					tx.AfterCommit(func() { after = true })
					if err := tx.SetMeta("t-before", "x"); err != nil {
						return err
					}
					err := test.write(tx)
					if err == nil {
						err = tx.SetMeta("t-behind", "x")
					}
					return closure(tx, err)
				})
				if err == nil || latchkey.ErrorCode(err) != test.code && test.code != "" {
					w.Errorf("%s, %s: %v", name, how, err)
				}
				if after || w.settings() != "" {
					w.Errorf("%s, %s: something was done: %q", name, how, w.settings())
				}
				if runs > 1 && test.code != "" {
					w.Errorf("%s, %s: %d runs", name, how, runs)
				}
			}
		}
	})
}

// What waits is run in its order, before what is asked next, and however much
// it is.
func TestLaterKeepsOrder(t *testing.T) {
	promise(t, func(w *world) {
		w.update(func(tx *store.Tx) error {
			for _, v := range strings.Split(strings.Repeat("1 2 3 ", 100)+"last", " ") {
				if err := tx.SetMeta("t-a", v); err != nil {
					return err
				}
			}
			v, err := tx.Meta("t-a")
			w.same(v, "last")
			return errors.Join(err, tx.SetMeta("t-b", v), tx.SetMeta("t-a", "after"))
		})
		w.same(w.settings(), "t-a=after t-b=last")
	})
}

// A panic takes back what waits, too.
func TestPanicTakesBackWhatWaits(t *testing.T) {
	promise(t, func(w *world) {
		for _, begun := range []bool{false, true} {
			err := w.db.Update(w.Context(), func(tx *store.Tx) error {
				if begun {
					if _, err := tx.EndLogin(w.realm.ID, "nobody", latchkey.EndFinished); err != nil {
						return err
					}
				}
				if err := tx.SetMeta("t-a", "x"); err != nil {
					return err
				}
				panic("now")
			})
			if err == nil || !strings.Contains(err.Error(), "panic") || w.settings() != "" {
				w.Errorf("begun %v: %v, %q", begun, err, w.settings())
			}
			w.update(func(tx *store.Tx) error { return tx.SetMeta("a", "b") })
		}
	})
}

func onPostgres(t *testing.T, f func(w *world)) {
	promise(t, func(w *world) {
		if w.db.Dialect() != "postgres" {
			w.Skip("there is no server to lose")
		}
		f(w)
	})
}

// A connection that is lost before the commit leaves nothing half and does
// nothing twice; the next Update has another one.
func TestConnectionLostBeforeTheCommit(t *testing.T) {
	onPostgres(t, func(w *world) {
		for _, begun := range []bool{false, true} {
			runs := 0
			err := w.db.Update(w.Context(), func(tx *store.Tx) error {
				if runs++; runs > 1 { // when not even a part of the commit was sent
					return errors.New("run again")
				}
				if begun {
					if err := tx.Run(`INSERT INTO meta (name, value) VALUES ('t-asked', 'x')`); err != nil {
						return err
					}
				}
				var pid int
				if err := errors.Join(tx.SetMeta("t-a", "x"), tx.Ask(&pid, "SELECT pg_backend_pid()"), tx.SetMeta("t-b", "x")); err != nil {
					return err
				}
				if killed := w.strings("SELECT CAST(pg_terminate_backend($1, 5000) AS TEXT)", pid); killed[0] != "true" {
					w.Fatal("the connection was not ended")
				}
				return nil
			})
			if err == nil || w.settings() != "" {
				w.Errorf("begun %v: %v after %d runs, %q", begun, err, runs, w.settings())
			}
			w.update(func(tx *store.Tx) error { return tx.SetMeta("a", "b") })
		}
	})
}

// Who goes away in the middle of a statement takes back everything, soon, and
// what was still waiting is not written.
func TestGivenUpInTheMiddle(t *testing.T) {
	onPostgres(t, func(w *world) {
		ctx, cancel := context.WithCancel(w.Context())
		began := time.Now()
		err := w.db.Update(ctx, func(tx *store.Tx) error {
			if err := tx.SetMeta("t-a", "x"); err != nil {
				return err
			}
			time.AfterFunc(50*time.Millisecond, cancel)
			var out string
			err := tx.Ask(&out, "SELECT CAST(pg_sleep(30) AS TEXT)")
			if err == nil {
				w.Error("it was not given up")
			}
			_ = tx.SetMeta("t-b", "x")
			return nil
		})
		if err == nil || w.settings() != "" || time.Since(began) > 10*time.Second {
			w.Errorf("%v after %s: %q", err, time.Since(began), w.settings())
		}
		w.update(func(tx *store.Tx) error { return tx.SetMeta("a", "b") })
	})
}

// A table that was changed under a prepared statement fails one Update or View,
// not the connection's every one.
func TestStatementsAreMadeAnew(t *testing.T) {
	onPostgres(t, func(w *world) {
		change := func(text string) {
			if _, err := w.raw().ExecContext(w.Context(), text); err != nil {
				w.Fatal(err)
			}
		}
		for how, run := range map[string]func(context.Context, func(*store.Tx) error) error{"update": w.db.Update, "view": w.db.View} {
			table := "odd_" + how
			read := func(tx *store.Tx) error { var s string; return tx.Ask(&s, "SELECT * FROM "+table) }
			change("CREATE TABLE " + table + " (a BIGINT)")
			if err := run(w.Context(), read); err != nil {
				w.Error(err)
			}
			change("DROP TABLE " + table)
			change("CREATE TABLE " + table + " (a TEXT)")
			failures := 0
			for range 20 {
				if err := run(w.Context(), read); err != nil {
					failures++
				}
			}
			if failures > 2 {
				w.Errorf("%s: %d failures", how, failures)
			}
		}
	})
}
