package store

import "latchkey"

const clientSessionColumns = `realm_id, session_id, client_id, started_at, last_access, refresh_id, previous_refresh_id, rotated_at, reuses, body`

func (tx *Tx) scanClientSession(r row) (*latchkey.ClientSession, error) {
	s := &latchkey.ClientSession{}
	return s, r.Scan(partFields(s)...)
}

func partFields(s *latchkey.ClientSession) []any {
	return []any{&s.RealmID, &s.SessionID, &s.ClientID, timeColumn{&s.StartedAt}, timeColumn{&s.LastAccess},
		&s.RefreshID, &s.PreviousRefreshID, timeColumn{&s.RotatedAt}, &s.Reuses, bodyColumn{s}}
}

// ClientSession finds what a client, named by its internal id, holds of a
// session.
func (tx *Tx) ClientSession(realmID, sessionID, clientID string) (*latchkey.ClientSession, error) {
	return one(tx, "client session", (*Tx).scanClientSession, `SELECT `+clientSessionColumns+` FROM client_session
		WHERE realm_id = $1 AND session_id = $2 AND client_id = $3`, realmID, sessionID, clientID)
}

// ClientSessions gives what all clients hold of a session, the oldest first.
func (tx *Tx) ClientSessions(realmID, sessionID string) ([]*latchkey.ClientSession, error) {
	return many(tx, (*Tx).scanClientSession, `SELECT `+clientSessionColumns+` FROM client_session
		WHERE realm_id = $1 AND session_id = $2 ORDER BY started_at, client_id`, realmID, sessionID)
}

// PutClientSession adds or replaces what a client holds of a session; zero
// StartedAt and LastAccess are now, and StartedAt stays what it was.
func (tx *Tx) PutClientSession(s *latchkey.ClientSession) error {
	if s.StartedAt.IsZero() {
		s.StartedAt = tx.now
	}
	if s.LastAccess.IsZero() {
		s.LastAccess = tx.now
	}
	text, err := body(s)
	if err != nil {
		return err
	}
	return tx.later(nil, `INSERT INTO client_session (`+clientSessionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (realm_id, session_id, client_id) DO UPDATE SET last_access = excluded.last_access,
			refresh_id = excluded.refresh_id, previous_refresh_id = excluded.previous_refresh_id,
			rotated_at = excluded.rotated_at, reuses = excluded.reuses, body = excluded.body`,
		s.RealmID, s.SessionID, s.ClientID, millis(s.StartedAt), millis(s.LastAccess), s.RefreshID, s.PreviousRefreshID,
		millis(s.RotatedAt), s.Reuses, text)
}

// RotateRefresh writes what a client holds of a session, under a new
// RefreshID, when the RefreshID that s was read with still stands, and says
// whether it did: of any number of requests at once exactly one gets true
// . s then has the new one, the one before it as PreviousRefreshID, and
// now as RotatedAt and LastAccess. The winner has the row locked until its
// transaction ends.
func (tx *Tx) RotateRefresh(s *latchkey.ClientSession, next string) (bool, error) {
	text, err := body(s)
	if err != nil {
		return false, err
	}
	ok, err := tx.changed(`UPDATE client_session SET refresh_id = $5, previous_refresh_id = $4, rotated_at = $6, last_access = $6, reuses = $7, body = $8
		WHERE realm_id = $1 AND session_id = $2 AND client_id = $3 AND refresh_id = $4`,
		s.RealmID, s.SessionID, s.ClientID, s.RefreshID, next, millis(tx.now), s.Reuses, text)
	if ok {
		s.PreviousRefreshID, s.RefreshID, s.RotatedAt, s.LastAccess = s.RefreshID, next, tx.now, tx.now
	}
	return ok, err
}

// DeleteClientSession takes from a client what it holds of a session, with the
// codes it has not redeemed.
func (tx *Tx) DeleteClientSession(realmID, sessionID, clientID string) error {
	return tx.run([]string{
		`DELETE FROM client_session WHERE realm_id = $1 AND session_id = $2 AND client_id = $3`,
		`DELETE FROM authorization_code WHERE realm_id = $1 AND session_id = $2 AND client_id = $3`,
	}, realmID, sessionID, clientID)
}
