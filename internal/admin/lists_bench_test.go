package admin_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/realm"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
)

// benchRealms is how many small realms stand beside the large one.
const benchRealms = 200

// house is a server with a large realm and many small ones.
type house struct {
	*testing.B
	s     *servertest.Server
	token string
	// named are values of parameters of paths, by what stands before them.
	named map[string]string
	took  []timed
}

// timed is what an answer took at p95.
type timed struct {
	what string
	p95  time.Duration
}

func newHouse(b *testing.B, opts ...servertest.Option) *house {
	imports := []server.Import{{Name: "large.json", Files: []realm.File{servertest.LargeFile("large")}}}
	h := &house{B: b, s: servertest.Start(b, append(opts, servertest.With(func(c *server.Config) {
		c.Bootstrap, c.Imports = server.Bootstrap{Username: "admin", Password: "correct horse battery"}, imports
	}))...)}
	h.signIn()
	for i := range benchRealms {
		h.call("POST", "/admin/realms", m{"realm": fmt.Sprint("realm", i), "defaultSignatureAlgorithm": "ES256"}, http.StatusCreated)
	}
	h.s.Populate("large")
	h.signIn() // the roles of an older token are those of the realms that there were
	h.name()
	return h
}

func (h *house) signIn() {
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"correct horse battery"}}
	status, _, body := h.s.Ask("POST", "/realms/master/protocol/openid-connect/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || status != http.StatusOK {
		h.Fatalf("%d %s", status, body)
	}
	h.token = tokens.Access
}

func (h *house) call(method, path string, body any, expected int) string {
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			h.Fatal(err)
		}
		text = string(b)
	}
	status, _, answer := h.s.Ask(method, path, text, "Authorization: Bearer "+h.token, "Content-Type: application/json")
	if status != expected {
		h.Fatalf("%s %s: %d %.300s", method, path, status, answer)
	}
	return answer
}

// first is a member of the first of a list.
func (h *house) first(path, member string) string {
	var list []map[string]any
	if err := json.Unmarshal([]byte(h.call("GET", "/admin/realms/large"+path, nil, http.StatusOK)), &list); err != nil || len(list) == 0 {
		h.Fatalf("%s: nothing", path)
	}
	return fmt.Sprint(list[0][member])
}

// name finds those things of the realm that have most.
func (h *house) name() {
	client, group, scope := h.first("/clients?clientId=app0", "id"), h.first("/groups?search=group0&exact=true", "id"), h.first("/client-scopes", "id")
	user, role := h.first("/users?username=user77777&exact=true", "id"), h.first("/roles?search=role0", "id")
	h.named = map[string]string{
		"{realm}": "large", "users/{id}": user, "groups/{id}": group, "clients/{id}": client, "clients/{client}": client, "offline-sessions/{client}": client,
		"client-scopes/{id}": scope, "clientScopes/{id}": scope, "models/{mapper}": h.first("/client-scopes/"+scope+"/protocol-mappers/models", "id"),
		"protocol/{protocol}": "openid-connect", "roles/{role}": "role0", "roles/{id}": role, "roles-by-id/{roleId}": role, "config-description/{provider}": "ext-magic-form",
		"config/{config}": h.first("/authentication/flows/browser/executions", "authenticationConfig"), "executions/{id}": h.first("/authentication/flows/browser/executions", "id"),
		"flows/{alias}": "browser", "flows/{id}": h.first("/authentication/flows", "id"), "required-actions/{alias}": "VERIFY_EMAIL",
		"certificates/{attr}": "jwt.credential", "scope-mappings/{container}": "large", "providers/{provider}": "keycloak-oidc-keycloak-json",
		"components/{id}": h.first("/components", "id"), "group-by-path/{path}": "group0", "instances/{alias}": "idp7", "mappers/{id}": "none", "providers/{kind}": "oidc",
		"links/{id}": "link7", "messages/{id}": h.first("/messages?max=1", "id"), "localization/{locale}": "en", "{locale}/{key}": "none", "{kind}/{id}": "none",
		"authentication-management/{kind}": "clients", "admin/{realm}": "large",
	}
}

// place is the path of an operation with its parameters filled in.
func (h *house) place(op *operation) string {
	parts := strings.Split(op.Path, "/")
	for i, p := range strings.Split(op.Path, "/") {
		if !strings.HasPrefix(p, "{") {
			continue
		}
		before := strings.Split(op.Path, "/")[i-1]
		value, ok := h.named[before+"/"+p]
		if !ok {
			value, ok = h.named[p]
		}
		if !ok {
			h.Fatalf("%s: what is %s/%s?", op.Path, before, p)
		}
		parts[i] = value
	}
	return strings.Join(parts, "/")
}

// asked are values of the parameters of queries: of a few, of nobody, of
// everybody, and of a part that stands anywhere.
var asked = map[string][]string{
	"search": {"user5000", "nobody-has-this", "*ser5000*", "user", "app", "role50", "group50", "idp7", "app0", "192.0.2.7"}, "username": {"user5000"}, "email": {"user77@example.test"},
	"firstName": {"first77"}, "lastName": {"last77"}, "q": {"k:3"}, "idpAlias": {"idp7"}, "idpUserId": {"7"}, "createdAfter": {"2020-01-01"}, "createdBefore": {"2020-01-01"},
	"dateFrom": {"2020-01-01"}, "dateTo": {"2020-01-01"}, "direction": {"asc"}, "type": {"LOGIN", "LOGOUT", "OFFLINE"}, "client": {"app0", "app7"}, "user": {"none"}, "ipAddress": {"192.0.2.7", "none"},
	"operationTypes": {"UPDATE", "DELETE"}, "resourceTypes": {"USER", "REALM"}, "resourcePath": {"users/*", "none"}, "authRealm": {"none"}, "authClient": {"none"}, "authUser": {"none"},
	"authIpAddress": {"192.0.2.7"}, "clientId": {"app5"}, "state": {"failed", "queued"}, "kind": {"magic-link", "reset-credentials"}, "address": {"user77@example.test"},
	"scope": {"openid"}, "userId": {""}, "audience": {""}, "format": {""}, "currentRealm": {"large"}, "name": {"rsa-generated"}, "parent": {"none"}, "parentId": {"none"},
}

// asks are the queries by which an operation is measured: plain, the part at
// the end of a long list, and with each of its parameters.
func (h *house) asks(op *operation) []string {
	at := h.place(op)
	all, plain := []string{at}, at
	names := map[string]bool{}
	for _, p := range op.Parameters {
		names[p.Name] = p.In == "query"
	}
	if names["first"] {
		all = append(all, at+"?first=99900&max=100")
	}
	for _, p := range op.Parameters {
		if p.In != "query" || p.Name == "first" || p.Name == "max" || p.Name == "step" || p.Name == "dns" {
			continue
		}
		values := asked[p.Name]
		if p.Schema["type"] == "boolean" {
			values = []string{"true", "false"}
		}
		if values == nil {
			h.Fatalf("%s: nobody says what to ask by %s", op.Path, p.Name)
		}
		for _, value := range values {
			switch {
			case value == "":
			case strings.HasSuffix(op.Path, "/events/statistics") && strings.HasPrefix(p.Name, "date"):
			case strings.HasSuffix(op.Path, "/statistics") && strings.HasPrefix(p.Name, "date"):
				month := h.s.Clock.Now().UTC().AddDate(0, 0, -29).Format(time.DateOnly)
				all = append(all, plain+"?step=86400&dateFrom="+month)
			case strings.HasSuffix(op.Path, "/sub-component-types"):
				all = []string{plain + "?type=org.keycloak.keys.KeyProvider"}
			case value == "user" && names["first"]:
				all = append(all, plain+"?first=99900&max=100&search=user")
			default:
				all = append(all, plain+"?"+url.Values{p.Name: {value}}.Encode())
			}
		}
	}
	return slices.Compact(all)
}

// BenchmarkLists asks every GET of the Admin REST API's table, in each way that
// its parameters allow, of a realm with 100,000 people, sessions, mails, links
// and events, 1,000 clients, groups, roles and identity providers, beside 200
// realms, and tells p95 of a request in milliseconds. The slowest stand at the
// end.
//
//	go test ./internal/admin -run '^$' -bench BenchmarkLists -benchtime 20x
func BenchmarkLists(b *testing.B) {
	for name, opts := range map[string]func() []servertest.Option{
		"sqlite":   func() []servertest.Option { return nil },
		"postgres": func() []servertest.Option { return []servertest.Option{servertest.OnPostgres(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			h := newHouse(b, opts()...)
			_, ops := (&world{t: b, s: h.s}).specification()
			for _, op := range ops {
				if op.Method != http.MethodGet || strings.HasPrefix(op.Path, "/admin/{realm}/") { // it is asked from a browser
					continue
				}
				for _, path := range h.asks(&op) {
					h.measure(b, path)
				}
			}
			h.told(b)
		})
	}
}

// told says what took longest.
func (h *house) told(b *testing.B) {
	slices.SortFunc(h.took, func(a, b timed) int { return cmp.Compare(b.p95, a.p95) })
	var text strings.Builder
	for _, t := range h.took[:min(len(h.took), 40)] {
		fmt.Fprintf(&text, "%8.1f ms %s\n", float64(t.p95.Microseconds())/1000, t.what)
	}
	b.Logf("%d requests, the slowest at p95:\n%s", len(h.took), text.String())
}

func (h *house) measure(b *testing.B, path string) {
	name := strings.NewReplacer("/admin/realms/large/", "", "/admin/", "", "/", "|").Replace(path)
	b.Run(name, func(b *testing.B) {
		h.signIn()
		switch status, _, answer := h.s.Ask("GET", path, "", "Authorization: Bearer "+h.token); {
		case status == http.StatusOK:
		case status >= 500 && status != http.StatusNotImplemented:
			b.Fatalf("%s: %d %.300s", path, status, answer)
		default:
			b.Skipf("%s: %d", path, status) // it has nothing, or does not know the value
		}
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			h.s.Ask("GET", path, "", "Authorization: Bearer "+h.token)
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		p95 := took[len(took)*95/100]
		h.took = append(h.took, timed{path, p95})
		b.ReportMetric(float64(p95.Microseconds())/1000, "p95-ms")
		b.ReportMetric(0, "ns/op")
	})
}
