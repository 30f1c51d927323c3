package flow

import "latchkey"

// Passage says who can pass a step.
type Passage int

// The passages.
const (
	ByPage     Passage = iota // who answers its page
	ByRequest                 // a token request that has what it takes; in a browser nobody
	ByAll                     // everybody, without a page
	PassedOver                // nobody who is not signed in already: for the others it is not the case
	ByNobody
)

// Use is what a flow is for.
type Use int

// The uses.
const (
	AnyUse      Use = iota // not known yet
	InBrowser              // people sign in, register, or set a new password by it
	InTokenCall            // token requests with a name and a password go through it
)

// UseOf says what the flow is bound for, by the realm or by a client.
func UseOf(snap *latchkey.Snapshot, f *latchkey.Flow) Use {
	switch f.Alias {
	case "":
	case snap.Realm.BrowserFlow, snap.Realm.RegistrationFlow, snap.Realm.ResetCredentialsFlow:
		return InBrowser
	case snap.Realm.DirectGrantFlow:
		return InTokenCall
	}
	use := AnyUse
	for _, c := range snap.Clients {
		switch f.ID {
		case c.FlowBindings["browser"]:
			return InBrowser
		case c.FlowBindings["direct_grant"]:
			use = InTokenCall
		}
	}
	return use
}

// Passable says whether anybody who is not signed in yet can get through the
// flow, and is known then: by what its steps say of themselves, as the engine
// evaluates its levels. Every condition may hold, and may not.
func Passable(g *Registry, snap *latchkey.Snapshot, f *latchkey.Flow, use Use) bool {
	p := &prospect{run: &Run{Registry: g, Realm: snap, Login: &latchkey.Login{}}, use: use, seen: map[place]ends{}}
	return p.level(f.ID, false).passed[known]
}

// What is known of the person, as an index.
const (
	unknown = iota
	known
)

// ends are what a level, or an execution, can come to, each with and without
// that it is known who the person is.
type ends struct {
	passed, attempted [2]bool
	page              bool // some page is shown, by which another way can be chosen
}

type place struct {
	flow  string
	known bool
}

type prospect struct {
	run  *Run
	use  Use
	seen map[place]ends
}

func index(isKnown bool) int {
	if isKnown {
		return known
	}
	return unknown
}

// level is what [Run.level] can come to. A flow below itself ends nowhere.
func (p *prospect) level(flowID string, isKnown bool) ends {
	at := place{flowID, isKnown}
	if out, ok := p.seen[at]; ok {
		return out
	}
	p.seen[at] = ends{}
	var out ends
	if f := p.run.Realm.Flow(flowID); f != nil {
		if required, alternatives := p.run.split(f); len(required) > 0 {
			out = p.inOrder(required, isKnown)
		} else {
			out = p.oneOf(alternatives, isKnown)
		}
	}
	p.seen[at] = out
	return out
}

// inOrder is what [Run.inOrder] can come to.
func (p *prospect) inOrder(list []*latchkey.Execution, isKnown bool) (out ends) {
	type state struct{ known, ran bool }
	now := map[state]bool{{known: isKnown}: true}
	for _, e := range list {
		next := map[state]bool{}
		for s := range now {
			if e.Requirement == latchkey.Conditional {
				holds, fails := p.conditions(e)
				if fails {
					next[s] = true
				}
				if !holds {
					continue
				}
			}
			x := p.execution(e, s.known)
			out.page = out.page || x.page
			for k := range x.passed {
				if x.passed[k] {
					next[state{k == known, true}] = true
				}
				out.attempted[k] = out.attempted[k] || x.attempted[k]
			}
		}
		now = next
	}
	for s := range now {
		if s.ran {
			out.passed[index(s.known)] = true
		} else {
			out.attempted[index(s.known)] = true
		}
	}
	return out
}

// conditions says whether the conditions of a sub-flow can all hold, and
// whether one of them can fail.
func (p *prospect) conditions(e *latchkey.Execution) (holds, fails bool) {
	list := p.run.conditions(e)
	fails = len(list) == 0
	for _, c := range list {
		if _, built := p.run.Registry.Authenticator(c.Authenticator).(Condition); built {
			fails = true
		}
	}
	return len(list) > 0, fails
}

// oneOf is what [Run.oneOf] can come to. Once a page is shown, every other way
// that has a name can be chosen.
func (p *prospect) oneOf(list []*latchkey.Execution, isKnown bool) (out ends) {
	now := [2]bool{}
	now[index(isKnown)] = true
	for _, e := range list {
		starts, next := now, [2]bool{}
		if out.page && p.named(e) {
			starts[index(isKnown)] = true
		}
		for k := range starts {
			if !starts[k] {
				continue
			}
			x := p.execution(e, k == known)
			out.page = out.page || x.page
			for i := range x.passed {
				out.passed[i] = out.passed[i] || x.passed[i]
				next[i] = next[i] || x.attempted[i]
			}
		}
		now = next
	}
	out.attempted = now
	return out
}

// named says that the way can be chosen by its name.
func (p *prospect) named(e *latchkey.Execution) bool {
	first := p.run.firstStep(e, 0)
	if first == nil {
		return false
	}
	a := p.run.Registry.Authenticator(first.Authenticator)
	return a != nil && a.Provider().Label != ""
}

// execution is what [Run.execution] can come to.
func (p *prospect) execution(e *latchkey.Execution, isKnown bool) (out ends) {
	if e.FlowID != "" && !isForm(e) {
		return p.level(e.FlowID, isKnown)
	}
	a := p.run.Registry.Authenticator(e.Authenticator)
	over := e.Requirement == latchkey.Alternative
	if a == nil || a.Provider().NeedsUser && !isKnown {
		out.attempted[index(isKnown)] = over
		return out
	}
	if _, some := a.(UserCheck); some {
		out.attempted[index(isKnown)] = over && isKnown // who has not set it up
	}
	step := a.Provider()
	after := index(isKnown || step.Names)
	switch step.Passes {
	case ByAll:
		out.passed[after] = true
	case PassedOver:
		out.attempted[index(isKnown)] = true
	case ByPage:
		out.passed[after], out.page = p.use != InTokenCall, p.use != InTokenCall
	case ByRequest:
		out.passed[after] = p.use == InTokenCall
	}
	return out
}
