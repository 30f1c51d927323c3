package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

func TestMain(m *testing.M) { browsertest.Main(m) }

const ada = "ada@example.test"

type world struct {
	t *testing.T
	s *servertest.Server
	b *servertest.Browser
}

func newWorld(t *testing.T) *world {
	s := servertest.Start(t)
	return &world{t: t, s: s, b: s.Browser()}
}

func (w *world) url(path string) string { return w.s.Base + "/realms/demo/account/" + path }

// signIn opens the console and signs in by the mail's code.
func (w *world) signIn(b *servertest.Browser, path string) *servertest.Page {
	w.t.Helper()
	p := b.Get(w.url(path))
	return p.Form(0).Set("username", ada).Submit().FormWith("code").Set("code", w.s.Mail.Wait(ada).Code).Press("Continue")
}

func (w *world) user() (u *latchkey.User) {
	w.t.Helper()
	w.s.View(func(tx *store.Tx) (err error) {
		u, err = tx.UserByEmail(w.s.Snapshot("demo").Realm.ID, ada)
		return err
	})
	return u
}

// sees fails the test when the page does not say all the words.
func (w *world) sees(p *servertest.Page, status int, words ...string) {
	w.t.Helper()
	if p.Status != status {
		w.t.Errorf("%s: status %d, want %d\n%s", p.URL, p.Status, status, p.Text())
	}
	for _, one := range words {
		if !p.Has(one) {
			w.t.Errorf("%s does not say %q:\n%s", p.URL, one, p.Text())
		}
	}
}

// The whole journey: sign in by mail, edit the name, see two sessions of two
// browsers, sign the other out, take a consent back, see it all in the
// activity, and sign out.
func TestJourney(t *testing.T) {
	w := newWorld(t)
	rp := w.s.RP("demo", func(c *representation.Client) { c.Name = new("Acme Shop") })
	p := w.signIn(w.b, "")
	w.sees(p, 200, "Personal info", "First name", ada, "Sign out")
	if p.Title() != "Personal info · Demo" && !strings.HasPrefix(p.Title(), "Personal info · ") {
		t.Errorf("title %q", p.Title())
	}

	p = p.FormWith("firstName").Set("firstName", "Ada").Set("lastName", "Lovelace").Press("Save")
	w.sees(p, 200, "Saved.")
	if u := w.user(); u.FullName() != "Ada Lovelace" {
		t.Errorf("%+v", u)
	}
	if p = p.Reload(); p.Has("Saved.") {
		t.Error("what was done is said twice")
	}
	p = p.FormWith("firstName").Set("firstName", "<script>").Press("Save")
	w.sees(p, 400, "Names here have no brackets")
	if got := p.FormWith("firstName").Values.Get("firstName"); got != "<script>" || w.user().FirstName != "Ada" {
		t.Errorf("what was typed is gone: %q", got)
	}

	phone := w.s.Browser()
	phone.UserAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	rp.Finish(rp.Start(phone).Form(0).Set("username", ada).Submit().FormWith("code").Set("code", w.s.Mail.Wait(ada).Code).Press("Continue"))
	w.sees(phone.Get(w.url("applications")), 200, "Acme Shop", "In use") // signed in already

	p = w.b.Get(w.url("")).Click("Devices and sessions")
	w.sees(p, 200, "Linux This device", "Firefox This browser", "iOS", "Safari", "Applications: Account console, Acme Shop")
	p = w.b.Get(endOf(p, 1))
	w.sees(p, 200, "Sign out Safari on iOS?", "Leave it as it is")
	p = p.FormWith("end").Press("Sign out")
	w.sees(p, 200, "Signed out there.")
	if p.Has("Safari") {
		t.Errorf("the session is still there: %s", p.Text())
	}
	if p := phone.Get(w.url("")); !p.Has("Sign in") || p.Has("Personal info") {
		t.Errorf("R-092: the other browser is still signed in: %s", p.Text())
	}

	rp.Finish(rp.Start(w.b, "scope", "openid offline_access"))
	p = w.b.Get(w.url("applications"))
	w.sees(p, 200, "Acme Shop In use", "May act for you while you are away.")
	p = p.Click("Remove access")
	w.sees(p, 200, "Remove the access of Acme Shop?")
	p = p.FormWith("client").Press("Remove access")
	w.sees(p, 200, "Access removed.")
	if p.Has("Acme Shop") {
		t.Errorf("the application still has access: %s", p.Text())
	}
	w.sees(w.b.Get(w.url("activity")), 200, "You signed in", "Your account was made", "Your personal info was changed", "A session was signed out",
		"You removed an application's access", "Acme Shop", "127.0.0.1")
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.EventsEnabled = false
		return tx.UpdateRealm(&r)
	})
	w.sees(w.b.Get(w.url("activity")), 200, "keeps no record")
	w.sees(w.b.Get(w.url("groups")), 200, "You are in no group.")
	w.sees(w.b.Get(w.url("account-security/signing-in")), 200, "You have no password.", "Set a password", "Authenticator app")
	w.sees(w.b.Get(w.url("nothing")), 404, "Personal info")

	p = w.b.Get(w.url("")).Press("Sign out")
	w.sees(p, 200, "signed out")
	if p := w.b.Get(w.url("")); p.Has("Ada") || !strings.Contains(p.URL.Path, "login-actions") && !strings.Contains(p.URL.Path, "openid-connect/auth") {
		t.Errorf("still signed in at %s: %s", p.URL, p.Text())
	}
}

// endOf gives the address that asks whether to end the nth session.
func endOf(p *servertest.Page, n int) string {
	for _, link := range p.Links() {
		if strings.Contains(link, "end=") && !strings.Contains(link, "end=all") && !strings.Contains(link, "end=others") {
			if n == 0 {
				return link
			}
			n--
		}
	}
	return ""
}

// Signing out everywhere ends every session, this browser's own the way every
// sign-out goes; everywhere else leaves this one.
func TestEndSessions(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.b, "")
	others := []*servertest.Browser{w.s.Browser(), w.s.Browser(), w.s.Browser()}
	for _, b := range others {
		w.sees(w.signIn(b, "account-security/device-activity"), 200, "This browser")
	}
	p := w.b.Get(w.url("account-security/device-activity")).Click("Sign out everywhere else")
	w.sees(p, 200, "Every browser but this one is signed out at once")
	w.sees(p.FormWith("end").Press("Sign out everywhere else"), 200, "Signed out everywhere else.")
	for _, b := range others {
		if p := b.Get(w.url("")); p.Has("Personal info") {
			t.Error("another browser is still signed in")
		}
	}
	w.signIn(others[0], "")
	p = w.b.Get(w.url("account-security/device-activity?end=all"))
	if !p.Has("this one too") {
		t.Error(p.Text())
	}
	p = p.FormWith("end").Press("Sign out everywhere")
	w.sees(p, 200, "signed out")
	if got := p.Hops[0].Header.Get("Clear-Site-Data"); got != `"cookies", "storage"` {
		t.Errorf("Clear-Site-Data is %q (R-083)", got)
	}
	for _, b := range []*servertest.Browser{w.b, others[0]} {
		if p := b.Get(w.url("")); p.Has("Personal info") {
			t.Error("a browser is still signed in")
		}
	}
	p = w.signIn(w.b, "account-security/device-activity")
	p = w.b.Get(endOf(p, 0)).FormWith("end").Press("Sign out") // this one
	w.sees(p, 200, "signed out")
}

// A form of another sign-in, and one without the token, are refused;
// so is one from another site.
func TestForms(t *testing.T) {
	w := newWorld(t)
	p := w.signIn(w.b, "")
	for name, change := range map[string]func(url.Values){
		"no token":    func(v url.Values) { v.Del("session_code") },
		"other token": func(v url.Values) { v.Set("session_code", secret.Token()) },
	} {
		form := p.FormWith("firstName")
		form.Set("firstName", "Eve")
		change(form.Values)
		if got := w.b.Do(http.MethodPost, form.Action, form.Values); got.Status != http.StatusForbidden {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
	form := p.FormWith("firstName")
	form.Set("firstName", "Eve")
	if got := w.b.Do(http.MethodPost, form.Action, form.Values, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site"); got.Status != http.StatusForbidden {
		t.Errorf("from another site: %d", got.Status)
	}
	if u := w.user(); u.FirstName != "" {
		t.Errorf("a forged form was taken: %+v", u)
	}
}

// What the browser keeps is sealed: changed or planted, it is as good as
// nothing; and there is no token in any page.
func TestCookies(t *testing.T) {
	w := newWorld(t)
	p := w.signIn(w.b, "")
	if strings.Contains(p.Body, "eyJ") {
		t.Error("a page holds a token")
	}
	for _, c := range w.b.Jar.Cookies(p.URL) {
		if strings.Contains(c.Value, "eyJ") || len(c.Value) > 3800 {
			t.Errorf("the cookie %s holds a token in clear, or more than browsers keep (%d bytes)", c.Name, len(c.Value))
		}
	}
	for _, planted := range []string{"x", strings.Repeat("A", 300), strings.Repeat("_", 5000)} {
		b := w.s.Browser()
		p := b.Do(http.MethodGet, w.url(""), nil, "Cookie: account-demo="+planted+"; account-sign-in-demo="+planted)
		if p.Status != http.StatusOK || p.Has("Personal info") {
			t.Errorf("a planted cookie: %d %s", p.Status, p.Title())
		}
	}
	// An answer that this browser did not ask for begins nothing.
	b := w.s.Browser()
	p = b.Get(w.url("callback?state=x&code=y"))
	w.sees(p, 400)
	if p.Has("Personal info") {
		t.Error("somebody is signed in")
	}
	if p := b.Get(w.url("begin?action=delete_account")); p.Has("Personal info") {
		t.Error("somebody is signed in")
	}
}

// The access token is renewed when its time is over, and the person stays
// where they are; when the session has ended they are asked to sign in, and
// come back to the page that they asked for.
func TestRenewal(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.b, "")
	w.s.Clock.Advance(6 * time.Minute)
	w.sees(w.b.Get(w.url("activity")), 200, "You signed in")
	w.s.Update(func(tx *store.Tx) error {
		_, err := tx.EndUserSessions(w.user().RealmID, w.user().ID, "")
		return err
	})
	w.sees(w.signIn(w.b, "activity?first=0"), 200, "Activity", "You signed in")
}

// With rotation of refresh tokens, every use of the console keeps the newest.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.RevokeRefreshToken = true
		return tx.UpdateRealm(&r)
	})
	w.signIn(w.b, "")
	for range 4 {
		w.s.Clock.Advance(6 * time.Minute)
		p := w.b.Get(w.url("groups"))
		if w.sees(p, 200, "Groups"); len(p.Hops) != 1 {
			t.Errorf("the person had to sign in again: %v", p.Hops)
		}
	}
}

// "Back to" leads to an address of the application alone.
func TestReferrer(t *testing.T) {
	w := newWorld(t)
	rp := w.s.RP("demo", func(c *representation.Client) { c.Name = new("Acme Shop") })
	id, home := rp.Client.ClientID, rp.OAuth.RedirectURL
	w.signIn(w.b, "")
	for query, want := range map[string]string{
		"referrer=" + id: rp.Client.BaseURL,
		"referrer=" + id + "&referrer_uri=" + url.QueryEscape(home):                   home,
		"referrer=" + id + "&referrer_uri=" + url.QueryEscape("https://evil.example"): "",
		"referrer=" + id + "&referrer_uri=javascript:alert(1)":                        "",
		"referrer=nobody": "",
	} {
		b := w.b.Copy()
		p := b.Get(w.url("?" + query))
		if got := p.Link("Back to Acme Shop"); got != want || p.Status != 200 {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		if want != "" {
			if got := b.Get(w.url("groups")).Link("Back to Acme Shop"); got != want {
				t.Errorf("%s: the next page forgot it: %q", query, got)
			}
		}
	}
	// Without a session the way back outlives the sign-in.
	p := w.signIn(w.s.Browser(), "?referrer="+id)
	if got := p.Link("Back to Acme Shop"); got != rp.Client.BaseURL {
		t.Errorf("%q", got)
	}
}

// What a person may not see is said to be closed; what they may begin is
// offered, and nothing else.
func TestOffers(t *testing.T) {
	w := newWorld(t)
	changes := func(allowed bool) {
		w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			for _, alias := range []string{"delete_account", "UPDATE_EMAIL"} {
				a := *snap.RequiredAction(alias)
				a.Enabled = allowed
				if err := tx.PutRequiredAction(&a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	changes(false)
	p := w.signIn(w.b, "")
	if p.Link("Delete my account") != "" || p.Link("Change the address") != "" {
		t.Error("what the realm does not allow is offered")
	}
	changes(true)
	p = w.b.Get(w.url(""))
	for words, action := range map[string]string{"Delete my account": "delete_account", "Change the address": "UPDATE_EMAIL"} {
		if got := p.Link(words); !strings.HasSuffix(got, "/account/begin?action="+action) {
			t.Errorf("%s: %q", words, got)
		}
	}
	w.b.Follow = false
	for action, ok := range map[string]bool{"UPDATE_PASSWORD": true, "delete_credential:x": true, "VERIFY_EMAIL": false, "": false} {
		p := w.b.Get(w.url("begin?action=" + action))
		to, _ := url.Parse(p.Hops[0].Location)
		if got := p.Status == http.StatusFound && to.Query().Get("kc_action") == action; got != ok {
			t.Errorf("%q: %d %s", action, p.Status, to)
		}
	}
	w.b.Follow = true
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		roles, err := tx.UserRoles(snap.Realm.ID, w.user().ID)
		if err != nil {
			return err
		}
		for _, id := range roles {
			if err := tx.RemoveUserRole(snap.Realm.ID, w.user().ID, id); err != nil {
				return err
			}
		}
		return nil
	})
	w.s.Clock.Advance(6 * time.Minute)
	w.sees(w.b.Get(w.url("")), 403, "Not for you", "Sign out")
}

// Names that a person or an operator chose are shown as text.
func TestNames(t *testing.T) {
	w := newWorld(t)
	rp := w.s.RP("demo", func(c *representation.Client) {
		c.Name, c.Description = new("<img src=x>"), new("\u202egnp.exe")
	})
	// No call takes this address; a row from elsewhere may have it.
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := *snap.ClientByClientID(rp.Client.ClientID)
		c.BaseURL = "javascript:alert(1)"
		return tx.UpdateClient(&c)
	})
	w.signIn(w.b, "")
	rp.Finish(rp.Start(w.b))
	p := w.b.Get(w.url("applications"))
	w.sees(p, 200, "<img src=x>")
	if strings.Contains(p.Body, "<img") || strings.Contains(p.Body, "javascript:") || strings.Contains(p.Body, "\u202e") {
		t.Error(p.Body)
	}
}
