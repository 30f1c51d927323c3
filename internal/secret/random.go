package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/google/uuid"
)

// tokenBytes is 256 bits: twice what R-005 asks for, so that a plain hash of a
// token may be stored (ASVS 6.5.2).
const tokenBytes = 32

// Token draws a secret of 32 random bytes as 43 base64url characters.
func Token() string {
	return base64.RawURLEncoding.EncodeToString(Random(tokenBytes))
}

// Random draws n bytes from the operating system. It cannot fail: the runtime
// ends the process when the system has no randomness to give.
func Random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// NewID draws an id for a row: a UUID v7, which grows with time so that b-trees
// stay compact. It is public; it is never a secret.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// TabID draws the public id of a browser tab: 8 random bytes as 11 base64url
// characters, as Keycloak's tab_id has.
func TabID() string { return base64.RawURLEncoding.EncodeToString(Random(8)) }

// Hash is the SHA-256 of a drawn secret: what is stored in its place. It must
// not be used for what a person chose or for short codes; see Keyring.MAC.
func Hash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// Equal compares digests in constant time. Only their lengths, which
// are no secret, may show.
func Equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
