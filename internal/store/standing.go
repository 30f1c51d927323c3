package store

import (
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/secret"
)

// Standing is all that an answer about a person's session is made from, read
// by one statement at one moment. Whether the session is still good is for the
// caller to say, as of [Tx.UserSession].
type Standing struct {
	Session  *latchkey.UserSession // nil of a service account
	User     *latchkey.User
	Part     *latchkey.ClientSession // what the client holds of the session; nil when it holds nothing
	Holdings *latchkey.Holdings
	Revoked  bool // the access token was taken back (RFC 7009)
}

var (
	standingUser    = qualified("u", userColumns)
	standingSession = qualified("s", userSessionColumns)
)

const (
	standingPart = `COALESCE(c.realm_id, ''), COALESCE(c.session_id, ''), COALESCE(c.client_id, ''), c.started_at, c.last_access,
		COALESCE(c.refresh_id, ''), COALESCE(c.previous_refresh_id, ''), c.rotated_at, COALESCE(c.reuses, 0), COALESCE(c.body, '{}')`
	standingRevoked = `CASE WHEN EXISTS (SELECT 1 FROM used_jti WHERE realm_id = $1 AND issuer = '' AND hash = $3) THEN 1 ELSE 0 END`
)

// qualified puts a table's name in front of columns.
func qualified(table, columns string) string {
	return table + "." + strings.Join(strings.Split(columns, ", "), ", "+table+".")
}

// Standing finds a session by id, with its user, what the client, named by its
// internal id, holds of it, and the user's roles and groups. jti is the id of
// an access token that may have been taken back; empty: there is none. It is
// one statement for those who are in no group. The error has the code
// "not_found" when there is no such session or its user is gone.
func (tx *Tx) Standing(realmID, sessionID, clientID, jti string) (*Standing, error) {
	return tx.standing("session", func(st *Standing) []any {
		st.Session, st.Part = &latchkey.UserSession{}, &latchkey.ClientSession{}
		return append(sessionFields(st.Session), partFields(st.Part)...)
	}, `, `+standingSession+`, `+standingPart+`
		FROM user_session s JOIN users u ON u.realm_id = $1 AND u.id = s.user_id
		LEFT JOIN client_session c ON c.realm_id = $1 AND c.session_id = $2 AND c.client_id = $4
		WHERE s.realm_id = $1 AND s.id = $2`, realmID, sessionID, jtiHash(jti), clientID)
}

// ServiceAccountStanding is [Tx.Standing] for the service account of a client,
// named by its internal id, which has no session.
func (tx *Tx) ServiceAccountStanding(realmID, clientID, jti string) (*Standing, error) {
	return tx.standing("user", func(*Standing) []any { return nil },
		` FROM users u WHERE u.realm_id = $1 AND u.service_account_client_id = $2`, realmID, orNull(clientID), jtiHash(jti))
}

func jtiHash(jti string) any {
	if jti == "" {
		return nil
	}
	return secret.Hash(jti)
}

// standing reads the user, what they hold and the token, and what more
// names; from are the further columns and where all of it comes from.
func (tx *Tx) standing(what string, more func(*Standing) []any, from string, args ...any) (*Standing, error) {
	var groups []string
	list := tx.db.dialect.list
	st, err := one(tx, what, func(tx *Tx, r row) (*Standing, error) {
		st := &Standing{User: &latchkey.User{}, Holdings: &latchkey.Holdings{}}
		dest := append(tx.userFields(st.User), bodyColumn{&st.Holdings.Roles}, bodyColumn{&groups}, &st.Revoked)
		return st, r.Scan(append(dest, more(st)...)...)
	}, `SELECT `+standingUser+`,
		`+list(`role_id`, `FROM user_role WHERE realm_id = $1 AND user_id = u.id`)+`,
		`+list(`group_id`, `FROM group_member WHERE realm_id = $1 AND user_id = u.id`)+`, `+standingRevoked+from, args...)
	if err != nil {
		return nil, err
	}
	if st.Part != nil && st.Part.SessionID == "" {
		st.Part = nil
	}
	if _, err := tx.remember(st.User, nil); err != nil {
		return nil, err
	}
	if len(st.Holdings.Roles) == 0 {
		st.Holdings.Roles = nil
	}
	slices.Sort(st.Holdings.Roles)
	slices.Sort(groups)
	st.Holdings.Memberships, err = tx.places(st.User.RealmID, groupsOfUser, groups, st.User.ID)
	return st, err
}
