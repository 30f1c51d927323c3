package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

func (tx *Tx) scanClientScope(r row) (*latchkey.ClientScope, error) {
	s := &latchkey.ClientScope{}
	return s, r.Scan(&s.RealmID, &s.ID, &s.Name, bodyColumn{s}, tx.keptColumn(keptScope, &s.RealmID, &s.ID, &s.Kept))
}

var configuredScopes = configured[latchkey.ClientScope]{"client_scope", "realm_id, id, name, body, kept", "id",
	(*Tx).scanClientScope, func(s *latchkey.ClientScope) string { return s.ID }}

func scopeTaken(s *latchkey.ClientScope) error {
	return conflict("name", "A client scope %q exists already.", s.Name)
}

// CreateClientScope adds a client scope. An empty ID is drawn. The error has
// the code "conflict" when the name is taken.
func (tx *Tx) CreateClientScope(s *latchkey.ClientScope) error {
	if s.ID == "" {
		s.ID = secret.NewID()
	}
	text, kept, err := tx.bodies(s, keptScope, rowID(s.RealmID, s.ID), s.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(s.RealmID); err != nil {
		return err
	}
	return tx.insert(scopeTaken(s), `INSERT INTO client_scope (realm_id, id, name, body, kept, changed)
		VALUES ($1, $2, $3, $4, $5, `+versionNow+`) ON CONFLICT DO NOTHING`, s.RealmID, s.ID, s.Name, text, kept)
}

// UpdateClientScope changes a client scope; see CreateClientScope.
func (tx *Tx) UpdateClientScope(s *latchkey.ClientScope) error {
	text, kept, err := tx.bodies(s, keptScope, rowID(s.RealmID, s.ID), s.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(s.RealmID); err != nil {
		return err
	}
	return tx.update(scopeTaken(s), "client scope", `UPDATE client_scope SET name = $3, body = $4, kept = $5, changed = `+versionNow+`
		WHERE realm_id = $1 AND id = $2 AND NOT EXISTS (
			SELECT 1 FROM client_scope other WHERE other.realm_id = $1 AND other.name = $3 AND other.id <> $2)`,
		`SELECT 1 FROM client_scope WHERE realm_id = $1 AND id = $2`, s.RealmID, s.ID, s.Name, text, kept)
}

// DeleteClientScope deletes a client scope. Clients and realms that name its
// id go on naming nothing.
func (tx *Tx) DeleteClientScope(realmID, id string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	return tx.must("client scope", `DELETE FROM client_scope WHERE realm_id = $1 AND id = $2`, realmID, id)
}
