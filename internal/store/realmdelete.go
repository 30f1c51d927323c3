package store

import "context"

// realmTable is a table whose rows belong to a realm.
type realmTable struct {
	name string
	key  string // its primary key, where a realm may have very many rows of it
}

// realmTables are all of them, those that others point at last.
var realmTables = []realmTable{
	{"event", "realm_id, time, id"}, {"admin_event", "realm_id, time, id"}, {"logout_notice", "realm_id, id"},
	{"delivery_attempt", "realm_id, message_id, id"}, {"message", "realm_id, id"}, {"address_mark", "realm_id, address_key"},
	{"rate_limit", "realm_id, name, key"}, {"login_failure", "realm_id, subject"}, {"action_token", "realm_id, id"}, {"login", "realm_id, id"},
	{"authorization_code", "realm_id, hash"}, {"used_jti", "realm_id, issuer, hash"}, {"client_session", "realm_id, session_id, client_id"},
	{"user_session", "realm_id, id"}, {"known_browser", "realm_id, browser_hash, address_key"}, {"credential", "realm_id, id"},
	{"user_consent", "realm_id, user_id, client_id"}, {"user_role", "realm_id, user_id, role_id"}, {"group_member", "realm_id, user_id, group_id"},
	{"user_attribute", "realm_id, user_id, name, value"}, {"federated_identity", "realm_id, user_id, identity_provider"}, {"realm_group", "realm_id, id"}, {"users", "realm_id, id"},
	{"identity_provider", ""}, {"component", ""}, {"client_initial_access", ""}, {"realm_import", ""}, {"realm_key", ""}, {"required_action", ""}, {"authenticator_config", ""},
	{"flow", ""}, {"role", ""}, {"client_scope", ""}, {"client", ""}, {"realm", ""},
}

// emptyBatch is how many rows of a realm are deleted in one transaction: it
// keeps the one writer of SQLite for some hundredths of a second.
const emptyBatch = 1000

// DeleteRealm deletes a realm with everything that is in it. Of a large one
// ([Tx.LargeRealm]) EmptyRealm deletes the most before.
func (tx *Tx) DeleteRealm(id string) error {
	// First, so that configuration changes under way are over.
	if err := tx.BumpRealm(id); err != nil {
		return err
	}
	for _, table := range realmTables {
		if _, err := tx.exec(`DELETE FROM `+table.name+` WHERE realm_id = $1`, id); err != nil {
			return err
		}
	}
	return nil
}

// LargeRealm says whether the realm has more rows of a kind than one
// transaction should delete.
func (tx *Tx) LargeRealm(id string) (bool, error) {
	for _, table := range realmTables {
		if table.key == "" {
			continue
		}
		n := 0
		err := tx.each(func(r row) error { return r.Scan(&n) },
			`SELECT COUNT(*) FROM (SELECT 1 FROM `+table.name+` WHERE realm_id = $1 LIMIT $2) AS several`, id, emptyBatch+1)
		if err != nil || n > emptyBatch {
			return true, err
		}
	}
	return false, nil
}

// EmptyRealm deletes people, sessions, events and whatever else there may be
// very many of in a realm, in transactions of at most a thousand rows; between
// them others write. progress is told how many rows are gone so far. Ended
// before it is through, it goes on when it is called again.
func (db *DB) EmptyRealm(ctx context.Context, id string, progress func(done int)) error {
	done := 0
	for _, table := range realmTables {
		if table.key == "" {
			continue
		}
		for {
			n, err := db.sweepOne(ctx, sweep{table.name, table.key, `realm_id = $1`, []any{id}}, emptyBatch)
			if err != nil {
				return err
			}
			if done += n; n > 0 {
				progress(done)
			}
			if n < emptyBatch {
				break
			}
			if err := db.Yield(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
