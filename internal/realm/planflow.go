package realm

import (
	"maps"
	"slices"
	"sort"
	"strconv"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func (p *planner) makeConfigs() {
	seen := map[string]*latchkey.AuthenticatorConfig{}
	for i := range p.file.AuthenticatorConfig {
		rep := &p.file.AuthenticatorConfig[i]
		path := at("authenticatorConfig", representation.Value(rep.Alias))
		c := &latchkey.AuthenticatorConfig{RealmID: p.snap.Realm.ID, Config: map[string]string{}}
		if representation.Value(rep.Alias) == "" {
			p.note(latchkey.Invalid("authenticatorConfig["+strconv.Itoa(i)+"]", "A configuration needs an alias."))
			continue
		}
		c.Alias = *rep.Alias
		p.note(under(path, rep.Apply(c)))
		for _, key := range hide(c.Config, &c.Kept, keptConfig) {
			p.report.add("authenticatorConfig."+key, Missing, whyMasked, c.Alias)
		}
		if same := seen[c.Alias]; same != nil {
			// Two that say the same are one: executions name them by alias.
			if !maps.Equal(same.Config, c.Config) || text(same.Kept) != text(c.Kept) {
				p.report.add("authenticatorConfig", NotTaken, "this alias is given before: steps name a configuration by it, and have the first", c.Alias)
			}
			continue
		}
		c.ID = p.id("config", rep.ID, path+".id")
		seen[c.Alias] = c
		p.snap.Configs = append(p.snap.Configs, c)
	}
}

// config finds a configuration by alias; one of the built-ins is made when a
// step first asks for it.
func (p *planner) config(alias string) *latchkey.AuthenticatorConfig {
	for _, c := range p.snap.Configs {
		if c.Alias == alias {
			return c
		}
	}
	for i := range p.base.AuthenticatorConfig {
		rep := &p.base.AuthenticatorConfig[i]
		if *rep.Alias == alias {
			c := &latchkey.AuthenticatorConfig{RealmID: p.snap.Realm.ID, ID: secret.NewID(), Alias: alias, Config: maps.Clone(rep.Config)}
			p.snap.Configs = append(p.snap.Configs, c)
			return c
		}
	}
	return nil
}

// makeFlows makes the file's flows and those of every realm that the file
// does not have.
func (p *planner) makeFlows() {
	faults := len(p.faults)
	fromFile := p.fileFlows()
	byAlias := maps.Clone(fromFile)
	var ours []*representation.Flow
	for _, rep := range neededFlows(p.base.AuthenticationFlows, fromFile) {
		f := p.flow(rep, secret.NewID())
		byAlias[f.Alias] = f
		ours = append(ours, rep)
	}
	for i := range p.file.AuthenticationFlows {
		if rep := &p.file.AuthenticationFlows[i]; representation.Value(rep.Alias) != "" {
			p.executions(rep, byAlias)
			p.nameUnbuilt(rep)
		}
	}
	for _, rep := range ours {
		for _, e := range rep.Executions {
			if f := fromFile[representation.Value(e.FlowAlias)]; f != nil && !f.BuiltIn {
				p.note(latchkey.Invalid(at("authenticationFlows", f.Alias), "This alias belongs to a part of the built-in flow %q.", *rep.Alias))
			}
		}
		p.executions(rep, byAlias)
	}
	if len(p.faults) == faults {
		p.note(p.checkTree())
	}
}

func (p *planner) fileFlows() map[string]*latchkey.Flow {
	byAlias := map[string]*latchkey.Flow{}
	for i := range p.file.AuthenticationFlows {
		rep := &p.file.AuthenticationFlows[i]
		alias := representation.Value(rep.Alias)
		path := at("authenticationFlows", alias)
		if alias == "" {
			p.note(latchkey.Invalid("authenticationFlows["+strconv.Itoa(i)+"]", "A flow needs an alias."))
			continue
		}
		if byAlias[alias] != nil {
			p.note(twice(path, "alias"))
			continue
		}
		switch representation.Value(rep.ProviderID) {
		case "", "basic-flow", "client-flow", "form-flow":
		default:
			p.note(latchkey.Invalid(path+".providerId", "Expected basic-flow, client-flow or form-flow."))
		}
		p.note(under(path, rep.Check()))
		byAlias[alias] = p.flow(rep, p.id("flow", rep.ID, path+".id"))
	}
	return byAlias
}

// neededFlows are the built-in flows that the file lacks: every top-level one,
// and below them what they consist of.
func neededFlows(base []representation.Flow, have map[string]*latchkey.Flow) []*representation.Flow {
	byAlias := map[string]*representation.Flow{}
	for i := range base {
		byAlias[*base[i].Alias] = &base[i]
	}
	var out []*representation.Flow
	var take func(f *representation.Flow)
	take = func(f *representation.Flow) {
		if f == nil || have[*f.Alias] != nil {
			return
		}
		out = append(out, f)
		for _, e := range f.Executions {
			take(byAlias[representation.Value(e.FlowAlias)])
		}
	}
	for i := range base {
		if representation.Value(base[i].TopLevel) {
			take(&base[i])
		}
	}
	return out
}

func (p *planner) flow(rep *representation.Flow, id string) *latchkey.Flow {
	f := &latchkey.Flow{RealmID: p.snap.Realm.ID, ID: id, Alias: *rep.Alias, Description: representation.Value(rep.Description),
		ProviderID: representation.Value(rep.ProviderID), TopLevel: representation.Value(rep.TopLevel), BuiltIn: representation.Value(rep.BuiltIn), Kept: rep.Kept}
	if f.ProviderID == "" {
		f.ProviderID = "basic-flow"
	}
	p.snap.Flows = append(p.snap.Flows, f)
	return f
}

func (p *planner) executions(rep *representation.Flow, byAlias map[string]*latchkey.Flow) {
	f := byAlias[*rep.Alias]
	for i := range rep.Executions {
		path := at("authenticationFlows", f.Alias) + ".authenticationExecutions[" + strconv.Itoa(i) + "]"
		e, err := p.execution(&rep.Executions[i], byAlias, path)
		if p.note(err) {
			continue
		}
		if rep.Executions[i].Priority == nil {
			e.Priority = (i + 1) * 10
		}
		f.Executions = append(f.Executions, e)
	}
	sort.SliceStable(f.Executions, func(i, j int) bool { return f.Executions[i].Priority < f.Executions[j].Priority })
}

func (p *planner) execution(rep *representation.Execution, byAlias map[string]*latchkey.Flow, path string) (latchkey.Execution, error) {
	e := latchkey.Execution{ID: secret.NewID(), Authenticator: representation.Value(rep.Authenticator),
		Priority: representation.Value(rep.Priority), UserSetupAllowed: representation.Value(rep.UserSetupAllowed), Kept: rep.Kept}
	var err error
	if e.Requirement, err = representation.Requirement(representation.Value(rep.Requirement)); err != nil {
		return e, under(path, err)
	}
	if rep.IsFlow() {
		sub := byAlias[representation.Value(rep.FlowAlias)]
		if sub == nil {
			return e, latchkey.Invalid(path+".flowAlias", "There is no flow with the alias %q.", representation.Value(rep.FlowAlias))
		}
		e.FlowID = sub.ID
	} else if e.Authenticator == "" {
		return e, latchkey.Invalid(path+".authenticator", "A step is an authenticator or a flow; this one is neither.")
	}
	if alias := representation.Value(rep.AuthenticatorConfig); alias != "" {
		c := p.config(alias)
		if c == nil {
			return e, latchkey.Invalid(path+".authenticatorConfig", "There is no configuration with the alias %q.", alias)
		}
		e.ConfigID = c.ID
	}
	return e, nil
}

// checkTree refuses flows that are no trees: a sub-flow stands in one place,
// never below itself, and is not a flow of the top level.
func (p *planner) checkTree() error {
	byID, parent := map[string]*latchkey.Flow{}, map[string]string{}
	for _, f := range p.snap.Flows {
		byID[f.ID] = f
	}
	for _, f := range p.snap.Flows {
		for _, e := range f.Executions {
			if e.FlowID == "" {
				continue
			}
			sub := byID[e.FlowID]
			path := at("authenticationFlows", sub.Alias)
			if sub.TopLevel {
				return latchkey.Invalid(path, "A flow of the top level cannot be a part of %q.", f.Alias)
			}
			if parent[sub.ID] != "" {
				return latchkey.Invalid(path, "This flow is a part of two flows, or twice of one.")
			}
			parent[sub.ID] = f.ID
		}
	}
	for _, f := range p.snap.Flows {
		for above, steps := parent[f.ID], 0; above != ""; above, steps = parent[above], steps+1 {
			if above == f.ID || steps > len(p.snap.Flows) {
				return latchkey.Invalid(at("authenticationFlows", f.Alias), "This flow is a part of itself.")
			}
		}
	}
	return nil
}

// nameUnbuilt names the steps of a flow of the file whose provider is not
// built; what stands so in every realm is not the file's doing.
func (p *planner) nameUnbuilt(rep *representation.Flow) {
	for i := range rep.Executions {
		e := &rep.Executions[i]
		provider := representation.Value(e.Authenticator)
		if provider == "" || representation.Value(e.Requirement) == string(latchkey.Disabled) || p.o.built(provider) || p.inEveryRealm(rep, e) {
			continue
		}
		p.report.add("authenticationFlows", Kept, "this kind of step is not built yet: a sign-in that comes to it fails", *rep.Alias+": "+provider)
	}
}

func (p *planner) inEveryRealm(rep *representation.Flow, e *representation.Execution) bool {
	for i := range p.base.AuthenticationFlows {
		ours := &p.base.AuthenticationFlows[i]
		if *ours.Alias != *rep.Alias {
			continue
		}
		return slices.ContainsFunc(ours.Executions, func(o representation.Execution) bool {
			return representation.Value(o.Authenticator) == representation.Value(e.Authenticator) && representation.Value(o.Requirement) == representation.Value(e.Requirement)
		})
	}
	return false
}

// makeActions makes the required actions: those of every realm, as the file
// changes them, and the file's own.
func (p *planner) makeActions() {
	byAlias := map[string]*latchkey.RequiredAction{}
	add := func(rep *representation.RequiredAction) *latchkey.RequiredAction {
		a := &latchkey.RequiredAction{RealmID: p.snap.Realm.ID, Alias: *rep.Alias, ProviderID: representation.Value(rep.ProviderID)}
		if a.Name = *rep.Alias; a.ProviderID == "" {
			a.ProviderID = a.Alias
		}
		byAlias[a.Alias] = a
		p.snap.RequiredActions = append(p.snap.RequiredActions, a)
		rep.Apply(a)
		return a
	}
	for i := range p.base.RequiredActions {
		add(&p.base.RequiredActions[i])
	}
	seen := map[string]bool{}
	for i := range p.file.RequiredActions {
		rep := &p.file.RequiredActions[i]
		alias := representation.Value(rep.Alias)
		if alias == "" {
			p.note(latchkey.Invalid("requiredActions["+strconv.Itoa(i)+"]", "A required action needs an alias."))
			continue
		}
		if seen[alias] {
			p.note(twice(at("requiredActions", alias), "alias"))
			continue
		}
		seen[alias] = true
		a := byAlias[alias]
		if a == nil {
			a = add(rep)
		} else {
			rep.Apply(a)
		}
		if a.Enabled && !p.o.built(a.ProviderID) {
			p.report.add("requiredActions", Kept, "this required action is not built yet: a sign-in that comes to it fails", alias)
		}
	}
}
