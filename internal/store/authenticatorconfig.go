package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

func (tx *Tx) scanAuthenticatorConfig(r row) (*latchkey.AuthenticatorConfig, error) {
	c := &latchkey.AuthenticatorConfig{}
	return c, r.Scan(&c.RealmID, &c.ID, &c.Alias, bodyColumn{c}, tx.keptColumn(keptConfig, &c.RealmID, &c.ID, &c.Kept))
}

var configuredConfigs = configured[latchkey.AuthenticatorConfig]{"authenticator_config", "realm_id, id, alias, body, kept", "id",
	(*Tx).scanAuthenticatorConfig, func(c *latchkey.AuthenticatorConfig) string { return c.ID }}

// CreateAuthenticatorConfig adds the configuration of an execution. An empty
// ID is drawn. That no two of a realm have one alias is for the caller to see to.
func (tx *Tx) CreateAuthenticatorConfig(c *latchkey.AuthenticatorConfig) error {
	if c.ID == "" {
		c.ID = secret.NewID()
	}
	text, kept, err := tx.bodies(c, keptConfig, rowID(c.RealmID, c.ID), c.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(c.RealmID); err != nil {
		return err
	}
	return tx.insert(conflict("id", "An authenticator config with this id exists already."),
		`INSERT INTO authenticator_config (realm_id, id, alias, body, kept, changed)
		VALUES ($1, $2, $3, $4, $5, `+versionNow+`) ON CONFLICT DO NOTHING`, c.RealmID, c.ID, c.Alias, text, kept)
}

// UpdateAuthenticatorConfig changes the configuration of an execution.
func (tx *Tx) UpdateAuthenticatorConfig(c *latchkey.AuthenticatorConfig) error {
	text, kept, err := tx.bodies(c, keptConfig, rowID(c.RealmID, c.ID), c.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(c.RealmID); err != nil {
		return err
	}
	return tx.must("authenticator config", `UPDATE authenticator_config SET alias = $3, body = $4, kept = $5, changed = `+versionNow+`
		WHERE realm_id = $1 AND id = $2`, c.RealmID, c.ID, c.Alias, text, kept)
}

// DeleteAuthenticatorConfig deletes the configuration of an execution.
func (tx *Tx) DeleteAuthenticatorConfig(realmID, id string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	return tx.must("authenticator config", `DELETE FROM authenticator_config WHERE realm_id = $1 AND id = $2`, realmID, id)
}
