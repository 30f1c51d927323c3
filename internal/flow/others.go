package flow

import (
	"latchkey"
)

// others lists the ways that the person could take in place of the step whose
// page is open: the alternatives beside it, and beside every sub-flow that it
// stands in ("Try another way").
func (r *Run) others(open *latchkey.Execution) ([]Other, error) {
	user, err := (&Context{Login: r.Login, Tx: r.Tx}).User()
	if err != nil {
		return nil, err
	}
	var out []Other
	r.collectOthers(r.Login.FlowID, open, user, &out, 0)
	return out, nil
}

func (r *Run) collectOthers(flowID string, open *latchkey.Execution, user *latchkey.User, out *[]Other, depth int) {
	f := r.Realm.Flow(flowID)
	if f == nil || depth > maxDepth {
		return
	}
	for i := range f.Executions {
		e := &f.Executions[i]
		switch {
		case e.FlowID != "" && e.ID != open.ID && r.holds(e, open.ID, depth):
			r.collectOthers(e.FlowID, open, user, out, depth+1)
		case e.Requirement != latchkey.Alternative || e.ID == open.ID || !r.levelOffersAlternatives(f):
		default:
			if first := r.firstStep(e, depth); first != nil && r.usable(first, user) {
				*out = append(*out, Other{Execution: first.ID, Label: r.Registry.Authenticator(first.Authenticator).Provider().Label})
			}
		}
	}
}

// levelOffersAlternatives says whether the level's alternatives are run at all.
func (r *Run) levelOffersAlternatives(f *latchkey.Flow) bool {
	for i := range f.Executions {
		e := &f.Executions[i]
		if (e.Requirement == latchkey.Required || e.Requirement == latchkey.Conditional) && !r.isCondition(e) {
			return false
		}
	}
	return true
}

// firstStep is the step that the person would meet first on that way.
func (r *Run) firstStep(e *latchkey.Execution, depth int) *latchkey.Execution {
	if e.FlowID == "" || isForm(e) {
		return e
	}
	f := r.Realm.Flow(e.FlowID)
	if f == nil || depth > maxDepth {
		return nil
	}
	for i := range f.Executions {
		c := &f.Executions[i]
		// What is conditional may not come at all.
		if c.Requirement == latchkey.Disabled || c.Requirement == latchkey.Conditional || r.isCondition(c) || r.Login.Executions[c.ID] == latchkey.StatusSuccess {
			continue
		}
		return r.firstStep(c, depth+1)
	}
	return nil
}

// usable says whether the step can be offered: it has a name for people, and
// the user, when known, has set it up.
func (r *Run) usable(e *latchkey.Execution, user *latchkey.User) bool {
	a := r.Registry.Authenticator(e.Authenticator)
	if a == nil || a.Provider().Label == "" || (user == nil && a.Provider().NeedsUser) {
		return false
	}
	check, ok := a.(UserCheck)
	if !ok || user == nil {
		return true
	}
	configured, err := check.ConfiguredFor(r.context(e, nil), user)
	return err == nil && configured
}
