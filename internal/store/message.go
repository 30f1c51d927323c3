package store

import (
	"database/sql"
	"sort"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

const (
	purposeMessage = "message.secret"
	messageColumns = `realm_id, id, kind, state, address, login_id, token_id, secret, created_at, expires_at, next_attempt_at, attempts,
	claimed_until, handed_over_at, body`
)

func (tx *Tx) scanMessage(r row) (*latchkey.Message, error) {
	m := &latchkey.Message{}
	var sealed []byte
	err := r.Scan(&m.RealmID, &m.ID, &m.Kind, &m.State, &m.Address, &m.LoginID, &m.TokenID, &sealed, timeColumn{&m.CreatedAt},
		timeColumn{&m.ExpiresAt}, timeColumn{&m.NextAttemptAt}, &m.Attempts, timeColumn{&m.ClaimedUntil}, timeColumn{&m.HandedOverAt},
		bodyColumn{m})
	if err != nil {
		return nil, err
	}
	plain, err := tx.unseal(purposeMessage, rowID(m.RealmID, m.ID), sealed)
	if err != nil {
		// Its key was taken away: the mail has lost its link, which its worker
		// says. One such row must not keep every other mail from going out.
		tx.db.log.Warn("the secret of a mail cannot be opened", "message", m.ID, "error", err)
		return m, nil
	}
	m.Secret = latchkey.Secret(plain)
	return m, nil
}

// sealMessage seals the link's secret of a message that waits, and wipes it
// from one that does not.
func (tx *Tx) sealMessage(m *latchkey.Message) []byte {
	if m.State != latchkey.MessageQueued {
		m.Secret = ""
	}
	return tx.seal(purposeMessage, rowID(m.RealmID, m.ID), m.Secret.Reveal())
}

// CreateMessage adds a message. An empty ID is drawn, an empty State is
// queued; zero CreatedAt and NextAttemptAt are now.
func (tx *Tx) CreateMessage(m *latchkey.Message) error {
	if m.ID == "" {
		m.ID = secret.NewID()
	}
	if m.State == "" {
		m.State = latchkey.MessageQueued
	}
	if m.CreatedAt.IsZero() {
		m.CreatedAt = tx.now
	}
	if m.NextAttemptAt.IsZero() {
		m.NextAttemptAt = m.CreatedAt
	}
	text, err := body(m)
	if err != nil {
		return err
	}
	return tx.later(otherwise(conflict("id", "This message exists already.")), `INSERT INTO message (realm_id, id, kind, state, address, address_key,
			user_id, login_id, token_id, secret, created_at, expires_at, next_attempt_at, attempts, claimed_until, handed_over_at, body, cause)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING`,
		m.RealmID, m.ID, string(m.Kind), string(m.State), m.Address, latchkey.CanonicalAddress(m.Address), m.UserID, m.LoginID, m.TokenID,
		tx.sealMessage(m), millis(m.CreatedAt), m.ExpiresAt.UnixMilli(), millis(m.NextAttemptAt), m.Attempts, millis(m.ClaimedUntil),
		millis(m.HandedOverAt), text, causeOf(m))
}

// causeOf is in a word what kept a mail from being sent, for those who count;
// empty for one that was sent, and for one that waits.
func causeOf(m *latchkey.Message) string {
	switch m.State {
	case latchkey.MessageQueued, latchkey.MessageHandedOver:
		return ""
	case latchkey.MessageExpired:
		return CauseExpired
	}
	word := m.Reason
	if m.State == latchkey.MessageWithheld {
		word, _, _ = strings.Cut(word, ":") // limit:address and the like
	}
	if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return CauseRelay // its own words
	}
	return word
}

// The causes that are no reasons of messages.
const (
	CauseExpired = "expired" // no relay took it in time
	CauseRelay   = "relay"   // a relay refused it, or its address
)

// SetCourier names who on this node is given messages by those who promise
// them, once they are committed; nil for nobody.
func (db *DB) SetCourier(take func(*latchkey.Message)) {
	if take == nil {
		db.courier.Store(nil)
		return
	}
	db.courier.Store(&take)
}

// Courier is who takes messages on this node, nil when nobody does. Who gives
// one a message has claimed it for the courier in the row that it made, and
// gives it after the commit.
func (tx *Tx) Courier() func(*latchkey.Message) {
	if c := tx.db.courier.Load(); c != nil {
		return *c
	}
	return nil
}

// UnclaimMessage gives a message back that was claimed and not looked at.
func (tx *Tx) UnclaimMessage(realmID, id string) error {
	tx.Notify(TopicOutbox)
	return tx.later(nil, `UPDATE message SET claimed_until = NULL WHERE realm_id = $1 AND id = $2 AND state = 'queued'`, realmID, id)
}

// ClaimMessages takes up to limit messages of any realm that are due, the most
// overdue first, and keeps them from other workers until lease has passed. It
// does not count as an attempt. Expired ones are among them, for the worker to
// say so.
func (tx *Tx) ClaimMessages(limit int, lease time.Duration) ([]*latchkey.Message, error) {
	var out []*latchkey.Message
	err := tx.returning(func(r row) error {
		m, err := tx.scanMessage(r)
		out = append(out, m)
		return err
	}, `WITH due AS MATERIALIZED (
			SELECT realm_id AS due_realm, id AS due_id FROM message
			WHERE state = 'queued' AND next_attempt_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
			ORDER BY next_attempt_at LIMIT $3`+tx.db.dialect.skipLocked+`)
		UPDATE message SET claimed_until = $2 FROM due WHERE realm_id = due_realm AND id = due_id
		RETURNING `+messageColumns,
		millis(tx.now), tx.now.Add(lease).UnixMilli(), limit)
	sort.SliceStable(out, func(i, j int) bool { return out[i].NextAttemptAt.Before(out[j].NextAttemptAt) })
	return out, err
}

// UpdateMessage writes what a worker did with a message and ends its claim. A
// secret is wiped from what no longer waits. What is no longer queued stays as
// it is, and m.State is set to that; only a hand-over, which has happened
// whatever was decided meanwhile, is always written.
func (tx *Tx) UpdateMessage(m *latchkey.Message) error {
	text, err := body(m)
	if err != nil {
		return err
	}
	m.ClaimedUntil = time.Time{}
	ok, err := tx.changed(`UPDATE message SET state = $3, user_id = $4, token_id = $5, secret = $6, expires_at = $7, next_attempt_at = $8,
			attempts = $9, claimed_until = NULL, handed_over_at = $10, body = $11, cause = $12
		WHERE realm_id = $1 AND id = $2 AND (state = 'queued' OR $3 = 'handed_over')`,
		m.RealmID, m.ID, string(m.State), m.UserID, m.TokenID, tx.sealMessage(m), m.ExpiresAt.UnixMilli(), millis(m.NextAttemptAt),
		m.Attempts, millis(m.HandedOverAt), text, causeOf(m))
	if err != nil || ok {
		return err
	}
	stands, err := tx.Message(m.RealmID, m.ID)
	if err != nil {
		return err
	}
	m.State, m.Secret = stands.State, ""
	return nil
}

// Message finds a message by id.
func (tx *Tx) Message(realmID, id string) (*latchkey.Message, error) {
	return one(tx, "message", (*Tx).scanMessage, `SELECT `+messageColumns+` FROM message WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// MessagesOfLogin gives the messages of a login, the oldest first.
func (tx *Tx) MessagesOfLogin(realmID, loginID string) ([]*latchkey.Message, error) {
	return many(tx, (*Tx).scanMessage, `SELECT `+messageColumns+` FROM message WHERE realm_id = $1 AND login_id = $2
		ORDER BY created_at, id`, realmID, loginID)
}

// NextDue says when the next message that waits can be claimed; ok is false
// when none waits.
func (tx *Tx) NextDue() (at time.Time, ok bool, err error) {
	var ms sql.NullInt64
	err = tx.each(func(r row) error { return r.Scan(&ms) }, `SELECT MIN(CASE WHEN claimed_until > next_attempt_at THEN claimed_until
		ELSE next_attempt_at END) FROM message WHERE state = 'queued'`)
	if err != nil || !ms.Valid {
		return time.Time{}, false, err
	}
	return fromMillis(ms.Int64), true, nil
}

// Backlog counts the mails that wait, and says when the oldest was promised;
// zero when none waits.
func (tx *Tx) Backlog() (waiting int, oldest time.Time, err error) {
	var ms sql.NullInt64
	err = tx.each(func(r row) error { return r.Scan(&waiting, &ms) }, `SELECT COUNT(*), MIN(created_at) FROM message WHERE state = 'queued'`)
	if err != nil || !ms.Valid {
		return 0, time.Time{}, err
	}
	return waiting, fromMillis(ms.Int64), nil
}

// WithholdUserMessages keeps back the mails that wait for a user: those that
// name the user and those to the user's address.
func (tx *Tx) WithholdUserMessages(realmID, userID string) error {
	return tx.withholdOf(realmID, userID, "", "user_disabled")
}

// WithholdUserMessagesBut is WithholdUserMessages for a user whose address
// changes; it leaves mails of a kind alone.
func (tx *Tx) WithholdUserMessagesBut(realmID, userID string, kind latchkey.MessageKind) error {
	return tx.withholdOf(realmID, userID, kind, "address_changed")
}

func (tx *Tx) withholdOf(realmID, userID string, but latchkey.MessageKind, reason string) error {
	waiting, err := many(tx, (*Tx).scanMessage, `SELECT `+messageColumns+` FROM message
		WHERE realm_id = $1 AND state = 'queued' AND ($3 = '' OR kind <> $3) AND (user_id = $2
			OR address_key IN (SELECT email_key FROM users WHERE realm_id = $1 AND id = $2))`, realmID, userID, string(but))
	if err != nil {
		return err
	}
	return tx.withhold(waiting, reason)
}

func (tx *Tx) withhold(waiting []*latchkey.Message, reason string) error {
	for _, m := range waiting {
		m.State, m.Reason = latchkey.MessageWithheld, reason
		if err := tx.UpdateMessage(m); err != nil {
			return err
		}
	}
	return nil
}
