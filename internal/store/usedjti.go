package store

import (
	"time"

	"latchkey/internal/secret"
)

// UseJTI uses up the id of a token, and says whether it had not been before:
// of any number of requests at once exactly one is first (RFC 7519 4.1.7).
// issuer is the internal id of the client that made the token, or empty for a
// token of the realm's own. The id is remembered until expiresAt, when the
// token would have ended anyway.
func (tx *Tx) UseJTI(realmID, issuer, jti string, expiresAt time.Time) (first bool, err error) {
	return tx.changed(`INSERT INTO used_jti (realm_id, issuer, hash, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		realmID, issuer, secret.Hash(jti), millis(expiresAt))
}

// JTIUsed says whether the id was used up.
func (tx *Tx) JTIUsed(realmID, issuer, jti string) (used bool, err error) {
	err = tx.each(func(r row) error {
		var one int
		used = true
		return r.Scan(&one)
	}, `SELECT 1 FROM used_jti WHERE realm_id = $1 AND issuer = $2 AND hash = $3`, realmID, issuer, secret.Hash(jti))
	return used, err
}
