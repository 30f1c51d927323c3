package ratelimit_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

var ann = ratelimit.Guesser{UserID: "ann", IP: "192.0.2.1"}

func protected(change func(*latchkey.BruteForce)) *latchkey.Realm {
	b := latchkey.BruteForce{Protected: true, FailureFactor: 3, Strategy: latchkey.StrategyMultiple, WaitIncrement: 60, MaxFailureWait: 150, MaxDeltaTime: 3600}
	if change != nil {
		change(&b)
	}
	return &latchkey.Realm{ID: realmID, Name: "acme", BruteForce: b, EventsEnabled: true}
}

// try is one guess with what came of it, and whether it was compared.
func try(t testing.TB, db *store.DB, realm *latchkey.Realm, who ratelimit.Guesser, right bool) (allowed bool) {
	t.Helper()
	update(t, db, func(tx *store.Tx) error {
		g, err := ratelimit.BeginGuess(tx, realm, who)
		if err != nil {
			return err
		}
		switch allowed = g.Allowed; {
		case !allowed:
			return nil
		case right:
			return g.Right()
		}
		return g.Wrong()
	})
	return allowed
}

// Waits begin and grow as the realm says; a right guess is no failure, and
// forgets none.
func TestGuesses(t *testing.T) {
	type step struct {
		after   time.Duration
		right   bool
		allowed bool
	}
	wrong, refused := step{time.Minute, false, true}, step{time.Second, false, false}
	for name, c := range map[string]struct {
		change func(*latchkey.BruteForce)
		steps  []step
	}{
		"off":                     {func(b *latchkey.BruteForce) { b.Protected = false }, []step{wrong, wrong, wrong, wrong, wrong}},
		"a wait":                  {nil, []step{wrong, wrong, wrong, refused, {60 * time.Second, true, true}}},
		"right is no failure":     {nil, []step{wrong, wrong, {time.Minute, true, true}, wrong, refused}},
		"the wait grows":          {nil, []step{wrong, wrong, wrong, {61 * time.Second, false, true}, {61 * time.Second, false, true}, {61 * time.Second, false, true}, {61 * time.Second, false, false}, {60 * time.Second, false, true}}},
		"and has an end":          {func(b *latchkey.BruteForce) { b.WaitIncrement = 1000 }, []step{wrong, wrong, wrong, {149 * time.Second, false, false}, {2 * time.Second, false, true}}},
		"linear":                  {func(b *latchkey.BruteForce) { b.Strategy = latchkey.StrategyLinear }, []step{wrong, wrong, wrong, {61 * time.Second, false, true}, {61 * time.Second, false, false}, {60 * time.Second, false, true}}},
		"forgotten":               {nil, []step{wrong, wrong, {2 * time.Hour, false, true}, wrong, wrong, refused}},
		"a machine":               {func(b *latchkey.BruteForce) { b.QuickLoginCheck, b.MinimumQuickLoginWait = 1000, 30 }, []step{wrong, {time.Millisecond, false, true}, refused, {31 * time.Second, false, true}}},
		"for good":                {func(b *latchkey.BruteForce) { b.PermanentLockout = true }, []step{wrong, wrong, wrong, {1000 * time.Hour, true, false}}},
		"for good, after a while": {func(b *latchkey.BruteForce) { b.PermanentLockout, b.MaxTemporaryLockouts = true, 1 }, []step{wrong, wrong, wrong, {61 * time.Second, false, true}, {1000 * time.Hour, true, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := storetest.SQLite(t)
			clock := storetest.ClockOf(db)
			for i, s := range c.steps {
				clock.Advance(s.after)
				if got := try(t, db, protected(c.change), ann, s.right); got != s.allowed {
					t.Errorf("step %d: %v", i+1, got)
				}
			}
		})
	}
}

// strangers do not lock the owner's browser out; a proven mailbox
// and an administrator open what was closed for good. R-050: a name that is
// nobody's waits like a user's.
func TestGuessesApart(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.DB, clock *storetest.Clock) {
		db, realm := nodes[0], protected(func(b *latchkey.BruteForce) { b.PermanentLockout = true })
		owner, nobody, other := ann, ratelimit.Guesser{Name: "Nobody", IP: "192.0.2.1"}, ratelimit.Guesser{Name: "somebody", IP: "192.0.2.1"}
		owner.Known = true
		for range 4 {
			clock.Advance(time.Minute)
			try(t, db, realm, ann, false)
			try(t, db, realm, nobody, false)
		}
		same := nobody
		same.Name = "nobody"
		for who, want := range map[ratelimit.Guesser]bool{ann: false, owner: true, nobody: false, same: false, other: true} {
			update(t, db, func(tx *store.Tx) error {
				if locked, err := ratelimit.Locked(tx, realm, who); locked == want || err != nil {
					t.Errorf("%+v: locked %v, %v", who, locked, err)
				}
				return nil
			})
		}
		if !try(t, db, realm, owner, true) {
			t.Error("the owner is locked out")
		}
		update(t, db, func(tx *store.Tx) error {
			list, err := tx.Events(realmID, store.EventFilter{})
			if len(list) != 1 || list[0].Type != latchkey.EventPermanentLockout || list[0].UserID != "ann" || list[0].Details["num_failures"] != "3" {
				t.Errorf("events %+v", list)
			}
			if err := ratelimit.Succeeded(tx, realm, owner, false); err != nil {
				return err
			}
			if locked, err := ratelimit.Locked(tx, realm, ann); !locked || err != nil {
				t.Errorf("the owner's sign-in opened it for strangers: %v", err)
			}
			if err := ratelimit.Succeeded(tx, realm, owner, true); err != nil {
				return err
			}
			if locked, err := ratelimit.Locked(tx, realm, ann); locked || err != nil {
				t.Errorf("a proven mailbox does not open it: %v", err)
			}
			return err
		})
		try(t, db, realm, ann, false)
		update(t, db, func(tx *store.Tx) error {
			for _, want := range []bool{true, false} {
				if had, err := ratelimit.ForgetFailures(tx, realmID, "ann"); had != want || err != nil {
					t.Errorf("%v, %v", had, err)
				}
			}
			return nil
		})
	})
}

// Of any number of guesses at once, no more are compared than the realm allows:
// they are counted before.
func TestGuessesAtOnce(t *testing.T) {
	nodes(t, func(t *testing.T, nodes []*store.DB, _ *storetest.Clock) {
		realm := protected(func(b *latchkey.BruteForce) { b.FailureFactor = 5 })
		var compared atomic.Int32
		var wait sync.WaitGroup
		for i := range 100 {
			wait.Go(func() {
				err := nodes[i%len(nodes)].Update(t.Context(), func(tx *store.Tx) error {
					g, err := ratelimit.BeginGuess(tx, realm, ann)
					if err != nil || !g.Allowed {
						return err
					}
					tx.AfterCommit(func() { compared.Add(1) })
					return g.Wrong()
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if n := compared.Load(); n != 5 {
			t.Errorf("%d guesses of 100 were compared", n)
		}
	})
}
