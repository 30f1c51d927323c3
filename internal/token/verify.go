package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
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

	body []byte
}

// All is every claim of the token, read anew with each call.
func (c *Claims) All() map[string]any {
	all := map[string]any{}
	_ = json.Unmarshal(c.body, &all) // it was read before
	return all
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
	if len(raw) > maxToken || strings.ContainsAny(raw, "\r\n") { // which base64 passes over
		return nil, ErrInvalid
	}
	head, rest, _ := strings.Cut(raw, ".")
	payload, tail, ok := strings.Cut(rest, ".")
	if !ok || strings.Contains(tail, ".") {
		return nil, ErrInvalid
	}
	k, err := m.signer(snap, head)
	if err != nil {
		return nil, err
	}
	if k == nil || !slices.Contains(allowed, k.algorithm) {
		return nil, ErrInvalid
	}
	body, err := strictBase64.DecodeString(payload)
	if err != nil {
		return nil, ErrInvalid
	}
	signature, err := strictBase64.DecodeString(tail)
	if err != nil || !m.known.verify(k, raw, len(head)+1+len(payload), signature) {
		return nil, ErrInvalid
	}
	c := &told{}
	if err := json.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("%w: claims of another shape", ErrInvalid)
	}
	if c.Issuer != issuer || c.IssuedAt > m.now().Add(skew).Unix() {
		return nil, ErrInvalid
	}
	return c.claims(body), nil
}

var strictBase64 = base64.RawURLEncoding.Strict()

// told is how claims are written in a token. What mappers can write in another
// shape than Keycloak has it is read with forbearance.
type told struct {
	Claims
	AuthTime       json.RawMessage `json:"auth_time"`
	RealmAccess    json.RawMessage `json:"realm_access"`
	ResourceAccess json.RawMessage `json:"resource_access"`
}

func (t *told) claims(body []byte) *Claims {
	type access struct {
		Roles []string `json:"roles"`
	}
	c := &t.Claims
	c.body, c.ClientRoles = body, map[string][]string{}
	c.AuthTime, _ = strconv.ParseInt(strings.Trim(string(t.AuthTime), `"`), 10, 64)
	var realm access
	if t.RealmAccess != nil && json.Unmarshal(t.RealmAccess, &realm) == nil {
		c.RealmRoles = realm.Roles
	}
	var clients map[string]access
	if t.ResourceAccess != nil && json.Unmarshal(t.ResourceAccess, &clients) == nil {
		for client, a := range clients {
			c.ClientRoles[client] = a.Roles
		}
	}
	return c
}

type headsKey struct{}

// signer finds the key that a token's first part names; nil for none. Those
// that this realm's keys write themselves are known; another is read.
func (m *Minter) signer(snap *latchkey.Snapshot, head string) (*parsedKey, error) {
	known := snap.Derive(headsKey{}, func() any {
		heads := map[string]*latchkey.Key{}
		for _, k := range snap.Keys {
			if k.Status != latchkey.KeyDisabled {
				for _, kind := range []string{typeHeader, typeHeaderAccess} {
					heads[headOf(jose.SignatureAlgorithm(k.Algorithm), k.ID, kind)] = k
				}
			}
		}
		return heads
	}).(map[string]*latchkey.Key)
	k := known[head]
	if k == nil {
		kid, algorithm, ok := header(head)
		if k = snap.Key(kid); !ok || k == nil || k.Algorithm != string(algorithm) {
			return nil, nil
		}
	}
	return m.cache.get(k)
}

// header reads the first part of a token. Tokens of ours have alg, kid and
// typ, each once, and nothing else: a header that offers a key (jwk, jku, x5u,
// x5c), asks for an extension (crit, b64) or says a thing twice is no token of
// ours, whatever is signed. Nor is one that is written in another way
// than ours are.
func header(head string) (kid string, algorithm jose.SignatureAlgorithm, ok bool) {
	text, err := strictBase64.DecodeString(head)
	if err != nil {
		return "", "", false
	}
	d := json.NewDecoder(bytes.NewReader(text))
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
	if len(seen) != 3 || seen["kid"] == "" || (seen["typ"] != typeHeader && seen["typ"] != typeHeaderAccess) {
		return "", "", false
	}
	return seen["kid"], jose.SignatureAlgorithm(seen["alg"]), true
}
