package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

func (d *Door) executionRoutes() []route {
	return []route{
		{method: "GET", path: "/authentication/flows/{alias}/executions", may: mayViewRealm, act: d.executions,
			summary: "List the executions of a flow, named by its alias, and of its sub-flows: the tree, row by row", gives: []representation.ExecutionInfo{}},
		{method: "PUT", path: "/authentication/flows/{alias}/executions", may: mayManageRealm, act: d.updateExecution,
			summary: "Change requirement or priority of an execution, or alias and description of a sub-flow", body: executionChange{}},
		{method: "POST", path: "/authentication/flows/{alias}/executions/execution", may: mayManageRealm, act: d.addExecution,
			summary: "Add a step to a flow, named by its alias", body: newStep{}, status: http.StatusCreated},
		{method: "POST", path: "/authentication/flows/{alias}/executions/flow", may: mayManageRealm, act: d.addSubFlow,
			summary: "Add a sub-flow to a flow, named by its alias", body: newSubFlow{}, status: http.StatusCreated},
		{method: "POST", path: "/authentication/executions", may: mayManageRealm, act: d.createExecution,
			summary: "Add a step, or a sub-flow that stands nowhere yet, to the flow parentFlow", body: representation.Execution{}, status: http.StatusCreated},
		{method: "GET", path: "/authentication/executions/{id}", may: mayManageRealm, act: d.execution, summary: "Read an execution",
			gives: representation.Execution{}},
		{method: "DELETE", path: "/authentication/executions/{id}", may: mayManageRealm, act: d.deleteExecution,
			summary: "Delete an execution with its configuration and its sub-flow"},
		{method: "POST", path: "/authentication/executions/{id}/raise-priority", may: mayManageRealm, act: d.moveExecution(-1), summary: "Move an execution up"},
		{method: "POST", path: "/authentication/executions/{id}/lower-priority", may: mayManageRealm, act: d.moveExecution(+1), summary: "Move an execution down"},
		{method: "POST", path: "/authentication/executions/{id}/move", may: mayManageRealm, act: d.moveInto, body: newPlace{},
			summary: "Move an execution, with all below it, to another place of its flow or of a sub-flow"},
	}
}

// newStep is the body that adds a step.
type newStep struct {
	Provider *string `json:"provider,omitzero"`
	Priority *int    `json:"priority,omitzero"`
}

// newSubFlow is the body that adds a sub-flow. Provider is the page of a
// form-flow.
type newSubFlow struct {
	Alias       *string `json:"alias,omitzero"`
	Type        *string `json:"type,omitzero"`
	Provider    *string `json:"provider,omitzero"`
	Description *string `json:"description,omitzero"`
	Priority    *int    `json:"priority,omitzero"`
}

// executionChange is what of a row of the tree can be changed.
type executionChange struct {
	ID                 *string `json:"id,omitzero"`
	Requirement        *string `json:"requirement,omitzero"`
	Priority           *int    `json:"priority,omitzero"`
	DisplayName        *string `json:"displayName,omitzero"`
	Description        *string `json:"description,omitzero"`
	AuthenticationFlow *bool   `json:"authenticationFlow,omitzero"`
}

func (d *Door) executions(c *call) error {
	f, err := byAlias(c.snap, c.path("alias"))
	if err != nil {
		return err
	}
	return c.answer(d.rows([]representation.ExecutionInfo{}, c.snap, f, 0))
}

// rows adds the executions of a flow, each followed by those of its sub-flow.
func (d *Door) rows(to []representation.ExecutionInfo, snap *latchkey.Snapshot, f *latchkey.Flow, level int) []representation.ExecutionInfo {
	for i := range f.Executions {
		e := &f.Executions[i]
		row := representation.ExecutionInfo{ID: e.ID, Requirement: string(e.Requirement), Level: level, Index: i, Priority: e.Priority,
			AuthenticationConfig: e.ConfigID, ProviderID: e.Authenticator}
		if c := snap.Config(e.ConfigID); c != nil {
			row.Alias = c.Alias
		}
		sub := snap.Flow(e.FlowID)
		if sub == nil {
			p := d.step(e.Authenticator)
			row.DisplayName, row.Configurable, row.RequirementChoices = p.DisplayName, p.Configurable || e.ConfigID != "", requirements(p.Requirements)
			to = append(to, row)
			continue
		}
		row.DisplayName, row.Description, row.AuthenticationFlow, row.FlowID = sub.Alias, sub.Description, true, sub.ID
		row.RequirementChoices = subFlowChoices[sub.ProviderID]
		to = append(to, row)
		to = d.rows(to, snap, sub, level+1)
	}
	return to
}

// subFlowChoices are what sub-flows can be required as, by their kind.
var subFlowChoices = map[string][]string{
	flow.BasicFlow:  {"REQUIRED", "ALTERNATIVE", "DISABLED", "CONDITIONAL"},
	flow.FormFlow:   {"REQUIRED", "DISABLED"},
	flow.ClientFlow: {"ALTERNATIVE", "REQUIRED", "DISABLED"},
}

func requirements(list []latchkey.Requirement) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = string(r)
	}
	return out
}

// illegalExecution is Keycloak's answer for an execution that there is none of.
func illegalExecution() error { return answerError(http.StatusNotFound, "Illegal execution") }

func (d *Door) execution(c *call) error {
	parent, e := realm.FindExecution(c.snap, c.path("id"))
	if e == nil {
		return illegalExecution()
	}
	return c.answer(representation.ExecutionOf(e, parent.ID))
}

// editFlow changes a flow's executions: change gets a copy that it may change.
// What the flow then does not do as it looks goes into the answer.
func (d *Door) editFlow(c *call, find func(*latchkey.Snapshot) (*latchkey.Flow, error), change func(*store.Tx, *latchkey.Snapshot, *latchkey.Flow) (act, error)) error {
	var parent string
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f, err := find(snap)
		if err != nil {
			return err
		}
		changed := *f
		changed.Executions = slices.Clone(f.Executions)
		what, err := change(tx, snap, &changed)
		if err != nil {
			return err
		}
		parent = f.ID
		slices.SortStableFunc(changed.Executions, func(a, b latchkey.Execution) int { return a.Priority - b.Priority })
		if err := tx.UpdateFlow(&changed); err != nil {
			return err
		}
		return c.record(tx, what)
	})
	if err != nil {
		return err
	}
	return d.warn(c, parent)
}

// warn puts what does not work in the flow, and around it, into headers of the
// answer: what Keycloak lets be arranged is arranged, and not in silence.
func (d *Door) warn(c *call, flowID string) error {
	snap, err := d.Realms.Get(c.r.Context(), c.snap.Realm.Name)
	if err != nil {
		return notFound(err, "Realm not found.")
	}
	top := snap.Flow(flowID)
	for above := top; above != nil; above, _ = realm.ParentOf(snap, above.ID) {
		top = above
	}
	if top == nil {
		return nil // deleted since
	}
	for i, w := range flow.Check(d.Registry, snap, top, flow.UseOf(snap, top)) {
		if i == maxWarnings {
			break
		}
		c.w.Header().Add("Warning", `299 - "`+strings.NewReplacer(`\`, `'`, `"`, `'`).Replace(w.Text)+`"`)
	}
	return nil
}

// maxWarnings bounds the headers of an answer; the rest is in the list of the
// flow's warnings.
const maxWarnings = 5

// openFlow finds a flow by its alias that may be restructured.
func openFlow(alias, refusal string) func(*latchkey.Snapshot) (*latchkey.Flow, error) {
	return func(snap *latchkey.Snapshot) (*latchkey.Flow, error) {
		f := snap.FlowByAlias(alias)
		switch {
		case f == nil:
			return nil, answerError(http.StatusBadRequest, "Parent flow doesn't exist")
		case f.BuiltIn:
			return nil, answerError(http.StatusBadRequest, refusal)
		}
		return f, nil
	}
}

// flowOf finds the flow of an execution that may be restructured.
func flowOf(id, refusal string) func(*latchkey.Snapshot) (*latchkey.Flow, error) {
	return func(snap *latchkey.Snapshot) (*latchkey.Flow, error) {
		f, _ := realm.FindExecution(snap, id)
		switch {
		case f == nil:
			return nil, illegalExecution()
		case f.BuiltIn:
			return nil, answerError(http.StatusBadRequest, refusal)
		}
		return f, nil
	}
}

// Keycloak's refusals of changing built-in flows.
const (
	noNewStep    = "It is illegal to add execution to a built in flow"
	noNewSubFlow = "It is illegal to add sub-flow to a built in flow"
	noMove       = "It is illegal to modify execution in a built in flow"
	noRemoval    = "It is illegal to remove execution from a built in flow"
)

// add puts an execution behind the others, or where its priority says.
func add(f *latchkey.Flow, e latchkey.Execution, priority *int) {
	if n := len(f.Executions); n > 0 {
		e.Priority = f.Executions[n-1].Priority + 1
	}
	if priority != nil {
		e.Priority = *priority
	}
	f.Executions = append(f.Executions, e)
}

func (d *Door) addExecution(c *call) error {
	var body newStep
	if err := c.read(&body); err != nil {
		return err
	}
	alias, provider := c.path("alias"), representation.Value(body.Provider)
	e := latchkey.Execution{ID: secret.NewID(), Authenticator: provider, Requirement: latchkey.Disabled}
	err := d.editFlow(c, openFlow(alias, noNewStep), func(_ *store.Tx, _ *latchkey.Snapshot, f *latchkey.Flow) (act, error) {
		p, err := d.offered(f, provider)
		if err != nil {
			return act{}, err
		}
		if len(p.Requirements) == 1 {
			e.Requirement = p.Requirements[0]
		}
		add(f, e, body.Priority)
		return act{operationCreate, "AUTH_EXECUTION", "authentication/flows/" + alias + "/executions/execution",
			map[string]string{"provider": provider, "id": e.ID}}, nil
	})
	if err != nil {
		return err
	}
	return c.created("authentication", "executions", e.ID)
}

func (d *Door) addSubFlow(c *call) error {
	var body newSubFlow
	if err := c.read(&body); err != nil {
		return err
	}
	parent, alias, kind := c.path("alias"), representation.Value(body.Alias), representation.Value(body.Type)
	if strings.TrimSpace(alias) == "" {
		return tellError(http.StatusConflict, "Failed to create flow with empty alias name")
	}
	if err := representation.Join(checkAlias(alias), (&representation.Flow{Description: body.Description}).Check()); err != nil {
		return err
	}
	if kind == "" {
		kind = flow.BasicFlow
	}
	if err := checkKind("type", kind); err != nil {
		return err
	}
	sub := &latchkey.Flow{RealmID: c.snap.Realm.ID, ID: secret.NewID(), Alias: alias, Description: representation.Value(body.Description), ProviderID: kind}
	e := latchkey.Execution{ID: secret.NewID(), FlowID: sub.ID, Requirement: latchkey.Disabled}
	// Consoles send a provider for every kind of sub-flow.
	if provider := representation.Value(body.Provider); kind == flow.FormFlow && provider != "" {
		if p := d.step(provider); !p.Form {
			return noProvider(provider, p)
		}
		e.Authenticator = provider
	}
	err := d.editFlow(c, openFlow(parent, noNewSubFlow), func(tx *store.Tx, _ *latchkey.Snapshot, f *latchkey.Flow) (act, error) {
		if err := conflict(tx.CreateFlow(sub), "New flow alias name already exists"); err != nil {
			return act{}, err
		}
		add(f, e, body.Priority)
		return act{operationCreate, "AUTH_EXECUTION_FLOW", "authentication/flows/" + parent + "/executions/flow",
			map[string]string{"alias": alias, "type": kind, "provider": e.Authenticator, "description": sub.Description, "id": e.ID}}, nil
	})
	if err != nil {
		return err
	}
	return c.created("authentication", "flows", sub.ID)
}

// createExecution adds an execution that is said as a whole. What it stands for
// is a step, or a sub-flow that exists and stands nowhere.
func (d *Door) createExecution(c *call) error {
	var body representation.Execution
	if err := c.read(&body); err != nil {
		return err
	}
	e := latchkey.Execution{ID: secret.NewID(), Authenticator: representation.Value(body.Authenticator), Requirement: latchkey.Disabled}
	if body.Requirement != nil {
		var err error
		if e.Requirement, err = representation.Requirement(*body.Requirement); err != nil {
			return err
		}
	}
	parent := representation.Value(body.ParentFlow)
	if parent == "" {
		return answerError(http.StatusBadRequest, "parent flow not set on new execution")
	}
	find := func(snap *latchkey.Snapshot) (*latchkey.Flow, error) {
		f := snap.Flow(parent)
		switch {
		case f == nil:
			return nil, answerError(http.StatusBadRequest, "execution parent flow does not exist")
		case f.BuiltIn:
			return nil, answerError(http.StatusBadRequest, noNewStep)
		}
		return f, nil
	}
	err := d.editFlow(c, find, func(_ *store.Tx, snap *latchkey.Snapshot, f *latchkey.Flow) (act, error) {
		if err := d.fill(snap, f, &body, &e); err != nil {
			return act{}, err
		}
		add(f, e, nil)
		return act{operationCreate, "AUTH_EXECUTION", "authentication/executions/" + e.ID, body}, nil
	})
	if err != nil {
		return err
	}
	return c.created("authentication", "executions", e.ID)
}

// fill puts into an execution what it stands for and its configuration.
func (d *Door) fill(snap *latchkey.Snapshot, parent *latchkey.Flow, body *representation.Execution, e *latchkey.Execution) error {
	e.FlowID, e.ConfigID = "", ""
	if name := representation.Value(body.AuthenticatorConfig); name != "" {
		i := slices.IndexFunc(snap.Configs, func(c *latchkey.AuthenticatorConfig) bool { return c.Alias == name || c.ID == name })
		if i < 0 {
			return latchkey.Invalid("authenticatorConfig", "There is no configuration with the alias %q.", name)
		}
		e.ConfigID = snap.Configs[i].ID
		if err := d.checkOptions([]string{e.Authenticator}, snap.Configs[i].Config, nil); err != nil {
			return err
		}
	}
	if !body.IsFlow() && representation.Value(body.FlowID) == "" {
		_, err := d.offered(parent, e.Authenticator)
		return err
	}
	sub := snap.Flow(representation.Value(body.FlowID))
	if alias := representation.Value(body.FlowAlias); sub == nil && alias != "" {
		sub = snap.FlowByAlias(alias)
	}
	if sub == nil {
		return latchkey.Invalid("flowId", "There is no such flow.")
	}
	if above, _ := realm.ParentOf(snap, sub.ID); above != nil || sub.TopLevel || realm.Below(snap, sub.ID, parent.ID) {
		return latchkey.Invalid("flowId", "A sub-flow stands in one place, never below itself, and is not a flow of the top level.")
	}
	if p := d.step(e.Authenticator); e.Authenticator != "" && !p.Form {
		return noProvider(e.Authenticator, p)
	}
	e.FlowID = sub.ID
	return nil
}

func (d *Door) deleteExecution(c *call) error {
	id := c.path("id")
	var parent string
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f, err := flowOf(id, noRemoval)(snap)
		if err != nil {
			return err
		}
		parent = f.ID
		if _, e := realm.FindExecution(snap, id); e.FlowID != "" && snap.Flow(e.FlowID) != nil {
			if snap.Flow(e.FlowID).BuiltIn {
				return answerError(http.StatusBadRequest, noRemoval)
			}
		}
		if err := realm.RemoveExecution(tx, snap, f, id); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "AUTH_EXECUTION", "authentication/executions/" + id, nil})
	})
	if err != nil {
		return err
	}
	if err := d.warn(c, parent); err != nil {
		return err
	}
	return c.done()
}
