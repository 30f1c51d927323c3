package admin_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/representation"
)

// refused asks for something that is refused because of a field.
func (w *world) refused(token, method, path string, body any, field string) {
	w.t.Helper()
	a := w.rest(token, method, path, body)
	if a.Status != 400 || !strings.Contains(a.Text, field) {
		w.t.Errorf("%s %s %v: %d %s, expected a 400 that names %s", method, path, body, a.Status, a.Text, field)
	}
}

// Nobody locks everybody out: master stays enabled.
func TestMasterStaysEnabled(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.refused(admin, "PUT", "/master", m{"enabled": false}, `"field":"enabled"`)
	w.refused(admin, "PUT", "/master/ui-ext", m{"enabled": "false"}, `"field":"enabled"`)
	w.must(204, admin, "PUT", "/master", m{"enabled": true, "displayName": "Ours"})
	w.must(204, admin, "PUT", "/demo", m{"enabled": false})
	w.admin()
}

// Who is told that a realm was made has made it.
func TestRealmNameRace(t *testing.T) { onBoth(t, testRealmNameRace) }

func testRealmNameRace(t *testing.T, w *world) {
	admin := w.admin()
	var group sync.WaitGroup
	answers := make([]answer, 6)
	for i := range answers {
		group.Go(func() {
			answers[i] = w.rest(admin, "POST", "", m{"realm": "racer", "enabled": true, "displayName": fmt.Sprint(i)})
		})
	}
	group.Wait()
	made := -1
	for i, a := range answers {
		switch {
		case a.Status == 201 && made < 0:
			made = i
		case a.Status != 409 || a.Text != `{"errorMessage":"Realm racer already exists"}`:
			t.Errorf("%d: %d %s", i, a.Status, a.Text)
		}
	}
	var r representation.Realm
	w.must(200, w.admin(), "GET", "/racer", nil).into(&r)
	if made < 0 || representation.Value(r.DisplayName) != fmt.Sprint(made) {
		t.Errorf("realm of %q, and %d was told that it is theirs", *r.DisplayName, made)
	}
}

// What a realm cannot be is refused, with the field.
func TestRealmRefusals(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	long := strings.Repeat("é", 256)
	for field, value := range map[string]any{
		"defaultSignatureAlgorithm": "FOO", "organizationsEnabled": true, "adminPermissionsEnabled": "true", "enabledEventTypes": []string{"LOGIN", "NOPE"},
		"displayName": long, "loginTheme": long, "defaultLocale": long, "passwordPolicy": strings.Repeat("a", 2551),
	} {
		w.refused(admin, "PUT", "/demo", m{field: value}, `"field":"`+field+`"`)
	}
	for _, algorithm := range []string{"none", "HS256", "RS1024"} {
		w.refused(admin, "PUT", "/demo", m{"defaultSignatureAlgorithm": algorithm}, "defaultSignatureAlgorithm")
	}
	w.refused(admin, "PUT", "/demo", m{"attributes": m{long: "x"}}, "attributes")
	w.refused(admin, "POST", "/demo/roles", m{"name": "r", "description": long}, "description")
	w.refused(admin, "POST", "/demo/groups", m{"name": "g", "description": long}, "description")
	w.refused(admin, "POST", "/demo/components", m{"name": long, "providerId": "x", "providerType": "y"}, `"field":"name"`)
	tooLong := m{"name": long, "description": long, "baseUrl": "https://a.example.test/" + long, "redirectUris": []string{"https://a.example.test/" + long}, "attributes": m{long: "x"}}
	for field, value := range tooLong {
		w.refused(admin, "POST", "/demo/clients", m{"clientId": "long", field: value}, `"field":"`+field)
		w.refused(admin, "PUT", "/demo/clients/"+w.s.Snapshot("demo").ClientByClientID("account").ID, m{field: value}, `"field":"`+field)
	}
	w.refused(admin, "POST", "/demo/clients", m{"clientId": long}, `"field":"clientId"`)
	w.refused(admin, "POST", "/demo/client-scopes", m{"name": "s", "protocol": "openid-connect", "description": long}, `"field":"description"`)
	w.refused(admin, "POST", "/demo/client-scopes", m{"name": "s", "protocol": "openid-connect", "attributes": m{"consent.screen.text": strings.Repeat("x", 2049)}}, `"field":"attributes`)
	w.refused(admin, "POST", "/demo/authentication/flows", m{"alias": "f", "topLevel": true, "description": long}, `"field":"description"`)
	w.refused(admin, "POST", "/demo/authentication/flows/browser%20copy/executions/flow", m{"alias": "f", "description": long}, `"field":"description"`)
	w.refused(admin, "POST", "/demo/identity-provider/instances", m{"alias": "i", "providerId": "github", "displayName": long, "config": m{"clientId": "c"}}, `"field":"displayName"`)
	w.refused(admin, "PUT", "/demo/events/config", m{"enabledEventTypes": []string{"NOPE"}}, "enabledEventTypes")
	w.must(204, admin, "PUT", "/demo", m{"organizationsEnabled": false, "displayName": strings.Repeat("é", 255), "enabledEventTypes": []string{"OAUTH2_DEVICE_AUTH", "LOGIN_ERROR"}})
}

// What is here is taken of an import: a Keycloak may have written the rest.
func TestRealmImportLeavesOut(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.must(201, admin, "POST", "", m{"realm": "brought", "enabled": true, "organizationsEnabled": true, "defaultSignatureAlgorithm": "HS256",
		"enabledEventTypes": []string{"LOGIN", "SPI_EVENT"}})
	var r map[string]any
	w.must(200, w.admin(), "GET", "/brought", nil).into(&r)
	if r["organizationsEnabled"] != false || r["defaultSignatureAlgorithm"] != "RS256" || fmt.Sprint(r["enabledEventTypes"]) != "[LOGIN]" {
		t.Errorf("%v %v %v", r["organizationsEnabled"], r["defaultSignatureAlgorithm"], r["enabledEventTypes"])
	}
}

// A realm shows the themes that it was given, and an attribute that is null is
// gone.
func TestRealmReadsBack(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	themes := m{"loginTheme": "acme", "accountTheme": "a", "adminTheme": "b", "emailTheme": "c"}
	w.must(204, admin, "PUT", "/demo", themes)
	var r map[string]any
	w.must(200, admin, "GET", "/demo", nil).into(&r)
	for name, want := range themes {
		if r[name] != want {
			t.Errorf("%s: %v", name, r[name])
		}
	}
	w.must(204, admin, "PUT", "/demo", m{"attributes": m{"k1": "v1", "k2": "v2"}})
	w.must(204, admin, "PUT", "/demo", m{"attributes": m{"k1": nil, "k2": "v2"}})
	r = nil
	w.must(200, admin, "GET", "/demo", nil).into(&r)
	if _, is := r["attributes"].(map[string]any)["k1"]; is {
		t.Errorf("%v", r["attributes"])
	}
}

// Every setting of a realm comes back as it is after an export and an import of
// it; nothing but secrets is masked.
func TestPartialExportIsImported(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	var r map[string]any
	w.must(200, admin, "GET", "/demo", nil).into(&r)
	sent := map[string]any{}
	for name, value := range r {
		switch v := value.(type) {
		case string: // a text that may be any
			if strings.HasPrefix(name, "webAuthn") || name == "displayName" {
				sent[name] = v + "x"
			}
		case float64:
			if !strings.HasPrefix(name, "otp") && name != "notBefore" {
				sent[name] = v + 1
			}
		case bool:
			if name != "duplicateEmailsAllowed" && !slices.Contains([]string{"enabled", "organizationsEnabled", "adminPermissionsEnabled",
				"verifiableCredentialsEnabled", "scimApiEnabled"}, name) {
				sent[name] = !v
			}
		case []any:
			if strings.HasPrefix(name, "webAuthn") {
				sent[name] = []string{"RS512"}
			}
		}
	}
	maps.Copy(sent, m{"loginTheme": "acme", "passwordPolicy": "length(9)", "displayNameHtml": "<b>A</b>", "attributes": m{"password.hint": "none", "a": "b"},
		"smtpServer": m{"host": "mail.example.test", "from": "a@example.test", "auth": "true", "user": "u", "password": "very-hidden"}})
	w.must(204, admin, "PUT", "/demo", sent)
	w.must(200, admin, "GET", "/demo", nil).into(&r)
	export := w.must(200, admin, "POST", "/demo/partial-export", nil)
	if n := strings.Count(export.Text, representation.Masked); n != 1 || strings.Contains(export.Text, "very-hidden") {
		t.Errorf("%d values are masked, expected that of the relay", n)
	}
	var whole map[string]any
	export.into(&whole)
	whole["realm"], whole["id"] = "again", ""
	for _, own := range []string{"users", "clients", "roles", "groups", "defaultRole", "components"} {
		delete(whole, own)
	}
	w.must(201, admin, "POST", "", whole)
	var back map[string]any
	w.must(200, w.admin(), "GET", "/again", nil).into(&back)
	for name, want := range r {
		if slices.Contains([]string{"id", "realm", "defaultRole", "smtpServer"}, name) {
			continue
		}
		if a, b := jsonOf(want), jsonOf(back[name]); a != b {
			t.Errorf("%s: %s, and was %s", name, b, a)
		}
	}
}

func jsonOf(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// A user profile is checked as Keycloak checks it; an import names what is odd.
func TestProfileRefusals(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	before := w.must(200, admin, "GET", "/demo/users/profile", nil).Text
	one := func(attribute m) m { return m{"attributes": []m{{"name": "username"}, {"name": "email"}, attribute}} }
	for sentence, body := range map[string]any{
		"special characters allowed): a b":                   one(m{"name": "a b"}),
		"'permissions.view' configuration for attribute 'x'": one(m{"name": "x", "permissions": m{"view": []string{"bogus"}}}),
		"'required.roles' configuration for attribute 'x'":   one(m{"name": "x", "required": m{"roles": []string{"everybody"}}}),
		"without 'attributes' section":                       m{},
		"contains unsupported role 'ADMIN'":                  one(m{"name": "x", "permissions": m{"edit": []string{"ADMIN", "user"}}}),
	} {
		w.refused(admin, "PUT", "/demo/users/profile", body, sentence)
		w.refused(admin, "PUT", "/demo/ui-ext", m{"upConfig": body}, `"field":"attributes"`)
	}
	if after := w.must(200, admin, "GET", "/demo/users/profile", nil).Text; after != before {
		t.Errorf("the profile was changed: %s", after)
	}
	w.must(201, admin, "POST", "", m{"realm": "odd", "components": m{"org.keycloak.userprofile.UserProfileProvider": []m{{"providerId": "declarative-user-profile",
		"config": m{"kc.user.profile.config": []string{`{"attributes":[{"name":"a b"}]}`}}}}}})
}
