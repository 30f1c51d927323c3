package servertest_test

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// However many tabs finish a login at once, by its link and by its code, the
// application is answered once, and nothing is an error.
func TestParallelAnswer(t *testing.T) {
	run := func(t *testing.T, s *servertest.Server) {
		rp := s.RP("demo")
		b := s.Browser()
		p := rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
		mail := s.Mail.Wait("ada@example.test")
		code := p.FormWith("code").Set("code", mail.Code)
		link := b.Get(mail.Link).Form(0)
		pages := atOnce(t, 12, func(i int) (*servertest.Page, error) {
			f := code
			if i%2 == 0 {
				f = link
			}
			return b.Copy().Try(http.MethodPost, f.Action, f.Values)
		})
		answered := 0
		for _, p := range pages {
			switch {
			case strings.HasPrefix(p.URL.String(), rp.OAuth.RedirectURL):
				answered++
			case p.Status >= 500:
				t.Errorf("%d %s", p.Status, p.Title())
			}
		}
		if calls := rp.Calls(); answered != 1 || len(calls) != 1 || calls[0].Get("code") == "" {
			t.Errorf("answered %d times: %v", answered, calls)
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, servertest.Start(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, servertest.Start(t, servertest.OnPostgres(t))) })
}

// leastWork says how many transactions a thing takes: the least of a few times,
// because the server has work of its own beside it.
func leastWork(s *servertest.Server, do func()) int64 {
	least := int64(math.MaxInt64)
	for range 5 {
		before := s.DB().Work().Transactions
		do()
		least = min(least, s.DB().Work().Transactions-before)
	}
	return least
}

// What becomes a login belongs to the browser that asked, and begins in one
// transaction: the page that is then shown writes nothing.
func TestBegin(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	b := s.Browser()
	realmID := s.Snapshot("demo").Realm.ID
	if n := leastWork(s, func() { rp.Start(s.Browser()) }); n != 1 {
		t.Errorf("%d transactions", n)
	}
	p := rp.Start(b)
	set := strings.Join(p.Hops[0].Header.Values("Set-Cookie"), "\n")
	if !strings.HasPrefix(set, "login-demo=") || !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") || strings.Contains(set, "Max-Age") {
		t.Errorf("cookies %q", set)
	}
	s.View(func(tx *store.Tx) error {
		l, err := tx.LoginByTab(realmID, secret.Hash(b.Jar.Get("login-demo")), p.URL.Query().Get("tab_id"))
		if err == nil && (l.From.Name != "Firefox" || l.From.IP != "127.0.0.1" || l.Answer != latchkey.AnswerCode || !l.ExpiresAt.Equal(l.CreatedAt.Add(s.Snapshot("demo").Realm.LoginTimeout()))) {
			t.Errorf("%+v", l)
		}
		return err
	})
	// The browser keeps its cookie; each request has a tab of its own.
	again := rp.Start(b)
	if len(again.Hops[0].Header.Values("Set-Cookie")) != 0 || again.URL.Query().Get("tab_id") == p.URL.Query().Get("tab_id") {
		t.Errorf("%v %s", again.Hops[0].Header, again.URL)
	}
	// A cookie of another shape is none that this server drew.
	here := s.Site().Base
	b.Jar.SetCookies(here, []*http.Cookie{{Name: "login-demo", Value: "planted", Path: "/"}})
	if p := rp.Start(b); !strings.HasPrefix(p.Hops[0].Header.Get("Set-Cookie"), "login-demo=") || p.Status != http.StatusOK {
		t.Errorf("a planted cookie is kept: %v", p.Hops[0].Header)
	}
}

// Who is signed in is not asked: the request itself is answered, in one
// transaction, also where no page may be shown.
func TestSilentSignIn(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	b := s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	rp.Finish(b.Get(s.Mail.Wait("ada@example.test").Link).Press("Sign in"))
	s.Settle("demo")
	for _, prompt := range []string{"", "none"} {
		var p *servertest.Page
		n := leastWork(s, func() {
			p = rp.Start(b, "prompt", prompt)
			rp.Answer(p)
		})
		if len(p.Hops) != 2 || n != 1 {
			t.Errorf("prompt=%s: %d requests, %d transactions", prompt, len(p.Hops), n)
		}
	}
	if p := rp.Start(b, "prompt", "none", "response_mode", "form_post"); p.Status != http.StatusOK || p.Forms()[0].Values.Get("code") == "" {
		t.Errorf("by form_post: %d %s", p.Status, p.Body)
	}
	if q := rp.Answer(rp.Start(b, "prompt", "none", "max_age", "0")); q.Get("error") == "" || q.Get("code") != "" {
		t.Errorf("too old, and no page may be shown: %v", q)
	}
}

// A tab whose login was refused has had its answer; one whose account was
// deleted answers when it is looked at again, once.
func TestRefusedTab(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		for _, alias := range []string{latchkey.ActionTerms, "delete_account"} {
			a := *snap.RequiredAction(alias)
			a.Enabled = true
			if err := tx.PutRequiredAction(&a); err != nil {
				return err
			}
		}
		return nil
	})
	s.AddUser("demo", "ada@example.test", "", func(u *latchkey.User) { u.AddRequiredAction(latchkey.ActionTerms) })
	signIn := func(b *servertest.Browser, params ...string) *servertest.Page {
		rp.Start(b, params...).FormWith("username").Set("username", "ada@example.test").Submit()
		return b.Get(s.Mail.Wait("ada@example.test").Link).Press("Sign in")
	}
	b := s.Browser()
	p := signIn(b)
	tab := p.URL.String()
	if q := rp.Answer(p.FormWith("cancel").Press("cancel")); q.Get("error") != "access_denied" {
		t.Errorf("declined: %v", q)
	}
	if p := b.Get(tab); p.Status != http.StatusConflict || !p.Has("finished already") {
		t.Errorf("once more: %d %s", p.Status, p.Text())
	}
	calls := len(rp.Calls())
	p = signIn(b)
	rp.Finish(p.FormWith("accept").Press("accept"))
	p = rp.Start(b, "kc_action", "delete_account")
	tab = p.URL.String()
	if p = p.Press("Delete"); !p.Has("deleted") {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if q := rp.Answer(b.Get(tab)); q.Get("error") != "access_denied" || q.Get("iss") != s.Site().Issuer("demo") {
		t.Errorf("%v", q)
	}
	if p := b.Get(tab); p.Status != http.StatusConflict || len(rp.Calls()) != calls+2 {
		t.Errorf("once more: %d, %d answers", p.Status, len(rp.Calls())-calls)
	}
}
