package store

import "latchkey"

const consentColumns = `realm_id, user_id, client_id, created_at, updated_at, body`

func (tx *Tx) scanConsent(r row) (*latchkey.Consent, error) {
	c := &latchkey.Consent{}
	return c, r.Scan(&c.RealmID, &c.UserID, &c.ClientID, timeColumn{&c.CreatedAt}, timeColumn{&c.UpdatedAt}, bodyColumn{c})
}

// PutConsent keeps a person's consent to a client, in place of the one that
// was there. The first one's CreatedAt stays; UpdatedAt is now.
func (tx *Tx) PutConsent(c *latchkey.Consent) error {
	text, err := body(c)
	if err != nil {
		return err
	}
	c.UpdatedAt = tx.now
	return tx.later(nil, `INSERT INTO user_consent (`+consentColumns+`) VALUES ($1, $2, $3, $4, $4, $5)
		ON CONFLICT (realm_id, user_id, client_id) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body`,
		c.RealmID, c.UserID, c.ClientID, millis(tx.now), text)
}

// Consent finds what the user consented to for the client, named by its
// internal id.
func (tx *Tx) Consent(realmID, userID, clientID string) (*latchkey.Consent, error) {
	return one(tx, "consent", (*Tx).scanConsent, `SELECT `+consentColumns+` FROM user_consent
		WHERE realm_id = $1 AND user_id = $2 AND client_id = $3`, realmID, userID, clientID)
}

// Consents gives all that the user consented to, the oldest first.
func (tx *Tx) Consents(realmID, userID string) ([]*latchkey.Consent, error) {
	return many(tx, (*Tx).scanConsent, `SELECT `+consentColumns+` FROM user_consent
		WHERE realm_id = $1 AND user_id = $2 ORDER BY created_at, client_id`, realmID, userID)
}

// DeleteConsent takes a consent back; it is false when there was none.
func (tx *Tx) DeleteConsent(realmID, userID, clientID string) (bool, error) {
	return tx.changed(`DELETE FROM user_consent WHERE realm_id = $1 AND user_id = $2 AND client_id = $3`, realmID, userID, clientID)
}
