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

// The uses of a realm key (JWK's use, RFC 7517 4.2).
const (
	KeyUseSign    = "sig"
	KeyUseEncrypt = "enc" // kept and published; nothing here uses it
)

// Key is one of a realm's keys. Private is PKCS #8 DER for RSA, EC and Ed25519
// keys and the raw bytes of an HMAC or AES key; it is sealed in the store.
type Key struct {
	RealmID     string    `json:"-"`
	ID          string    `json:"-"` // the JOSE kid; never used again for another key
	Algorithm   string    `json:"-"` // RS256, ES256, PS256, EdDSA, HS512, ...
	Use         string    `json:"-"` // KeyUseSign, KeyUseEncrypt
	Status      KeyStatus `json:"-"` // as somebody set it; what time made of it is for who asks
	Priority    int64     `json:"-"` // of an algorithm's keys the one with the highest signs, of several the newest
	Certificate []byte    `json:"-"` // DER, self-signed; empty for HMAC keys
	Private     []byte    `json:"-"`
	CreatedAt   time.Time `json:"-"`
	// ActiveFrom is when the key begins to sign; until then it is published
	// only, so that everybody has it in time. Zero: from the beginning.
	ActiveFrom time.Time `json:"-"`

	// What it is among Keycloak's components: its id, its name and its
	// provider, "rsa-generated" or "rsa" and so on. Empty for a key made here.
	ComponentID string `json:"componentId,omitempty"`
	Name        string `json:"name,omitempty"`
	Provider    string `json:"provider,omitempty"`
	// Config is what the component said of the key and is neither secret nor to
	// be seen from the key: that it is enabled, how large it is.
	Config map[string][]string `json:"config,omitempty"`
	// Removed hides a key that an administrator deleted. It is disabled, and its
	// row stays so that its id is not used again.
	Removed bool `json:"removed,omitempty"`
}

// Start is when the key began, or will begin, to sign.
func (k *Key) Start() time.Time {
	if k.ActiveFrom.After(k.CreatedAt) {
		return k.ActiveFrom
	}
	return k.CreatedAt
}
