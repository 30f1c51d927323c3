package session

import (
	"strconv"
	"time"

	"latchkey"
)

// IdleTimeout is how long a session of the realm may rest unused. A remembered
// session has the realm's remember-me value when that is longer, as in
// Keycloak; an offline session has the realm's offline value.
func IdleTimeout(realm *latchkey.Realm, s *latchkey.UserSession) time.Duration {
	if s.Offline {
		return seconds(realm.OfflineSessionIdleTimeout)
	}
	idle := realm.SSOSessionIdleTimeout
	if s.RememberMe {
		idle = max(idle, realm.SSOSessionIdleTimeoutRememberMe)
	}
	return seconds(idle)
}

// MaxLifespan is how long a session of the realm lives at most, however much
// it is used. Zero means without end: an offline session of a realm that does
// not limit them.
func MaxLifespan(realm *latchkey.Realm, s *latchkey.UserSession) time.Duration {
	if s.Offline {
		if !realm.OfflineSessionMaxLifespanEnabled {
			return 0
		}
		return seconds(realm.OfflineSessionMaxLifespan)
	}
	lifespan := realm.SSOSessionMaxLifespan
	if s.RememberMe {
		lifespan = max(lifespan, realm.SSOSessionMaxLifespanRememberMe)
	}
	return seconds(lifespan)
}

// Live says whether the session may still be used. Both ends are exclusive: at
// the instant of its expiry a session is dead (R-007's rule for links, R-090).
func Live(realm *latchkey.Realm, s *latchkey.UserSession, now time.Time) bool {
	if !now.Before(s.LastAccess.Add(IdleTimeout(realm, s))) {
		return false
	}
	lifespan := MaxLifespan(realm, s)
	return lifespan == 0 || now.Before(s.StartedAt.Add(lifespan))
}

// ClientLive says whether the application's part of the session may still be
// used: a client's own times, or the realm's for all clients, can be shorter
// than the session's, never longer.
func ClientLive(realm *latchkey.Realm, client *latchkey.Client, s *latchkey.UserSession, c *latchkey.ClientSession, now time.Time) bool {
	if idle := clientIdle(realm, client, s); idle > 0 && !now.Before(c.LastAccess.Add(idle)) {
		return false
	}
	lifespan := clientMax(realm, client, s)
	return lifespan == 0 || now.Before(c.StartedAt.Add(lifespan))
}

// RefreshExpiry is until when a refresh token that is made now can be used:
// the earliest of the session's and the client session's ends. The zero time
// means that it has no end of its own, as Keycloak's offline tokens.
func RefreshExpiry(realm *latchkey.Realm, client *latchkey.Client, s *latchkey.UserSession, c *latchkey.ClientSession, now time.Time) time.Time {
	if s.Offline && MaxLifespan(realm, s) == 0 && clientMax(realm, client, s) == 0 {
		return time.Time{}
	}
	end := now.Add(IdleTimeout(realm, s))
	earlier := func(from time.Time, d time.Duration) {
		if at := from.Add(d); d > 0 && at.Before(end) {
			end = at
		}
	}
	earlier(s.StartedAt, MaxLifespan(realm, s))
	earlier(now, clientIdle(realm, client, s))
	earlier(c.StartedAt, clientMax(realm, client, s))
	return end
}

func clientIdle(realm *latchkey.Realm, client *latchkey.Client, s *latchkey.UserSession) time.Duration {
	if s.Offline {
		return attribute(client, "client.offline.session.idle.timeout",
			offline(realm, "clientOfflineSessionIdleTimeout", realm.ClientOfflineSessionIdleTimeout))
	}
	return attribute(client, "client.session.idle.timeout", realm.ClientSessionIdleTimeout)
}

func clientMax(realm *latchkey.Realm, client *latchkey.Client, s *latchkey.UserSession) time.Duration {
	if s.Offline {
		most := 0
		if realm.OfflineSessionMaxLifespanEnabled {
			most = offline(realm, "clientOfflineSessionMaxLifespan", realm.ClientOfflineSessionMaxLifespan)
		}
		return attribute(client, "client.offline.session.max.lifespan", most)
	}
	return attribute(client, "client.session.max.lifespan", realm.ClientSessionMaxLifespan)
}

// offline is a time of the realm for the offline sessions of all clients;
// exports of Keycloak have it among the realm's attributes.
func offline(realm *latchkey.Realm, key string, value int) int {
	if n, err := strconv.Atoi(realm.Attributes[key]); value == 0 && err == nil {
		return max(n, 0)
	}
	return value
}

// attribute reads a number of seconds from a client; what is no positive
// number counts as not set.
func attribute(client *latchkey.Client, key string, fallback int) time.Duration {
	if n, err := strconv.Atoi(client.Attribute(key)); err == nil && n > 0 {
		return seconds(n)
	}
	return seconds(fallback)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
