package session

import (
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// Filter is what lists the realm's sessions that may still be used now; the
// caller narrows it.
func Filter(realm *latchkey.Realm, now time.Time) store.SessionFilter {
	f := store.SessionFilter{}
	if realm.NotBefore > 0 {
		f.StartedSince = time.Unix(realm.NotBefore, 0)
	}
	for _, kind := range []latchkey.UserSession{{}, {RememberMe: true}, {Offline: true}} {
		l := store.LiveSessions{Offline: kind.Offline, RememberMe: kind.RememberMe, UsedAfter: now.Add(-IdleTimeout(realm, &kind))}
		if most := MaxLifespan(realm, &kind); most > 0 {
			l.StartedAfter = now.Add(-most)
		}
		f.Live = append(f.Live, l)
	}
	return f
}
