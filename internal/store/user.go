package store

import (
	"strings"

	"latchkey"
	"latchkey/internal/secret"
)

const userColumns = `realm_id, id, username, email, email_verified, enabled, created_at, not_before, service_account_client_id, body, kept`

func (tx *Tx) scanUser(r row) (*latchkey.User, error) {
	u := &latchkey.User{}
	return u, r.Scan(tx.userFields(u)...)
}

// userFields are what userColumns of a row are scanned into.
func (tx *Tx) userFields(u *latchkey.User) []any {
	return []any{&u.RealmID, &u.ID, &u.Username, &u.Email, &u.EmailVerified, &u.Enabled, timeColumn{&u.CreatedAt},
		&u.NotBefore, textOrNull{&u.ServiceAccountClientID}, bodyColumn{u}, tx.keptColumn(keptUser, &u.RealmID, &u.ID, &u.Kept)}
}

// emailUnique is what may be in a realm once: the canonical address, or NULL
// where the realm allows duplicates. It is decided in the statement that
// writes the user, not before.
const emailUnique = `CASE WHEN (SELECT duplicate_emails FROM realm WHERE realm_id = $1) = 0 THEN CAST($5 AS TEXT) END`

// CreateUser adds a user; the username is kept in lower case. An empty ID is
// drawn, a zero CreatedAt is now. The error has the code "conflict" and the
// field "username" or "email" when the realm has a user with that name, or
// with that address in canonical form (unless the realm allows duplicates).
func (tx *Tx) CreateUser(u *latchkey.User) error {
	if u.ID == "" {
		u.ID = secret.NewID()
	}
	if u.CreatedAt.IsZero() {
		u.CreatedAt = tx.now
	}
	u.Username, u.Unclaimed = strings.ToLower(u.Username), u.Unclaimed && !u.EmailVerified
	text, kept, err := tx.bodies(u, keptUser, rowID(u.RealmID, u.ID), u.Kept)
	if err != nil {
		return err
	}
	ok, err := tx.changed(`INSERT INTO users (realm_id, id, username, email, email_key, email_unique, email_verified,
			enabled, created_at, not_before, service_account_client_id, search, body, kept)
		VALUES ($1, $2, $3, $4, $5, `+emailUnique+`, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		u.RealmID, u.ID, u.Username, u.Email, emailKey(u.Email), flag(u.EmailVerified),
		flag(u.Enabled), millis(u.CreatedAt), u.NotBefore, orNull(u.ServiceAccountClientID), searchText(u), text, kept)
	switch {
	case err != nil:
		return err
	case !ok:
		return tx.userTaken(u)
	}
	if err := tx.putAttributes(u); err != nil {
		return err
	}
	_, err = tx.remember(u, nil)
	return err
}

// UpdateUser changes a user but not its time of creation; see CreateUser.
func (tx *Tx) UpdateUser(u *latchkey.User) error {
	u.Username, u.Unclaimed = strings.ToLower(u.Username), u.Unclaimed && !u.EmailVerified
	text, kept, err := tx.bodies(u, keptUser, rowID(u.RealmID, u.ID), u.Kept)
	if err != nil {
		return err
	}
	same := tx.sameAttributes(u)
	ok, err := tx.changed(`UPDATE users SET username = $3, email = $4, email_key = $5, email_unique = `+emailUnique+`,
			email_verified = $6, enabled = $7, not_before = $8, service_account_client_id = $9, search = $10, body = $11, kept = $12
		WHERE realm_id = $1 AND id = $2
		AND NOT EXISTS (SELECT 1 FROM users o WHERE o.realm_id = $1 AND o.id <> $2 AND o.username = $3)
		AND NOT EXISTS (SELECT 1 FROM users o WHERE o.realm_id = $1 AND o.id <> $2 AND o.email_unique = $5)
		AND NOT EXISTS (SELECT 1 FROM users o WHERE o.realm_id = $1 AND o.id <> $2 AND o.service_account_client_id = $9)`,
		u.RealmID, u.ID, u.Username, u.Email, emailKey(u.Email), flag(u.EmailVerified), flag(u.Enabled),
		u.NotBefore, orNull(u.ServiceAccountClientID), searchText(u), text, kept)
	switch {
	case err != nil || ok && same:
		return err
	case ok:
		return tx.replaceAttributes(u)
	}
	if _, err := tx.User(u.RealmID, u.ID); err != nil {
		return err
	}
	return tx.userTaken(u)
}

// userTaken says which of a user's names is another's.
func (tx *Tx) userTaken(u *latchkey.User) error {
	field := "id"
	err := tx.each(func(r row) error { return r.Scan(&field) }, `SELECT CASE
			WHEN username = $3 THEN 'username' WHEN email_unique = $4 THEN 'email' ELSE 'serviceAccountClientId' END
		FROM users WHERE realm_id = $1 AND id <> $2
		AND (username = $3 OR email_unique = $4 OR service_account_client_id = $5) LIMIT 1`,
		u.RealmID, u.ID, u.Username, emailKey(u.Email), orNull(u.ServiceAccountClientID))
	if err != nil {
		return err
	}
	switch field {
	case "username":
		return conflict(field, "A user with this username exists already.")
	case "email":
		return conflict(field, "A user with this e-mail address exists already.")
	}
	return conflict(field, "This user exists already.")
}

// emailKey is the canonical form of an address, or NULL when there is none.
func emailKey(address string) any { return orNull(latchkey.CanonicalAddress(address)) }

// DeleteUser deletes a user with all that signs them in or came of it: roles,
// credentials, sessions and links; mails that wait are withheld.
func (tx *Tx) DeleteUser(realmID, id string) error {
	if err := tx.WithholdUserMessages(realmID, id); err != nil {
		return err
	}
	if err := tx.must("user", `DELETE FROM users WHERE realm_id = $1 AND id = $2`, realmID, id); err != nil {
		return err
	}
	if _, err := tx.EndUserSessions(realmID, id, ""); err != nil {
		return err
	}
	return tx.run([]string{
		`DELETE FROM user_role WHERE realm_id = $1 AND user_id = $2`,
		`DELETE FROM group_member WHERE realm_id = $1 AND user_id = $2`,
		`DELETE FROM user_consent WHERE realm_id = $1 AND user_id = $2`,
		`DELETE FROM user_attribute WHERE realm_id = $1 AND user_id = $2`,
		`DELETE FROM federated_identity WHERE realm_id = $1 AND user_id = $2`,
		`DELETE FROM credential WHERE realm_id = $1 AND user_id = $2`,
		`DELETE FROM login_failure WHERE realm_id = $1 AND subject IN ($2, $2 || '.known')`,
		`DELETE FROM action_token WHERE realm_id = $1 AND user_id = $2`,
	}, realmID, id)
}

// User finds a user by id. Every step of a flow asks for its user, so an
// Update reads the row once: until it writes users itself it is given what it
// read before.
func (tx *Tx) User(realmID, id string) (*latchkey.User, error) {
	if u := tx.user; u != nil && u.ID == id && u.RealmID == realmID {
		return u.Clone(), nil
	}
	u, err := one(tx, "user", (*Tx).scanUser, `SELECT `+userColumns+` FROM users WHERE realm_id = $1 AND id = $2`, realmID, id)
	return tx.remember(u, err)
}

// remember keeps a user for the rest of an Update.
func (tx *Tx) remember(u *latchkey.User, err error) (*latchkey.User, error) {
	if err == nil && tx.writes {
		tx.user = u.Clone()
	}
	return u, err
}

// forget drops the user that is kept when a statement may change it.
func (tx *Tx) forget(text string) {
	if tx.user != nil && strings.Contains(text, "users") {
		tx.user = nil
	}
}

// LockUser is User that makes other transactions which lock or write the user
// wait until this one ends. Who changes a user after a look at it locks it
// first: else what somebody else changed in between is written back, a user
// that was switched off among it.
func (tx *Tx) LockUser(realmID, id string) (*latchkey.User, error) {
	if !tx.writes {
		return nil, errReadOnly
	}
	u, err := one(tx, "user", (*Tx).scanUser, `SELECT `+userColumns+` FROM users WHERE realm_id = $1 AND id = $2`+
		tx.db.dialect.forUpdate, realmID, id)
	return tx.remember(u, err)
}

// UserByUsername finds a user by username, in any case.
func (tx *Tx) UserByUsername(realmID, username string) (*latchkey.User, error) {
	return one(tx, "user", (*Tx).scanUser, `SELECT `+userColumns+` FROM users WHERE realm_id = $1 AND username = $2`,
		realmID, strings.ToLower(username))
}

// UserByEmail finds a user by address, compared in canonical form. Where the
// realm allows duplicates it is the oldest of those who share it.
func (tx *Tx) UserByEmail(realmID, address string) (*latchkey.User, error) {
	return one(tx, "user", (*Tx).scanUser, `SELECT `+userColumns+` FROM users WHERE realm_id = $1 AND email_key = $2
		ORDER BY created_at, id LIMIT 1`, realmID, emailKey(address))
}

// LockUserByEmail is UserByEmail that locks as LockUser does.
func (tx *Tx) LockUserByEmail(realmID, address string) (*latchkey.User, error) {
	if !tx.writes {
		return nil, errReadOnly
	}
	u, err := one(tx, "user", (*Tx).scanUser, `SELECT `+userColumns+` FROM users WHERE realm_id = $1 AND email_key = $2
		ORDER BY created_at, id LIMIT 1`+tx.db.dialect.forUpdate, realmID, emailKey(address))
	return tx.remember(u, err)
}

// ServiceAccountUser finds the service account of a client by its internal id.
func (tx *Tx) ServiceAccountUser(realmID, clientID string) (*latchkey.User, error) {
	return one(tx, "user", (*Tx).scanUser, `SELECT `+userColumns+` FROM users
		WHERE realm_id = $1 AND service_account_client_id = $2`, realmID, orNull(clientID))
}

// UserRoles gives the ids of the roles that a user was given; see
// latchkey.Snapshot.ExpandRoles for what they amount to.
func (tx *Tx) UserRoles(realmID, userID string) ([]string, error) {
	return many(tx, scanText, `SELECT role_id FROM user_role WHERE realm_id = $1 AND user_id = $2 ORDER BY role_id`, realmID, userID)
}

func scanText(_ *Tx, r row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// AddUserRole gives a user a role; nothing happens when they have it.
func (tx *Tx) AddUserRole(realmID, userID, roleID string) error {
	return tx.later(nil, `INSERT INTO user_role (realm_id, user_id, role_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		realmID, userID, roleID)
}

// RemoveUserRole takes a role from a user; nothing happens when they lack it.
func (tx *Tx) RemoveUserRole(realmID, userID, roleID string) error {
	return tx.later(nil, `DELETE FROM user_role WHERE realm_id = $1 AND user_id = $2 AND role_id = $3`, realmID, userID, roleID)
}
