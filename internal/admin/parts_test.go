package admin_test

import (
	"net"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
)

func TestRealmLife(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	maker := w.service(latchkey.MasterRealm, "create-realm")
	for name, tc := range map[string]struct {
		token, want string
		body        any
		status      int
	}{
		"no name":      {admin, "Realm name cannot be empty", m{"enabled": true}, 400},
		"odd name":     {admin, "realm", m{"realm": "a/b?c"}, 400},
		"no JSON":      {admin, "Cannot parse the JSON", "{", 400},
		"taken":        {admin, "Realm demo already exists", m{"realm": "demo"}, 409},
		"without role": {w.manager, "403", m{"realm": "other"}, 403},
		"wrong value":  {admin, "accessTokenLifespan", m{"realm": "x", "accessTokenLifespan": -1}, 400},
	} {
		if a := w.rest(tc.token, "POST", "", tc.body); a.Status != tc.status || !strings.Contains(a.Text, tc.want) {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	a := w.must(201, maker, "POST", "/", m{"realm": "garden", "enabled": true, "users": []m{{"username": "ada"}}})
	if a.id() != "garden" {
		t.Errorf("Location %s", a.Header.Get("Location"))
	}
	w.must(403, maker, "GET", "/demo", nil)
	// Who made it administers it; the token that made it does not say so yet.
	w.must(200, admin, "GET", "/garden", nil)
	var names []struct{ Name string }
	w.must(200, admin, "GET", "/master/ui-ext/realms/names?max=2&search=A", nil).into(&names)
	if len(names) != 2 {
		t.Errorf("names: %v", names)
	}
	w.must(204, admin, "DELETE", "/garden", nil)
	w.must(404, admin, "DELETE", "/garden", nil)
	w.must(400, admin, "DELETE", "/master", nil)
	w.must(201, admin, "POST", "", m{"realm": "garden"})
}

type m = map[string]any

func TestMailSettings(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	smtp := w.s.Snapshot("demo").Realm.SMTP
	good := m{"host": smtp.Relays[0].Host, "port": smtp.Relays[0].Port, "from": "noreply@example.test", "ssl": false, "auth": "", "replyTo": ""}
	if a := w.rest(admin, "POST", "/demo/testSMTPConnection", good); a.Status != 400 || !strings.Contains(a.Text, "your own account") {
		t.Errorf("an administrator without an address: %d %s", a.Status, a.Text)
	}
	w.address(latchkey.MasterRealm, "root@example.test")
	w.must(204, admin, "POST", "/demo/testSMTPConnection", good)
	if mail := w.s.Mail.Wait("root@example.test"); !strings.Contains(mail.Subject, "test") {
		t.Errorf("subject %q", mail.Subject)
	}
	for field, body := range map[string]m{
		"host": {"from": "noreply@example.test", "port": 25},
		"from": {"host": "127.0.0.1", "port": 25},
		"port": {"host": "127.0.0.1", "port": "many", "from": "noreply@example.test"},
	} {
		if a := w.rest(admin, "POST", "/demo/testSMTPConnection", body); a.Status != 400 || !strings.Contains(a.Text, field) {
			t.Errorf("%s: %d %s", field, a.Status, a.Text)
		}
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := closed.Addr().(*net.TCPAddr).Port
	_ = closed.Close()
	dead := m{"host": "127.0.0.1", "port": port, "from": "noreply@example.test"}
	if a := w.rest(admin, "POST", "/demo/testSMTPConnection", dead); a.Status != 400 || !strings.Contains(a.Text, "Failed to send email: ") || !strings.Contains(a.Text, "refused") {
		t.Errorf("nobody listens: %d %s", a.Status, a.Text)
	}
}

func TestEventLists(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.must(204, admin, "PUT", "/demo/events/config", m{"eventsEnabled": true, "adminEventsEnabled": true, "adminEventsDetailsEnabled": true, "eventsExpiration": 3600})
	var config representation.EventsConfig
	w.must(200, admin, "GET", "/demo/events/config", nil).into(&config)
	if !representation.Value(config.EventsEnabled) || representation.Value(config.EventsExpiration) != 3600 || len(config.EnabledEventTypes) < 20 {
		t.Errorf("%+v", config)
	}
	w.must(204, admin, "PUT", "/demo", m{"displayName": "Shop", "smtpServer": m{"host": "127.0.0.1", "from": "a@example.test", "auth": true, "user": "u", "password": "hunter2"}})
	var list []representation.AdminEvent
	w.must(200, admin, "GET", "/demo/admin-events?operationTypes=UPDATE&resourceTypes=REALM&max=1", nil).into(&list)
	if len(list) != 1 || list[0].AuthDetails.UserID == "" || !strings.Contains(list[0].Representation, "Shop") || strings.Contains(list[0].Representation, "hunter2") {
		t.Errorf("%+v", list)
	}
	w.rest("", "GET", "/demo", nil)
	w.s.Send("POST", "/realms/demo/protocol/openid-connect/token", "grant_type=client_credentials&client_id=nobody", "Content-Type: application/x-www-form-urlencoded")
	var events []representation.Event
	w.must(200, admin, "GET", "/demo/events?type=CLIENT_LOGIN_ERROR&type=LOGIN&dateFrom=2000-01-01&direction=asc", nil).into(&events)
	if len(events) != 1 || events[0].Type != "CLIENT_LOGIN_ERROR" {
		t.Errorf("%+v", events)
	}
	for _, q := range []string{"dateFrom=soon", "direction=up", "max=x"} {
		w.must(400, admin, "GET", "/demo/events?"+q, nil)
	}
	if a := w.must(200, admin, "GET", "/demo/events?max=0", nil); a.Text != "[]" {
		t.Error(a.Text)
	}
	w.must(204, admin, "DELETE", "/demo/events", nil)
	w.must(204, admin, "DELETE", "/demo/admin-events", nil)
	if a := w.must(200, admin, "GET", "/demo/events", nil); a.Text != "[]" {
		t.Error(a.Text)
	}
	viewer := w.service("demo", "view-events")
	w.must(200, viewer, "GET", "/demo/admin-events", nil)
	w.must(403, viewer, "DELETE", "/demo/admin-events", nil)
}

// keys follow each other by hand, as `latchkey keys rotate` has them.
func TestRotateKeys(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	type rotated []struct {
		KID, Algorithm string
		ActiveFrom     int64
	}
	rotate := func(body any) (out rotated) {
		w.must(200, admin, "POST", "/demo/keys/rotate", body).into(&out)
		return out
	}
	active := func() string {
		var k struct{ Active map[string]string }
		w.must(200, admin, "GET", "/demo/keys", nil).into(&k)
		return k.Active["RS256"]
	}
	first := active()
	if next := rotate(m{"algorithm": "RS256"}); len(next) != 1 || next[0].ActiveFrom <= w.s.Clock.Now().UnixMilli() || active() != first {
		t.Errorf("%+v, %s signs", next, active())
	}
	w.must(409, admin, "POST", "/demo/keys/rotate", m{"algorithm": "RS256"}) // it is on its way
	if now := rotate(m{"algorithm": "RS256", "emergency": true}); len(now) != 1 || now[0].ActiveFrom != 0 || active() != now[0].KID {
		t.Errorf("%+v, %s signs", now, active())
	}
	if w.s.Snapshot("demo").Realm.NotBefore == 0 {
		t.Error("sessions go on")
	}
	if all := rotate(nil); len(all) == 0 {
		t.Error("nothing without a body")
	}
	for _, body := range []m{{"algorithm": "XX"}, {"emergncy": true}, {"emergency": "soon"}} {
		w.must(400, admin, "POST", "/demo/keys/rotate", body)
	}
	w.must(403, w.service("demo", "view-realm"), "POST", "/demo/keys/rotate", m{})
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	type keys struct {
		Active map[string]string
		Keys   []struct {
			ProviderID, KID, Status, Type, Algorithm, Use string
			PublicKey, Certificate                        string
		}
	}
	read := func() (k keys) { w.must(200, admin, "GET", "/demo/keys", nil).into(&k); return k }
	first := read().Active["RS256"]
	for provider, algorithm := range map[string]string{"rsa-generated": "RS512", "ecdsa-generated": "ES384", "eddsa-generated": "EdDSA", "hmac-generated": "HS256", "aes-generated": "AES", "rsa-enc-generated": "RSA-OAEP"} {
		id := w.must(201, admin, "POST", "/demo/components", m{"name": provider, "providerId": provider, "providerType": "org.keycloak.keys.KeyProvider",
			"parentId": "demo", "config": m{"priority": []string{"50"}, "algorithm": []string{algorithm}}}).id()
		a := w.must(200, admin, "GET", "/demo/components/"+id, nil)
		if strings.Contains(a.Text, "rivateKey") || strings.Contains(a.Text, `"secret"`) {
			t.Errorf("a private key is shown: %s", a.Text)
		}
	}
	k := read()
	for _, algorithm := range []string{"RS512", "ES384", "EdDSA", "HS256", "AES", "RSA-OAEP"} {
		if k.Active[algorithm] == "" {
			t.Errorf("no active key for %s", algorithm)
		}
	}
	// A key of a higher priority signs; made passive it verifies only; deleted
	// it is gone.
	id := w.must(201, admin, "POST", "/demo/components", m{"name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
		"config": m{"priority": []string{"500"}}}).id()
	if now := read().Active["RS256"]; now == first {
		t.Error("the key of the higher priority does not sign")
	}
	w.must(204, admin, "PUT", "/demo/components/"+id, m{"config": m{"priority": []string{"500"}, "active": []string{"false"}}})
	if now := read().Active["RS256"]; now != first {
		t.Error("a passive key signs")
	}
	w.must(204, admin, "PUT", "/demo/components/"+id, m{"config": m{"priority": []string{"500"}, "algorithm": []string{"PS256"}}})
	if now := read().Active["PS256"]; now == "" {
		t.Error("no key of the other algorithm")
	}
	w.must(204, admin, "DELETE", "/demo/components/"+id, nil)
	w.must(404, admin, "GET", "/demo/components/"+id, nil)
	if now := read().Active["PS256"]; now != "" {
		t.Error("a deleted key is active")
	}
	for name, body := range map[string]m{
		"no type":     {"providerId": "rsa-generated"},
		"federation":  {"providerId": "ldap", "providerType": "org.keycloak.storage.UserStorageProvider"},
		"no such key": {"providerId": "java-keystore", "providerType": "org.keycloak.keys.KeyProvider"},
		"no algo":     {"providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider", "config": m{"algorithm": []string{"XX"}}},
	} {
		if a := w.rest(admin, "POST", "/demo/components", body); a.Status != 400 {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	// What is kept of other plug-ins comes out as it went in, its secret masked.
	id = w.must(201, admin, "POST", "/demo/components", m{"name": "x", "providerId": "x", "providerType": "org.example.X", "config": m{"clientSecret": []string{"s3cret"}}}).id()
	w.must(204, admin, "PUT", "/demo/components/"+id, m{"config": m{"clientSecret": []string{"**********"}, "a": []string{"1"}}})
	if a := w.must(200, admin, "GET", "/demo/components?type=org.example.X", nil); strings.Contains(a.Text, "s3cret") || !strings.Contains(a.Text, "**********") {
		t.Error(a.Text)
	}
}

func TestLocalization(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.must(404, admin, "GET", "/demo/localization/en/greeting", nil)
	w.must(204, admin, "PUT", "/demo/localization/en/login.title", "Come in")
	w.must(204, admin, "POST", "/demo/localization/de", m{"a": "b", "n": 1})
	if a := w.must(200, admin, "GET", "/demo/localization", nil); a.Text != `["de","en"]` {
		t.Error(a.Text)
	}
	if a := w.must(200, admin, "GET", "/demo/localization/en/login.title", nil); a.Text != "Come in" {
		t.Error(a.Text)
	}
	w.must(400, admin, "PUT", "/demo/localization/not~a~language/x", "y")
	w.must(204, admin, "DELETE", "/demo/localization/de/a", nil)
	w.must(204, admin, "DELETE", "/demo/localization/de", nil)
	w.must(404, admin, "DELETE", "/demo/localization/de", nil)
	if a := w.must(200, admin, "GET", "/demo/localization/de", nil); a.Text != "{}" {
		t.Error(a.Text)
	}
}

// What is not here answers as an installation without it would.
func TestAbsent(t *testing.T) {
	w := newWorld(t)
	admin := w.service("demo", "realm-admin")
	for path, want := range map[string]string{"workflows": "[]", "client-registration-policy/providers": "[]", "client-types": "[]"} {
		if a := w.must(200, admin, "GET", "/demo/"+path, nil); a.Text != want {
			t.Errorf("%s: %s", path, a.Text)
		}
	}
	for _, path := range []string{"workflows", "testLDAPConnection"} {
		if a := w.rest(admin, "POST", "/demo/"+path, m{"name": "x"}); a.Status != 400 || !strings.Contains(a.Text, "not part of this server") {
			t.Errorf("%s: %d %s", path, a.Status, a.Text)
		}
	}
	w.must(404, admin, "GET", "/demo/organizations", nil)
	w.must(501, admin, "GET", "/demo/users-management-permissions", nil)
	w.must(204, admin, "POST", "/demo/clear-realm-cache", nil)
	if a := w.must(200, admin, "GET", "/demo/credential-registrators", nil); !strings.Contains(a.Text, "CONFIGURE_TOTP") {
		t.Error(a.Text)
	}
}

// A partial export has no person and no secret, and imports.
func TestPartialExport(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.s.AddUser("demo", "ada@example.test", "", nil)
	w.must(204, admin, "PUT", "/demo", m{"smtpServer": m{"host": "mail.example.test", "from": "a@example.test", "auth": "true", "user": "u", "password": "smtp-secret"}})
	var some, all map[string]any
	w.must(200, admin, "POST", "/demo/partial-export", nil).into(&some)
	if some["clients"] != nil || some["groups"] != nil || some["roles"] != nil || some["authenticationFlows"] == nil || some["users"] != nil {
		t.Errorf("too much: %v", some)
	}
	a := w.must(200, admin, "POST", "/demo/partial-export?exportClients=true&exportGroupsAndRoles=true", nil)
	a.into(&all)
	if strings.Contains(a.Text, "smtp-secret") || strings.Contains(a.Text, w.rp.Client.Secret.Reveal()+"\"") && w.rp.Client.Secret.Reveal() != "" || strings.Contains(a.Text, "ada@example.test") {
		t.Error("a secret or a person in a partial export")
	}
	if users, _ := all["users"].([]any); len(users) < 2 || all["roles"] == nil || all["groups"] == nil {
		t.Errorf("service accounts, roles, groups: %v", all["users"])
	}
	w.must(403, w.service("demo", "manage-realm"), "POST", "/demo/partial-export?exportClients=true", nil)
	w.must(200, w.service("demo", "manage-realm"), "POST", "/demo/partial-export", nil)
	all["realm"], all["id"] = "copy", "copy"
	delete(all, "users")
	w.must(201, admin, "POST", "", all)
}
