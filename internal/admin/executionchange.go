package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// updateExecution changes what is given of a row: requirement and priority, or,
// when neither differs, alias and description of the sub-flow that it stands
// for. In built-in flows the order stays.
func (d *Door) updateExecution(c *call) error {
	var body executionChange
	if err := c.read(&body); err != nil {
		return err
	}
	if _, err := byAlias(c.snap, c.path("alias")); err != nil {
		return err
	}
	id := representation.Value(body.ID)
	find := func(snap *latchkey.Snapshot) (*latchkey.Flow, error) {
		if f, _ := realm.FindExecution(snap, id); f != nil {
			return f, nil
		}
		return nil, illegalExecution()
	}
	err := d.editFlow(c, find, func(tx *store.Tx, snap *latchkey.Snapshot, f *latchkey.Flow) (act, error) {
		i := slices.IndexFunc(f.Executions, func(e latchkey.Execution) bool { return e.ID == id })
		changed, err := body.apply(f, &f.Executions[i])
		if err == nil && !changed && f.Executions[i].FlowID != "" {
			err = renameSubFlow(tx, snap, &body, f.Executions[i].FlowID)
		}
		return act{operationUpdate, "AUTH_EXECUTION", "authentication/flows/" + c.path("alias") + "/executions", body}, err
	})
	if err != nil {
		return err
	}
	return c.done()
}

// apply takes over requirement and priority, and says whether one of them
// differs.
func (b *executionChange) apply(f *latchkey.Flow, e *latchkey.Execution) (changed bool, err error) {
	if b.Requirement != nil && *b.Requirement != string(e.Requirement) {
		if e.Requirement, err = representation.Requirement(*b.Requirement); err != nil {
			return false, err
		}
		changed = true
	}
	if b.Priority != nil && *b.Priority != e.Priority {
		if f.BuiltIn {
			return false, answerError(http.StatusBadRequest, noMove)
		}
		e.Priority, changed = *b.Priority, true
	}
	return changed, nil
}

func renameSubFlow(tx *store.Tx, snap *latchkey.Snapshot, body *executionChange, flowID string) error {
	sub := snap.Flow(flowID)
	if sub == nil {
		return illegalExecution()
	}
	changed := *sub
	if body.DisplayName != nil && strings.TrimSpace(*body.DisplayName) == "" {
		return tellError(http.StatusConflict, "Failed to update flow with empty alias name")
	}
	if err := (&representation.Flow{Description: body.Description}).Check(); err != nil {
		return err
	}
	if err := renameFlow(tx, snap, &changed, body.DisplayName); err != nil {
		return err
	}
	if body.Description != nil {
		changed.Description = *body.Description
	}
	if changed.Alias == sub.Alias && changed.Description == sub.Description {
		return nil
	}
	return tx.UpdateFlow(&changed)
}

// moveExecution changes places with the neighbour; at the edge nothing happens.
func (d *Door) moveExecution(by int) action {
	return func(c *call) error {
		id, verb := c.path("id"), "raise-priority"
		if by > 0 {
			verb = "lower-priority"
		}
		err := d.editFlow(c, flowOf(id, noMove), func(_ *store.Tx, _ *latchkey.Snapshot, f *latchkey.Flow) (act, error) {
			move(f.Executions, func(e *latchkey.Execution) *int { return &e.Priority }, by,
				slices.IndexFunc(f.Executions, func(e latchkey.Execution) bool { return e.ID == id }))
			return act{operationUpdate, "AUTH_EXECUTION", "authentication/executions/" + id + "/" + verb, nil}, nil
		})
		if err != nil {
			return err
		}
		return c.done()
	}
}

// move lets the i-th of a list change places with its neighbour. The places keep
// their priorities, which are made to differ where they did not.
func move[T any](list []T, priority func(*T) *int, by, i int) {
	j := i + by
	if i < 0 || j < 0 || j >= len(list) {
		return
	}
	*priority(&list[i]), *priority(&list[j]) = *priority(&list[j]), *priority(&list[i])
	list[i], list[j] = list[j], list[i]
	for k := 1; k < len(list); k++ {
		if *priority(&list[k]) <= *priority(&list[k-1]) {
			*priority(&list[k]) = *priority(&list[k-1]) + 1
		}
	}
}
