package store_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// login makes a login that ends in half an hour.
func (w *world) login(browser, tab string) *latchkey.Login {
	w.Helper()
	maxAge := int64(0)
	now := w.clock.Now()
	l := &latchkey.Login{RealmID: w.realm.ID, BrowserHash: []byte(browser), TabID: tab, ClientID: "app", ExpiresAt: now.Add(30 * time.Minute), SeenAt: now,
		Request: latchkey.AuthorizationRequest{ClientID: "app", RedirectURI: "https://app/cb#x", State: "s", Prompt: []string{"login"}, MaxAge: &maxAge},
		Answer:  latchkey.AnswerCode, FlowID: "f", Executions: map[string]latchkey.ExecutionStatus{"e": latchkey.StatusChallenged},
		PassedAt: map[string]time.Time{"e": now}, Notes: map[string]string{"e.x": "y"},
		Mail: latchkey.MailStep{Address: "ann@example.com", Sent: 1, LastAt: now}, From: latchkey.Browser{Name: "Firefox", OS: "Linux"}}
	w.update(func(tx *store.Tx) error { return tx.CreateLogin(l) })
	return l
}

func (w *world) readLogin(id string) (l *latchkey.Login) {
	w.Helper()
	w.view(func(tx *store.Tx) (err error) { l, err = tx.Login(w.realm.ID, id); return err })
	return l
}

// yes runs an Update that answers yes or no.
func (w *world) yes(f func(tx *store.Tx) (bool, error)) (ok bool) {
	w.Helper()
	w.update(func(tx *store.Tx) (err error) { ok, err = f(tx); return err })
	return ok
}

func TestLogin(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		l := w.login("browser", "tab")
		if l.ID == "" || l.Step != 1 || !l.CreatedAt.Equal(w.clock.Now()) {
			w.Errorf("not filled in: %+v", l)
		}
		w.same(w.readLogin(l.ID), l)
		w.view(func(tx *store.Tx) error {
			got, err := tx.LoginByTab(id, []byte("browser"), "tab")
			w.same(got, l)
			return err
		})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error {
			return tx.CreateLogin(&latchkey.Login{RealmID: id, BrowserHash: []byte("browser"), TabID: "tab"})
		})
		for name, f := range map[string]func(tx *store.Tx) error{
			"id":         func(tx *store.Tx) error { _, err := tx.Login(id, "x"); return err },
			"realm":      func(tx *store.Tx) error { _, err := tx.Login("x", l.ID); return err },
			"tab":        func(tx *store.Tx) error { _, err := tx.LoginByTab(id, []byte("browser"), "x"); return err },
			"browser":    func(tx *store.Tx) error { _, err := tx.LoginByTab(id, []byte("x"), "tab"); return err },
			"no browser": func(tx *store.Tx) error { _, err := tx.LoginByTab(id, nil, "tab"); return err },
			"lock":       func(tx *store.Tx) error { _, err := tx.LockLogin(id, "x"); return err },
			"see":        func(tx *store.Tx) error { return tx.SeeLogin(id, "x") },
			"save":       func(tx *store.Tx) error { return tx.SaveLogin(&latchkey.Login{RealmID: id, ID: "x"}) },
		} {
			if err := w.db.Update(w.Context(), f); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				w.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestLoginsOfBrowser(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		ended, first := w.login("browser", "0"), w.login("browser", "1")
		w.login("another", "1")
		w.clock.Advance(time.Minute)
		second := w.login("browser", "2")
		w.update(func(tx *store.Tx) error { _, err := tx.EndLogin(id, ended.ID, latchkey.EndFinished); return err })
		live := func() (tabs string) {
			w.view(func(tx *store.Tx) error {
				list, err := tx.LoginsOfBrowser(id, []byte("browser"))
				for _, l := range list {
					tabs += l.TabID
				}
				return err
			})
			return tabs
		}
		w.same(live(), second.TabID+first.TabID)
		w.clock.Advance(29 * time.Minute) // the expiry of the first, exclusive
		w.same(live(), second.TabID)
		w.view(func(tx *store.Tx) error {
			all, err := tx.RecentLoginsOfBrowser(id, []byte("browser"))
			if len(all) != 3 {
				w.Errorf("%d recent logins", len(all))
			}
			return err
		})
		w.update(func(tx *store.Tx) error {
			return tx.RebindLogins(id, first.ID, []byte("browser"), []byte("new secret"))
		})
		w.same(live(), "")
		w.same(w.readLogin(first.ID).BrowserHash, []byte("browser")) // its caller saves it
		w.view(func(tx *store.Tx) error { _, err := tx.LoginByTab(id, []byte("new secret"), "2"); return err })
	})
}

func TestSaveLogin(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		l := w.login("browser", "tab")
		stale := w.readLogin(l.ID)
		w.update(func(tx *store.Tx) error {
			for range 2 {
				if _, err := tx.CountNumberTry(id, l.ID, 3); err != nil {
					return err
				}
			}
			_, err := tx.CountCodeTry(id, l.ID, 5)
			return err
		})
		seen := w.clock.Advance(time.Minute)
		w.update(func(tx *store.Tx) error { return tx.SeeLogin(id, l.ID) })
		w.update(func(tx *store.Tx) error {
			got, err := tx.LockLogin(id, l.ID)
			if err != nil {
				return err
			}
			got.UserID, got.NumberTries = "ann", 0
			got.SeenAt = seen.Add(-time.Hour)
			return tx.SaveLogin(got)
		})
		got := w.readLogin(l.ID)
		if got.Step != 2 || got.UserID != "ann" {
			w.Errorf("step %d, user %q", got.Step, got.UserID)
		}
		// What has statements of its own is not written back.
		if got.NumberTries != 2 || got.CodeTries != 1 || !got.SeenAt.Equal(seen) {
			w.Errorf("tries %d and %d, seen %v", got.NumberTries, got.CodeTries, got.SeenAt)
		}
		// Nobody writes over what they have not read.
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.SaveLogin(stale) })

		// An end and an answer stay, whatever is saved afterwards.
		w.update(func(tx *store.Tx) error {
			if _, err := tx.EndLogin(id, l.ID, latchkey.EndReported); err != nil {
				return err
			}
			if _, err := tx.AnswerLogin(id, l.ID); err != nil {
				return err
			}
			return tx.SaveLogin(got)
		})
		got = w.readLogin(l.ID)
		if !got.EndedAt.Equal(seen) || got.EndReason != latchkey.EndReported || !got.AnsweredAt.Equal(seen) {
			w.Errorf("%v, %q, %v", got.EndedAt, got.EndReason, got.AnsweredAt)
		}
		// An end can also be saved.
		other := w.login("browser", "tab2")
		other.EndedAt, other.EndReason, other.AnsweredAt = seen, latchkey.EndFinished, seen
		w.update(func(tx *store.Tx) error { return tx.SaveLogin(other) })
		w.same(w.readLogin(other.ID), other)
	})
}

// A login that a turn left as it was is not written, and no change is missed:
// neither one of the body nor one of a column.
func TestSaveChangedLogin(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		later := w.clock.Now().Add(time.Hour)
		for name, change := range map[string]func(l *latchkey.Login){
			"nothing":     func(*latchkey.Login) {},
			"note":        func(l *latchkey.Login) { l.Notes["e.x"] = "z" },
			"user":        func(l *latchkey.Login) { l.UserID = "ann" },
			"browser":     func(l *latchkey.Login) { l.BrowserHash = []byte("fresh") },
			"tab":         func(l *latchkey.Login) { l.TabID = "fresh" },
			"application": func(l *latchkey.Login) { l.ClientID = "other" },
			"expiry":      func(l *latchkey.Login) { l.ExpiresAt = later },
			"seen":        func(l *latchkey.Login) { l.SeenAt = later },
			"answer":      func(l *latchkey.Login) { l.AnsweredAt = later },
			"end":         func(l *latchkey.Login) { l.EndedAt, l.EndReason = later, latchkey.EndFinished },
		} {
			l := w.login("browser of "+name, name)
			w.update(func(tx *store.Tx) error {
				got, err := tx.LockLogin(id, l.ID)
				if err != nil {
					return err
				}
				change(got)
				want := 1
				if name == "nothing" {
					want = 0
				}
				if tx.LoginChanged(got) != (want == 1) {
					w.Errorf("%s: changed is %v", name, want == 0)
				}
				if n := tx.Statements(func() { err = tx.SaveChangedLogin(got) }); n != want {
					w.Errorf("%s: %d statements", name, n)
				}
				if err == nil && want == 1 { // what is saved once and changed again is written again
					got.Notes["e.x"] = "again"
					err = tx.SaveChangedLogin(got)
				}
				l = got
				return err
			})
			w.same(w.readLogin(l.ID), l)
		}
		l := w.login("browser", "stale")
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error {
			l.Step, l.UserID = 7, "ann"
			return tx.SaveChangedLogin(l)
		})
	})
}

func TestEndAndAnswerLoginOnce(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		l := w.login("browser", "tab")
		end := func(tx *store.Tx) (bool, error) { return tx.EndLogin(id, l.ID, latchkey.EndFinished) }
		answer := func(tx *store.Tx) (bool, error) { return tx.AnswerLogin(id, l.ID) }
		if !w.yes(answer) || w.yes(answer) || !w.yes(end) || w.yes(end) {
			w.Error("the first must be true and the second false")
		}
		if w.yes(func(tx *store.Tx) (bool, error) { return tx.EndLogin(id, "x", latchkey.EndFinished) }) {
			w.Error("a login that does not exist has ended")
		}
		if got := w.readLogin(l.ID); !got.Ended() || got.EndReason != latchkey.EndFinished || got.AnsweredAt.IsZero() {
			w.Errorf("%+v", got)
		}
	})
}

// token makes a link of a login that lasts ten minutes.
func (w *world) token(id string, change func(*latchkey.ActionToken)) *latchkey.ActionToken {
	w.Helper()
	t := &latchkey.ActionToken{RealmID: w.realm.ID, ID: id, SecretHash: []byte("hash of " + id), Kind: latchkey.TokenMagicLink, LoginID: "login",
		ExpiresAt: w.clock.Now().Add(10 * time.Minute), Address: "ann@example.com", Locale: "de"}
	if change != nil {
		change(t)
	}
	w.update(func(tx *store.Tx) error { return tx.CreateActionToken(t) })
	return t
}

func (w *world) redeem(id string) bool {
	w.Helper()
	return w.yes(func(tx *store.Tx) (bool, error) { return tx.RedeemActionToken(w.realm.ID, id) })
}

// a link is good once, until its expiry, exclusive.
func TestActionToken(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		link := w.token("sel-1", func(a *latchkey.ActionToken) {
			a.UserID, a.ClientID, a.Request = "ann", "app", &latchkey.AuthorizationRequest{ClientID: "app", State: "s"}
		})
		w.token("late", nil)
		w.token("reusable", func(a *latchkey.ActionToken) { a.Reusable = true })
		read := func() (a *latchkey.ActionToken) {
			w.view(func(tx *store.Tx) (err error) { a, err = tx.ActionToken(id, "sel-1"); return err })
			return a
		}
		w.same(read(), link)

		open := func(tx *store.Tx) (bool, error) { return tx.OpenActionToken(id, "sel-1") }
		link.OpenedAt = w.clock.Advance(time.Minute)
		if !w.yes(open) {
			w.Error("the first opening is not the first")
		}
		w.clock.Advance(time.Minute)
		if w.yes(open) {
			w.Error("the second opening is the first")
		}
		link.Opens = 2
		w.same(read(), link)

		link.RedeemedAt = w.clock.Advance(8*time.Minute - time.Millisecond)
		if !w.redeem("sel-1") || w.redeem("sel-1") {
			w.Error("good once, a millisecond before expiry")
		}
		w.same(read(), link)
		for range 2 {
			if !w.redeem("reusable") {
				w.Error("a reusable link is used up")
			}
		}
		w.clock.Advance(time.Millisecond)
		if w.redeem("late") || w.redeem("reusable") || w.redeem("x") {
			w.Error("good at expiry")
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.ActionToken(id, "x"); return err })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.OpenActionToken(id, "x"); return err })
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateActionToken(link) })
	})
}

func TestVoidActionTokens(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.token("used", nil)
		w.token("kept", nil)
		w.token("sibling", nil)
		w.token("reusable", func(a *latchkey.ActionToken) { a.Reusable = true })
		w.token("other login", func(a *latchkey.ActionToken) { a.LoginID = "other" })
		w.token("ann's", func(a *latchkey.ActionToken) { a.LoginID, a.UserID = "", "ann" })
		w.redeem("used")
		w.redeem("reusable")
		at := w.clock.Advance(time.Minute)
		w.update(func(tx *store.Tx) error { return tx.VoidActionTokens(id, "login", "kept") })
		for selector, good := range map[string]bool{"used": false, "kept": true, "sibling": false, "reusable": false, "other login": true} {
			if w.redeem(selector) != good {
				w.Errorf("%s: want %v", selector, good)
			}
		}
		w.view(func(tx *store.Tx) error {
			used, err := tx.ActionToken(id, "used")
			if err != nil {
				return err
			}
			sibling, err := tx.ActionToken(id, "sibling")
			if !sibling.ExpiresAt.Equal(at) || !used.ExpiresAt.After(at) {
				w.Errorf("sibling ends %v, used one %v", sibling.ExpiresAt, used.ExpiresAt)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.VoidUserActionTokens(id, "") }) // nobody's
		w.update(func(tx *store.Tx) error { return tx.VoidUserActionTokens(id, "ann") })
		if w.redeem("ann's") {
			w.Error("a void link is good")
		}
	})
}

// after a restore nothing that is out there works.
func TestVoidLinks(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		l := w.login("browser", "tab")
		s := w.session("ann", "1")
		w.token("link", nil)
		m := w.message(nil)
		var n int
		w.update(func(tx *store.Tx) (err error) { n, err = tx.VoidLinks(); return err })
		if n != 3 {
			w.Errorf("%d things made void, want link, login and code", n)
		}
		if w.redeem("link") {
			w.Error("the link is good")
		}
		if got := w.readLogin(l.ID); !got.Ended() || got.Step != 2 {
			w.Errorf("the login goes on: %+v", got)
		}
		if w.yes(func(tx *store.Tx) (bool, error) {
			_, ok, err := tx.RedeemCode(id, []byte("code of "+s.ID))
			return ok, err
		}) {
			w.Error("the code is good")
		}
		if got := w.readMessage(m.ID); got.State != latchkey.MessageWithheld {
			w.Errorf("the mail is %s", got.State)
		}
	})
}
