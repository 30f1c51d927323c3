package admin_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// drawing makes requests of the API's description: right ones, and ones that
// are wrong in every way that comes to mind.
type drawing struct {
	r *rand.Rand
	s *specification
	// known are ids and names of what is there, so that some requests get far.
	known []string
}

// odd are values that a stranger may send in place of a text.
var odd = []any{nil, true, false, 0, -1, 1.5, 1e300, -1 << 62, "", " ", "\u0000", "\u202e", "**********", "${x}", "true", "12", "none", "demo", "master",
	"' OR 1=1 --", "../../etc/passwd", "https://user:pw@example.test/#x", "http://[::1", strings.Repeat("a", 3000), "a\nb: c", "äöü@例え.test",
	[]any{}, []any{nil}, []any{"a", 1, nil}, map[string]any{}, map[string]any{"": ""}, map[string]any{"a": map[string]any{"b": []any{nil}}}}

func (d *drawing) pick(all []any) any { return all[d.r.IntN(len(all))] }

// value draws a value of a schema; bad says how often in a hundred it is of
// another.
func (d *drawing) value(schema map[string]any, bad, depth int) any {
	if d.r.IntN(100) < bad || depth > 4 {
		return d.pick(odd)
	}
	if ref, ok := schema["$ref"].(string); ok {
		schema, _ = d.s.find(ref).(map[string]any)
	}
	switch schema["type"] {
	case "object":
		return d.members(schema, bad, depth)
	case "array":
		list := []any{}
		items, _ := schema["items"].(map[string]any)
		for range d.r.IntN(3) {
			list = append(list, d.value(items, bad, depth+1))
		}
		return list
	case "boolean":
		return d.r.IntN(2) == 0
	case "integer":
		return d.r.IntN(1000)
	case "number":
		return d.r.Float64()
	case "string":
		return d.text()
	}
	return d.pick(odd)
}

func (d *drawing) members(schema map[string]any, bad, depth int) any {
	out := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if d.r.IntN(3) == 0 {
			inner, _ := properties[name].(map[string]any)
			out[name] = d.value(inner, bad, depth+1)
		}
	}
	if inner, ok := schema["additionalProperties"].(map[string]any); ok {
		for range d.r.IntN(3) {
			out[d.text()] = d.value(inner, bad, depth+1)
		}
	}
	return out
}

func (d *drawing) text() string {
	if d.r.IntN(3) == 0 {
		return d.known[d.r.IntN(len(d.known))]
	}
	letters := []string{"a", "b", "-", " ", ".", "1", "ü", "/", "%", "\"", "<", "@example.test"}
	var b strings.Builder
	for range 1 + d.r.IntN(6) {
		b.WriteString(letters[d.r.IntN(len(letters))])
	}
	return b.String()
}

// path fills in the parameters of a path.
func (d *drawing) path(op *operation, realmName string) string {
	parts := strings.Split(strings.Replace(op.Path, "{realm}", realmName, 1), "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = url.PathEscape(d.text())
		}
	}
	at, query := strings.Join(parts, "/"), url.Values{}
	for _, p := range op.Parameters {
		for range d.r.IntN(3) {
			value := d.text()
			if one, ok := d.pick(odd).(string); ok && d.r.IntN(3) == 0 {
				value = one
			}
			if d.r.IntN(2) == 0 {
				value = []string{"0", "1", "-1", "true", "99999999999999999999"}[d.r.IntN(5)]
			}
			query.Add(p.Name, value)
		}
	}
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	return at
}

// body draws a body of the kind that the operation takes, or of another.
func (d *drawing) body(op *operation, bad int) (kind, body string) {
	if op.RequestBody == nil {
		if d.r.IntN(4) == 0 {
			return "application/json", "{}"
		}
		return "", ""
	}
	for kind, content := range op.RequestBody.Content {
		if kind != "application/json" {
			return kind, d.text()
		}
		text, err := json.Marshal(d.value(content.Schema, bad, 0))
		if err != nil {
			panic(err) // what is drawn encodes
		}
		if bad > 0 && d.r.IntN(20) == 0 {
			text = text[:d.r.IntN(len(text)+1)]
		}
		return kind, string(text)
	}
	return "", ""
}

// restore gives a realm back the name and the state that it had.
func (w *world) restore(was *latchkey.Realm) {
	w.s.Update(func(tx *store.Tx) error {
		now, err := tx.Realm(was.ID)
		if err != nil {
			return err
		}
		now.Name, now.Enabled = was.Name, true
		if err := tx.UpdateRealm(now); err != nil {
			return err
		}
		return tx.BumpRealm(was.ID)
	})
	w.s.Settle(was.Name)
}

// whatever is sent to any call of the API, by an administrator, it is
// no fault of the server's.
func TestHostileRequests(t *testing.T) {
	w := newWorld(t)
	s, ops := w.specification()
	admin := w.admin()
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	snap := w.s.Snapshot("demo")
	d := &drawing{r: rand.New(rand.NewPCG(20261125, 5)), s: &s, known: []string{"ada@example.test", ada.ID, "browser", "magic link", "admin-cli", "account",
		"offline_access", "default-roles-demo", "email", "profile", "VERIFY_EMAIL", "ext-magic-form", "auth-cookie", "openid-connect", "REQUIRED", "oidc",
		snap.Clients[0].ID, snap.Scopes[0].ID, snap.Roles[0].ID, snap.Roles[0].Name, snap.Flows[0].ID, snap.Flows[0].Executions[0].ID, snap.Realm.ID}}
	rounds := 12
	for round := range rounds {
		for _, op := range ops {
			if slices.Contains(destroys, op.Method+" "+op.Path) || op.Path == "/admin/realms" && op.Method == "POST" && round > 1 {
				continue
			}
			kind, body := d.body(&op, []int{0, 5, 40}[round%3])
			headers := []string{"Authorization: Bearer " + admin}
			if kind != "" {
				headers = append(headers, "Content-Type: "+kind)
			}
			at := d.path(&op, "demo")
			status, _, answer := w.s.Ask(op.Method, at, body, headers...)
			if status >= 500 && status != http.StatusNotImplemented {
				t.Errorf("%s %s: %d %s\n%s", op.Method, at, status, answer, body)
			}
			if status == http.StatusUnauthorized {
				admin = w.admin() // what was drawn may have taken it away
			}
			if strings.Contains(answer, "Realm not found.") || strings.Contains(body, `"enabled":false`) {
				w.restore(snap.Realm)
			}
		}
	}
}
