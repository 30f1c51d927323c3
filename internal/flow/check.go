package flow

import (
	"fmt"
	"slices"
	"strings"

	"latchkey"
)

// Warning says what of a flow does not do what it looks like. Nothing of it is
// wrong enough to refuse: a flow is put together step by step.
type Warning struct {
	ExecutionID string // the execution that it is about; empty: the whole level
	Text        string // one sentence, for operators
	Nobody      bool   // it says that nobody can sign in by the flow
}

// Check looks for what cannot work in the flow and in its sub-flows: steps that
// are never reached, conditions that are not evaluated, providers that are not
// built, levels that let nobody in, options that weaken. Steps of client-flows are not run, and not
// looked at. First comes whether anybody can get through it in its use.
func Check(g *Registry, snap *latchkey.Snapshot, f *latchkey.Flow, use Use) []Warning {
	c := &checker{registry: g, snap: snap, use: use}
	if f.ProviderID != ClientFlow {
		if f.TopLevel {
			c.through(f)
		}
		c.level(f, false, 0)
	}
	return c.found
}

// through looks whether anybody gets through the flow. Where it is not known
// yet what it is for, it is for that by which somebody does.
func (c *checker) through(f *latchkey.Flow) {
	browser, token := Passable(c.registry, c.snap, f, InBrowser), Passable(c.registry, c.snap, f, InTokenCall)
	nobody := func(text string) { c.found = append(c.found, Warning{Text: text, Nobody: true}) }
	switch {
	case c.use == InBrowser && browser, c.use == InTokenCall && token:
	case c.use == InBrowser && token:
		nobody("Nobody can sign in by this flow in a browser: its steps are for token requests.")
	case c.use == InTokenCall && browser:
		nobody("No token request gets through this flow: its steps show pages.")
	case browser:
		c.use = InBrowser
	case token:
		c.use = InTokenCall
		c.found = append(c.found, Warning{Text: "This flow is for token requests: in a browser nobody can sign in by it."})
	default:
		nobody("Nobody can sign in by this flow.")
	}
}

// The kinds of flows, as in Keycloak.
const (
	BasicFlow  = latchkey.BasicFlow
	FormFlow   = latchkey.FormFlow
	ClientFlow = latchkey.ClientFlow
)

type checker struct {
	registry *Registry
	snap     *latchkey.Snapshot
	use      Use
	found    []Warning
}

func (c *checker) warn(e *latchkey.Execution, format string, args ...any) {
	c.found = append(c.found, Warning{ExecutionID: e.ID, Text: fmt.Sprintf(format, args...)})
}

// name is what operators see of an execution.
func (c *checker) name(e *latchkey.Execution) string {
	if sub := c.snap.Flow(e.FlowID); sub != nil {
		return sub.Alias
	}
	if p, ok := c.registry.Step(e.Authenticator); ok && p.DisplayName != "" {
		return p.DisplayName
	}
	return e.Authenticator
}

func (c *checker) isCondition(e *latchkey.Execution) bool {
	return (&Run{Registry: c.registry}).isCondition(e)
}

// level looks at one level. conditional says that it is only run when its
// conditions hold.
func (c *checker) level(f *latchkey.Flow, conditional bool, depth int) {
	if depth > maxDepth {
		c.found = append(c.found, Warning{Text: fmt.Sprintf("%q stands more than %d levels deep: nobody gets there.", f.Alias, maxDepth)})
		return
	}
	var required *latchkey.Execution
	some, conditions := false, false
	for i := range f.Executions {
		e := &f.Executions[i]
		switch {
		case e.Requirement == latchkey.Disabled:
		case c.isCondition(e):
			conditions = true
		default:
			some = true
			if e.Requirement != latchkey.Alternative && required == nil {
				required = e
			}
		}
	}
	switch {
	case !some:
		c.found = append(c.found, Warning{Text: fmt.Sprintf("No step of %q is switched on: nobody passes it.", f.Alias)})
	case conditional && !conditions:
		c.found = append(c.found, Warning{Text: fmt.Sprintf("%q is conditional and has no condition that is switched on: it is never run.", f.Alias)})
	}
	for i := range f.Executions {
		if e := &f.Executions[i]; e.Requirement != latchkey.Disabled {
			c.execution(e, required, conditional, depth)
		}
	}
}

func (c *checker) execution(e, required *latchkey.Execution, conditional bool, depth int) {
	condition := c.isCondition(e)
	switch {
	case condition && !conditional:
		c.warn(e, "%q decides nothing here: conditions are evaluated in conditional sub-flows.", c.name(e))
	case !condition && e.Requirement == latchkey.Alternative && required != nil:
		c.warn(e, "%q is an alternative beside %q, which is not: it is never run.", c.name(e), c.name(required))
	case !condition && e.Requirement == latchkey.Conditional && e.FlowID == "":
		c.warn(e, "%q is no sub-flow and has no conditions: as a conditional step it is never run.", c.name(e))
	}
	if e.FlowID != "" && !isForm(e) {
		sub := c.snap.Flow(e.FlowID)
		switch {
		case sub == nil:
			c.warn(e, "The sub-flow of this step does not exist any more: nobody passes it.")
		case sub.ProviderID == FormFlow:
			c.warn(e, "%q is a form without its page: nobody passes it.", sub.Alias)
		default:
			c.level(sub, e.Requirement == latchkey.Conditional, depth+1)
		}
		return
	}
	c.provider(e, c.registry.authenticators[e.Authenticator] != nil)
	c.options(e)
	if w, ok := c.registry.authenticators[e.Authenticator].(Weakener); ok {
		if config := c.snap.Config(e.ConfigID); config != nil {
			for _, text := range w.Weakens(config.Config) {
				c.warn(e, "%s", text)
			}
		}
	}
	if sub := c.snap.Flow(e.FlowID); sub != nil {
		c.parts(sub)
	}
}

// options looks for values that an import had and that nobody could set: they
// are kept, and acted on as they can be.
func (c *checker) options(e *latchkey.Execution) {
	config, p := c.snap.Config(e.ConfigID), Provider{}
	if config != nil {
		p, _ = c.registry.Step(e.Authenticator)
	}
	for i := range p.Properties {
		o := &p.Properties[i]
		if value := config.Config[o.Name]; value != "" {
			if wrong := o.wrong(value); wrong != "" {
				c.warn(e, "%q is kept as it was, and cannot be so. %s", o.Label, wrong)
			}
		}
	}
}

// parts looks at the parts of the page of a form-flow.
func (c *checker) parts(f *latchkey.Flow) {
	for i := range f.Executions {
		if e := &f.Executions[i]; e.Requirement != latchkey.Disabled {
			c.provider(e, c.registry.forms[e.Authenticator] != nil)
			c.options(e)
		}
	}
}

// provider looks at what an execution is a step of.
func (c *checker) provider(e *latchkey.Execution, built bool) {
	p, known := c.registry.Step(e.Authenticator)
	switch {
	case !built && known:
		c.warn(e, "%q does not belong on this level: a sign-in that comes to it fails.", c.name(e))
	case !built:
		c.warn(e, "The step %q is not built: a sign-in that comes to it fails, or passes over it where it is an alternative.", e.Authenticator)
	case p.Passes == ByRequest && c.use != InTokenCall:
		c.warn(e, "%q takes what it asks for from a token request: in a browser nobody passes it.", c.name(e))
	case p.Passes == ByPage && c.use == InTokenCall && !c.isCondition(e):
		c.warn(e, "%q shows a page: a token request that comes to it fails.", c.name(e))
	case len(p.Requirements) > 0 && !slices.Contains(p.Requirements, e.Requirement) && e.Requirement != latchkey.Conditional:
		c.warn(e, "%q is meant to be %s, not %s.", c.name(e), choices(p.Requirements), e.Requirement)
	}
}

func choices(list []latchkey.Requirement) string {
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = string(r)
	}
	return strings.Join(names, " or ")
}
