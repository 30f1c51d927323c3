package store

import (
	"strings"
	"time"

	"latchkey"
)

// MessageFilter says which messages are listed. Empty fields do not filter.
type MessageFilter struct {
	State      latchkey.MessageState
	Kind       latchkey.MessageKind
	Address    string    // compared in canonical form
	Search     string    // a part of the address
	From, To   time.Time // when they were promised: From inclusive, To exclusive
	First, Max int       // Max zero: a hundred
}

// Messages lists the messages of a realm, the newest first.
func (tx *Tx) Messages(realmID string, f MessageFilter) ([]*latchkey.Message, error) {
	c := inRealm(realmID)
	if f.State != "" {
		c.add("state = %", string(f.State))
	}
	if f.Kind != "" {
		c.add("kind = %", string(f.Kind))
	}
	if f.Address != "" {
		c.add("address_key = %", latchkey.CanonicalAddress(f.Address))
	}
	if f.Search != "" {
		if err := tx.mailedTo(c, f.Search); err != nil {
			return nil, err
		}
	}
	created := `created_at`
	if f.Address != "" {
		created += ` + 0` // it has few: they are found first and then sorted
	}
	if !f.From.IsZero() {
		c.add(created+" >= %", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		c.add(created+" < %", f.To.UnixMilli())
	}
	if f.Max <= 0 {
		f.Max = maxListed
	}
	page := c.page(f.First, f.Max)
	return many(tx, (*Tx).scanMessage, `SELECT `+messageColumns+` FROM message WHERE realm_id = $1 AND id IN (
			SELECT id FROM message WHERE `+c.text.String()+` ORDER BY `+created+` DESC, id DESC`+page+`) ORDER BY created_at DESC, id DESC`, c.args...)
}

// fewMessages is how many mails are sorted to give a page of them; of more a page
// is found by going through the realm's in their order.
const fewMessages = 2000

// toAddress gives the ids of mails to addresses with a text in them ($2). The
// comparison makes SQLite go by the index on addresses.
func (tx *Tx) toAddress(text string) string {
	return `SELECT id FROM message WHERE realm_id = $1 AND address_key >= '' AND ` + tx.db.dialect.position + `(address_key, ` + text + `) > 0`
}

// mailedTo adds that mails were for an address with a text in it.
func (tx *Tx) mailedTo(c *condition, text string) error {
	text, n := strings.ToLower(strings.TrimSpace(text)), 0
	err := tx.each(func(r row) error { return r.Scan(&n) }, `SELECT COUNT(*) FROM (`+tx.toAddress("$2")+` LIMIT $3) listed`, c.args[0], text, fewMessages+1)
	if n <= fewMessages {
		c.add(`id IN (`+tx.toAddress("%")+`)`, text)
	} else {
		c.add(holds(tx.db.dialect, "address_key"), text)
	}
	return err
}

// MessageCount is how many mails of one interval came to the same.
type MessageCount struct {
	At    time.Time // when the interval begins
	State latchkey.MessageState
	Cause string // what kept them from being sent, in a word; empty for others
	// Waited is how long it was until a relay had them, rounded down to its two
	// first digits of milliseconds; below 0 where none had.
	Waited time.Duration
	Count  int
}

// waited rounds the milliseconds until a relay had a mail.
const waited = `CASE WHEN handed_over_at IS NULL THEN -1 WHEN handed_over_at < created_at + 100 THEN handed_over_at - created_at
	WHEN handed_over_at < created_at + 1000 THEN (handed_over_at - created_at) / 10 * 10
	WHEN handed_over_at < created_at + 10000 THEN (handed_over_at - created_at) / 100 * 100
	WHEN handed_over_at < created_at + 100000 THEN (handed_over_at - created_at) / 1000 * 1000
	ELSE (handed_over_at - created_at) / 10000 * 10000 END`

// CountMessages counts the mails that were promised from a time on and before
// another, by interval, state, cause and waiting, the earliest first. It reads
// an index alone, once.
func (tx *Tx) CountMessages(realmID string, from, to time.Time, step time.Duration) ([]MessageCount, error) {
	return many(tx, func(_ *Tx, r row) (MessageCount, error) {
		var n, ms int64
		c := MessageCount{}
		err := r.Scan(&n, &c.State, &c.Cause, &ms, &c.Count)
		c.At, c.Waited = from.Add(time.Duration(n)*step), time.Duration(ms)*time.Millisecond
		return c, err
	}, `SELECT (created_at - CAST($2 AS BIGINT)) / CAST($4 AS BIGINT) AS interval_number, state, cause, `+waited+` AS waited, COUNT(*) FROM message
		WHERE realm_id = $1 AND created_at >= $2 AND created_at < $3
		GROUP BY interval_number, state, cause, waited ORDER BY interval_number, state, cause, waited`,
		realmID, from.UnixMilli(), to.UnixMilli(), step.Milliseconds())
}

// RelayCount is how many tries with a relay ended in an outcome.
type RelayCount struct {
	Relay, Outcome string
	Count          int
}

// CountAttempts counts the tries for the mails that were promised from a time
// on and before another, by relay and outcome.
func (tx *Tx) CountAttempts(realmID string, from, to time.Time) ([]RelayCount, error) {
	return many(tx, func(_ *Tx, r row) (RelayCount, error) {
		c := RelayCount{}
		return c, r.Scan(&c.Relay, &c.Outcome, &c.Count)
	}, `SELECT a.relay, a.outcome, COUNT(*) FROM message m JOIN delivery_attempt a ON a.realm_id = m.realm_id AND a.message_id = m.id
		WHERE m.realm_id = $1 AND m.created_at >= $2 AND m.created_at < $3 GROUP BY a.relay, a.outcome ORDER BY a.relay, a.outcome`,
		realmID, from.UnixMilli(), to.UnixMilli())
}
