package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// specification is what the tests read of the API's description.
type specification struct {
	OpenAPI string
	Paths   map[string]map[string]json.RawMessage
	all     map[string]any
}

// operation is one call of the API, as it is described.
type operation struct {
	Method, Path string
	OperationID  string
	Summary      string
	Roles        []string `json:"x-roles"`
	Anybody      bool     `json:"x-anybody"`
	Parameters   []struct {
		Name, In string
		Schema   map[string]any
	}
	RequestBody *struct {
		Content map[string]struct{ Schema map[string]any }
	}
	Responses map[string]any
}

func (w *world) specification() (s specification, ops []operation) {
	w.t.Helper()
	status, _, body := w.s.Ask("GET", "/admin/openapi.json", "")
	if status != http.StatusOK {
		w.t.Fatalf("%d %s", status, body)
	}
	for _, v := range []any{&s, &s.all} {
		if err := json.Unmarshal([]byte(body), v); err != nil {
			w.t.Fatal(err)
		}
	}
	for path, methods := range s.Paths {
		for method, text := range methods {
			if method == "parameters" {
				continue
			}
			op := operation{Method: strings.ToUpper(method), Path: path}
			if err := json.Unmarshal(text, &op); err != nil {
				w.t.Fatalf("%s %s: %v", method, path, err)
			}
			ops = append(ops, op)
		}
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return s, ops
}

// The description is whole: every reference leads somewhere, every operation
// has a name of its own and says what it is for.
func TestSpecification(t *testing.T) {
	w := newWorld(t)
	s, ops := w.specification()
	if s.OpenAPI != "3.1.0" || len(ops) < 30 {
		t.Fatalf("%s with %d operations", s.OpenAPI, len(ops))
	}
	ids := map[string]string{}
	for _, op := range ops {
		at := op.Method + " " + op.Path
		if other := ids[op.OperationID]; other != "" || op.OperationID == "" {
			t.Errorf("%s and %s are both called %q", at, other, op.OperationID)
		}
		ids[op.OperationID] = at
		if (len(op.Roles) > 0) == op.Anybody {
			t.Errorf("%s: who may call it? roles %v, anybody %v", at, op.Roles, op.Anybody)
		}
		if op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
			t.Errorf("%s: summary %q", at, op.Summary)
		}
		for _, p := range op.Parameters {
			if p.Name == "" || p.In != "query" || p.Schema["type"] == nil {
				t.Errorf("%s: parameter %+v", at, p)
			}
		}
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && s.find(ref) == nil {
				t.Errorf("%s: %s leads nowhere", at, ref)
			}
			for k, inner := range v {
				walk(at+"/"+k, inner)
			}
		case []any:
			for i, inner := range v {
				walk(fmt.Sprint(at, "/", i), inner)
			}
		}
	}
	walk("", s.all)
	for _, op := range ops {
		if strings.HasSuffix(op.Path, "/upload-certificate") && op.RequestBody.Content["multipart/form-data"].Schema == nil {
			t.Errorf("a key is given in a form: %+v", op.RequestBody)
		}
	}
	user, _ := s.find("#/components/schemas/UserRepresentation").(map[string]any)
	if properties, _ := user["properties"].(map[string]any); properties["username"] == nil {
		t.Errorf("users: %v", user)
	}
}

func (s *specification) find(ref string) any {
	var at any = s.all
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[part]
	}
	return at
}

// destroys are the operations that would end the walk: they are tried by
// tests of their own.
var destroys = []string{"DELETE /admin/realms/{realm}", "POST /admin/realms/{realm}/logout-all"}

// fill puts a value that names nothing into each parameter of a path but the
// realm's.
func (op *operation) fill(realmName string) string {
	parts := strings.Split(strings.Replace(op.Path, "{realm}", realmName, 1), "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = "none"
		}
	}
	return strings.Join(parts, "/")
}

// call sends the operation with a token and an empty object where it takes a
// body.
func (op *operation) call(w *world, realmName, token string) (int, string) {
	headers, body := []string{}, ""
	if token != "" {
		headers = append(headers, "Authorization: Bearer "+token)
	}
	if op.RequestBody != nil {
		for kind := range op.RequestBody.Content {
			headers, body = append(headers, "Content-Type: "+kind), "{}"
		}
	}
	status, _, answer := w.s.Ask(op.Method, op.fill(realmName), body, headers...)
	return status, answer
}

// Every call asks for a token first, then for the realm, then for a role: it
// is let through with each of the roles that are named for it, and with none
// of the others.
func TestPermissions(t *testing.T) {
	w := newWorld(t)
	w.s.Realm("other")
	foreign := w.service("other", "realm-admin")
	master := w.admin()
	single := map[string]string{}
	for _, role := range []string{"view-realm", "manage-realm", "view-users", "manage-users", "query-users", "view-clients", "manage-clients", "query-clients",
		"create-client", "query-groups", "query-realms", "view-events", "manage-events", "view-identity-providers", "manage-identity-providers",
		"view-authorization", "manage-authorization", "impersonation"} {
		single[role] = w.service("demo", role)
	}
	_, ops := w.specification()
	expect := func(op *operation, who string, status int, answer string, let bool) {
		t.Helper()
		if status >= 500 && status != http.StatusNotImplemented || (status != http.StatusUnauthorized && status != http.StatusForbidden) != let {
			t.Errorf("%s %s by %s: %d %s", op.Method, op.Path, who, status, answer)
		}
	}
	for _, op := range ops {
		if !strings.Contains(op.Path, "{realm}") || strings.Contains(op.Path, "/console/") || slices.Contains(destroys, op.Method+" "+op.Path) {
			continue
		}
		if status, answer := op.call(w, "demo", ""); status != http.StatusUnauthorized {
			t.Errorf("%s %s without a token: %d %s", op.Method, op.Path, status, answer)
		}
		if status, answer := op.call(w, "nope", master); status != http.StatusNotFound {
			t.Errorf("%s %s of no realm: %d %s", op.Method, op.Path, status, answer)
		}
		if op.Anybody {
			continue // the handler decides by what is asked for; its own test says how
		}
		status, answer := op.call(w, "demo", w.nobody)
		expect(&op, "nobody", status, answer, false)
		status, answer = op.call(w, "demo", foreign)
		expect(&op, "another realm's administrator", status, answer, false)
		status, answer = op.call(w, "demo", master)
		expect(&op, "the server's administrator", status, answer, true)
		for role, token := range single {
			if len(op.Roles) == 0 {
				break // any administrative role, or the handler decides by the object
			}
			status, answer := op.call(w, "demo", token)
			expect(&op, role, status, answer, slices.Contains(op.Roles, role))
		}
	}
}
