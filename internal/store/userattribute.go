package store

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/secret"
)

// maxKey is how many bytes of a text stand in an index; a longer one is found
// by its hash.
const maxKey = 200

// attributeKey is what an attribute's value is found by: in lower case, as
// Keycloak compares.
func attributeKey(value string) string {
	value = strings.ToLower(value)
	if len(value) > maxKey {
		return hex.EncodeToString(secret.Hash(value))
	}
	return value
}

// putAttributes writes what a new user is found by beside their names. The
// attributes themselves stand with the user.
func (tx *Tx) putAttributes(u *latchkey.User) error {
	for _, name := range slices.Sorted(maps.Keys(u.Attributes)) {
		for _, value := range u.Attributes[name] {
			err := tx.later(nil, `INSERT INTO user_attribute (realm_id, user_id, name, value) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
				u.RealmID, u.ID, attributeKey(name), attributeKey(value))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sameAttributes says that the user is known to have these attributes already:
// the transaction has read them. Most changes are of something else.
func (tx *Tx) sameAttributes(u *latchkey.User) bool {
	was := tx.user
	return was != nil && was.ID == u.ID && was.RealmID == u.RealmID && maps.EqualFunc(was.Attributes, u.Attributes, slices.Equal[[]string])
}

// replaceAttributes is putAttributes for a user who is there.
func (tx *Tx) replaceAttributes(u *latchkey.User) error {
	if err := tx.later(nil, `DELETE FROM user_attribute WHERE realm_id = $1 AND user_id = $2`, u.RealmID, u.ID); err != nil {
		return err
	}
	return tx.putAttributes(u)
}
