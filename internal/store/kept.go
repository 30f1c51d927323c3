package store

import (
	"encoding/json"
	"fmt"

	"latchkey"
)

// The purposes that what is kept of the nouns is sealed for.
const (
	keptRealm    = "realm.kept"
	keptClient   = "client.kept"
	keptScope    = "client_scope.kept"
	keptRole     = "role.kept"
	keptFlow     = "flow.kept"
	keptConfig   = "authenticator_config.kept"
	keptAction   = "required_action.kept"
	keptGroup    = "group.kept"
	keptUser     = "user.kept"
	keptProvider = "identity_provider.kept"
)

// bodies gives a noun's JSON, and sealed what is kept of it; nothing is NULL.
// What it is nobody knows, so all of it is taken for a secret.
func (tx *Tx) bodies(noun any, purpose, id string, kept latchkey.Kept) (text string, sealed []byte, err error) {
	if text, err = body(noun); err != nil || len(kept) == 0 {
		return text, nil, err
	}
	sealed, err = tx.sealJSON(purpose, id, kept)
	return text, sealed, err
}

// keptColumn scans what is kept of a noun; see sealedJSON.
func (tx *Tx) keptColumn(purpose string, realmID, id *string, kept *latchkey.Kept) sealedJSON {
	return sealedJSON{tx, purpose, realmID, id, kept}
}

func (tx *Tx) sealJSON(purpose, id string, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return tx.db.keyring.Seal(purpose, id, text), nil
}

// sealedJSON scans a column of sealed JSON into v. RealmID and id name the row
// and stand before it in the statement; id is nil where realm_id is the key.
type sealedJSON struct {
	tx          *Tx
	purpose     string
	realmID, id *string
	v           any
}

// Scan implements sql.Scanner.
func (c sealedJSON) Scan(v any) error {
	var sealed []byte
	switch data := v.(type) {
	case nil:
		return nil
	case []byte:
		sealed = data
	case string:
		sealed = []byte(data)
	default:
		return fmt.Errorf("sealed column holds %T", v)
	}
	name := *c.realmID
	if c.id != nil {
		name = rowID(*c.realmID, *c.id)
	}
	plain, err := c.tx.db.keyring.Open(c.purpose, name, sealed)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", c.purpose, name, err)
	}
	return json.Unmarshal(plain, c.v)
}
