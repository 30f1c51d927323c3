package admin_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/servertest"
)

// onBoth runs a story on both databases.
func onBoth(t *testing.T, story func(*testing.T, *world)) {
	t.Run("sqlite", func(t *testing.T) { story(t, newWorld(t)) })
	t.Run("postgres", func(t *testing.T) { story(t, newWorld(t, servertest.OnPostgres(t))) })
}

// a group is moved with all below it, and never below itself; those who
// move at once leave a tree.
func TestGroupMoves(t *testing.T) { onBoth(t, testGroupMoves) }

func testGroupMoves(t *testing.T, w *world) {
	admin := w.admin()
	ids := w.grow(admin, "/a", "/a/west", "/a/west/far", "/b", "/far")
	body := func(path string) m { return m{"id": ids[path], "name": path[strings.LastIndex(path, "/")+1:]} }
	w.must(204, admin, "POST", "/demo/groups/"+ids["/b"]+"/children", body("/a/west"))
	if got := w.readNamed(admin, "/demo/groups/"+ids["/a/west/far"]); got.Path != "/b/west/far" {
		t.Error(got.Path)
	}
	if a := w.must(400, admin, "POST", "/demo/groups/"+ids["/a/west/far"]+"/children", body("/b")); !strings.Contains(a.Text, "parentId") {
		t.Error(a.Text)
	}
	w.must(409, admin, "POST", "/demo/groups", body("/a/west/far"))
	w.must(204, admin, "POST", "/demo/groups", body("/a/west"))
	if got := w.readNamed(admin, "/demo/groups/"+ids["/a/west"]); got.Path != "/west" {
		t.Error(got.Path)
	}
	for _, path := range []string{"/demo/groups", "/demo/groups/" + ids["/a"] + "/children"} {
		if a := w.must(404, admin, "POST", path, m{"id": "none", "name": "x"}); a.Text != `{"error":"Could not find child by id"}` {
			t.Error(a.Text)
		}
	}
	var wait sync.WaitGroup
	for i := range 20 {
		from, to := "/a", "/b"
		if i%2 == 0 {
			from, to = to, from
		}
		wait.Go(func() {
			a := w.rest(admin, "POST", "/demo/groups/"+ids[to]+"/children", body(from))
			b := w.rest(admin, "POST", "/demo/groups", body(from))
			if a.Status != 204 && a.Status != 400 || b.Status != 204 {
				t.Errorf("%d %s, %d %s", a.Status, a.Text, b.Status, b.Text)
			}
		})
	}
	wait.Wait()
	if got := w.names(admin, "/demo/groups?search=a"); !strings.Contains(got, "a") {
		t.Errorf("lost: %s", got)
	}
}

// Administrators who change one role, group or client at once lose nothing of
// each other's; and a role that is deleted meanwhile is given or not found.
func TestMappingsAtOnce(t *testing.T) { onBoth(t, testMappingsAtOnce) }

func testMappingsAtOnce(t *testing.T, w *world) {
	admin := w.admin()
	const n = 12
	group := w.must(201, admin, "POST", "/demo/groups", m{"name": "staff"}).id()
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	w.newRole(admin, "/demo/roles", "all")
	doomed := w.newRole(admin, "/demo/roles", "doomed")
	var roles []named
	for i := range n {
		roles = append(roles, w.newRole(admin, "/demo/roles", fmt.Sprintf("r%02d", i)))
	}
	paths := []string{"/demo/roles/all/composites", "/demo/groups/" + group + "/role-mappings/realm",
		"/demo/clients/" + w.rp.Client.ID + "/scope-mappings/realm", "/demo/users/" + ada.ID + "/role-mappings/realm"}
	var wait sync.WaitGroup
	for i, role := range roles {
		wait.Go(func() {
			for _, path := range paths {
				if a := w.rest(admin, "POST", path, []named{role}); a.Status != 204 {
					t.Errorf("%s: %d %s", path, a.Status, a.Text)
				}
				if a := w.rest(admin, "POST", path, []named{doomed}); a.Status != 204 && a.Status != 404 {
					t.Errorf("%s: %d %s", path, a.Status, a.Text)
				}
			}
			if i == n/2 {
				if a := w.rest(admin, "DELETE", "/demo/roles/doomed", nil); a.Status != 204 {
					t.Errorf("%d %s", a.Status, a.Text)
				}
			}
		})
	}
	wait.Wait()
	for _, path := range paths {
		got := w.names(admin, path)
		for _, role := range roles {
			if !strings.Contains(got, role.Name) {
				t.Errorf("%s lacks %s: %s", path, role.Name, got)
			}
		}
		if strings.Contains(got, "doomed") {
			t.Errorf("%s still has what was deleted: %s", path, got)
		}
	}
	if got := w.readNamed(admin, "/demo/groups/"+group); len(got.RealmRoles) != n {
		t.Errorf("the group has %v", got.RealmRoles)
	}
}

// A group below one that is deleted at the same time is made and deleted, or
// not made: none is left without those above it.
func TestGroupsAtOnce(t *testing.T) { onBoth(t, testGroupsAtOnce) }

func testGroupsAtOnce(t *testing.T, w *world) {
	admin := w.admin()
	for i := range 5 {
		top := w.must(201, admin, "POST", "/demo/groups", m{"name": fmt.Sprint("top", i)}).id()
		other := w.must(201, admin, "POST", "/demo/groups", m{"name": fmt.Sprint("other", i)}).id()
		var wait sync.WaitGroup
		for j := range 6 {
			wait.Go(func() {
				if a := w.rest(admin, "POST", "/demo/groups/"+top+"/children", m{"name": fmt.Sprint("child", j)}); a.Status != 201 && a.Status != 404 {
					t.Errorf("%d %s", a.Status, a.Text)
				}
			})
		}
		wait.Go(func() {
			if a := w.rest(admin, "POST", "/demo/groups/"+top+"/children", m{"id": other, "name": "other"}); a.Status != 204 && a.Status != 404 {
				t.Errorf("%d %s", a.Status, a.Text)
			}
		})
		wait.Go(func() { w.must(204, admin, "DELETE", "/demo/groups/"+top, nil) })
		wait.Wait()
	}
	var all []named
	w.must(200, admin, "GET", "/demo/groups?search=child&populateHierarchy=false", nil).into(&all)
	if len(all) > 0 {
		t.Errorf("left alone: %+v", all)
	}
	// Of twelve who make one group, one does.
	made := make(chan int, 12)
	var wait sync.WaitGroup
	for range cap(made) {
		wait.Go(func() { made <- w.rest(admin, "POST", "/demo/groups", m{"name": "same"}).Status })
	}
	wait.Wait()
	close(made)
	count := map[int]int{}
	for status := range made {
		count[status]++
	}
	if count[201] != 1 || count[409] != cap(made)-1 {
		t.Errorf("%v", count)
	}
}
