package store

import (
	"fmt"

	"latchkey"
	"latchkey/internal/secret"
)

const purposeCredential = "credential.secret" //nolint:gosec // a purpose, not a secret

const credentialSelect = `SELECT realm_id, id, user_id, type, user_label, secret_data, credential_data, priority, created_at, counter FROM credential`

func (tx *Tx) scanCredential(r row) (*latchkey.Credential, error) {
	c := &latchkey.Credential{}
	var sealed []byte
	err := r.Scan(&c.RealmID, &c.ID, &c.UserID, &c.Type, &c.UserLabel, &sealed, &c.CredentialData, &c.Priority, timeColumn{&c.CreatedAt}, &c.Counter)
	if err != nil {
		return nil, err
	}
	plain, err := tx.unseal(purposeCredential, rowID(c.RealmID, c.ID), sealed)
	if err != nil {
		return nil, fmt.Errorf("credential %s: %w", c.ID, err)
	}
	c.SecretData = string(plain)
	return c, nil
}

func (tx *Tx) sealCredential(c *latchkey.Credential) []byte {
	return tx.db.keyring.Seal(purposeCredential, rowID(c.RealmID, c.ID), []byte(c.SecretData))
}

// Credentials gives a user's credentials by priority: what they can sign in
// with, and so not the passwords that they had.
func (tx *Tx) Credentials(realmID, userID string) ([]*latchkey.Credential, error) {
	return many(tx, (*Tx).scanCredential, credentialSelect+` WHERE realm_id = $1 AND user_id = $2 AND type <> $3 ORDER BY priority, created_at, id`,
		realmID, userID, latchkey.CredentialPasswordHistory)
}

// PasswordHistory gives the passwords that a user had, the last one first.
func (tx *Tx) PasswordHistory(realmID, userID string) ([]*latchkey.Credential, error) {
	return many(tx, (*Tx).scanCredential, credentialSelect+` WHERE realm_id = $1 AND user_id = $2 AND type = $3 ORDER BY created_at DESC, id DESC`,
		realmID, userID, latchkey.CredentialPasswordHistory)
}

// CreateCredential adds a credential; its SecretData is sealed, because it may
// be the seed of one-time passwords. An empty ID is drawn, a zero CreatedAt is
// now.
func (tx *Tx) CreateCredential(c *latchkey.Credential) error {
	if c.ID == "" {
		c.ID = secret.NewID()
	}
	if c.CreatedAt.IsZero() {
		c.CreatedAt = tx.now
	}
	return tx.insert(conflict("id", "A credential with this id exists already."),
		`INSERT INTO credential (realm_id, id, user_id, type, user_label, secret_data, credential_data, priority, created_at, counter)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		c.RealmID, c.ID, c.UserID, c.Type, c.UserLabel, tx.sealCredential(c), c.CredentialData, c.Priority, millis(c.CreatedAt), c.Counter)
}

// UseOTP uses a one-time password up and says whether it could: of any number
// of requests at once exactly one gets true, and none for a code before one
// that was used. used is the code's counter, or its interval of the time; data
// is the CredentialData afterwards.
func (tx *Tx) UseOTP(realmID, id string, used int64, data string) (bool, error) {
	return tx.changed(`UPDATE credential SET counter = CAST($3 AS BIGINT) + 1, credential_data = $4
		WHERE realm_id = $1 AND id = $2 AND counter <= CAST($3 AS BIGINT)`, realmID, id, used, data)
}

// UpdateCredential changes a credential but not whose it is, nor which of its
// one-time passwords were used.
func (tx *Tx) UpdateCredential(c *latchkey.Credential) error {
	return tx.must("credential", `UPDATE credential SET type = $3, user_label = $4, secret_data = $5, credential_data = $6, priority = $7
		WHERE realm_id = $1 AND id = $2`,
		c.RealmID, c.ID, c.Type, c.UserLabel, tx.sealCredential(c), c.CredentialData, c.Priority)
}

// DeleteCredential deletes a credential.
func (tx *Tx) DeleteCredential(realmID, id string) error {
	return tx.must("credential", `DELETE FROM credential WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// DeleteCredentials deletes all credentials of a user.
func (tx *Tx) DeleteCredentials(realmID, userID string) error {
	return tx.later(nil, `DELETE FROM credential WHERE realm_id = $1 AND user_id = $2`, realmID, userID)
}

// UsersWithCredential gives those of the users with the ids who have a
// credential of the type.
func (tx *Tx) UsersWithCredential(realmID, credentialType string, ids []string) (map[string]bool, error) {
	out := map[string]bool{}
	return out, tx.eachOf(ids, func(r row) error {
		var user, typ string
		err := r.Scan(&user, &typ)
		if typ == credentialType {
			out[user] = true
		}
		return err
	}, `SELECT user_id, type FROM credential WHERE realm_id = $1 AND user_id IN (%)`, realmID)
}
