package store

import "time"

// browserKept is how long a browser that was not seen is known: as long as
// browsers keep a cookie (RFC 6265bis: 400 days).
const browserKept = 400 * 24 * time.Hour

// SaveKnownBrowser says that a browser, by the hash of its secret, signed in
// now as an address, by its keyed hash.
func (tx *Tx) SaveKnownBrowser(realmID string, browserHash, addressKey []byte) error {
	return tx.later(nil, `INSERT INTO known_browser (realm_id, browser_hash, address_key, seen_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (realm_id, browser_hash, address_key) DO UPDATE SET seen_at = excluded.seen_at`,
		realmID, browserHash, addressKey, millis(tx.now))
}

// KnownAddresses gives the keyed hashes of the addresses that a browser signed
// in as before.
func (tx *Tx) KnownAddresses(realmID string, browserHash []byte) ([][]byte, error) {
	return many(tx, func(_ *Tx, r row) (key []byte, err error) {
		err = r.Scan(&key)
		return key, err
	}, `SELECT address_key FROM known_browser WHERE realm_id = $1 AND browser_hash = $2 AND seen_at > $3`,
		realmID, bytesOrNull(browserHash), tx.now.Add(-browserKept).UnixMilli())
}
