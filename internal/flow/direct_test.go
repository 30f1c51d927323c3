package flow_test

import (
	"maps"
	"net/url"
	"slices"
	"testing"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/store"
)

// directStep is a step of a login without a browser: it takes what it asks for
// from the form of the one request.
type directStep struct {
	id    string
	calls *int
}

func (s directStep) Provider() flow.Provider { return flow.Provider{ID: s.id} }
func (s directStep) Prepare(c *flow.Context) (any, error) {
	*s.calls++
	return "prepared " + c.Form.Get(s.id), nil
}

func (s directStep) Authenticate(c *flow.Context) (flow.Outcome, error) {
	if !c.Passive || !c.Login.Request.Direct() {
		return flow.Outcome{Kind: flow.Challenge, Screen: screen{}}, nil
	}
	if c.Prepared != "prepared right" {
		return flow.Outcome{Kind: flow.Failure, Code: "invalid_user_credentials"}, nil
	}
	u, err := c.Tx.UserByUsername(c.Realm.Realm.ID, c.Form.Get("username"))
	if err != nil {
		return flow.Outcome{}, err
	}
	c.SetUser(u)
	return flow.Outcome{Kind: flow.Success}, nil
}

func (s directStep) Action(*flow.Context) (flow.Outcome, error) { return flow.Outcome{}, nil }

// A login without a browser runs its whole flow in one turn, with the form of
// its one request, and ends where a page would be needed.
func TestDirect(t *testing.T) {
	for name, c := range map[string]struct {
		tree    string
		form    url.Values
		actions []string
		pending string // required action of the user
		kind    flow.ResultKind
		code    string
		step    string
	}{
		"passes":                 {tree: "R one\nR sub:\n\tR two", form: url.Values{"one": {"right"}, "two": {"right"}, "username": {"ada"}}, kind: flow.Done},
		"a step fails":           {tree: "R one\nR two", form: url.Values{"one": {"right"}, "two": {"wrong"}, "username": {"ada"}}, kind: flow.Failed, code: "invalid_user_credentials", step: "x:two"},
		"a page would be needed": {tree: "R one\nR ask", form: url.Values{"one": {"right"}, "username": {"ada"}}, kind: flow.NeedsPage, step: "x:ask"},
		"something is asked of the user": {tree: "R one", form: url.Values{"one": {"right"}, "username": {"ada"}}, actions: []string{"TERMS"}, pending: "TERMS",
			kind: flow.NeedsPage, step: "TERMS"},
		"what is disabled is not prepared": {tree: "R one\nD two", form: url.Values{"one": {"right"}, "username": {"ada"}}, kind: flow.Done},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.tree, c.actions...)
			calls := 0
			var built []flow.RequiredAction
			for _, a := range c.actions {
				built = append(built, action{a})
			}
			registry := flow.NewRegistry([]flow.Authenticator{directStep{"one", &calls}, directStep{"two", &calls}, step{"ask"}}, built)
			if c.pending != "" {
				w.changeUser(func(u *latchkey.User) { u.AddRequiredAction(c.pending) })
			}
			w.login.Request.GrantType = latchkey.GrantPassword
			r := &flow.Run{Registry: registry, Realm: w.snap, Login: w.login, Form: c.form}
			var res flow.Result
			w.update(func(tx *store.Tx) (err error) {
				r.Tx, r.Now = tx, tx.Now()
				if r.Prepared, err = flow.PrepareDirect(r); err != nil {
					return err
				}
				res, err = flow.Advance(r)
				return err
			})
			if res.Kind != c.kind || res.Code != c.code || res.Step != c.step || res.Screen != nil {
				t.Errorf("%+v", res)
			}
			if want := len(slices.Collect(maps.Keys(r.Prepared))); calls != want {
				t.Errorf("%d steps prepared, %d kept", calls, want)
			}
			if _, ok := r.Prepared["x:two"]; ok && name == "what is disabled is not prepared" {
				t.Error("a disabled step was prepared")
			}
		})
	}
}

// The slow work of one request is bounded, whatever its flow.
func TestDirectIsBounded(t *testing.T) {
	w := newWorld(t, "R a\nR a2\nR a3\nR a4\nR a5\nR a6")
	calls := 0
	var steps []flow.Authenticator
	for _, id := range []string{"a", "a2", "a3", "a4", "a5", "a6"} {
		steps = append(steps, directStep{id, &calls})
	}
	w.update(func(tx *store.Tx) error {
		_, err := flow.PrepareDirect(&flow.Run{Registry: flow.NewRegistry(steps, nil), Realm: w.snap, Login: w.login, Tx: tx})
		return err
	})
	if calls != 4 {
		t.Errorf("%d steps did slow work", calls)
	}
}
