package admin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func TestExecutionsAreArranged(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	flow := w.must(201, admin, "POST", at+"/flows", m{"alias": "mine", "id": "chosen-id"}).id()
	if flow != "chosen-id" {
		t.Errorf("the id that was asked for became %s", flow)
	}
	add := func(provider string) string {
		return w.must(201, admin, "POST", at+"/flows/mine/executions/execution", m{"provider": provider}).id()
	}
	cookie, form, magic := add("auth-cookie"), add("auth-username-password-form"), add("ext-magic-form")
	rows := func() string { return w.tree(admin, "demo", "mine").String() }
	// A step that can only be required is.
	if got := rows(); got != "Cookie DISABLED\nUsername Password Form REQUIRED\nMagic Link DISABLED" {
		t.Errorf("added:\n%s", got)
	}
	w.must(204, admin, "POST", at+"/executions/"+magic+"/raise-priority", m{})
	w.must(204, admin, "POST", at+"/executions/"+magic+"/raise-priority", nil)
	w.must(204, admin, "POST", at+"/executions/"+magic+"/raise-priority", m{}) // at the edge
	w.must(204, admin, "POST", at+"/executions/"+cookie+"/lower-priority", m{})
	if got := rows(); got != "Magic Link DISABLED\nUsername Password Form REQUIRED\nCookie DISABLED" {
		t.Errorf("moved:\n%s", got)
	}
	w.must(204, admin, "PUT", at+"/flows/mine/executions", m{"id": magic, "requirement": "ALTERNATIVE", "priority": 90})
	if got := rows(); got != "Username Password Form REQUIRED\nCookie DISABLED\nMagic Link ALTERNATIVE" {
		t.Errorf("by priority:\n%s", got)
	}
	// What Keycloak lets be arranged is arranged, and said.
	a := w.must(204, admin, "PUT", at+"/flows/mine/executions", m{"id": form, "requirement": "CONDITIONAL"})
	if !strings.Contains(strings.Join(a.Header.Values("Warning"), " "), "never run") {
		t.Errorf("no warning: %v", a.Header)
	}
	var warnings []struct {
		ExecutionID, Warning string
		Nobody               bool
	}
	w.must(200, admin, "GET", at+"/flows/mine/warnings", nil).into(&warnings)
	if len(warnings) != 3 || !warnings[0].Nobody || warnings[1].ExecutionID != form && warnings[2].ExecutionID != form {
		t.Errorf("%+v", warnings)
	}
	// Priorities that were equal, as an import may have them, differ afterwards.
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f := *snap.FlowByAlias("mine")
		f.Executions = slices.Clone(f.Executions)
		for i := range f.Executions {
			f.Executions[i].Priority = 0
		}
		return tx.UpdateFlow(&f)
	})
	before := w.tree(admin, "demo", "mine")
	w.must(204, admin, "POST", at+"/executions/"+before[0].ID+"/lower-priority", m{})
	if after := w.tree(admin, "demo", "mine"); after[0].ID != before[1].ID || after[1].ID != before[0].ID {
		t.Errorf("moved among equals:\n%s", after)
	}
	whole := w.must(201, admin, "POST", at+"/executions", m{"authenticator": "auth-otp-form", "parentFlow": flow, "requirement": "ALTERNATIVE"}).id()
	var e representation.Execution
	w.must(200, admin, "GET", at+"/executions/"+whole, nil).into(&e)
	if representation.Value(e.Requirement) != "ALTERNATIVE" || representation.Value(e.ParentFlow) != flow {
		t.Errorf("%+v", e)
	}
	// A sub-flow is renamed by its row, and goes with its flow.
	sub := w.must(201, admin, "POST", at+"/flows/mine/executions/flow", m{"alias": "below", "type": "form-flow", "provider": "registration-page-form", "priority": 3}).id()
	row := w.tree(admin, "demo", "mine").row("below")
	if row.Priority != 3 || row.ProviderID != "registration-page-form" || !slices.Equal(row.RequirementChoices, []string{"REQUIRED", "DISABLED"}) {
		t.Errorf("%+v", row)
	}
	row.DisplayName, row.Description = "deeper", "where it is"
	w.must(204, admin, "PUT", at+"/flows/mine/executions", row)
	w.must(201, admin, "POST", at+"/flows/deeper/executions/execution", m{"provider": "registration-user-creation"})
	var f representation.Flow
	w.must(200, admin, "GET", at+"/flows/"+sub, nil).into(&f)
	if *f.Alias != "deeper" || *f.Description != "where it is" || len(f.Executions) != 1 {
		t.Errorf("%+v", f)
	}
	w.must(204, admin, "DELETE", at+"/flows/"+sub, nil)
	if got := rows(); strings.Contains(got, "deeper") {
		t.Errorf("a deleted sub-flow is still in its flow:\n%s", got)
	}
}

// TestCopyOfAFlow: nothing is shared with the original.
func TestCopyOfAFlow(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	a := w.must(201, admin, "POST", at+"/flows/browser/copy", m{"newName": "my browser"})
	if !strings.Contains(a.Header.Get("Location"), "/authentication/flows/browser/copy/") {
		t.Errorf("Location %s", a.Header.Get("Location"))
	}
	from, to := w.tree(admin, "demo", "browser"), w.tree(admin, "demo", "my browser")
	if len(from) != len(to) {
		t.Fatalf("%d rows became %d", len(from), len(to))
	}
	for i := range from {
		x, y := from[i], to[i]
		name := x.DisplayName
		if x.AuthenticationFlow {
			name = "my browser " + name
		}
		if y.DisplayName != name || x.ID == y.ID || x.Requirement != y.Requirement || x.Level != y.Level || x.Priority != y.Priority ||
			(x.FlowID != "" && x.FlowID == y.FlowID) || (x.AuthenticationConfig != "" && (x.AuthenticationConfig == y.AuthenticationConfig || y.Alias != "my browser "+x.Alias)) {
			t.Errorf("%+v became %+v", x, y)
		}
	}
	condition := to.row("Condition - credential")
	w.must(204, admin, "PUT", at+"/config/"+condition.AuthenticationConfig, m{"config": m{"credentials": "otp"}})
	var config representation.AuthenticatorConfig
	w.must(200, admin, "GET", at+"/config/"+from.row("Condition - credential").AuthenticationConfig, nil).into(&config)
	if config.Config["credentials"] != "webauthn-passwordless" {
		t.Errorf("the original's became %v", config.Config)
	}
}

func TestAuthenticatorConfigs(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	magic := w.tree(admin, "demo", latchkey.FlowMagicLink).row("Magic Link")
	// Built-in flows are configured.
	id := w.must(201, admin, "POST", at+"/executions/"+magic.ID+"/config", m{"alias": "magic", "config": m{"ext-magic-token-life-span": 120, "x.secret": "hunter2"}}).id()
	read := func(path string) (c representation.AuthenticatorConfig) {
		w.must(200, admin, "GET", at+path, nil).into(&c)
		return c
	}
	if c := read("/config/" + id); c.Config["ext-magic-token-life-span"] != "120" || c.Config["x.secret"] != "**********" || *c.Alias != "magic" {
		t.Errorf("%+v", c)
	}
	// A masked secret stays; options that are not given are gone.
	w.must(204, admin, "PUT", at+"/config/"+id, m{"config": m{"x.secret": "**********", "latchkey-code": "false", "latchkey-resend-seconds": ""}})
	if c := read("/executions/" + magic.ID + "/config/" + id); len(c.Config) != 2 || c.Config["latchkey-code"] != "false" {
		t.Errorf("%+v", c)
	}
	kept := w.s.Snapshot("demo").Config(id)
	if !strings.Contains(string(kept.Kept["config"]), "hunter2") || kept.Config["x.secret"] != "" {
		t.Errorf("%+v", kept)
	}
	// It is acted on at once: the mail has no code.
	w.rp.Start(w.s.Browser()).FormWith("username").Set("username", "ada@example.test").Submit()
	if mail := w.s.Mail.Wait("ada@example.test"); mail.Code != "" {
		t.Errorf("a code %q", mail.Code)
	}
	w.must(204, admin, "DELETE", at+"/config/"+id, nil)
	w.must(404, admin, "GET", at+"/config/"+id, nil)
	if row := w.tree(admin, "demo", latchkey.FlowMagicLink).row("Magic Link"); row.AuthenticationConfig != "" {
		t.Errorf("%+v", row)
	}
	spare := w.must(201, admin, "POST", at+"/config", m{"alias": "spare", "config": m{"a": "b"}})
	if c := read("/config/" + spare.id()); c.Config["a"] != "b" {
		t.Errorf("%+v", c)
	}
}

func TestFlowProviders(t *testing.T) {
	w := newWorld(t)
	viewer := w.service("demo", "view-realm")
	const at = "/demo/authentication"
	ids := func(path string) (out []string) {
		var list []struct {
			ID, DisplayName, Description string
			SupportsSecret               *bool
		}
		w.must(200, viewer, "GET", at+path, nil).into(&list)
		for _, p := range list {
			if p.DisplayName == "" || p.Description == "" || (p.SupportsSecret != nil) != strings.HasPrefix(path, "/client") {
				t.Errorf("%s: %+v", path, p)
			}
			out = append(out, p.ID)
		}
		return out
	}
	steps := ids("/authenticator-providers")
	if !slices.Contains(steps, "ext-magic-form") || slices.Contains(steps, "registration-page-form") || slices.Contains(steps, "webauthn-authenticator") {
		t.Errorf("steps: %v", steps)
	}
	for path, want := range map[string]string{"/form-providers": "registration-page-form", "/client-authenticator-providers": "client-secret,client-jwt,client-secret-jwt",
		"/form-action-providers": "registration-password-action,registration-user-creation,registration-terms-and-conditions"} {
		if got := strings.Join(ids(path), ","); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	// Every step that can be added says which options it has, in kinds that
	// consoles draw.
	kinds := strings.Fields("String Text Integer Number boolean List MultivaluedList MultivaluedString Role Group ClientList Map Password Url")
	for _, id := range slices.Concat(steps, ids("/form-providers"), ids("/form-action-providers")) {
		var d struct {
			Name, ProviderID, HelpText string
			Properties                 []representation.ConfigProperty
		}
		w.must(200, viewer, "GET", at+"/config-description/"+url.PathEscape(id), nil).into(&d)
		if d.ProviderID != id || d.Name == "" || d.Properties == nil {
			t.Errorf("%+v", d)
		}
		for _, p := range d.Properties {
			if !slices.Contains(kinds, p.Type) || p.Label == "" {
				t.Errorf("%s: %+v", id, p)
			}
		}
	}
	if a := w.must(200, viewer, "GET", at+"/config-description/ext-magic-form", nil); !strings.Contains(a.Text, `"name":"ext-magic-create-nonexistent-user"`) || !strings.Contains(a.Text, `"defaultValue":true`) {
		t.Error(a.Text)
	}
	// Every step of every flow of a realm has a name and choices.
	for _, f := range w.s.Snapshot("demo").Flows {
		for _, r := range w.tree(viewer, "demo", f.Alias) {
			if r.DisplayName == r.ProviderID || len(r.RequirementChoices) == 0 {
				t.Errorf("%s: %+v", f.Alias, r)
			}
		}
	}
	clients := w.service("demo", "query-clients")
	w.must(200, clients, "GET", at+"/flows", nil)
	w.must(200, clients, "GET", at+"/per-client-config-description", nil)
	w.must(403, clients, "GET", at+"/authenticator-providers", nil)
	w.must(403, viewer, "POST", at+"/flows", m{"alias": "x"})
}

func TestRequiredActions(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	order := func() (out []string) {
		var list []representation.RequiredAction
		w.must(200, admin, "GET", at+"/required-actions", nil).into(&list)
		for _, a := range list {
			out = append(out, *a.Alias)
		}
		return out
	}
	before := order()
	w.must(204, admin, "POST", at+"/required-actions/UPDATE_PROFILE/raise-priority", nil)
	if after := order(); after[0] != "UPDATE_PROFILE" || after[1] != before[0] || len(after) != 14 {
		t.Errorf("%v became %v", before, after)
	}
	w.must(204, admin, "POST", at+"/required-actions/UPDATE_PROFILE/lower-priority", nil)
	w.must(204, admin, "PUT", at+"/required-actions/TERMS_AND_CONDITIONS", m{"alias": "TERMS_AND_CONDITIONS", "enabled": true, "defaultAction": true})
	var terms representation.RequiredAction
	w.must(200, admin, "GET", at+"/required-actions/TERMS_AND_CONDITIONS", nil).into(&terms)
	if !*terms.Enabled || !*terms.DefaultAction || *terms.Priority != 20 || *terms.Name != "Terms and Conditions" || terms.Config == nil {
		t.Errorf("%+v", terms)
	}
	w.must(400, admin, "PUT", at+"/required-actions/TERMS_AND_CONDITIONS", m{"alias": "OTHER"})
	if a := w.must(200, admin, "GET", at+"/required-actions/TERMS_AND_CONDITIONS/config-description", nil); !strings.Contains(a.Text, `"name":"text"`) || !strings.Contains(a.Text, "max_auth_age") {
		t.Error(a.Text)
	}
	w.must(204, admin, "PUT", at+"/required-actions/TERMS_AND_CONDITIONS/config", m{"config": m{"text": "Be kind.", "max_auth_age": 60, "nothing": ""}})
	if a := w.must(200, admin, "GET", at+"/required-actions/TERMS_AND_CONDITIONS/config", nil); a.Text != `{"config":{"max_auth_age":"60","text":"Be kind."}}` {
		t.Error(a.Text)
	}
	// It is asked of the next one who signs in.
	b := w.s.Browser()
	w.rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	if page := b.Get(w.s.Mail.Wait("ada@example.test").Link).Form(0).Submit(); !page.Has("Be kind.") {
		t.Errorf("not asked for the terms: %s", page.Text())
	}
	w.must(204, admin, "DELETE", at+"/required-actions/TERMS_AND_CONDITIONS/config", nil)
	w.must(204, admin, "DELETE", at+"/required-actions/TERMS_AND_CONDITIONS", nil)
	w.must(404, admin, "DELETE", at+"/required-actions/TERMS_AND_CONDITIONS", nil)
	if a := w.must(200, admin, "GET", at+"/unregistered-required-actions", nil); a.Text != `[{"name":"Terms and Conditions","providerId":"TERMS_AND_CONDITIONS"}]` {
		t.Error(a.Text)
	}
	w.must(204, admin, "POST", at+"/register-required-action", m{"providerId": "TERMS_AND_CONDITIONS", "name": "House rules"})
	if after := order(); after[len(after)-1] != "TERMS_AND_CONDITIONS" {
		t.Errorf("%v", after)
	}
	var rows []struct {
		Alias, Name  string
		Configurable bool
	}
	w.must(200, admin, "GET", "/demo/ui-ext/authentication-management/required-actions", nil).into(&rows)
	for _, r := range rows {
		if r.Configurable != (r.Alias != "idp_link" && !strings.Contains(r.Alias, "webauthn") && !strings.Contains(r.Alias, "RECOVERY")) {
			t.Errorf("%+v", r)
		}
	}
	if w.must(200, w.service("demo", "query-users"), "GET", at+"/required-actions", nil); rows[len(rows)-1].Name != "House rules" {
		t.Errorf("%+v", rows)
	}
}

// TestFlowsInUse: what goes by a flow is told, keeps it from being deleted, and
// follows its name.
func TestFlowsInUse(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at, ui = "/demo/authentication", "/demo/ui-ext/authentication-management"
	w.must(204, admin, "PUT", "/demo", m{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})
	w.must(201, admin, "POST", at+"/flows/magic%20link/copy", m{"newName": "mine"})
	w.must(201, admin, "POST", at+"/flows/magic%20link/copy", m{"newName": "brokered"})
	mine, brokered := w.flowID(admin, "demo", "mine"), w.flowID(admin, "demo", "brokered")
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := *snap.ClientByClientID(w.rp.Client.ClientID)
		c.FlowBindings = map[string]string{"browser": mine}
		return tx.UpdateClient(&c)
	})
	w.must(201, admin, "POST", "/demo/identity-provider/instances", m{"alias": "acme", "providerId": "oidc", "postBrokerLoginFlowAlias": "brokered"})
	var rows []struct {
		ID, Alias string
		BuiltIn   bool
		UsedBy    *struct {
			Type   string
			Values []string
		}
	}
	w.must(200, admin, "GET", ui+"/flows", nil).into(&rows)
	for _, r := range rows {
		want := map[string]string{"mine": "SPECIFIC_CLIENTS " + w.rp.Client.ClientID, "brokered": "SPECIFIC_PROVIDERS acme", "magic link": "DEFAULT magic link", "browser": ""}
		got := ""
		if r.UsedBy != nil {
			got = r.UsedBy.Type + " " + strings.Join(r.UsedBy.Values, ",")
		}
		if w, ok := want[r.Alias]; ok && w != got {
			t.Errorf("%s: %q", r.Alias, got)
		}
	}
	if a := w.must(200, admin, "GET", ui+"/clients/"+mine+"?first=0&max=10&search=app", nil); a.Text != `["`+w.rp.Client.ClientID+`"]` {
		t.Error(a.Text)
	}
	if a := w.must(200, admin, "GET", ui+"/idp/"+brokered, nil); a.Text != `["acme"]` {
		t.Error(a.Text)
	}
	w.must(400, admin, "GET", ui+"/nope/"+brokered, nil)
	for id, by := range map[string]string{mine: "the client " + w.rp.Client.ClientID, brokered: "the identity provider acme"} {
		if a := w.rest(admin, "DELETE", at+"/flows/"+id, nil); a.Status != 400 || !strings.Contains(a.Text, by) {
			t.Errorf("%d %s", a.Status, a.Text)
		}
	}
	w.must(204, admin, "PUT", at+"/flows/"+brokered, m{"alias": "behind"})
	if a := w.must(200, admin, "GET", "/demo/identity-provider/instances/acme", nil); !strings.Contains(a.Text, `"postBrokerLoginFlowAlias":"behind"`) {
		t.Error(a.Text)
	}
	w.must(204, admin, "DELETE", "/demo/identity-provider/instances/acme", nil)
	w.must(204, admin, "DELETE", at+"/flows/"+brokered, nil)

	var events []representation.AdminEvent
	w.must(200, admin, "GET", "/demo/admin-events?resourceTypes=AUTH_FLOW&direction=asc", nil).into(&events)
	var got []string
	for _, e := range events {
		got = append(got, e.OperationType+" "+e.ResourcePath)
	}
	want := []string{"CREATE authentication/flows/magic link/copy", "CREATE authentication/flows/magic link/copy",
		"UPDATE authentication/flows/" + brokered, "DELETE authentication/flows/" + brokered}
	if !slices.Equal(got, want) || !strings.Contains(events[0].Representation, `"newName":"mine"`) {
		t.Errorf("%v", got)
	}
}
