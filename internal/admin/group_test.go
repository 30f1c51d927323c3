package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

func TestGroups(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.recording(admin, "demo")
	made := w.must(201, admin, "POST", "/demo/groups/", m{"name": "staff", "attributes": m{"site": "Köln"}, "realmRoles": []string{"offline_access"}})
	staff := made.id()
	if !strings.HasSuffix(made.Header.Get("Location"), "/admin/realms/demo/groups/"+staff) || made.Text != "" {
		t.Errorf("%s %s", made.Header.Get("Location"), made.Text)
	}
	if a := w.must(409, admin, "POST", "/demo/groups", m{"name": "staff"}); a.Text != `{"errorMessage":"Top level group named 'staff' already exists."}` {
		t.Error(a.Text)
	}
	for _, body := range []any{m{}, m{"name": " "}} {
		if a := w.must(400, admin, "POST", "/demo/groups", body); a.Text != `{"errorMessage":"Group name is missing"}` {
			t.Error(a.Text)
		}
	}
	w.must(400, admin, "POST", "/demo/groups", m{"name": strings.Repeat("n", 300)})
	child := w.must(201, admin, "POST", "/demo/groups/"+staff+"/children", m{"name": "night/shift"})
	var night named
	child.into(&night)
	if night.Path != "/staff/night~/shift" || night.ParentID != staff || night.ID != child.id() || !night.Access["manage"] {
		t.Errorf("%+v", night)
	}
	if a := w.must(409, admin, "POST", "/demo/groups/"+staff+"/children", m{"name": "night/shift"}); a.Text != `{"errorMessage":"Sibling group named 'night/shift' already exists."}` {
		t.Error(a.Text)
	}
	w.must(404, admin, "POST", "/demo/groups/none/children", m{"name": "x"})
	got := w.readNamed(admin, "/demo/groups/"+staff)
	if got.Path != "/staff" || *got.SubGroupCount != 1 || got.SubGroups == nil || len(got.RealmRoles) > 0 || got.Attributes["site"][0] != "Köln" || got.ParentID != "" {
		t.Errorf("%+v", got)
	}
	if got := w.readNamed(admin, "/demo/group-by-path/staff/night~/shift"); got.ID != night.ID {
		t.Errorf("%+v", got)
	}
	if a := w.must(404, admin, "GET", "/demo/group-by-path/staff/none", nil); a.Text != `{"error":"Group path does not exist"}` {
		t.Error(a.Text)
	}
	// A change is of what is given.
	w.must(204, admin, "PUT", "/demo/groups/"+staff, m{"name": "people"})
	w.must(400, admin, "PUT", "/demo/groups/"+staff, m{"description": "nameless"})
	w.must(204, admin, "PUT", "/demo/groups/"+staff, m{"name": "people", "attributes": m{}, "description": "All"})
	if got = w.readNamed(admin, "/demo/groups/"+staff); got.Name != "people" || len(got.Attributes) > 0 || got.Description != "All" {
		t.Errorf("%+v", got)
	}
	w.must(501, admin, "GET", "/demo/groups/"+staff+"/management/permissions", nil)
	// What is deleted goes with all below it.
	w.must(204, admin, "PUT", "/demo/default-groups/"+night.ID, nil)
	w.must(204, admin, "DELETE", "/demo/groups/"+staff, nil)
	for _, id := range []string{staff, night.ID} {
		if a := w.must(404, admin, "GET", "/demo/groups/"+id, nil); a.Text != `{"error":"Could not find group by id"}` {
			t.Error(a.Text)
		}
	}
	if len(w.s.Snapshot("demo").Realm.DefaultGroups) > 0 {
		t.Error("the deleted group is still a default one")
	}
	events := strings.Join(w.recorded(admin, "demo"), "\n")
	for _, want := range []string{"CREATE GROUP groups/" + staff, "CREATE GROUP groups/" + staff + "/children", "UPDATE GROUP groups/" + staff,
		"CREATE GROUP default-groups/" + night.ID, "DELETE GROUP groups/" + staff} {
		if !strings.Contains(events, want) {
			t.Errorf("no %s in\n%s", want, events)
		}
	}
}

// grow makes groups by their paths, those above first, and gives their ids.
func (w *world) grow(token string, paths ...string) map[string]string {
	w.t.Helper()
	ids := map[string]string{}
	for _, path := range paths {
		above, name := path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/")+1:]
		at := "/demo/groups"
		if above != "" {
			at += "/" + ids[above] + "/children"
		}
		ids[path] = w.must(201, token, "POST", at, m{"name": name, "attributes": m{"kind": []string{name, "all of them"}}}).id()
	}
	return ids
}

func TestGroupLists(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	ids := w.grow(admin, "/b", "/a", "/a/west", "/a/west/north west", "/a/east", "/b/west", "/c")
	for path, want := range map[string]string{
		"":                                       "a b c",
		"?first=1&max=1":                         "b",
		"?max=0":                                 "",
		"?search=WEST":                           "a(west(north west)) b(west)",
		"?search=west&exact=true":                "a(west) b(west)",
		"?search=west&max=1":                     "a(west(north west))",
		"?search=west&populateHierarchy=false":   "north west west west",
		"?q=kind:east":                           "a(east)",
		"?q=kind:%22all%20of%20them%22%20kind:c": "c",
		"?q=kind:none":                           "",
		"?search=100%25":                         "",
	} {
		if got := w.names(admin, "/demo/groups"+path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	var list []named
	w.must(200, admin, "GET", "/demo/groups", nil).into(&list)
	if *list[0].SubGroupCount != 2 || list[0].Attributes != nil || list[0].SubGroups == nil || !list[0].Access["manageMembership"] {
		t.Errorf("brief: %+v", list[0])
	}
	list = nil
	w.must(200, admin, "GET", "/demo/groups?briefRepresentation=false&subGroupsCount=false", nil).into(&list)
	if list[0].SubGroupCount != nil || len(list[0].Attributes["kind"]) != 2 {
		t.Errorf("full: %+v", list[0])
	}
	for path, want := range map[string]string{"": "east west", "?first=1": "west", "?search=EAS": "east", "?search=eas&exact=true": "", "?max=1": "east"} {
		if got := w.names(admin, "/demo/groups/"+ids["/a"]+"/children"+path); got != want {
			t.Errorf("children%s: %s", path, got)
		}
	}
	for query, want := range map[string]string{"": "7", "?top=true": "3", "?search=west": "3", "?top=false": "7"} {
		if a := w.must(200, admin, "GET", "/demo/groups/count"+query, nil); a.Text != `{"count":`+want+`}` {
			t.Errorf("%s: %s", query, a.Text)
		}
	}
	// Who may only list groups sees none, as in Keycloak.
	lister := w.service("demo", "query-groups")
	if got := w.names(lister, "/demo/groups"); got != "" {
		t.Errorf("%s", got)
	}
	w.must(403, lister, "GET", "/demo/groups/"+ids["/a"], nil)
	w.must(400, admin, "GET", "/demo/groups?max=x", nil)
}

func TestDefaultGroupsAndMembers(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	ids := w.grow(admin, "/staff", "/staff/night")
	w.must(204, admin, "PUT", "/demo/default-groups/"+ids["/staff/night"], nil)
	w.must(204, admin, "PUT", "/demo/default-groups/"+ids["/staff/night"], nil)
	if a := w.must(404, admin, "PUT", "/demo/default-groups/none", nil); a.Text != `{"error":"Group not found"}` {
		t.Error(a.Text)
	}
	var list []named
	w.must(200, admin, "GET", "/demo/default-groups", nil).into(&list)
	if len(list) != 1 || list[0].Path != "/staff/night" {
		t.Errorf("%+v", list)
	}
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		for i := range 5 {
			u := &latchkey.User{RealmID: snap.Realm.ID, Username: fmt.Sprint("user", i), Enabled: true, CreatedAt: tx.Now()}
			if err := tx.CreateUser(u); err != nil {
				return err
			}
			if err := tx.JoinGroup(u.RealmID, u.ID, ids["/staff/night"]); err != nil {
				return err
			}
		}
		return nil
	})
	var members []struct {
		Username string
		Access   map[string]bool
	}
	w.must(200, admin, "GET", "/demo/groups/"+ids["/staff/night"]+"/members?first=3", nil).into(&members)
	if len(members) != 2 || members[0].Username != "user3" || members[0].Access != nil {
		t.Errorf("%+v", members)
	}
	w.must(200, admin, "GET", "/demo/groups/"+ids["/staff"]+"/members", nil).into(&members)
	if len(members) != 0 {
		t.Errorf("those below are no members: %+v", members)
	}
	w.must(200, admin, "GET", "/demo/groups/"+ids["/staff"]+"/members?includeSubGroups=true&first=1&max=3", nil).into(&members)
	if len(members) != 3 || members[0].Username != "user1" {
		t.Errorf("%+v", members)
	}
	w.must(404, admin, "GET", "/demo/groups/none/members", nil)
	w.must(204, admin, "DELETE", "/demo/default-groups/"+ids["/staff/night"], nil)
	if got := w.names(admin, "/demo/default-groups"); got != "" {
		t.Error(got)
	}
}
