package token

import (
	"context"
	"errors"
	"maps"

	"latchkey"
)

// VerifyAny checks a token of the realm of whatever kind it hands out: an
// access, a refresh or an ID token. It is for introspection and revocation
// alone, which are told what kind it is by [Claims.Type].
func (m *Minter) VerifyAny(snap *latchkey.Snapshot, issuer, raw string) (*Claims, error) {
	c, err := m.VerifyRefresh(snap, issuer, raw)
	if !errors.Is(err, ErrInvalid) {
		return c, err
	}
	if c, err = m.verify(snap, issuer, raw, asymmetric); err != nil {
		return nil, err
	}
	if (c.Type != typeAccess && c.Type != typeID) || c.ExpiresAt == 0 {
		return nil, ErrInvalid
	}
	return m.timely(snap, c)
}

// IsRefresh says that the token is a refresh token, of an ordinary or an
// offline session.
func (c *Claims) IsRefresh() bool { return c.Type == typeRefresh || c.Type == typeOffline }

// IsAccess says that the token is an access token.
func (c *Claims) IsAccess() bool { return c.Type == typeAccess }

// attributeUserinfoAlgorithm makes a client's userinfo answers signed ones.
const attributeUserinfoAlgorithm = "user.info.response.signature.alg"

// SignedUserinfo gives the answer of the userinfo endpoint as a JWT (OpenID
// Connect Core 5.3.2) when the client wants it signed; empty when it does not.
func (m *Minter) SignedUserinfo(ctx context.Context, g *Grant) (string, error) {
	if g.Client.Attribute(attributeUserinfoAlgorithm) == "" {
		return "", nil
	}
	algorithm := m.algorithm(g.Realm, g.Client, attributeUserinfoAlgorithm)
	claims := m.Userinfo(g)
	claims["iss"], claims["aud"] = g.Issuer, g.Client.ClientID
	return m.Sign(ctx, g.Realm, algorithm, typeHeader, claims)
}

// SignedIntrospection gives what introspection tells of a token as a JWT of
// its own (Keycloak's claim jwt).
func (m *Minter) SignedIntrospection(ctx context.Context, g *Grant, answer map[string]any) (string, error) {
	claims := maps.Clone(answer)
	delete(claims, "active")
	return m.Sign(ctx, g.Realm, m.algorithm(g.Realm, g.Client, attributeAccessAlgorithm), typeHeader, claims)
}
