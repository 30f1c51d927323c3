package store

import (
	"time"

	"latchkey"
)

// tokenKept is how long a link is kept after its end.
const tokenKept = 24 * time.Hour

//nolint:gosec // names of columns
const actionTokenColumns = `realm_id, id, secret_hash, kind, login_id, user_id, client_id, created_at, expires_at, redeemed_at,
	opened_at, opens, body`

func (tx *Tx) scanActionToken(r row) (*latchkey.ActionToken, error) {
	t := &latchkey.ActionToken{}
	return t, r.Scan(&t.RealmID, &t.ID, &t.SecretHash, &t.Kind, &t.LoginID, &t.UserID, &t.ClientID, timeColumn{&t.CreatedAt},
		timeColumn{&t.ExpiresAt}, timeColumn{&t.RedeemedAt}, timeColumn{&t.OpenedAt}, &t.Opens, bodyColumn{t})
}

// CreateActionToken adds a token whose ID is its selector. A zero CreatedAt is
// now.
func (tx *Tx) CreateActionToken(t *latchkey.ActionToken) error {
	if t.CreatedAt.IsZero() {
		t.CreatedAt = tx.now
	}
	text, err := body(t)
	if err != nil {
		return err
	}
	return tx.later(otherwise(conflict("id", "This link exists already.")), `INSERT INTO action_token (realm_id, id, secret_hash, kind, login_id,
			user_id, client_id, created_at, expires_at, redeemed_at, opened_at, opens, reusable, delete_at, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
		t.RealmID, t.ID, t.SecretHash, string(t.Kind), t.LoginID, t.UserID, t.ClientID, millis(t.CreatedAt), t.ExpiresAt.UnixMilli(),
		millis(t.RedeemedAt), millis(t.OpenedAt), t.Opens, flag(t.Reusable), t.ExpiresAt.Add(tokenKept).UnixMilli(), text)
}

// ActionToken finds a token by its selector, used and expired ones too.
func (tx *Tx) ActionToken(realmID, id string) (*latchkey.ActionToken, error) {
	return one(tx, "link", (*Tx).scanActionToken, `SELECT `+actionTokenColumns+` FROM action_token
		WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// RedeemActionToken uses a token up and says whether it could: of any number
// of requests at once exactly one gets true, and none at or after the
// token's expiry. A reusable token is only asked for its expiry.
func (tx *Tx) RedeemActionToken(realmID, id string) (bool, error) {
	return tx.changed(`UPDATE action_token SET redeemed_at = COALESCE(redeemed_at, CAST($3 AS BIGINT)),
			delete_at = CASE WHEN reusable = 1 OR delete_at < CAST($4 AS BIGINT) THEN delete_at ELSE CAST($4 AS BIGINT) END
		WHERE realm_id = $1 AND id = $2 AND (redeemed_at IS NULL OR reusable = 1) AND expires_at > $3`,
		realmID, id, millis(tx.now), tx.now.Add(tokenKept).UnixMilli())
}

// OpenActionToken counts a GET of the link. It is true for the first, whose
// time is kept; nothing is decided by it.
func (tx *Tx) OpenActionToken(realmID, id string) (first bool, err error) {
	opens := 0
	err = tx.returning(func(r row) error { return r.Scan(&opens) },
		`UPDATE action_token SET opened_at = COALESCE(opened_at, CAST($3 AS BIGINT)), opens = opens + 1
		WHERE realm_id = $1 AND id = $2 RETURNING opens`, realmID, id, millis(tx.now))
	if err == nil && opens == 0 {
		err = notFound("link")
	}
	return opens == 1, err
}

// void makes tokens expire now that could still be redeemed; what is used
// stays used.
const void = `UPDATE action_token SET expires_at = $2,
		delete_at = CASE WHEN delete_at < CAST($3 AS BIGINT) THEN delete_at ELSE CAST($3 AS BIGINT) END
	WHERE expires_at > $2 AND (redeemed_at IS NULL OR reusable = 1)`

// VoidActionTokens makes the tokens of a login void but one (exceptID, may be
// empty): they expire now.
func (tx *Tx) VoidActionTokens(realmID, loginID, exceptID string) error {
	return tx.later(nil, void+` AND realm_id = $1 AND login_id = $4 AND id <> $5`,
		realmID, millis(tx.now), tx.now.Add(tokenKept).UnixMilli(), loginID, exceptID)
}

// VoidUserActionTokens makes the tokens void that were made for a user.
func (tx *Tx) VoidUserActionTokens(realmID, userID string) error {
	return tx.VoidUserActionTokensBut(realmID, userID, "")
}

// VoidUserActionTokensBut is VoidUserActionTokens that leaves those of a kind
// alone.
func (tx *Tx) VoidUserActionTokensBut(realmID, userID string, kind latchkey.TokenKind) error {
	return tx.later(nil, void+` AND realm_id = $1 AND user_id = $4 AND user_id <> '' AND kind <> $5`,
		realmID, millis(tx.now), tx.now.Add(tokenKept).UnixMilli(), userID, string(kind))
}

// VoidLinks is part of restoring a backup: in every realm it makes
// void whatever may have been used after the backup was taken. Links expire,
// logins end (and with them their codes), authorization codes expire, mails
// that wait are not sent. It says how many links, logins and codes that were.
func (tx *Tx) VoidLinks() (int, error) {
	now, total := millis(tx.now), int64(0)
	for _, s := range []struct {
		text string
		args []any
	}{
		{`UPDATE action_token SET expires_at = $1 WHERE expires_at > $1`, []any{now}},
		{`UPDATE login SET ended_at = $1, end_reason = $2, step = step + 1 WHERE ended_at IS NULL AND expires_at > $1`,
			[]any{now, string(latchkey.EndRestarted)}},
		{`UPDATE authorization_code SET expires_at = $1 WHERE expires_at > $1`, []any{now}},
	} {
		n, err := tx.exec(s.text, s.args...)
		if err != nil {
			return 0, err
		}
		total += n
	}
	waiting, err := many(tx, (*Tx).scanMessage, `SELECT `+messageColumns+` FROM message WHERE state = 'queued'`)
	if err != nil {
		return 0, err
	}
	return int(total), tx.withhold(waiting, "voided")
}
