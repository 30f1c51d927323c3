package store

import "time"

// Take takes one from a bucket: burst may come at once, and one comes back
// every interval (GCRA). When it is refused nothing is taken, and retryAfter
// is how long until one is there. Taken or refused, it is one statement
// and nodes share the buckets. The resolution is a
// millisecond; a burst below one counts as one.
func (tx *Tx) Take(realmID, name string, key []byte, interval time.Duration, burst int) (ok bool, retryAfter time.Duration, err error) {
	step := max(interval.Milliseconds(), 1)
	now := tx.now.UnixMilli()
	// tat is when the bucket is full again. One may be taken as long as that
	// is not more than burst-1 intervals away.
	latest := now + step*int64(max(burst, 1)-1)
	var tat int64
	var refused bool
	err = tx.returning(func(r row) error { return r.Scan(&tat, &refused) },
		`INSERT INTO rate_limit (realm_id, name, key, tat, refused) VALUES ($1, $2, $3, CAST($4 AS BIGINT) + CAST($5 AS BIGINT), 0)
		ON CONFLICT (realm_id, name, key) DO UPDATE SET
			tat = CASE WHEN rate_limit.tat > CAST($6 AS BIGINT) THEN rate_limit.tat
				WHEN rate_limit.tat > CAST($4 AS BIGINT) THEN rate_limit.tat + CAST($5 AS BIGINT)
				ELSE CAST($4 AS BIGINT) + CAST($5 AS BIGINT) END,
			refused = CASE WHEN rate_limit.tat > CAST($6 AS BIGINT) THEN 1 ELSE 0 END
		RETURNING tat, refused`,
		realmID, name, key, now, step, latest)
	if err != nil || !refused {
		return err == nil, 0, err
	}
	return false, time.Duration(tat-latest) * time.Millisecond, nil
}
