package store

import (
	"context"
	"strconv"
	"time"

	"latchkey"
)

const (
	codeKept    = time.Hour           // a second use of a code is still seen as one
	noticeKept  = time.Hour           // its worker has given it up long before
	messageKept = 30 * 24 * time.Hour // where the realm's events do not expire
	// sessionSlack keeps a session a little longer than the realm says, so that
	// who comes late is told that it expired.
	sessionSlack = time.Hour
)

// sweep deletes rows of one table: those for which where holds.
type sweep struct {
	table, key, where string
	args              []any
}

// Sweep deletes rows whose time is over, at most limit, in transactions of one
// table each, and says how many; when it is limit there may be more.
// Any node may run it, several at once, too.
func (db *DB) Sweep(ctx context.Context, limit int) (deleted int, err error) {
	var sweeps []sweep
	err = db.View(ctx, func(tx *Tx) error {
		realms, err := tx.Realms()
		sweeps = tx.sweeps(realms)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, s := range sweeps {
		if deleted >= limit {
			break
		}
		n, err := db.sweepOne(ctx, s, limit-deleted)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// sweeps lists what is over. A link's time is a day, a login's an hour after
// its end: their rows know when (delete_at).
func (tx *Tx) sweeps(realms []*latchkey.Realm) []sweep {
	ago := func(d time.Duration) int64 { return tx.now.Add(-d).UnixMilli() }
	list := []sweep{
		{"login", "realm_id, id", `delete_at <= $1`, []any{ago(0)}},
		{"action_token", "realm_id, id", `delete_at <= $1`, []any{ago(0)}},
		{"authorization_code", "realm_id, hash", `expires_at <= $1`, []any{ago(codeKept)}},
		{"used_jti", "realm_id, issuer, hash", `expires_at <= $1`, []any{ago(0)}},
		{"rate_limit", "realm_id, name, key", `tat <= $1`, []any{ago(0)}}, // the bucket is full
		{"login_failure", "realm_id, subject", `delete_at <= $1`, []any{ago(0)}},
		{"address_mark", "realm_id, address_key", `until <= $1`, []any{ago(0)}},
		{"client_initial_access", "realm_id, id", `expires_at <= $1 OR remaining <= 0`, []any{ago(0)}},
		{"logout_notice", "realm_id, id", `expires_at <= $1`, []any{ago(noticeKept)}},
		{"known_browser", "realm_id, browser_hash, address_key", `seen_at <= $1`, []any{ago(browserKept)}},
	}
	for _, r := range realms {
		list = append(list, tx.sessionSweeps(r)...)
		kept := messageKept
		if r.EventsExpiration > 0 {
			kept = time.Duration(r.EventsExpiration) * time.Second
		}
		if r.EventsExpiration > 0 || !r.EventsEnabled {
			// A realm that records no events has those of its mails' life alone.
			list = append(list, sweep{"event", "realm_id, time, id", `realm_id = $1 AND time <= $2`, []any{r.ID, ago(kept)}})
		}
		// Keycloak keeps this one among the realm's attributes.
		if s, err := strconv.ParseInt(r.Attributes["adminEventsExpiration"], 10, 64); err == nil && s > 0 {
			list = append(list, sweep{"admin_event", "realm_id, time, id", `realm_id = $1 AND time <= $2`,
				[]any{r.ID, ago(time.Duration(s) * time.Second)}})
		}
		list = append(list, sweep{"message", "realm_id, id", `realm_id = $1 AND created_at <= $2 AND expires_at <= $2 AND state <> 'queued'`,
			[]any{r.ID, ago(kept)}})
	}
	return list
}

// sessionSweeps lists the sessions of a realm that are over by its own times:
// plain ones, those of "remember me", and offline ones.
func (tx *Tx) sessionSweeps(r *latchkey.Realm) []sweep {
	var list []sweep
	add := func(kind string, idle, most int) {
		// No session was used last before it began, so the index on started_at
		// serves both.
		for _, over := range []struct {
			where   string
			seconds int
		}{
			{`realm_id = $1 AND started_at <= $2 AND last_access <= $2 AND `, idle},
			{`realm_id = $1 AND started_at <= $2 AND `, most},
		} {
			if over.seconds > 0 {
				at := tx.now.Add(-sessionSlack - time.Duration(over.seconds)*time.Second).UnixMilli()
				list = append(list, sweep{"user_session", "realm_id, id", over.where + kind, []any{r.ID, at}})
			}
		}
	}
	either := func(a, b int) int {
		if a > 0 {
			return a
		}
		return b
	}
	add(`offline = 0 AND remember_me = 0`, r.SSOSessionIdleTimeout, r.SSOSessionMaxLifespan)
	add(`offline = 0 AND remember_me = 1`, max(r.SSOSessionIdleTimeoutRememberMe, r.SSOSessionIdleTimeout),
		either(r.SSOSessionMaxLifespanRememberMe, r.SSOSessionMaxLifespan))
	offlineMost := 0
	if r.OfflineSessionMaxLifespanEnabled {
		offlineMost = r.OfflineSessionMaxLifespan
	}
	add(`offline = 1`, r.OfflineSessionIdleTimeout, offlineMost)
	return list
}

// sweepOne deletes a batch, with what belongs to its rows.
func (db *DB) sweepOne(ctx context.Context, s sweep, limit int) (deleted int, err error) {
	next := "$" + strconv.Itoa(len(s.args)+1)
	args := append(append([]any{}, s.args...), limit)
	// The condition stands twice: a row that changed while we waited for it is
	// looked at again.
	batch := s.where + ` AND (` + s.key + `) IN (SELECT ` + s.key + ` FROM ` + s.table + ` WHERE ` + s.where + ` LIMIT ` + next + `)`
	err = db.Update(ctx, func(tx *Tx) error {
		deleted = 0
		if s.table != "user_session" && s.table != "message" {
			n, err := tx.exec(`DELETE FROM `+s.table+` WHERE `+batch, args...)
			deleted = int(n)
			return err
		}
		var ids [][2]string
		err := tx.returning(func(r row) error {
			var realmID, id string
			err := r.Scan(&realmID, &id)
			ids = append(ids, [2]string{realmID, id})
			return err
		}, `DELETE FROM `+s.table+` WHERE `+batch+` RETURNING realm_id, id`, args...)
		if err != nil {
			return err
		}
		deleted = len(ids)
		return tx.sweepParts(s.table, ids)
	})
	return deleted, err
}

// sweepParts deletes what belongs to sessions or messages that are gone.
func (tx *Tx) sweepParts(table string, ids [][2]string) error {
	parts := []string{`DELETE FROM delivery_attempt WHERE realm_id = $1 AND message_id = $2`}
	if table == "user_session" {
		parts = []string{
			`DELETE FROM client_session WHERE realm_id = $1 AND session_id = $2`,
			`DELETE FROM authorization_code WHERE realm_id = $1 AND session_id = $2`,
		}
	}
	for _, id := range ids {
		if err := tx.run(parts, id[0], id[1]); err != nil {
			return err
		}
	}
	return nil
}
