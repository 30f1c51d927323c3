package flow

import (
	"strings"

	"latchkey"
)

// verdict is what a level, or one of its executions, has come to.
type verdict int

const (
	pending   verdict = iota // a page is shown, or the login ended
	passed                   // done
	attempted                // not the case here: the next alternative
	nothing                  // none of what was looked at had to run
)

// level runs one level of the tree. The result is set when the verdict is
// pending.
func (r *Run) level(flowID string, depth int) (verdict, Result, error) {
	f := r.Realm.Flow(flowID)
	if f == nil || depth > maxDepth {
		return pending, Result{Kind: Failed, Code: "flow_not_found"}, nil
	}
	required, alternatives := r.split(f)
	v, res, err := r.inOrder(required, depth)
	if err != nil || v != nothing {
		return v, res, err
	}
	// Nothing is required, or all of it was conditional and does not hold. A
	// level on which nothing is left to run has proven nothing: it never passes.
	return r.oneOf(alternatives, depth)
}

// split gives what a level runs: what is required and conditional, or, where
// nothing is, its alternatives. Alternatives beside others are not run, whether
// the others come to be run or not, as in Keycloak.
func (r *Run) split(f *latchkey.Flow) (required, alternatives []*latchkey.Execution) {
	for i := range f.Executions {
		e := &f.Executions[i]
		switch {
		case e.Requirement == latchkey.Disabled, r.isCondition(e):
		case e.Requirement == latchkey.Alternative:
			alternatives = append(alternatives, e)
		default:
			required = append(required, e)
		}
	}
	if len(required) > 0 {
		alternatives = nil
	}
	return required, alternatives
}

// inOrder runs what a level requires, one after the other.
func (r *Run) inOrder(list []*latchkey.Execution, depth int) (verdict, Result, error) {
	done := nothing
	for _, e := range list {
		if e.Requirement == latchkey.Conditional {
			holds, err := r.conditionsHold(e)
			if err != nil {
				return pending, Result{}, err
			}
			if !holds {
				r.set(e.ID, latchkey.StatusSkipped)
				continue
			}
			delete(r.Login.Executions, e.ID)
		}
		v, res, err := r.execution(e, depth)
		if err != nil || v == pending {
			return v, res, err
		}
		if v == attempted {
			// A required step cannot be passed over.
			return attempted, Result{}, nil
		}
		if e.Requirement == latchkey.Conditional {
			if err := r.conditionsPassed(e); err != nil {
				return pending, Result{}, err
			}
		}
		done = passed
	}
	return done, Result{}, nil
}

// oneOf runs the alternatives of a level until one succeeds; the one that the
// person chose, or whose page is open, comes first.
func (r *Run) oneOf(list []*latchkey.Execution, depth int) (verdict, Result, error) {
	for _, e := range list {
		if r.through(e, depth) {
			return passed, Result{}, nil
		}
	}
	for _, e := range r.preferred(list) {
		if e.FlowID == "" && r.Login.Executions[e.ID] == latchkey.StatusAttempted {
			continue
		}
		v, res, err := r.execution(e, depth)
		if err != nil || v != attempted {
			return v, res, err
		}
	}
	return attempted, Result{}, nil
}

// through says whether an alternative has succeeded already, without running
// anything.
func (r *Run) through(e *latchkey.Execution, depth int) bool {
	if e.FlowID == "" || isForm(e) {
		return r.Login.Executions[e.ID] == latchkey.StatusSuccess
	}
	f := r.Realm.Flow(e.FlowID)
	if f == nil || depth > maxDepth {
		return false
	}
	some := false
	for i := range f.Executions {
		c := &f.Executions[i]
		switch {
		case c.Requirement == latchkey.Disabled, c.Requirement == latchkey.Conditional, r.isCondition(c):
			continue
		case r.through(c, depth+1):
			some = true
			if c.Requirement == latchkey.Alternative {
				return r.noneConditional(f)
			}
		case c.Requirement == latchkey.Required:
			return false
		}
	}
	return some && r.noneConditional(f)
}

// noneConditional says that the level has no conditional sub-flow: where it
// has one, only running the level tells whether it is through.
func (r *Run) noneConditional(f *latchkey.Flow) bool {
	for i := range f.Executions {
		if f.Executions[i].Requirement == latchkey.Conditional {
			return false
		}
	}
	return true
}

// preferred puts the alternative that was chosen, else the one whose page is
// open, first.
func (r *Run) preferred(list []*latchkey.Execution) []*latchkey.Execution {
	for _, want := range []string{r.Login.Chosen, r.Login.Current} {
		if want == "" {
			continue
		}
		for i, e := range list {
			if r.holds(e, want, 0) {
				out := append([]*latchkey.Execution{e}, list[:i]...)
				return append(out, list[i+1:]...)
			}
		}
	}
	return list
}

// holds says whether the execution is, or its sub-flow contains, the one with
// that id.
func (r *Run) holds(e *latchkey.Execution, id string, depth int) bool {
	return e.ID == id || (e.FlowID != "" && findExecution(r.Realm, e.FlowID, id, depth) != nil)
}

// execution runs one execution that is not done yet.
func (r *Run) execution(e *latchkey.Execution, depth int) (verdict, Result, error) {
	if e.FlowID != "" && !isForm(e) {
		return r.level(e.FlowID, depth+1)
	}
	if s := r.Login.Executions[e.ID]; s == latchkey.StatusSuccess || s == latchkey.StatusSkipped {
		return passed, Result{}, nil
	}
	a := r.Registry.Authenticator(e.Authenticator)
	if a == nil {
		return r.unavailable(e, CodeNotBuilt)
	}
	c := r.context(e, nil)
	user, err := c.User()
	if err != nil {
		return pending, Result{}, err
	}
	if user == nil && a.Provider().NeedsUser {
		return r.unavailable(e, "user_not_found")
	}
	if check, ok := a.(UserCheck); ok && user != nil {
		configured, err := check.ConfiguredFor(c, user)
		if err != nil {
			return pending, Result{}, err
		}
		if !configured {
			return r.notSetUp(e, a, user)
		}
	}
	out, err := a.Authenticate(c)
	if err != nil {
		return pending, Result{}, err
	}
	v, res := r.apply(e, out, false)
	if res.Kind == Show {
		res.Others, err = r.others(e)
	}
	return v, res, err
}

// notSetUp lets a user go on who has not set up what a step requires, when
// they can do so in this login: the required action is then asked for, and
// until it is done nobody is signed in (Keycloak: setup required).
func (r *Run) notSetUp(e *latchkey.Execution, a Authenticator, user *latchkey.User) (verdict, Result, error) {
	const code = "credential_setup_required"
	s, ok := a.(SetUp)
	if !ok || e.Requirement != latchkey.Required || r.direct() {
		return r.unavailable(e, code)
	}
	ra := r.Realm.RequiredAction(s.SetUpBy())
	if ra == nil || !ra.Enabled || r.Registry.RequiredAction(ra.Alias) == nil {
		return r.unavailable(e, code)
	}
	user, err := r.Tx.LockUser(user.RealmID, user.ID)
	if err != nil {
		return pending, Result{}, err
	}
	user.AddRequiredAction(ra.Alias)
	if err := r.Tx.UpdateUser(user); err != nil {
		return pending, Result{}, err
	}
	r.set(e.ID, latchkey.StatusSkipped)
	return passed, Result{}, nil
}

// unavailable passes over an alternative that cannot be used now, and ends a
// login whose required step cannot: closed, never open.
func (r *Run) unavailable(e *latchkey.Execution, code string) (verdict, Result, error) {
	if e.Requirement == latchkey.Alternative {
		r.set(e.ID, latchkey.StatusAttempted)
		return attempted, Result{}, nil
	}
	r.set(e.ID, latchkey.StatusFailed)
	return pending, Result{Kind: Failed, Code: code, Step: e.ID}, nil
}

// isCondition says whether the execution is a condition, which is evaluated
// and not run. Conditions that are not built are known by Keycloak's prefix.
func (r *Run) isCondition(e *latchkey.Execution) bool {
	if _, ok := r.Registry.Authenticator(e.Authenticator).(Condition); ok {
		return true
	}
	return strings.HasPrefix(e.Authenticator, "conditional-")
}

// conditionsHold evaluates the conditions of a conditional sub-flow: all that
// are not disabled must hold, and a sub-flow without any is not run. A
// condition that is not built is taken to hold, so that the steps it guards
// are asked for rather than skipped.
func (r *Run) conditionsHold(e *latchkey.Execution) (bool, error) {
	some := false
	for _, c := range r.conditions(e) {
		some = true
		condition, ok := r.Registry.Authenticator(c.Authenticator).(Condition)
		if !ok {
			continue
		}
		holds, err := condition.Matches(r.context(c, nil))
		if err != nil || !holds {
			return false, err
		}
	}
	return some, nil
}

// conditionsPassed tells the conditions of a conditional sub-flow that it
// passed.
func (r *Run) conditionsPassed(e *latchkey.Execution) error {
	for _, c := range r.conditions(e) {
		if w, ok := r.Registry.Authenticator(c.Authenticator).(PassedCondition); ok {
			if err := w.Passed(r.context(c, nil)); err != nil {
				return err
			}
		}
	}
	return nil
}

// conditions lists the conditions of a sub-flow that are not disabled.
func (r *Run) conditions(e *latchkey.Execution) []*latchkey.Execution {
	f := r.Realm.Flow(e.FlowID)
	if f == nil {
		return nil
	}
	var out []*latchkey.Execution
	for i := range f.Executions {
		if c := &f.Executions[i]; c.Requirement != latchkey.Disabled && r.isCondition(c) {
			out = append(out, c)
		}
	}
	return out
}
