package latchkey

import "time"

// KeyStatus says what a realm key is used for now.
type KeyStatus string

// The states of a realm key, as in Keycloak.
const (
	KeyActive   KeyStatus = "ACTIVE"   // signs and verifies
	KeyPassive  KeyStatus = "PASSIVE"  // verifies only
	KeyDisabled KeyStatus = "DISABLED" // neither
)

// Key is one of a realm's signing keys. Private is PKCS #8 DER for RSA, EC
// and Ed25519 keys and the raw bytes of an HMAC key; it is sealed in the store.
type Key struct {
	RealmID     string
	ID          string // the JOSE kid; never used again for another key
	Algorithm   string // RS256, ES256, PS256, EdDSA, HS512, ...
	Use         string // "sig"
	Status      KeyStatus
	Priority    int64  // the active key of an algorithm is the one with the highest
	Certificate []byte // DER, self-signed; empty for HMAC keys
	Private     []byte
	CreatedAt   time.Time
}
