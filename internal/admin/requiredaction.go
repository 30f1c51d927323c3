package admin

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func (d *Door) requiredActionRoutes() []route {
	const one = "/authentication/required-actions/{alias}"
	return []route{
		{method: "GET", path: "/authentication/required-actions", may: mayViewActions, act: d.requiredActions,
			summary: "List what can be asked of users after the flow", gives: []representation.RequiredAction{}},
		{method: "GET", path: "/ui-ext/authentication-management/required-actions", may: mayViewRealm, act: d.configurableActions,
			summary: "The same, with whether each has options", gives: []configurableAction{}},
		{method: "GET", path: "/authentication/unregistered-required-actions", may: mayViewRealm, act: d.unregisteredActions,
			summary: "List what is built and the realm does not have", gives: []unregisteredAction{}},
		{method: "POST", path: "/authentication/register-required-action", may: mayManageRealm, act: d.registerAction,
			summary: "Give the realm a required action that it does not have", body: unregisteredAction{}},
		{method: "GET", path: one, may: mayViewRealm, act: d.requiredAction, summary: "Read a required action", gives: representation.RequiredAction{}},
		{method: "PUT", path: one, may: mayManageRealm, act: d.updateAction, summary: "Change a required action", body: representation.RequiredAction{}},
		{method: "DELETE", path: one, may: mayManageRealm, act: d.deleteAction, summary: "Take a required action from the realm"},
		{method: "POST", path: one + "/raise-priority", may: mayManageRealm, act: d.moveAction(-1), summary: "Have a required action asked earlier"},
		{method: "POST", path: one + "/lower-priority", may: mayManageRealm, act: d.moveAction(+1), summary: "Have a required action asked later"},
		{method: "GET", path: one + "/config-description", may: mayViewRealm, act: d.actionDescription,
			summary: "Read which options a required action has", gives: actionDescription{}},
		{method: "GET", path: one + "/config", may: mayViewRealm, act: d.actionConfig, summary: "Read the options of a required action", gives: actionConfig{}},
		{method: "PUT", path: one + "/config", may: mayManageRealm, act: d.updateActionConfig, summary: "Replace the options of a required action",
			body: actionConfig{}},
		{method: "DELETE", path: one + "/config", may: mayManageRealm, act: d.deleteActionConfig, summary: "Clear the options of a required action"},
	}
}

// configurableAction is a row of the console's list.
type configurableAction struct {
	Alias         string            `json:"alias"`
	Name          string            `json:"name"`
	ProviderID    string            `json:"providerId"`
	Enabled       bool              `json:"enabled"`
	DefaultAction bool              `json:"defaultAction"`
	Priority      int               `json:"priority"`
	Config        map[string]string `json:"config"`
	Configurable  bool              `json:"configurable"`
}

// unregisteredAction is a required action that a realm can be given.
type unregisteredAction struct {
	Name       string `json:"name"`
	ProviderID string `json:"providerId"`
}

type actionDescription struct {
	Properties []representation.ConfigProperty `json:"properties"`
}

type actionConfig struct {
	Config map[string]string `json:"config"`
}

func shownAction(a *latchkey.RequiredAction) representation.RequiredAction {
	r := representation.RequiredActionOf(a)
	r.Config = representation.MaskTexts(r.Config)
	if r.Config == nil {
		r.Config = map[string]string{}
	}
	return r
}

// findAction finds a required action by the alias in the path.
func findAction(c *call, snap *latchkey.Snapshot) (*latchkey.RequiredAction, error) {
	if a := snap.RequiredAction(c.path("alias")); a != nil {
		return a, nil
	}
	return nil, answerError(http.StatusNotFound, "Failed to find required action")
}

func (d *Door) requiredActions(c *call) error {
	out := []representation.RequiredAction{}
	for _, a := range c.snap.RequiredActions {
		out = append(out, shownAction(a))
	}
	return c.answer(out)
}

func (d *Door) configurableActions(c *call) error {
	out := []configurableAction{}
	for _, a := range c.snap.RequiredActions {
		_, err := d.actionProvider(a.ProviderID)
		out = append(out, configurableAction{Alias: a.Alias, Name: a.Name, ProviderID: a.ProviderID, Enabled: a.Enabled,
			DefaultAction: a.DefaultAction, Priority: a.Priority, Config: shownAction(a).Config, Configurable: err == nil})
	}
	return c.answer(out)
}

func (d *Door) requiredAction(c *call) error {
	a, err := findAction(c, c.snap)
	if err != nil {
		return err
	}
	return c.answer(shownAction(a))
}

func (d *Door) unregisteredActions(c *call) error {
	out := []unregisteredAction{}
	for _, p := range d.Registry.ActionProviders() {
		if !slices.ContainsFunc(c.snap.RequiredActions, func(a *latchkey.RequiredAction) bool { return a.ProviderID == p.ID }) {
			out = append(out, unregisteredAction{p.DisplayName, p.ID})
		}
	}
	return c.answer(out)
}

func (d *Door) registerAction(c *call) error {
	var body unregisteredAction
	if err := c.read(&body); err != nil {
		return err
	}
	built := d.Registry.RequiredAction(body.ProviderID)
	if built == nil {
		return answerError(http.StatusBadRequest, "Required Action Provider with given providerId not found")
	}
	a := &latchkey.RequiredAction{RealmID: c.snap.Realm.ID, Alias: body.ProviderID, Name: body.Name, ProviderID: body.ProviderID, Enabled: true}
	if strings.TrimSpace(a.Name) == "" {
		a.Name = built.Provider().DisplayName
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		if snap.RequiredAction(a.Alias) != nil {
			return tellError(http.StatusConflict, "Required action "+a.Alias+" is registered already")
		}
		if n := len(snap.RequiredActions); n > 0 {
			a.Priority = snap.RequiredActions[n-1].Priority + 1
		}
		if err := tx.PutRequiredAction(a); err != nil {
			return err
		}
		return c.record(tx, act{operationCreate, "REQUIRED_ACTION", "authentication/register-required-action", body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// editAction changes a required action: change gets a copy.
func (d *Door) editAction(c *call, resource, path string, body any, change func(*latchkey.RequiredAction) error) error {
	operation := operationUpdate
	if body == nil {
		operation = operationDelete
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		a, err := findAction(c, snap)
		if err != nil {
			return err
		}
		changed := *a
		if err := change(&changed); err != nil {
			return err
		}
		if err := tx.PutRequiredAction(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operation, resource, "authentication/required-actions/" + a.Alias + path, body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// updateAction changes what is given. The alias is what users have the action
// by, and stays.
func (d *Door) updateAction(c *call) error {
	var body representation.RequiredAction
	if err := c.read(&body); err != nil {
		return err
	}
	return d.editAction(c, "REQUIRED_ACTION", "", body, func(a *latchkey.RequiredAction) error {
		if body.Alias != nil && *body.Alias != a.Alias {
			return latchkey.Invalid("alias", "The alias of a required action cannot be changed.")
		}
		body.Config = unmasked(body.Config, a.Config)
		if p, err := d.actionProvider(a.ProviderID); err == nil {
			if err := p.CheckOptions(body.Config, a.Config); err != nil {
				return err
			}
		}
		body.Apply(a)
		return nil
	})
}

// unmasked gives a copy of options in which those that are masked are the old
// ones; nil when none are given.
func unmasked(given, old map[string]string) map[string]string {
	out := maps.Clone(given)
	for name, value := range out {
		if representation.IsMasked(value) {
			out[name] = old[name]
		}
	}
	return out
}

func (d *Door) deleteAction(c *call) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		a, err := findAction(c, snap)
		if err != nil {
			return err
		}
		if err := tx.DeleteRequiredAction(a.RealmID, a.Alias); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "REQUIRED_ACTION", "authentication/required-actions/" + a.Alias, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// moveAction changes places with the neighbour; at the edge nothing happens.
func (d *Door) moveAction(by int) action {
	return func(c *call) error {
		verb := "raise-priority"
		if by > 0 {
			verb = "lower-priority"
		}
		err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
			a, err := findAction(c, snap)
			if err != nil {
				return err
			}
			list := make([]latchkey.RequiredAction, len(snap.RequiredActions))
			for i, one := range snap.RequiredActions {
				list[i] = *one
			}
			move(list, func(a *latchkey.RequiredAction) *int { return &a.Priority }, by, slices.Index(snap.RequiredActions, a))
			for i := range list {
				if list[i].Priority == snap.RequiredAction(list[i].Alias).Priority {
					continue
				}
				if err := tx.PutRequiredAction(&list[i]); err != nil {
					return err
				}
			}
			return c.record(tx, act{operationUpdate, "REQUIRED_ACTION", "authentication/required-actions/" + a.Alias + "/" + verb, nil})
		})
		if err != nil {
			return err
		}
		return c.done()
	}
}

// actionProvider describes a required action that has options.
func (d *Door) actionProvider(id string) (flow.Provider, error) {
	if a := d.Registry.RequiredAction(id); a != nil && a.Provider().Configurable {
		return a.Provider(), nil
	}
	return flow.Provider{}, answerError(http.StatusBadRequest, "RequiredAction is not configurable")
}

func (d *Door) actionDescription(c *call) error {
	a, err := findAction(c, c.snap)
	if err != nil {
		return err
	}
	p, err := d.actionProvider(a.ProviderID)
	if err != nil {
		return answerError(http.StatusNotFound, "Could not find configurable RequiredAction provider")
	}
	return c.answer(actionDescription{options(p.Properties)})
}

func (d *Door) actionConfig(c *call) error {
	a, err := findAction(c, c.snap)
	if err != nil {
		return err
	}
	if _, err := d.actionProvider(a.ProviderID); err != nil {
		return err
	}
	return c.answer(actionConfig{shownAction(a).Config})
}

func (d *Door) updateActionConfig(c *call) error {
	var body actionConfig
	if err := c.read(&body); err != nil {
		return err
	}
	return d.editAction(c, "REQUIRED_ACTION_CONFIG", "/config", body, func(a *latchkey.RequiredAction) error {
		p, err := d.actionProvider(a.ProviderID)
		if err != nil {
			return err
		}
		next := unmasked(body.Config, a.Config)
		if err := p.CheckOptions(next, a.Config); err != nil {
			return err
		}
		if next == nil {
			next = map[string]string{}
		}
		(&representation.RequiredAction{Config: next}).Apply(a)
		return nil
	})
}

func (d *Door) deleteActionConfig(c *call) error {
	return d.editAction(c, "REQUIRED_ACTION_CONFIG", "/config", nil, func(a *latchkey.RequiredAction) error {
		if _, err := d.actionProvider(a.ProviderID); err != nil {
			return err
		}
		a.Config = map[string]string{}
		return nil
	})
}
