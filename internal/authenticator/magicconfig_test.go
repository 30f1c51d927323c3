package authenticator_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// What else is configured: times, code, other browsers, remember me.
func TestMagicLinkConfigured(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.realm(func(r *latchkey.Realm) { r.RememberMe = true })
		w.flows(step{provider: latchkey.AuthMagicLink, requirement: latchkey.Required, config: map[string]string{
			actiontoken.KeyLifespan: "3600", actiontoken.KeyCode: "false", actiontoken.KeyOtherBrowser: "refuse", actiontoken.KeyResend: "60",
			actiontoken.KeyCreateUser: "false", actiontoken.KeyNoticeUnknown: "true", actiontoken.KeyReusable: "true",
		}})
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		if form := screen[flow.EmailForm](b); form.RegisterToo || !form.RememberMe || form.Remembered {
			t.Errorf("the form is %+v", form)
		}
		b.post("username", "no address", "rememberMe", "on")
		if form := screen[flow.EmailForm](b); !form.Remembered {
			t.Error("the box is forgotten with a refused address")
		}
		b.post("username", "ada@example.test", "rememberMe", "on")
		page := screen[flow.Waiting](b)
		now := w.clock.Now()
		if page.Code || page.Number != "" || !page.ExpiresAt.Equal(now.Add(time.Hour)) || !page.ResendAt.Equal(now.Add(time.Minute)) {
			t.Errorf("the page is %+v", page)
		}
		if m := b.mail(); m.WithCode || m.CreateUser || !m.NoticeUnknown {
			t.Errorf("the mail is %+v", m)
		}
		tokenID := b.mail().TokenID
		w.update(func(tx *store.Tx) error {
			token, err := tx.ActionToken(w.snap.Realm.ID, tokenID)
			if err == nil && !token.Reusable {
				t.Error("the link is not reusable")
			}
			return err
		})
		// The login outlives its link.
		if !b.login.RememberMe || !b.login.ExpiresAt.After(now.Add(time.Hour)) {
			t.Errorf("the login is %+v", b.login)
		}
		w.realm(func(r *latchkey.Realm) { r.RememberMe = false })
		b = w.open(latchkey.AuthorizationRequest{})
		b.get()
		b.post("username", "ada@example.test", "rememberMe", "on")
		if b.login.RememberMe {
			t.Error("remembered where the realm has no such thing")
		}
	})
}

// prompt=none mails nothing (OpenID Connect Core 3.1.2.1).
func TestMagicLinkPassive(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	b := w.open(latchkey.AuthorizationRequest{Prompt: []string{"none"}, LoginHint: "ada@example.test"})
	if res := b.get(); res.Kind != flow.NeedsPage || len(b.messages()) > 0 {
		t.Errorf("%+v, %d mails", res, len(b.messages()))
	}
}

// The same where an earlier step has said who it is.
func TestMagicLinkPassiveAfterCookie(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(step{provider: latchkey.AuthCookie, requirement: latchkey.Required}, step{provider: latchkey.AuthMagicLink, requirement: latchkey.Required})
	b := w.open(latchkey.AuthorizationRequest{Prompt: []string{"none"}}).signIn(w.user("ada@example.test", false, nil), w.clock.Now())
	if res := b.get(); res.Kind != flow.NeedsPage || len(b.messages()) > 0 {
		t.Errorf("%+v, %d mails", res, len(b.messages()))
	}
	b = w.open(latchkey.AuthorizationRequest{}).signIn(w.user("bob@example.test", false, nil), w.clock.Now())
	b.get()
	if page := screen[flow.Waiting](b); page.Address != "b•••@example.test" || b.mail().UserID == "" {
		t.Errorf("the page is %+v", page)
	}
}

// A flow with two mailed links does not ask for the same proof twice.
func TestMagicLinkTwice(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(step{provider: latchkey.AuthMagicLink, requirement: latchkey.Required}, step{provider: latchkey.AuthMagicLink, requirement: latchkey.Required})
	b := w.open(latchkey.AuthorizationRequest{})
	b.get()
	b.post("username", "ada@example.test")
	if res := b.post("code", actiontoken.Code(storetest.Keyring(), b.login.ID).Reveal()); res.Kind != flow.Done || len(b.messages()) != 1 {
		t.Errorf("%+v, %d mails", res, len(b.messages()))
	}
}

// A flood from one network is refused before it costs the database anything.
func TestMagicLinkGuard(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	guard := ratelimit.NewGuard()
	for guard.Allow("192.0.2.1", w.clock.Now()) {
	}
	w.registry = guarded(guard)
	b := w.open(latchkey.AuthorizationRequest{})
	b.get()
	_, err := b.try(map[string][]string{"username": {"ada@example.test"}}, "")
	if latchkey.ErrorCode(err) != latchkey.CodeTooMany || len(b.messages()) > 0 {
		t.Errorf("%v, %d mails", err, len(b.messages()))
	}
	b.browser.IP = "192.0.2.2"
	b.post("username", "ada@example.test")
	screen[flow.Waiting](b)
}
