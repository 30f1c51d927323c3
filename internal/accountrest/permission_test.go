package accountrest_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// route is a resource with who may use it: roles of the client account.
type route struct {
	method, path, body string
	roles              []string
	status             int // for who may
}

var routes = []route{
	{"GET", "/", "", []string{"manage-account", "view-profile"}, 200},
	{"GET", "", "", []string{"manage-account", "view-profile"}, 200},
	{"POST", "/", `{}`, []string{"manage-account"}, 204},
	{"POST", "", `{}`, []string{"manage-account"}, 204},
	{"GET", "/features", "", []string{"manage-account", "view-profile"}, 200},
	{"GET", "/credentials", "", []string{"manage-account", "view-profile"}, 200},
	{"PUT", "/credentials/none/label", `"mine"`, []string{"manage-account"}, 404},
	{"DELETE", "/credentials/none", "", []string{"manage-account"}, 404},
	{"GET", "/sessions", "", []string{"manage-account", "view-profile"}, 200},
	{"GET", "/sessions/devices", "", []string{"manage-account", "view-profile"}, 200},
	{"DELETE", "/sessions", "", []string{"manage-account"}, 204},
	{"DELETE", "/sessions/none", "", []string{"manage-account"}, 204},
	{"GET", "/applications", "", []string{"manage-account", "view-applications"}, 200},
	{"GET", "/applications/demo-app/consent", "", []string{"manage-account", "view-consent", "manage-consent"}, 204},
	{"POST", "/applications/demo-app/consent", `{"grantedScopes":[]}`, []string{"manage-account", "manage-consent"}, 200},
	{"PUT", "/applications/demo-app/consent", `{"grantedScopes":[]}`, []string{"manage-account", "manage-consent"}, 200},
	{"DELETE", "/applications/demo-app/consent", "", []string{"manage-account", "manage-consent"}, 204},
	{"GET", "/groups", "", []string{"manage-account", "view-groups"}, 200},
	{"GET", "/linked-accounts", "", []string{"manage-account", "view-profile", "manage-account-links"}, 200},
	{"GET", "/activity", "", []string{"manage-account", "view-profile"}, 200},
}

var allRoles = []string{"manage-account", "view-profile", "manage-account-links", "view-applications", "view-consent", "manage-consent", "view-groups", "delete-account"}

// given sets the person's roles to those of the client account, and nothing
// else. Roles that others are made of are cut apart, so that each stands for
// itself.
func (w *world) given(names ...string) {
	w.t.Helper()
	user := w.user()
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		had, err := tx.UserRoles(user.RealmID, user.ID)
		if err != nil {
			return err
		}
		for _, id := range had {
			if err := tx.RemoveUserRole(user.RealmID, user.ID, id); err != nil {
				return err
			}
		}
		account := snap.ClientByClientID("account")
		for _, name := range allRoles {
			role := *snap.RoleNamed(account.ID, name)
			role.Composites = nil
			if err := tx.UpdateRole(&role); err != nil {
				return err
			}
		}
		for _, name := range names {
			if err := tx.AddUserRole(user.RealmID, user.ID, snap.RoleNamed(account.ID, name).ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// refreshed gives an access token with the roles that the person has now.
func (w *world) refreshed() string {
	w.t.Helper()
	tokens, err := w.rp.Refresh(w.tokens.RefreshToken)
	if err != nil {
		w.t.Fatal(err)
	}
	w.tokens = tokens
	return tokens.AccessToken
}

// Every resource, by every role alone: who has one that it is for is let in,
// and who has not is told 403.
func TestRoles(t *testing.T) {
	w := newWorld(t)
	for _, role := range allRoles {
		w.given(role)
		token := w.refreshed()
		for _, r := range routes {
			want := http.StatusForbidden
			for _, allowed := range r.roles {
				if allowed == role {
					want = r.status
				}
			}
			got := w.does(want, r.method, r.path, r.body, token)
			if want == http.StatusForbidden && strings.TrimSpace(got) != `{"error":"HTTP 403 Forbidden"}` {
				t.Errorf("%s %s as %s: %s", r.method, r.path, role, got)
			}
		}
		w.does(http.StatusOK, http.MethodGet, "/supportedLocales", "", token)
	}
	w.given() // a token without a role of the account is not meant for it
	token := w.refreshed()
	for _, r := range routes {
		w.does(http.StatusUnauthorized, r.method, r.path, r.body, token)
	}
}

// Without a good token of the realm that is meant for the account, every
// resource says 401 and nothing else: none, one of another realm, an ID token,
// one for somebody who is signed out, and one of a realm that is off.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	w.s.Realm("other")
	otherRP := w.s.RP("other")
	foreign := otherRP.Finish(otherRP.Start(w.s.Browser()).Form(0).Set("username", ada).Submit().FormWith("code").
		Set("code", w.s.Mail.Wait(ada).Code).Press("Continue"))
	own := w.tokens.AccessToken
	refused := func(name, token string) {
		t.Helper()
		for _, r := range routes {
			if status, body := w.call(r.method, r.path, r.body, token); status != http.StatusUnauthorized || strings.TrimSpace(body) != `{"error":"HTTP 401 Unauthorized"}` {
				t.Errorf("%s %s with %s: %d %s", r.method, r.path, name, status, body)
			}
		}
	}
	if _, header, _ := w.s.Ask(http.MethodGet, "/realms/demo/account/", "", "Accept: application/json"); header.Get("WWW-Authenticate") != `Bearer realm="demo"` {
		t.Errorf("the challenge (RFC 6750 3) is %q", header.Get("WWW-Authenticate"))
	}
	refused("no token", "")
	refused("nonsense", "nonsense")
	refused("another realm's token", foreign.AccessToken)
	refused("an ID token", w.tokens.IDToken)
	refused("a refresh token", w.tokens.RefreshToken)
	refused("a changed token", own[:len(own)-4]+"AAAA")

	w.does(http.StatusOK, http.MethodGet, "/", "", own)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.Enabled = false
		return tx.UpdateRealm(&r)
	})
	refused("a token of a realm that is off", own)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.Enabled = true
		return tx.UpdateRealm(&r)
	})
	w.does(http.StatusNoContent, http.MethodDelete, "/sessions?current=true", "", own)
	refused("a token of somebody who signed out", own)
}

// A client whose scope lacks the account's roles gets a token without the
// audience, which opens nothing here.
func TestAudience(t *testing.T) {
	w := newWorld(t, func(c *representation.Client) { c.FullScopeAllowed = new(false) })
	w.does(http.StatusUnauthorized, http.MethodGet, "/", "")
}

// Scripts of the application's web origins may read, errors too; others may
// not.
func TestOrigins(t *testing.T) {
	w := newWorld(t)
	app := strings.TrimSuffix(w.rp.OAuth.RedirectURL, "/callback")
	for _, c := range []struct {
		method, path, token, origin string
		status                      int
		allowed                     bool
	}{
		{"OPTIONS", "/sessions", "", app, 200, true},
		{"OPTIONS", "", "", app, 200, true},
		{"OPTIONS", "/", "", "https://evil.example", 200, false},
		{"GET", "/", w.tokens.AccessToken, app, 200, true},
		{"GET", "/", w.tokens.AccessToken, "https://evil.example", 200, false},
		{"GET", "/", "", app, 401, true},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, w.s.Base+"/realms/demo/account"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Origin", c.origin)
		r.Header.Set("Authorization", "Bearer "+c.token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.Header.Get("Access-Control-Allow-Origin") == c.origin; resp.StatusCode != c.status || got != c.allowed {
			t.Errorf("%s %s from %s: %d, allowed %v", c.method, c.path, c.origin, resp.StatusCode, got)
		}
	}
	if status, body := w.s.Get("/realms/nowhere/account/", "Accept: application/json"); status != http.StatusNotFound || !strings.Contains(body, "Realm does not exist") {
		t.Errorf("%d %s", status, body)
	}
}

// RFC 6750 3: an answer without a valid token says what kind of one is asked.
func TestChallenge(t *testing.T) {
	w := newWorld(t)
	status, header, _ := w.s.Ask("GET", "/realms/demo/account/", "", "Accept: application/json")
	if status != http.StatusUnauthorized || header.Get("WWW-Authenticate") != `Bearer realm="demo"` {
		t.Errorf("%d %q", status, header.Get("WWW-Authenticate"))
	}
}
