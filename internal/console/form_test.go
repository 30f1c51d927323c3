package console_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// What is refused of a realm's name leaves the form as it was: on the same
// realm, to be changed, with the error at the field.
func TestRealmNameRefused(t *testing.T) {
	w := newWorld(t)
	saved(t, w.b.Get(w.s.Base+"/admin/master/console/create-realm").FormWith("realm").Set("realm", "garden").Submit())
	for _, name := range []string{"a b", "garden"} {
		p := w.open("realm-settings/general").FormWith("realm").Set("realm", name).Submit()
		refusedAt(t, p, "realm", name)
		if p.Link("Users") != w.at("users") || sheetOf(p) == nil {
			t.Errorf("%s: the page is of another realm, or read-only: %q %s", name, p.Link("Users"), p.Text())
		}
		saved(t, p.FormWith("realm").Set("realm", "demo").Submit())
	}
	p := w.b.Get(w.s.Base+"/admin/master/console/create-realm").FormWith("realm").Set("realm", "garden").Submit()
	refusedAt(t, p, "realm", "garden")
}

// What is named in a form and is not there is a fault of its field, and nothing
// that was typed is lost.
func TestNamedButMissing(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	link := func(client, address string) *servertest.Page {
		return w.open("users/"+ada+"/mail/make-link").FormWith("client_id").Set("client_id", client).Set("redirect_uri", address).Submit()
	}
	p := link("nobody", "https://elsewhere.example.test/")
	refusedAt(t, p, "client_id", "nobody")
	if got := p.FormWith("redirect_uri").Values.Get("redirect_uri"); got != "https://elsewhere.example.test/" {
		t.Errorf("the address is lost: %q", got)
	}
	p = link("account-console", "https://elsewhere.example.test/")
	refusedAt(t, p, "redirect_uri", "https://elsewhere.example.test/")
	if !p.Has("has not registered this address") || p.Has("redirectUri") {
		t.Error(p.Text())
	}
	mail := func(client, address string) *servertest.Page {
		f := w.open("users/"+ada+"/credentials/send-email").FormWith("client_id").Set("client_id", client).Set("redirect_uri", address)
		f.Values.Set("actions", "UPDATE_PROFILE")
		return f.Submit()
	}
	refusedAt(t, mail("nobody", ""), "client_id", "nobody")
	refusedAt(t, mail("account-console", "https://elsewhere.example.test/"), "redirect_uri", "https://elsewhere.example.test/")
	p = w.open("realm-settings/user-profile/attributes/add-attribute").FormWith("name").Set("name", "a b").Submit()
	refusedAt(t, p, "name", "a b")
}

// Who may only look is told that they may not change what they sent, and is
// shown no empty form.
func TestForbidden(t *testing.T) {
	v := newWorld(t).as("view-realm")
	code := v.open("realm-settings/general").FormWith("session_code").Values
	p := v.b.Do(http.MethodPost, v.at("realm-settings/general"), code)
	if p.Status != http.StatusForbidden || !p.Has("may not change this") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	for _, path := range []string{"roles/new", "realm-settings/email/relays/add-relay", "realm-settings/user-profile/attributes/add-attribute"} {
		if p := v.b.Get(v.at(path)); p.Status != http.StatusForbidden || !p.Has("may not see this") {
			t.Errorf("%s: %d %s", path, p.Status, p.Text())
		}
	}
}

// A name has as many characters as Keycloak's columns, whatever the language.
func TestLongNames(t *testing.T) {
	w := newWorld(t)
	saved(t, w.open("groups/new").FormWith("name").Set("name", strings.Repeat("ü", 255)).Submit())
	long := strings.Repeat("ü", 256)
	p := w.open("groups/new").FormWith("name").Set("name", long).Submit()
	refusedAt(t, p, "name", long)
	if !p.Has("255 characters") {
		t.Error(p.Text())
	}
}

// What a test of mail settings refuses is not saved, either; what a realm had
// before stays (an import takes it).
func TestMailSettingsRefused(t *testing.T) {
	w := newWorld(t)
	for _, tt := range [][2]string{
		{"from", "bla"}, {"replyTo", "bla"}, {"envelopeFrom", "bla"}, {"host", `abc<b>"'&`}, {"authTokenUrl", "anything"},
	} {
		at := "smtpServer/" + tt[0]
		refusedAt(t, w.open("realm-settings/email").FormWith(at).Set(at, tt[1]).Submit(), at, tt[1])
		refusedAt(t, w.open("realm-settings/email").FormWith(at).Set(at, tt[1]).Press("Test connection"), at, tt[1])
	}
	f := func() *servertest.Form {
		return w.open("realm-settings/email/relays/add-relay").FormWith("smtpServer/host")
	}
	refusedAt(t, f().Set("smtpServer/host", "a b").Submit(), "smtpServer/host", "a b")
	refusedAt(t, f().Set("smtpServer/host", "two.example.net").Set("smtpServer/authTokenUrl", "x").Submit(), "smtpServer/authTokenUrl", "x")
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.SMTP.From = "bla"
		return tx.UpdateRealm(&r)
	})
	saved(t, w.open("realm-settings/general").FormWith("displayName").Set("displayName", "Garden").Submit())
}

// Bounds that nothing can be held against are refused at their fields.
func TestValidatorBounds(t *testing.T) {
	w := newWorld(t)
	at := "realm-settings/user-profile/attributes/firstName/validators/"
	for _, tt := range []struct{ rule, field, value string }{
		{"length", "settings/min", "abc"}, {"length", "settings/max", "-5"}, {"integer", "settings/min", "x"}, {"pattern", "settings/pattern", "(("},
	} {
		refusedAt(t, w.open(at+tt.rule).FormWith(tt.field).Set(tt.field, tt.value).Submit(), tt.field, tt.value)
	}
	refusedAt(t, w.open(at+"length").FormWith("settings/max").Set("settings/min", "9").Set("settings/max", "3").Submit(), "settings/max", "3")
	saved(t, w.open(at+"length").FormWith("settings/max").Set("settings/min", "3").Set("settings/max", "9").Submit())
}

// A time that is too long is answered with how long it can be.
func TestLongDuration(t *testing.T) {
	w := newWorld(t)
	p := w.open("realm-settings/sessions").FormWith("ssoSessionIdleTimeout").Set("ssoSessionIdleTimeout", "999999").Set("ssoSessionIdleTimeout~unit", "86400").Submit()
	refusedAt(t, p, "ssoSessionIdleTimeout", "999999")
	if !p.Has("24855 at most") {
		t.Error(p.Text())
	}
}

// A realm from a file says item by item what of the file is not acted on; what
// is wrong in a file is said with its place.
func TestFiles(t *testing.T) {
	w := newWorld(t)
	form := func() *servertest.Form {
		return w.b.Get(w.s.Base + "/admin/master/console/create-realm").FormWith("realm")
	}
	p := form().Set("file", `{"realm":"acme","enabled":true,"components":{"org.keycloak.storage.UserStorageProvider":[{"name":"ldap","providerId":"ldap","config":{}}]}}`).Submit()
	if p.Status != http.StatusOK || !p.Has("not all as the file says") || !p.Has("ldap") || p.Link("Go to the realm") == "" {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	for _, open := range []func() *servertest.Form{form, func() *servertest.Form { return w.open("import-export/import").FormWith("ifResourceExists") }} {
		for file, says := range map[string]string{
			`[]`:                                 "holds no JSON object",
			"{\n\"realm\": x}":                   "from line 2, character 10",
			`{`:                                  "from line 1, character 2",
			`{"realm":"acme2","clients":"shop"}`: "In the file, at clients",
		} {
			p := open().Set("file", file).Submit()
			if refusedAt(t, p, "file", file); !p.Has(says) || p.Has("unmarshal") {
				t.Errorf("%s: %s", file, p.Text())
			}
		}
	}
}
