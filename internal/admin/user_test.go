package admin_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/representation"
)

// user makes a user and gives the id.
func (w *world) user(token string, body any) string {
	w.t.Helper()
	return w.must(http.StatusCreated, token, http.MethodPost, "/demo/users", body).id()
}

// The life of a user, as Keycloak's clients go through it.
func TestUserLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.user(w.manager, map[string]any{"username": "Alice", "email": "alice@example.test", "enabled": true, "firstName": "Alice",
		"lastName": "A", "attributes": map[string]any{"team": []string{"x"}}, "unknown": 1, "id": "mine"})
	path := "/demo/users/" + id
	var u representation.User
	w.must(200, w.manager, "GET", path, nil).into(&u)
	if *u.Username != "alice" || *u.Email != "alice@example.test" || u.Attributes != nil || *u.EmailVerified || !u.Access["manage"] {
		t.Errorf("read: %+v", u)
	}
	w.must(204, w.manager, "PUT", path, map[string]any{"firstName": "Alicia"})
	w.must(200, w.manager, "GET", path, nil).into(&u)
	if *u.FirstName != "Alicia" || *u.LastName != "A" || *u.Email != "alice@example.test" {
		t.Errorf("after a partial change: %+v", u)
	}
	w.must(204, w.manager, "DELETE", path, nil)
	w.must(404, w.manager, "DELETE", path, nil)
	if a := w.must(404, w.manager, "GET", path, nil); a.Text != `{"error":"User not found"}` {
		t.Errorf("gone: %s", a.Text)
	}
}

// What Keycloak says of users that cannot be made.
func TestUserRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user(w.manager, map[string]any{"username": "alice", "email": "alice@example.test"})
	for _, test := range []struct {
		body   string
		status int
		text   string
	}{
		{`{"username":"alice","email":"other@example.test"}`, 409, `{"errorMessage":"User exists with same username"}`},
		{`{"username":"alice2","email":"ALICE@example.test"}`, 409, `{"errorMessage":"User exists with same email"}`},
		{`{"email":"no@example.test"}`, 400, `{"errorMessage":"User name is missing"}`},
		{`{"username":"bad","email":"not-an-email"}`, 400, `{"field":"email","errorMessage":"error-invalid-email","params":["email","not-an-email"]}`},
		{`{"username":"x","email":"not-an-email"}`, 400, `{"errors":[`},
		{`{`, 400, `{"error":"invalid_request","error_description":"Cannot parse the JSON (line 1, after character 1): it is incomplete or malformed."}`},
		{`{"username":"bob","groups":["/nope"]}`, 400, "groups"},
		{`{"username":"bob","credentials":[{"type":"password"}]}`, 400, "credentials"},
	} {
		if a := w.rest(w.manager, "POST", "/demo/users", test.body); a.Status != test.status || !strings.HasPrefix(a.Text, test.text) && !strings.Contains(a.Text, test.text) {
			t.Errorf("%s: %d %s", test.body, a.Status, a.Text)
		}
	}
}

// Two administrators who change parts of one user at once lose nothing of each
// other's.
func TestUserChangedAtOnce(t *testing.T) { onBoth(t, testUserChangedAtOnce) }

func testUserChangedAtOnce(t *testing.T, w *world) {
	path := "/demo/users/" + w.user(w.manager, map[string]any{"username": "ada", "email": "ada@example.test"})
	var wait sync.WaitGroup
	for _, body := range []string{`{"firstName":"Ada"}`, `{"lastName":"L"}`, `{"enabled":true}`, `{"emailVerified":true}`, `{"requiredActions":["UPDATE_PROFILE"]}`} {
		wait.Go(func() {
			if a := w.rest(w.manager, "PUT", path, body); a.Status != http.StatusNoContent {
				t.Errorf("%s: %d %s", body, a.Status, a.Text)
			}
		})
	}
	wait.Wait()
	var u representation.User
	w.must(200, w.manager, "GET", path, nil).into(&u)
	if u.FirstName == nil || u.LastName == nil || !*u.Enabled || !*u.EmailVerified || len(u.RequiredActions) != 1 {
		t.Errorf("something is lost: %+v", u)
	}
}
