package actiontoken_test

import (
	"fmt"
	"sync"
	"testing"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// nodes opens the world's database on three nodes; a SQLite file has one.
func nodes(t *testing.T, f func(t *testing.T, w *world, all []*store.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		db, _ := storetest.SQLite(t)
		f(t, newWorld(t, db), []*store.DB{db})
	})
	t.Run("postgres", func(t *testing.T) {
		db, url := storetest.Postgres(t)
		clock := storetest.ClockOf(db)
		f(t, newWorld(t, db), []*store.DB{db, storetest.Open(t, url, clock), storetest.Open(t, url, clock)})
	})
}

// parallel runs n redemptions at once over the nodes and counts what came of
// them.
func parallel(t *testing.T, all []*store.DB, n int, one func(db *store.DB, i int) (string, error)) map[string]int {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	count := map[string]int{}
	for i := range n {
		wg.Go(func() {
			<-start
			refused, err := one(all[i%len(all)], i)
			if err != nil {
				refused = "error: " + err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			count[refused]++
		})
	}
	close(start)
	wg.Wait()
	return count
}

// 200 redemptions of one link at once over three nodes: exactly one
// passes, and makes exactly one account.
func TestRaceOneLink(t *testing.T) {
	nodes(t, func(t *testing.T, w *world, all []*store.DB) {
		rounds := 3
		if testing.Short() {
			rounds = 1
		}
		for round := range rounds {
			l := w.login(fmt.Sprint("browser", round))
			address := fmt.Sprintf("ada%d@example.test", round)
			token, _ := w.mail(l, address)
			count := parallel(t, all, 200, func(db *store.DB, _ int) (string, error) {
				r, err := redeem(t, db, w.snap, l, func(tx *store.Tx, locked *latchkey.Login) (actiontoken.Redemption, error) {
					return actiontoken.Redeem(tx, w.snap, locked, token, latchkey.ViaLink)
				})
				return r.Refused, err
			})
			if count[""] != 1 || count[actiontoken.RefusedUsed] != 199 {
				t.Fatalf("round %d: %v", round, count)
			}
			w.onceEach(t, round+1)
		}
	})
}

// onceEach checks that there are n accounts and n redemptions.
func (w *world) onceEach(t *testing.T, n int) {
	t.Helper()
	count := map[string]int{}
	for _, e := range w.events() {
		count[e]++
	}
	if count["REGISTER"] != n || count["LINK_REDEEMED"] != n {
		t.Fatalf("%d accounts and %d redemptions, want %d: %v", count["REGISTER"], count["LINK_REDEEMED"], n, count)
	}
}

// link, second link, code, and both ways from another browser at
// once: one of them passes.
func TestRaceLinkAndCode(t *testing.T) {
	nodes(t, func(t *testing.T, w *world, all []*store.DB) {
		for round := range 8 {
			l := w.login(fmt.Sprint("browser", round))
			first, _ := w.mail(l, fmt.Sprintf("ada%d@example.test", round))
			second, _ := w.mail(l, fmt.Sprintf("ada%d@example.test", round))
			here := w.login(fmt.Sprint("phone", round))
			count := parallel(t, all, 5, func(db *store.DB, i int) (string, error) {
				target := l
				if i == 4 {
					target = here
				}
				r, err := redeem(t, db, w.snap, target, func(tx *store.Tx, locked *latchkey.Login) (actiontoken.Redemption, error) {
					switch i {
					case 0:
						return actiontoken.Redeem(tx, w.snap, locked, first, latchkey.ViaLink)
					case 1:
						return actiontoken.Redeem(tx, w.snap, locked, second, latchkey.ViaLink)
					case 2:
						return actiontoken.RedeemCode(tx, w.snap, locked, w.codeOf(l), fmt.Sprintf("192.0.2.%d", round))
					case 3:
						return actiontoken.Redeem(tx, w.snap, locked, second, latchkey.ViaContinue)
					}
					return actiontoken.Redeem(tx, w.snap, locked, first, latchkey.ViaHere)
				})
				return r.Refused, err
			})
			passed := 0
			for refused, n := range count {
				switch refused {
				case "":
					passed += n
				case actiontoken.RefusedUsed, actiontoken.RefusedEnded, actiontoken.RefusedWrongCode, actiontoken.RefusedExpired:
				default:
					t.Errorf("round %d: %s", round, refused)
				}
			}
			if passed != 1 {
				t.Fatalf("round %d: %v", round, count)
			}
			w.onceEach(t, round+1)
		}
	})
}

// Many browsers prove one new address at once: one account, and all of them
// are its owner.
func TestRaceOneAddress(t *testing.T) {
	nodes(t, func(t *testing.T, w *world, all []*store.DB) {
		var logins []*latchkey.Login
		var tokens []*latchkey.ActionToken
		for i := range 20 {
			l := w.login(fmt.Sprint("browser", i))
			token, _ := w.mail(l, "ada@example.test")
			logins, tokens = append(logins, l), append(tokens, token)
		}
		users := make([]string, 20)
		count := parallel(t, all, 20, func(db *store.DB, i int) (string, error) {
			r, err := redeem(t, db, w.snap, logins[i], func(tx *store.Tx, locked *latchkey.Login) (actiontoken.Redemption, error) {
				return actiontoken.Redeem(tx, w.snap, locked, tokens[i], latchkey.ViaLink)
			})
			if r.User != nil {
				users[i] = r.User.ID
			}
			return r.Refused, err
		})
		if count[""] != 20 {
			t.Fatalf("%v", count)
		}
		for i, id := range users {
			if id != users[0] {
				t.Errorf("browser %d has account %s, the first has %s", i, id, users[0])
			}
		}
		created := 0
		for _, e := range w.events() {
			if e == "REGISTER" {
				created++
			}
		}
		if created != 1 {
			t.Errorf("%d accounts", created)
		}
	})
}

// 100 wrong codes at once: five are compared.
func TestRaceWrongCodes(t *testing.T) {
	nodes(t, func(t *testing.T, w *world, all []*store.DB) {
		l := w.login("browser")
		w.mail(l, "ada@example.test")
		count := parallel(t, all, 100, func(db *store.DB, i int) (string, error) {
			r, err := redeem(t, db, w.snap, l, func(tx *store.Tx, locked *latchkey.Login) (actiontoken.Redemption, error) {
				return actiontoken.RedeemCode(tx, w.snap, locked, w.wrongCode(l), fmt.Sprintf("198.51.100.%d", i))
			})
			return r.Refused, err
		})
		got := w.getLogin(l.ID)
		if count[actiontoken.RefusedWrongCode] != 100 || got.CodeTries != 5 || !got.Mail.CodeClosed {
			t.Errorf("%v, %d tries, closed %v", count, got.CodeTries, got.Mail.CodeClosed)
		}
	})
}

// a user who is switched off while their link is redeemed for the first
// time stays switched off, and proven when the redemption was first.
func TestRaceSwitchedOff(t *testing.T) {
	nodes(t, func(t *testing.T, w *world, all []*store.DB) {
		for round := range 30 {
			address := fmt.Sprintf("ada%d@example.test", round)
			u := w.user(address, func(u *latchkey.User) { u.EmailVerified = false })
			l := w.login(fmt.Sprint("browser", round))
			token, _ := w.mail(l, address)
			count := parallel(t, all, 2, func(db *store.DB, i int) (string, error) {
				if i == 1 {
					return "off", db.Update(t.Context(), func(tx *store.Tx) error {
						u, err := tx.LockUser(u.RealmID, u.ID)
						if err != nil {
							return err
						}
						u.Enabled = false
						return tx.UpdateUser(u)
					})
				}
				r, err := redeem(t, db, w.snap, l, func(tx *store.Tx, locked *latchkey.Login) (actiontoken.Redemption, error) {
					return actiontoken.Redeem(tx, w.snap, locked, token, latchkey.ViaLink)
				})
				return r.Refused, err
			})
			if count["off"] != 1 || count[""]+count[actiontoken.RefusedUserDisabled] != 1 {
				t.Fatalf("round %d: %v", round, count)
			}
			if got := w.getUser(u.ID); got.Enabled || got.EmailVerified != (count[""] == 1) {
				t.Fatalf("round %d: %v, enabled %v, proven %v", round, count, got.Enabled, got.EmailVerified)
			}
		}
	})
}
