package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

func (d *Door) flowRoutes() []route {
	return slices.Concat([]route{
		{method: "GET", path: "/authentication/flows", may: mayViewFlows, act: d.flows, summary: "List the flows of the top level",
			gives: []representation.Flow{}},
		{method: "POST", path: "/authentication/flows", may: mayManageRealm, act: d.createFlow, summary: "Make an empty flow",
			body: representation.Flow{}, status: http.StatusCreated},
		{method: "GET", path: "/authentication/flows/{id}", may: mayViewRealm, act: d.flow, summary: "Read a flow, or a sub-flow", gives: representation.Flow{}},
		{method: "PUT", path: "/authentication/flows/{id}", may: mayManageRealm, act: d.updateFlow, summary: "Change a flow's alias and description",
			body: representation.Flow{}},
		{method: "DELETE", path: "/authentication/flows/{id}", may: mayManageRealm, act: d.deleteFlow, summary: "Delete a flow with all that stands below it"},
		{method: "POST", path: "/authentication/flows/{alias}/copy", may: mayManageRealm, act: d.copyFlow,
			summary: "Copy a flow, named by its alias, with all that stands below it", body: newName{}, status: http.StatusCreated},
		{method: "GET", path: "/authentication/flows/{alias}/warnings", may: mayViewRealm, act: d.flowWarnings,
			summary: "List what of a flow, named by its alias, does not do what it looks like",
			query:   []param{{"as", text, "what the flow is looked at as, in place of what it is bound as: browserFlow, registrationFlow, resetCredentialsFlow or directGrantFlow"}},
			gives:   []flowWarning{}},
		{method: "POST", path: "/authentication/flows/{alias}/trial", may: mayManageRealm, act: d.tryFlow,
			summary: "Get an address at which one browser goes through a flow, named by its alias, before it is bound", gives: flowTrial{}},
		{method: "GET", path: "/ui-ext/authentication-management/flows", may: mayViewFlows, act: d.usedFlows,
			summary: "List the flows of the top level and what uses them", gives: []usedFlow{}},
		{method: "GET", path: "/ui-ext/authentication-management/{kind}/{id}", may: mayViewFlows, act: d.usersOfFlow,
			summary: "List the clients, or the identity providers, that use a flow: kind is clients or idp",
			query:   with(paging, []param{{"search", text, "a part of the name"}}), gives: []string{}},
	}, d.executionRoutes(), d.configRoutes(), d.providerRoutes())
}

// newName is the body of a copy.
type newName struct {
	NewName *string `json:"newName,omitzero"`
}

// flowWarning is one of [flow.Check].
type flowWarning struct {
	ExecutionID string `json:"executionId,omitempty"`
	Warning     string `json:"warning"`
	Nobody      bool   `json:"nobody,omitempty"` // nobody can sign in by the flow
}

// byAlias finds the flow that a path names by its alias.
func byAlias(snap *latchkey.Snapshot, alias string) (*latchkey.Flow, error) {
	if f := snap.FlowByAlias(alias); f != nil {
		return f, nil
	}
	return nil, answerError(http.StatusNotFound, "Flow not found")
}

// topFlows are the flows of the top level: the built-in ones first, then by
// their aliases.
func topFlows(snap *latchkey.Snapshot) (out []*latchkey.Flow) {
	for _, f := range snap.Flows {
		if f.TopLevel {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *latchkey.Flow) int {
		if a.BuiltIn != b.BuiltIn {
			if a.BuiltIn {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Alias, b.Alias)
	})
	return out
}

func (d *Door) flows(c *call) error {
	out := []representation.Flow{}
	for _, f := range topFlows(c.snap) {
		out = append(out, representation.FlowOf(c.snap, f))
	}
	return c.answer(out)
}

func (d *Door) flow(c *call) error {
	f := c.snap.Flow(c.path("id"))
	if f == nil {
		return answerError(http.StatusNotFound, "Could not find flow with id")
	}
	return c.answer(representation.FlowOf(c.snap, f))
}

// reserved are the characters that Keycloak lets no alias have.
const reserved = ":/?#[]@!$&()*+,;=%\\"

// checkAlias refuses aliases that could not stand in an address.
func checkAlias(alias string) error {
	if i := strings.IndexAny(alias, reserved); i >= 0 {
		return answerError(http.StatusBadRequest, "Character '"+alias[i:i+1]+"' not allowed.")
	}
	if len(alias) > maxAlias || strings.ContainsFunc(alias, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return latchkey.Invalid("alias", "An alias has at most %d bytes, and no control characters.", maxAlias)
	}
	return nil
}

// maxAlias is how long an alias may be, as in Keycloak.
const maxAlias = 255

func (d *Door) createFlow(c *call) error {
	var body representation.Flow
	if err := c.read(&body); err != nil {
		return err
	}
	alias := representation.Value(body.Alias)
	if strings.TrimSpace(alias) == "" {
		return tellError(http.StatusConflict, "Failed to create flow with empty alias name")
	}
	if err := representation.Join(checkAlias(alias), body.Check()); err != nil {
		return err
	}
	f := &latchkey.Flow{RealmID: c.snap.Realm.ID, ID: representation.Value(body.ID), Alias: alias, Description: representation.Value(body.Description),
		ProviderID: representation.Value(body.ProviderID), TopLevel: true}
	if body.TopLevel != nil {
		f.TopLevel = *body.TopLevel
	}
	if f.ID == "" {
		f.ID = secret.NewID()
	}
	if f.ProviderID == "" {
		f.ProviderID = flow.BasicFlow
	}
	if err := checkKind("providerId", f.ProviderID); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, _ *latchkey.Snapshot) error {
		if err := conflict(tx.CreateFlow(f), "Flow "+alias+" already exists"); err != nil {
			return err
		}
		return c.record(tx, act{operationCreate, "AUTH_FLOW", "authentication/flows/" + f.ID, body})
	})
	if err != nil {
		return err
	}
	return c.created("authentication", "flows", f.ID)
}

// checkKind refuses kinds of flows that there are none of.
func checkKind(field, kind string) error {
	switch kind {
	case flow.BasicFlow, flow.FormFlow, flow.ClientFlow:
		return nil
	}
	return latchkey.Invalid(field, "Expected %s, %s or %s.", flow.BasicFlow, flow.FormFlow, flow.ClientFlow)
}

// updateFlow changes alias and description. Where a flow stands, what kind it
// is and whether it is built in are its own.
func (d *Door) updateFlow(c *call) error {
	var body representation.Flow
	if err := c.read(&body); err != nil {
		return err
	}
	if body.Alias != nil && strings.TrimSpace(*body.Alias) == "" {
		return tellError(http.StatusConflict, "Failed to update flow with empty alias name")
	}
	if err := body.Check(); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f := snap.Flow(c.path("id"))
		if f == nil {
			return answerError(http.StatusNotFound, "Could not find flow with id")
		}
		changed := *f
		if err := renameFlow(tx, snap, &changed, body.Alias); err != nil {
			return err
		}
		if body.Description != nil {
			changed.Description = *body.Description
		}
		if err := tx.UpdateFlow(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "AUTH_FLOW", "authentication/flows/" + f.ID, body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// renameFlow changes the alias when another one is given. Built-in flows keep
// theirs: every realm has them by it.
func renameFlow(tx *store.Tx, snap *latchkey.Snapshot, f *latchkey.Flow, alias *string) error {
	if alias == nil || *alias == f.Alias {
		return nil
	}
	if f.BuiltIn {
		return answerError(http.StatusBadRequest, "It is illegal to rename a built in flow")
	}
	if err := checkAlias(*alias); err != nil {
		return err
	}
	return conflict(realm.RenameFlow(tx, snap, f, *alias), "Flow alias name already exists")
}

func (d *Door) deleteFlow(c *call) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f := snap.Flow(c.path("id"))
		switch {
		case f == nil:
			return answerError(http.StatusNotFound, "Flow not found")
		case f.BuiltIn:
			return answerError(http.StatusBadRequest, "Can't delete built in flow")
		}
		if err := unused(tx, snap, f); err != nil {
			return err
		}
		if err := realm.RemoveFlow(tx, snap, f); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "AUTH_FLOW", "authentication/flows/" + f.ID, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// unused refuses a flow that something goes by, and says what.
func unused(tx *store.Tx, snap *latchkey.Snapshot, f *latchkey.Flow) error {
	providers, err := tx.IdentityProviders(snap.Realm.ID)
	if err != nil {
		return err
	}
	users := realm.FlowUsers(snap, providers, f)
	if len(users) == 0 {
		return nil
	}
	by := "the realm's " + users[0].Kind
	if users[0].Name != "" {
		by = "the " + users[0].Kind + " " + users[0].Name
	}
	return answerError(http.StatusBadRequest, "Cannot remove authentication flow, it is currently in use: by "+by)
}

func (d *Door) copyFlow(c *call) error {
	var body newName
	if err := c.read(&body); err != nil {
		return err
	}
	from, name := c.path("alias"), representation.Value(body.NewName)
	if strings.TrimSpace(name) == "" {
		return tellError(http.StatusConflict, "Failed to create flow with empty alias name")
	}
	if err := checkAlias(name); err != nil {
		return err
	}
	var copied *latchkey.Flow
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		taken := snap.FlowByAlias(name) != nil
		f, err := byAlias(snap, from)
		switch {
		case taken:
			return tellError(http.StatusConflict, "New flow alias name already exists")
		case err != nil:
			return err
		}
		if copied, err = realm.CopyFlow(tx, snap, f, name); err != nil {
			return conflict(err, "New flow alias name already exists")
		}
		return c.record(tx, act{operationCreate, "AUTH_FLOW", "authentication/flows/" + from + "/copy",
			map[string]string{"newName": name, "id": copied.ID}})
	})
	if err != nil {
		return err
	}
	return c.created("authentication", "flows", url.PathEscape(from), "copy", copied.ID)
}

func (d *Door) flowWarnings(c *call) error {
	f, err := byAlias(c.snap, c.path("alias"))
	if err != nil {
		return err
	}
	out := []flowWarning{}
	use := flow.UseOf(c.snap, f)
	switch as := c.text("as"); as {
	case "":
	case "browserFlow", "registrationFlow", "resetCredentialsFlow":
		use = flow.InBrowser
	case "directGrantFlow":
		use = flow.InTokenCall
	default:
		return latchkey.Invalid("as", "Expected browserFlow, registrationFlow, resetCredentialsFlow or directGrantFlow.")
	}
	for _, w := range flow.Check(d.Registry, c.snap, f, use) {
		out = append(out, flowWarning{w.ExecutionID, w.Text, w.Nobody})
	}
	return c.answer(out)
}
