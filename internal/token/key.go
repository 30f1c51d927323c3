package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
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

const (
	rsaBits  = 2048
	hmacSize = 64
	certLife = 10 * 365 * 24 * time.Hour
)

// NewKey makes an active key of the realm: RS, PS, ES and EdDSA keys with a
// self-signed certificate as Keycloak has them, HS keys without.
func NewKey(realmID, algorithm string, now time.Time) (*latchkey.Key, error) {
	k := &latchkey.Key{
		RealmID: realmID, ID: secret.Token(), Algorithm: algorithm, Use: "sig",
		Status: latchkey.KeyActive, Priority: 100, CreatedAt: now,
	}
	var private crypto.Signer
	var err error
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512:
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.ES512:
		private, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case jose.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case jose.HS256, jose.HS384, jose.HS512:
		k.Private = secret.Random(hmacSize)
		return k, nil
	default:
		return nil, latchkey.Invalid("algorithm", "There is no signature algorithm %q.", algorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("new %s key: %w", algorithm, err)
	}
	if k.Private, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
		return nil, fmt.Errorf("new %s key: %w", algorithm, err)
	}
	if k.Certificate, err = selfSigned(private, realmID, now); err != nil {
		return nil, fmt.Errorf("new %s key: %w", algorithm, err)
	}
	return k, nil
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
	if len(k.Algorithm) > 2 && k.Algorithm[:2] == "HS" {
		if len(k.Private) < 32 {
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

// fits says whether a key is of the algorithm's kind.
func fits(a jose.SignatureAlgorithm, public crypto.PublicKey) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return len(a) == 5 && (a[:2] == "RS" || a[:2] == "PS") && key.N.BitLen() >= rsaBits
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
	keys map[string]*parsedKey
}

func (c *keyCache) get(k *latchkey.Key) (*parsedKey, error) {
	name := k.RealmID + "/" + k.ID
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
		c.keys = map[string]*parsedKey{}
	}
	c.keys[name] = p
	return p, nil
}

// KeySet is the realm's JSON Web Key Set: every asymmetric key that signs or
// still verifies, with its certificate.
func (m *Minter) KeySet(snap *latchkey.Snapshot) (jose.JSONWebKeySet, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range snap.Keys {
		if k.Status == latchkey.KeyDisabled {
			continue
		}
		p, err := m.cache.get(k)
		if err != nil {
			return set, err
		}
		if p.public == nil {
			continue
		}
		jwk := jose.JSONWebKey{Key: p.public, KeyID: k.ID, Algorithm: k.Algorithm, Use: k.Use}
		if cert, err := x509.ParseCertificate(k.Certificate); err == nil {
			thumbprint := sha256.Sum256(cert.Raw)
			jwk.Certificates, jwk.CertificateThumbprintSHA256 = []*x509.Certificate{cert}, thumbprint[:]
		}
		set.Keys = append(set.Keys, jwk)
	}
	return set, nil
}

// SigningAlgorithms lists the algorithms that the realm signs ID tokens with
// for one client or another: those of its active asymmetric keys.
func SigningAlgorithms(snap *latchkey.Snapshot) []string {
	out := []string{}
	for _, a := range asymmetric {
		if snap.ActiveKey(string(a)) != nil {
			out = append(out, string(a))
		}
	}
	return out
}
