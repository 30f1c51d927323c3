package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

func (tx *Tx) scanRole(r row) (*latchkey.Role, error) {
	role := &latchkey.Role{}
	return role, r.Scan(&role.RealmID, &role.ID, &role.ClientID, &role.Name, bodyColumn{role}, tx.keptColumn(keptRole, &role.RealmID, &role.ID, &role.Kept))
}

var configuredRoles = configured[latchkey.Role]{"role", "realm_id, id, client_id, name, body, kept", "id",
	(*Tx).scanRole, func(r *latchkey.Role) string { return r.ID }}

func roleTaken(r *latchkey.Role) error { return conflict("name", "A role %q exists already.", r.Name) }

// CreateRole adds a role. An empty ID is drawn. The error has the code
// "conflict" when the realm, or the role's client, has a role of that name.
func (tx *Tx) CreateRole(r *latchkey.Role) error {
	if r.ID == "" {
		r.ID = secret.NewID()
	}
	text, kept, err := tx.bodies(r, keptRole, rowID(r.RealmID, r.ID), r.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(r.RealmID); err != nil {
		return err
	}
	return tx.insert(roleTaken(r), `INSERT INTO role (realm_id, id, client_id, name, body, kept, changed)
		VALUES ($1, $2, $3, $4, $5, $6, `+versionNow+`) ON CONFLICT DO NOTHING`, r.RealmID, r.ID, r.ClientID, r.Name, text, kept)
}

// UpdateRole changes a role but not whose it is; see CreateRole.
func (tx *Tx) UpdateRole(r *latchkey.Role) error {
	text, kept, err := tx.bodies(r, keptRole, rowID(r.RealmID, r.ID), r.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(r.RealmID); err != nil {
		return err
	}
	return tx.update(roleTaken(r), "role", `UPDATE role SET name = $3, body = $4, kept = $5, changed = `+versionNow+`
		WHERE realm_id = $1 AND id = $2 AND NOT EXISTS (
			SELECT 1 FROM role other WHERE other.realm_id = $1 AND other.client_id = role.client_id
			AND other.name = $3 AND other.id <> $2)`,
		`SELECT 1 FROM role WHERE realm_id = $1 AND id = $2`, r.RealmID, r.ID, r.Name, text, kept)
}

// DeleteRole deletes a role and takes it from its users. Composite roles and
// scope mappings that name its id go on naming nothing.
func (tx *Tx) DeleteRole(realmID, id string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	if err := tx.must("role", `DELETE FROM role WHERE realm_id = $1 AND id = $2`, realmID, id); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM user_role WHERE realm_id = $1 AND role_id = $2`, realmID, id)
	return err
}
