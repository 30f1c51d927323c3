package store_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// session makes a session with one client's part in it and one code.
func (w *world) session(userID, cookie string) *latchkey.UserSession {
	w.Helper()
	s := &latchkey.UserSession{RealmID: w.realm.ID, UserID: userID, CookieHash: []byte(cookie), RememberMe: true,
		AuthTime: w.clock.Now(), IPAddress: "192.0.2.1", AMR: []string{"email"}, Notes: map[string]string{"k": "v"}}
	w.update(func(tx *store.Tx) error {
		if err := tx.CreateUserSession(s); err != nil {
			return err
		}
		err := tx.PutClientSession(&latchkey.ClientSession{RealmID: s.RealmID, SessionID: s.ID, ClientID: "app", RefreshID: "r1", Scope: "openid"})
		if err != nil {
			return err
		}
		return tx.CreateCode(&latchkey.AuthorizationCode{RealmID: s.RealmID, Hash: []byte("code of " + s.ID), SessionID: s.ID, ClientID: "app",
			UserID: userID, RedirectURI: "https://app/cb", ExpiresAt: w.clock.Now().Add(time.Minute), AuthTime: w.clock.Now()})
	})
	return s
}

func TestUserSession(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		s := w.session("ann", "cookie-1")
		if s.ID == "" || !s.StartedAt.Equal(w.clock.Now()) || !s.LastAccess.Equal(w.clock.Now()) {
			w.Errorf("not filled in: %+v", s)
		}
		w.view(func(tx *store.Tx) error {
			got, err := tx.UserSession(id, s.ID)
			w.same(got, s)
			if err == nil {
				got, err = tx.UserSessionByCookie(id, []byte("cookie-1"))
				w.same(got, s)
			}
			return err
		})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error {
			return tx.CreateUserSession(&latchkey.UserSession{RealmID: id, UserID: "b", CookieHash: []byte("cookie-1")})
		})
		s.LastAccess = w.clock.Advance(time.Minute)
		w.update(func(tx *store.Tx) error { return tx.TouchUserSession(id, s.ID) })
		w.clock.Advance(-time.Second) // a node whose clock is behind
		w.update(func(tx *store.Tx) error { return tx.TouchUserSession(id, s.ID) })
		w.view(func(tx *store.Tx) error {
			got, err := tx.UserSession(id, s.ID)
			w.same(got, s)
			return err
		})
		s.CookieHash, s.ACR, s.RememberMe = []byte("cookie-2"), "1", false
		w.update(func(tx *store.Tx) error { return tx.UpdateUserSession(s) })
		w.view(func(tx *store.Tx) error {
			got, err := tx.UserSessionByCookie(id, []byte("cookie-2"))
			w.same(got, s)
			return err
		})
		// Sessions without a browser: there may be any number.
		w.update(func(tx *store.Tx) error {
			for range 2 {
				if err := tx.CreateUserSession(&latchkey.UserSession{RealmID: id, UserID: "b"}); err != nil {
					return err
				}
			}
			return nil
		})
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.UserSessionByCookie(id, nil); return err })
	})
}

func TestEndUserSession(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		s, other := w.session("ann", "1"), w.session("ann", "2")
		var ended, again bool
		w.update(func(tx *store.Tx) (err error) { ended, err = tx.EndUserSession(id, s.ID); return err })
		w.update(func(tx *store.Tx) (err error) { again, err = tx.EndUserSession(id, s.ID); return err })
		if !ended || again {
			w.Errorf("ended %v, again %v", ended, again)
		}
		for name, f := range map[string]func(tx *store.Tx) error{
			"session":        func(tx *store.Tx) error { _, err := tx.UserSession(id, s.ID); return err },
			"client session": func(tx *store.Tx) error { _, err := tx.ClientSession(id, s.ID, "app"); return err },
			"code":           func(tx *store.Tx) error { _, _, err := tx.RedeemCode(id, []byte("code of "+s.ID)); return err },
			"touch":          func(tx *store.Tx) error { return tx.TouchUserSession(id, s.ID) },
			"update":         func(tx *store.Tx) error { return tx.UpdateUserSession(s) },
		} {
			if err := w.db.Update(w.Context(), f); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				w.Errorf("%s: %v", name, err)
			}
		}
		w.view(func(tx *store.Tx) error { _, err := tx.ClientSession(id, other.ID, "app"); return err })
	})
}

func TestEndUserSessions(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.session("ann", "1")
		kept := w.session("ann", "2")
		w.session("ann", "3")
		bob := w.session("bob", "4")
		end := func(except string) (n int) {
			w.update(func(tx *store.Tx) (err error) { n, err = tx.EndUserSessions(id, "ann", except); return err })
			return n
		}
		if n := end(kept.ID); n != 2 {
			w.Errorf("ended %d", n)
		}
		w.view(func(tx *store.Tx) error {
			list, err := tx.UserSessions(id, "ann")
			w.same(list, []*latchkey.UserSession{kept})
			list, _ = tx.UserSessionsOfClient(id, "app", 0, 10)
			if len(list) != 2 {
				w.Errorf("the client has a part in %d sessions", len(list))
			}
			counts, err2 := tx.CountUserSessions(id)
			w.same(counts, map[string]int{"app": 2})
			if err == nil {
				err = err2
			}
			return err
		})
		if n := end(""); n != 1 {
			w.Errorf("ended %d", n)
		}
		w.view(func(tx *store.Tx) error { _, err := tx.UserSession(id, bob.ID); return err })
	})
}

func TestClientSession(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		s := w.session("ann", "1")
		cs := &latchkey.ClientSession{RealmID: id, SessionID: s.ID, ClientID: "b", RefreshID: "x", Scope: "openid email", Nonce: "n", RedirectURI: "https://b"}
		w.update(func(tx *store.Tx) error { return tx.PutClientSession(cs) })
		w.view(func(tx *store.Tx) error {
			got, err := tx.ClientSession(id, s.ID, "b")
			w.same(got, cs)
			list, _ := tx.ClientSessions(id, s.ID)
			if len(list) != 2 {
				w.Errorf("%d client sessions", len(list))
			}
			return err
		})
		started := cs.StartedAt
		cs.StartedAt, cs.Scope, cs.Reuses = w.clock.Advance(time.Hour), "openid", 2
		w.update(func(tx *store.Tx) error { return tx.PutClientSession(cs) })
		cs.StartedAt = started // stays
		w.view(func(tx *store.Tx) error {
			got, err := tx.ClientSession(id, s.ID, "b")
			w.same(got, cs)
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.DeleteClientSession(id, s.ID, "app") })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.ClientSession(id, s.ID, "app"); return err })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, _, err := tx.RedeemCode(id, []byte("code of "+s.ID)); return err })
	})
}

// a refresh token that was replaced is no more; the one before it is
// remembered with the time.
func TestRotateRefresh(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		s := w.session("ann", "1")
		at := w.clock.Advance(time.Minute)
		rotate := func(presented, next string) (ok bool) {
			w.update(func(tx *store.Tx) (err error) {
				cs := &latchkey.ClientSession{RealmID: id, SessionID: s.ID, ClientID: "app", RefreshID: presented, Scope: "scope of " + next}
				ok, err = tx.RotateRefresh(cs, next)
				if got := cs.RefreshID; ok != (got == next) {
					w.Errorf("after %v it has %q", ok, got)
				}
				return err
			})
			return ok
		}
		if !rotate("r1", "r2") || rotate("r1", "r3") || rotate("", "r3") {
			w.Error("the first must succeed and the others fail")
		}
		w.view(func(tx *store.Tx) error {
			cs, err := tx.ClientSession(id, s.ID, "app")
			if cs.RefreshID != "r2" || cs.PreviousRefreshID != "r1" || !cs.RotatedAt.Equal(at) || !cs.LastAccess.Equal(at) || cs.Scope != "scope of r2" {
				w.Errorf("%+v", cs)
			}
			return err
		})
	})
}

// a code is good once, until its expiry, exclusive; a second use is
// told from an expired one.
func TestRedeemCode(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		s, late := w.session("ann", "1"), w.session("ann", "2")
		redeem := func(sessionID string) (code *latchkey.AuthorizationCode, first bool) {
			w.update(func(tx *store.Tx) (err error) {
				code, first, err = tx.RedeemCode(id, []byte("code of "+sessionID))
				return err
			})
			return code, first
		}
		begin := w.clock.Now()
		at := w.clock.Advance(time.Minute - time.Millisecond)
		want := &latchkey.AuthorizationCode{RealmID: id, Hash: []byte("code of " + s.ID), SessionID: s.ID, ClientID: "app",
			ExpiresAt: begin.Add(time.Minute), RedeemedAt: at, UserID: "ann", RedirectURI: "https://app/cb", AuthTime: begin}
		code, first := redeem(s.ID)
		w.same(code, want)
		if !first {
			w.Error("a millisecond before expiry it is good")
		}
		w.clock.Advance(time.Millisecond)
		code, first = redeem(s.ID)
		w.same(code, want)
		if first {
			w.Error("good twice")
		}
		code, first = redeem(late.ID)
		if first || !code.RedeemedAt.IsZero() {
			w.Errorf("at expiry: first %v, redeemed at %v", first, code.RedeemedAt)
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, _, err := tx.RedeemCode(id, []byte("x")); return err })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, _, err := tx.RedeemCode("other", []byte("code of "+s.ID)); return err })
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateCode(code) })
	})
}

// An id is used up for one issuer of one realm, and nobody else's of that name.
func TestUseJTI(t *testing.T) {
	promise(t, func(w *world) {
		id, until := w.realm.ID, w.clock.Now().Add(time.Minute)
		w.update(func(tx *store.Tx) error {
			for _, c := range []struct {
				issuer, jti string
				first       bool
			}{{"app", "j", true}, {"app", "j", false}, {"other", "j", true}, {"", "j", true}, {"app", "k", true}, {"app", "k", false}} {
				if first, err := tx.UseJTI(id, c.issuer, c.jti, until); err != nil || first != c.first {
					w.Errorf("%+v: %v, %v", c, first, err)
				}
			}
			for jti, want := range map[string]bool{"j": true, "k": false} {
				if used, err := tx.JTIUsed(id, "other", jti); err != nil || used != want {
					w.Errorf("%s: %v, %v", jti, used, err)
				}
			}
			return nil
		})
	})
}
