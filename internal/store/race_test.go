package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// nodes are three servers on one database; request i goes to one of them.
func (w *world) nodes() func(i int) *store.DB {
	w.Helper()
	dbs := []*store.DB{w.db, w.node(), w.node()}
	return func(i int) *store.DB { return dbs[i%len(dbs)] }
}

// Every single-use thing has one winner, however many ask at once on however
// many nodes.
func TestSingleUse(t *testing.T) {
	const rounds, at = 3, 60
	promise(t, func(w *world) {
		node := w.nodes()
		id := w.realm.ID
		for name, c := range map[string]struct {
			prepare func(round string) string
			use     func(tx *store.Tx, thing string, i int) (bool, error)
		}{
			"RedeemActionToken": {
				func(round string) string { return w.token(round, nil).ID },
				func(tx *store.Tx, thing string, _ int) (bool, error) { return tx.RedeemActionToken(id, thing) },
			},
			"OpenActionToken": {
				func(round string) string { return w.token("open"+round, nil).ID },
				func(tx *store.Tx, thing string, _ int) (bool, error) { return tx.OpenActionToken(id, thing) },
			},
			"RedeemCode": {
				func(round string) string { return w.session("ann", "c"+round).ID },
				func(tx *store.Tx, thing string, _ int) (bool, error) {
					code, first, err := tx.RedeemCode(id, []byte("code of "+thing))
					if err == nil && (code == nil || code.RedeemedAt.IsZero()) {
						err = fmt.Errorf("%v is not redeemed", code)
					}
					return first, err
				},
			},
			"RotateRefresh": {
				func(round string) string { return w.session("ann", "r"+round).ID },
				func(tx *store.Tx, thing string, i int) (bool, error) {
					return tx.RotateRefresh(&latchkey.ClientSession{RealmID: id, SessionID: thing, ClientID: "app", RefreshID: "r1"}, fmt.Sprint("next", i))
				},
			},
			"AnswerLogin": {
				func(round string) string { return w.login("answer", round).ID },
				func(tx *store.Tx, thing string, _ int) (bool, error) { return tx.AnswerLogin(id, thing) },
			},
			"EndLogin": {
				func(round string) string { return w.login("end", round).ID },
				func(tx *store.Tx, thing string, _ int) (bool, error) {
					return tx.EndLogin(id, thing, latchkey.EndFinished)
				},
			},
			"EndUserSession": {
				func(round string) string { return w.session("ann", "e"+round).ID },
				func(tx *store.Tx, thing string, _ int) (bool, error) { return tx.EndUserSession(id, thing) },
			},
			"CreateUser": {
				func(round string) string { return round },
				func(tx *store.Tx, thing string, i int) (bool, error) {
					// Two names and one address: the address decides.
					err := tx.CreateUser(&latchkey.User{RealmID: id, Username: fmt.Sprint(thing, i), Email: thing + "@example.com"})
					if latchkey.ErrorCode(err) == latchkey.CodeConflict {
						return false, nil
					}
					return err == nil, err
				},
			},
			"UseOTP": {
				func(round string) string {
					u := w.user("otp"+round, "")
					c := &latchkey.Credential{RealmID: id, UserID: u.ID, Type: latchkey.CredentialOTP, CredentialData: "{}"}
					w.update(func(tx *store.Tx) error { return tx.CreateCredential(c) })
					return c.ID
				},
				func(tx *store.Tx, thing string, _ int) (bool, error) { return tx.UseOTP(id, thing, 59_000_000, "{}") },
			},
			"UseJTI": {
				func(round string) string { return round },
				func(tx *store.Tx, thing string, _ int) (bool, error) {
					return tx.UseJTI(id, "app", thing, w.clock.Now().Add(time.Minute))
				},
			},
			"SaveLogin": {
				func(round string) string { return w.login("save", round).ID },
				func(tx *store.Tx, thing string, _ int) (bool, error) {
					l, err := tx.Login(id, thing)
					if err != nil || l.Step > 1 {
						return false, err
					}
					return true, tx.SaveLogin(l)
				},
			},
		} {
			for round := range rounds {
				thing := c.prepare(fmt.Sprint(name, round))
				wins := w.race(at, func(i int) (ok bool, err error) {
					err = node(i).Update(w.Context(), func(tx *store.Tx) (err error) {
						ok, err = c.use(tx, thing, i)
						return err
					})
					if name == "SaveLogin" && latchkey.ErrorCode(err) == latchkey.CodeConflict {
						return false, nil
					}
					return ok, err
				})
				if wins != 1 {
					w.Errorf("%s: %d winners", name, wins)
				}
			}
		}
	})
}

// tries are counted before they are compared, and never more
// than allowed.
func TestTriesAreBounded(t *testing.T) {
	promise(t, func(w *world) {
		node := w.nodes()
		l := w.login("browser", "tab")
		for name, c := range map[string]struct {
			most  int
			count func(tx *store.Tx) (bool, error)
		}{
			"numbers": {3, func(tx *store.Tx) (bool, error) { return tx.CountNumberTry(w.realm.ID, l.ID, 3) }},
			"codes":   {5, func(tx *store.Tx) (bool, error) { return tx.CountCodeTry(w.realm.ID, l.ID, 5) }},
		} {
			n := w.race(100, func(i int) (ok bool, err error) {
				err = node(i).Update(w.Context(), func(tx *store.Tx) (err error) { ok, err = c.count(tx); return err })
				return ok, err
			})
			if n != c.most {
				w.Errorf("%d %s compared, at most %d may be", n, name, c.most)
			}
		}
		if got := w.readLogin(l.ID); got.NumberTries != 3 || got.CodeTries != 5 {
			w.Errorf("counted %d and %d", got.NumberTries, got.CodeTries)
		}
	})
}

// the limit holds over all nodes.
func TestTakeAtOnce(t *testing.T) {
	promise(t, func(w *world) {
		node := w.nodes()
		n := w.race(100, func(i int) (ok bool, err error) {
			err = node(i).Update(w.Context(), func(tx *store.Tx) (err error) {
				ok, _, err = take(tx, w.realm.ID, store.Bucket{Name: "mail", Key: []byte("ann"), Interval: time.Hour, Burst: 7})
				return err
			})
			return ok, err
		})
		if n != 7 {
			w.Errorf("%d of 7 taken", n)
		}
	})
}

// no two workers get the same message while its claim lasts.
func TestClaimAtOnce(t *testing.T) {
	promise(t, func(w *world) {
		const messages, workers = 60, 12
		node := w.nodes()
		for range messages {
			w.message(nil)
		}
		var mu sync.Mutex
		claimed := map[string]int{}
		w.race(workers, func(i int) (bool, error) {
			for {
				var got []*latchkey.Message
				err := node(i).Update(w.Context(), func(tx *store.Tx) (err error) {
					got, err = tx.ClaimMessages(4, time.Minute)
					return err
				})
				if err != nil {
					return false, err
				}
				mu.Lock()
				for _, m := range got {
					claimed[m.ID]++
				}
				all := len(claimed) == messages
				mu.Unlock()
				// Others may hold the locks of what is left.
				if all || len(got) == 0 && w.db.Dialect() == "sqlite" {
					return true, nil
				}
			}
		})
		for id, n := range claimed {
			if n != 1 {
				w.Errorf("message %s was claimed %d times", id, n)
			}
		}
		if len(claimed) != messages {
			w.Errorf("%d of %d claimed", len(claimed), messages)
		}
	})
}

// Two users cannot take one name at the same moment, and whoever is late is
// told which field it is.
func TestUpdateUserAtOnce(t *testing.T) {
	promise(t, func(w *world) {
		node := w.nodes()
		const n = 20
		users := make([]*latchkey.User, n)
		for i := range users {
			users[i] = w.user(fmt.Sprint("u", i), "")
		}
		wins := w.race(n, func(i int) (bool, error) {
			u := *users[i]
			u.Username, u.Email = "wanted", "wanted@example.com"
			err := node(i).Update(w.Context(), func(tx *store.Tx) error { return tx.UpdateUser(&u) })
			if latchkey.ErrorCode(err) == latchkey.CodeConflict {
				return false, nil
			}
			return err == nil, err
		})
		if wins != 1 {
			w.Errorf("%d have the name", wins)
		}
	})
}

// A deadlock is solved by running one of the two again.
func TestDeadlockIsRunAgain(t *testing.T) {
	promise(t, func(w *world) {
		if w.db.Dialect() == "sqlite" {
			w.Skip("one writer cannot deadlock")
		}
		users := []*latchkey.User{w.user("a", ""), w.user("b", "")}
		var both sync.WaitGroup
		both.Add(2)
		n := w.race(2, func(i int) (bool, error) {
			first := true
			err := w.db.Update(w.Context(), func(tx *store.Tx) error {
				if err := tx.UpdateUser(users[i]); err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				return tx.UpdateUser(users[1-i])
			})
			return err == nil, err
		})
		if n != 2 {
			w.Errorf("%d of 2 came through", n)
		}
	})
}

// A row that is locked cannot be changed by another until it is let go.
func TestLockLogin(t *testing.T) {
	promise(t, func(w *world) {
		node := w.nodes()
		l := w.login("browser", "tab")
		const n = 20
		w.race(n, func(i int) (bool, error) {
			err := node(i).Update(w.Context(), func(tx *store.Tx) error {
				got, err := tx.LockLogin(w.realm.ID, l.ID)
				if err != nil {
					return err
				}
				got.Mail.Sent++
				return tx.SaveLogin(got)
			})
			return err == nil, err
		})
		if got := w.readLogin(l.ID); got.Mail.Sent != n+1 || got.Step != n+1 {
			w.Errorf("sent %d, step %d", got.Mail.Sent, got.Step)
		}
	})
}
