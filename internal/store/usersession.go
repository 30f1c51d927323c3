package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

const userSessionColumns = `realm_id, id, user_id, cookie_hash, started_at, last_access, remember_me, offline, body`

func (tx *Tx) scanUserSession(r row) (*latchkey.UserSession, error) {
	s := &latchkey.UserSession{}
	return s, r.Scan(sessionFields(s)...)
}

func sessionFields(s *latchkey.UserSession) []any {
	return []any{&s.RealmID, &s.ID, &s.UserID, &s.CookieHash, timeColumn{&s.StartedAt}, timeColumn{&s.LastAccess},
		&s.RememberMe, &s.Offline, bodyColumn{s}}
}

// bytesOrNull gives NULL for no bytes.
func bytesOrNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// CreateUserSession adds a session. An empty ID is drawn; zero StartedAt and
// LastAccess are now. No CookieHash: no browser holds it.
func (tx *Tx) CreateUserSession(s *latchkey.UserSession) error {
	if s.ID == "" {
		s.ID = secret.NewID()
	}
	if s.StartedAt.IsZero() {
		s.StartedAt = tx.now
	}
	if s.LastAccess.IsZero() {
		s.LastAccess = s.StartedAt
	}
	text, err := body(s)
	if err != nil {
		return err
	}
	return tx.later(otherwise(conflict("id", "This session exists already.")),
		`INSERT INTO user_session (`+userSessionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		s.RealmID, s.ID, s.UserID, bytesOrNull(s.CookieHash), millis(s.StartedAt), millis(s.LastAccess),
		flag(s.RememberMe), flag(s.Offline), text)
}

// UserSession finds a session by id. Whether it is still good is for the
// caller to say: times are the realm's.
func (tx *Tx) UserSession(realmID, id string) (*latchkey.UserSession, error) {
	return one(tx, "session", (*Tx).scanUserSession, `SELECT `+userSessionColumns+` FROM user_session
		WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// UserSessionByCookie finds a session by the hash of the browser's secret.
func (tx *Tx) UserSessionByCookie(realmID string, hash []byte) (*latchkey.UserSession, error) {
	return one(tx, "session", (*Tx).scanUserSession, `SELECT `+userSessionColumns+` FROM user_session
		WHERE realm_id = $1 AND cookie_hash = $2`, realmID, bytesOrNull(hash))
}

// UserSessions gives the sessions of a user, the newest first.
func (tx *Tx) UserSessions(realmID, userID string) ([]*latchkey.UserSession, error) {
	return many(tx, (*Tx).scanUserSession, `SELECT `+userSessionColumns+` FROM user_session
		WHERE realm_id = $1 AND user_id = $2 ORDER BY started_at DESC, id DESC`, realmID, userID)
}

// UserSessionsOfClient gives the sessions that a client, named by its internal
// id, has a part in, the newest first.
func (tx *Tx) UserSessionsOfClient(realmID, clientID string, first, most int) ([]*latchkey.UserSession, error) {
	return many(tx, (*Tx).scanUserSession, `SELECT `+userSessionColumns+` FROM user_session
		WHERE realm_id = $1 AND id IN (SELECT session_id FROM client_session WHERE realm_id = $1 AND client_id = $2)
		ORDER BY started_at DESC, id DESC LIMIT $3 OFFSET $4`, realmID, clientID, most, first)
}

// CountUserSessions counts the sessions that each client, named by its
// internal id, has a part in.
func (tx *Tx) CountUserSessions(realmID string) (map[string]int, error) {
	counts := map[string]int{}
	err := tx.each(func(r row) error {
		var client string
		var n int
		if err := r.Scan(&client, &n); err != nil {
			return err
		}
		counts[client] = n
		return nil
	}, `SELECT client_id, COUNT(*) FROM client_session WHERE realm_id = $1 GROUP BY client_id`, realmID)
	return counts, err
}

// TouchUserSession says that the session was used now. The error has the code
// "not_found" when it has ended meanwhile.
func (tx *Tx) TouchUserSession(realmID, id string) error {
	return tx.later(otherwise(notFound("session")), `UPDATE user_session
		SET last_access = CASE WHEN last_access < CAST($3 AS BIGINT) THEN CAST($3 AS BIGINT) ELSE last_access END
		WHERE realm_id = $1 AND id = $2`, realmID, id, millis(tx.now))
}

// UpdateUserSession changes a session but not whose it is nor when it began.
func (tx *Tx) UpdateUserSession(s *latchkey.UserSession) error {
	text, err := body(s)
	if err != nil {
		return err
	}
	return tx.later(otherwise(notFound("session")), `UPDATE user_session SET cookie_hash = $3, last_access = $4, remember_me = $5, offline = $6, body = $7
		WHERE realm_id = $1 AND id = $2`,
		s.RealmID, s.ID, bytesOrNull(s.CookieHash), millis(s.LastAccess), flag(s.RememberMe), flag(s.Offline), text)
}

// EndUserSession ends a session with what clients hold of it and the codes
// that came of it. It is false when somebody else has ended it.
func (tx *Tx) EndUserSession(realmID, id string) (bool, error) {
	ended, err := tx.changed(`DELETE FROM user_session WHERE realm_id = $1 AND id = $2`, realmID, id)
	if err != nil {
		return false, err
	}
	return ended, tx.run([]string{
		`DELETE FROM client_session WHERE realm_id = $1 AND session_id = $2`,
		`DELETE FROM authorization_code WHERE realm_id = $1 AND session_id = $2`,
	}, realmID, id)
}

// EndUserSessions ends all sessions of a user but one (exceptID, may be empty)
// and says how many.
func (tx *Tx) EndUserSessions(realmID, userID, exceptID string) (int, error) {
	var ids []string
	err := tx.returning(func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, `DELETE FROM user_session WHERE realm_id = $1 AND user_id = $2 AND id <> $3 RETURNING id`, realmID, userID, exceptID)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if _, err := tx.EndUserSession(realmID, id); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
