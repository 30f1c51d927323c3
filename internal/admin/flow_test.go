package admin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
)

// tree is a flow's executions as the API lists them.
type tree []representation.ExecutionInfo

func (w *world) tree(token, realmName, alias string) (t tree) {
	w.t.Helper()
	w.must(200, token, "GET", "/"+realmName+"/authentication/flows/"+url.PathEscape(alias)+"/executions", nil).into(&t)
	return t
}

// row finds an execution by what it is called.
func (t tree) row(name string) *representation.ExecutionInfo {
	if i := slices.IndexFunc(t, func(r representation.ExecutionInfo) bool { return r.DisplayName == name }); i >= 0 {
		return &t[i]
	}
	return &representation.ExecutionInfo{}
}

// String is the tree in short.
func (t tree) String() string {
	var lines []string
	for _, r := range t {
		lines = append(lines, strings.Repeat("  ", r.Level)+r.DisplayName+" "+r.Requirement)
	}
	return strings.Join(lines, "\n")
}

// TestMagicLinkFlowByREST plays DESIGN.md's story of a flow through the API
// alone: copied, its forms replaced by the mailed link, configured, bound, and
// signed in through.
func TestMagicLinkFlowByREST(t *testing.T) {
	w := newWorld(t)
	w.s.Realm("shop", func(r *representation.Realm) { r.BrowserFlow = new("browser") })
	admin := w.admin() // of master as it is with the new realm
	const at = "/shop/authentication"
	w.must(201, admin, "POST", at+"/flows/browser/copy", m{"newName": "my link"})
	rows := w.tree(admin, "shop", "my link")
	for _, name := range []string{"my link forms", "my link Organization", "Kerberos"} {
		w.must(204, admin, "DELETE", at+"/executions/"+rows.row(name).ID, nil)
	}
	sub := w.must(201, admin, "POST", at+"/flows/my%20link/executions/flow", m{"alias": "my link page", "type": "basic-flow", "provider": "registration-page-form", "description": "The page"}).id()
	added := w.must(201, admin, "POST", at+"/flows/my%20link%20page/executions/execution", m{"provider": "ext-magic-form"})
	if !strings.Contains(added.Header.Get("Location"), "/admin/realms/shop/authentication/executions/") {
		t.Errorf("Location %s", added.Header.Get("Location"))
	}
	step := added.id()
	w.must(201, admin, "POST", at+"/executions/"+step+"/config", m{"alias": "link", "config": m{"ext-magic-create-nonexistent-user": true, "ext-magic-update-profile-action": "true", "ext-magic-token-life-span": ""}})
	rows = w.tree(admin, "shop", "my link")
	forms, magic := rows.row("my link page"), rows.row("Magic Link")
	if magic.ID != step || magic.Requirement != "DISABLED" || magic.Level != 1 || !magic.Configurable || magic.Alias != "link" || forms.FlowID != sub || !forms.AuthenticationFlow {
		t.Errorf("%+v %+v", forms, magic)
	}
	magic.Requirement = "REQUIRED"
	w.must(204, admin, "PUT", at+"/flows/my%20link/executions", magic)
	w.must(204, admin, "PUT", at+"/flows/my%20link/executions", m{"id": forms.ID, "requirement": "ALTERNATIVE"})
	want := "Cookie ALTERNATIVE\nIdentity Provider Redirector ALTERNATIVE\nmy link page ALTERNATIVE\n  Magic Link REQUIRED"
	if rows = w.tree(admin, "shop", "my link"); rows.String() != want {
		t.Errorf("the tree:\n%s", rows)
	}
	if a := w.must(200, admin, "GET", at+"/flows/my%20link/warnings", nil); a.Text != "[]" {
		t.Errorf("warned of: %s", a.Text)
	}
	w.must(204, admin, "PUT", "/shop", m{"browserFlow": "my link"})

	rp, b := w.s.RP("shop"), w.s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	page := b.Get(w.s.Mail.Wait("ada@example.test").Link).Form(0).Submit()
	if !page.Has("Tell us who you are") {
		t.Fatalf("Update profile on create is on: %s", page.Text())
	}
	page = page.FormWith("firstName").Set("firstName", "Ada").Submit()
	if mail := rp.Finish(page).Claims["email"]; mail != "ada@example.test" {
		t.Errorf("signed in as %v", mail)
	}

	// Bound to another flow, the next sign-in goes through that.
	w.must(204, admin, "PUT", "/shop", m{"browserFlow": "browser"})
	if page := rp.Start(w.s.Browser()); page.FormWith("password") == nil {
		t.Error("the flow of before is still gone through")
	}
	w.must(204, admin, "DELETE", at+"/flows/"+w.flowID(admin, "shop", "my link"), nil)
	if left := w.s.Snapshot("shop"); left.FlowByAlias("my link page") != nil || slices.ContainsFunc(left.Configs, func(c *latchkey.AuthenticatorConfig) bool { return c.Alias == "link" }) {
		t.Error("parts of a deleted flow are left")
	}
}

// flowID finds a flow of the top level by its alias.
func (w *world) flowID(token, realmName, alias string) string {
	w.t.Helper()
	var all []representation.Flow
	w.must(200, token, "GET", "/"+realmName+"/authentication/flows", nil).into(&all)
	for _, f := range all {
		if representation.Value(f.Alias) == alias {
			return *f.ID
		}
	}
	w.t.Fatalf("no flow %q", alias)
	return ""
}

// TestFlowRefusals holds the answers against what Keycloak was recorded to say.
func TestFlowRefusals(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	mine := w.must(201, admin, "POST", at+"/flows", m{"alias": "mine", "description": "d", "providerId": "basic-flow", "topLevel": true, "builtIn": false}).id()
	w.must(201, admin, "POST", at+"/flows/mine/executions/flow", m{"alias": "sub", "type": "basic-flow"})
	step := w.must(201, admin, "POST", at+"/flows/sub/executions/execution", m{"provider": "auth-cookie"}).id()
	browser := w.flowID(admin, "demo", "browser")
	cookie := w.tree(admin, "demo", "browser").row("Cookie").ID
	for name, tc := range map[string]struct {
		method, path string
		body         any
		status       int
		want         string
	}{
		"unknown flow":             {"GET", "/flows/nope", nil, 404, `{"error":"Could not find flow with id"}`},
		"executions of no flow":    {"GET", "/flows/nope/executions", nil, 404, `{"error":"Flow not found"}`},
		"taken":                    {"POST", "/flows", m{"alias": "mine"}, 409, `{"errorMessage":"Flow mine already exists"}`},
		"nameless":                 {"POST", "/flows", m{"providerId": "basic-flow"}, 409, `{"errorMessage":"Failed to create flow with empty alias name"}`},
		"an alias with a slash":    {"POST", "/flows", m{"alias": "a/b"}, 400, "Character '/' not allowed."},
		"no such kind":             {"POST", "/flows", m{"alias": "x", "providerId": "saml-flow"}, 400, "providerId"},
		"copied to a taken name":   {"POST", "/flows/browser/copy", m{"newName": "mine"}, 409, `{"errorMessage":"New flow alias name already exists"}`},
		"no flow copied":           {"POST", "/flows/nope/copy", m{"newName": "x"}, 404, `{"error":"Flow not found"}`},
		"built-in deleted":         {"DELETE", "/flows/" + browser, nil, 400, `{"error":"Can't delete built in flow"}`},
		"built-in renamed":         {"PUT", "/flows/" + browser, m{"alias": "other"}, 400, "built in flow"},
		"renamed to a taken name":  {"PUT", "/flows/" + mine, m{"alias": "browser"}, 409, `{"errorMessage":"Flow alias name already exists"}`},
		"step added to a built-in": {"POST", "/flows/browser/executions/execution", m{"provider": "ext-magic-form"}, 400, `{"error":"It is illegal to add execution to a built in flow"}`},
		"flow added to a built-in": {"POST", "/flows/magic%20link/executions/flow", m{"alias": "x", "type": "basic-flow"}, 400, `{"error":"It is illegal to add sub-flow to a built in flow"}`},
		"taken sub-flow":           {"POST", "/flows/mine/executions/flow", m{"alias": "sub", "type": "basic-flow"}, 409, `{"errorMessage":"New flow alias name already exists"}`},
		"no such provider":         {"POST", "/flows/mine/executions/execution", m{"provider": "nope"}, 400, `{"error":"No authentication provider found for id: nope"}`},
		"not built":                {"POST", "/flows/mine/executions/execution", m{"provider": "webauthn-authenticator"}, 400, "is not built"},
		"a part of a form":         {"POST", "/flows/mine/executions/execution", m{"provider": "registration-user-creation"}, 400, "No authentication provider found"},
		"a page as a step":         {"POST", "/flows/mine/executions/execution", m{"provider": "registration-page-form"}, 400, "No authentication provider found"},
		"no flow to add to":        {"POST", "/flows/nope/executions/execution", m{"provider": "auth-cookie"}, 400, "Parent flow doesn't exist"},
		"no requirement":           {"PUT", "/flows/mine/executions", m{"id": step, "requirement": "FOO"}, 400, "requirement"},
		"no execution changed":     {"PUT", "/flows/mine/executions", m{"id": "nope", "requirement": "DISABLED"}, 404, `{"error":"Illegal execution"}`},
		"no execution deleted":     {"DELETE", "/executions/nope", nil, 404, `{"error":"Illegal execution"}`},
		"step of a built-in":       {"DELETE", "/executions/" + cookie, nil, 400, `{"error":"It is illegal to remove execution from a built in flow"}`},
		"moved in a built-in":      {"POST", "/executions/" + cookie + "/lower-priority", m{}, 400, `{"error":"It is illegal to modify execution in a built in flow"}`},
		"priority in a built-in":   {"PUT", "/flows/browser/executions", m{"id": cookie, "priority": 99}, 400, "built in flow"},
		"blank config":             {"POST", "/executions/" + step + "/config", m{"alias": "", "config": m{}}, 409, `{"errorMessage":"Failed to create authentication execution configuration with empty alias name"}`},
		"config of no step":        {"POST", "/executions/nope/config", m{"alias": "x"}, 404, "Illegal execution"},
		"no config":                {"GET", "/config/nope", nil, 404, `{"error":"Could not find authenticator config"}`},
		"no description":           {"GET", "/config-description/nope", nil, 404, `{"error":"Could not find authenticator provider"}`},
		"below itself":             {"POST", "/executions", m{"parentFlow": "SUB", "authenticatorFlow": true, "flowAlias": "mine"}, 400, "flowId"},
		"no parent":                {"POST", "/executions", m{"authenticator": "auth-cookie"}, 400, "parent flow not set on new execution"},
		"unknown parent":           {"POST", "/executions", m{"authenticator": "auth-cookie", "parentFlow": "nope"}, 400, "execution parent flow does not exist"},
		"no required action":       {"GET", "/required-actions/nope", nil, 404, `{"error":"Failed to find required action"}`},
		"no such action":           {"POST", "/register-required-action", m{"providerId": "nope", "name": "n"}, 400, "Required Action Provider with given providerId not found"},
		"registered already":       {"POST", "/register-required-action", m{"providerId": "VERIFY_EMAIL"}, 409, "VERIFY_EMAIL"},
		"action without options":   {"GET", "/required-actions/webauthn-register/config", nil, 400, "RequiredAction is not configurable"},
		"realm bound to no flow":   {"PUT", "/..", m{"browserFlow": "nope"}, 400, "browserFlow"},
		"realm bound to a part":    {"PUT", "/..", m{"browserFlow": "sub"}, 400, "browserFlow"},
	} {
		path := at + tc.path
		if tc.path == "/.." {
			path = "/demo"
		}
		if body, ok := tc.body.(m); ok && body["parentFlow"] == "SUB" {
			body["parentFlow"] = w.s.Snapshot("demo").FlowByAlias("sub").ID
		}
		if a := w.rest(admin, tc.method, path, tc.body); a.Status != tc.status || !strings.Contains(a.Text, tc.want) {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	w.must(204, admin, "PUT", "/demo", m{"browserFlow": "mine"})
	if a := w.rest(admin, "DELETE", at+"/flows/"+mine, nil); a.Status != 400 || !strings.Contains(a.Text, "in use: by the realm's browserFlow") {
		t.Errorf("a bound flow was deleted: %d %s", a.Status, a.Text)
	}
	// What names the flow by its alias follows it.
	w.must(204, admin, "PUT", at+"/flows/"+mine, m{"alias": "ours"})
	if snap := w.s.Snapshot("demo"); snap.Realm.BrowserFlow != "ours" || snap.Flow(mine).Description != "d" {
		t.Errorf("renamed: %q %+v", snap.Realm.BrowserFlow, snap.Flow(mine))
	}
}
