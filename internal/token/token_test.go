package token

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"latchkey"
)

const issuer = "http://127.0.0.1:8080/realms/bench"

var start = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)

// clock stands still until a test moves it.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// testKeys are made once: RSA keys take long.
var testKeys = func() map[string]*latchkey.Key {
	out := map[string]*latchkey.Key{}
	for _, a := range []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "HS512"} {
		k, err := NewKey("bench-id", a, start)
		if err != nil {
			panic(err)
		}
		out[a] = k
	}
	return out
}()

func keys(algorithms ...string) []*latchkey.Key {
	var out []*latchkey.Key
	for _, a := range algorithms {
		k := *testKeys[a]
		out = append(out, &k)
	}
	return out
}

// mapperOf makes a mapper with its configuration in pairs.
func mapperOf(provider string, pairs ...string) latchkey.ProtocolMapper {
	m := latchkey.ProtocolMapper{ProtocolMapper: provider, Config: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Config[pairs[i]] = pairs[i+1]
	}
	return m
}

// everywhere switches a mapper on for all targets.
func everywhere(pairs ...string) []string {
	return append([]string{"access.token.claim", "true", "id.token.claim", "true", "userinfo.token.claim", "true"}, pairs...)
}

// bench is a realm with two clients, some roles and a few client scopes.
func bench(algorithms ...string) *latchkey.Snapshot {
	s := &latchkey.Snapshot{
		Realm: &latchkey.Realm{ID: "bench-id", Name: "bench", Enabled: true, DefaultSignatureAlgorithm: "RS256",
			AccessTokenLifespan: 300, SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000},
		Keys: keys(append([]string{"RS256", "HS512"}, algorithms...)...),
		Clients: []*latchkey.Client{
			{RealmID: "bench-id", ID: "app-id", ClientID: "bench-app", Enabled: true, FullScopeAllowed: true, Attributes: map[string]string{},
				WebOrigins: []string{"http://127.0.0.1:9999"}, DefaultClientScopes: []string{"basic-id", "roles-id", "profile-id", "web-id", "acr-id"}, OptionalClientScopes: []string{"address-id", "offline-id"}},
			{RealmID: "bench-id", ID: "account-id", ClientID: "account", Enabled: true},
			{RealmID: "bench-id", ID: "dot-id", ClientID: "dot.ted", Enabled: true},
		},
		Roles: []*latchkey.Role{
			{ID: "default", Name: "default-roles-bench", Composites: []string{"uma", "view"}},
			{ID: "uma", Name: "uma_authorization"},
			{ID: "offline", Name: "offline_access"},
			{ID: "view", Name: "view-profile", ClientID: "account-id"},
			{ID: "own", Name: "own-role", ClientID: "app-id"},
			{ID: "dot", Name: "dot-role", ClientID: "dot-id"},
		},
		Scopes: []*latchkey.ClientScope{
			{ID: "basic-id", Name: "basic", Attributes: map[string]string{"include.in.token.scope": "false"}, ProtocolMappers: []latchkey.ProtocolMapper{
				mapperOf("oidc-sub-mapper", "access.token.claim", "true"),
				mapperOf("oidc-usersessionmodel-note-mapper", everywhere("user.session.note", "AUTH_TIME", "claim.name", "auth_time", "jsonType.label", "long")...)}},
			{ID: "roles-id", Name: "roles", Attributes: map[string]string{"include.in.token.scope": "false"}, ProtocolMappers: []latchkey.ProtocolMapper{
				mapperOf("oidc-usermodel-realm-role-mapper", "access.token.claim", "true", "claim.name", "realm_access.roles", "multivalued", "true"),
				mapperOf("oidc-usermodel-client-role-mapper", "access.token.claim", "true", "claim.name", "resource_access.${client_id}.roles", "multivalued", "true"),
				mapperOf("oidc-audience-resolve-mapper")}},
			{ID: "profile-id", Name: "profile", ProtocolMappers: []latchkey.ProtocolMapper{
				mapperOf("oidc-full-name-mapper", everywhere()...),
				mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "username", "claim.name", "preferred_username")...),
				mapperOf("oidc-usermodel-property-mapper", everywhere("user.attribute", "emailVerified", "claim.name", "email_verified", "jsonType.label", "boolean")...)}},
			{ID: "web-id", Name: "web-origins", Attributes: map[string]string{"include.in.token.scope": "false"}, ProtocolMappers: []latchkey.ProtocolMapper{
				mapperOf("oidc-allowed-origins-mapper")}},
			{ID: "acr-id", Name: "acr", Attributes: map[string]string{"include.in.token.scope": "false"}, ProtocolMappers: []latchkey.ProtocolMapper{
				mapperOf("oidc-acr-mapper", everywhere()...)}},
			{ID: "address-id", Name: "address", ProtocolMappers: []latchkey.ProtocolMapper{mapperOf("oidc-address-mapper", everywhere()...)}},
			{ID: "offline-id", Name: "offline_access", ScopeMappings: []string{"offline"}},
		},
	}
	return s.Index()
}

func grantOf(s *latchkey.Snapshot, scope string) *Grant {
	client := s.ClientByClientID("bench-app")
	resolved, _ := ResolveScope(s, client, scope)
	roles := []string{"default"}
	return &Grant{
		Realm: s, Issuer: issuer, Client: client, Holdings: &latchkey.Holdings{Roles: roles}, Scope: resolved.For(s, roles), Kind: GrantCode,
		User:          &latchkey.User{ID: "user-id", Username: "golden@example.test", EmailVerified: true, Enabled: true},
		Session:       &latchkey.UserSession{RealmID: "bench-id", ID: "sid-1", UserID: "user-id", StartedAt: start, LastAccess: start},
		ClientSession: &latchkey.ClientSession{StartedAt: start, LastAccess: start},
		Nonce:         "nonce-1", ACR: "1", AMR: []string{"email"}, AuthTime: start, Refresh: "refresh-id",
	}
}

func mint(t *testing.T, m *Minter, g *Grant) Tokens {
	t.Helper()
	tokens, err := m.Mint(context.Background(), g, g.NewID())
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func parts(t *testing.T, raw string) (header, claims map[string]any) {
	t.Helper()
	p := strings.Split(raw, ".")
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(p[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// The claims of the three tokens are Keycloak's (R-116; golden claims of a
// code grant with the default scopes).
func TestClaims(t *testing.T) {
	c := &clock{start}
	m := NewMinter(c.now)
	s := bench()
	tokens := mint(t, m, grantOf(s, "openid"))
	header, access := parts(t, tokens.Access)
	if diff := cmp.Diff(map[string]any{"alg": "RS256", "typ": "JWT", "kid": testKeys["RS256"].ID}, header); diff != "" {
		t.Errorf("access token's header: %s", diff)
	}
	at, exp := float64(start.Unix()), float64(start.Unix()+300)
	jti := access["jti"].(string)
	if !strings.HasPrefix(jti, "onrtac:") || jti != tokens.AccessID {
		t.Errorf("jti %q", jti)
	}
	delete(access, "jti")
	if diff := cmp.Diff(map[string]any{
		"exp": exp, "iat": at, "auth_time": at, "iss": issuer, "aud": "account", "sub": "user-id", "typ": "Bearer", "azp": "bench-app",
		"sid": "sid-1", "acr": "1", "allowed-origins": []any{"http://127.0.0.1:9999"}, "scope": "openid profile",
		"realm_access":    map[string]any{"roles": []any{"default-roles-bench", "uma_authorization"}},
		"resource_access": map[string]any{"account": map[string]any{"roles": []any{"view-profile"}}},
		"email_verified":  true, "preferred_username": "golden@example.test",
	}, access); diff != "" {
		t.Errorf("access token: %s", diff)
	}
	_, id := parts(t, tokens.ID)
	delete(id, "jti")
	if diff := cmp.Diff(map[string]any{
		"exp": exp, "iat": at, "auth_time": at, "iss": issuer, "aud": "bench-app", "sub": "user-id", "typ": "ID", "azp": "bench-app",
		"nonce": "nonce-1", "sid": "sid-1", "acr": "1", "amr": []any{"email"}, "at_hash": accessHash("RS256", tokens.Access),
		"email_verified": true, "preferred_username": "golden@example.test",
	}, id); diff != "" {
		t.Errorf("ID token: %s", diff)
	}
	header, refresh := parts(t, tokens.Refresh)
	if header["alg"] != "HS512" || header["kid"] != testKeys["HS512"].ID {
		t.Errorf("refresh token's header: %v", header)
	}
	if diff := cmp.Diff(map[string]any{
		"exp": float64(start.Unix() + 1800), "iat": at, "jti": "refresh-id", "iss": issuer, "aud": issuer, "sub": "user-id", "typ": "Refresh",
		"azp": "bench-app", "sid": "sid-1", "scope": "openid basic roles profile web-origins acr", "auth_time": at, "acr": "1", "amr": []any{"email"},
		"cst": float64(start.UnixMilli()),
	}, refresh); diff != "" {
		t.Errorf("refresh token: %s", diff)
	}
	if tokens.ExpiresIn != 300 || tokens.RefreshExpiresIn != 1800 {
		t.Errorf("%+v", tokens)
	}
}

// Each verifier takes its own kind, of its own realm, while it is good.
func TestVerifiers(t *testing.T) {
	c := &clock{start}
	m := NewMinter(c.now)
	s := bench()
	tokens := mint(t, m, grantOf(s, "openid"))
	verifiers := map[string]func(*latchkey.Snapshot, string, string) (*Claims, error){
		"access": m.VerifyAccess, "refresh": m.VerifyRefresh, "id": m.VerifyIDHint,
	}
	raws := map[string]string{"access": tokens.Access, "refresh": tokens.Refresh, "id": tokens.ID}
	for kind, verify := range verifiers {
		for of, raw := range raws {
			got, err := verify(s, issuer, raw)
			if kind == of && err != nil {
				t.Errorf("%s is not taken: %v", kind, err)
			}
			if kind != of && !errors.Is(err, ErrInvalid) {
				t.Errorf("%s taken for %s: %v %v", of, kind, got, err)
			}
		}
		raw := raws[kind]
		if _, err := verify(s, "http://127.0.0.1:8080/realms/other", raw); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of another issuer: %v", kind, err)
		}
		other := bench()
		for _, k := range other.Keys {
			k.ID += "x"
		}
		if _, err := verify(other, issuer, raw); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of another realm's key: %v", kind, err)
		}
		off := bench()
		for _, k := range off.Keys {
			k.Status = latchkey.KeyDisabled
		}
		if _, err := verify(off, issuer, raw); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s of a disabled key: %v", kind, err)
		}
		passive := bench()
		for _, k := range passive.Keys {
			k.Status = latchkey.KeyPassive
		}
		if _, err := verify(passive, issuer, raw); err != nil {
			t.Errorf("%s of a passive key (R-150): %v", kind, err)
		}
		called := bench()
		called.Realm.NotBefore = start.Unix() + 1
		if _, err := verify(called, issuer, raw); kind != "id" && !errors.Is(err, ErrExpired) {
			t.Errorf("%s from before the realm's not-before: %v", kind, err)
		}
	}
	got, err := m.VerifyAccess(s, issuer, tokens.Access)
	if err != nil || got.Subject != "user-id" || got.ClientID != "bench-app" || got.SessionID != "sid-1" || !got.HasScope("openid") ||
		!slices.Equal(got.RealmRoles, []string{"default-roles-bench", "uma_authorization"}) || !slices.Equal(got.ClientRoles["account"], []string{"view-profile"}) {
		t.Errorf("%+v %v", got, err)
	}
	c.at = start.Add(300*time.Second - time.Nanosecond)
	if _, err := m.VerifyAccess(s, issuer, tokens.Access); err != nil {
		t.Errorf("before its end: %v", err)
	}
	c.at = start.Add(300 * time.Second)
	if _, err := m.VerifyAccess(s, issuer, tokens.Access); !errors.Is(err, ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
	c.at = start.Add(24 * time.Hour)
	if _, err := m.VerifyIDHint(s, issuer, tokens.ID); err != nil {
		t.Errorf("an expired hint (RP-Initiated Logout 2): %v", err)
	}
	if _, err := m.VerifyRefresh(s, issuer, tokens.Refresh); !errors.Is(err, ErrExpired) {
		t.Errorf("an expired refresh token: %v", err)
	}
	c.at = start.Add(-time.Hour)
	if _, err := m.VerifyAccess(s, issuer, tokens.Access); !errors.Is(err, ErrInvalid) {
		t.Errorf("from the future: %v", err)
	}
}

// A token is good as this server wrote it and in no other way.
func TestMutatedTokens(t *testing.T) {
	c := &clock{start}
	m := NewMinter(c.now)
	s := bench("ES256", "EdDSA")
	tokens := mint(t, m, grantOf(s, "openid"))
	kid := testKeys["RS256"].ID
	p := strings.Split(tokens.Access, ".")
	for range 2 { // what is remembered of the good one makes no other good
		if _, err := m.VerifyAccess(s, issuer, tokens.Access); err != nil {
			t.Error(err)
		}
	}
	if n := m.known.count(); n != 1 {
		t.Errorf("%d signatures are remembered", n)
	}
	for name, raw := range map[string]string{
		"alg none":             base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT","kid":"`+kid+`"}`)) + "." + p[1] + ".",
		"HMAC of the kid":      confused(t, kid, p[1], []byte(strings.Repeat(kid, 2))),
		"HMAC of the key":      confused(t, kid, p[1], testKeys["RS256"].Certificate),
		"no header":            "." + p[1] + "." + p[2],
		"four parts":           tokens.Access + ".x",
		"two parts":            p[0] + "." + p[1],
		"empty":                "",
		"padding":              p[0] + "." + p[1] + "." + p[2] + "=",
		"white space":          tokens.Access + "\n",
		"a changed claim":      p[0] + "." + p[1][:20] + map[bool]string{true: "A", false: "B"}[p[1][20] != 'A'] + p[1][21:] + "." + p[2],
		"a cut signature":      p[0] + "." + p[1] + "." + p[2][:len(p[2])-4],
		"JSON serialisation":   `{"payload":"` + p[1] + `","protected":"` + p[0] + `","signature":"` + p[2] + `"}`,
		"far too long":         strings.Repeat("a", maxToken) + ".b.c",
		"another trailing bit": p[0] + "." + p[1] + "." + p[2][:len(p[2])-1] + string(p[2][len(p[2])-1]+1),
		"another key's":        p[0] + "." + p[1] + "." + strings.Split(tokens.ID, ".")[2],
	} {
		refused(t, m, s, name, raw)
	}
	if n := m.known.count(); n != 1 {
		t.Errorf("%d signatures are remembered", n)
	}
}

func (k *knownSignatures) count() (n int) {
	for i := range k {
		if k[i].Load() != nil {
			n++
		}
	}
	return n
}

func refused(t *testing.T, m *Minter, s *latchkey.Snapshot, name, raw string) {
	t.Helper()
	for as, verify := range map[string]func(*latchkey.Snapshot, string, string) (*Claims, error){"access": m.VerifyAccess, "refresh": m.VerifyRefresh, "id": m.VerifyIDHint} {
		if got, err := verify(s, issuer, raw); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s as %s token: %v %v", name, as, got, err)
		}
	}
}

// confused signs a payload with HMAC and what is public: the classic mistake.
func confused(t *testing.T, kid, payload string, secret []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := base64.RawURLEncoding.DecodeString(payload)
	o, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := o.CompactSerialize()
	return text
}

// Headers that this server does not write are refused even when its own key
// signed them: what they ask for is never looked at.
func TestStrangeHeaders(t *testing.T) {
	c := &clock{start}
	m := NewMinter(c.now)
	s := bench("ES256", "EdDSA")
	p := strings.Split(mint(t, m, grantOf(s, "openid")).Access, ".")
	private, err := x509.ParsePKCS8PrivateKey(testKeys["RS256"].Private)
	if err != nil {
		t.Fatal(err)
	}
	with := func(hash crypto.Hash, header string) string {
		text := base64.RawURLEncoding.EncodeToString([]byte(strings.ReplaceAll(header, "KID", testKeys["RS256"].ID))) + "." + p[1]
		h := hash.New()
		h.Write([]byte(text))
		signature, err := private.(crypto.Signer).Sign(rand.Reader, h.Sum(nil), hash)
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	if _, err := m.VerifyAccess(s, issuer, with(crypto.SHA256, `{"alg":"RS256","typ":"JWT","kid":"KID"}`)); err != nil {
		t.Fatalf("our own: %v", err)
	}
	for _, header := range []string{
		`{"alg":"RS256","typ":"JWT"}`, `{"alg":"RS256","kid":"KID"}`, `{"typ":"JWT","kid":"KID"}`,
		`{"alg":"RS256","typ":"JWT","kid":"../../KID"}`,
		`{"alg":"RS256","typ":"JWT","kid":"x","kid":"KID"}`, `{"alg":"RS256","typ":"JWT","kid":"KID","kid":"x"}`, `{"alg":"none","alg":"RS256","typ":"JWT","kid":"KID"}`,
		`{"alg":"RS256","typ":"JWT","kid":"KID","jwk":{}}`, `{"alg":"RS256","typ":"JWT","kid":"KID","jwk":"x"}`,
		`{"alg":"RS256","typ":"JWT","kid":"KID","jku":"http://127.0.0.1/"}`, `{"alg":"RS256","typ":"JWT","kid":"KID","x5u":"http://127.0.0.1/"}`,
		`{"alg":"RS256","typ":"JWT","kid":"KID","crit":["b64"],"b64":false}`, `{"alg":"RS256","typ":"JWT","kid":"KID","cty":"JWT"}`,
		`{"alg":"RS256","typ":"dpop+jwt","kid":"KID"}`, `{"alg":"RS256","typ":"","kid":"KID"}`, `{"alg":"RS256","typ":"JWT","kid":1}`,
		`["RS256"]`, `{"alg":"RS256","typ":"JWT","kid":"KID"} {}`, `{"alg":"RS256","typ":"JWT","kid":"KID"`, `null`, ``,
		`{"alg":"ES256","typ":"JWT","kid":"KID"}`, `{"alg":"HS512","typ":"JWT","kid":"KID"}`, `{"alg":"PS256","typ":"JWT","kid":"KID"}`,
	} {
		refused(t, m, s, header, with(crypto.SHA256, header))
	}
	// The key's own algorithm counts, not one that it could also do.
	refused(t, m, s, "RS512", with(crypto.SHA512, `{"alg":"RS512","typ":"JWT","kid":"KID"}`))
}

// An access token that names its own client as a recipient is no ID token all
// the same.
func TestAccessTokenForItsClientIsNoHint(t *testing.T) {
	c := &clock{start}
	m := NewMinter(c.now)
	g := grantOf(bench(), "openid")
	g.Client.ProtocolMappers = []latchkey.ProtocolMapper{mapperOf("oidc-audience-mapper", everywhere("included.client.audience", "bench-app")...)}
	if got, err := m.VerifyIDHint(g.Realm, issuer, mint(t, m, g).Access); !errors.Is(err, ErrInvalid) {
		t.Errorf("%v %v", got, err)
	}
}

// ID tokens are signed as the client asks, access tokens too; at_hash and the
// key set follow.
func TestAlgorithms(t *testing.T) {
	c := &clock{start}
	m := NewMinter(c.now)
	for _, algorithm := range []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"} {
		s := bench("PS256", "ES256", "ES384", "ES512", "EdDSA")
		client := s.ClientByClientID("bench-app")
		client.Attributes["id.token.signed.response.alg"] = algorithm
		client.Attributes["access.token.signed.response.alg"] = algorithm
		tokens := mint(t, m, grantOf(s, "openid"))
		header, claims := parts(t, tokens.ID)
		if header["alg"] != algorithm || claims["at_hash"] != accessHash(algorithm, tokens.Access) {
			t.Errorf("%s: %v %v", algorithm, header, claims)
		}
		if _, err := m.VerifyAccess(s, issuer, tokens.Access); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		set, err := m.KeySet(s)
		if err != nil || len(set.Keys) != 6 {
			t.Fatalf("%v %v", set, err)
		}
		signed, err := jose.ParseSignedCompact(tokens.ID, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signed.Verify(set); err != nil {
			t.Errorf("%s by the key set: %v", algorithm, err)
		}
	}
	s := bench()
	s.ClientByClientID("bench-app").Attributes["id.token.signed.response.alg"] = "ES256"
	tokens := mint(t, m, grantOf(s, "openid"))
	if header, claims := parts(t, tokens.ID); header["alg"] != "RS256" || claims["at_hash"] != accessHash("RS256", tokens.Access) {
		t.Errorf("an algorithm without a key: %v %v", header, claims)
	}
	for _, k := range bench("EdDSA", "ES256").Keys {
		set, err := m.KeySet(&latchkey.Snapshot{Keys: []*latchkey.Key{k}})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(set)
		if strings.Contains(string(text), `"d":`) || strings.Contains(string(text), `"k":`) {
			t.Errorf("a private key is published: %s", text)
		}
	}
	if _, err := NewKey("r", "none", start); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("a key for none: %v", err)
	}
}
