package console_test

import (
	"net/url"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/servertest"
)

// flowID is the id of a flow of realm demo.
func (w *world) flowID(alias string) string {
	w.t.Helper()
	f := w.s.Snapshot(realm.DemoRealm).FlowByAlias(alias)
	if f == nil {
		w.t.Fatalf("there is no flow %s", alias)
	}
	return f.ID
}

// step finds a step of a flow, and its requirement and place.
func (w *world) step(alias, provider string) *latchkey.Execution {
	w.t.Helper()
	for _, e := range w.s.Snapshot(realm.DemoRealm).FlowByAlias(alias).Executions {
		if e.Authenticator == provider {
			return &e
		}
	}
	w.t.Fatalf("%s has no step %s", alias, provider)
	return nil
}

// formFor is the form of the page whose hidden field execution is the step's,
// and which has the field.
func formFor(p *servertest.Page, step, field string) *servertest.Form {
	for _, f := range p.Forms() {
		if f.Values.Get("execution") == step && f.Values.Has(field) {
			return f
		}
	}
	return nil
}

// A flow is made, filled, arranged, configured, tried, bound and left, without
// scripts; what cannot work is named where it is made.
func TestFlowEditor(t *testing.T) {
	w := newWorld(t)
	list := w.open("authentication/flows")
	for _, words := range []string{"Flow name", "Used by", "magic link", "Built-in", "Browser flow", "direct grant"} {
		if !list.Has(words) {
			t.Errorf("the list does not say %q: %s", words, list.Text())
		}
	}
	p := list.Click("Create flow").FormWith("alias").Set("alias", "mine").Set("description", "My own").Submit()
	id := w.flowID("mine")
	if !p.Has("Created.") || !p.Has("nobody passes an empty flow") || p.URL.String() != w.at("authentication/flows/"+id) {
		t.Fatalf("%s: %s", p.URL, p.Text())
	}
	p = p.Click("Add step")
	p = pressProvider(t, p, "auth-cookie")
	p = pressProvider(t, p.Click("Add step"), "ext-magic-form")
	cookie, magic := w.step("mine", "auth-cookie"), w.step("mine", "ext-magic-form")
	p = formFor(p, cookie.ID, "requirement").Set("requirement", "ALTERNATIVE").Submit()
	p = formFor(p, magic.ID, "requirement").Set("requirement", "REQUIRED").Submit()
	if !p.Has("is an alternative beside") {
		t.Errorf("an alternative beside a required step is not named: %s", p.Text())
	}
	p = formFor(p, magic.ID, "requirement").Set("requirement", "ALTERNATIVE").Submit()
	if !p.Has("Asks for the email address and sends a link that works for 10 minutes.") || p.Has("is an alternative beside") {
		t.Errorf("%s", p.Text())
	}
	p = p.Click("Add sub-flow").FormWith("alias").Set("alias", "inner").Submit()
	p = moveTo(t, p, magic.ID, "Move into inner")
	if inner := w.s.Snapshot(realm.DemoRealm).FlowByAlias("inner"); len(inner.Executions) != 1 {
		t.Fatalf("%+v", inner)
	}
	p = moveTo(t, p, magic.ID, "Move out of inner")
	if len(w.s.Snapshot(realm.DemoRealm).FlowByAlias("mine").Executions) != 3 {
		t.Fatal(p.Text())
	}

	// The gear: options with the provider's labels; what is wrong keeps the rest.
	gear := w.b.Get(w.at("authentication/flows/" + id + "/executions/" + magic.ID + "/config"))
	for _, words := range []string{"Force create user", "Update profile on create", "Token lifespan"} {
		if !gear.Has(words) {
			t.Errorf("the gear does not say %q", words)
		}
	}
	f := gear.FormWith("alias")
	f.Values.Set("config/ext-magic-update-profile-action", "on")
	bad := f.Set("alias", "").Submit()
	if bad.Status != 400 || !bad.Has("This is needed.") || bad.FormWith("alias").Values.Get("config/ext-magic-update-profile-action") != "on" {
		t.Errorf("%d %s", bad.Status, bad.Text())
	}
	p = bad.FormWith("alias").Set("alias", "by mail").Submit()
	if !p.Has("fill in their profile") || !p.Has("by mail") {
		t.Errorf("%s", p.Text())
	}

	// An option that weakens is named at its step.
	f = w.open("authentication/flows/" + id + "/executions/" + magic.ID + "/config").FormWith("alias")
	f.Values.Set("config/ext-magic-allow-token-reuse", "on")
	if p = f.Submit(); !p.Has("A mailed link works until it expires") {
		t.Errorf("a weakening is not named: %s", p.Text())
	}

	// Tried in a new tab, then bound.
	bind := w.open("authentication/flows/" + id + "/bind")
	if !bind.Has("What people meet in mine") {
		t.Error(bind.Text())
	}
	tried := bind.Press("Try it in a new tab")
	if tried.URL.Host != bind.URL.Host || !strings.HasPrefix(tried.URL.Path, "/realms/demo/login-actions/") {
		t.Errorf("tried at %s", tried.URL)
	}
	p = bind.FormWith("binding").Set("binding", "browserFlow").Submit()
	if !p.Has("The flow is bound.") || w.s.Snapshot(realm.DemoRealm).Realm.BrowserFlow != "mine" {
		t.Errorf("%s", p.Text())
	}
	// What is in use is not deleted, and says so; the copy is.
	if gone := w.b.Get(w.at("authentication/flows/" + id + "/delete")).Press("Delete flow"); gone.Status != 400 || gone.Heading() == "" {
		t.Errorf("a bound flow: %d %s", gone.Status, gone.Text())
	}
	w.open("authentication/flows/"+id+"/duplicate").FormWith("newName").Set("newName", "another").Submit()
	ask := w.open("authentication/flows/" + w.flowID("another") + "/delete")
	if !ask.Has("Delete another?") {
		t.Error(ask.Text())
	}
	if p = ask.Press("Delete flow"); !p.Has("Deleted.") || w.s.Snapshot(realm.DemoRealm).FlowByAlias("another") != nil {
		t.Errorf("%s", p.Text())
	}
}

// Flows that nobody passes are named as such, at the top of the editor and where
// they are bound, which asks again; no sentence and no picture says otherwise.
func TestFlowNobody(t *testing.T) {
	w := newWorld(t)
	for name, steps := range map[string][][2]string{ // providers, or sub-flows, with their requirements
		"cookie beside nothing":      {{"auth-cookie", "ALTERNATIVE"}, {"flow", "DISABLED"}},
		"conditional and condition":  {{"flow", "CONDITIONAL"}, {"ext-magic-form", "ALTERNATIVE"}},
		"a step of token requests":   {{"auth-cookie", "ALTERNATIVE"}, {"direct-grant-validate-username", "REQUIRED"}, {"ext-magic-form", "REQUIRED"}},
		"only for signing in with a": {{"direct-grant-validate-username", "REQUIRED"}, {"direct-grant-validate-password", "REQUIRED"}},
	} {
		tokens := strings.HasPrefix(name, "only")
		p := w.open("authentication/create-flow").FormWith("alias").Set("alias", name).Submit()
		id := w.flowID(name)
		for _, s := range steps {
			if s[0] == "flow" {
				p = p.Click("Add sub-flow").FormWith("alias").Set("alias", name+" below").Submit()
				p = formFor(p, w.row(name, name+" below"), "requirement").Set("requirement", s[1]).Submit()
				continue
			}
			p = w.b.Do("POST", w.at("authentication/flows/"+id+"/add?"+url.Values{"to": {name}, "what": {"step"}}.Encode()),
				url.Values{"session_code": {p.FormWith("session_code").Values.Get("session_code")}, "provider": {s[0]}})
			p = formFor(p, w.step(name, s[0]).ID, "requirement").Set("requirement", s[1]).Submit()
		}
		if !tokens && (!p.Has("Nobody can sign in by this flow.") || !p.Has("Nobody gets here")) || tokens && !p.Has("in a browser nobody can sign in by it") {
			t.Errorf("%s: %s", name, p.Text())
		}
		for _, words := range []string{"Signed in", "go straight on", "Takes the user name"} {
			if !tokens && p.Has(words) {
				t.Errorf("%s says %q", name, words)
			}
		}
		bind := w.open("authentication/flows/" + id + "/bind")
		if !bind.Has("Nobody can sign in by this flow.") {
			t.Errorf("%s: bind says %s", name, bind.Text())
		}
		p = bind.FormWith("binding").Set("binding", "browserFlow").Submit()
		if !p.Has("Bind it all the same") || w.s.Snapshot(realm.DemoRealm).Realm.BrowserFlow == name {
			t.Fatalf("%s is bound without a question: %s", name, p.Text())
		}
		if p = p.Press("Bind it all the same"); !p.Has("The flow is bound.") || w.s.Snapshot(realm.DemoRealm).Realm.BrowserFlow != name {
			t.Errorf("%s: %s", name, p.Text())
		}
		bind = w.open("authentication/flows/" + id + "/bind")
		if p = bind.FormWith("binding").Submit(); !p.Has("The flow was bound so already.") {
			t.Errorf("%s again: %s", name, p.Text())
		}
	}
}

// Steps are offered by their kinds, those for token requests and conditions
// where they can be of use; a search goes through all kinds.
func TestFlowOffers(t *testing.T) {
	w := newWorld(t)
	p := w.open("authentication/create-flow").FormWith("alias").Set("alias", "mine").Submit()
	add := p.Click("Add step")
	for _, words := range []string{"Ask for something", "without a page", "For a new password", "For token requests", "Username Validation"} {
		if !add.Has(words) {
			t.Errorf("an empty flow is not offered %q", words)
		}
	}
	if add.Has("Condition - ") {
		t.Error("a flow is offered conditions outside of sub-flows")
	}
	p = pressProvider(t, add, "ext-magic-form")
	if add = p.Click("Add step"); add.Has("Username Validation") {
		t.Error("a flow that shows pages is offered steps for token requests")
	}
	found := add.FormWith("what").Set("search", "cookie").Submit()
	if !found.Has("Lets a browser in") || found.Has("Magic Link") || found.Has("Ask for something") || !found.Has("without a page") {
		t.Errorf("found: %s", found.Text())
	}
	p.Click("Add sub-flow").FormWith("alias").Set("alias", "inner").Submit()
	id := w.flowID("mine")
	if add = w.open("authentication/flows/" + id + "/add?to=inner&what=step"); !add.Has("Condition - user configured") || !add.Has("Conditions: whether") {
		t.Errorf("a sub-flow is offered no conditions: %s", add.Text())
	}
	if add = w.open("authentication/flows/" + id + "/add?to=inner&what=condition"); !add.Has("Condition - user configured") || add.Has("Cookie") {
		t.Errorf("conditions: %s", add.Text())
	}
}

func pressProvider(t *testing.T, p *servertest.Page, provider string) *servertest.Page {
	t.Helper()
	for _, f := range p.Forms() {
		if f.Method == "POST" && strings.Contains(f.Action, "/add") {
			if out := tryPress(f, provider); out != nil {
				return out
			}
		}
	}
	t.Fatalf("no %s: %s", provider, p.Text())
	return nil
}

// tryPress sends the form of a list of offers when it is the one of the
// provider.
func tryPress(f *servertest.Form, provider string) *servertest.Page {
	if !f.Has("provider=" + provider) {
		return nil
	}
	return f.Press("provider=" + provider)
}

func moveTo(t *testing.T, p *servertest.Page, step, words string) *servertest.Page {
	t.Helper()
	for _, f := range p.Forms() {
		if f.Values.Get("execution") == step && f.Has(words) {
			return f.Press(words)
		}
	}
	t.Fatalf("no %q: %s", words, p.Text())
	return nil
}

// Built-in flows are configured and switched, and not rearranged; who may only
// look is offered nothing.
func TestFlowLimits(t *testing.T) {
	w := newWorld(t)
	p := w.open("authentication/flows/" + w.flowID("magic link"))
	if !p.Has("This flow is built in") || p.Has("Add step") || p.Link("Delete flow") != "" {
		t.Errorf("%s", p.Text())
	}
	viewer := w.as("view-realm")
	p = viewer.open("authentication/flows/" + w.flowID("magic link"))
	for _, f := range p.Forms() {
		if f.Method == "POST" && !strings.HasSuffix(f.Action, "/sign-out") && f.Values.Get("requirement") == "" {
			t.Errorf("who may only look is offered %s", f.Action)
		}
	}
	before := w.s.Snapshot(realm.DemoRealm).Realm.Version
	code := p.FormWith("session_code").Values.Get("session_code")
	for _, path := range []string{"requirement", "move", "bind", "duplicate", "delete"} {
		sent := viewer.b.Do("POST", viewer.at("authentication/flows/"+w.flowID("browser")+"/"+path),
			url.Values{"session_code": {code}, "execution": {"x"}, "requirement": {"DISABLED"}, "place": {"x:0"}, "binding": {"browserFlow"}, "newName": {"x"}})
		if sent.Status < 400 {
			t.Errorf("%s: %d %s", path, sent.Status, sent.Text())
		}
	}
	if w.s.Snapshot(realm.DemoRealm).Realm.Version != before {
		t.Error("something was changed")
	}
}

// Required actions and policies are changed by their pages.
func TestActionsAndPolicies(t *testing.T) {
	w := newWorld(t)
	p := w.open("authentication/required-actions")
	for _, f := range p.Forms() {
		if strings.HasSuffix(f.Action, "/UPDATE_PASSWORD/default") {
			p = f.Submit()
		}
	}
	if a := w.s.Snapshot(realm.DemoRealm).RequiredAction("UPDATE_PASSWORD"); !a.DefaultAction || !p.Has("Saved.") {
		t.Errorf("%+v %s", a, p.Text())
	}
	p = w.open("authentication/policies/password")
	f := p.FormWith("policy/length").Set("policy/length", "12")
	f.Values.Set("policy/notUsername", "on")
	f.Submit()
	if got := w.s.Snapshot(realm.DemoRealm).Realm.PasswordPolicy; !strings.Contains(got, "length(12)") || !strings.Contains(got, "notUsername") {
		t.Errorf("%q", got)
	}
	if bad := w.open("authentication/policies/otp").FormWith("otpPolicyLookAheadWindow").Set("otpPolicyLookAheadWindow", "many").Submit(); bad.Status != 400 || !bad.Has("Type a whole number.") {
		t.Errorf("%d %s", bad.Status, bad.Text())
	}
}
