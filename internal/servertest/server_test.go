package servertest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/servertest"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// The whole road, over real HTTP and real mail, on both databases.
func TestSignIn(t *testing.T) {
	for name, opts := range map[string]func(*testing.T) []servertest.Option{
		"sqlite":   func(*testing.T) []servertest.Option { return nil },
		"postgres": func(t *testing.T) []servertest.Option { return []servertest.Option{servertest.OnPostgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, opts(t)...)
			rp := s.RP("demo")
			b := s.Browser()
			p := rp.Start(b)
			if !strings.Contains(p.Title(), "Sign in or register") {
				t.Fatalf("%s: %s", p.URL, p.Text())
			}
			p = p.FormWith("username").Set("username", "ada@example.test").Submit()
			if !p.Has("Check your email") || !p.Has("ada@example.test") {
				t.Fatalf("%s: %s", p.URL, p.Text())
			}
			mail := s.Mail.Wait("ada@example.test")
			if mail.Link == "" || len(mail.Code) != 6 || !strings.HasPrefix(mail.Link, s.Base+"/") {
				t.Fatalf("link %q, code %q in\n%s", mail.Link, mail.Code, mail.Text)
			}
			p = b.Get(mail.Link)
			p = p.Form(0).Submit()
			tokens := rp.Finish(p)
			if tokens.Claims["email"] != "ada@example.test" || tokens.Claims["email_verified"] != true {
				t.Errorf("claims %v", tokens.Claims)
			}
			if n := len(rp.Calls()); n != 1 {
				t.Errorf("the application was answered %d times", n)
			}
			if again, err := rp.Refresh(tokens.RefreshToken); err != nil || again.ID.Subject != tokens.ID.Subject {
				t.Errorf("refresh: %v", err)
			}
			s.Eventually("the events of the sign-in and of its mail", func() bool {
				got := s.EventTypes("demo")
				return slices.Contains(got, "LOGIN") && slices.Contains(got, "MAIL_HANDED_OVER")
			})
			for _, secret := range []string{mail.Code, mail.Link[strings.Index(mail.Link, "key=")+4:], "ada@example.test", tokens.AccessToken, tokens.RefreshToken} {
				if strings.Contains(s.Log.String(), secret) {
					t.Errorf("the log shows %q (R-190)", secret)
				}
			}
		})
	}
}

// A browser keeps cookies by the clock, and forgets them by name.
func TestBrowserCookies(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	b := s.Browser()
	rp.Start(b)
	if b.Jar.Get("login-demo") == "" {
		t.Fatal("no cookie of the login")
	}
	other := b.Copy()
	other.Jar.Remove("login")
	if other.Jar.Get("login-demo") != "" || b.Jar.Get("login-demo") == "" {
		t.Error("a copy shares its cookies")
	}
	if s.Browser().Jar.Get("login-demo") != "" {
		t.Error("a new browser has cookies")
	}
}

// a restart loses nothing.
func TestRestart(t *testing.T) {
	s := servertest.Start(t)
	before := s.Snapshot("demo")
	s.Stop()
	again := s.Again()
	after := again.Snapshot("demo")
	if after.Realm.ID != before.Realm.ID || len(after.Keys) != len(before.Keys) || after.Keys[0].ID != before.Keys[0].ID {
		t.Error("the realm was made again")
	}
	if status, body := again.Get("/realms/demo/.well-known/openid-configuration"); status != 200 || !strings.Contains(body, again.Base) {
		t.Errorf("%d %s", status, body)
	}
}

// Nodes share one database and one hostname; what one makes, the others know.
func TestNodes(t *testing.T) {
	nodes := servertest.Nodes(t, 2)
	a, c := nodes[0], nodes[1]
	if a.Base != c.Base || a.Addr("public") == c.Addr("public") {
		t.Fatalf("%s %s", a.Base, c.Base)
	}
	rp := a.RP("demo")
	b := a.Browser()
	p := rp.Start(b)
	b.Via(c)
	p.FormWith("username").Set("username", "bob@example.test").Submit()
	mail := c.Mail.Wait("bob@example.test")
	b.Via(a)
	if tokens := rp.Finish(b.Get(mail.Link).Form(0).Submit()); tokens.Claims["email"] != "bob@example.test" {
		t.Errorf("%v", tokens.Claims)
	}
	if start := a.Clock.Now(); !c.Clock.Advance(time.Minute).Equal(start.Add(time.Minute)) || !a.Clock.Now().Equal(start.Add(time.Minute)) {
		t.Error("the nodes have two clocks")
	}
}
