package browsertest_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/oauth2/clientcredentials"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// ada is the address that signs in.
const ada = "ada@example.test"

// world is a server with an application.
type world struct {
	t  *testing.T
	s  *servertest.Server
	rp *servertest.RP
}

func newWorld(t *testing.T, opts ...servertest.Option) *world {
	t.Helper()
	s := servertest.Start(t, opts...)
	return &world{t: t, s: s, rp: s.RP("demo")}
}

// on gives the world to a subtest.
func (w *world) on(t *testing.T) *world { return &world{t: t, s: w.s, rp: w.rp} }

// answered fails the test when the application was not called that often.
func (w *world) answered(n int) {
	w.t.Helper()
	if calls := w.rp.Calls(); len(calls) != n {
		w.t.Errorf("the application was answered %d times, want %d: %v", len(calls), n, calls)
	}
}

// sessions counts the live sessions that the browser's cookies open,
// whatever the cookies are called.
func (w *world) sessions(b *browsertest.Browser) (n int) {
	w.t.Helper()
	realms := []string{w.s.Snapshot(realm.DemoRealm).Realm.ID, w.s.Snapshot(latchkey.MasterRealm).Realm.ID}
	for _, c := range b.Cookies() {
		w.s.View(func(tx *store.Tx) error {
			for _, id := range realms {
				if _, err := tx.UserSessionByCookie(id, secret.Hash(c.Value)); err == nil {
					n++
				}
			}
			return nil
		})
	}
	return n
}

// signedIn fails the test when the browser does not hold one session, or holds
// one though it should not.
func (w *world) signedIn(b *browsertest.Browser, want bool) {
	w.t.Helper()
	if n := w.sessions(b); n != map[bool]int{true: 1}[want] {
		w.t.Errorf("the browser holds %d live sessions, want one: %v", n, want)
	}
}

// account finds the account of an address; nil when there is none.
func (w *world) account(address string) (u *latchkey.User) {
	w.t.Helper()
	w.s.View(func(tx *store.Tx) (err error) {
		u, err = tx.UserByEmail(w.rp.Client.RealmID, address)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return nil
		}
		return err
	})
	return u
}

// magic sets an option of the Magic Link execution.
func (w *world) magic(key, value string) {
	w.t.Helper()
	w.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f, e := magicLink(snap)
		if c := snap.Config(e.ConfigID); c != nil {
			changed := *c
			changed.Config = map[string]string{}
			for k, v := range c.Config {
				changed.Config[k] = v
			}
			changed.Config[key] = value
			return tx.UpdateAuthenticatorConfig(&changed)
		}
		c := &latchkey.AuthenticatorConfig{RealmID: snap.Realm.ID, ID: secret.NewID(), Alias: "magic", Config: map[string]string{key: value}}
		if err := tx.CreateAuthenticatorConfig(c); err != nil {
			return err
		}
		changed := *f
		changed.Executions = append([]latchkey.Execution(nil), f.Executions...)
		for i := range changed.Executions {
			if changed.Executions[i].ID == e.ID {
				changed.Executions[i].ConfigID = c.ID
			}
		}
		return tx.UpdateFlow(&changed)
	})
}

// magicLink finds the execution that mails.
func magicLink(snap *latchkey.Snapshot) (*latchkey.Flow, latchkey.Execution) {
	for _, f := range snap.Flows {
		for _, e := range f.Executions {
			if e.Authenticator == latchkey.AuthMagicLink {
				return f, e
			}
		}
	}
	return nil, latchkey.Execution{}
}

// realm changes the realm.
func (w *world) realm(change func(*latchkey.Realm)) {
	w.t.Helper()
	w.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		change(&r)
		return tx.UpdateRealm(&r)
	})
}

// ask types the address on the page at the start of a sign-in, and gives the
// mail that comes; the tab waits then.
func (w *world) ask(p *browsertest.Page, address string) servertest.Mail {
	w.t.Helper()
	p.Type("#username", address)
	p.Follow("main button.main")
	p.See("Check your email")
	return w.s.Mail.Wait(address)
}

// asking opens a tab of the browser that has asked for the mail and waits.
func (w *world) asking(b *browsertest.Browser) (*browsertest.Page, servertest.Mail) {
	w.t.Helper()
	p := b.Open(w.rp.URL())
	return p, w.ask(p, ada)
}

// signIn signs the person in with the browser, and closes the tab.
func (w *world) signIn(b *browsertest.Browser, address string) {
	w.t.Helper()
	before := len(w.rp.Calls())
	p := b.Open(w.rp.URL())
	p.Goto(w.ask(p, address).Link)
	p.At(w.rp.OAuth.RedirectURL)
	p.Close()
	w.answered(before + 1)
}

var threeDigits = regexp.MustCompile(`^\d{3}$`)

// shownNumber reads the number off the waiting page.
func shownNumber(t *testing.T, p *browsertest.Page) string {
	t.Helper()
	n := strings.TrimSpace(p.Text(".shown strong"))
	if !threeDigits.MatchString(n) {
		t.Fatalf("the waiting page shows %q as its number", n)
	}
	return n
}

// other gives the first of the values that is not the one given.
func other(than string, of ...string) string {
	for _, v := range of {
		if v != than {
			return v
		}
	}
	return ""
}

// choice is the button of a form with several.
func choice(value string) string { return `main button[name=choice][value="` + value + `"]` }

// actionsByAPI has the API mail a link to required actions, and gives it.
func (w *world) actionsByAPI(address, actions string) string {
	w.t.Helper()
	var id string
	w.s.View(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(w.rp.Client.RealmID, address)
		if err == nil {
			id = u.ID
		}
		return err
	})
	status, answer := w.s.Send(http.MethodPut, "/admin/realms/demo/users/"+id+"/execute-actions-email", actions, "Content-Type: application/json",
		"Authorization: Bearer "+w.manager())
	if status != http.StatusNoContent {
		w.t.Fatalf("a mail of the API: %d %s", status, answer)
	}
	return w.s.Mail.Wait(address).Link
}

// linkByAPI makes a link by the API, as an application with the right to
// manage users; mailed says whether Latchkey mails it.
func (w *world) linkByAPI(mailed bool) string {
	w.t.Helper()
	body := `{"email":"` + ada + `","client_id":"` + w.rp.Client.ClientID + `","redirect_uri":"` + w.rp.OAuth.RedirectURL + `","force_create":true`
	if mailed {
		body += `,"send_email":true`
	}
	status, answer := w.s.Send(http.MethodPost, "/realms/demo/magic-link", body+"}", "Content-Type: application/json",
		"Authorization: Bearer "+w.manager())
	if status != http.StatusOK {
		w.t.Fatalf("a link by the API: %d %s", status, answer)
	}
	if mailed {
		return w.s.Mail.Wait(ada).Link
	}
	_, link, _ := strings.Cut(answer, `"link":"`)
	link, _, _ = strings.Cut(link, `"`)
	return strings.ReplaceAll(link, `\u0026`, "&")
}

// manager is the token of an application that may manage users.
func (w *world) manager() string {
	w.t.Helper()
	service := w.s.RP(realm.DemoRealm, func(c *representation.Client) {
		c.PublicClient, c.ServiceAccountsEnabled = new(false), new(true)
	})
	w.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		u, err := tx.ServiceAccountUser(snap.Realm.ID, service.Client.ID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			u = realm.NewServiceAccount(service.Client, tx.Now())
			err = tx.CreateUser(u)
		}
		if err != nil {
			return err
		}
		role := snap.RoleNamed(snap.ClientByClientID(latchkey.ClientRealmManagement).ID, "manage-users")
		return tx.AddUserRole(snap.Realm.ID, u.ID, role.ID)
	})
	token, err := (&clientcredentials.Config{ClientID: service.Client.ClientID, ClientSecret: service.Client.Secret.Reveal(),
		TokenURL: service.Provider.Endpoint().TokenURL}).Token(service.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return token.AccessToken
}
