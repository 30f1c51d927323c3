package account_test

import (
	"fmt"
	"net/url"
	"os"
	"testing"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// furnished is a server with a person who has something on every page.
func furnished(t *testing.T) (*world, *browsertest.Browser) {
	t.Helper()
	w := newWorld(t)
	rp := w.s.RP("demo", func(c *representation.Client) { c.Name = new("Acme Shop") })
	b := browsertest.New(t)
	p := b.Open(w.url(""))
	p.Type("#username", ada)
	p.Follow("main button.main")
	p.Goto(w.s.Mail.Wait(ada).Link)
	p.See("Personal info")
	p.Close()
	other := w.s.Browser()
	rp.Finish(rp.Start(other, "scope", "openid offline_access").Form(0).Set("username", ada).Submit().FormWith("code").
		Set("code", w.s.Mail.Wait(ada).Code).Press("Continue"))
	both := []string{"admin", "user"}
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		user := w.user()
		realm := *snap.Realm
		realm.Profile.Attributes = append(append([]latchkey.ProfileAttribute{}, realm.Profile.Attributes...),
			latchkey.ProfileAttribute{Name: "nick", DisplayName: "Nicknames", Multivalued: true, Permissions: &latchkey.ProfilePermissions{View: both, Edit: both}},
			latchkey.ProfileAttribute{Name: "tier", DisplayName: "Tier", Permissions: &latchkey.ProfilePermissions{View: both, Edit: both[:1]}},
			latchkey.ProfileAttribute{Name: "size", DisplayName: "Size", Group: "user-metadata", Permissions: &latchkey.ProfilePermissions{View: both, Edit: both},
				Annotations: latchkey.ProfileSettings{"inputType": "select"},
				Validations: map[string]latchkey.ProfileSettings{"options": {"options": []any{"S", "M", "L"}}}})
		if err := tx.UpdateRealm(&realm); err != nil {
			return err
		}
		for _, alias := range []string{"delete_account", "UPDATE_EMAIL"} {
			a := *snap.RequiredAction(alias)
			a.Enabled = true
			if err := tx.PutRequiredAction(&a); err != nil {
				return err
			}
		}
		if err := tx.AddUserRole(realm.ID, user.ID, snap.RoleNamed(snap.ClientByClientID("account").ID, "delete-account").ID); err != nil {
			return err
		}
		for _, typ := range []string{"password", "otp"} {
			if err := tx.CreateCredential(&latchkey.Credential{RealmID: realm.ID, UserID: user.ID, Type: typ, UserLabel: map[string]string{"otp": "My phone"}[typ]}); err != nil {
				return err
			}
		}
		top := &latchkey.Group{RealmID: realm.ID, ID: secret.NewID(), Name: "staff"}
		below := &latchkey.Group{RealmID: realm.ID, ID: secret.NewID(), ParentID: top.ID, Name: "crew"}
		for _, g := range []*latchkey.Group{top, below} {
			if err := tx.CreateGroup(g); err != nil {
				return err
			}
		}
		if err := tx.JoinGroup(realm.ID, user.ID, below.ID); err != nil {
			return err
		}
		return tx.PutConsent(&latchkey.Consent{RealmID: realm.ID, UserID: user.ID, ClientID: rp.Client.ID, Scopes: rp.Client.DefaultClientScopes})
	})
	return w, b
}

// most is how much a page may take on the wire with everything that it loads.
const most = 100_000

// Every page of the console, in both colour schemes, at 320, 768 and 1280 px,
// from left to right and from right to left: no violation of its policy,
// nothing on the console, nothing from elsewhere, without a barrier, and no
// wider than the screen.
func TestEveryPage(t *testing.T) {
	w, b := furnished(t)
	p := b.Tab()
	p.Cache(false)
	for name, at := range map[string]struct{ path, words string }{
		"info":         {"?", "Personal info"},
		"signing-in":   {"account-security/signing-in?", "My phone"},
		"devices":      {"account-security/device-activity?", "This browser"},
		"end-all":      {"account-security/device-activity?end=all&", "Sign out everywhere?"},
		"applications": {"applications?", "Acme Shop"},
		"revoke":       {"applications?revoke=" + url.QueryEscape(w.application("Acme Shop")) + "&", "Remove the access of Acme Shop?"},
		"groups":       {"groups?", "crew"},
		"activity":     {"activity?", "You signed in"},
	} {
		for _, lang := range []string{"ar", "de", "en"} {
			p.Goto(w.url(at.path) + "kc_locale=" + lang)
			if lang == "en" {
				p.See(at.words)
			}
			look(t, p, name+"-"+lang)
		}
	}
}

// look holds what the tab shows against all that is asked of every page.
func look(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	total := 0
	for _, r := range p.Loaded() {
		total += r.Bytes
	}
	if total == 0 || total > most {
		t.Errorf("%s takes %d bytes", name, total)
	}
	for _, width := range []int{320, 768, 1280} {
		p.Size(width, 800)
		if got := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); got > width {
			t.Errorf("%s is %d px wide on a screen of %d", name, got, width)
		}
		for _, scheme := range []string{"light", "dark"} {
			p.Prefer("prefers-color-scheme", scheme)
			p.Axe()
			if os.Getenv("LK_SCREENSHOTS") != "" {
				p.Picture(fmt.Sprintf("account/%s-%d-%s", name, width, scheme))
			}
		}
	}
}

// application gives the client_id of the application with the name.
func (w *world) application(name string) (id string) {
	w.t.Helper()
	for _, c := range w.s.Snapshot("demo").Clients {
		if c.Name == name {
			id = c.ClientID
		}
	}
	return id
}
