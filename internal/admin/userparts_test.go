package admin_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
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

// A list that is asked for whole is whole, however long it is: each part
// follows the one before it.
func TestUserListWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.s.Update(func(tx *store.Tx) error {
		for i := range 1000 {
			u := &latchkey.User{RealmID: w.rp.Client.RealmID, Username: fmt.Sprintf("user%04d", i), Enabled: true, CreatedAt: tx.Now()}
			if err := tx.CreateUser(u); err != nil {
				return err
			}
		}
		return nil
	})
	for query, want := range map[string][3]string{"max=-1": {"1000", "user0000", "user0999"}, "first=3&max=700": {"700", "user0003", "user0702"},
		"max=500": {"500", "user0000", "user0499"}, "": {"100", "user0000", "user0099"}, "first=1000&max=-1": {"0"}} {
		var list []representation.User
		w.must(200, w.manager, "GET", "/demo/users?"+query, nil).into(&list)
		got := [3]string{strconv.Itoa(len(list))}
		if len(list) > 0 {
			got[1], got[2] = *list[0].Username, *list[len(list)-1].Username
		}
		if got != want {
			t.Errorf("%q: %v, expected %v", query, got, want)
		}
	}
}

func withoutServices(list []representation.User) (out []string) {
	for _, u := range list {
		if !strings.HasPrefix(*u.Username, "service-account-") {
			out = append(out, *u.Username)
		}
	}
	return out
}

// A password that the user had not long ago is refused wherever one is set; as
// many are remembered as the policy says, and no list shows them.
func TestPasswordHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(204, w.admin(), "PUT", "/demo", m{"passwordPolicy": "passwordHistory(3) and regexPattern([a-z-]+) and notContainsUsername"})
	for value, key := range map[string]string{"Upper": "invalidPasswordRegexPatternMessage", "my-alice": "invalidPasswordNotContainsUsernameMessage"} {
		a := w.must(400, w.manager, "POST", "/demo/users", m{"username": "alice", "credentials": []any{m{"type": "password", "value": value}}})
		if !strings.Contains(a.Text, key) {
			t.Errorf("%s: %s", value, a.Text)
		}
	}
	id := w.user(w.manager, m{"username": "alice", "enabled": true, "credentials": []any{m{"type": "password", "value": "one"}}})
	path := "/demo/users/" + id
	set := func(status int, value string) {
		t.Helper()
		w.s.Clock.Advance(time.Second)
		a := w.must(status, w.manager, "PUT", path+"/reset-password", m{"value": value})
		if status == 400 && a.Text != `{"error":"invalidPasswordHistoryMessage","error_description":"Invalid password: must not be equal to any of last 3 passwords."}` {
			t.Errorf("%s: %s", value, a.Text)
		}
	}
	set(400, "one")
	set(204, "two")
	set(400, "one")
	set(204, "three")
	set(400, "one")
	w.must(400, w.manager, "PUT", path, m{"credentials": []any{m{"type": "password", "value": "two"}}})
	set(204, "four")
	set(400, "two")
	set(204, "one") // the fourth last
	var list []representation.Credential
	w.must(200, w.manager, "GET", path+"/credentials", nil).into(&list)
	w.s.View(func(tx *store.Tx) error {
		history, err := tx.PasswordHistory(w.s.Snapshot("demo").Realm.ID, id)
		if len(list) != 1 || len(history) != 2 {
			t.Errorf("%d shown, %d remembered", len(list), len(history))
		}
		return err
	})
	w.must(204, w.admin(), "PUT", "/demo", m{"passwordPolicy": "passwordHistory(1)"})
	set(204, "four")
	w.s.View(func(tx *store.Tx) error {
		history, err := tx.PasswordHistory(w.s.Snapshot("demo").Realm.ID, id)
		if len(history) != 0 {
			t.Errorf("%d remembered for nothing", len(history))
		}
		return err
	})
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

// A user's groups: joined and left once, and none whose members have more
// power than who puts others in.
func TestUserGroups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.user(w.manager, map[string]any{"username": "alice"})
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		management := snap.ClientByClientID(latchkey.ClientRealmManagement)
		for _, g := range []*latchkey.Group{
			{ID: "staff", Name: "staff"}, {ID: "night", Name: "night", ParentID: "staff"},
			{ID: "bosses", Name: "bosses", Roles: []string{snap.RoleNamed(management.ID, "realm-admin").ID}}, {ID: "below", Name: "below", ParentID: "bosses"},
		} {
			g.RealmID = snap.Realm.ID
			if err := tx.CreateGroup(g); err != nil {
				return err
			}
		}
		r := *snap.Realm
		r.AdminEventsEnabled = true
		return tx.UpdateRealm(&r)
	})
	path := "/demo/users/" + id + "/groups"
	for range 2 {
		w.must(204, w.manager, "PUT", path+"/night", nil)
	}
	if a := w.must(200, w.manager, "GET", path, nil); a.Text != `[{"id":"night","name":"night","path":"/staff/night","parentId":"staff","subGroups":[]}]` {
		t.Errorf("groups: %s", a.Text)
	}
	if a := w.must(200, w.manager, "GET", path+"?briefRepresentation=false&search=NI", nil); !strings.Contains(a.Text, `"attributes":{}`) || !strings.Contains(a.Text, `"realmRoles":[]`) {
		t.Errorf("in full: %s", a.Text)
	}
	if a := w.must(200, w.manager, "GET", path+"/count?search=x", nil); a.Text != `{"count":0}` {
		t.Errorf("count: %s", a.Text)
	}
	w.must(404, w.manager, "PUT", path+"/nope", nil)
	for _, group := range []string{"bosses", "below"} {
		if a := w.must(403, w.manager, "PUT", path+"/"+group, nil); !strings.Contains(a.Text, "realm-admin") && !strings.Contains(a.Text, "administrative role") {
			t.Errorf("%s: %s", group, a.Text)
		}
	}
	w.must(403, w.manager, "POST", "/demo/users", map[string]any{"username": "bob", "groups": []string{"/bosses/below"}})
	w.must(204, w.service("demo", "realm-admin"), "PUT", path+"/below", nil)
	for range 2 {
		w.must(204, w.manager, "DELETE", path+"/night", nil)
	}
	var told []string
	w.s.View(func(tx *store.Tx) error {
		list, err := tx.AdminEvents(w.rp.Client.RealmID, store.AdminEventFilter{Resources: []string{"GROUP_MEMBERSHIP"}})
		for _, e := range list {
			told = append(told, e.OperationType+" "+strings.TrimPrefix(e.ResourcePath, "users/"+id))
		}
		return err
	})
	if got := strings.Join(told, ", "); got != "DELETE /groups/night, CREATE /groups/below, CREATE /groups/night" {
		t.Errorf("admin events: %s", got)
	}
}

// The user profile rules what administrators make and change of users, and
// says so by field; attributes that it does not name follow its policy.
func TestUserProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ruler := w.service("demo", "manage-realm", "manage-users", "view-users")
	profile := `{"attributes":[{"name":"username","permissions":{"view":["admin"],"edit":["admin"]}},{"name":"email","permissions":{"view":["admin"],"edit":["admin"]}},` +
		`{"name":"city","required":{"roles":["admin"]},"permissions":{"view":["admin"],"edit":["admin"]},"validations":{"length":{"max":5}}},` +
		`{"name":"badge","permissions":{"view":["admin"],"edit":[]}},{"name":"hidden","permissions":{"view":["user"],"edit":["user"]}}]}`
	w.must(403, w.manager, "PUT", "/demo/users/profile", profile)
	w.must(400, ruler, "PUT", "/demo/users/profile", `{"attributes":[{"name":"x","validations":{"made-up":{}}}]}`)
	w.must(400, ruler, "PUT", "/demo/users/profile", `{"attributes":[{"name":"x"},{"name":"x"}]}`)
	if a := w.must(200, ruler, "PUT", "/demo/users/profile", profile); !strings.Contains(a.Text, `"badge"`) {
		t.Errorf("answered with the profile: %s", a.Text)
	}
	if a := w.must(200, w.manager, "GET", "/demo/users/profile/metadata", nil); !strings.Contains(a.Text, `"name":"city"`) || strings.Contains(a.Text, "hidden") {
		t.Errorf("metadata: %s", a.Text)
	}
	for body, want := range map[string]string{
		`{"username":"alice"}`: `{"field":"city","errorMessage":"error-user-attribute-required","params":["city"]}`,
		`{"username":"alice","attributes":{"city":["Konstanz"]}}`:             `"field":"city","errorMessage":"error-invalid-length-too-long"`,
		`{"username":"alice","email":"x","attributes":{"city":["Konstanz"]}}`: `{"errors":[{"field":`,
		`{"username":"alice","attributes":{"city":["Bonn"],"badge":["7"]}}`:   `error-user-attribute-read-only`,
	} {
		if a := w.rest(ruler, "POST", "/demo/users", body); a.Status != 400 || !strings.Contains(a.Text, want) {
			t.Errorf("%s: %d %s", body, a.Status, a.Text)
		}
	}
	id := w.user(ruler, map[string]any{"username": "alice", "attributes": map[string]any{"city": "Bonn", "shoe": "41"}})
	path := "/demo/users/" + id
	if a := w.must(200, ruler, "GET", path+"?userProfileMetadata=true", nil); !strings.Contains(a.Text, `"attributes":{"city":["Bonn"]}`) || !strings.Contains(a.Text, `"userProfileMetadata"`) {
		t.Errorf("what is not named is not taken: %s", a.Text)
	}
	w.must(200, ruler, "PUT", "/demo/users/profile", strings.TrimSuffix(profile, "}")+`,"unmanagedAttributePolicy":"ADMIN_EDIT"}`)
	w.must(204, ruler, "PUT", path, map[string]any{"attributes": map[string]any{"city": "Bonn", "shoe": "41"}})
	if a := w.must(200, ruler, "GET", path+"/unmanagedAttributes", nil); a.Text != `{"shoe":["41"]}` {
		t.Errorf("unmanaged: %s", a.Text)
	}
	w.s.Update(func(tx *store.Tx) error {
		u, err := tx.LockUser(w.rp.Client.RealmID, id)
		if err == nil {
			u.Attributes["badge"], u.Attributes["hidden"] = []string{"7"}, []string{"x"}
			err = tx.UpdateUser(u)
		}
		return err
	})
	w.must(204, ruler, "PUT", path, map[string]any{"firstName": "A"})
	w.must(204, ruler, "PUT", path, map[string]any{"attributes": map[string]any{"city": "Ulm"}})
	var u representation.User
	w.must(200, ruler, "GET", path, nil).into(&u)
	if len(u.Attributes) != 2 || u.Attributes["city"][0] != "Ulm" || u.Attributes["badge"][0] != "7" {
		t.Errorf("attributes are replaced as a whole, but for those that are fixed: %v", u.Attributes)
	}
	w.must(204, ruler, "PUT", path, map[string]any{"requiredActions": []string{"UPDATE_PROFILE", "NOPE"}})
	w.must(204, ruler, "PUT", path, map[string]any{"lastName": "B"})
	w.must(200, ruler, "GET", path, nil).into(&u)
	if strings.Join(u.RequiredActions, " ") != "UPDATE_PROFILE" {
		t.Errorf("required actions: %v", u.RequiredActions)
	}
	w.must(204, ruler, "PUT", path, map[string]any{"requiredActions": []string{""}})
	u = representation.User{}
	if w.must(200, ruler, "GET", path, nil).into(&u); len(u.RequiredActions) != 0 {
		t.Errorf("required actions that were taken away: %v", u.RequiredActions)
	}
	w.s.View(func(tx *store.Tx) error {
		u, err := tx.User(w.rp.Client.RealmID, id)
		if err == nil && u.Attributes["hidden"] == nil {
			t.Error("what an administrator does not see went with what they do")
		}
		return err
	})
}

// Every change of a user is told in the realm's admin events, and no secret
// with it.
func TestUserAdminEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(204, w.service("demo", "manage-realm"), "PUT", "/demo", map[string]any{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})
	id := w.user(w.manager, map[string]any{"username": "ada", "email": "ada@example.test", "enabled": true,
		"credentials": []any{map[string]any{"type": "password", "value": "31415926"}}})
	path := "/demo/users/" + id
	w.must(204, w.manager, "PUT", path, map[string]any{"lastName": "B"})
	w.must(204, w.manager, "PUT", path+"/reset-password", map[string]any{"type": "password", "value": "second-password"})
	w.must(204, w.manager, "PUT", path+"/execute-actions-email", []string{"UPDATE_PROFILE"})
	w.must(204, w.manager, "POST", path+"/logout", nil)
	w.must(204, w.manager, "DELETE", path, nil)
	var told []string
	w.s.View(func(tx *store.Tx) error {
		list, err := tx.AdminEvents(w.rp.Client.RealmID, store.AdminEventFilter{Resources: []string{"USER"}})
		for _, e := range list {
			told = append(told, e.OperationType+strings.TrimPrefix(e.ResourcePath, "users/"+id))
			if strings.Contains(e.Representation, "31415926") || strings.Contains(e.Representation, "second-password") {
				t.Errorf("a password in an event: %s", e.Representation)
			}
		}
		return err
	})
	if got := strings.Join(told, " "); got != "DELETE ACTION/logout ACTION/execute-actions-email ACTION/reset-password UPDATE CREATE" {
		t.Errorf("admin events: %s", got)
	}
}
