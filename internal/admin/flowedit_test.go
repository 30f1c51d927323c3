package admin_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/servertest"
)

// TestFlowDeletedUnderASignIn: whoever is in a flow that is deleted begins again
// in the one that is bound in its place, whatever they do next.
func TestFlowDeletedUnderASignIn(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	var begun []*servertest.Page
	b := w.s.Browser()
	w.must(201, admin, "POST", at+"/flows/magic%20link/copy", m{"newName": "mine"})
	w.must(204, admin, "PUT", "/demo", m{"browserFlow": "mine"})
	begun = append(begun, w.rp.Start(b), w.rp.Start(w.s.Browser()))
	waiting := begun[0].FormWith("username").Set("username", "ada@example.test").Submit()
	link := w.s.Mail.Wait("ada@example.test").Link
	w.must(204, admin, "PUT", "/demo", m{"browserFlow": "magic link"})
	w.must(204, admin, "DELETE", at+"/flows/"+w.flowID(admin, "demo", "mine"), nil)

	// One who had not sent the form yet gets it again.
	again := begun[1].FormWith("username").Set("username", "bea@example.test").Submit()
	if again.Status != 200 || again.FormWith("username") == nil {
		t.Fatalf("sent after the flow was deleted: %d %s", again.Status, again.Text())
	}
	again.FormWith("username").Set("username", "bea@example.test").Submit()
	if page := again.Reload(); page.Status >= 500 {
		t.Errorf("%d", page.Status)
	}
	// One who waits begins again where they look, and by the link.
	if page := waiting.Reload(); page.Status != 200 || page.FormWith("username") == nil {
		t.Errorf("waiting in a deleted flow: %d %s", page.Status, page.Text())
	}
	if page := b.Get(link); page.Status >= 500 || page.Has("went wrong") {
		t.Errorf("a link of a deleted flow: %d %s", page.Status, page.Text())
	}
	w.rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	w.rp.Finish(b.Get(w.s.Mail.Wait("ada@example.test").Link).Form(0).Submit())
}

// TestStepReplacedUnderASignIn: a page whose step is gone is answered with the
// page of what stands there now, and what was passed before still counts.
func TestStepReplacedUnderASignIn(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	w.s.AddUser("demo", "ada@example.test", "correct horse battery", nil)
	w.must(201, admin, "POST", at+"/flows", m{"alias": "mine"})
	add := func(provider string) string {
		id := w.must(201, admin, "POST", at+"/flows/mine/executions/execution", m{"provider": provider}).id()
		w.must(204, admin, "PUT", at+"/flows/mine/executions", m{"id": id, "requirement": "REQUIRED"})
		return id
	}
	add("auth-username-form")
	magic := add("ext-magic-form")
	w.must(204, admin, "PUT", "/demo", m{"browserFlow": "mine"})
	page := w.rp.Start(w.s.Browser()).FormWith("username").Set("username", "ada@example.test").Submit()
	w.must(204, admin, "DELETE", at+"/executions/"+magic, nil)
	add("auth-password-form")
	if page = page.Reload(); !strings.Contains(page.Body, `name="password"`) {
		t.Fatalf("the step that stands now is not asked for: %s", page.Text())
	}
	page = page.FormWith("password").Set("password", "correct horse battery").Submit()
	if w.rp.Finish(page).Claims["email"] != "ada@example.test" {
		t.Error("not signed in")
	}
}

// TestStepTakenAwayUnderASignIn: whatever becomes of the step that somebody
// stands on, what they send next leads to what stands there now, and a step that
// is switched off does nothing more.
func TestStepTakenAwayUnderASignIn(t *testing.T) {
	const at = "/demo/authentication"
	for name, test := range map[string]struct {
		change func(w *world, admin, magic, sub string)
		next   string // what the page has that is right then
	}{
		"deleted":                     {func(w *world, admin, magic, _ string) { w.must(204, admin, "DELETE", at+"/executions/"+magic, nil) }, `name="password"`},
		"disabled":                    {func(w *world, admin, magic, _ string) { w.require(admin, magic, "DISABLED") }, `name="password"`},
		"disabled with what it is in": {func(w *world, admin, _, sub string) { w.require(admin, sub, "DISABLED") }, `name="password"`},
		"deleted with what it is in":  {func(w *world, admin, _, sub string) { w.must(204, admin, "DELETE", at+"/executions/"+sub, nil) }, `name="password"`},
		"moved behind the others": {func(w *world, admin, _, sub string) {
			w.must(204, admin, "POST", at+"/executions/"+sub+"/lower-priority", m{})
		}, "Check your email"},
		"the only one": {func(w *world, admin, _, sub string) {
			w.must(204, admin, "DELETE", at+"/executions/"+sub, nil)
			w.must(204, admin, "DELETE", at+"/executions/"+w.tree(admin, "demo", "mine").row("Username Password Form").ID, nil)
		}, "Signing in is not set up"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			admin := w.admin()
			w.must(201, admin, "POST", at+"/flows", m{"alias": "mine"})
			w.must(201, admin, "POST", at+"/flows/mine/executions/flow", m{"alias": "mail", "type": "basic-flow"})
			w.must(201, admin, "POST", at+"/flows/mine/executions/execution", m{"provider": "auth-username-password-form"})
			magic := w.must(201, admin, "POST", at+"/flows/mail/executions/execution", m{"provider": "ext-magic-form"}).id()
			rows := w.tree(admin, "demo", "mine")
			w.require(admin, magic, "REQUIRED")
			w.require(admin, rows.row("mail").ID, "ALTERNATIVE")
			w.require(admin, rows.row("Username Password Form").ID, "ALTERNATIVE")
			w.must(204, admin, "PUT", "/demo", m{"browserFlow": "mine"})
			asked := w.rp.Start(w.s.Browser())
			b := w.s.Browser()
			waiting := w.rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
			link := w.s.Mail.Wait("ada@example.test").Link
			typing := w.rp.Start(w.s.Browser()).FormWith("username").Set("username", "cid@example.test").Submit()
			w.s.Mail.Wait("cid@example.test")
			test.change(w, admin, magic, rows.row("mail").ID)

			sent := w.messages("demo")
			for what, page := range map[string]*servertest.Page{
				"sent":   asked.FormWith("username").Set("username", "bea@example.test").Submit(),
				"waits":  waiting.Reload(),
				"a code": typing.FormWith("code").Set("code", "000000").Submit(),
			} {
				right := strings.Contains(page.Body, test.next)
				if what == "a code" && test.next == "Check your email" {
					right = page.Has("not the code")
				}
				if !right || page.Status >= 500 || page.Has("took too long") {
					t.Errorf("%s: %d %s", what, page.Status, page.Text())
				}
			}
			if now := w.messages("demo"); test.next != "Check your email" && now != sent {
				t.Errorf("a step that is gone mailed: %d messages, then %d", sent, now)
			}
			if page := b.Get(link); page.Status >= 500 || page.Has("took too long") {
				t.Errorf("the link: %d %s", page.Status, page.Text())
			}
		})
	}
}

// require changes what an execution of the realm demo is required as.
func (w *world) require(admin, id, requirement string) {
	w.t.Helper()
	w.must(204, admin, "PUT", "/demo/authentication/flows/mine/executions", m{"id": id, "requirement": requirement})
}

// messages counts the mails of a realm.
func (w *world) messages(realmName string) int {
	w.t.Helper()
	var all []m
	w.must(200, w.admin(), "GET", "/"+realmName+"/messages", nil).into(&all)
	return len(all)
}

// TestFlowRace: administrators who restructure one flow at once lose nothing of
// each other's, and people who sign in through it meanwhile see no half of it.
func TestFlowRace(t *testing.T) {
	for name, opts := range map[string][]servertest.Option{"sqlite": nil, "postgres": {servertest.OnPostgres(t)}} {
		t.Run(name, func(t *testing.T) { flowRace(t, opts) })
	}
}

func flowRace(t *testing.T, opts []servertest.Option) {
	s := servertest.Start(t, opts...)
	w := &world{t: t, s: s, rp: s.RP("demo")}
	admin := w.admin()
	const at, editors, each = "/demo/authentication", 4, 5
	w.must(201, admin, "POST", at+"/flows/magic%20link/copy", m{"newName": "mine"})
	w.must(204, admin, "PUT", "/demo", m{"browserFlow": "mine"})
	var all sync.WaitGroup
	kept := make([][]string, editors)
	for n := range editors {
		all.Go(func() {
			for i := range each {
				sub := fmt.Sprintf("sub %d %d", n, i)
				for _, step := range []struct {
					method, path string
					body         any
				}{
					{"POST", "/flows/mine/executions/flow", m{"alias": sub, "type": "basic-flow"}},
					{"POST", "/flows/" + url.PathEscape(sub) + "/executions/execution", m{"provider": "auth-cookie"}},
					{"POST", "/flows/mine/executions/execution", m{"provider": "allow-access-authenticator"}},
				} {
					a := w.rest(admin, step.method, at+step.path, step.body)
					if a.Status != 201 {
						t.Errorf("%s %s: %d %s", step.method, step.path, a.Status, a.Text)
						return
					}
					id := a.id()
					switch {
					case strings.HasSuffix(step.path, "/flow"):
						kept[n] = append(kept[n], sub)
					case strings.Contains(step.path, "mine"):
						w.rest(admin, "POST", at+"/executions/"+id+"/raise-priority", m{})
						if a := w.rest(admin, "DELETE", at+"/executions/"+id, nil); a.Status != 204 {
							t.Errorf("deleted: %d %s", a.Status, a.Text)
						}
					}
				}
			}
		})
	}
	for n := range 3 {
		all.Go(func() {
			for i := range 4 {
				address := fmt.Sprintf("p%d.%d@example.test", n, i)
				b := s.Browser()
				w.rp.Start(b).FormWith("username").Set("username", address).Submit()
				w.rp.Finish(b.Get(s.Mail.Wait(address).Link).Form(0).Submit())
			}
		})
	}
	all.Wait()
	rows := w.tree(admin, "demo", "mine")
	last := -1
	for _, r := range rows {
		if r.Level == 0 {
			if r.Priority <= last {
				t.Errorf("two rows with the priority %d", r.Priority)
			}
			last = r.Priority
		}
	}
	for _, names := range kept {
		for _, name := range names {
			if rows.row(name).Level != 0 || rows.row(name).FlowID == "" {
				t.Errorf("%s is lost", name)
			}
		}
	}
	if n := strings.Count(rows.String(), "Allow access"); n != 0 {
		t.Errorf("%d deleted steps are back", n)
	}
}
