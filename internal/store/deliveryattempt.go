package store

import (
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// replyBytes bounds a relay's own words.
const replyBytes = 500

// RecordAttempt adds a try to hand a message over. A zero At is now; Reply is
// cut to 500 bytes.
func (tx *Tx) RecordAttempt(a *latchkey.DeliveryAttempt) error {
	if a.At.IsZero() {
		a.At = tx.now
	}
	if len(a.Reply) > replyBytes {
		a.Reply = a.Reply[:replyBytes]
	}
	// PostgreSQL keeps no text that is not UTF-8 or holds a NUL.
	a.Reply = strings.ReplaceAll(strings.ToValidUTF8(a.Reply, ""), "\x00", "")
	return tx.later(nil, `INSERT INTO delivery_attempt (realm_id, message_id, id, number, at, relay, outcome, reply, duration_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.RealmID, a.MessageID, secret.NewID(), a.Number, millis(a.At), a.Relay, a.Outcome, a.Reply, a.Duration.Milliseconds())
}

// Attempts gives the tries to hand a message over, in their order.
func (tx *Tx) Attempts(realmID, messageID string) ([]*latchkey.DeliveryAttempt, error) {
	return many(tx, func(_ *Tx, r row) (*latchkey.DeliveryAttempt, error) {
		a := &latchkey.DeliveryAttempt{}
		var ms int64
		err := r.Scan(&a.RealmID, &a.MessageID, &a.Number, timeColumn{&a.At}, &a.Relay, &a.Outcome, &a.Reply, &ms)
		a.Duration = time.Duration(ms) * time.Millisecond
		return a, err
	}, `SELECT realm_id, message_id, number, at, relay, outcome, reply, duration_ms FROM delivery_attempt
		WHERE realm_id = $1 AND message_id = $2 ORDER BY number, at, id`, realmID, messageID)
}
