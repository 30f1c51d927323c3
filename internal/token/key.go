package token

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/secret"
)

// The algorithms that a realm's keys may have.
var (
	// asymmetric sign what others verify: access and ID tokens.
	asymmetric = []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
	// symmetric sign what only this server verifies: refresh tokens.
	symmetric = []jose.SignatureAlgorithm{jose.HS512}
)

// SignatureAlgorithms are those that keys of a realm may have for signatures
// that others verify, by their names in JOSE (RFC 7518 3.1, RFC 8037 3.1).
func SignatureAlgorithms() []string {
	out := make([]string, len(asymmetric))
	for i, a := range asymmetric {
		out[i] = string(a)
	}
	return out
}

// Symmetric says whether signatures of the algorithm are verified with the
// secret that they are made with.
func Symmetric(algorithm string) bool {
	return slices.Contains([]string{"HS256", "HS384", "HS512"}, algorithm)
}

// CheckSignatureAlgorithm refuses what tokens that others verify cannot be
// signed with. The error has the code "invalid" and names the field.
func CheckSignatureAlgorithm(field, algorithm string) error {
	switch {
	case slices.Contains(asymmetric, jose.SignatureAlgorithm(algorithm)):
		return nil
	case Symmetric(algorithm):
		return latchkey.Invalid(field, "Tokens cannot be signed with %s: applications could not verify them. Expected one of: %s.",
			algorithm, strings.Join(SignatureAlgorithms(), ", "))
	}
	return latchkey.Invalid(field, "There is no signature algorithm %.40q. Expected one of: %s.", algorithm, strings.Join(SignatureAlgorithms(), ", "))
}

const (
	rsaBits  = 2048
	hmacSize = 64
	aesSize  = 16
	certLife = 10 * 365 * 24 * time.Hour
)

// NewKey makes an active key of the realm to sign with: RS, PS, ES and EdDSA
// keys with a self-signed certificate as Keycloak has them, HS keys without.
// RSA keys have 2,048 bits.
func NewKey(realmID, algorithm string, now time.Time) (*latchkey.Key, error) {
	return newKey(realmID, algorithm, 0, now)
}

// newKey is [NewKey] with a size: the bits of an RSA key, the bytes of a secret.
// 0 stands for the usual one.
func newKey(realmID, algorithm string, size int, now time.Time) (*latchkey.Key, error) {
	private, err := generate(algorithm, size)
	if err != nil {
		return nil, err
	}
	return keyOf(realmID, algorithm, private, now)
}

// generate draws a private key: a crypto.Signer, or bytes.
func generate(algorithm string, size int) (any, error) {
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, algorithmOAEP, algorithmOAEP256:
		return rsa.GenerateKey(rand.Reader, cmp.Or(size, rsaBits))
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.ES512:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case jose.EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case jose.HS256, jose.HS384, jose.HS512:
		return secret.Random(cmp.Or(size, hmacSize)), nil
	case algorithmAES:
		return secret.Random(cmp.Or(size, aesSize)), nil
	}
	return nil, latchkey.Invalid("algorithm", "There is no signature algorithm %q.", algorithm)
}

// keyOf makes an active key of a private one.
func keyOf(realmID, algorithm string, private any, now time.Time) (*latchkey.Key, error) {
	k := &latchkey.Key{
		RealmID: realmID, Algorithm: algorithm, Use: useOf(algorithm), Status: latchkey.KeyActive, Priority: 100, CreatedAt: now,
	}
	if raw, ok := private.([]byte); ok {
		k.ID, k.Private = secret.NewID(), raw
		return k, nil
	}
	signer, ok := private.(crypto.Signer)
	if !ok || !fits(jose.SignatureAlgorithm(algorithm), signer.Public()) {
		return nil, latchkey.Invalid("algorithm", "The key does not fit its algorithm %q.", algorithm)
	}
	var err error
	if k.Private, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
		return nil, fmt.Errorf("new %s key: %w", algorithm, err)
	}
	if k.ID, err = keyID(signer.Public()); err != nil {
		return nil, fmt.Errorf("new %s key: %w", algorithm, err)
	}
	if k.Certificate, err = selfSigned(signer, realmID, now); err != nil {
		return nil, fmt.Errorf("new %s key: %w", algorithm, err)
	}
	return k, nil
}

// keyID is the kid of a key: as Keycloak makes it, so that a key that comes
// from there keeps its name.
func keyID(public crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	sum := sha256.Sum256(der)
	return base64.RawURLEncoding.EncodeToString(sum[:]), err
}

// Algorithms of keys that are kept and sign nothing.
const (
	algorithmOAEP    = "RSA-OAEP"
	algorithmOAEP256 = "RSA-OAEP-256"
	algorithmAES     = "AES"
)

func useOf(algorithm string) string {
	switch algorithm {
	case algorithmOAEP, algorithmOAEP256, algorithmAES:
		return latchkey.KeyUseEncrypt
	}
	return latchkey.KeyUseSign
}

func selfSigned(key crypto.Signer, name string, now time.Time) ([]byte, error) {
	serial := new(big.Int).SetBytes(secret.Random(8))
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(certLife),
	}
	return x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
}

// PublicKey gives the key that others verify with; nil for HMAC keys.
func PublicKey(k *latchkey.Key) (crypto.PublicKey, error) {
	p, err := parseKey(k)
	if err != nil {
		return nil, err
	}
	return p.public, nil
}

// parsedKey is a key that is ready to be used.
type parsedKey struct {
	id        string
	algorithm jose.SignatureAlgorithm
	public    crypto.PublicKey // nil for HMAC
	private   any              // crypto.Signer or []byte
	// heads are the first parts of the tokens that it signs, by typ.
	heads map[string]string
}

func parseKey(k *latchkey.Key) (*parsedKey, error) {
	p := &parsedKey{id: k.ID, algorithm: jose.SignatureAlgorithm(k.Algorithm), heads: map[string]string{}}
	for _, kind := range []string{typeHeader, typeHeaderAccess, typeHeaderLogout} {
		p.heads[kind] = headOf(p.algorithm, k.ID, kind)
	}
	if least, raw := rawKeys[k.Algorithm]; raw {
		if len(k.Private) < least {
			return nil, latchkey.Errorf(latchkey.CodeInternal, "key %s is too short", k.ID)
		}
		p.private = k.Private
		return p, nil
	}
	private, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", k.ID, err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok || !fits(p.algorithm, signer.Public()) {
		return nil, latchkey.Errorf(latchkey.CodeInternal, "key %s does not fit its algorithm %s", k.ID, k.Algorithm)
	}
	p.private, p.public = signer, signer.Public()
	return p, nil
}

// rawKeys are the algorithms whose keys are bytes, with how many there are at
// least.
var rawKeys = map[string]int{"HS256": 32, "HS384": 32, "HS512": 32, algorithmAES: 16}

// fits says whether a key is of the algorithm's kind.
func fits(a jose.SignatureAlgorithm, public crypto.PublicKey) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		kind := useOf(string(a)) == latchkey.KeyUseEncrypt || (len(a) == 5 && (a[:2] == "RS" || a[:2] == "PS"))
		return kind && key.N.BitLen() >= rsaBits
	case *ecdsa.PublicKey:
		want := map[jose.SignatureAlgorithm]elliptic.Curve{jose.ES256: elliptic.P256(), jose.ES384: elliptic.P384(), jose.ES512: elliptic.P521()}
		return want[a] == key.Curve
	case ed25519.PublicKey:
		return a == jose.EdDSA
	}
	return false
}

// maxCached bounds the cache of parsed keys; kids are never used again, so an
// entry is never wrong, only old.
const maxCached = 4096

// keyCache keeps parsed keys: parsing an RSA key costs as much as using it.
type keyCache struct {
	mu   sync.RWMutex
	keys map[[2]string]*parsedKey
}

func (c *keyCache) get(k *latchkey.Key) (*parsedKey, error) {
	name := [2]string{k.RealmID, k.ID}
	c.mu.RLock()
	p := c.keys[name]
	c.mu.RUnlock()
	if p != nil && string(p.algorithm) == k.Algorithm {
		return p, nil
	}
	p, err := parseKey(k)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= maxCached {
		c.keys = map[[2]string]*parsedKey{}
	}
	c.keys[name] = p
	return p, nil
}
