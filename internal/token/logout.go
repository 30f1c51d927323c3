package token

import (
	"context"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

const (
	eventLogout  = "http://schemas.openid.net/event/backchannel-logout"
	eventOffline = "revoke_offline_access" // as Keycloak says it
	// logoutLifespan is how long a logout token is good.
	logoutLifespan = 2 * time.Minute
)

// Logout is what a logout token is made of.
type Logout struct {
	Realm   *latchkey.Snapshot
	Issuer  string
	Client  *latchkey.Client
	UserID  string
	Session string // sid
}

// MintLogout makes a logout token for the client (OpenID Connect Back-Channel
// Logout 1.0, 2.4): with iss, sub, aud, iat, exp, jti and events, with sid
// unless the client wants none, and never with a nonce. It is signed as the
// client's ID tokens are, and waits for a free core as [Minter.Mint] does.
func (m *Minter) MintLogout(ctx context.Context, l Logout) (string, error) {
	now := m.now()
	events := map[string]any{eventLogout: map[string]any{}}
	if l.Client.Attribute(latchkey.AttributeBackchannelOffline) == "true" {
		events[eventOffline] = true
	}
	claims := map[string]any{
		"iss": l.Issuer, "sub": SubjectFor(l.Realm, l.Client, l.UserID), "aud": l.Client.ClientID, "typ": "Logout",
		"iat": now.Unix(), "exp": now.Add(logoutLifespan).Unix(), "jti": secret.NewID(), "events": events,
	}
	if l.Client.Attribute(latchkey.AttributeBackchannelSession) != "false" {
		claims["sid"] = l.Session
	}
	return m.Sign(ctx, l.Realm, m.algorithm(l.Realm, l.Client, attributeIDAlgorithm), typeHeaderLogout, claims)
}
