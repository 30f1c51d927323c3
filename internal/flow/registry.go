package flow

import (
	"cmp"
	"slices"
	"strings"

	"latchkey"
)

// Registry holds the authenticators, form actions and required actions that
// are built in.
type Registry struct {
	authenticators map[string]Authenticator
	actions        map[string]RequiredAction
	forms          map[string]FormAction
}

// NewRegistry makes a registry; a later entry takes the place of an earlier
// one of the same id.
func NewRegistry(authenticators []Authenticator, actions []RequiredAction, forms ...FormAction) *Registry {
	g := &Registry{authenticators: map[string]Authenticator{}, actions: map[string]RequiredAction{}, forms: map[string]FormAction{}}
	for _, f := range forms {
		g.forms[f.Provider().ID] = f
	}
	for _, a := range authenticators {
		g.authenticators[a.Provider().ID] = a
	}
	for _, a := range actions {
		g.actions[a.Provider().ID] = a
	}
	return g
}

// Authenticator finds an authenticator by its provider id; nil when it is not
// built.
func (g *Registry) Authenticator(providerID string) Authenticator {
	return g.authenticators[providerID]
}

// RequiredAction finds a required action by its alias; nil when it is not
// built.
func (g *Registry) RequiredAction(alias string) RequiredAction { return g.actions[alias] }

// FormAction finds a part of a form-flow by its provider id; nil when it is
// not built.
func (g *Registry) FormAction(providerID string) FormAction { return g.forms[providerID] }

// Built says whether there is an authenticator, a form action or a required
// action of that id.
func (g *Registry) Built(id string) bool {
	return g.authenticators[id] != nil || g.actions[id] != nil || g.forms[id] != nil
}

// Providers describes the authenticators that are built, by their names.
func (g *Registry) Providers() []Provider { return described(g.authenticators) }

// FormProviders describes the parts of form-flows that are built, by their
// names.
func (g *Registry) FormProviders() []Provider { return described(g.forms) }

// ActionProviders describes the required actions that are built, by their
// names.
func (g *Registry) ActionProviders() []Provider { return described(g.actions) }

// Step describes an authenticator or a form action; ok is false when it is not
// built.
func (g *Registry) Step(id string) (p Provider, ok bool) {
	if a := g.authenticators[id]; a != nil {
		return a.Provider(), true
	}
	if f := g.forms[id]; f != nil {
		return f.Provider(), true
	}
	return Provider{}, false
}

func described[T interface{ Provider() Provider }](all map[string]T) []Provider {
	out := make([]Provider, 0, len(all))
	for _, one := range all {
		out = append(out, one.Provider())
	}
	slices.SortFunc(out, func(a, b Provider) int {
		return cmp.Or(strings.Compare(a.DisplayName, b.DisplayName), strings.Compare(a.ID, b.ID))
	})
	return out
}

// FindExecution finds an execution of the flow or of its sub-flows by its id.
func FindExecution(snap *latchkey.Snapshot, flowID, executionID string) *latchkey.Execution {
	return findExecution(snap, flowID, executionID, 0)
}

// standing is [FindExecution] for a step that people can come to: neither it nor
// what it is in is switched off.
func standing(snap *latchkey.Snapshot, flowID, executionID string) *latchkey.Execution {
	return searchExecution(snap, flowID, 0, func(e *latchkey.Execution) (is, within bool) {
		on := e.Requirement != latchkey.Disabled
		return on && e.ID == executionID, on
	})
}

// maxDepth bounds how deep flows may be nested, so that a flow that contains
// itself ends.
const maxDepth = 20

func findExecution(snap *latchkey.Snapshot, flowID, executionID string, depth int) *latchkey.Execution {
	return searchExecution(snap, flowID, depth, func(e *latchkey.Execution) (is, within bool) { return e.ID == executionID, true })
}

// searchExecution gives the first execution that is the wanted one; within says
// whether to look into its sub-flow.
func searchExecution(snap *latchkey.Snapshot, flowID string, depth int, wanted func(*latchkey.Execution) (is, within bool)) *latchkey.Execution {
	f := snap.Flow(flowID)
	if f == nil || depth > maxDepth {
		return nil
	}
	for i := range f.Executions {
		e := &f.Executions[i]
		is, within := wanted(e)
		if is {
			return e
		}
		if e.FlowID != "" && within {
			if found := searchExecution(snap, e.FlowID, depth+1, wanted); found != nil {
				return found
			}
		}
	}
	return nil
}
