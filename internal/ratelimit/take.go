package ratelimit

import (
	"time"

	"latchkey/internal/store"
)

// Limit is one bucket: Burst things at once, and then one every Interval. Its
// Name is from the table in limits.go, its Key says whose it is.
type Limit = store.Bucket

// Take takes one from every bucket, also from those behind a refused one, so
// that the work is the same whatever comes of it. It gives the name
// of the first limit that refused, empty when none did, and the longest time
// until all of them would let one through again. An error means that nothing
// could be counted: the caller does not do what it asked for.
func Take(tx *store.Tx, realmID string, limits ...Limit) (hit string, retry time.Duration, err error) {
	taken, err := tx.Take(realmID, limits...)
	hit, retry = worst(limits, taken)
	return hit, retry, err
}

// Room says what [Take] would, and takes nothing: so that nothing slow is done
// for what will be refused.
func Room(tx *store.Tx, realmID string, limits ...Limit) (hit string, retry time.Duration, err error) {
	taken, err := tx.Room(realmID, limits...)
	hit, retry = worst(limits, taken)
	return hit, retry, err
}

// Give gives back what was taken in this transaction from buckets that all let
// it through: what they are to slow did not happen.
func Give(tx *store.Tx, realmID string, limits ...Limit) error {
	return tx.Give(realmID, limits...)
}

func worst(limits []Limit, taken []store.Taken) (hit string, retry time.Duration) {
	for i, t := range taken {
		if t.OK {
			continue
		}
		if hit == "" {
			hit = limits[i].Name
		}
		retry = max(retry, t.RetryAfter)
	}
	return hit, retry
}
