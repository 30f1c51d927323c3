package console_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// Options of providers have their proper fields: a map is kept as the provider
// has it, and a role that there is none of is refused at its field.
func TestProviderOptions(t *testing.T) {
	w := newWorld(t)
	w.open("identity-providers/oauth2/add").FormWith("alias").Set("alias", "acme").Set("config/clientId", "c").Set("config/clientSecret", "s").Set("config/authorizationUrl", "https://a.example.test/a").
		Set("config/tokenUrl", "https://a.example.test/t").Submit()
	f := w.open("identity-providers/oauth2/acme/new-mapper/oidc-advanced-role-idp-mapper").FormWith("config/claims")
	p := f.Set("name", "staff").Set("config/claims", "dept=a=b\r\nsite=Bonn").Set("config/role", "nobody.has").Submit()
	has(t, p, "There is no role “nobody.has”.")
	if p.FormWith("config/claims").Values.Get("config/claims") == "" || !strings.Contains(p.Body, `id="config/role-error"`) {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	p = p.FormWith("config/claims").Set("config/role", "account.view-profile").Submit()
	if p.Status != 200 {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	var m latchkey.IdentityProviderMapper
	w.s.View(func(tx *store.Tx) error {
		list, err := tx.IdentityProviders(w.s.Snapshot("demo").Realm.ID)
		for _, one := range list {
			if one.Alias == "acme" && len(one.Mappers) == 1 {
				m = one.Mappers[0]
			}
		}
		return err
	})
	if m.Config["claims"] != `[{"key":"dept","value":"a=b"},{"key":"site","value":"Bonn"}]` || m.Config["role"] != "account.view-profile" {
		t.Errorf("%+v", m)
	}
	p = w.open("identity-providers/oauth2/acme/mappers/" + m.ID)
	if got := p.FormWith("config/claims").Values.Get("config/claims"); got != "dept=a=b\nsite=Bonn" {
		t.Errorf("shown as %q", got)
	}
}
