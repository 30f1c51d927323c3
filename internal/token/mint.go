package token

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"runtime"
	"slices"
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
	known knownSignatures
}

// NewMinter makes a Minter with the clock. It signs no more at once than there
// are cores: a signature is pure computing, and more at once would only be
// slower for everybody.
func NewMinter(now func() time.Time) *Minter {
	return &Minter{now: now, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// enter waits for a free core, as long as ctx allows.
func (m *Minter) enter(ctx context.Context) error {
	select {
	case m.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Minter) leave() { <-m.slots }

// Tokens is what a grant was given. Times are whole seconds from now.
type Tokens struct {
	Access, ID, Refresh string
	AccessID            string // jti of the access token
	ExpiresIn           int64
	RefreshExpiresIn    int64 // 0 when there is none, or it has no end of its own
	// More is what mappers add to the answer itself; nil for nothing. What an
	// answer has of its own goes before it.
	More map[string]any
}

// Mint makes the tokens of a grant: always an access token, an ID token when
// openid was granted, a refresh token when the grant names one. It waits for a
// free core, as long as ctx allows. accessID is the access token's id, drawn by
// [Grant.NewID] so that it can be recorded before.
func (m *Minter) Mint(ctx context.Context, g *Grant, accessID string) (Tokens, error) {
	if err := m.enter(ctx); err != nil {
		return Tokens{}, err
	}
	defer m.leave()
	now, p := m.now(), g.plan()
	t := Tokens{AccessID: accessID}
	access, expires := p.access(g, now, accessID)
	defer spare(access)
	t.ExpiresIn = expires.Unix() - now.Unix()
	kind := typeHeader
	if g.rfc9068() {
		kind = typeHeaderAccess
	}
	var err error
	if t.Access, err = m.signPublic(g.Realm, m.algorithm(g.Realm, g.Client, attributeAccessAlgorithm), kind, access); err != nil {
		return Tokens{}, err
	}
	if g.Scope.OpenID {
		algorithm := m.algorithm(g.Realm, g.Client, attributeIDAlgorithm)
		id := p.id(g, now, expires, accessHash(algorithm, t.Access))
		defer spare(id)
		if t.ID, err = m.signPublic(g.Realm, algorithm, typeHeader, id); err != nil {
			return Tokens{}, err
		}
	}
	if g.Refresh != "" {
		refresh, expires := p.refresh(g, now)
		defer spare(refresh)
		if !expires.IsZero() {
			t.RefreshExpiresIn = max(expires.Unix()-now.Unix(), 0)
		}
		if t.Refresh, err = m.sign(g.Realm, string(jose.HS512), typeHeader, refresh); err != nil {
			return Tokens{}, err
		}
	}
	if len(p.steps[toResponse]) > 0 {
		more := p.mapping(g, toResponse)
		more.run()
		t.More = more.claims
	}
	return t, nil
}

// access makes the claims of an access token, and says when it ends: never
// after the session.
func (p *plan) access(g *Grant, now time.Time, id string) (map[string]any, time.Time) {
	expires := now.Add(g.lifespan())
	if g.Session != nil {
		if most := session.MaxLifespan(g.Realm.Realm, g.Session); most > 0 {
			if end := g.Session.StartedAt.Add(most); end.Before(expires) {
				expires = end
			}
		}
	}
	to := toAccess
	if g.lightweight() {
		to = toLightweight
	}
	m := p.mapping(g, to)
	m.claims["exp"], m.claims["iat"], m.claims["jti"] = expires.Unix(), now.Unix(), id
	m.claims["iss"], m.claims["typ"], m.claims["azp"] = g.Issuer, typeAccess, g.Client.ClientID
	m.claims["scope"] = p.shown
	if g.Session != nil {
		m.claims["sid"] = g.Session.ID
	}
	m.run()
	if g.rfc9068() { // 2.2 has these in every token
		m.claims["sub"], m.claims["client_id"] = g.subject(), g.Client.ClientID
		if len(m.audience) == 0 {
			m.addAudience(g.Issuer)
		}
	}
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

func (p *plan) id(g *Grant, now, expires time.Time, accessHash string) map[string]any {
	if most := now.Add(maxIDLifespan); most.Before(expires) {
		expires = most
	}
	m := p.mapping(g, toID)
	c := m.claims
	c["exp"], c["iat"], c["jti"] = expires.Unix(), now.Unix(), secret.NewID()
	c["iss"], c["typ"], c["azp"] = g.Issuer, typeID, g.Client.ClientID
	c["sub"], c["at_hash"] = g.subject(), accessHash
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

func (p *plan) refresh(g *Grant, now time.Time) (map[string]any, time.Time) {
	issued := now
	if !g.RefreshAt.IsZero() {
		issued = g.RefreshAt
	}
	c := spareClaims.Get().(map[string]any)
	c["jti"], c["iss"], c["aud"], c["sub"], c["typ"] = g.Refresh, g.Issuer, g.Issuer, g.subject(), typeRefresh
	c["azp"], c["sid"], c["scope"] = g.Client.ClientID, g.Session.ID, p.all
	c["iat"], c["cst"] = issued.Unix(), g.ClientSession.StartedAt.UnixMilli()
	if g.Session.Offline {
		c["typ"] = typeOffline
	}
	if g.Family != "" {
		c["reuse_id"] = g.Family
	}
	if g.ACR != "" {
		c["acr"] = g.ACR
	}
	if len(g.AMR) > 0 {
		c["amr"] = g.AMR
	}
	if !g.AuthTime.IsZero() {
		c["auth_time"] = g.AuthTime.Unix()
	}
	expires := session.RefreshExpiry(g.Realm.Realm, g.Client, g.Session, g.ClientSession, issued)
	if !expires.IsZero() {
		c["exp"] = expires.Unix()
	}
	return c, expires
}

// Userinfo gives the claims of the userinfo endpoint for a grant.
func (m *Minter) Userinfo(g *Grant) map[string]any {
	info := g.plan().mapping(g, toUserinfo)
	info.claims["sub"] = g.subject()
	info.run()
	return info.claims
}

// Introspection gives the claims that introspection tells of a verified token
// (RFC 7662 2.2): what the token says of itself, and whatever the client's
// mappers have for introspection, which for a lightweight token is more than
// the token holds.
func (m *Minter) Introspection(g *Grant, c *Claims) map[string]any {
	info, all := g.plan().mapping(g, toIntrospection), c.All()
	for _, name := range []string{"exp", "iat", "jti", "iss", "typ", "azp", "sid", "scope", "nonce"} {
		if v, ok := all[name]; ok {
			info.claims[name] = v
		}
	}
	for _, name := range c.Audience {
		info.addAudience(name)
	}
	info.run()
	info.putAudience()
	info.claims["active"], info.claims["client_id"], info.claims["username"] = true, c.ClientID, g.User.Username
	info.claims["token_type"] = c.Type
	return info.claims
}

// The attributes of a client that name the algorithms it wants.
const (
	attributeAccessAlgorithm = "access.token.signed.response.alg"
	attributeIDAlgorithm     = "id.token.signed.response.alg"
)

// SigningAttributes are the attributes of a client that say what its tokens and
// its userinfo are signed with.
func SigningAttributes() []string {
	return []string{attributeAccessAlgorithm, attributeIDAlgorithm, attributeUserinfoAlgorithm}
}

// signingAlgorithm is the client's own, by attribute, else the realm's, else
// RS256. What others cannot verify is none of them.
func signingAlgorithm(snap *latchkey.Snapshot, client *latchkey.Client, attribute string) string {
	for _, a := range []string{client.Attribute(attribute), snap.Realm.DefaultSignatureAlgorithm} {
		if slices.Contains(asymmetric, jose.SignatureAlgorithm(a)) {
			return a
		}
	}
	return string(jose.RS256)
}

// algorithm is [signingAlgorithm] where the realm has a key for it, else the
// realm's own, else one that it has a key for: who asked for another one gets
// tokens all the same until there is a key.
func (m *Minter) algorithm(snap *latchkey.Snapshot, client *latchkey.Client, attribute string) string {
	wanted, now := signingAlgorithm(snap, client, attribute), m.now()
	if snap.ActiveKey(wanted, now) != nil {
		return wanted
	}
	own := signingAlgorithm(snap, &latchkey.Client{}, "")
	for _, a := range append([]string{own}, SignatureAlgorithms()...) {
		if snap.ActiveKey(a, now) != nil {
			return a
		}
	}
	return wanted
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
