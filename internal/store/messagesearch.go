package store

import (
	"database/sql"
	"strconv"
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
		c.add(`address_key LIKE % ESCAPE '\'`, "%"+likeText(strings.TrimSpace(f.Search))+"%")
	}
	if !f.From.IsZero() {
		c.add("created_at >= %", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		c.add("created_at < %", f.To.UnixMilli())
	}
	if f.Max <= 0 {
		f.Max = maxListed
	}
	page := c.page(f.First, f.Max)
	return many(tx, (*Tx).scanMessage, `SELECT `+messageColumns+` FROM message WHERE `+c.text.String()+` ORDER BY created_at DESC, id DESC`+page, c.args...)
}

// MessageCount is how many mails of one state were promised in one interval.
type MessageCount struct {
	At    time.Time // when the interval begins
	State latchkey.MessageState
	Count int
}

// CountMessages counts the mails that were promised from a time on and before
// another, by interval and state, the earliest first.
func (tx *Tx) CountMessages(realmID string, from, to time.Time, step time.Duration) ([]MessageCount, error) {
	return many(tx, func(_ *Tx, r row) (MessageCount, error) {
		var n int64
		c := MessageCount{}
		err := r.Scan(&n, &c.State, &c.Count)
		c.At = from.Add(time.Duration(n) * step)
		return c, err
	}, `SELECT (created_at - CAST($2 AS BIGINT)) / CAST($4 AS BIGINT) AS interval_number, state, COUNT(*) FROM message
		WHERE realm_id = $1 AND created_at >= $2 AND created_at < $3 GROUP BY interval_number, state ORDER BY interval_number, state`,
		realmID, from.UnixMilli(), to.UnixMilli(), step.Milliseconds())
}

// HandOverTimes says how long mails waited that were promised from a time on
// and before another and that a relay took: the shares of them (0.5 is the
// median) and how many they are. Times are zero where there is none.
func (tx *Tx) HandOverTimes(realmID string, from, to time.Time, shares ...float64) (count int, times []time.Duration, err error) {
	const where = ` FROM message WHERE realm_id = $1 AND created_at >= $2 AND created_at < $3 AND handed_over_at IS NOT NULL`
	args := []any{realmID, from.UnixMilli(), to.UnixMilli()}
	if err = tx.each(func(r row) error { return r.Scan(&count) }, `SELECT COUNT(*)`+where, args...); err != nil {
		return 0, nil, err
	}
	times = make([]time.Duration, len(shares))
	for i, share := range shares {
		if count == 0 {
			break
		}
		var ms sql.NullInt64
		err = tx.each(func(r row) error { return r.Scan(&ms) }, `SELECT handed_over_at - created_at`+where+
			` ORDER BY handed_over_at - created_at LIMIT 1 OFFSET $4`, append(args, min(int(share*float64(count)), count-1))...)
		if err != nil {
			return 0, nil, err
		}
		times[i] = time.Duration(ms.Int64) * time.Millisecond
	}
	return count, times, nil
}

// HandOverInterval says how long the mails of one interval waited that a relay
// took: how many they are, and the shares of them.
type HandOverInterval struct {
	At    time.Time // when the interval begins
	Count int
	Times []time.Duration
}

// HandOverIntervals is HandOverTimes by interval, the earliest first; those in
// which no mail was handed over are left out. The shares are of a thousand, and below it.
func (tx *Tx) HandOverIntervals(realmID string, from, to time.Time, step time.Duration, shares ...int) (list []HandOverInterval, err error) {
	columns, args := "", []any{realmID, from.UnixMilli(), to.UnixMilli(), step.Milliseconds()}
	for _, share := range shares {
		args = append(args, share)
		columns += `, MAX(CASE WHEN place = n * CAST($` + strconv.Itoa(len(args)) + ` AS BIGINT) / 1000 + 1 THEN waited END)`
	}
	return many(tx, func(_ *Tx, r row) (HandOverInterval, error) {
		var n int64
		i, ms := HandOverInterval{}, make([]sql.NullInt64, len(shares))
		to := []any{&n, &i.Count}
		for k := range ms {
			to = append(to, &ms[k])
		}
		err := r.Scan(to...)
		i.At = from.Add(time.Duration(n) * step)
		for _, t := range ms {
			i.Times = append(i.Times, time.Duration(t.Int64)*time.Millisecond)
		}
		return i, err
	}, `SELECT interval_number, MAX(n)`+columns+` FROM (
		SELECT interval_number, waited, COUNT(*) OVER (PARTITION BY interval_number) AS n,
			ROW_NUMBER() OVER (PARTITION BY interval_number ORDER BY waited) AS place FROM (
			SELECT (created_at - CAST($2 AS BIGINT)) / CAST($4 AS BIGINT) AS interval_number, handed_over_at - created_at AS waited FROM message
			WHERE realm_id = $1 AND created_at >= $2 AND created_at < $3 AND handed_over_at IS NOT NULL) AS taken) AS ranked
		GROUP BY interval_number ORDER BY interval_number`, args...)
}

// CauseCount is how many mails were not sent for one cause.
type CauseCount struct {
	State latchkey.MessageState
	Cause string
	Count int
}

// CountCauses counts by cause the mails that were promised from a time on and
// before another and that were not sent, the most frequent first.
func (tx *Tx) CountCauses(realmID string, from, to time.Time) ([]CauseCount, error) {
	return many(tx, func(_ *Tx, r row) (CauseCount, error) {
		c := CauseCount{}
		return c, r.Scan(&c.State, &c.Cause, &c.Count)
	}, `SELECT state, cause, COUNT(*) AS number FROM message WHERE realm_id = $1 AND created_at >= $2 AND created_at < $3
		AND state IN ('failed', 'expired', 'withheld') GROUP BY state, cause ORDER BY number DESC, state, cause`, realmID, from.UnixMilli(), to.UnixMilli())
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
