package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/representation"
)

// The lists of users: what finds whom, and how much of each is shown.
func TestUserSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(200, w.service("demo", "manage-realm"), "PUT", "/demo/users/profile", `{"attributes":[{"name":"username"},{"name":"email"},`+
		`{"name":"firstName","permissions":{"view":["admin"],"edit":["admin"]}},{"name":"lastName","permissions":{"view":["admin"],"edit":["admin"]}}],`+
		`"unmanagedAttributePolicy":"ENABLED"}`)
	bob := w.user(w.manager, map[string]any{"username": "bob", "email": "bob@example.org", "enabled": true, "firstName": "Robert", "attributes": map[string]any{"team": "Red", "city": []string{"Bonn", "Berlin"}}})
	w.user(w.manager, map[string]any{"username": "alice", "email": "alice@example.test", "emailVerified": true, "lastName": "Bobson", "attributes": map[string]any{"team": "blue"}})
	w.user(w.manager, map[string]any{"username": "carl", "enabled": true, "federatedIdentities": []any{map[string]any{"identityProvider": "github", "userId": "7", "userName": "c"}}})
	for query, want := range map[string]string{
		"":                              "alice bob carl",
		"search=bob":                    "alice bob",
		"search=ob":                     "",
		"search=*ob":                    "alice bob",
		"search=%22bob%22":              "bob",
		"search=id:" + bob:              "bob",
		"search=id:nope":                "",
		"username=o":                    "bob",
		"username=bo&exact=true":        "",
		"username=BOB&exact=true":       "bob",
		"email=example":                 "alice bob",
		"email=bob@example.org&exact=1": "bob",
		"firstName=rob":                 "bob",
		"lastName=son":                  "alice",
		"enabled=true&username=b":       "bob",
		"search=&enabled=false":         "alice",
		"emailVerified=true":            "alice",
		"q=team:red":                    "bob",
		"q=team:red+city:bonn":          "bob",
		"q=team:red+city:paris":         "",
		"q=%22team%22:%22red%22":        "bob",
		"idpAlias=github":               "carl",
		"idpAlias=github&idpUserId=7":   "carl",
		"idpAlias=github&idpUserId=8":   "",
		"first=1&max=1":                 "bob",
		"max=0":                         "",
		"createdAfter=2020-01-01":       "alice bob carl",
		"createdBefore=2020-01-01":      "",
	} {
		var list []representation.User
		w.must(http.StatusOK, w.manager, "GET", "/demo/users?"+query, nil).into(&list)
		got := strings.Join(withoutServices(list), " ") // a search by names finds accounts of clients, too
		if got != want {
			t.Errorf("%q: %q, expected %q", query, got, want)
		}
	}
	if a := w.must(200, w.manager, "GET", "/demo/users/count?search=bob", nil); a.Text != "2" {
		t.Errorf("counted %s", a.Text)
	}
	if a := w.must(200, w.manager, "GET", "/demo/users?username=bob&exact=true&briefRepresentation=true", nil); strings.Contains(a.Text, "attributes") || strings.Contains(a.Text, "totp") {
		t.Errorf("brief: %s", a.Text)
	}
	for _, bad := range []string{"first=x", "createdAfter=soon"} {
		w.must(http.StatusBadRequest, w.manager, "GET", "/demo/users?"+bad, nil)
	}
	asker := w.service("demo", "query-users")
	if a := w.must(200, asker, "GET", "/demo/users", nil); a.Text != "[]" {
		t.Errorf("who may only ask sees %s", a.Text)
	}
	w.must(http.StatusForbidden, asker, "GET", "/demo/users/"+bob, nil)
	w.must(http.StatusForbidden, w.nobody, "GET", "/demo/users", nil)
}

func withoutServices(list []representation.User) (out []string) {
	for _, u := range list {
		if !strings.HasPrefix(*u.Username, "service-account-") {
			out = append(out, *u.Username)
		}
	}
	return out
}

// Groups, credentials, linked accounts: the smaller things of a user.
func TestUserBelongings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.user(w.manager, map[string]any{"username": "alice", "enabled": true, "credentials": []any{map[string]any{"type": "password", "value": "first-pass", "temporary": true}}})
	path := "/demo/users/" + id
	var u representation.User
	w.must(200, w.manager, "GET", path, nil).into(&u)
	if strings.Join(u.RequiredActions, " ") != "UPDATE_PASSWORD" {
		t.Errorf("a temporary password: %v", u.RequiredActions)
	}
	w.must(204, w.manager, "PUT", path+"/reset-password", map[string]any{"type": "password", "value": "s3cret-pass"})
	var list []representation.Credential
	w.must(200, w.manager, "GET", path+"/credentials", nil).into(&list)
	if len(list) != 1 || *list[0].Type != "password" || list[0].SecretData != nil || list[0].CredentialData == nil {
		t.Errorf("credentials: %+v", list)
	}
	w.must(200, w.manager, "GET", path, nil).into(&u)
	if len(u.RequiredActions) != 0 {
		t.Errorf("a lasting password: %v", u.RequiredActions)
	}
	at := path + "/credentials/" + *list[0].ID
	w.must(204, w.manager, "PUT", at+"/userLabel", "desk")
	w.must(204, w.manager, "POST", at+"/moveToFirst", nil)
	w.must(404, w.manager, "POST", at+"/moveAfter/nope", nil)
	if a := w.must(200, w.manager, "GET", path+"/credentials", nil); !strings.Contains(a.Text, `"userLabel":"desk"`) {
		t.Errorf("named: %s", a.Text)
	}
	w.must(400, w.manager, "PUT", path+"/reset-password", map[string]any{"type": "password", "value": " "})
	w.must(400, w.manager, "PUT", path+"/reset-password", map[string]any{"type": "password"})
	w.must(204, w.manager, "DELETE", at, nil)
	if a := w.must(404, w.manager, "DELETE", at, nil); a.Text != `{"error":"Credential not found"}` {
		t.Errorf("gone: %s", a.Text)
	}
	w.must(204, w.manager, "PUT", path+"/disable-credential-types", []string{"otp"})
	if a := w.must(200, w.manager, "GET", path+"/configured-user-storage-credential-types", nil); a.Text != "[]" {
		t.Errorf("storage: %s", a.Text)
	}

	w.must(204, w.manager, "POST", path+"/federated-identity/github", map[string]any{"userId": 7, "userName": "al"})
	if a := w.must(409, w.manager, "POST", path+"/federated-identity/github", map[string]any{"userId": "8"}); a.Text != `{"errorMessage":"User is already linked with provider"}` {
		t.Errorf("linked twice: %s", a.Text)
	}
	if a := w.must(200, w.manager, "GET", path+"/federated-identity", nil); a.Text != `[{"identityProvider":"github","userId":"7","userName":"al"}]` {
		t.Errorf("linked: %s", a.Text)
	}
	w.must(204, w.manager, "DELETE", path+"/federated-identity/github", nil)
	w.must(404, w.manager, "DELETE", path+"/federated-identity/github", nil)
}
