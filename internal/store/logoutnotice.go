package store

import (
	"database/sql"
	"sort"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

const logoutNoticeColumns = `realm_id, id, client_id, created_at, expires_at, next_attempt_at, claimed_until, attempts, body`

func (tx *Tx) scanLogoutNotice(r row) (*latchkey.LogoutNotice, error) {
	n := &latchkey.LogoutNotice{}
	return n, r.Scan(&n.RealmID, &n.ID, &n.ClientID, timeColumn{&n.CreatedAt}, timeColumn{&n.ExpiresAt}, timeColumn{&n.NextAttemptAt},
		timeColumn{&n.ClaimedUntil}, &n.Attempts, bodyColumn{n})
}

// CreateLogoutNotice adds a notice and wakes the workers. An empty ID is
// drawn; zero CreatedAt and NextAttemptAt are now.
func (tx *Tx) CreateLogoutNotice(n *latchkey.LogoutNotice) error {
	if n.ID == "" {
		n.ID = secret.NewID()
	}
	if n.CreatedAt.IsZero() {
		n.CreatedAt = tx.now
	}
	if n.NextAttemptAt.IsZero() {
		n.NextAttemptAt = n.CreatedAt
	}
	text, err := body(n)
	if err != nil {
		return err
	}
	tx.Notify(TopicLogout)
	return tx.later(otherwise(conflict("id", "This notice exists already.")), `INSERT INTO logout_notice (`+logoutNoticeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		n.RealmID, n.ID, n.ClientID, millis(n.CreatedAt), n.ExpiresAt.UnixMilli(), millis(n.NextAttemptAt), millis(n.ClaimedUntil), n.Attempts, text)
}

// ClaimLogoutNotices takes up to limit notices of any realm that are due, the
// most overdue first, and keeps them from other workers until lease has
// passed. Expired ones are among them, for the worker to say so.
func (tx *Tx) ClaimLogoutNotices(limit int, lease time.Duration) ([]*latchkey.LogoutNotice, error) {
	var out []*latchkey.LogoutNotice
	err := tx.returning(func(r row) error {
		n, err := tx.scanLogoutNotice(r)
		out = append(out, n)
		return err
	}, `WITH due AS MATERIALIZED (
			SELECT realm_id AS due_realm, id AS due_id FROM logout_notice
			WHERE next_attempt_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
			ORDER BY next_attempt_at LIMIT $3`+tx.db.dialect.skipLocked+`)
		UPDATE logout_notice SET claimed_until = $2 FROM due WHERE realm_id = due_realm AND id = due_id
		RETURNING `+logoutNoticeColumns,
		millis(tx.now), tx.now.Add(lease).UnixMilli(), limit)
	sort.SliceStable(out, func(i, j int) bool { return out[i].NextAttemptAt.Before(out[j].NextAttemptAt) })
	return out, err
}

// PostponeLogoutNotice ends the claim of a notice that is to be tried again at
// NextAttemptAt. One that is gone already is no error.
func (tx *Tx) PostponeLogoutNotice(n *latchkey.LogoutNotice) error {
	text, err := body(n)
	if err != nil {
		return err
	}
	return tx.later(nil, `UPDATE logout_notice SET next_attempt_at = $3, attempts = $4, claimed_until = NULL, body = $5
		WHERE realm_id = $1 AND id = $2`, n.RealmID, n.ID, millis(n.NextAttemptAt), n.Attempts, text)
}

// DeleteLogoutNotice takes away a notice that was taken or given up; it is
// false when somebody else has done so.
func (tx *Tx) DeleteLogoutNotice(realmID, id string) (bool, error) {
	return tx.changed(`DELETE FROM logout_notice WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// LogoutNotices gives the notices of a realm that are still to be taken, the
// oldest first.
func (tx *Tx) LogoutNotices(realmID string) ([]*latchkey.LogoutNotice, error) {
	return many(tx, (*Tx).scanLogoutNotice, `SELECT `+logoutNoticeColumns+` FROM logout_notice WHERE realm_id = $1
		ORDER BY created_at, id`, realmID)
}

// NextLogoutDue says when the next notice can be claimed; ok is false when
// there is none.
func (tx *Tx) NextLogoutDue() (at time.Time, ok bool, err error) {
	var ms sql.NullInt64
	err = tx.each(func(r row) error { return r.Scan(&ms) }, `SELECT MIN(CASE WHEN claimed_until > next_attempt_at THEN claimed_until
		ELSE next_attempt_at END) FROM logout_notice`)
	if err != nil || !ms.Valid {
		return time.Time{}, false, err
	}
	return fromMillis(ms.Int64), true, nil
}
