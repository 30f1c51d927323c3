package admin

import (
	"slices"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
)

// newPlace is where an execution is moved to.
type newPlace struct {
	// ParentFlow is the id of the flow, or sub-flow, that it then stands in.
	ParentFlow string `json:"parentFlow"`
	// Index is its place there, from 0; one that is too large is the end.
	Index int `json:"index"`
}

// moveInto puts an execution, with its configuration and all below it, into
// another place of the same tree. Keycloak's console deletes and makes anew,
// which a sign-in under way can see.
func (d *Door) moveInto(c *call) error {
	var body newPlace
	if err := c.read(&body); err != nil {
		return err
	}
	id := c.path("id")
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		from, err := flowOf(id, noMove)(snap)
		if err != nil {
			return err
		}
		to := snap.Flow(body.ParentFlow)
		if to == nil {
			return latchkey.Invalid("parentFlow", "There is no such flow.")
		}
		if err := movable(snap, from, to, id); err != nil {
			return err
		}
		if err := relocate(tx, from, to, id, body.Index); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "AUTH_EXECUTION", "authentication/executions/" + id + "/move", body})
	})
	if err != nil {
		return err
	}
	if err := d.warn(c, body.ParentFlow); err != nil {
		return err
	}
	return c.done()
}

// movable refuses places that the execution cannot stand in.
func movable(snap *latchkey.Snapshot, from, to *latchkey.Flow, id string) error {
	_, e := realm.FindExecution(snap, id)
	switch {
	case to.BuiltIn:
		return latchkey.Invalid("parentFlow", "%s.", noMove)
	case from.ProviderID != to.ProviderID:
		return latchkey.Invalid("parentFlow", "%q is of another kind: the parts of a page stand in forms only.", to.Alias)
	case rootOf(snap, from) != rootOf(snap, to):
		return latchkey.Invalid("parentFlow", "%q stands in another flow.", to.Alias)
	case e.FlowID != "" && realm.Below(snap, e.FlowID, to.ID):
		return latchkey.Invalid("parentFlow", "A sub-flow cannot stand within itself.")
	}
	return nil
}

// rootOf is the flow at the top that a flow stands in.
func rootOf(snap *latchkey.Snapshot, f *latchkey.Flow) *latchkey.Flow {
	for range snap.Flows {
		above, _ := realm.ParentOf(snap, f.ID)
		if above == nil {
			break
		}
		f = above
	}
	return f
}

// relocate takes the execution out of one flow and puts it into the other,
// which may be the same.
func relocate(tx *store.Tx, from, to *latchkey.Flow, id string, index int) error {
	source := *from
	i := slices.IndexFunc(source.Executions, func(e latchkey.Execution) bool { return e.ID == id })
	e := source.Executions[i]
	source.Executions = slices.Delete(slices.Clone(source.Executions), i, i+1)
	target := &source
	if from.ID != to.ID {
		changed := *to
		changed.Executions = slices.Clone(to.Executions)
		target = &changed
		if err := tx.UpdateFlow(&source); err != nil {
			return err
		}
	}
	index = min(max(index, 0), len(target.Executions))
	target.Executions = slices.Insert(target.Executions, index, e)
	for k := range target.Executions {
		target.Executions[k].Priority = 10 * k
	}
	return tx.UpdateFlow(target)
}
