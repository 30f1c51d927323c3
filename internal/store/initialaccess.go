package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

const initialAccessColumns = `realm_id, id, created_at, expires_at, remaining, body`

func (tx *Tx) scanInitialAccess(r row) (*latchkey.InitialAccess, error) {
	a := &latchkey.InitialAccess{}
	return a, r.Scan(&a.RealmID, &a.ID, timeColumn{&a.CreatedAt}, timeColumn{&a.ExpiresAt}, &a.Remaining, bodyColumn{a})
}

// CreateInitialAccess adds an initial access. An empty ID is drawn, a zero
// CreatedAt is now.
func (tx *Tx) CreateInitialAccess(a *latchkey.InitialAccess) error {
	if a.ID == "" {
		a.ID = secret.NewID()
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = tx.now
	}
	text, err := body(a)
	if err != nil {
		return err
	}
	return tx.insert(conflict("id", "This initial access exists already."), `INSERT INTO client_initial_access (`+initialAccessColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, a.RealmID, a.ID, millis(a.CreatedAt), millis(a.ExpiresAt), a.Remaining, text)
}

// InitialAccesses gives the realm's initial accesses that are good for
// something, the oldest first.
func (tx *Tx) InitialAccesses(realmID string, first, most int) ([]*latchkey.InitialAccess, error) {
	return many(tx, (*Tx).scanInitialAccess, `SELECT `+initialAccessColumns+` FROM client_initial_access
		WHERE realm_id = $1 AND remaining > 0 AND (expires_at IS NULL OR expires_at > $2)
		ORDER BY created_at, id LIMIT $3 OFFSET $4`, realmID, millis(tx.now), most, first)
}

// DeleteInitialAccess takes an initial access back. It is false when there was
// none.
func (tx *Tx) DeleteInitialAccess(realmID, id string) (bool, error) {
	return tx.changed(`DELETE FROM client_initial_access WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// InitialAccess finds an initial access, also one that is good for nothing any
// more.
func (tx *Tx) InitialAccess(realmID, id string) (*latchkey.InitialAccess, error) {
	return one(tx, "initial access", (*Tx).scanInitialAccess, `SELECT `+initialAccessColumns+` FROM client_initial_access
		WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// UseInitialAccess takes one of the clients that an initial access is good for.
// It is false when there are none left, when it has expired, and when it was
// taken back: however many ask at once, as many are let in as it is good for
//
func (tx *Tx) UseInitialAccess(realmID, id string) (bool, error) {
	return tx.changed(`UPDATE client_initial_access SET remaining = remaining - 1
		WHERE realm_id = $1 AND id = $2 AND remaining > 0 AND (expires_at IS NULL OR expires_at > $3)`, realmID, id, millis(tx.now))
}
