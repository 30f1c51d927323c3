package flow_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/store"
)

// requestStep passes where there is no browser, and names the user when its
// name begins with "req-who".
type requestStep struct{ step }

func (s requestStep) names() bool { return strings.HasPrefix(s.id, "req-who") }

func (s requestStep) Provider() flow.Provider {
	return flow.Provider{ID: s.id, Passes: flow.ByRequest, Names: s.names()}
}

func (s requestStep) Authenticate(c *flow.Context) (flow.Outcome, error) {
	if !c.Login.Request.Direct() {
		return flow.Outcome{Kind: flow.Failure, Code: "no_request"}, nil
	}
	if s.names() {
		c.SetUser(&latchkey.User{RealmID: "realm", ID: "ada", Username: "ada", Enabled: true})
	}
	return flow.Outcome{Kind: flow.Success}, nil
}

// either is a condition that holds when its world says so.
type either struct {
	step
	holds *int
}

func (c either) Matches(*flow.Context) (bool, error) {
	return *c.holds>>int(c.id[len(c.id)-1]-'0')&1 == 1, nil
}

// anyTree writes a small flow by chance. Each name stands once in it.
func anyTree(r *rand.Rand) string {
	var b strings.Builder
	names, conditions := 0, 0
	kinds := []string{"who", "who", "ask", "ok", "no", "die", "setup", "unbuilt", "req-who", "req"}
	var level func(depth int)
	level = func(depth int) {
		for range 1 + r.IntN(3) {
			names++
			b.WriteString(strings.Repeat("\t", depth))
			switch {
			case depth < 2 && r.IntN(3) == 0:
				fmt.Fprintf(&b, "%c sub%d:\n", "RACCD"[r.IntN(5)], names)
				if conditions < 4 && r.IntN(2) == 0 {
					fmt.Fprintf(&b, "%s%c conditional-%d\n", strings.Repeat("\t", depth+1), "RRD"[r.IntN(3)], conditions)
					conditions++
				}
				level(depth + 1)
			default:
				fmt.Fprintf(&b, "%c %s-%d\n", "RAAD"[r.IntN(4)], kinds[r.IntN(len(kinds))], names)
			}
		}
	}
	level(0)
	return b.String()
}

// What is said of a flow is what the engine does: somebody gets through, by some
// answers and choices and under some conditions, exactly where it is passable.
func TestPassable(t *testing.T) {
	w := newWorld(t, "R who-a")
	w.changeUser(func(u *latchkey.User) { u.Attributes = map[string][]string{"setup": {"1"}} })
	r := rand.New(rand.NewPCG(1, 2))
	rounds, some := 400, 0
	if testing.Short() {
		rounds = 50
	}
	for range rounds {
		tree := anyTree(r)
		holds := 0
		w.arrange(tree, &holds)
		for _, use := range []flow.Use{flow.InBrowser, flow.InTokenCall} {
			said, does := flow.Passable(w.registry, w.snap, w.snap.Flow("top"), use), false
			for holds = 0; holds < 16 && !does; holds++ {
				does = w.getsThrough(use)
			}
			if said != does {
				t.Fatalf("use %d: said %v, does %v:\n%s", use, said, does, tree)
			}
			if does {
				some++
			}
			nobody := false
			for _, warning := range flow.Check(w.registry, w.snap, w.snap.Flow("top"), use) {
				nobody = nobody || warning.Nobody
			}
			if nobody == said {
				t.Fatalf("use %d: passable %v, named %v:\n%s", use, said, nobody, tree)
			}
		}
	}
	if some < rounds/20 {
		t.Errorf("only %d flows could be passed", some)
	}
}

// arrange puts another flow into the world.
func (w *world) arrange(tree string, holds *int) {
	w.snap = &latchkey.Snapshot{Realm: w.snap.Realm, Flows: parseTree(w.t, tree)}
	var steps []flow.Authenticator
	for _, f := range w.snap.Flows {
		for _, e := range f.Executions {
			switch id := e.Authenticator; {
			case id == "", strings.HasPrefix(id, "unbuilt"):
			case strings.HasPrefix(id, "conditional-"):
				steps = append(steps, either{step{id}, holds})
			case strings.HasPrefix(id, "setup-"):
				steps = append(steps, setupStep{step{id}})
			case strings.HasPrefix(id, "req"):
				steps = append(steps, requestStep{step{id}})
			default:
				steps = append(steps, step{id})
			}
		}
	}
	w.snap.Index()
	w.registry = flow.NewRegistry(steps, nil)
}

// getsThrough says whether a login of somebody who is willing ends well: each
// page is answered, or, in another attempt, another way is chosen first.
func (w *world) getsThrough(use flow.Use) (done bool) {
	w.update(func(tx *store.Tx) error {
		for attempt := range 8 {
			l := &latchkey.Login{RealmID: "realm", ID: "login", FlowID: "top"}
			if use == flow.InTokenCall {
				l.Request.GrantType = "password"
			}
			run := &flow.Run{Registry: w.registry, Realm: w.snap, Login: l, Tx: tx, Now: time.Unix(1000, 0)}
			for turn := range 12 {
				res, err := flow.Advance(run)
				if err != nil {
					return err
				}
				if res.Kind == flow.Done {
					done = true
					return nil
				}
				if res.Kind != flow.Show {
					break
				}
				run.Submit, run.Choose = nil, ""
				if attempt>>(turn%3)&1 == 1 && len(res.Others) > 0 {
					run.Choose = res.Others[len(res.Others)-1].Execution
				} else {
					run.Submit = &flow.Submission{Step: res.Step, Form: map[string][]string{"answer": {"yes"}}}
				}
			}
		}
		return nil
	})
	return done
}
