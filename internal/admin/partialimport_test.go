package admin_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

type importAnswer struct {
	Added, Skipped, Overwritten int
	Results                     []struct{ Action, ResourceType, ResourceName, ID string }
}

// A partial import makes what is not there, and with what is there it does
// what it was told; it is done whole or not at all.
func TestPartialImport(t *testing.T) {
	w := newWorld(t)
	admin := w.service("demo", "realm-admin")
	file := m{
		"users": []m{{"username": "ada", "email": "ada@example.test", "enabled": true, "groups": []string{"/staff/night"}, "realmRoles": []string{"boss"},
			"credentials": []m{{"type": "password", "value": "correct horse battery"}}}},
		"clients": []m{{"clientId": "account"}, {"clientId": "shop", "publicClient": true, "redirectUris": []string{"https://shop.example.test/cb"}}},
		"groups":  []m{{"name": "staff", "attributes": m{"k": []string{"v"}}, "realmRoles": []string{"reader"}, "subGroups": []m{{"name": "night"}}}},
		"roles": m{"realm": []m{{"name": "boss", "composite": true, "composites": m{"realm": []string{"reader"}}}, {"name": "reader"}},
			"client": m{"account": []m{{"name": "extra"}}, "shop": []m{{"name": "buyer"}}}},
		"identityProviders": []m{{"alias": "corp", "providerId": "oidc", "config": m{"clientId": "x", "clientSecret": "y",
			"authorizationUrl": "https://idp.example.test/auth", "tokenUrl": "https://idp.example.test/token"}}},
	}
	var got importAnswer
	w.must(200, admin, "POST", "/demo/partialImport", file).into(&got)
	if got.Added != 8 || got.Skipped != 0 || len(got.Results) != 8 {
		t.Fatalf("%+v", got)
	}
	for _, r := range got.Results {
		if r.ID == "" || r.Action != "ADDED" {
			t.Errorf("%+v", r)
		}
	}
	var users []representation.User
	w.must(200, admin, "GET", "/demo/users?username=ada&exact=true", nil).into(&users)
	var roles []representation.Role
	w.must(200, admin, "GET", "/demo/users/"+*users[0].ID+"/role-mappings/realm/composite", nil).into(&roles)
	names := ""
	for _, r := range roles {
		names += *r.Name + " "
	}
	if !strings.Contains(names, "boss") || !strings.Contains(names, "reader") {
		t.Errorf("her roles: %s", names)
	}
	if a := w.must(200, admin, "GET", "/demo/users/"+*users[0].ID+"/groups", nil); !strings.Contains(a.Text, "/staff/night") {
		t.Errorf("her groups: %s", a.Text)
	}
	w.s.View(func(tx *store.Tx) error {
		list, err := tx.Credentials(w.rp.Client.RealmID, *users[0].ID)
		if len(list) != 1 || list[0].Type != latchkey.CredentialPassword {
			t.Errorf("credentials: %+v", list)
		}
		return err
	})

	if a := w.rest(admin, "POST", "/demo/partialImport", m{"ifResourceExists": "FAIL", "users": []m{{"username": "bob"}, {"username": "ada"}}}); a.Status != 409 ||
		a.Text != `{"errorMessage":"User with user name ada already exists."}` {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	if a := w.must(200, admin, "GET", "/demo/users?username=bob&exact=true", nil); a.Text != "[]" {
		t.Errorf("half of it was done: %s", a.Text)
	}
	file["ifResourceExists"] = "SKIP"
	w.must(200, admin, "POST", "/demo/partialImport", file).into(&got)
	if got.Added != 0 || got.Skipped != 8 {
		t.Errorf("%+v", got)
	}
	file["ifResourceExists"] = "OVERWRITE"
	w.must(200, admin, "POST", "/demo/partialImport", file).into(&got)
	// The roles of a client went with it.
	if got.Overwritten != 7 || got.Added != 1 || got.Results[0].ID == "" {
		t.Errorf("%+v", got)
	}
	if a := w.rest(admin, "GET", "/demo/users/"+*users[0].ID, nil); a.Status != 404 {
		t.Errorf("the one who was overwritten: %d", a.Status)
	}
}

// Nobody makes by an import what they may not make otherwise.
func TestPartialImportPermissions(t *testing.T) {
	w := newWorld(t)
	realms := w.service("demo", "manage-realm")
	w.must(403, realms, "POST", "/demo/partialImport", m{"users": []m{{"username": "eve"}}})
	w.must(403, realms, "POST", "/demo/partialImport", m{"groups": []m{{"name": "g"}}})
	w.must(403, realms, "POST", "/demo/partialImport", m{"identityProviders": []m{{"alias": "a", "providerId": "oidc"}}})
	w.must(200, realms, "POST", "/demo/partialImport", m{"roles": m{"realm": []m{{"name": "r"}}}})
	both := w.service("demo", "manage-realm", "manage-users")
	if a := w.rest(both, "POST", "/demo/partialImport", m{"users": []m{{"username": "eve", "clientRoles": m{"realm-management": []string{"realm-admin"}}}}}); a.Status != 403 {
		t.Errorf("a role that the caller lacks: %d %s", a.Status, a.Text)
	}
	for body, want := range map[string]string{`{"ifResourceExists":"MAYBE"}`: "ifResourceExists", `{"users":[{}]}`: "name", `{"roles":{"client":{"nope":[{"name":"x"}]}}}`: "nope",
		`{"users":[{"username":"xena","realmRoles":["nope"]}]}`: "nope", `{"users":[{"username":"xena","groups":["/nope"]}]}`: "nope"} {
		if a := w.rest(both, "POST", "/demo/partialImport", body); a.Status < 400 || a.Status >= 500 || !strings.Contains(a.Text, want) {
			t.Errorf("%s: %d %s", body, a.Status, a.Text)
		}
	}
}
