package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

func (tx *Tx) scanFlow(r row) (*latchkey.Flow, error) {
	f := &latchkey.Flow{}
	return f, r.Scan(&f.RealmID, &f.ID, &f.Alias, bodyColumn{f}, tx.keptColumn(keptFlow, &f.RealmID, &f.ID, &f.Kept))
}

var configuredFlows = configured[latchkey.Flow]{"flow", "realm_id, id, alias, body, kept", "id",
	(*Tx).scanFlow, func(f *latchkey.Flow) string { return f.ID }}

func flowTaken(f *latchkey.Flow) error {
	return conflict("alias", "A flow %q exists already.", f.Alias)
}

// CreateFlow adds a flow with its executions. Empty IDs, its own and those of
// executions, are drawn. The error has the code "conflict" when the alias is
// taken.
func (tx *Tx) CreateFlow(f *latchkey.Flow) error {
	if f.ID == "" {
		f.ID = secret.NewID()
	}
	text, kept, err := tx.flowBody(f)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(f.RealmID); err != nil {
		return err
	}
	return tx.insert(flowTaken(f), `INSERT INTO flow (realm_id, id, alias, body, kept, changed)
		VALUES ($1, $2, $3, $4, $5, `+versionNow+`) ON CONFLICT DO NOTHING`, f.RealmID, f.ID, f.Alias, text, kept)
}

func (tx *Tx) flowBody(f *latchkey.Flow) (text string, kept []byte, err error) {
	for i := range f.Executions {
		if f.Executions[i].ID == "" {
			f.Executions[i].ID = secret.NewID()
		}
	}
	return tx.bodies(f, keptFlow, rowID(f.RealmID, f.ID), f.Kept)
}

// UpdateFlow changes a flow with its executions; see CreateFlow.
func (tx *Tx) UpdateFlow(f *latchkey.Flow) error {
	text, kept, err := tx.flowBody(f)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(f.RealmID); err != nil {
		return err
	}
	return tx.update(flowTaken(f), "flow", `UPDATE flow SET alias = $3, body = $4, kept = $5, changed = `+versionNow+`
		WHERE realm_id = $1 AND id = $2 AND NOT EXISTS (
			SELECT 1 FROM flow other WHERE other.realm_id = $1 AND other.alias = $3 AND other.id <> $2)`,
		`SELECT 1 FROM flow WHERE realm_id = $1 AND id = $2`, f.RealmID, f.ID, f.Alias, text, kept)
}

// DeleteFlow deletes a flow; its sub-flows are flows of their own.
func (tx *Tx) DeleteFlow(realmID, id string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	return tx.must("flow", `DELETE FROM flow WHERE realm_id = $1 AND id = $2`, realmID, id)
}
