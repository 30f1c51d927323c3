package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// What an administrator asks a person by mail to do: they do it, nobody is
// signed in by it, and the link is used up.
func TestExecuteActionsMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.user(w.manager, map[string]any{"username": "ada", "email": "ada@example.test", "enabled": true})
	path := "/demo/users/" + id
	back := w.rp.OAuth.RedirectURL
	query := url.Values{"client_id": {w.rp.Client.ClientID}, "redirect_uri": {back}, "lifespan": {"600"}}
	w.must(204, w.manager, "PUT", path+"/execute-actions-email?"+query.Encode(), []string{"UPDATE_PASSWORD", "VERIFY_EMAIL"})
	link := w.s.Mail.Wait("ada@example.test").Link

	scanner := w.s.Browser()
	scanner.Get(link).FormWith("address").Set("address", "eve@example.test").Submit()
	b := w.s.Browser()
	p := b.Get(link).FormWith("address").Set("address", "ada@example.test").Submit()
	p = p.FormWith("password-new").Set("password-new", "a-new-password").Set("password-confirm", "a-new-password").Submit()
	if p.Status != http.StatusOK || p.Title() == "" || !strings.Contains(p.Text(), "up to date") || p.Link("Go to") != back || b.Jar.Get("session-demo") != "" {
		t.Fatalf("%d %q: %s", p.Status, p.Title(), p.Text())
	}
	var u representation.User
	w.must(200, w.manager, "GET", path, nil).into(&u)
	if !*u.EmailVerified || len(u.RequiredActions) != 0 {
		t.Errorf("afterwards: %+v", u)
	}
	if a := w.must(200, w.manager, "GET", path+"/credentials", nil); !strings.Contains(a.Text, `"password"`) {
		t.Errorf("no password: %s", a.Text)
	}
	if p := w.s.Browser().Get(link); p.Status != http.StatusGone {
		t.Errorf("a used link: %d %q", p.Status, p.Title())
	}
}

// The mail that proves an address, on its own.
func TestSendVerifyEmail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.user(w.manager, map[string]any{"username": "ada", "email": "ada@example.test", "enabled": true})
	w.must(204, w.manager, "PUT", "/demo/users/"+id+"/send-verify-email", nil)
	b := w.s.Browser()
	p := b.Get(w.s.Mail.Wait("ada@example.test").Link).FormWith("address").Set("address", "ada@example.test").Submit()
	if p.Status != 200 || b.Jar.Get("session-demo") != "" {
		t.Errorf("%d %q", p.Status, p.Title())
	}
	if a := w.must(200, w.manager, "GET", "/demo/users/"+id, nil); !strings.Contains(a.Text, `"emailVerified":true`) {
		t.Errorf("not proven: %s", a.Text)
	}
	// A link to an address that the account has left opens nothing.
	w.must(204, w.manager, "PUT", "/demo/users/"+id+"/reset-password-email", nil)
	link := w.s.Mail.Wait("ada@example.test").Link
	w.must(204, w.manager, "PUT", "/demo/users/"+id, map[string]any{"email": "other@example.test"})
	if p := w.s.Browser().Get(link); p.Status != http.StatusGone && p.Status != http.StatusBadRequest {
		t.Errorf("a link to an earlier address: %d %q", p.Status, p.Title())
	}
	if a := w.must(200, w.manager, "GET", "/demo/users/"+id, nil); !strings.Contains(a.Text, `"emailVerified":false`) {
		t.Errorf("another address is proven by nobody (R-036): %s", a.Text)
	}
}

func TestActionsMailRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.user(w.manager, map[string]any{"username": "ada", "email": "ada@example.test", "enabled": true})
	off := w.user(w.manager, map[string]any{"username": "bob", "email": "bob@example.test"})
	none := w.user(w.manager, map[string]any{"username": "carl", "enabled": true})
	app := "client_id=" + w.rp.Client.ClientID
	for _, test := range []struct{ id, query, body, text string }{
		{id, app + "&redirect_uri=http%3A%2F%2Fevil.test", `["UPDATE_PROFILE"]`, "Invalid redirect uri."},
		{id, "redirect_uri=http%3A%2F%2Fevil.test", `["UPDATE_PROFILE"]`, "Client id missing"},
		{id, "client_id=nope", `["UPDATE_PROFILE"]`, "Client doesn't exist"},
		{id, "", `["NOPE"]`, "Provided invalid required actions"},
		{id, "", `[]`, "Provided invalid required actions"},
		{id, "lifespan=0", `["UPDATE_PROFILE"]`, "lifespan"},
		{off, "", `["UPDATE_PROFILE"]`, "User is disabled"},
		{none, "", `["UPDATE_PROFILE"]`, "User email missing"},
	} {
		if a := w.rest(w.manager, "PUT", "/demo/users/"+test.id+"/execute-actions-email?"+test.query, test.body); a.Status != 400 || !strings.Contains(a.Text, test.text) {
			t.Errorf("%s %s: %d %s", test.query, test.body, a.Status, a.Text)
		}
	}
	w.must(404, w.manager, "PUT", "/demo/users/nope/execute-actions-email", []string{"UPDATE_PROFILE"})
	w.must(403, w.nobody, "PUT", "/demo/users/"+id+"/execute-actions-email", []string{"UPDATE_PROFILE"})
}

// An impersonation signs the browser in as the user, without the proof that
// sensitive actions ask for, and only for those who may.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	path := "/admin/realms/demo/users/" + ada.ID + "/impersonation"
	w.must(403, w.manager, "POST", path[len("/admin/realms"):], nil)
	helper := w.service("demo", "impersonation")
	b := w.s.Browser()
	page := b.Do("POST", w.s.Site().URL()+path, nil, "Authorization: Bearer "+helper)
	if page.Status != 200 || !page.Has(`"sameRealm":true`) || !page.Has("/realms/demo/account") {
		t.Fatalf("%d %s", page.Status, page.Text())
	}
	if b.Jar.Get("session-demo") == "" {
		t.Fatal("the browser is not signed in")
	}
	tokens := w.rp.Finish(w.rp.Start(b))
	if tokens.ID.Subject != ada.ID || tokens.Claims["auth_time"] != nil {
		t.Errorf("signed in as %s: %v", tokens.ID.Subject, tokens.Claims)
	}
	found := false
	for _, e := range w.s.Events("demo") {
		found = found || e.Type == latchkey.EventImpersonate && e.UserID == ada.ID && e.Details["impersonator_realm"] == "demo"
	}
	if !found {
		t.Error("no event IMPERSONATE")
	}
	boss := w.s.AddUser("demo", "boss@example.test", "", nil)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := snap.ClientByClientID(latchkey.ClientRealmManagement)
		return tx.AddUserRole(boss.RealmID, boss.ID, snap.RoleNamed(c.ID, "realm-admin").ID)
	})
	if a := w.must(403, helper, "POST", "/demo/users/"+boss.ID+"/impersonation", nil); !strings.Contains(a.Text, "administrative role") {
		t.Errorf("more power than one's own: %s", a.Text)
	}
	if a := w.must(403, w.manager, "PUT", "/demo/users/"+boss.ID+"/reset-password", map[string]any{"value": "stolen-password"}); !strings.Contains(a.Text, "administrative role") {
		t.Errorf("a password for more power: %s", a.Text)
	}
}
