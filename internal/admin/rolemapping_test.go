package admin_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// Roles are mapped to users, groups, clients and client scopes in the same
// way.
func TestRoleMappings(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.recording(admin, "demo")
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	app := w.s.RP("demo", func(c *representation.Client) { c.FullScopeAllowed = new(false) }).Client.ID
	other := w.rp.Client.ID
	one, two := w.newRole(admin, "/demo/roles", "one"), w.newRole(admin, "/demo/roles", "two")
	w.must(204, admin, "POST", "/demo/roles/one/composites", []named{two})
	read, write := w.newRole(admin, "/demo/clients/"+other+"/roles", "read"), w.newRole(admin, "/demo/clients/"+other+"/roles", "write")
	group := w.must(201, admin, "POST", "/demo/groups", m{"name": "staff"}).id()
	scope := w.s.Snapshot("demo").ScopeByName("address").ID
	for _, of := range []struct{ path, kind, of string }{
		{"users/" + ada.ID + "/role-mappings", "ROLE", ""},
		{"groups/" + group + "/role-mappings", "ROLE", ""},
		{"clients/" + app + "/scope-mappings", "SCOPE", ""},
		{"client-scopes/" + scope + "/scope-mappings", "SCOPE", ""},
	} {
		path := "/demo/" + of.path
		// What a user has from the start is left out.
		w.must(204, admin, "DELETE", path+"/realm", nil)
		w.must(204, admin, "POST", path+"/realm", []named{one})
		w.must(204, admin, "POST", path+"/realm", []named{one})
		w.must(204, admin, "POST", path+"/clients/"+other, []named{write, read})
		for at, want := range map[string]string{
			"/realm": "one", "/realm/composite": "one two", "/realm/composite?briefRepresentation=false": "one two",
			"/clients/" + other: "read write", "/clients/" + other + "/composite": "read write", "/clients/" + other + "/available": "",
		} {
			if got := w.names(admin, path+at); got != want {
				t.Errorf("%s%s: %s", path, at, got)
			}
		}
		if got := w.names(admin, path+"/realm/available"); strings.Contains(got, "one") || !strings.Contains(got, "two") {
			t.Errorf("%s: available %s", path, got)
		}
		var all struct {
			RealmMappings  []named
			ClientMappings map[string]struct {
				ID, Client string
				Mappings   []named
			}
		}
		w.must(200, admin, "GET", path, nil).into(&all)
		mine := all.ClientMappings[w.rp.Client.ClientID]
		if namesOf(all.RealmMappings) != "one" || namesOf(mine.Mappings) != "read write" || mine.ID != other || mine.Client != w.rp.Client.ClientID {
			t.Errorf("%s: %+v", path, all)
		}
		for _, body := range []any{[]m{{"id": "nope", "name": "nope"}}, []named{read}, []m{{"id": one.ID, "name": "two"}}} {
			if a := w.must(404, admin, "POST", path+"/realm", body); a.Text != `{"error":"Role not found"}` {
				t.Error(a.Text)
			}
		}
		for _, body := range []any{"", "{", m{"id": 1}} {
			w.must(400, admin, "POST", path+"/realm", body)
		}
		if a := w.must(404, admin, "GET", path+"/clients/none", nil); a.Text != `{"error":"Client not found"}` {
			t.Error(a.Text)
		}
		w.must(204, admin, "DELETE", path+"/realm", []named{one, two})
		w.must(204, admin, "DELETE", path+"/clients/"+other, nil)
		if a := w.must(200, admin, "GET", path, nil); a.Text != "{}" {
			t.Errorf("%s: %s", path, a.Text)
		}
		events := strings.Join(w.recorded(admin, "demo"), "\n")
		for _, want := range []string{"CREATE REALM_" + of.kind + "_MAPPING " + of.path + "/realm", "DELETE REALM_" + of.kind + "_MAPPING " + of.path + "/realm",
			"CREATE CLIENT_" + of.kind + "_MAPPING " + of.path + "/clients/" + other, "DELETE CLIENT_" + of.kind + "_MAPPING " + of.path + "/clients/" + other} {
			if !strings.Contains(events, want) {
				t.Errorf("no %s in\n%s", want, events)
			}
		}
	}
	for path, sentence := range map[string]string{
		"/demo/users/none/role-mappings": "User not found", "/demo/groups/none/role-mappings": "Could not find group by id",
		"/demo/clients/none/scope-mappings": "Could not find client", "/demo/client-scopes/none/scope-mappings": "Could not find client scope",
	} {
		for _, at := range []string{path, path + "/realm", path + "/clients/" + other} {
			if a := w.must(404, admin, "GET", at, nil); a.Text != `{"error":"`+sentence+`"}` {
				t.Errorf("%s: %s", at, a.Text)
			}
		}
		w.must(404, admin, "POST", path+"/realm", []named{one})
	}
}

// A client with full scope has every role in its scope, and its own always.
func TestScopeOfClient(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	app := w.rp.Client.ID
	w.newRole(admin, "/demo/clients/"+app+"/roles", "own")
	path := "/demo/clients/" + app + "/scope-mappings"
	if got := w.names(admin, path+"/realm/composite"); !strings.Contains(got, "offline_access") {
		t.Errorf("full scope: %s", got)
	}
	if got := w.names(admin, path+"/clients/"+app+"/available"); got != "" {
		t.Errorf("available: %s", got)
	}
	if got := w.names(admin, path+"/clients/"+app); got != "" {
		t.Errorf("mapped: %s", got)
	}
}

// Who has a role is listed with it; a deleted role is nobody's, and is not what
// a role of the same name is.
func TestRoleMembers(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	role := w.newRole(admin, "/demo/roles", "reader")
	group := w.must(201, admin, "POST", "/demo/groups", m{"name": "staff"}).id()
	w.must(204, admin, "POST", "/demo/groups/"+group+"/role-mappings/realm", []named{role})
	for _, name := range []string{"bea", "ada", "cid"} {
		u := w.s.AddUser("demo", name+"@example.test", "", nil)
		w.must(204, admin, "POST", "/demo/users/"+u.ID+"/role-mappings/realm", []named{role})
	}
	var list []struct {
		Username string
		Access   map[string]bool
	}
	w.must(200, admin, "GET", "/demo/roles/reader/users?first=1&max=1", nil).into(&list)
	if len(list) != 1 || list[0].Username != "bea@example.test" || !list[0].Access["manage"] {
		t.Errorf("users: %+v", list)
	}
	for path, want := range map[string]string{"": "staff", "?max=0": "", "?first=1": "", "?briefRepresentation=false": "staff"} {
		if got := w.names(admin, "/demo/roles/reader/groups"+path); got != want {
			t.Errorf("groups%s: %s", path, got)
		}
	}
	w.must(204, admin, "DELETE", "/demo/roles/reader", nil)
	w.newRole(admin, "/demo/roles", "reader")
	w.must(200, admin, "GET", "/demo/roles/reader/users", nil).into(&list)
	if len(list) > 0 {
		t.Errorf("users of the new role: %+v", list)
	}
	w.s.View(func(tx *store.Tx) error {
		g, err := tx.Group(w.rp.Client.RealmID, group)
		if err == nil && len(g.Roles) > 0 {
			t.Errorf("the group still names %v", g.Roles)
		}
		return err
	})
}

// What Keycloak's console draws its dialogs from: the clients' roles that could
// be added, and those that are had in some way.
func TestOfferedRoles(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	app := w.rp.Client.ID
	role := w.newRole(admin, "/demo/roles", "wrapping")
	read := w.newRole(admin, "/demo/clients/"+app+"/roles", "zzz-read")
	w.must(204, admin, "POST", "/demo/roles/wrapping/composites", []named{read})
	group := w.must(201, admin, "POST", "/demo/groups", m{"name": "staff"}).id()
	plain := w.s.RP("demo", func(c *representation.Client) { c.FullScopeAllowed = new(false) }).Client.ID
	scope := w.s.Snapshot("demo").ScopeByName("address").ID
	w.must(204, admin, "POST", "/demo/groups/"+group+"/role-mappings/realm", []named{role})
	w.must(204, admin, "POST", "/demo/clients/"+plain+"/scope-mappings/realm", []named{role})
	w.must(204, admin, "POST", "/demo/client-scopes/"+scope+"/scope-mappings/realm", []named{role})
	w.must(204, admin, "PUT", "/demo/users/"+ada.ID+"/groups/"+group, nil)
	type offered struct{ ID, Role, Client, ClientID, Description string }
	list := func(path string) (out []offered) {
		w.must(200, admin, "GET", "/demo/ui-ext/"+path, nil).into(&out)
		return out
	}
	for _, at := range []string{"users/" + ada.ID, "groups/" + group, "roles/" + role.ID, "clients/" + plain, "clientScopes/" + scope} {
		has := false
		for _, r := range list("effective-roles/" + at) {
			has = has || r == offered{read.ID, "zzz-read", w.rp.Client.ClientID, app, ""}
		}
		if !has {
			t.Errorf("%s: %v", at, list("effective-roles/"+at))
		}
		if found := list("available-roles/" + at + "?search=ZZZ"); (len(found) == 1) == strings.HasPrefix(at, "roles/") {
			t.Errorf("%s: available %v", at, found)
		}
		if page := list("available-roles/" + at + "?search=account&first=1&max=2"); len(page) != 2 || page[0].Role != "manage-account" || page[0].Client != "account" {
			t.Errorf("%s: %v", at, page)
		}
		if all := list("available-roles/" + at); len(all) != 10 {
			t.Errorf("%s: %d at once", at, len(all))
		}
	}
	w.must(404, admin, "GET", "/demo/ui-ext/available-roles/roles/none", nil)
	type effective struct {
		ID, Name         string
		ClientRole       bool
		Client, ClientID string
	}
	for _, at := range []string{"users/" + ada.ID, "groups/" + group, "roles/" + role.ID, "clients/" + plain, "clientScopes/" + scope} {
		var all []effective
		w.must(200, admin, "GET", "/demo/ui-ext/effective-roles-all/"+at, nil).into(&all)
		first, has := slices.Index(all, effective{role.ID, "wrapping", false, "", ""}), slices.Index(all, effective{read.ID, "zzz-read", true, w.rp.Client.ClientID, app})
		if first < 0 || has < first || strings.HasPrefix(at, "clientScopes/") && len(all) != 2 {
			t.Errorf("%s: %+v", at, all)
		}
		w.must(404, admin, "GET", "/demo/ui-ext/effective-roles-all/"+at[:strings.Index(at, "/")]+"/none", nil)
	}
	var parts struct {
		RealmMappings  []named
		ClientMappings map[string]struct {
			ID, Client string
			Mappings   []struct{ ID, Name, ContainerID string }
		}
	}
	w.must(200, admin, "GET", "/demo/ui-ext/role-mappings/roles/"+role.ID, nil).into(&parts)
	if of := parts.ClientMappings[w.rp.Client.ClientID]; len(parts.RealmMappings) != 0 || of.ID != app || len(of.Mappings) != 1 ||
		of.Mappings[0].Name != "zzz-read" || of.Mappings[0].ContainerID != w.rp.Client.ClientID {
		t.Errorf("%+v", parts)
	}
	// Taken by one call; what is not there is passed over.
	w.must(204, admin, "PUT", "/demo", m{"adminEventsEnabled": true})
	w.must(204, admin, "POST", "/demo/users/"+ada.ID+"/role-mappings/realm", []named{role})
	taken := []m{{"roleId": role.ID, "roleName": "wrapping"}, {"roleId": read.ID, "roleName": "zzz-read", "clientId": app}, {"roleId": "none", "roleName": "none"}}
	for _, at := range []string{"groups/" + group, "users/" + ada.ID, "clients/" + plain, "clientScopes/" + scope, "roles/" + role.ID} {
		w.must(403, w.service("demo", "view-users", "view-clients", "view-realm"), "POST", "/demo/ui-ext/role-mapping-delete/"+at, taken)
		w.must(204, admin, "POST", "/demo/ui-ext/role-mapping-delete/"+at, taken)
		var left []effective
		w.must(200, admin, "GET", "/demo/ui-ext/effective-roles-all/"+at, nil).into(&left)
		if slices.ContainsFunc(left, func(r effective) bool {
			return r.ID == read.ID || r.ID == role.ID && r.ID != strings.TrimPrefix(at, "roles/")
		}) {
			t.Errorf("%s: left %+v", at, left)
		}
	}
	var events []m
	w.must(200, admin, "GET", "/demo/admin-events?operationTypes=DELETE", nil).into(&events)
	if len(events) != 5 {
		t.Errorf("%v", events)
	}
	w.must(403, w.service("demo", "manage-clients"), "POST", "/demo/ui-ext/role-mapping-delete/roles/"+role.ID, taken)
	// Who manages users takes no more power from others than they have.
	super := w.s.Snapshot("demo")
	power := super.RoleNamed(super.ClientByClientID("realm-management").ID, "manage-realm")
	w.must(204, admin, "POST", "/demo/users/"+ada.ID+"/role-mappings/clients/"+power.ClientID, []m{{"id": power.ID, "name": power.Name}})
	w.must(403, w.manager, "POST", "/demo/ui-ext/role-mapping-delete/users/"+ada.ID, []m{{"roleId": power.ID, "roleName": power.Name}})
	w.must(403, w.service("demo", "view-clients"), "GET", "/demo/ui-ext/effective-roles/roles/"+role.ID, nil)
}

// Roles, by users, groups and composites, and scopes that are changed are in
// the next token and in what userinfo says.
func TestMappingsReachTokens(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	mapper := func(name, provider string, config map[string]string) representation.ProtocolMapper {
		config["userinfo.token.claim"], config["access.token.claim"], config["claim.name"], config["multivalued"] = "true", "true", name, "true"
		return representation.ProtocolMapper{Name: name, Protocol: "openid-connect", ProtocolMapper: provider, Config: config}
	}
	app := w.s.RP("demo", func(c *representation.Client) {
		c.PublicClient, c.ServiceAccountsEnabled, c.FullScopeAllowed = new(false), new(true), new(false)
		c.ProtocolMappers = []representation.ProtocolMapper{mapper("told", "oidc-usermodel-realm-role-mapper", map[string]string{}),
			mapper("groups", "oidc-group-membership-mapper", map[string]string{"full.path": "true"})}
	})
	w.s.Update(func(tx *store.Tx) error { return tx.CreateUser(realm.NewServiceAccount(app.Client, tx.Now())) })
	cfg := clientcredentials.Config{ClientID: app.Client.ClientID, ClientSecret: app.Client.Secret.Reveal(), TokenURL: app.Provider.Endpoint().TokenURL,
		Scopes: []string{"openid"}}
	var account string
	said := func(what string, roles, groups string) {
		t.Helper()
		token, err := cfg.Token(app.Context())
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			Sub          string
			Told, Groups []string
		}
		info, err := app.Provider.UserInfo(app.Context(), oauth2.StaticTokenSource(token))
		if err == nil {
			err = info.Claims(&claims)
		}
		if err != nil {
			t.Fatal(err)
		}
		account = claims.Sub
		slices.Sort(claims.Told)
		if strings.Join(claims.Told, " ") != roles || strings.Join(claims.Groups, " ") != groups {
			t.Errorf("%s: roles %v, groups %v", what, claims.Told, claims.Groups)
		}
	}
	said("at first", "", "")
	outer, inner, other := w.newRole(admin, "/demo/roles", "outer"), w.newRole(admin, "/demo/roles", "inner"), w.newRole(admin, "/demo/roles", "other")
	mapped := "/demo/users/" + account + "/role-mappings/realm"
	w.must(204, admin, "POST", mapped, []named{outer})
	said("out of scope", "", "")
	scope := "/demo/clients/" + app.Client.ID + "/scope-mappings/realm"
	w.must(204, admin, "POST", scope, []named{outer, inner, other})
	said("given", "outer", "")
	w.must(204, admin, "POST", "/demo/roles/outer/composites", []named{inner})
	said("composed", "inner outer", "")
	ids := w.grow(admin, "/staff", "/staff/night")
	w.must(204, admin, "PUT", "/demo/users/"+account+"/groups/"+ids["/staff/night"], nil)
	w.must(204, admin, "POST", "/demo/groups/"+ids["/staff"]+"/role-mappings/realm", []named{other})
	said("by a group", "inner other outer", "/staff/night")
	w.must(204, admin, "PUT", "/demo/groups/"+ids["/staff"], m{"name": "people"})
	w.must(204, admin, "PUT", "/demo/roles/inner", m{"name": "core"})
	said("renamed", "core other outer", "/people/night")
	w.must(204, admin, "POST", "/demo/groups", m{"id": ids["/staff/night"], "name": "night"})
	said("moved", "core outer", "/night")
	w.must(204, admin, "DELETE", "/demo/roles/outer", nil)
	said("deleted", "", "/night")
	w.must(204, admin, "DELETE", "/demo/groups/"+ids["/staff/night"], nil)
	said("without a group", "", "")
}
