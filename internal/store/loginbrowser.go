package store

import "latchkey"

// RebindLogins moves all logins of a browser to a new secret of it but one
// (exceptID), which the caller saves with it: after a sign-in the old one opens
// nothing any more. It is no step.
func (tx *Tx) RebindLogins(realmID, exceptID string, from, to []byte) error {
	return tx.later(nil, `UPDATE login SET browser_hash = $3 WHERE realm_id = $1 AND browser_hash = $2 AND id <> $4`, realmID, bytesOrNull(from), to, exceptID)
}

// RecentLoginsOfBrowser gives the logins of a browser, those that ended within
// the last hour too, the newest first, at most 20.
func (tx *Tx) RecentLoginsOfBrowser(realmID string, browserHash []byte) ([]*latchkey.Login, error) {
	return many(tx, (*Tx).scanLogin, `SELECT `+loginColumns+` FROM login
		WHERE realm_id = $1 AND browser_hash = $2 ORDER BY created_at DESC, id DESC LIMIT 20`, realmID, bytesOrNull(browserHash))
}
