package store

import "latchkey"

// CreateRealmImport keeps that an import was begun.
func (tx *Tx) CreateRealmImport(i *latchkey.RealmImport) error {
	if i.StartedAt.IsZero() {
		i.StartedAt = tx.now
	}
	return tx.insert(conflict("realm", "An import of this realm was begun already."),
		`INSERT INTO realm_import (realm_id, digest, done, total, enabled, started_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		i.RealmID, i.Digest, i.Done, i.Total, flag(i.Enabled), millis(i.StartedAt))
}

// AdvanceRealmImport says that an import is at another of its people; it is
// false when it was not where the caller thought, because somebody else is at
// it.
func (tx *Tx) AdvanceRealmImport(realmID string, from, to int) (bool, error) {
	return tx.changed(`UPDATE realm_import SET done = $3 WHERE realm_id = $1 AND done = $2`, realmID, from, to)
}

// RealmImport finds the import of a realm that is not through.
func (tx *Tx) RealmImport(realmID string) (*latchkey.RealmImport, error) {
	return one(tx, "import", (*Tx).scanRealmImport,
		`SELECT realm_id, digest, done, total, enabled, started_at FROM realm_import WHERE realm_id = $1`, realmID)
}

func (tx *Tx) scanRealmImport(r row) (*latchkey.RealmImport, error) {
	i := &latchkey.RealmImport{}
	return i, r.Scan(&i.RealmID, &i.Digest, &i.Done, &i.Total, &i.Enabled, timeColumn{&i.StartedAt})
}

// DeleteRealmImport says that an import is through.
func (tx *Tx) DeleteRealmImport(realmID string) error {
	return tx.must("import", `DELETE FROM realm_import WHERE realm_id = $1`, realmID)
}
