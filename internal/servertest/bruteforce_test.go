package servertest_test

import (
	"context"
	"sync"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// while somebody hammers the account's password, at once and for good,
// no more guesses are compared than the realm allows, its owner signs in by
// mail all the same, and the proven mailbox opens the road of passwords again.
func TestHammeredAccountSignsInByMail(t *testing.T) {
	const allowed = 5
	s := servertest.Start(t)
	s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.BruteForce = latchkey.BruteForce{Protected: true, PermanentLockout: true, Strategy: latchkey.StrategyMultiple, FailureFactor: allowed}
		return tx.UpdateRealm(&r)
	})
	u := s.AddUser(realm.DemoRealm, "ada@example.test", adasPassword, func(u *latchkey.User) { u.EmailVerified = true })
	rp := s.RP(realm.DemoRealm, func(c *representation.Client) { c.DirectAccessGrantsEnabled = new(true) })
	guess := func(ctx context.Context, password string) error {
		_, err := rp.OAuth.PasswordCredentialsToken(ctx, "ada@example.test", password)
		return err
	}
	if err := guess(rp.Context(), adasPassword); err != nil {
		t.Fatal(err)
	}
	failures := func() *latchkey.LoginFailure {
		var f *latchkey.LoginFailure
		s.View(func(tx *store.Tx) (err error) {
			f, err = tx.LoginFailure(u.RealmID, u.ID)
			if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
				f, err = nil, nil
			}
			return err
		})
		return f
	}
	hammer := func() {
		var wait sync.WaitGroup
		for range 40 {
			wait.Go(func() {
				if guess(rp.Context(), "wrong") == nil {
					t.Error("a wrong password signs in")
				}
			})
		}
		wait.Wait()
	}
	hammer()
	f := failures()
	if f == nil || f.Failures != allowed || !f.Closed || f.LastIP == "" {
		t.Fatalf("%+v", f)
	}
	if guess(rp.Context(), adasPassword) == nil {
		t.Error("the road of passwords is open")
	}
	lockouts := 0
	for _, e := range s.Events(realm.DemoRealm) {
		if e.Type == latchkey.EventPermanentLockout && e.UserID == u.ID {
			lockouts++
		}
	}
	if lockouts != 1 {
		t.Errorf("%d events say that it was closed", lockouts)
	}

	b := s.Browser()
	p := rp.Start(b)
	p.FormWith("username").Set("username", "ada@example.test").Submit()
	hammer()
	tokens := rp.Finish(b.Get(s.Mail.Wait("ada@example.test").Link).Form(0).Submit())
	if tokens.Claims["sub"] != u.ID {
		t.Errorf("%v", tokens.Claims)
	}
	if f := failures(); f != nil {
		t.Errorf("what was guessed is not forgotten: %+v", f)
	}
	s.Clock.Advance(5 * 60 * 1e9) // the limit of tries for a name
	if err := guess(rp.Context(), adasPassword); err != nil {
		t.Errorf("the owner's password: %v", err)
	}
}
