package store

import "latchkey"

const federatedColumns = `realm_id, user_id, identity_provider, federated_user_id, federated_username`

func scanFederatedIdentity(_ *Tx, r row) (*latchkey.FederatedIdentity, error) {
	f := &latchkey.FederatedIdentity{}
	return f, r.Scan(&f.RealmID, &f.UserID, &f.IdentityProvider, &f.FederatedUserID, &f.FederatedUsername)
}

// FederatedIdentities gives the accounts at identity providers that are linked
// to the user, by the providers' aliases.
func (tx *Tx) FederatedIdentities(realmID, userID string) ([]*latchkey.FederatedIdentity, error) {
	return many(tx, scanFederatedIdentity, `SELECT `+federatedColumns+` FROM federated_identity
		WHERE realm_id = $1 AND user_id = $2 ORDER BY identity_provider`, realmID, userID)
}

// CreateFederatedIdentity links an account at an identity provider to a user.
// The error has the code "conflict" when the user has one of that provider.
func (tx *Tx) CreateFederatedIdentity(f *latchkey.FederatedIdentity) error {
	return tx.insert(conflict("identityProvider", "The user is linked with this identity provider already."),
		`INSERT INTO federated_identity (`+federatedColumns+`) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		f.RealmID, f.UserID, f.IdentityProvider, f.FederatedUserID, f.FederatedUsername)
}

// DeleteFederatedIdentity takes a link away; it is false when there was none.
func (tx *Tx) DeleteFederatedIdentity(realmID, userID, alias string) (bool, error) {
	return tx.changed(`DELETE FROM federated_identity WHERE realm_id = $1 AND user_id = $2 AND identity_provider = $3`, realmID, userID, alias)
}

// UnlinkUser takes every link of a user away.
func (tx *Tx) UnlinkUser(realmID, userID string) error {
	return tx.later(nil, `DELETE FROM federated_identity WHERE realm_id = $1 AND user_id = $2`, realmID, userID)
}

// DeleteFederatedIdentities takes every user's link with the identity provider
// away.
func (tx *Tx) DeleteFederatedIdentities(realmID, alias string) error {
	_, err := tx.exec(`DELETE FROM federated_identity WHERE realm_id = $1 AND identity_provider = $2`, realmID, alias)
	return err
}
