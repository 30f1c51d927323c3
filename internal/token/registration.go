package token

import (
	"context"
	"slices"

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

// VerifyRegistration checks an initial access token or a registration access
// token of the realm: whether it is made by it and has not expired. Whether it
// is good for anything still, the database says (see [Claims.InitialAccess],
// [Claims.RegistrationAccess]). The realm's "not before" calls back sessions,
// and not these.
func (m *Minter) VerifyRegistration(snap *latchkey.Snapshot, issuer, raw string) (*Claims, error) {
	c, err := m.verify(snap, issuer, raw, symmetric)
	if err != nil {
		return nil, err
	}
	if !c.InitialAccess() && !c.RegistrationAccess() || c.ID == "" || !slices.Contains(c.Audience, issuer) {
		return nil, ErrInvalid
	}
	if c.ExpiresAt != 0 && m.now().Unix() >= c.ExpiresAt {
		return nil, ErrExpired
	}
	return c, nil
}

// InitialAccess says that the token lets its bearer register clients: as many
// as the initial access with its ID is good for.
func (c *Claims) InitialAccess() bool { return c.Type == typeInitialAccess }

// RegistrationAccess says that the token lets its bearer read and change the
// client whose RegistrationTokenID is its ID.
func (c *Claims) RegistrationAccess() bool { return c.Type == typeRegistrationAccess }
