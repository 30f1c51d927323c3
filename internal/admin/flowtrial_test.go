package admin_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/internal/flow"
)

// A flow that is not bound is tried at an address that is good for ten minutes
// and for its realm, by whoever may bind flows; nobody else's sign-in changes.
func TestFlowTrial(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication/flows/"
	w.s.AddUser("demo", "ada@example.test", "correct horse battery", nil)
	w.must(403, w.service("demo", "view-realm"), "POST", at+"browser/trial", nil)
	w.must(404, admin, "POST", at+"nothing/trial", nil)
	w.must(400, admin, "POST", at+"clients/trial", nil)
	var trial struct {
		URL       string `json:"url"`
		ExpiresIn int    `json:"expiresIn"`
	}
	w.must(200, admin, "POST", at+"browser/trial", nil).into(&trial)
	if trial.ExpiresIn != int(flow.TrialTime.Seconds()) {
		t.Errorf("%+v", trial)
	}
	page := w.s.Browser().Get(trial.URL)
	if !strings.Contains(page.Body, `name="password"`) {
		t.Fatalf("the flow is not tried: %s", page.Text())
	}
	page = page.FormWith("password").Set("username", "ada@example.test").Set("password", "correct horse battery").Submit()
	if page.URL.Path != "/realms/demo/account/" || !page.Has("ada@example.test") {
		t.Errorf("the trial ends at %s: %s", page.URL, page.Text())
	}
	if page := w.rp.Start(w.s.Browser()); strings.Contains(page.Body, `name="password"`) {
		t.Error("the flow is bound")
	}
	// Of another realm, bent, and late it is none.
	u, err := url.Parse(trial.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(flow.TrialParam, q.Get(flow.TrialParam)+"x")
	if page := w.s.Browser().Get(w.s.Base + u.Path + "?" + q.Encode()); strings.Contains(page.Body, `name="password"`) {
		t.Error("a bent value is taken")
	}
	w.s.Clock.Advance(flow.TrialTime + time.Second)
	if page := w.s.Browser().Get(trial.URL); strings.Contains(page.Body, `name="password"`) {
		t.Error("a trial never ends")
	}
}

// A step is moved with all below it to another place of its tree, and nowhere
// else.
func TestMoveExecution(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication/"
	w.must(201, admin, "POST", at+"flows", m{"alias": "mine"})
	w.must(201, admin, "POST", at+"flows", m{"alias": "other"})
	step := func(flow, provider string) string {
		return w.must(201, admin, "POST", at+"flows/"+flow+"/executions/execution", m{"provider": provider}).id()
	}
	cookie, magic := step("mine", "auth-cookie"), step("mine", "ext-magic-form")
	sub := w.must(201, admin, "POST", at+"flows/mine/executions/flow", m{"alias": "inner", "type": "basic-flow"}).id()
	mine, other := w.flowID(admin, "demo", "mine"), w.flowID(admin, "demo", "other")
	move := func(status int, id, to string, index int) {
		t.Helper()
		w.must(status, admin, "POST", at+"executions/"+id+"/move", m{"parentFlow": to, "index": index})
	}
	order := func() (out string) {
		for _, e := range w.tree(admin, "demo", "mine") {
			out += strings.Repeat(">", e.Level) + e.DisplayName + " "
		}
		return strings.TrimSpace(out)
	}
	move(204, magic, mine, 0)
	if got := order(); got != "Magic Link Cookie inner" {
		t.Errorf("up: %s", got)
	}
	move(204, cookie, sub, 5)
	if got := order(); got != "Magic Link inner >Cookie" {
		t.Errorf("into: %s", got)
	}
	move(204, cookie, mine, 0)
	if got := order(); got != "Cookie Magic Link inner" {
		t.Errorf("out: %s", got)
	}
	inner := ""
	for _, e := range w.tree(admin, "demo", "mine") {
		if e.DisplayName == "inner" {
			inner = e.ID
		}
	}
	move(400, inner, sub, 0)    // into itself
	move(400, cookie, other, 0) // another flow
	move(400, cookie, "nothing", 0)
	move(404, "nothing", mine, 0)
	move(400, cookie, w.flowID(admin, "demo", "browser"), 0)
	w.must(403, w.service("demo", "view-realm"), "POST", at+"executions/"+cookie+"/move", m{"parentFlow": mine, "index": 0})
}
