package token

import (
	"context"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
)

// The types of tokens that are about the registration of clients (RFC 7591 3,
// RFC 7592 3), in Keycloak's words.
const (
	typeInitialAccess      = "InitialAccessToken"
	typeRegistrationAccess = "RegistrationAccessToken"
)

// MintInitialAccess makes the token of an initial access: with the realm's
// secret key, since nobody but this server reads it.
func (m *Minter) MintInitialAccess(ctx context.Context, snap *latchkey.Snapshot, issuer string, a *latchkey.InitialAccess) (string, error) {
	claims := m.registration(issuer, typeInitialAccess, a.ID)
	if !a.ExpiresAt.IsZero() {
		claims["exp"] = a.ExpiresAt.Unix()
	}
	return m.signSecret(ctx, snap, claims)
}

// MintRegistrationAccess makes the token with that id, which its client is to
// be read and changed with.
func (m *Minter) MintRegistrationAccess(ctx context.Context, snap *latchkey.Snapshot, issuer, id string) (string, error) {
	claims := m.registration(issuer, typeRegistrationAccess, id)
	claims["registration_auth"] = "authenticated"
	return m.signSecret(ctx, snap, claims)
}

func (m *Minter) registration(issuer, kind, id string) map[string]any {
	return map[string]any{"exp": 0, "iat": m.now().Unix(), "jti": id, "iss": issuer, "aud": issuer, "typ": kind}
}

func (m *Minter) signSecret(ctx context.Context, snap *latchkey.Snapshot, claims map[string]any) (string, error) {
	if err := m.enter(ctx); err != nil {
		return "", err
	}
	defer m.leave()
	return m.sign(snap, string(jose.HS512), typeHeader, claims)
}
