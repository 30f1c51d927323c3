package store

import (
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// EventFilter says which events are listed. Empty fields do not filter.
type EventFilter struct {
	Types            []latchkey.EventType
	UserID, ClientID string    // ClientID is OAuth's client_id
	IPAddress        string    //
	From, To         time.Time // From inclusive, To exclusive
	OldestFirst      bool
	First, Max       int // Max zero: a hundred
}

// CreateEvent adds an event. An empty ID is drawn, a zero Time is now.
func (tx *Tx) CreateEvent(e *latchkey.Event) error {
	if e.ID == "" {
		e.ID = secret.NewID()
	}
	if e.Time.IsZero() {
		e.Time = tx.now
	}
	details, err := body(e.Details)
	if err != nil {
		return err
	}
	return tx.later(nil, `INSERT INTO event (realm_id, time, id, type, client_id, user_id, session_id, ip_address, error, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.RealmID, millis(e.Time), e.ID, string(e.Type), e.ClientID, e.UserID, e.SessionID, e.IPAddress, e.Error, details)
}

// Events lists the events of a realm, the newest first unless the filter says
// otherwise.
func (tx *Tx) Events(realmID string, f EventFilter) ([]*latchkey.Event, error) {
	where, args := `realm_id = $1`, []any{realmID}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where += ` AND ` + condition + ` $` + strconv.Itoa(len(args))
	}
	if f.UserID != "" {
		add(`user_id <> '' AND user_id =`, f.UserID)
	}
	if f.ClientID != "" {
		add(`client_id =`, f.ClientID)
	}
	if f.IPAddress != "" {
		add(`ip_address =`, f.IPAddress)
	}
	if !f.From.IsZero() {
		add(`time >=`, millis(f.From))
	}
	if !f.To.IsZero() {
		add(`time <`, millis(f.To))
	}
	if len(f.Types) > 0 {
		types := make([]string, len(f.Types))
		for i, t := range f.Types {
			types[i] = string(t)
		}
		list := padded(types)
		where += ` AND type IN (` + placeholders(len(args)+1, len(list)) + `)`
		args = append(args, list...)
	}
	if f.Max <= 0 {
		f.Max = maxListed
	}
	order := `DESC`
	if f.OldestFirst {
		order = `ASC`
	}
	args = append(args, f.Max, max(f.First, 0))
	return many(tx, (*Tx).scanEvent, `SELECT realm_id, time, id, type, client_id, user_id, session_id, ip_address, error, details
		FROM event WHERE `+where+` ORDER BY time `+order+`, id `+order+` LIMIT $`+strconv.Itoa(len(args)-1)+` OFFSET $`+strconv.Itoa(len(args)), args...)
}

func (tx *Tx) scanEvent(r row) (*latchkey.Event, error) {
	e := &latchkey.Event{}
	return e, r.Scan(&e.RealmID, timeColumn{&e.Time}, &e.ID, &e.Type, &e.ClientID, &e.UserID, &e.SessionID, &e.IPAddress, &e.Error,
		bodyColumn{&e.Details})
}

// EventCount is how many events of one type, with one error, there were in an
// interval.
type EventCount struct {
	At    time.Time // when the interval begins
	Type  latchkey.EventType
	Error string
	Count int
}

// CountEvents counts the events of the types from a time on and before another,
// by interval, type and error, the earliest first. It reads an index alone, and
// of it those events only.
func (tx *Tx) CountEvents(realmID string, from, to time.Time, step time.Duration, types []latchkey.EventType) ([]EventCount, error) {
	args := []any{realmID, millis(from), millis(to), step.Milliseconds()}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	list := padded(names)
	return many(tx, func(_ *Tx, r row) (EventCount, error) {
		var n int64
		c := EventCount{}
		err := r.Scan(&n, &c.Type, &c.Error, &c.Count)
		c.At = from.Add(time.Duration(n) * step)
		return c, err
	}, `SELECT (time - CAST($2 AS BIGINT)) / CAST($4 AS BIGINT) AS interval_number, type, error, COUNT(*) FROM event
		WHERE realm_id = $1 AND time >= $2 AND time < $3 AND type IN (`+placeholders(len(args)+1, len(list))+`)
		GROUP BY interval_number, type, error ORDER BY interval_number, type, error`, append(args, list...)...)
}

// DeleteEvents deletes all events of a realm.
func (tx *Tx) DeleteEvents(realmID string) error {
	return tx.later(nil, `DELETE FROM event WHERE realm_id = $1`, realmID)
}
