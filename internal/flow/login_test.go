package flow_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/store"
)

// TestApprovedElsewhere: a step that another browser marked as passed is not
// asked for again, and the flow goes on behind it.
func TestApprovedElsewhere(t *testing.T) {
	w := newWorld(t, "A no-cookie\nA forms:\n\tR who-a\n\tR ask-b")
	w.play("-> who-a")
	w.login.Executions["x:who-a"] = latchkey.StatusSuccess
	w.login.UserID = "ada"
	w.play(`
		who-a=no -> ask-b
		ask-b=yes -> done`)
}

// TestPassive: prompt=none never shows a page, whatever the step.
func TestPassive(t *testing.T) {
	w := newWorld(t, "A no-cookie\nA forms:\n\tR who-a", "ACT")
	w.login.Request.Prompt = []string{"none"}
	w.play("-> login_required")

	w = newWorld(t, "A no-a\nA no-b")
	w.login.Request.Prompt = []string{"none"}
	w.play("-> login_required")

	w = newWorld(t, "R ok-a", "ACT")
	w.login.Request.Prompt, w.login.UserID = []string{"none"}, "ada"
	w.changeUser(func(u *latchkey.User) { u.AddRequiredAction("ACT") })
	w.play("-> login_required")
}

// TestRequiredActions: they come after the flow, in the realm's order, once.
func TestRequiredActions(t *testing.T) {
	w := newWorld(t, "R who-a", "ONE", "EVALUATED", "TWO")
	w.changeUser(func(u *latchkey.User) { u.RequiredActions = []string{"TWO", "ONE"} })
	w.play(`
		-> who-a
		ONE=yes -> who-a
		who-a=yes -> ONE
		TWO=yes -> ONE
		ONE=no -> ONE!
		ONE=yes -> EVALUATED
		EVALUATED=yes -> TWO
		-> TWO
		TWO=yes -> done`)
	w.changeUser(func(u *latchkey.User) {
		if len(u.RequiredActions) != 0 {
			t.Errorf("left over: %v", u.RequiredActions)
		}
	})
}

// TestRequiredActionNotBuilt: what waits for the user and cannot be shown
// keeps them out.
func TestRequiredActionNotBuilt(t *testing.T) {
	w := newWorld(t, "R who-a", "UNBUILT")
	w.changeUser(func(u *latchkey.User) { u.RequiredActions = []string{"UNBUILT"} })
	w.play(`
		-> who-a
		who-a=yes -> failed authenticator_not_available`)
}

// TestUserDisabledMeanwhile: who is switched off during the flow does not get
// in.
func TestUserDisabledMeanwhile(t *testing.T) {
	w := newWorld(t, "R who-a\nR ask-b")
	w.play("-> who-a\nwho-a=yes -> ask-b")
	w.changeUser(func(u *latchkey.User) { u.Enabled = false })
	w.play("ask-b=yes -> failed user_disabled")
}

// TestUserDeletedMeanwhile: who is deleted during the flow does not get in.
func TestUserDeletedMeanwhile(t *testing.T) {
	w := newWorld(t, "R who-a\nR ask-b")
	w.play("-> who-a\nwho-a=yes -> ask-b")
	w.update(func(tx *store.Tx) error { return tx.DeleteUser("realm", "ada") })
	w.play("ask-b=yes -> failed user_not_found")
}

// TestFlowThatContainsItself ends.
func TestFlowThatContainsItself(t *testing.T) {
	w := newWorld(t, "R one:\n\tR ok-a\n\tR who-b")
	w.snap.Flow("one").Executions = append(w.snap.Flow("one").Executions, latchkey.Execution{ID: "x:loop", FlowID: "one", Requirement: latchkey.Required, Priority: 99})
	w.play("-> who-b\nwho-b=yes -> failed flow_not_found")
}

// TestNotesBelongToTheirStep: one step cannot read or finish what another one
// noted.
func TestNotesBelongToTheirStep(t *testing.T) {
	l := &latchkey.Login{}
	a := &flow.Context{Login: l, Execution: &latchkey.Execution{ID: "a"}}
	b := &flow.Context{Login: l, Execution: &latchkey.Execution{ID: "b"}}
	a.SetNote("proof", "yes")
	if b.Note("proof") != "" || a.Note("proof") != "yes" {
		t.Errorf("a has %q, b has %q", a.Note("proof"), b.Note("proof"))
	}
}

// TestPassFirstFactor: a link that no login asked for takes the place of the
// first factor and of nothing else.
func TestPassFirstFactor(t *testing.T) {
	for tree, want := range map[string]string{
		"A auth-cookie\nA forms:\n\tR ext-magic-form\n\tR ask-b":                                    "ext-magic-form",
		"A auth-cookie\nA forms:\n\tR auth-username-password-form\n\tC second:\n\t\tR ask-b":        "auth-username-password-form",
		"A forms:\n\tR auth-username-form\n\tR pw:\n\t\tA auth-password-form\n\t\tD ext-magic-form": "auth-password-form auth-username-form",
		"R ask-a": "",
	} {
		snap := (&latchkey.Snapshot{Realm: &latchkey.Realm{}, Flows: parseTree(t, tree)}).Index()
		l := &latchkey.Login{FlowID: "top"}
		flow.PassFirstFactor(snap, l, time.Unix(1, 0))
		var got []string
		for id, s := range l.Executions {
			if s == latchkey.StatusSuccess {
				got = append(got, strings.TrimPrefix(id, "x:"))
			}
		}
		if len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0]
		}
		if fmt.Sprint(strings.Join(got, " ")) != want {
			t.Errorf("%q: passed %v, want %q", tree, got, want)
		}
	}
}
