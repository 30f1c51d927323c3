package ratelimit

import (
	"time"

	"latchkey/internal/store"
)

// Limit is one bucket: Burst things at once, and then one every Interval.
type Limit struct {
	Name     string // from the table in limits.go; part of the bucket's key
	Key      []byte // whose bucket it is
	Interval time.Duration
	Burst    int
}

// Take takes one from every bucket, also from those behind a refused one, so
// that the work is the same whatever comes of it. It gives the name
// of the first limit that refused, empty when none did, and the longest time
// until all of them would let one through again. An error means that nothing
// could be counted: the caller does not do what it asked for.
func Take(tx *store.Tx, realmID string, limits ...Limit) (hit string, retry time.Duration, err error) {
	for _, l := range limits {
		ok, after, err := tx.Take(realmID, l.Name, l.Key, l.Interval, l.Burst)
		if err != nil {
			return "", 0, err
		}
		if ok {
			continue
		}
		if hit == "" {
			hit = l.Name
		}
		retry = max(retry, after)
	}
	return hit, retry, nil
}
