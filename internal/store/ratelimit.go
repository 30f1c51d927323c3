package store

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Bucket is one bucket of a limit: Burst may come at once, and one comes back
// every Interval (GCRA). The resolution is a millisecond; a Burst below one
// counts as one.
type Bucket struct {
	Name     string
	Key      []byte
	Interval time.Duration
	Burst    int
}

// Taken is what came of taking one from a bucket.
type Taken struct {
	OK         bool
	RetryAfter time.Duration // until one is there; zero when OK
}

func (b Bucket) step() int64 { return max(b.Interval.Milliseconds(), 1) }

// latest is how far away a bucket may be from full so that one may be taken:
// burst-1 intervals.
func (b Bucket) latest(now int64) int64 { return now + b.step()*int64(max(b.Burst, 1)-1) }

// Take takes one from every bucket; their names differ. From one that refuses
// nothing is taken. Taken or refused, it is one statement, and nodes
// share the buckets.
func (tx *Tx) Take(realmID string, buckets ...Bucket) ([]Taken, error) {
	now := tx.now.UnixMilli()
	args := make([]any, 0, 2+4*len(buckets))
	args = append(args, realmID, now)
	at := make(map[string]int, len(buckets))
	for i, b := range buckets {
		at[b.Name] = i
		args = append(args, b.Name, b.Key, b.step(), b.latest(now))
	}
	out := make([]Taken, len(buckets))
	err := tx.returning(func(r row) error {
		var name string
		var tat int64
		var refused bool
		if err := r.Scan(&name, &tat, &refused); err != nil {
			return err
		}
		i := at[name]
		if out[i].OK = !refused; refused {
			out[i].RetryAfter = time.Duration(tat-buckets[i].latest(now)) * time.Millisecond
		}
		return nil
	}, takeText(len(buckets)), args...)
	return out, err
}

// Give puts one back into every bucket that one was taken from in this
// transaction; their names differ.
func (tx *Tx) Give(realmID string, buckets ...Bucket) error {
	args := make([]any, 0, 1+3*len(buckets))
	args = append(args, realmID)
	var steps, which strings.Builder
	for i, b := range buckets {
		p := 2 + 3*i
		args = append(args, b.Name, b.Key, b.step())
		fmt.Fprintf(&steps, " WHEN $%d THEN CAST($%d AS BIGINT)", p, p+2)
		if i > 0 {
			which.WriteString(" OR ")
		}
		fmt.Fprintf(&which, "(name = $%d AND key = $%d)", p, p+1)
	}
	_, err := tx.exec(`UPDATE rate_limit SET tat = tat - (CASE name`+steps.String()+` END) WHERE realm_id = $1 AND (`+which.String()+`)`, args...)
	return err
}

// Room says of every bucket whether one could be taken from it, and takes
// nothing; their names differ.
func (tx *Tx) Room(realmID string, buckets ...Bucket) ([]Taken, error) {
	now := tx.now.UnixMilli()
	args := make([]any, 0, 1+2*len(buckets))
	args = append(args, realmID)
	var which strings.Builder
	out := make([]Taken, len(buckets))
	at := make(map[string]int, len(buckets))
	for i, b := range buckets {
		out[i].OK, at[b.Name] = true, i
		args = append(args, b.Name, b.Key)
		if i > 0 {
			which.WriteString(" OR ")
		}
		fmt.Fprintf(&which, "(name = $%d AND key = $%d)", 2+2*i, 3+2*i)
	}
	err := tx.each(func(r row) error {
		var name string
		var tat int64
		if err := r.Scan(&name, &tat); err != nil {
			return err
		}
		i := at[name]
		if late := tat - buckets[i].latest(now); late > 0 {
			out[i] = Taken{RetryAfter: time.Duration(late) * time.Millisecond}
		}
		return nil
	}, `SELECT name, tat FROM rate_limit WHERE realm_id = $1 AND (`+which.String()+`)`, args...)
	return out, err
}

// takeTexts are the statements that were made, by how many buckets they take
// from: as many as there are kinds of things that are limited.
var takeTexts sync.Map

// takeText is the statement that takes from n buckets. Its parameters are the
// realm, the time, and of each bucket name, key, step and latest; tat is when a
// bucket is full again, and each row finds its own latest by its name.
func takeText(n int) string {
	if text, ok := takeTexts.Load(n); ok {
		return text.(string)
	}
	var rows, limits strings.Builder
	for i := range n {
		p := 3 + 4*i
		if i > 0 {
			rows.WriteString(", ")
		}
		fmt.Fprintf(&rows, "($1, CAST($%d AS TEXT), $%d, CAST($2 AS BIGINT) + CAST($%d AS BIGINT), 0)", p, p+1, p+2)
		fmt.Fprintf(&limits, " WHEN $%d THEN CAST($%d AS BIGINT)", p, p+3)
	}
	latest := "(CASE excluded.name" + limits.String() + " END)"
	text := `INSERT INTO rate_limit (realm_id, name, key, tat, refused) VALUES ` + rows.String() + `
		ON CONFLICT (realm_id, name, key) DO UPDATE SET
			tat = CASE WHEN rate_limit.tat > ` + latest + ` THEN rate_limit.tat
				WHEN rate_limit.tat > CAST($2 AS BIGINT) THEN rate_limit.tat + (excluded.tat - CAST($2 AS BIGINT))
				ELSE excluded.tat END,
			refused = CASE WHEN rate_limit.tat > ` + latest + ` THEN 1 ELSE 0 END
		RETURNING name, tat, refused`
	takeTexts.Store(n, text)
	return text
}
