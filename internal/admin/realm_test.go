package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey/internal/representation"
)

func TestRealmSettings(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	w.must(204, admin, "PUT", "/demo", map[string]any{"displayName": "The shop", "ssoSessionIdleTimeout": "900", "nope": 1})
	var r representation.Realm
	w.must(200, admin, "GET", "/demo", nil).into(&r)
	if representation.Value(r.DisplayName) != "The shop" || representation.Value(r.SSOSessionIdleTimeout) != 900 {
		t.Errorf("%+v", r)
	}
	if a := w.rest(admin, "PUT", "/demo", map[string]any{"sslRequired": "sometimes"}); a.Status != 400 || !strings.Contains(a.Text, "sslRequired") {
		t.Errorf("a wrong value: %d %s", a.Status, a.Text)
	}
	if a := w.rest(admin, "PUT", "/demo", "[]"); a.Status != 400 || !strings.Contains(a.Text, "Cannot parse the JSON: ") {
		t.Errorf("no object: %d %s", a.Status, a.Text)
	}
	if a := w.rest(admin, "PUT", "/demo", "{\n\"é\":}"); a.Status != 400 || !strings.Contains(a.Text, "Cannot parse the JSON (line 2, after character 4)") {
		t.Errorf("no JSON: %d %s", a.Status, a.Text)
	}
	if a := w.rest(admin, "PUT", "/demo", nil); a.Status != 400 {
		t.Errorf("no body: %d %s", a.Status, a.Text)
	}
	if a := w.rest(admin, "PUT", "/demo", map[string]any{"realm": "master"}); a.Status != 409 {
		t.Errorf("renamed to master: %d %s", a.Status, a.Text)
	}
	w.must(204, admin, "PUT", "/demo/", map[string]any{"realm": "shop"})
	w.must(404, admin, "GET", "/demo", nil)
	admin = w.admin() // the roles of an older token are those of the old name
	var all []representation.Realm
	w.must(200, admin, "GET", "", nil).into(&all)
	if len(all) != 2 {
		t.Errorf("%d realms", len(all))
	}
}

// TestWhoMayCall: 401, then 404 for the realm, then 403.
func TestWhoMayCall(t *testing.T) {
	w := newWorld(t)
	admin, viewer := w.admin(), w.service("demo", "view-realm")
	for name, tc := range map[string]struct {
		token, method, path string
		want                int
	}{
		"nobody":                   {"", "GET", "/demo", 401},
		"nobody, no realm":         {"", "GET", "/nope", 401},
		"garbage":                  {"abc.def.ghi", "GET", "/demo", 401},
		"no realm":                 {admin, "GET", "/nope", 404},
		"no role":                  {w.nobody, "GET", "/demo", 403},
		"no role, all realms":      {w.nobody, "GET", "", 403},
		"another role":             {w.manager, "PUT", "/demo", 403},
		"another role sees little": {w.manager, "GET", "/demo", 200},
		"viewer":                   {viewer, "GET", "/demo", 200},
		"viewer changes":           {viewer, "PUT", "/demo", 403},
		"viewer of another realm":  {viewer, "GET", "/master", 403},
		"no such method":           {admin, "PATCH", "/demo", 405},
		"no such path":             {admin, "GET", "/demo/nope", 404},
	} {
		if a := w.rest(tc.token, tc.method, tc.path, nil); a.Status != tc.want {
			t.Errorf("%s: %d, expected %d: %s", name, a.Status, tc.want, a.Text)
		}
	}
	if a := w.rest(w.manager, http.MethodGet, "/demo", nil); strings.Contains(a.Text, "smtpServer") {
		t.Errorf("one who may not see the settings saw them: %s", a.Text)
	}
}

// A realm that is too large for one transaction is gone when the answer comes,
// like any other, and its name is free.
func TestDeleteLargeRealm(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	users := []map[string]any{}
	for i := range 1100 {
		users = append(users, map[string]any{"username": fmt.Sprintf("p%d", i), "enabled": true})
	}
	w.must(201, admin, "POST", "", map[string]any{"realm": "crowd", "enabled": true, "users": users})
	admin = w.admin()
	w.must(204, admin, "DELETE", "/crowd", nil)
	w.must(404, admin, "GET", "/crowd", nil)
	w.must(404, admin, "DELETE", "/crowd", nil)
	w.must(400, admin, "DELETE", "/master", nil)
	w.must(201, admin, "POST", "", map[string]any{"realm": "crowd", "enabled": true})
}
