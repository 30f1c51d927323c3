package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

const purposeComponent = "component.config"

func (tx *Tx) scanComponent(r row) (*latchkey.Component, error) {
	c := &latchkey.Component{}
	return c, r.Scan(&c.RealmID, &c.ID, &c.ParentID, &c.ProviderType, bodyColumn{c},
		sealedJSON{tx, purposeComponent, &c.RealmID, &c.ID, &c.Config})
}

// Components gives the components of a realm by type and id.
func (tx *Tx) Components(realmID string) ([]*latchkey.Component, error) {
	return many(tx, (*Tx).scanComponent, `SELECT realm_id, id, parent_id, provider_type, body, config
		FROM component WHERE realm_id = $1 ORDER BY provider_type, id`, realmID)
}

// PutComponent adds or changes a component. An empty ID is drawn.
func (tx *Tx) PutComponent(c *latchkey.Component) error {
	if c.ID == "" {
		c.ID = secret.NewID()
	}
	text, err := body(c)
	if err != nil {
		return err
	}
	config, err := tx.sealJSON(purposeComponent, rowID(c.RealmID, c.ID), c.Config)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(c.RealmID); err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO component (realm_id, id, parent_id, provider_type, body, config)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (realm_id, id) DO UPDATE SET parent_id = excluded.parent_id, provider_type = excluded.provider_type,
			body = excluded.body, config = excluded.config`,
		c.RealmID, c.ID, c.ParentID, c.ProviderType, text, config)
	return err
}

// DeleteComponent deletes a component; those below it stay.
func (tx *Tx) DeleteComponent(realmID, id string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	return tx.must("component", `DELETE FROM component WHERE realm_id = $1 AND id = $2`, realmID, id)
}
