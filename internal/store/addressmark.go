package store

import "time"

// MarkAddress says that no mail goes to an address until then, and why; key is
// a keyed hash of it. A later mark takes the place of an earlier one.
func (tx *Tx) MarkAddress(realmID string, key []byte, reason string, until time.Time) error {
	return tx.later(nil, `INSERT INTO address_mark (realm_id, address_key, reason, until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (realm_id, address_key) DO UPDATE SET reason = excluded.reason, until = excluded.until`,
		realmID, key, reason, until.UnixMilli())
}

// AddressMark gives the mark of an address; ok is false when it has none that
// still holds.
func (tx *Tx) AddressMark(realmID string, key []byte) (reason string, until time.Time, ok bool, err error) {
	err = tx.each(func(r row) error {
		ok = true
		return r.Scan(&reason, timeColumn{&until})
	}, `SELECT reason, until FROM address_mark WHERE realm_id = $1 AND address_key = $2 AND until > $3`, realmID, key, millis(tx.now))
	return reason, until, ok, err
}
