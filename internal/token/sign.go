package token

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
)

// The types in the header of tokens of ours (typ, RFC 7515 4.1.9).
const (
	typeHeader       = "JWT"
	typeHeaderAccess = "at+jwt"     // RFC 9068 2.1
	typeHeaderLogout = "logout+jwt" // OpenID Connect Back-Channel Logout 2.4
)

// Sign signs claims with the realm's active key of the algorithm, for the doors
// that have something else to sign than tokens of a grant: a userinfo answer
// (OpenID Connect Core 5.3.2), a logout token (Back-Channel Logout 2.4). kind is
// the header's typ. It waits for a free core, as long as ctx allows; the error
// has the code "unavailable" when the realm has no such key.
func (m *Minter) Sign(ctx context.Context, snap *latchkey.Snapshot, algorithm, kind string, claims map[string]any) (string, error) {
	if err := m.enter(ctx); err != nil {
		return "", err
	}
	defer m.leave()
	return m.signPublic(snap, algorithm, kind, claims)
}

// signPublic signs what others verify.
func (m *Minter) signPublic(snap *latchkey.Snapshot, algorithm, kind string, claims map[string]any) (string, error) {
	if !slices.Contains(asymmetric, jose.SignatureAlgorithm(algorithm)) {
		return "", latchkey.Errorf(latchkey.CodeUnavailable, "Tokens cannot be signed with %q.", algorithm)
	}
	return m.sign(snap, algorithm, kind, claims)
}

func (m *Minter) sign(snap *latchkey.Snapshot, algorithm, kind string, claims map[string]any) (string, error) {
	k := snap.ActiveKey(algorithm, m.now())
	if k == nil || k.Use != latchkey.KeyUseSign {
		return "", latchkey.Errorf(latchkey.CodeUnavailable, "The realm has no active key for %s.", algorithm)
	}
	p, err := m.cache.get(k)
	if err != nil {
		return "", err
	}
	space := buffers.Get().(*buffer)
	defer space.spare()
	if space.body, err = appendJSON(space.body[:0], claims); err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	b := append(append(space.text[:0], p.head(kind)...), '.')
	b = base64.RawURLEncoding.AppendEncode(b, space.body)
	signature, err := p.sign(b)
	if err != nil {
		return "", fmt.Errorf("sign with key %s: %w", k.ID, err)
	}
	space.text = base64.RawURLEncoding.AppendEncode(append(b, '.'), signature)
	return string(space.text), nil
}

// buffers are what tokens are written in, used again and again: a token is a
// few kilobytes, and a busy server makes thousands a second.
var buffers = sync.Pool{New: func() any { return &buffer{} }}

type buffer struct{ body, text []byte }

// largest is the size up to which a buffer is kept, in bytes.
const largest = 64 << 10

func (b *buffer) spare() {
	if cap(b.body)+cap(b.text) <= largest {
		buffers.Put(b)
	}
}

// headOf is the first part of tokens that a key signs.
func headOf(algorithm jose.SignatureAlgorithm, kid, kind string) string {
	b, _ := appendJSON(nil, map[string]any{"alg": string(algorithm), "kid": kid, "typ": kind}) // texts always encode
	return base64.RawURLEncoding.EncodeToString(b)
}

// head gives the first part of a token of the kind.
func (p *parsedKey) head(kind string) string {
	if h, ok := p.heads[kind]; ok {
		return h
	}
	return headOf(p.algorithm, p.id, kind)
}

// digest hashes what is signed, by the algorithm's own function.
func digest(a jose.SignatureAlgorithm, data []byte) (crypto.Hash, []byte) {
	switch a[2:] {
	case "384":
		sum := sha512.Sum384(data)
		return crypto.SHA384, sum[:]
	case "512":
		sum := sha512.Sum512(data)
		return crypto.SHA512, sum[:]
	}
	sum := sha256.Sum256(data)
	return crypto.SHA256, sum[:]
}

func newHMAC(a jose.SignatureAlgorithm, key []byte) hash.Hash {
	switch a {
	case jose.HS384:
		return hmac.New(sha512.New384, key)
	case jose.HS512:
		return hmac.New(sha512.New, key)
	}
	return hmac.New(sha256.New, key)
}

// pssOptions: the salt is as long as the hash (RFC 7518 3.5).
func pssOptions(h crypto.Hash) *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
}

// sign makes a signature as RFC 7518 3 and RFC 8037 3.1 have it.
func (p *parsedKey) sign(data []byte) ([]byte, error) {
	switch key := p.private.(type) {
	case []byte:
		mac := newHMAC(p.algorithm, key)
		mac.Write(data)
		return mac.Sum(nil), nil
	case *rsa.PrivateKey:
		h, sum := digest(p.algorithm, data)
		if p.algorithm[0] == 'P' {
			return rsa.SignPSS(rand.Reader, key, h, sum, pssOptions(h))
		}
		return rsa.SignPKCS1v15(nil, key, h, sum)
	case *ecdsa.PrivateKey:
		_, sum := digest(p.algorithm, data)
		r, s, err := ecdsa.Sign(rand.Reader, key, sum)
		if err != nil {
			return nil, err
		}
		size := coordinateSize(&key.PublicKey)
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out, nil
	case ed25519.PrivateKey:
		return ed25519.Sign(key, data), nil
	}
	return nil, latchkey.Errorf(latchkey.CodeInternal, "key %s cannot sign", p.id)
}

// verify checks a signature with the key's own algorithm.
func (p *parsedKey) verify(data, signature []byte) bool {
	if key, ok := p.private.([]byte); ok {
		mac := newHMAC(p.algorithm, key)
		mac.Write(data)
		return hmac.Equal(mac.Sum(nil), signature)
	}
	return verifySignature(p.algorithm, p.public, data, signature)
}

// verifySignature checks a signature of an asymmetric algorithm with a key that
// fits it.
func verifySignature(a jose.SignatureAlgorithm, public crypto.PublicKey, data, signature []byte) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		h, sum := digest(a, data)
		if a[0] == 'P' {
			return rsa.VerifyPSS(key, h, sum, signature, pssOptions(h)) == nil
		}
		return rsa.VerifyPKCS1v15(key, h, sum, signature) == nil
	case *ecdsa.PublicKey:
		size := coordinateSize(key)
		if len(signature) != 2*size {
			return false
		}
		_, sum := digest(a, data)
		return ecdsa.Verify(key, sum, new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:]))
	case ed25519.PublicKey:
		return ed25519.Verify(key, data, signature)
	}
	return false
}

func coordinateSize(key *ecdsa.PublicKey) int { return (key.Curve.Params().BitSize + 7) / 8 }
