package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// The keys of a client, made once.
var clientKeys = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // one that is refused
	if err != nil {
		panic(err)
	}
	out := map[string]crypto.Signer{"rsa": r, "small": small}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384()} {
		if out[name], err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			panic(err)
		}
	}
	if _, out["ed"], err = ed25519.GenerateKey(rand.Reader); err != nil {
		panic(err)
	}
	return out
})

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// sign makes an assertion.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, headers map[jose.HeaderKey]any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, &jose.SignerOptions{ExtraHeaders: headers})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var jtis atomic.Int64

// claimsOf are the claims of a good assertion of bench-app; edits change them,
// and nil takes away.
func (w *world) claimsOf(edits map[string]any) map[string]any {
	now := w.clock.Now().Unix()
	c := map[string]any{"iss": "bench-app", "sub": "bench-app", "aud": w.base + "/realms/bench", "jti": "jti-" + big.NewInt(jtis.Add(1)).String(),
		"iat": now, "exp": now + 60}
	maps.Copy(c, edits)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func (w *world) asserted(endpoint, raw string, pairs ...string) *answer {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {raw}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if form.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	return w.browser().post(w.endpoint("bench", endpoint), form)
}

// longSecret is long enough for every HMAC (RFC 7518 3.2).
const longSecret = "bench-secret-bench-secret-bench-secret-bench-secret-bench-secret"

// signsWith makes bench-app a client that signs assertions.
func (w *world) signsWith(method string, attributes map[string]string) {
	w.changeClient("bench-app", func(c *latchkey.Client) {
		c.ClientAuthenticatorType, c.Secret = method, longSecret
		maps.Copy(c.Attributes, attributes)
	})
}

func spki(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func certificate(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench-app"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func jwks(t *testing.T, keys ...jose.JSONWebKey) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A client signs with whatever key it has registered, in whatever way (R-122;
// OpenID Connect Core 9, RFC 7523).
func TestAssertionKeys(t *testing.T) {
	w := sqliteWorld(t)
	keys := clientKeys()
	der := certificate(t, keys["rsa"])
	set := jwks(t, jose.JSONWebKey{Key: keys["p256"].Public(), KeyID: "other", Use: "sig"}, jose.JSONWebKey{Key: keys["rsa"].Public(), KeyID: "mine"},
		jose.JSONWebKey{Key: keys["rsa"].Public(), KeyID: "enc", Use: "enc"})
	private := jwks(t, jose.JSONWebKey{Key: keys["p256"], KeyID: "mine"})
	strange := `{"keys":[{"kty":"XYZ","kid":"mine"},{"kty":"oct","kid":"mine","k":"` + base64.RawURLEncoding.EncodeToString([]byte(longSecret)) + `"},` + strings.TrimPrefix(set, `{"keys":[`)
	for name, c := range map[string]struct {
		method     string
		attributes map[string]string
		algorithm  jose.SignatureAlgorithm
		key        any
		kid        string
		ok         bool
	}{
		"a public key":                    {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public())}, jose.RS256, keys["rsa"], "", true},
		"a public key under any name":     {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public())}, jose.PS512, keys["rsa"], "whatever", true},
		"a key of P-256":                  {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["p256"].Public())}, jose.ES256, keys["p256"], "", true},
		"a key of Ed25519":                {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["ed"].Public())}, jose.EdDSA, keys["ed"], "", true},
		"a certificate":                   {authJWT, map[string]string{"jwt.credential.certificate": base64.StdEncoding.EncodeToString(der)}, jose.RS256, keys["rsa"], "", true},
		"a certificate as PEM":            {authJWT, map[string]string{"jwt.credential.certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}, jose.RS384, keys["rsa"], "", true},
		"a set":                           {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": set}, jose.RS256, keys["rsa"], "mine", true},
		"a set, no name":                  {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": set}, jose.ES256, keys["p256"], "", true},
		"a set with a private key":        {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": private}, jose.ES256, keys["p256"], "mine", true},
		"a set with strange keys":         {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": strange}, jose.RS256, keys["rsa"], "mine", true},
		"the secret":                      {authSecretJWT, nil, jose.HS256, []byte(longSecret), "", true},
		"the secret by HS512":             {authSecretJWT, nil, jose.HS512, []byte(longSecret), "", true},
		"the registered algorithm":        {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public()), "token.endpoint.auth.signing.alg": "PS256"}, jose.PS256, keys["rsa"], "", true},
		"not the registered algorithm":    {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public()), "token.endpoint.auth.signing.alg": "PS256"}, jose.RS256, keys["rsa"], "", false},
		"a key of the set under another":  {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": set}, jose.RS256, keys["rsa"], "other", false},
		"a key of the set for encryption": {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": set}, jose.RS256, keys["rsa"], "enc", false},
		"a key that is not in the set":    {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": set}, jose.EdDSA, keys["ed"], "", false},
		"a set that is none":              {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": "{"}, jose.RS256, keys["rsa"], "", false},
		"a short key":                     {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["small"].Public())}, jose.RS256, keys["small"], "", false},
		"no key at all":                   {authJWT, nil, jose.RS256, keys["rsa"], "", false},
		"a symmetric key of a set":        {authJWT, map[string]string{"use.jwks.string": "true", "jwks.string": strange}, jose.HS256, []byte(longSecret), "mine", false},
		"the public key as a secret":      {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public())}, jose.HS256, []byte(spki(t, keys["rsa"].Public())), "", false},
		"the secret of who has a key":     {authJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public())}, jose.HS256, []byte(longSecret), "", false},
		"a key of who has a secret":       {authSecretJWT, map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public())}, jose.RS256, keys["rsa"], "", false},
		"another secret":                  {authSecretJWT, nil, jose.HS256, []byte(strings.ToUpper(longSecret)), "", false},
		"where a secret is registered":    {"client-secret", map[string]string{"jwt.credential.public.key": spki(t, keys["rsa"].Public())}, jose.HS256, []byte(longSecret), "", false},
	} {
		w.changeClient("bench-app", func(c *latchkey.Client) {
			for _, a := range []string{"jwt.credential.public.key", "jwt.credential.certificate", "use.jwks.string", "jwks.string", "token.endpoint.auth.signing.alg"} {
				delete(c.Attributes, a)
			}
		})
		w.signsWith(c.method, c.attributes)
		var headers map[jose.HeaderKey]any
		if c.kid != "" {
			headers = map[jose.HeaderKey]any{"kid": c.kid}
		}
		got := w.asserted("token", sign(t, c.algorithm, c.key, headers, w.claimsOf(nil)))
		if ok := got.status == http.StatusOK; ok != c.ok || (!ok && (got.status != 401 && got.status != 429)) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		w.clock.Advance(10 * time.Minute) // failures are counted
	}
}

const (
	authJWT       = "client-jwt"
	authSecretJWT = "client-secret-jwt"
)

// What an assertion must say, and what does not help it (RFC 7523 3, R-116).
func TestAssertionClaims(t *testing.T) {
	type edits = map[string]any
	mine := jose.JSONWebKey{Key: clientKeys()["rsa"].Public(), KeyID: "mine"}
	for name, c := range map[string]struct {
		claims  func(w *world, issuer string, now int64) edits
		headers map[jose.HeaderKey]any
		ok      bool
	}{
		"good":                   {ok: true},
		"for the token endpoint": {claims: func(w *world, _ string, _ int64) edits { return edits{"aud": w.endpoint("bench", "token")} }, ok: true},
		"for both": {claims: func(w *world, issuer string, _ int64) edits {
			return edits{"aud": []string{issuer, w.endpoint("bench", "token")}}
		}, ok: true},
		"without iat":        {claims: func(*world, string, int64) edits { return edits{"iat": nil} }, ok: true},
		"a little late":      {claims: func(_ *world, _ string, now int64) edits { return edits{"exp": now - 59} }, ok: true},
		"times as fractions": {claims: func(_ *world, _ string, now int64) edits { return edits{"exp": float64(now) + 30.5} }, ok: true},
		"an embedded key":    {headers: map[jose.HeaderKey]any{"jwk": mine}, ok: true}, // is passed over
		"an address of keys": {headers: map[jose.HeaderKey]any{"jku": "https://127.0.0.1/keys", "x5u": "https://127.0.0.1/cert"}, ok: true},
		"for somebody else":  {claims: func(*world, string, int64) edits { return edits{"aud": "https://other.example"} }},
		"for us and another": {claims: func(_ *world, issuer string, _ int64) edits {
			return edits{"aud": []string{issuer, "https://other.example"}}
		}},
		"for nobody":            {claims: func(*world, string, int64) edits { return edits{"aud": nil} }},
		"for an empty list":     {claims: func(*world, string, int64) edits { return edits{"aud": []string{}} }},
		"for another realm":     {claims: func(w *world, _ string, _ int64) edits { return edits{"aud": w.base + "/realms/other"} }},
		"for us with a slash":   {claims: func(_ *world, issuer string, _ int64) edits { return edits{"aud": issuer + "/"} }},
		"for another endpoint":  {claims: func(w *world, _ string, _ int64) edits { return edits{"aud": w.endpoint("bench", "revoke")} }},
		"of another issuer":     {claims: func(*world, string, int64) edits { return edits{"iss": "bench-narrow"} }},
		"of another subject":    {claims: func(*world, string, int64) edits { return edits{"sub": "bench-narrow"} }},
		"without issuer":        {claims: func(*world, string, int64) edits { return edits{"iss": nil} }},
		"expired":               {claims: func(_ *world, _ string, now int64) edits { return edits{"exp": now - 60} }},
		"without expiry":        {claims: func(*world, string, int64) edits { return edits{"exp": nil} }},
		"too long":              {claims: func(_ *world, _ string, now int64) edits { return edits{"exp": now + 121} }},
		"far too long":          {claims: func(*world, string, int64) edits { return edits{"exp": 1e300} }},
		"expiry as text":        {claims: func(*world, string, int64) edits { return edits{"exp": "soon"} }},
		"not yet":               {claims: func(_ *world, _ string, now int64) edits { return edits{"nbf": now + 61} }},
		"made in the future":    {claims: func(_ *world, _ string, now int64) edits { return edits{"iat": now + 61} }},
		"without jti":           {claims: func(*world, string, int64) edits { return edits{"jti": nil} }},
		"with an empty jti":     {claims: func(*world, string, int64) edits { return edits{"jti": ""} }},
		"with a jti too long":   {claims: func(*world, string, int64) edits { return edits{"jti": strings.Repeat("x", 256)} }},
		"with a number as jti":  {claims: func(*world, string, int64) edits { return edits{"jti": 7} }},
		"asks for an extension": {headers: map[jose.HeaderKey]any{"crit": []string{"x"}, "x": 1}},
		"with a bare payload":   {headers: map[jose.HeaderKey]any{"b64": true}},
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			w.signsWith(authSecretJWT, nil)
			claims := w.claimsOf(nil)
			if c.claims != nil {
				claims = w.claimsOf(c.claims(w, w.base+"/realms/bench", w.clock.Now().Unix()))
			}
			got := w.asserted("token", sign(t, jose.HS256, []byte(longSecret), c.headers, claims), "client_id", "bench-app")
			if c.ok && got.status != http.StatusOK {
				t.Errorf("%d %s", got.status, got.body)
			}
			if !c.ok {
				wantError(t, got, 401, "invalid_client", "Invalid client or Invalid client credentials")
			}
		})
	}
}

// What is no assertion, or not the only thing that the client brings.
func TestAssertionRequest(t *testing.T) {
	w := sqliteWorld(t)
	w.signsWith(authSecretJWT, map[string]string{"token.endpoint.auth.signing.max.exp": "300"})
	good := func() string {
		return sign(t, jose.HS256, []byte(longSecret), nil, w.claimsOf(map[string]any{"exp": w.clock.Now().Unix() + 300}))
	}
	if got := w.asserted("token", good()); got.status != http.StatusOK {
		t.Fatalf("without client_id: %d %s", got.status, got.body)
	}
	parts := strings.Split(good(), ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	twice := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"bench-app","iss":"bench-app"}`))
	const invalid, wrong = "invalid_client", "Invalid client or Invalid client credentials"
	const two = "More than one way of client authentication"
	const kind = "client_assertion needs the client_assertion_type " + assertionType
	for name, c := range map[string]struct {
		raw        string
		pairs      []string
		header     []string
		status     int
		code, text string
	}{
		"alg none":             {raw: none, status: 401, code: invalid, text: wrong},
		"no signature":         {raw: parts[0] + "." + parts[1] + ".", status: 401, code: invalid, text: wrong},
		"garbage":              {raw: "nope", status: 401, code: invalid, text: wrong},
		"two parts":            {raw: parts[0] + "." + parts[1], status: 401, code: invalid, text: wrong},
		"a claim twice":        {raw: parts[0] + "." + twice + "." + parts[2], pairs: []string{"client_id", "bench-app"}, status: 401, code: invalid, text: wrong},
		"too large":            {raw: good() + strings.Repeat("A", 17<<10), pairs: []string{"client_id", "bench-app"}, status: 401, code: invalid, text: wrong},
		"of another client_id": {raw: good(), pairs: []string{"client_id", "bench-pkce"}, status: 401, code: "unauthorized_client", text: wrong},
		"with a secret":        {raw: good(), pairs: []string{"client_secret", "bench-secret"}, status: 400, code: "invalid_request", text: two},
		"with Basic":           {raw: good(), header: as("bench-app"), status: 400, code: "invalid_request", text: two},
		"without a type":       {raw: good(), pairs: []string{"client_assertion_type", ""}, status: 400, code: "invalid_request", text: kind},
		"with another type":    {raw: good(), pairs: []string{"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, status: 400, code: "invalid_request", text: kind},
		"a type alone":         {raw: "", pairs: []string{"client_id", "bench-app", "client_secret", "", "client_assertion", ""}, status: 400, code: "invalid_request", text: kind},
	} {
		form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {c.raw}}
		for i := 0; i+1 < len(c.pairs); i += 2 {
			if form.Set(c.pairs[i], c.pairs[i+1]); c.pairs[i+1] == "" {
				form.Del(c.pairs[i])
			}
		}
		t.Run(name, func(t *testing.T) {
			wantError(t, w.browser().post(w.endpoint("bench", "token"), form, c.header...), c.status, c.code, c.text)
		})
	}
	wantError(t, w.browser().post(w.endpoint("bench", "token")+"?client_assertion="+good(), url.Values{"grant_type": {"client_credentials"}}),
		400, "invalid_request", "Parameters belong into the body of the request")
}

// An assertion is good once, at whatever endpoint, also for many requests at
// once (RFC 7523 3.7, R-122).
func TestAssertionOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		a := w.tokens("bench-app")
		w.signsWith(authSecretJWT, nil)
		fresh := func(endpoint string) string {
			return sign(t, jose.HS256, []byte(longSecret), nil, w.claimsOf(map[string]any{"aud": w.endpoint("bench", endpoint)}))
		}
		raw := fresh("token")
		var wins, losses atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				switch got := w.asserted("token", raw); got.status {
				case http.StatusOK:
					wins.Add(1)
				case http.StatusUnauthorized:
					losses.Add(1)
				}
			})
		}
		all.Wait()
		if wins.Load() != 1 || losses.Load() != 19 {
			t.Errorf("%d requests passed, %d were refused", wins.Load(), losses.Load())
		}
		for endpoint, c := range map[string]struct {
			pairs  []string
			status int
		}{
			"token/introspect": {[]string{"token", a.text("access_token")}, 200},
			"revoke":           {[]string{"token", a.text("access_token")}, 200},
			"logout":           {[]string{"refresh_token", a.text("refresh_token")}, 204},
		} {
			raw := fresh(endpoint)
			if got := w.asserted(endpoint, raw, c.pairs...); got.status != c.status {
				t.Errorf("%s: %d %s", endpoint, got.status, got.body)
			}
			if got := w.asserted(endpoint, raw, c.pairs...); got.status != 401 || got.text("error") != "invalid_client" {
				t.Errorf("%s again: %d %s", endpoint, got.status, got.body)
			}
		}
	})
}

// keyServer is where a client has its keys.
type keyServer struct {
	*httptest.Server
	hits atomic.Int64
	mu   sync.Mutex
	body string
}

func newKeyServer(t *testing.T, body string) *keyServer {
	s := &keyServer{body: body}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.hits.Add(1)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.body == "" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write([]byte(s.body))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) set(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body = body
}

// Keys at an address are fetched once for many, once a minute for names that
// are not known, and an address that fails is felt by its client alone.
func TestAssertionKeysByAddress(t *testing.T) {
	w := sqliteWorld(t)
	keys := clientKeys()
	s := newKeyServer(t, jwks(t, jose.JSONWebKey{Key: keys["p256"].Public(), KeyID: "one"}))
	w.signsWith(authJWT, map[string]string{"use.jwks.url": "true", "jwks.url": s.URL})
	try := func(key, kid string) int {
		algorithm := map[string]jose.SignatureAlgorithm{"p256": jose.ES256, "p384": jose.ES384}[key]
		return w.asserted("token", sign(t, algorithm, keys[key], map[jose.HeaderKey]any{"kid": kid}, w.claimsOf(nil))).status
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if got := try("p256", "one"); got != http.StatusOK {
				t.Errorf("%d", got)
			}
		})
	}
	all.Wait()
	if s.hits.Load() != 1 {
		t.Errorf("%d fetches for ten at once", s.hits.Load())
	}
	// A key that was added is found, a minute after the last fetch.
	s.set(jwks(t, jose.JSONWebKey{Key: keys["p256"].Public(), KeyID: "one"}, jose.JSONWebKey{Key: keys["p384"].Public(), KeyID: "two"}))
	if got := try("p384", "two"); got != http.StatusUnauthorized || s.hits.Load() != 1 {
		t.Errorf("within the minute: %d, %d fetches", got, s.hits.Load())
	}
	w.clock.Advance(time.Minute)
	if got := try("p384", "two"); got != http.StatusOK || s.hits.Load() != 2 {
		t.Errorf("after the minute: %d, %d fetches", got, s.hits.Load())
	}
	// An address that fails: what is known stays good for a day, no longer, and
	// it is asked once a minute.
	s.set("")
	w.clock.Advance(2 * time.Hour)
	for range 3 {
		if got := try("p256", "one"); got != http.StatusOK || s.hits.Load() != 3 {
			t.Errorf("while it fails: %d, %d fetches", got, s.hits.Load())
		}
	}
	w.clock.Advance(24 * time.Hour)
	for range 3 {
		if got := try("p256", "one"); got != http.StatusUnauthorized || s.hits.Load() != 4 {
			t.Errorf("a day later: %d, %d fetches", got, s.hits.Load())
		}
	}
	// A new address counts at once.
	other := newKeyServer(t, jwks(t, jose.JSONWebKey{Key: keys["p256"].Public(), KeyID: "one"}))
	w.signsWith(authJWT, map[string]string{"jwks.url": other.URL})
	if got := try("p256", "one"); got != http.StatusOK {
		t.Errorf("a new address: %d", got)
	}
}
