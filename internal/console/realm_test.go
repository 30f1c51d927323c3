package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/servertest"
)

// saved sends the form and has the page say that it was kept.
func saved(t *testing.T, p *servertest.Page) *servertest.Page {
	t.Helper()
	if p.Status != http.StatusOK || !p.Has("Saved.") && !p.Has("Created.") && !p.Has("Deleted.") && !p.Has("Done.") {
		t.Fatalf("%d %s: %s", p.Status, p.URL, p.Text())
	}
	return p
}

// refusedAt has the field say that something is wrong with it, and the page keep
// what was typed.
func refusedAt(t *testing.T, p *servertest.Page, field, typed string) {
	t.Helper()
	if p.Status != http.StatusBadRequest || !strings.Contains(p.Body, `id="`+field+`-error"`) {
		t.Fatalf("%s: %d %s", field, p.Status, p.Text())
	}
	if got := p.FormWith(field).Values.Get(field); got != typed {
		t.Errorf("%s: typed %q, now %q", field, typed, got)
	}
}

// Each tab: something is changed, kept and shown again; nothing else changes.
func TestRealmTabs(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ tab, field, unit, value, wrong string }{
		{"general", "displayName", "", "Garden & Sons", ""},
		{"login", "verifyEmail", "", "on", ""},
		{"email", "smtpServer/port", "", "2525", "many"},
		{"email", "smtpServer/fromDisplayName", "", "The garden", ""},
		{"themes", "attributes/latchkey.accent", "", "#224466", "green"},
		{"keys/interval", "attributes/latchkey.key.rotation.days", "", "30", "3"},
		{"events", "eventsExpiration", "86400", "14", "-1"},
		{"events", "attributes/adminEventsExpiration", "3600", "5", "x"},
		{"localization/locales", "defaultLocale", "", "de", ""},
		{"security-defenses", "failureFactor", "", "7", "0"},
		{"sessions", "ssoSessionIdleTimeout", "60", "45", ""},
		{"sessions", "clientSessionIdleTimeout", "60", "20", "soon"},
		{"tokens", "accessTokenLifespan", "60", "7", "0"},
		{"tokens", "attributes/actionTokenGeneratedByUserLifespan.verify-email", "60", "15", "x"},
		{"user-profile/unmanaged", "unmanagedAttributePolicy", "", "ADMIN_EDIT", ""},
	} {
		set := func(value string) *servertest.Page {
			f := w.open("realm-settings/" + tt.tab).FormWith(tt.field)
			f.Set(tt.field, value)
			if tt.unit != "" {
				f.Set(tt.field+"~unit", tt.unit)
			}
			return f.Submit()
		}
		before := w.open("realm-settings/" + tt.tab).FormWith(tt.field).Values
		p := saved(t, set(tt.value))
		after := p.FormWith(tt.field).Values
		if got := after.Get(tt.field); got != tt.value {
			t.Errorf("%s %s: %q", tt.tab, tt.field, got)
		}
		for _, v := range []url.Values{before, after} {
			for _, own := range []string{tt.field, tt.field + "~unit", "session_code", "~shown"} {
				v.Del(own)
			}
		}
		if before.Encode() != after.Encode() {
			t.Errorf("%s %s changes more:\n%v\n%v", tt.tab, tt.field, before, after)
		}
		if tt.wrong != "" {
			refusedAt(t, set(tt.wrong), tt.field, tt.wrong)
		}
	}
	r := w.s.Snapshot(realm.DemoRealm).Realm
	if r.DisplayName != "Garden & Sons" || !r.VerifyEmail || r.SSOSessionIdleTimeout != 2700 || r.AccessTokenLifespan != 420 || r.SMTP.Relays[0].Port != 2525 ||
		r.EventsExpiration != 14*86400 || r.Attributes["adminEventsExpiration"] != "18000" || r.Profile.UnmanagedAttributePolicy != latchkey.UnmanagedAdminEdit {
		t.Errorf("%+v", r)
	}
	// What is emptied is not said any more.
	saved(t, w.open("realm-settings/sessions").FormWith("clientSessionIdleTimeout").Set("clientSessionIdleTimeout", "").Submit())
	if n := w.s.Snapshot(realm.DemoRealm).Realm.ClientSessionIdleTimeout; n != 0 {
		t.Errorf("emptied: %d", n)
	}
}

func TestRealmDefenses(t *testing.T) {
	w := newWorld(t)
	for mode, want := range map[string]latchkey.BruteForce{
		"temporary":                 {Protected: true},
		"permanent":                 {Protected: true, PermanentLockout: true},
		"permanent-after-temporary": {Protected: true, PermanentLockout: true, MaxTemporaryLockouts: 3},
		"disabled":                  {},
	} {
		p := saved(t, w.open("realm-settings/security-defenses").FormWith("bruteForceMode").Set("bruteForceMode", mode).Set("maxTemporaryLockouts", "3").Submit())
		got := w.s.Snapshot(realm.DemoRealm).Realm.BruteForce
		if got.Protected != want.Protected || got.PermanentLockout != want.PermanentLockout || got.MaxTemporaryLockouts != want.MaxTemporaryLockouts {
			t.Errorf("%s: %+v", mode, got)
		}
		if shown := p.FormWith("bruteForceMode").Values.Get("bruteForceMode"); shown != mode {
			t.Errorf("%s is shown as %s", mode, shown)
		}
	}
}

// A realm is renamed and goes on under its new name; it is deleted by whoever
// types that.
func TestRealmRenameAndDelete(t *testing.T) {
	w := newWorld(t)
	p := saved(t, w.open("realm-settings/general").FormWith("realm").Set("realm", "garden").Submit())
	if !strings.HasSuffix(p.URL.Path, "/realms/garden/realm-settings/general") {
		t.Fatal(p.URL)
	}
	p = p.Click("Delete realm")
	refusedAt(t, p.FormWith("name").Set("name", "demo").Submit(), "name", "demo")
	if p = p.FormWith("name").Set("name", "garden").Submit(); !p.Has("Deleted.") || p.Link("garden") != "" {
		t.Errorf("%s: %s", p.URL, p.Text())
	}
}

// DESIGN.md section 1: the settings are typed, tried, and only then saved.
func TestRealmEmail(t *testing.T) {
	w := newWorld(t)
	relay := w.s.Snapshot(realm.DemoRealm).Realm.SMTP.Relays[0]
	before := w.s.Mail.Count(root)
	f := w.open("realm-settings/email").FormWith("smtpServer/from").Set("smtpServer/from", "post@example.test").Set("smtpServer/replyTo", "help@example.test")
	p := f.Press("Test connection")
	if p.Status != http.StatusOK || !p.Has("took the test mail") || w.s.Mail.Count(root) != before+1 {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if got := p.FormWith("smtpServer/from").Values; got.Get("smtpServer/from") != "post@example.test" || got.Get("smtpServer/replyTo") != "help@example.test" {
		t.Errorf("what was typed is lost: %v", got)
	}
	if from := w.s.Snapshot(realm.DemoRealm).Realm.SMTP.From; from == "post@example.test" {
		t.Error("a test saves")
	}
	p = p.FormWith("smtpServer/from").Set("smtpServer/port", "1").Press("Test connection")
	if !p.Has("No mail went out. Nothing listens at "+relay.Host+":1") || !p.Has("refused") || p.FormWith("smtpServer/from").Values.Get("smtpServer/from") != "post@example.test" {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	refusedAt(t, p.FormWith("smtpServer/from").Set("smtpServer/from", "").Press("Test connection"), "smtpServer/from", "")
	refusedAt(t, p.FormWith("smtpServer/from").Set("smtpServer/host", "").Press("Test connection"), "smtpServer/host", "")
	saved(t, p.FormWith("smtpServer/from").Set("smtpServer/auth", "on").Set("smtpServer/user", "u").Set("smtpServer/password", "s3cret").Submit())
	if got := w.s.Snapshot(realm.DemoRealm).Realm.SMTP; got.From != "post@example.test" || got.Relays[0].Password.Reveal() != "s3cret" || got.Relays[0].Port != 1 {
		t.Errorf("%+v", got)
	}
	// A password that is kept goes to no other server.
	p = w.open("realm-settings/email")
	if strings.Contains(p.Body, "s3cret") {
		t.Error("the password is shown")
	}
	if p = p.FormWith("smtpServer/host").Set("smtpServer/host", "mail.example.net").Submit(); p.Status != http.StatusBadRequest || !strings.Contains(p.Body, `id="smtpServer/password-error"`) {
		t.Errorf("%d %s", p.Status, p.Text())
	}
}

// Further relays are added, changed and taken away.
func TestRelays(t *testing.T) {
	w := newWorld(t)
	add := func(host string) *servertest.Page {
		return saved(t, w.open("realm-settings/email").Click("Add mail server").FormWith("smtpServer/host").Set("smtpServer/host", host).
			Set("smtpServer/port", "587").Set("smtpServer/auth", "on").Set("smtpServer/user", "u").Set("smtpServer/password", "pw-"+host).Submit())
	}
	add("two.example.net")
	p := add("three.example.net")
	p = p.Click("two.example.net")
	saved(t, p.FormWith("smtpServer/port").Set("smtpServer/port", "2525").Submit())
	relays := func() []latchkey.Relay { return w.s.Snapshot(realm.DemoRealm).Realm.SMTP.Relays }
	if got := relays(); len(got) != 3 || got[1].Port != 2525 || got[1].Password.Reveal() != "pw-two.example.net" || got[2].Host != "three.example.net" {
		t.Fatalf("%+v", got)
	}
	refusedAt(t, p.FormWith("smtpServer/host").Set("smtpServer/host", "evil.example.net").Submit(), "smtpServer/password", "")
	p = w.open("realm-settings/email/relays/0/delete")
	if !p.Has("two.example.net") {
		t.Error(p.Text())
	}
	saved(t, p.Press("Delete"))
	if got := relays(); len(got) != 2 || got[1].Host != "three.example.net" || got[1].Password.Reveal() != "pw-three.example.net" {
		t.Errorf("%+v", got)
	}
}

// Whoever may only look is offered nothing that changes anything.
func TestRealmViewOnly(t *testing.T) {
	w := newWorld(t).as("view-realm", "view-events", "view-identity-providers")
	for _, path := range []string{"general", "login", "email", "themes", "keys", "events", "localization/locales", "localization/texts", "security-defenses",
		"sessions", "tokens", "user-profile/attributes", "user-profile/attributes/email/edit-attribute", "user-profile/json", "user-profile/unmanaged",
		"user-registration/roles"} {
		p := w.open("realm-settings/" + path)
		for _, f := range p.Forms() {
			if f.Method == "POST" && !strings.HasSuffix(f.Action, "/sign-out") && len(f.Values) > 1 {
				for _, words := range []string{"Save", "Create", "Delete", "Add", "Remove", "Unassign"} {
					if f.Has(words) {
						t.Errorf("%s offers %s", path, words)
					}
				}
			}
		}
		for _, words := range []string{"Add", "Create", "Assign", "Delete", "Rotate"} {
			if link := p.Link(words); link != "" {
				t.Errorf("%s offers %s: %s", path, words, link)
			}
		}
	}
}

// A realm that is made here signs people in by mail, and is strict.
func TestCreateRealm(t *testing.T) {
	w := newWorld(t)
	form := func() *servertest.Form {
		return w.b.Get(w.s.Base + "/admin/master/console/create-realm").FormWith("realm")
	}
	if got := form().Values.Get("signIn"); got != "magic link" {
		t.Errorf("preselected: %q", got)
	}
	p := form().Set("realm", "garden").Set("displayName", "The garden").Submit()
	if !p.Has("Created.") || !strings.HasSuffix(p.URL.Path, "/realms/garden/") {
		t.Fatalf("%d %s %s", p.Status, p.URL, p.Text())
	}
	r := w.s.Snapshot("garden").Realm
	if r.BrowserFlow != latchkey.FlowMagicLink || !r.Enabled || !r.EventsEnabled || !r.AdminEventsEnabled || r.DisplayName != "The garden" {
		t.Errorf("%+v", r)
	}
	refusedAt(t, form().Set("realm", "").Submit(), "realm", "")
	refusedAt(t, form().Set("realm", "no way").Submit(), "realm", "no way")
	if p = form().Set("realm", "garden").Submit(); p.Status != http.StatusBadRequest || !p.Has("of this name already") || p.FormWith("realm").Values.Get("realm") != "garden" {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	// From a file: what it says holds, but for the name.
	file := `{"realm":"acme","enabled":true,"displayName":"Acme","clients":[{"clientId":"shop","publicClient":true,"redirectUris":["https://shop.example.com/*"]}]}`
	if p = form().Set("realm", "acme-two").Set("file", file).Submit(); !strings.HasSuffix(p.URL.Path, "/realms/acme-two/") {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if snap := w.s.Snapshot("acme-two"); snap.Realm.DisplayName != "Acme" || snap.Realm.BrowserFlow != "browser" || snap.ClientByClientID("shop") == nil {
		t.Errorf("%+v", snap.Realm)
	}
	refusedAt(t, form().Set("file", "{").Submit(), "file", "{")
}
