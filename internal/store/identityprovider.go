package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

const purposeProvider = "identity_provider.config"

func (tx *Tx) scanIdentityProvider(r row) (*latchkey.IdentityProvider, error) {
	p := &latchkey.IdentityProvider{}
	return p, r.Scan(&p.RealmID, &p.ID, &p.Alias, bodyColumn{p},
		sealedJSON{tx, purposeProvider, &p.RealmID, &p.ID, &p.Config}, tx.keptColumn(keptProvider, &p.RealmID, &p.ID, &p.Kept))
}

// IdentityProviders gives the identity providers of a realm by alias.
func (tx *Tx) IdentityProviders(realmID string) ([]*latchkey.IdentityProvider, error) {
	return many(tx, (*Tx).scanIdentityProvider,
		`SELECT realm_id, id, alias, body, config, kept FROM identity_provider WHERE realm_id = $1 ORDER BY alias, id`, realmID)
}

// PutIdentityProvider adds or changes an identity provider with its mappers. An
// empty ID is drawn. The error has the code "conflict" and the field "alias"
// when another one has the alias.
func (tx *Tx) PutIdentityProvider(p *latchkey.IdentityProvider) error {
	if p.ID == "" {
		p.ID = secret.NewID()
	}
	text, kept, err := tx.bodies(p, keptProvider, rowID(p.RealmID, p.ID), p.Kept)
	if err != nil {
		return err
	}
	config, err := tx.sealJSON(purposeProvider, rowID(p.RealmID, p.ID), p.Config)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(p.RealmID); err != nil {
		return err
	}
	changed, err := tx.changed(`UPDATE identity_provider SET alias = $3, body = $4, config = $5, kept = $6
		WHERE realm_id = $1 AND id = $2 AND NOT EXISTS (
			SELECT 1 FROM identity_provider other WHERE other.realm_id = $1 AND other.alias = $3 AND other.id <> $2)`,
		p.RealmID, p.ID, p.Alias, text, config, kept)
	if err != nil || changed {
		return err
	}
	return tx.insert(conflict("alias", "An identity provider %q exists already.", p.Alias),
		`INSERT INTO identity_provider (realm_id, id, alias, body, config, kept)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`, p.RealmID, p.ID, p.Alias, text, config, kept)
}

// DeleteIdentityProvider deletes an identity provider with its mappers and
// with the users' links to it.
func (tx *Tx) DeleteIdentityProvider(realmID, id string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM federated_identity WHERE realm_id = $1 AND identity_provider IN (
		SELECT alias FROM identity_provider WHERE realm_id = $1 AND id = $2)`, realmID, id)
	if err != nil {
		return err
	}
	return tx.must("identity provider", `DELETE FROM identity_provider WHERE realm_id = $1 AND id = $2`, realmID, id)
}
