package account_test

import (
	"net/url"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// What takes a sign-in is done there, and comes back to the page that it was
// begun on, which says whether it was done.
func TestActions(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.b, "account-security/signing-in")
	p := w.b.Get(w.url("account-security/signing-in")).Click("Set a password")
	form := p.FormWith("password-new")
	form.Set("password-new", "correct horse battery").Set("password-confirm", "correct horse battery")
	p = form.Submit()
	w.sees(p, 200, "Sign-in methods", "Done.", "Set up on 2026-03-04", "Change")
	if p.Has("You have no password.") {
		t.Error(p.Text())
	}
	if p = p.Click("Change"); !strings.Contains(p.Body, "password-new") {
		t.Errorf("%s: %s", p.URL, p.Text())
	}
}

// A credential is named on its page; what is wrong is said there, with what
// was typed kept. Removing one begins a sign-in that does it.
func TestNameCredential(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.b, "")
	c := &latchkey.Credential{RealmID: w.user().RealmID, ID: secret.NewID(), UserID: w.user().ID, Type: "otp"}
	w.s.Update(func(tx *store.Tx) error { return tx.CreateCredential(c) })
	p := w.b.Get(w.url("account-security/signing-in"))
	p = p.FormWith("label").Set("label", "My phone").Press("Save")
	w.sees(p, 200, "Renamed.", "My phone")
	p = p.FormWith("label").Set("label", strings.Repeat("x", 256)).Press("Save")
	w.sees(p, 400, "Give it a name of one line")
	if got := p.FormWith("label").Values.Get("label"); len(got) != 256 {
		t.Errorf("what was typed is gone: %q", got)
	}
	if got := p.Link("Remove"); !strings.HasSuffix(got, "/begin?action="+url.QueryEscape("delete_credential:"+c.ID)) {
		t.Errorf("%q", got)
	}
	form := p.FormWith("label")
	form.Values.Set("credential", "none")
	w.sees(form.Set("label", "x").Press("Save"), 404)
}
