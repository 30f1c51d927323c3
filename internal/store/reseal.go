package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
)

// keyPrefix is how many bytes in front of a sealed value name its key (see
// secret.Keyring); the statement below says it, too.
const keyPrefix = 4

// sealedColumn is a column that holds sealed values. Key is what names its
// rows beside realm_id; empty where realm_id does.
type sealedColumn struct{ table, key, column, purpose string }

var sealedColumns = []sealedColumn{
	{"realm", "", "smtp_secrets", purposeSMTP},
	{"client", "id", "secret", purposeClient},
	{"client", "id", "rotated_secret", purposeClientRotated},
	{"realm_key", "id", "private", purposeKey},
	{"credential", "id", "secret_data", purposeCredential},
	{"message", "id", "secret", purposeMessage},
	{"realm", "", "kept", keptRealm},
	{"client", "id", "kept", keptClient},
	{"client_scope", "id", "kept", keptScope},
	{"role", "id", "kept", keptRole},
	{"flow", "id", "kept", keptFlow},
	{"authenticator_config", "id", "kept", keptConfig},
	{"required_action", "alias", "kept", keptAction},
	{"realm_group", "id", "kept", keptGroup},
	{"users", "id", "kept", keptUser},
	{"identity_provider", "id", "config", purposeProvider},
	{"identity_provider", "id", "kept", keptProvider},
	{"component", "id", "config", purposeComponent},
}

// Reseal seals with the first master key what another one sealed, and says how
// many values that were; when it is zero the others can be taken away.
// It works row by row beside everything else, and can be run again.
func (db *DB) Reseal(ctx context.Context) (resealed int, err error) {
	current := db.keyring.Seal(canaryPurpose, metaCanary, []byte(canaryText))
	for _, c := range sealedColumns {
		for {
			n, err := db.resealBatch(ctx, c, current[:keyPrefix])
			resealed += n
			if err != nil {
				return resealed, err
			}
			if n == 0 {
				break
			}
		}
	}
	err = db.Update(ctx, func(tx *Tx) error {
		value, err := tx.Meta(metaCanary)
		if err != nil {
			return err
		}
		sealed, err := base64.StdEncoding.DecodeString(value)
		if err != nil || bytes.HasPrefix(sealed, current[:keyPrefix]) {
			return err
		}
		resealed++
		return tx.SetMeta(metaCanary, base64.StdEncoding.EncodeToString(current))
	})
	return resealed, err
}

// resealBatch reseals up to a hundred values of a column.
func (db *DB) resealBatch(ctx context.Context, c sealedColumn, current []byte) (n int, err error) {
	key := c.key
	if key == "" {
		key = "''"
	}
	type value struct {
		realmID, id string
		sealed      []byte
	}
	err = db.Update(ctx, func(tx *Tx) error {
		n = 0
		old, err := many(tx, func(_ *Tx, r row) (v value, err error) {
			err = r.Scan(&v.realmID, &v.id, &v.sealed)
			return v, err
		}, `SELECT realm_id, `+key+`, `+c.column+` FROM `+c.table+`
			WHERE `+c.column+` IS NOT NULL AND SUBSTR(`+c.column+`, 1, 4) <> $1 LIMIT 100`, current)
		if err != nil {
			return err
		}
		for _, v := range old {
			name, where := rowID(v.realmID, v.id), ` AND `+key+` = $4`
			if c.key == "" {
				name, where = v.realmID, ` AND $4 = ''`
			}
			plain, err := db.keyring.Open(c.purpose, name, v.sealed)
			if err != nil {
				return errors.Join(errors.New(c.table+"."+c.column+" of "+name), err)
			}
			// Whoever changed it meanwhile has sealed it anew.
			ok, err := tx.changed(`UPDATE `+c.table+` SET `+c.column+` = $1 WHERE `+c.column+` = $2 AND realm_id = $3`+where,
				db.keyring.Seal(c.purpose, name, plain), v.sealed, v.realmID, v.id)
			if err != nil {
				return err
			}
			if ok {
				n++
			}
		}
		return nil
	})
	return n, err
}
