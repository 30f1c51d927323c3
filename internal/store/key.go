package store

import (
	"fmt"

	"latchkey"
)

const purposeKey = "key.private"

func (tx *Tx) scanKey(r row) (*latchkey.Key, error) {
	k := &latchkey.Key{}
	var sealed []byte
	err := r.Scan(&k.RealmID, &k.ID, &k.Algorithm, &k.Use, &k.Status, &k.Priority, &k.Certificate, &sealed, timeColumn{&k.CreatedAt},
		timeColumn{&k.ActiveFrom}, bodyColumn{k})
	if err != nil {
		return nil, err
	}
	if k.Private, err = tx.unseal(purposeKey, rowID(k.RealmID, k.ID), sealed); err != nil {
		return nil, fmt.Errorf("key %s: %w", k.ID, err)
	}
	return k, nil
}

const keyColumns = `realm_id, id, algorithm, key_use, status, priority, certificate, private, created_at, active_from, body`

var configuredKeys = configured[latchkey.Key]{"realm_key", keyColumns, "id",
	(*Tx).scanKey, func(k *latchkey.Key) string { return k.ID }}

// Keys gives every key of the realm, in no order. Who changes keys by what it
// finds calls [Tx.BumpRealm] before, so that nobody else changes them.
func (tx *Tx) Keys(realmID string) ([]*latchkey.Key, error) {
	return many(tx, (*Tx).scanKey, `SELECT `+keyColumns+` FROM realm_key WHERE realm_id = $1`, realmID)
}

// CreateKey adds a signing key. The error has the code "conflict" when the
// realm has, or once had, a key of that id: an id never names another key.
func (tx *Tx) CreateKey(k *latchkey.Key) error {
	if k.CreatedAt.IsZero() {
		k.CreatedAt = tx.now
	}
	if err := tx.BumpRealm(k.RealmID); err != nil {
		return err
	}
	text, err := body(k)
	if err != nil {
		return err
	}
	sealed := tx.db.keyring.Seal(purposeKey, rowID(k.RealmID, k.ID), k.Private)
	return tx.insert(conflict("id", "A key %q exists already.", k.ID),
		`INSERT INTO realm_key (`+keyColumns+`, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, `+versionNow+`) ON CONFLICT DO NOTHING`,
		k.RealmID, k.ID, k.Algorithm, k.Use, string(k.Status), k.Priority, k.Certificate, sealed, millis(k.CreatedAt), millis(k.ActiveFrom), text)
}

// UpdateKey changes a key's status, its priority and what it is among the
// components, and nothing else.
func (tx *Tx) UpdateKey(k *latchkey.Key) error {
	if err := tx.BumpRealm(k.RealmID); err != nil {
		return err
	}
	text, err := body(k)
	if err != nil {
		return err
	}
	return tx.must("key", `UPDATE realm_key SET status = $3, priority = $4, body = $5, changed = `+versionNow+` WHERE realm_id = $1 AND id = $2`,
		k.RealmID, k.ID, string(k.Status), k.Priority, text)
}

// SetKeyStatus says what a key is used for from now on. Keys are never
// deleted, so that their ids are not used again.
func (tx *Tx) SetKeyStatus(realmID, id string, status latchkey.KeyStatus) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	return tx.must("key", `UPDATE realm_key SET status = $3, changed = `+versionNow+` WHERE realm_id = $1 AND id = $2`, realmID, id, string(status))
}
