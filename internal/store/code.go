package store

import "latchkey"

const codeColumns = `realm_id, hash, session_id, client_id, expires_at, redeemed_at, body`

func (tx *Tx) scanCode(r row) (*latchkey.AuthorizationCode, error) {
	c := &latchkey.AuthorizationCode{}
	return c, r.Scan(&c.RealmID, &c.Hash, &c.SessionID, &c.ClientID, timeColumn{&c.ExpiresAt}, timeColumn{&c.RedeemedAt}, bodyColumn{c})
}

// CreateCode adds an authorization code, of which only the hash is known.
func (tx *Tx) CreateCode(c *latchkey.AuthorizationCode) error {
	text, err := body(c)
	if err != nil {
		return err
	}
	return tx.later(otherwise(conflict("code", "This code exists already.")), `INSERT INTO authorization_code (`+codeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		c.RealmID, c.Hash, c.SessionID, c.ClientID, millis(c.ExpiresAt), millis(c.RedeemedAt), text)
}

// RedeemCode uses a code up. Of any number of requests at once exactly one is
// first, and none at or after the code's expiry. When it is not first
// the code is given all the same: RedeemedAt tells a second use, which ends
// what came of the first, from an expired code.
func (tx *Tx) RedeemCode(realmID string, hash []byte) (code *latchkey.AuthorizationCode, first bool, err error) {
	err = tx.returning(func(r row) (err error) {
		first = true
		code, err = tx.scanCode(r)
		return err
	}, `UPDATE authorization_code SET redeemed_at = $3
		WHERE realm_id = $1 AND hash = $2 AND redeemed_at IS NULL AND expires_at > $3 RETURNING `+codeColumns,
		realmID, hash, millis(tx.now))
	if err != nil || first {
		return code, first, err
	}
	code, err = one(tx, "code", (*Tx).scanCode, `SELECT `+codeColumns+` FROM authorization_code
		WHERE realm_id = $1 AND hash = $2`, realmID, hash)
	return code, false, err
}
