package login_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// signIn signs a person in by mail, in the browser that asked.
func signIn(s *servertest.Server, rp *servertest.RP, b *servertest.Browser, address string) *servertest.Page {
	rp.Start(b).FormWith("username").Set("username", address).Submit()
	return b.Get(s.Mail.Wait(address).Link).Press("Sign in")
}

// change changes a person as an administrator does.
func change(s *servertest.Server, realmID, address string, f func(*store.Tx, *latchkey.User) error) {
	s.Update(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(realmID, address)
		if err == nil {
			err = f(tx, u)
		}
		return err
	})
}

// TestNothingGoesOnBehindAnOpenAction: while the page of a required action is
// open, the session that the login passed by is ended, or the account
// is switched off. Then the action is not taken and nobody is signed in.
func TestNothingGoesOnBehindAnOpenAction(t *testing.T) {
	const address = "ada@example.test"
	for name, c := range map[string]struct {
		again bool // the login passes by the session of an earlier one
		meet  func(tx *store.Tx, u *latchkey.User) error
	}{
		"its session is ended": {true, func(tx *store.Tx, u *latchkey.User) error {
			_, err := tx.EndUserSessions(u.RealmID, u.ID, "")
			return err
		}},
		"the account is switched off": {false, func(tx *store.Tx, u *latchkey.User) error {
			u.Enabled = false
			return tx.UpdateUser(u)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t)
			rp := s.RP("demo")
			b := s.Browser()
			if c.again {
				rp.Finish(signIn(s, rp, b, address))
			} else {
				s.AddUser("demo", address, "", nil)
			}
			answered := len(rp.Calls())
			change(s, rp.Client.RealmID, address, func(tx *store.Tx, u *latchkey.User) error {
				u.AddRequiredAction(latchkey.ActionUpdatePassword)
				return tx.UpdateUser(u)
			})
			p := rp.Start(b)
			if !c.again {
				p = signIn(s, rp, b, address)
			}
			form := p.FormWith("password-new").Set("password-new", "correct horse battery").Set("password-confirm", "correct horse battery")
			change(s, rp.Client.RealmID, address, c.meet)
			p = form.Submit()
			if n := len(rp.Calls()); n != answered {
				t.Errorf("the application is answered; the page is %q", p.Title())
			}
			change(s, rp.Client.RealmID, address, func(tx *store.Tx, u *latchkey.User) error {
				sessions, err := tx.UserSessions(u.RealmID, u.ID)
				if err != nil {
					return err
				}
				credentials, err := tx.Credentials(u.RealmID, u.ID)
				if len(sessions)+len(credentials) != 0 {
					t.Errorf("%d sessions, %d credentials", len(sessions), len(credentials))
				}
				return err
			})
		})
	}
}

// bind binds the realm to a flow of its own, of steps that are all required.
func bind(s *servertest.Server, realmName string, authenticators ...string) {
	s.Change(realmName, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f := &latchkey.Flow{RealmID: snap.Realm.ID, ID: "steps", Alias: "steps", ProviderID: "basic-flow", TopLevel: true}
		for i, a := range authenticators {
			f.Executions = append(f.Executions, latchkey.Execution{ID: "step-" + a, Authenticator: a, Requirement: latchkey.Required, Priority: i})
		}
		if err := tx.CreateFlow(f); err != nil {
			return err
		}
		snap.Realm.BrowserFlow = f.Alias
		return tx.UpdateRealm(snap.Realm)
	})
}

// TestAPasswordStaysInItsBrowser: where the link is a second factor, "Sign in
// here instead" passes the mail's step alone; the password that was typed in
// the asking browser is none of the other one's.
func TestAPasswordStaysInItsBrowser(t *testing.T) {
	const address, password = "ada@example.test", "correct horse battery"
	s := servertest.Start(t)
	rp := s.RP("demo")
	bind(s, "demo", latchkey.AuthUsernamePasswordForm, latchkey.AuthMagicLink)
	s.AddUser("demo", address, password, func(u *latchkey.User) { u.EmailVerified = true })
	p := rp.Start(s.Browser()).FormWith("password").Set("username", address).Set("password", password).Submit()
	_, number, _ := strings.Cut(p.Text(), "number, it is ")
	phone := s.Browser()
	p = phone.Get(s.Mail.Wait(address).Link).FormWith("number").Set("number", number[:3]).Press("Sign in here instead")
	p = p.Press("Sign in")
	if phone.Jar.Get("session-demo") != "" {
		t.Fatalf("signed in without the password: %q", p.Title())
	}
	p = p.FormWith("password").Set("password", password).Submit()
	if phone.Jar.Get("session-demo") == "" {
		t.Errorf("not signed in with both: %q\n%s", p.Title(), p.Text())
	}
}

// TestReusableLink: where the realm allows it, a link works until it expires in
// the browser that asked. Each login still answers the application once
// and no other browser can use what the login's number was for.
func TestReusableLink(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := &latchkey.AuthenticatorConfig{RealmID: snap.Realm.ID, ID: "reusable", Alias: "reusable",
			Config: map[string]string{actiontoken.KeyReusable: "true"}}
		if err := tx.CreateAuthenticatorConfig(c); err != nil {
			return err
		}
		for _, f := range snap.Flows {
			for i := range f.Executions {
				if f.Executions[i].Authenticator == latchkey.AuthMagicLink {
					f.Executions[i].ConfigID = c.ID
					return tx.UpdateFlow(f)
				}
			}
		}
		return nil
	})
	b := s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	link := s.Mail.Wait("ada@example.test").Link
	rp.Finish(b.Get(link).Press("Sign in"))
	b.Jar.Remove("session-demo")
	// The application has had its answer: the second time ends at its start.
	if p := b.Get(link).Press("Sign in"); !strings.Contains(p.URL.String(), "/login?iss=") || b.Jar.Get("session-demo") == "" {
		t.Errorf("again: %s %q", p.URL, p.Title())
	}
	if n := len(rp.Calls()); n != 1 {
		t.Errorf("the application was answered %d times", n)
	}
	if p := s.Browser().Get(link); !strings.Contains(p.Title(), "no longer works") {
		t.Errorf("in another browser: %q", p.Title())
	}
	b.Jar.Remove("session-demo")
	s.Clock.Advance(actiontoken.DefaultLifespan)
	if p := b.Get(link); !strings.Contains(p.Title(), "used already") {
		t.Errorf("too late: %q", p.Title())
	}
}

// TestDeclinedElsewhere: who declines in a login that no application waits
// for is told that nobody was signed in.
func TestDeclinedElsewhere(t *testing.T) {
	const address = "ada@example.test"
	s := servertest.Start(t)
	rp := s.RP("demo", func(c *representation.Client) {
		c.RootURL, c.BaseURL = nil, nil
		delete(c.Attributes, "initiate.login.uri")
	})
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		terms := *snap.RequiredAction(latchkey.ActionTerms)
		terms.Enabled = true
		return tx.PutRequiredAction(&terms)
	})
	s.AddUser("demo", address, "", func(u *latchkey.User) { u.AddRequiredAction(latchkey.ActionTerms) })
	p := rp.Start(s.Browser()).FormWith("username").Set("username", address).Submit()
	_, number, _ := strings.Cut(p.Text(), "number, it is ")
	phone := s.Browser()
	p = phone.Get(s.Mail.Wait(address).Link).FormWith("number").Set("number", number[:3]).Press("Sign in here instead").Press("Sign in")
	p = p.FormWith("cancel").Press("cancel")
	if phone.Jar.Get("session-demo") != "" || !strings.Contains(p.Title(), "Nobody was signed in") {
		t.Errorf("declined, and told %q: %s", p.Title(), p.Text())
	}
}

// TestRealmsShareNothing: the cookies, the tab and the link of one realm are
// nothing in another, whatever name a browser gives them.
func TestRealmsShareNothing(t *testing.T) {
	s := servertest.Start(t)
	s.Realm("other")
	rp := s.RP("demo")
	b := s.Browser()
	waiting := rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	link := s.Mail.Wait("ada@example.test").Link
	clean := b.Get(link).URL.String()
	elsewhere := func(address string) string { return strings.Replace(address, "/realms/demo/", "/realms/other/", 1) }
	u, err := url.Parse(s.Base)
	if err != nil {
		t.Fatal(err)
	}
	var renamed []*http.Cookie
	for _, c := range b.Jar.Cookies(u) {
		renamed = append(renamed, &http.Cookie{Name: strings.TrimSuffix(c.Name, "-demo") + "-other", Value: c.Value, Path: "/"})
	}
	b.Jar.SetCookies(u, renamed)
	if p := b.Get(elsewhere(clean)); p.Status != http.StatusBadRequest {
		t.Errorf("the link: %d %q", p.Status, p.Title())
	}
	if p := b.Get(elsewhere(link)); p.Status != http.StatusBadRequest {
		t.Errorf("the mailed URL: %d %q", p.Status, p.Title())
	}
	if p := b.Get(elsewhere(waiting.URL.String())); p.Status != http.StatusBadRequest || p.Has("ada@example.test") {
		t.Errorf("the tab: %d %q", p.Status, p.Title())
	}
	rp.Finish(b.Get(link).Press("Sign in"))
	for _, c := range b.Jar.Cookies(u) {
		if name, ok := strings.CutSuffix(c.Name, "-demo"); ok {
			b.Jar.SetCookies(u, []*http.Cookie{{Name: name + "-other", Value: c.Value, Path: "/"}})
		}
	}
	p := b.Get(s.Base + "/realms/other/protocol/openid-connect/auth?client_id=account&response_type=code&prompt=none&scope=openid&code_challenge_method=S256&code_challenge=" +
		strings.Repeat("a", 43) + "&redirect_uri=" + url.QueryEscape(s.Base+"/realms/other/account/"))
	if !slices.ContainsFunc(p.Hops, func(h servertest.Hop) bool { return strings.Contains(h.Location, "error=login_required") }) {
		t.Errorf("the session: %s", p.URL)
	}
}

// TestAMangledLinkTellsNobody: most of its secret still stands in the address
// of the page that says so.
func TestAMangledLinkTellsNobody(t *testing.T) {
	s := servertest.Start(t)
	s.RP("demo").Start(s.Browser()).FormWith("username").Set("username", "ada@example.test").Submit()
	link := s.Mail.Wait("ada@example.test").Link
	if p := s.Browser().Get(link[:len(link)-1]); p.Status != http.StatusBadRequest || p.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d, Referrer-Policy %q", p.Status, p.Header.Get("Referrer-Policy"))
	}
}
