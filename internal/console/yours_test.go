package console_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"latchkey"
)

// What one stands on oneself is said to be one's own before it goes; what stays
// is not offered to be deleted.
func TestYours(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	other := w.open("users?search=ada").Click("Delete")
	lacks(t, other, "your own account")
	w.of = "master"
	p := w.open("users?search=" + root)
	for _, act := range []string{"Delete", "Disable"} {
		has(t, p.Click(act), "This is your own account: you lose access")
	}
	me := p.Click(root)
	has(t, w.b.Get(strings.Replace(me.URL.String(), "/settings", "/sign-out", 1)), "This is your own account")
	for _, l := range w.open("sessions").Links() {
		if strings.Contains(l, "/end?") {
			has(t, w.b.Get(l), "This is your own account")
		}
	}
	console := w.open("clients?search=" + latchkey.ClientAdminConsole)
	has(t, console.Click("Delete"), "This client is the console")
	lacks(t, w.open("realm-settings/general"), "Delete realm")
	if l := w.open("roles?search=default-roles").Link("Delete"); l != "" {
		t.Errorf("the default role can be deleted: %s", l)
	}
}

// A list says of how many it shows a page, and leads to its end.
func TestListEnd(t *testing.T) {
	w := newWorld(t)
	for i := range 70 {
		w.s.AddUser("demo", fmt.Sprintf("p%02d@example.test", i), "", nil)
	}
	p := w.open("users?search=p")
	has(t, p, "1–30 of 70", "Last")
	lacks(t, p, "First")
	p = p.Click("Last")
	has(t, p, "61–70 of 70", "First", "p69@example.test")
	has(t, p.Click("First"), "1–30 of 70")
}

// An import of many shows what it did in sums, and a hundred of the things.
func TestImportOfMany(t *testing.T) {
	w := newWorld(t)
	var users []map[string]any
	for i := range 300 {
		users = append(users, map[string]any{"username": fmt.Sprintf("p%03d", i)})
	}
	file, err := json.Marshal(map[string]any{"users": append(users, map[string]any{"username": "p000"})[:300]})
	if err != nil {
		t.Fatal(err)
	}
	w.s.AddUser("demo", "p250", "", nil)
	p := w.open("import-export/import").FormWith("file").Set("file", string(file)).Set("ifResourceExists", "SKIP").Submit()
	has(t, p, "299 added, 0 overwritten, 1 skipped.", "200 more", "p250", "p000")
	lacks(t, p, "p299")
	if i, j := strings.Index(p.Text(), "p250"), strings.Index(p.Text(), "p000"); i > j {
		t.Error("what was not added does not come first")
	}
}

// The path of a group is shown by the names of groups.
func TestGroupPathShown(t *testing.T) {
	w := newWorld(t)
	u := w.s.AddUser("demo", "ada@example.test", "", nil)
	w.open("groups/new").FormWith("name").Set("name", "day/night").Submit()
	for _, path := range []string{"users/" + u.ID + "/groups/join", "users/add-user"} {
		p := w.open(path)
		has(t, p, "/day/night")
		lacks(t, p, "~")
	}
}
