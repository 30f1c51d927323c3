package store

import "latchkey"

func (tx *Tx) scanRequiredAction(r row) (*latchkey.RequiredAction, error) {
	a := &latchkey.RequiredAction{}
	return a, r.Scan(&a.RealmID, &a.Alias, bodyColumn{a}, tx.keptColumn(keptAction, &a.RealmID, &a.Alias, &a.Kept))
}

var configuredActions = configured[latchkey.RequiredAction]{"required_action", "realm_id, alias, body, kept", "alias",
	(*Tx).scanRequiredAction, func(a *latchkey.RequiredAction) string { return a.Alias }}

// PutRequiredAction adds or changes a required action of a realm.
func (tx *Tx) PutRequiredAction(a *latchkey.RequiredAction) error {
	text, kept, err := tx.bodies(a, keptAction, rowID(a.RealmID, a.Alias), a.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(a.RealmID); err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO required_action (realm_id, alias, body, kept, changed) VALUES ($1, $2, $3, $4, `+versionNow+`)
		ON CONFLICT (realm_id, alias) DO UPDATE SET body = excluded.body, kept = excluded.kept, changed = excluded.changed`, a.RealmID, a.Alias, text, kept)
	return err
}

// DeleteRequiredAction takes a required action from a realm.
func (tx *Tx) DeleteRequiredAction(realmID, alias string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	return tx.must("required action", `DELETE FROM required_action WHERE realm_id = $1 AND alias = $2`, realmID, alias)
}
