package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
)

// The kinds of tokens, by their claim typ.
const (
	typeAccess  = "Bearer"
	typeID      = "ID"
	typeRefresh = "Refresh"
	typeOffline = "Offline"
)

var (
	// ErrInvalid is a token that this realm did not make, or not as what it is
	// used for. Callers tell nobody which.
	ErrInvalid = errors.New("token is not valid")
	// ErrExpired is a token that was good once.
	ErrExpired = errors.New("token has expired")
)

// Claims are the claims of a token that was verified.
type Claims struct {
	ID        string   `json:"jti"`
	Issuer    string   `json:"iss"`
	Audience  audience `json:"aud,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Type      string   `json:"typ"`
	ClientID  string   `json:"azp"` // OAuth's client_id
	SessionID string   `json:"sid,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	IssuedAt  int64    `json:"iat"`           // unix seconds, as all times here
	ExpiresAt int64    `json:"exp,omitempty"` // 0: an offline refresh token without end
	AuthTime  int64    `json:"auth_time,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	AMR       []string `json:"amr,omitempty"`

	// Of refresh tokens: the line that it belongs to where they rotate, and
	// when the client session began that it came from (unix milliseconds), so
	// that one that was ended and made anew does not bring it back to life.
	Family             string `json:"reuse_id,omitempty"`
	ClientSessionStart int64  `json:"cst,omitempty"`

	// RealmRoles and ClientRoles (by clientId) are the roles of an access token.
	RealmRoles  []string            `json:"-"`
	ClientRoles map[string][]string `json:"-"`

	// All is every claim, as introspection tells them.
	All map[string]any `json:"-"`
}

// HasScope says whether the scope was granted.
func (c *Claims) HasScope(name string) bool { return slices.Contains(strings.Fields(c.Scope), name) }

// Offline says that a refresh token lives in an offline session.
func (c *Claims) Offline() bool { return c.Type == typeOffline }

// audience is one name or a list of them.
type audience []string

func (a *audience) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(a))
	}
	var one string
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*a = audience{one}
	return nil
}

func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// VerifyAccess checks an access token of the realm. It does not look at the
// session or the user; see [Subject].
func (m *Minter) VerifyAccess(snap *latchkey.Snapshot, issuer, raw string) (*Claims, error) {
	c, err := m.verify(snap, issuer, raw, asymmetric)
	if err != nil {
		return nil, err
	}
	if c.Type != typeAccess || c.ExpiresAt == 0 {
		return nil, ErrInvalid
	}
	return m.timely(snap, c)
}

// VerifyRefresh checks a refresh token of the realm, of an ordinary or an
// offline session.
func (m *Minter) VerifyRefresh(snap *latchkey.Snapshot, issuer, raw string) (*Claims, error) {
	c, err := m.verify(snap, issuer, raw, symmetric)
	if err != nil {
		return nil, err
	}
	if (c.Type != typeRefresh && c.Type != typeOffline) || (c.ExpiresAt == 0 && c.Type != typeOffline) {
		return nil, ErrInvalid
	}
	if c.SessionID == "" || c.Subject == "" || !slices.Contains(c.Audience, issuer) {
		return nil, ErrInvalid
	}
	return m.timely(snap, c)
}

// VerifyIDHint checks an ID token of the realm that comes back as a hint
// (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 2): one that has expired is
// as good as another.
func (m *Minter) VerifyIDHint(snap *latchkey.Snapshot, issuer, raw string) (*Claims, error) {
	c, err := m.verify(snap, issuer, raw, asymmetric)
	if err != nil {
		return nil, err
	}
	if c.Type != typeID || c.Subject == "" || !slices.Contains(c.Audience, c.ClientID) {
		return nil, ErrInvalid
	}
	return c, nil
}

// timely checks expiry, whose end is exclusive, and the "not before" of realm
// and client, which call back all that was made earlier.
func (m *Minter) timely(snap *latchkey.Snapshot, c *Claims) (*Claims, error) {
	now := m.now().Unix()
	if c.ExpiresAt != 0 && now >= c.ExpiresAt {
		return nil, ErrExpired
	}
	if c.IssuedAt < snap.Realm.NotBefore {
		return nil, ErrExpired
	}
	if client := snap.ClientByClientID(c.ClientID); client != nil && c.IssuedAt < client.NotBefore {
		return nil, ErrExpired
	}
	return c, nil
}

const (
	maxToken = 48 << 10        // bytes; a body has 64 KiB
	skew     = 2 * time.Minute // between the clocks of nodes
)

// verify checks what is the same for every kind: three parts, our own header
// and nothing else in it, a key of this realm that may verify, its own
// algorithm, the signature, the issuer.
func (m *Minter) verify(snap *latchkey.Snapshot, issuer, raw string, allowed []jose.SignatureAlgorithm) (*Claims, error) {
	kid, algorithm, ok := header(raw)
	if !ok || !slices.Contains(allowed, algorithm) {
		return nil, ErrInvalid
	}
	k := snap.Key(kid)
	if k == nil || k.Algorithm != string(algorithm) {
		return nil, ErrInvalid
	}
	p, err := m.cache.get(k)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return nil, ErrInvalid
	}
	body, err := signed.Verify(p.verification())
	if err != nil {
		return nil, ErrInvalid
	}
	c := &Claims{}
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("%w: claims of another shape", ErrInvalid)
	}
	if c.Issuer != issuer || c.IssuedAt > m.now().Add(skew).Unix() {
		return nil, ErrInvalid
	}
	if err := json.Unmarshal(body, &c.All); err != nil {
		return nil, ErrInvalid
	}
	return c, c.readRoles(body)
}

// readRoles takes the roles out of where Keycloak has them.
func (c *Claims) readRoles(body []byte) error {
	type access struct {
		Roles []string `json:"roles"`
	}
	var held struct {
		Realm  access            `json:"realm_access"`
		Client map[string]access `json:"resource_access"`
	}
	if err := json.Unmarshal(body, &held); err != nil {
		return ErrInvalid
	}
	c.RealmRoles, c.ClientRoles = held.Realm.Roles, map[string][]string{}
	for client, a := range held.Client {
		c.ClientRoles[client] = a.Roles
	}
	return nil
}

// header reads the first part of a token. Tokens of ours have alg, kid and
// typ, each once, and nothing else: a header that offers a key (jwk, jku, x5u,
// x5c), asks for an extension (crit, b64) or says a thing twice is no token of
// ours, whatever is signed. Nor is one that is written in another way
// than ours are.
func header(raw string) (kid string, algorithm jose.SignatureAlgorithm, ok bool) {
	if len(raw) > maxToken || strings.ContainsAny(raw, "\r\n") { // which base64 passes over
		return "", "", false
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return "", "", false
	}
	var texts [3][]byte
	for i, part := range parts {
		var err error
		if texts[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return "", "", false
		}
	}
	d := json.NewDecoder(bytes.NewReader(texts[0]))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", "", false
	}
	seen := map[string]string{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return "", "", false
		}
		value, err := d.Token()
		if err != nil {
			return "", "", false
		}
		n, isName := name.(string)
		v, isText := value.(string)
		_, twice := seen[n]
		if !isName || !isText || twice {
			return "", "", false
		}
		seen[n] = v
	}
	if _, err := d.Token(); err != nil {
		return "", "", false
	}
	if _, err := d.Token(); err != io.EOF {
		return "", "", false
	}
	if len(seen) != 3 || seen["kid"] == "" || (seen["typ"] != "JWT" && seen["typ"] != "at+jwt") {
		return "", "", false
	}
	return seen["kid"], jose.SignatureAlgorithm(seen["alg"]), true
}
