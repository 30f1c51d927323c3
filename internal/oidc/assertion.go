package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json" // refuses names that stand there twice
	"github.com/go-jose/go-jose/v4/jwt"

	"latchkey"
	"latchkey/internal/store"
)

// How clients authenticate (Keycloak's clientAuthenticatorType), besides by a
// secret: by assertions that they sign with a key of their own or with their
// secret (OpenID Connect Core 9: private_key_jwt, client_secret_jwt).
const (
	authSecret    = "client-secret"
	authJWT       = "client-jwt"
	authSecretJWT = "client-secret-jwt"
)

// AuthenticatesBy says whether applications may prove themselves by that kind
// of client authenticator.
func AuthenticatesBy(providerID string) bool {
	return providerID == authSecret || providerID == authJWT || providerID == authSecretJWT
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 2.2

// The algorithms that an assertion may be signed with, by the kind of its key:
// a public key is never taken for a secret.
var assertionAlgorithms = map[string][]jose.SignatureAlgorithm{
	authJWT: {jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512, jose.EdDSA},
	authSecretJWT: {jose.HS256, jose.HS384, jose.HS512},
}

const (
	maxAssertion     = 16 << 10         // bytes
	maxJTI           = 255              // bytes
	assertionSkew    = 60 * time.Second // between the client's clock and ours
	assertionLife    = 60 * time.Second // where the client says nothing else, as Keycloak
	maxAssertionLife = time.Hour        // whatever a client says: ids are remembered that long
)

// assertion is a client's assertion that was found to be right, but for its
// having been used before.
type assertion struct {
	jti   string
	until time.Time // when it is over
}

// spend uses the assertion that the client came with up, within the request's
// transaction: of any number of requests at once one goes on (RFC 7523 3.7).
func (x *exchange) spend(tx *store.Tx) (*oauthError, error) {
	if x.assertion == nil {
		return nil, nil
	}
	first, err := tx.UseJTI(x.snap.Realm.ID, x.client.ID, x.assertion.jti, x.assertion.until)
	if err != nil || first {
		return nil, err
	}
	return badClient("invalid_client", "invalid_client_credentials"), nil
}

// assertedClient is the client_id that an assertion is of, which nothing has
// shown yet to be true.
func assertedClient(raw string) string {
	parts := strings.Split(raw, ".")
	if len(raw) > maxAssertion || len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c jwt.Claims
	if err != nil || json.Unmarshal(text, &c) != nil {
		return ""
	}
	return c.Subject
}

var errAssertion = errors.New("the assertion is not valid")

// checkAssertion checks a client's assertion (RFC 7523 3): what costs nothing
// first, then its signature, with keys that may have to be fetched.
func (d *Door) checkAssertion(ctx context.Context, x *exchange, client *latchkey.Client, raw string) (*assertion, error) {
	algorithms := assertionAlgorithms[client.ClientAuthenticatorType]
	if only := client.Attribute("token.endpoint.auth.signing.alg"); only != "" {
		algorithms = slices.DeleteFunc(slices.Clone(algorithms), func(a jose.SignatureAlgorithm) bool { return string(a) != only })
	}
	if len(raw) > maxAssertion || len(algorithms) == 0 {
		return nil, errAssertion
	}
	signed, err := jose.ParseSignedCompact(raw, algorithms)
	if err != nil {
		return nil, errAssertion
	}
	header := signed.Signatures[0].Protected
	for _, name := range []jose.HeaderKey{"crit", "b64"} {
		if _, ok := header.ExtraHeaders[name]; ok {
			return nil, errAssertion
		}
	}
	var claims jwt.Claims
	if json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims) != nil {
		return nil, errAssertion
	}
	found, err := d.checkAssertionClaims(x, client, &claims)
	if err != nil {
		return nil, err
	}
	keys, err := d.assertionKeys(ctx, x.snap, client, header.KeyID, header.Algorithm)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if _, err := signed.Verify(key); err == nil {
			return found, nil
		}
	}
	return nil, errAssertion
}

func (d *Door) checkAssertionClaims(x *exchange, client *latchkey.Client, c *jwt.Claims) (*assertion, error) {
	now, life := d.Now(), assertionLife
	if n, err := strconv.Atoi(client.Attribute("token.endpoint.auth.signing.max.exp")); err == nil && n > 0 {
		life = min(time.Duration(n)*time.Second, maxAssertionLife)
	}
	switch {
	case c.Issuer != client.ClientID, c.Subject != client.ClientID,
		!x.forUs(d, c.Audience),
		c.ID == "", len(c.ID) > maxJTI,
		c.Expiry == nil, !now.Before(c.Expiry.Time().Add(assertionSkew)), c.Expiry.Time().After(now.Add(life + assertionSkew)),
		c.NotBefore != nil && c.NotBefore.Time().After(now.Add(assertionSkew)),
		c.IssuedAt != nil && c.IssuedAt.Time().After(now.Add(assertionSkew)):
		return nil, errAssertion
	}
	return &assertion{jti: c.ID, until: c.Expiry.Time().Add(assertionSkew)}, nil
}

// forUs says whether an assertion is for this server: for the realm's issuer,
// its token endpoint or the endpoint that it came to, and for nobody else
// beside, who could pass it on.
func (x *exchange) forUs(d *Door, audience []string) bool {
	own := []string{x.issuer, d.url(x.snap, protocol+"token"), d.url(x.snap, protocol+x.endpoint)}
	return len(audience) > 0 && !slices.ContainsFunc(audience, func(a string) bool { return !slices.Contains(own, a) })
}
