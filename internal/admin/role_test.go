package admin_test

import (
	"slices"
	"strings"
	"testing"
)

// named is what lists show of roles and groups.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`

	Description, Path, ParentID, ContainerID string
	Composite, ClientRole                    bool
	Attributes                               map[string][]string
	SubGroupCount                            *int
	SubGroups                                []named
	RealmRoles                               []string
	Access                                   map[string]bool
}

func namesOf(list []named) string {
	names := make([]string, 0, len(list))
	for _, r := range list {
		name := r.Name
		if len(r.SubGroups) > 0 {
			name += "(" + namesOf(r.SubGroups) + ")"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// names lists what a call gives by name.
func (w *world) names(token, path string) string {
	w.t.Helper()
	var list []named
	w.must(200, token, "GET", path, nil).into(&list)
	return namesOf(list)
}

func (w *world) readNamed(token, path string) (r named) {
	w.t.Helper()
	w.must(200, token, "GET", path, nil).into(&r)
	return r
}

// recording has a realm keep admin events.
func (w *world) recording(token, realmName string) {
	w.t.Helper()
	w.must(204, token, "PUT", "/"+realmName, m{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})
}

// recorded are the admin events of a realm, the oldest first.
func (w *world) recorded(token, realmName string) (lines []string) {
	w.t.Helper()
	var list []struct{ OperationType, ResourceType, ResourcePath string }
	w.must(200, token, "GET", "/"+realmName+"/admin-events?max=1000", nil).into(&list)
	for _, e := range slices.Backward(list) {
		lines = append(lines, e.OperationType+" "+e.ResourceType+" "+e.ResourcePath)
	}
	return lines
}

// newRole makes a role, and gives it as it is read.
func (w *world) newRole(token, path, name string) named {
	w.t.Helper()
	w.must(201, token, "POST", path, m{"name": name})
	return w.readNamed(token, path+"/"+name)
}

func TestRoles(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.recording(admin, "demo")
	before := len(w.recorded(admin, "demo"))
	client := w.rp.Client.ID
	for _, path := range []string{"/demo/roles", "/demo/clients/" + client + "/roles"} {
		a := w.must(201, admin, "POST", path, m{"name": "a b/c", "description": "Odd ones", "attributes": m{"team": "x"}, "id": "mine", "unknown": 1})
		if at := a.Header.Get("Location"); !strings.HasSuffix(at, path+"/a%20b%2Fc") {
			t.Errorf("Location %s", at)
		}
		reader := w.newRole(admin, path, "reader")
		if reader.Composite || reader.ClientRole != (path != "/demo/roles") || reader.Attributes == nil || reader.ContainerID == "" {
			t.Errorf("%+v", reader)
		}
		for query, want := range map[string]string{
			"?search=READ": "reader", "?search=odd": "a b/c", "?search=a b/c&briefRepresentation=false": "a b/c",
			"?first=0&max=1": "a b/c", "?search=none": "",
		} {
			if got := w.names(admin, path+strings.ReplaceAll(query, " ", "%20")); got != want {
				t.Errorf("%s%s: %s", path, query, got)
			}
		}
		if a := w.must(409, admin, "POST", path, m{"name": "reader"}); a.Text != `{"errorMessage":"Role with name reader already exists"}` {
			t.Error(a.Text)
		}
		w.must(409, admin, "PUT", path+"/reader", m{"name": "a b/c"})
		for _, body := range []any{m{}, m{"name": ""}, m{"name": strings.Repeat("n", 300)}, "{", ""} {
			w.must(400, admin, "POST", path, body)
		}
		if a := w.must(404, admin, "GET", path+"/nope", nil); a.Text != `{"error":"Could not find role"}` {
			t.Error(a.Text)
		}
		// A change is of what is given.
		w.must(204, admin, "PUT", path+"/a%20b%2Fc", m{"name": "writer"})
		writer := w.readNamed(admin, path+"/writer")
		if writer.ID != "mine" || writer.Description != "Odd ones" || len(writer.Attributes["team"]) != 1 {
			t.Errorf("%+v", writer)
		}
		w.must(204, admin, "PUT", path+"/writer", m{"attributes": m{}, "description": ""})
		if writer = w.readNamed(admin, "/demo/roles-by-id/"+writer.ID); len(writer.Attributes) > 0 || writer.Description != "" || writer.Name != "writer" {
			t.Errorf("%+v", writer)
		}
		w.must(204, admin, "PUT", "/demo/roles-by-id/"+writer.ID, m{"name": "author"})
		w.must(204, admin, "DELETE", path+"/author", nil)
		w.must(404, admin, "DELETE", path+"/author", nil)
		w.must(204, admin, "DELETE", "/demo/roles-by-id/"+reader.ID, nil)
		w.must(404, admin, "GET", "/demo/roles-by-id/"+reader.ID, nil)
		w.must(501, admin, "GET", path+"/reader/management/permissions", nil)
	}
	w.must(404, admin, "GET", "/demo/clients/none/roles", nil)
	role := w.readNamed(admin, "/demo/roles/default-roles-demo")
	for _, path := range []string{"/demo/roles/default-roles-demo", "/demo/roles-by-id/" + role.ID} {
		if a := w.must(400, admin, "DELETE", path, nil); a.Text != `{"error":"default-roles-demo is default role of the realm and cannot be removed."}` {
			t.Error(a.Text)
		}
	}
	got := strings.Join(w.recorded(admin, "demo")[before:], "\n")
	for _, want := range []string{"CREATE REALM_ROLE roles/a b/c", "CREATE REALM_ROLE roles/reader", "UPDATE REALM_ROLE roles/writer", "DELETE REALM_ROLE roles/author",
		"UPDATE REALM_ROLE roles-by-id/", "DELETE CLIENT_ROLE roles-by-id/", "CREATE CLIENT_ROLE clients/" + client + "/roles/reader"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// A role may be composed of one that is composed of it: who has one has both.
func TestComposites(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	client := w.rp.Client.ID
	a, b := w.newRole(admin, "/demo/roles", "a"), w.newRole(admin, "/demo/roles", "b")
	c := w.newRole(admin, "/demo/clients/"+client+"/roles", "c")
	w.recording(admin, "demo")
	w.must(204, admin, "POST", "/demo/roles/a/composites", []named{b, c, b})
	w.must(204, admin, "POST", "/demo/roles-by-id/"+b.ID+"/composites", []m{{"id": a.ID}})
	w.must(204, admin, "POST", "/demo/clients/"+client+"/roles/c/composites", []m{})
	for path, want := range map[string]string{
		"/demo/roles/a/composites":                                             "b c",
		"/demo/roles/a/composites/realm":                                       "b",
		"/demo/roles/a/composites/clients/" + client:                           "c",
		"/demo/roles-by-id/" + b.ID + "/composites":                            "a",
		"/demo/roles-by-id/" + a.ID + "/composites?search=C":                   "c",
		"/demo/roles-by-id/" + a.ID + "/composites?first=1&max=5":              "c",
		"/demo/clients/" + client + "/roles/c/composites":                      "",
		"/demo/roles/default-roles-demo/composites?search=offline_access":      "offline_access",
		"/demo/roles-by-id/" + a.ID + "/composites/clients/" + client + "?x=1": "c",
	} {
		if got := w.names(admin, path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if a := w.must(404, admin, "POST", "/demo/roles/a/composites", []m{{"id": "none"}}); a.Text != `{"error":"Could not find composite role"}` {
		t.Error(a.Text)
	}
	w.must(404, admin, "GET", "/demo/roles/a/composites/clients/none", nil)
	if !w.readNamed(admin, "/demo/roles/a").Composite {
		t.Error("a is no composite")
	}
	// What is deleted is no part of others any more.
	w.must(204, admin, "DELETE", "/demo/roles/b", nil)
	w.must(204, admin, "DELETE", "/demo/roles/a/composites", []named{c})
	if w.readNamed(admin, "/demo/roles/a").Composite {
		t.Error("a is still a composite")
	}
	w.must(201, admin, "POST", "/demo/roles", m{"name": "d", "composite": true,
		"composites": m{"realm": []string{"a"}, "client": m{w.rp.Client.ClientID: []string{"c"}}}})
	if got := w.names(admin, "/demo/roles/d/composites"); len(got) != 3 {
		t.Errorf("d is made of %s", got)
	}
	if a := w.must(400, admin, "POST", "/demo/roles", m{"name": "e", "composite": true, "composites": m{"realm": []string{"none"}}}); !strings.Contains(a.Text, "composites.realm") {
		t.Error(a.Text)
	}
	events := strings.Join(w.recorded(admin, "demo"), "\n")
	for _, want := range []string{"CREATE REALM_ROLE roles/a/composites", "DELETE REALM_ROLE roles/a/composites", "CREATE REALM_ROLE roles-by-id/" + b.ID + "/composites",
		"CREATE CLIENT_ROLE clients/" + client + "/roles/c/composites"} {
		if !strings.Contains(events, want) {
			t.Errorf("no %s in\n%s", want, events)
		}
	}
}

// Who manages roles or users gives nobody, and takes from nobody, more power
// than they have: not directly, not by a composite, a group, a name.
func TestNoEscalation(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	users := w.service("demo", "manage-users", "view-realm", "view-clients")
	configures := w.service("demo", "manage-realm", "manage-clients", "view-users", "manage-users")
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	management := w.s.Snapshot("demo").ClientByClientID("realm-management").ID
	roles := "/demo/clients/" + management + "/roles"
	power, realmAdmin := w.readNamed(admin, roles+"/manage-events"), w.readNamed(admin, roles+"/realm-admin")
	own := w.readNamed(admin, roles+"/manage-users")
	plain := w.newRole(admin, "/demo/roles", "plain")
	hidden := w.newRole(admin, "/demo/roles", "hidden")
	w.must(204, admin, "POST", "/demo/roles/hidden/composites", []named{power})
	group := w.must(201, admin, "POST", "/demo/groups", m{"name": "powerful"}).id()
	w.must(204, admin, "POST", "/demo/groups/"+group+"/role-mappings/realm", []named{hidden})
	other := w.must(201, admin, "POST", "/demo/groups", m{"name": "plain"}).id()
	mapped := "/demo/users/" + ada.ID + "/role-mappings"
	for _, refused := range []struct {
		token, method, path string
		body                any
	}{
		{users, "POST", mapped + "/clients/" + management, []named{power}},
		{users, "POST", mapped + "/clients/" + management, []named{own, realmAdmin}},
		{users, "POST", mapped + "/realm", []named{hidden}},
		{users, "DELETE", mapped + "/realm", []named{hidden}},
		{users, "POST", "/demo/groups/" + other + "/role-mappings/realm", []named{hidden}},
		{users, "POST", "/demo/groups/" + other + "/role-mappings/clients/" + management, []named{power}},
		{users, "POST", "/demo/groups/" + group + "/children", m{"id": other, "name": "plain"}},
		{configures, "POST", "/demo/roles/plain/composites", []named{power}},
		{configures, "POST", "/demo/roles/default-roles-demo/composites", []named{hidden}},
		{configures, "POST", "/demo/roles", m{"name": "sly", "composite": true, "composites": m{"client": m{"realm-management": []string{"manage-events"}}}}},
		{configures, "PUT", "/demo/default-groups/" + group, nil},
	} {
		if a := w.rest(refused.token, refused.method, refused.path, refused.body); a.Status != 403 {
			t.Errorf("%s %s: %d %s", refused.method, refused.path, a.Status, a.Text)
		}
	}
	// A name that gives power is not given to another role.
	w.must(204, admin, "DELETE", roles+"/manage-events", nil)
	w.must(403, configures, "POST", roles, m{"name": "manage-events"})
	w.must(201, configures, "POST", roles, m{"name": "own"})
	w.must(403, configures, "PUT", roles+"/own", m{"name": "manage-events"})
	// What they have they give.
	w.must(204, users, "POST", mapped+"/clients/"+management, []named{own})
	w.must(204, users, "POST", mapped+"/realm", []named{plain})
	w.must(204, users, "POST", "/demo/groups/"+other+"/role-mappings/clients/"+management, []named{own})
	// And what they may not give they are not offered.
	if got := w.names(users, mapped+"/clients/"+management+"/available"); strings.Contains(got, "realm-admin") || !strings.Contains(got, "view-realm") {
		t.Errorf("offered: %s", got)
	}
	if got := w.names(admin, mapped+"/clients/"+management+"/available"); !strings.Contains(got, "realm-admin") {
		t.Errorf("offered to the administrator: %s", got)
	}
	// A role by its id asks for what its container asks for.
	realmOnly, clientsOnly := w.service("demo", "manage-realm"), w.service("demo", "manage-clients")
	w.must(403, clientsOnly, "PUT", "/demo/roles-by-id/"+plain.ID, m{"description": "x"})
	w.must(204, realmOnly, "PUT", "/demo/roles-by-id/"+plain.ID, m{"description": "x"})
	w.must(403, realmOnly, "GET", "/demo/roles-by-id/"+own.ID, nil)
	w.must(200, clientsOnly, "GET", "/demo/roles-by-id/"+own.ID, nil)
	w.must(403, realmOnly, "GET", "/demo/roles/plain/users", nil)
	w.must(403, realmOnly, "GET", "/demo/roles/plain/groups", nil)
}

// An id that comes with a role is the role's, as in Keycloak.
func TestRoleWithID(t *testing.T) {
	w := newWorld(t)
	admin := w.service("demo", "realm-admin")
	w.must(201, admin, "POST", "/demo/roles", m{"name": "mine", "id": "my-own-id"})
	var r struct{ ID string }
	w.must(200, admin, "GET", "/demo/roles/mine", nil).into(&r)
	if r.ID != "my-own-id" {
		t.Errorf("the role's id is %s", r.ID)
	}
	if a := w.rest(admin, "POST", "/demo/roles", m{"name": "other", "id": "my-own-id"}); a.Status != 400 {
		t.Errorf("the id of another: %d %s", a.Status, a.Text)
	}
}
