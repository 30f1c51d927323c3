package flow_test

import (
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// The steps of these tests are named after what they do:
//
//	ok-…    succeeds          no-…   is attempted
//	ask-…   shows a page until it is submitted with "yes"; "no" is refused,
//	        "restart" and "cancel" are what they say
//	who-…   like ask-…, and says who the user is
//	setup-… like ask-…, needs a user who has set it up (attribute "setup")
//	die-…   fails without a page
//	conditional-yes / conditional-no
type step struct{ id string }

type screen = flow.UsernameForm // any screen: its Username names the step

func (s step) kind() string { return s.id[:strings.Index(s.id+"-", "-")] }

func (s step) Provider() flow.Provider {
	p := flow.Provider{ID: s.id, Label: "way." + s.id, NeedsUser: s.kind() == "setup"}
	switch s.kind() {
	case "no":
		p.Label, p.Passes = "", flow.PassedOver // as the cookie: nothing that a person could pick
	case "ok":
		p.Passes = flow.ByAll
	case "die":
		p.Passes = flow.ByNobody
	case "who":
		p.Names = true
	}
	return p
}

func (s step) Authenticate(c *flow.Context) (flow.Outcome, error) {
	switch s.kind() {
	case "ok":
		return flow.Outcome{Kind: flow.Success}, nil
	case "no":
		return flow.Outcome{Kind: flow.Attempted}, nil
	case "die":
		return flow.Outcome{Kind: flow.Failure, Code: "dead"}, nil
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: screen{Username: s.id}}, nil
}

func (s step) Action(c *flow.Context) (flow.Outcome, error) {
	switch c.Form.Get("answer") {
	case "yes":
		if s.kind() == "who" {
			u, err := c.Tx.UserByUsername(c.Realm.Realm.ID, "ada")
			if err != nil {
				return flow.Outcome{}, err
			}
			c.SetUser(u)
		}
		return flow.Outcome{Kind: flow.Success}, nil
	case "restart":
		return flow.Outcome{Kind: flow.Restart}, nil
	case "cancel":
		return flow.Outcome{Kind: flow.Cancelled}, nil
	case "pass":
		return flow.Outcome{Kind: flow.Attempted}, nil
	}
	return flow.Outcome{Kind: flow.Failure, Screen: screen{Username: s.id}, Code: "refused"}, nil
}

// setupStep is a step that not everybody can pass.
type setupStep struct{ step }

func (s setupStep) ConfiguredFor(_ *flow.Context, u *latchkey.User) (bool, error) {
	return len(u.Attributes["setup"]) > 0, nil
}

type condition struct {
	step
	holds bool
}

func (c condition) Matches(*flow.Context) (bool, error) { return c.holds, nil }

// action is a required action that asks until it is answered with "yes".
type action struct{ alias string }

func (a action) Provider() flow.Provider { return flow.Provider{ID: a.alias} }
func (a action) Evaluate(c *flow.Context) (bool, error) {
	return a.alias == "EVALUATED" && c.Login.Note("evaluated") == "", nil
}
func (a action) Challenge(*flow.Context) (flow.Outcome, error) {
	return flow.Outcome{Kind: flow.Challenge, Screen: screen{Username: a.alias}}, nil
}
func (a action) Action(c *flow.Context) (flow.Outcome, error) {
	if c.Form.Get("answer") != "yes" {
		return flow.Outcome{Kind: flow.Failure, Screen: screen{Username: a.alias}, Code: "refused"}, nil
	}
	c.Login.SetNote("evaluated", "1")
	return flow.Outcome{Kind: flow.Success}, nil
}

// world is one login in a realm whose flow is written as an indented tree:
// a requirement's letter (R, A, C, D) and a step, or a name with ":" for a
// sub-flow.
type world struct {
	t        *testing.T
	db       *store.DB
	snap     *latchkey.Snapshot
	registry *flow.Registry
	login    *latchkey.Login
}

func newWorld(t *testing.T, tree string, actions ...string) *world {
	t.Helper()
	db, _ := storetest.SQLite(t)
	w := &world{t: t, db: db}
	realm := &latchkey.Realm{ID: "realm", Name: "realm", Enabled: true, CreatedAt: time.Unix(0, 0)}
	w.snap = &latchkey.Snapshot{Realm: realm, Flows: parseTree(t, tree)}
	var steps []flow.Authenticator
	for _, f := range w.snap.Flows {
		for _, e := range f.Executions {
			switch id := e.Authenticator; {
			case id == "", strings.HasPrefix(id, "unbuilt"), id == "conditional-unbuilt":
			case strings.HasPrefix(id, "conditional-"):
				steps = append(steps, condition{step{id}, id == "conditional-yes"})
			case strings.HasPrefix(id, "setup-"):
				steps = append(steps, setupStep{step{id}})
			default:
				steps = append(steps, step{id})
			}
		}
	}
	var built []flow.RequiredAction
	for i, alias := range actions {
		w.snap.RequiredActions = append(w.snap.RequiredActions, &latchkey.RequiredAction{RealmID: "realm", Alias: alias, ProviderID: alias, Enabled: true, Priority: i})
		if alias != "UNBUILT" {
			built = append(built, action{alias})
		}
	}
	w.snap.Index()
	w.registry = flow.NewRegistry(steps, built)
	w.login = &latchkey.Login{RealmID: "realm", ID: "login", FlowID: "top"}
	w.update(func(tx *store.Tx) error {
		if err := tx.CreateRealm(realm); err != nil {
			return err
		}
		return tx.CreateUser(&latchkey.User{RealmID: "realm", ID: "ada", Username: "ada", Enabled: true})
	})
	return w
}

func (w *world) update(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// changeUser changes the user between two turns.
func (w *world) changeUser(f func(u *latchkey.User)) {
	w.update(func(tx *store.Tx) error {
		u, err := tx.User("realm", "ada")
		if err != nil {
			return err
		}
		f(u)
		return tx.UpdateUser(u)
	})
}

func parseTree(t *testing.T, tree string) []*latchkey.Flow {
	top := &latchkey.Flow{RealmID: "realm", ID: "top", Alias: "top", TopLevel: true}
	flows := []*latchkey.Flow{top}
	stack := []*latchkey.Flow{top}
	for _, line := range strings.Split(tree, "\n") {
		text := strings.TrimLeft(line, "\t")
		if strings.TrimSpace(text) == "" {
			continue
		}
		depth := len(line) - len(text)
		letter, name, _ := strings.Cut(strings.TrimSpace(text), " ")
		req, ok := map[string]latchkey.Requirement{"R": latchkey.Required, "A": latchkey.Alternative, "C": latchkey.Conditional, "D": latchkey.Disabled}[letter]
		if !ok || depth >= len(stack) {
			t.Fatalf("bad line %q", line)
		}
		stack = stack[:depth+1]
		parent := stack[depth]
		e := latchkey.Execution{ID: "x:" + name, Requirement: req, Priority: len(parent.Executions)}
		if sub, isFlow := strings.CutSuffix(name, ":"); isFlow {
			e.FlowID = sub
			f := &latchkey.Flow{RealmID: "realm", ID: sub, Alias: sub}
			flows = append(flows, f)
			stack = append(stack, f)
		} else {
			e.Authenticator = name
		}
		parent.Executions = append(parent.Executions, e)
	}
	return flows
}

// turn takes one input and says what came of it: "ask-a" (a page), "ask-a!"
// (refused), "done", "failed CODE", "denied", "restarted", "login_required".
// Inputs: "" (came to the page), "step=answer" (submitted), "?step" (chosen).
func (w *world) turn(input string) string {
	w.t.Helper()
	var out string
	w.update(func(tx *store.Tx) error {
		r := &flow.Run{Registry: w.registry, Realm: w.snap, Login: w.login, Tx: tx, Now: time.Unix(1000, 0)}
		if chosen, ok := strings.CutPrefix(input, "?"); ok {
			r.Choose = "x:" + chosen
		} else if name, answer, ok := strings.Cut(input, "="); ok {
			if w.snap.RequiredAction(name) == nil {
				name = "x:" + name
			}
			r.Submit = &flow.Submission{Step: name, Form: map[string][]string{"answer": {answer}}}
		}
		res, err := flow.Advance(r)
		if err != nil {
			return err
		}
		out = describe(res)
		return nil
	})
	return out
}

func describe(res flow.Result) string {
	switch res.Kind {
	case flow.Done:
		return "done"
	case flow.Failed:
		return "failed " + res.Code
	case flow.Denied:
		return "denied"
	case flow.Restarted:
		return "restarted"
	case flow.NeedsPage:
		return "login_required"
	}
	out := res.Screen.(screen).Username
	if res.Refused {
		out += "!"
	}
	var others []string
	for _, o := range res.Others {
		others = append(others, strings.TrimPrefix(o.Execution, "x:"))
	}
	if len(others) > 0 {
		out += " or " + strings.Join(others, ",")
	}
	return out
}

// TestSemantics goes through Keycloak's evaluation of a level, state by state.
func TestSemantics(t *testing.T) {
	for _, c := range []struct {
		name, tree string
		turns      string // input -> outcome, one a line
	}{
		{"required in order", "R who-a\nR ask-b", `
			-> who-a
			who-a=yes -> ask-b
			-> ask-b
			ask-b=yes -> done`},
		{"a refusal stays on its page", "R who-a", `
			-> who-a
			who-a=no -> who-a!
			-> who-a
			who-a=yes -> done`},
		{"alternatives until one succeeds", "A no-cookie\nA no-idp\nA forms:\n\tR who-a", `
			-> who-a
			who-a=yes -> done`},
		{"the first alternative that succeeds ends the level", "R who-a\nR two:\n\tA ok-b\n\tA ask-c", `
			-> who-a
			who-a=yes -> done`},
		{"alternatives beside required ones are not run", "A ask-a\nR who-b", `
			-> who-b
			who-b=yes -> done`},
		{"disabled is skipped", "D ask-a\nR who-b", `
			-> who-b
			who-b=yes -> done`},
		{"conditional runs when its conditions hold", "R who-a\nC second:\n\tR conditional-yes\n\tR ask-b", `
			-> who-a
			who-a=yes -> ask-b
			ask-b=yes -> done`},
		{"conditional is skipped when one does not hold", "R who-a\nC second:\n\tR conditional-yes\n\tR conditional-no\n\tR ask-b", `
			-> who-a
			who-a=yes -> done`},
		{"conditional without a condition is not run", "R who-a\nC second:\n\tR ask-b", `
			-> who-a
			who-a=yes -> done`},
		{"a disabled condition does not count", "R who-a\nC second:\n\tD conditional-no\n\tR conditional-yes\n\tR ask-b", `
			-> who-a
			who-a=yes -> ask-b
			ask-b=yes -> done`},
		{"a condition that is not built is taken to hold", "R who-a\nC second:\n\tR conditional-unbuilt\n\tR ask-b", `
			-> who-a
			who-a=yes -> ask-b
			ask-b=yes -> done`},
		{"conditional second factor with alternatives", "A forms:\n\tR who-a\n\tC second:\n\t\tR conditional-yes\n\t\tA ask-b\n\t\tA ask-c", `
			-> who-a
			who-a=yes -> ask-b or ask-c
			?ask-c -> ask-c or ask-b
			ask-c=yes -> done`},
		{"another way and back", "A no-cookie\nA one:\n\tR who-a\nA two:\n\tR who-b\n\tR ask-c", `
			-> who-a or who-b
			?who-b -> who-b or who-a
			who-b=yes -> ask-c or who-a
			?who-a -> who-a or ask-c
			who-a=yes -> done`},
		{"choosing what the flow has not changes nothing", "R who-a\nR ask-b", `
			-> who-a
			?ask-z -> who-a`},
		{"choosing a later required step does not skip the first", "R who-a\nR ask-b", `
			-> who-a
			?ask-b -> who-a
			ask-b=yes -> who-a`},
		{"a form of a step that is not open is nothing", "R who-a\nR ask-b\nR ask-c", `
			-> who-a
			who-a=yes -> ask-b
			ask-c=yes -> ask-b
			who-a=yes -> ask-b`},
		{"nothing succeeds", "A no-a\nA no-b", `
			-> failed invalid_user_credentials`},
		{"a required step cannot be passed over", "R no-a\nR who-b", `
			-> failed invalid_user_credentials`},
		{"a flow in which nobody says who it is lets nobody in", "R ok-a", `
			-> failed user_not_found`},
		{"a flow whose steps are all off lets nobody in", "D who-a", `
			-> failed invalid_user_credentials`},
		{"an alternative in which nothing has to run is passed over", "A org:\n\tC inner:\n\t\tR conditional-no\n\t\tR ask-a\nA who-b", `
			-> who-b
			who-b=yes -> done`},
		{"a level whose conditions do not hold does not run its alternatives", "C inner:\n\tR conditional-no\n\tR ask-a\nA who-b", `
			-> failed invalid_user_credentials`},
		{"a failure without a page ends it", "R die-a", `
			-> failed dead`},
		{"a required step that is not built fails closed", "R who-a\nR unbuilt-b", `
			-> who-a
			who-a=yes -> failed authenticator_not_available`},
		{"an alternative that is not built is passed over", "A unbuilt-a\nA who-b", `
			-> who-b
			who-b=yes -> done`},
		{"a required step that the user has not set up fails closed", "R who-a\nR setup-b", `
			-> who-a
			who-a=yes -> failed credential_setup_required`},
		{"an alternative that the user has not set up is not offered", "R who-a\nR second:\n\tA setup-b\n\tA ask-c", `
			-> who-a
			who-a=yes -> ask-c
			ask-c=yes -> done`},
		{"a step that needs a user does not come before one is known", "A setup-a\nA who-b", `
			-> who-b
			who-b=yes -> done`},
		{"declined", "R who-a", `
			-> who-a
			who-a=cancel -> denied`},
		{"begun again", "R who-a", `
			-> who-a
			who-a=restart -> restarted`},
		{"attempted by the person goes to the next alternative", "A who-a\nA who-b", `
			-> who-a or who-b
			who-a=pass -> who-b or who-a
			who-b=yes -> done`},
		{"sub-flows nest", "R one:\n\tR two:\n\t\tR three:\n\t\t\tR who-a\n\tR ask-b", `
			-> who-a
			who-a=yes -> ask-b
			ask-b=yes -> done`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.tree)
			w.play(c.turns)
		})
	}
}

func (w *world) play(turns string) {
	w.t.Helper()
	for i, line := range strings.Split(strings.TrimSpace(turns), "\n") {
		input, want, ok := strings.Cut(strings.TrimSpace(line), "-> ")
		if !ok {
			w.t.Fatalf("bad turn %q", line)
		}
		if got := w.turn(strings.TrimSpace(input)); got != strings.TrimSpace(want) {
			w.t.Fatalf("turn %d, %q: got %q, want %q", i+1, strings.TrimSpace(input), got, strings.TrimSpace(want))
		}
	}
}
