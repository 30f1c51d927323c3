package authenticator_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// when a session is enough, and when the person is asked again.
func TestCookie(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	u := w.user("ada@example.test", false, nil)
	age := func(seconds int64) *int64 { return &seconds }
	for name, test := range map[string]struct {
		req    latchkey.AuthorizationRequest
		passes bool
	}{
		"nothing asked":           {latchkey.AuthorizationRequest{}, true},
		"prompt=none":             {latchkey.AuthorizationRequest{Prompt: []string{"none"}}, true},
		"prompt=login":            {latchkey.AuthorizationRequest{Prompt: []string{"login"}}, false},
		"prompt=select_account":   {latchkey.AuthorizationRequest{Prompt: []string{"select_account"}}, false},
		"an old action":           {latchkey.AuthorizationRequest{Action: latchkey.ActionUpdatePassword}, false},
		"an unknown action":       {latchkey.AuthorizationRequest{Action: "nope"}, true},
		"max_age not reached":     {latchkey.AuthorizationRequest{MaxAge: age(3600)}, true},
		"max_age passed":          {latchkey.AuthorizationRequest{MaxAge: age(3599)}, false},
		"max_age=0":               {latchkey.AuthorizationRequest{MaxAge: age(0)}, false},
		"max_age below 0":         {latchkey.AuthorizationRequest{MaxAge: age(-1)}, false},
		"hint of the same person": {latchkey.AuthorizationRequest{IDTokenHintSubject: u.ID}, true},
		"hint of somebody else":   {latchkey.AuthorizationRequest{IDTokenHintSubject: "other"}, false},
	} {
		b := w.open(test.req).signIn(u, w.clock.Now().Add(-time.Hour))
		b.session.RememberMe = true
		res := b.get()
		if (res.Kind == flow.Done) != test.passes {
			t.Errorf("%s: %+v", name, res)
			continue
		}
		l := b.login
		if l.SessionID != b.session.ID || l.FromCookie != test.passes {
			t.Errorf("%s: the login is %+v", name, l)
		}
		if test.passes && (l.UserID != u.ID || !l.RememberMe || len(l.AMR) > 0) {
			t.Errorf("%s: the login is %+v", name, l)
		}
		for _, at := range l.PassedAt {
			if test.passes && !at.Equal(b.session.AuthTime) {
				t.Errorf("%s: passed at %v, not when the person proved themselves", name, at)
			}
		}
	}
}

// Nobody is let in by the session of an account that is gone or switched off.
func TestCookieOfNobody(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	off := w.user("off@example.test", false, func(u *latchkey.User) { u.Enabled = false })
	gone := w.user("gone@example.test", false, nil)
	for _, u := range []*latchkey.User{off, gone} {
		b := w.open(latchkey.AuthorizationRequest{}).signIn(u, w.clock.Now())
		if u == gone {
			w.update(func(tx *store.Tx) error { return tx.DeleteUser(u.RealmID, u.ID) })
		}
		b.get()
		screen[flow.EmailForm](b)
		if b.login.UserID != "" || b.login.FromCookie {
			t.Errorf("%s: the login is %+v", u.Username, b.login)
		}
	}
	b := w.open(latchkey.AuthorizationRequest{})
	b.get()
	screen[flow.EmailForm](b)
}
