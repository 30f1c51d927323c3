package token

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/session"
)

// maxIDLifespan bounds how long an ID token may be used, whatever an access
// token of the realm lives.
const maxIDLifespan = 10 * time.Minute

// Minter signs and verifies the tokens of all realms. It is safe for concurrent
// use.
type Minter struct {
	now   func() time.Time
	slots chan struct{}
	cache keyCache
}

// NewMinter makes a Minter with the clock. It signs no more at once than there
// are cores: a signature is pure computing, and more at once would only be
// slower for everybody.
func NewMinter(now func() time.Time) *Minter {
	return &Minter{now: now, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Tokens is what a grant was given. Times are whole seconds from now.
type Tokens struct {
	Access, ID, Refresh string
	AccessID            string // jti of the access token
	ExpiresIn           int64
	RefreshExpiresIn    int64 // 0 when there is none, or it has no end of its own
}

// Mint makes the tokens of a grant: always an access token, an ID token when
// openid was granted, a refresh token when the grant names one. It waits for a
// free core, as long as ctx allows. accessID is the access token's id, drawn by
// [Grant.NewID] so that it can be recorded before.
func (m *Minter) Mint(ctx context.Context, g *Grant, accessID string) (Tokens, error) {
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return Tokens{}, ctx.Err()
	}
	now := m.now()
	t := Tokens{AccessID: accessID}
	access, expires := g.access(now, accessID)
	t.ExpiresIn = expires.Unix() - now.Unix()
	algorithm := g.algorithm("access.token.signed.response.alg")
	kind := jose.ContentType("JWT")
	if g.Client.Attribute("access.token.header.type.rfc9068") == "true" {
		kind = "at+jwt"
	}
	var err error
	if t.Access, err = m.sign(g.Realm, algorithm, kind, access); err != nil {
		return Tokens{}, err
	}
	if g.Scope.OpenID {
		algorithm = g.algorithm("id.token.signed.response.alg")
		if t.ID, err = m.sign(g.Realm, algorithm, "JWT", g.id(now, expires, accessHash(algorithm, t.Access))); err != nil {
			return Tokens{}, err
		}
	}
	if g.Refresh != "" {
		refresh, expires := g.refresh(now)
		if !expires.IsZero() {
			t.RefreshExpiresIn = max(expires.Unix()-now.Unix(), 0)
		}
		if t.Refresh, err = m.sign(g.Realm, string(jose.HS512), "JWT", refresh); err != nil {
			return Tokens{}, err
		}
	}
	return t, nil
}

// algorithm is the client's own, by attribute, else the realm's, else RS256.
func (g *Grant) algorithm(attribute string) string {
	for _, a := range []string{g.Client.Attribute(attribute), g.Realm.Realm.DefaultSignatureAlgorithm} {
		if a != "" {
			return a
		}
	}
	return string(jose.RS256)
}

func (m *Minter) sign(snap *latchkey.Snapshot, algorithm string, kind jose.ContentType, claims any) (string, error) {
	k := snap.ActiveKey(algorithm)
	if k == nil {
		return "", latchkey.Errorf(latchkey.CodeUnavailable, "The realm has no active key for %s.", algorithm)
	}
	p, err := m.cache.get(k)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.algorithm, Key: p.private},
		(&jose.SignerOptions{}).WithType(kind).WithHeader("kid", k.ID))
	if err != nil {
		return "", fmt.Errorf("sign with key %s: %w", k.ID, err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", fmt.Errorf("sign with key %s: %w", k.ID, err)
	}
	return signed.CompactSerialize()
}

// access makes the claims of an access token, and says when it ends: never
// after the session.
func (g *Grant) access(now time.Time, id string) (map[string]any, time.Time) {
	expires := now.Add(g.lifespan())
	if g.Session != nil {
		if most := session.MaxLifespan(g.Realm.Realm, g.Session); most > 0 {
			if end := g.Session.StartedAt.Add(most); end.Before(expires) {
				expires = end
			}
		}
	}
	m := g.mapping(toAccess)
	m.claims["exp"], m.claims["iat"], m.claims["jti"] = expires.Unix(), now.Unix(), id
	m.claims["iss"], m.claims["typ"], m.claims["azp"] = g.Issuer, typeAccess, g.Client.ClientID
	m.claims["scope"] = g.Scope.Shown()
	if g.Session != nil {
		m.claims["sid"] = g.Session.ID
	}
	m.run()
	m.putAudience()
	return m.claims, expires
}

// lifespan is how long an access token lives: the client's own, or the realm's.
func (g *Grant) lifespan() time.Duration {
	seconds := g.Realm.Realm.AccessTokenLifespan
	if n, err := strconv.Atoi(g.Client.Attribute("access.token.lifespan")); err == nil && n > 0 {
		seconds = n
	}
	return time.Duration(seconds) * time.Second
}

func (g *Grant) mapping(to target) *mapping {
	return &mapping{grant: g, to: to, claims: map[string]any{}, roles: ResolveRoles(g.Realm, g.Client, g.Scope, g.Holdings.RoleIDs())}
}

func (g *Grant) id(now, expires time.Time, accessHash string) map[string]any {
	if most := now.Add(maxIDLifespan); most.Before(expires) {
		expires = most
	}
	m := g.mapping(toID)
	c := m.claims
	c["exp"], c["iat"], c["jti"] = expires.Unix(), now.Unix(), secret.NewID()
	c["iss"], c["typ"], c["azp"] = g.Issuer, typeID, g.Client.ClientID
	c["sub"], c["at_hash"] = g.User.ID, accessHash
	if g.Nonce != "" {
		c["nonce"] = g.Nonce
	}
	if g.Session != nil {
		c["sid"] = g.Session.ID
		if from := g.Session.Notes[session.NoteSignIn]; g.Session.Offline && from != "" {
			c["sid"] = from
		}
	}
	if !g.AuthTime.IsZero() {
		c["auth_time"] = g.AuthTime.Unix()
	}
	if len(g.AMR) > 0 {
		c["amr"] = g.AMR
	}
	m.addAudience(g.Client.ClientID)
	m.run()
	c["aud"] = m.audience
	if len(m.audience) == 1 {
		c["aud"] = g.Client.ClientID
	}
	return c
}

func (g *Grant) refresh(now time.Time) (Claims, time.Time) {
	issued := now
	if !g.RefreshAt.IsZero() {
		issued = g.RefreshAt
	}
	c := Claims{
		ID: g.Refresh, Issuer: g.Issuer, Audience: audience{g.Issuer}, Subject: g.User.ID, Type: typeRefresh,
		ClientID: g.Client.ClientID, SessionID: g.Session.ID, Scope: g.Scope.All(), IssuedAt: issued.Unix(),
		Family: g.Family, ACR: g.ACR, AMR: g.AMR, ClientSessionStart: g.ClientSession.StartedAt.UnixMilli(),
	}
	if g.Session.Offline {
		c.Type = typeOffline
	}
	if !g.AuthTime.IsZero() {
		c.AuthTime = g.AuthTime.Unix()
	}
	expires := session.RefreshExpiry(g.Realm.Realm, g.Client, g.Session, g.ClientSession, issued)
	if !expires.IsZero() {
		c.ExpiresAt = expires.Unix()
	}
	return c, expires
}

// Userinfo gives the claims of the userinfo endpoint for a grant.
func (m *Minter) Userinfo(g *Grant) map[string]any {
	info := g.mapping(toUserinfo)
	info.claims["sub"] = g.User.ID
	info.run()
	return info.claims
}

// Introspection gives the claims that introspection tells of a verified access
// token (RFC 7662 2.2): what the token says of itself, and whatever the client's
// mappers have for introspection, which for a lightweight token is more than
// the token holds.
func (m *Minter) Introspection(g *Grant, c *Claims) map[string]any {
	info := g.mapping(toIntrospection)
	for _, name := range []string{"exp", "iat", "jti", "iss", "typ", "azp", "sid", "scope"} {
		if v, ok := c.All[name]; ok {
			info.claims[name] = v
		}
	}
	info.run()
	info.putAudience()
	info.claims["active"], info.claims["client_id"], info.claims["username"] = true, c.ClientID, g.User.Username
	info.claims["token_type"] = c.Type
	return info.claims
}

// accessHash is at_hash: the left half of the access token's hash, by the
// algorithm that the ID token is signed with (OpenID Connect Core 3.1.3.6).
func accessHash(algorithm, access string) string {
	var sum []byte
	switch {
	case strings.HasSuffix(algorithm, "384"):
		s := sha512.Sum384([]byte(access))
		sum = s[:]
	case strings.HasSuffix(algorithm, "512"), algorithm == string(jose.EdDSA):
		s := sha512.Sum512([]byte(access))
		sum = s[:]
	default:
		s := sha256.Sum256([]byte(access))
		sum = s[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
