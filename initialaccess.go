package latchkey

import "time"

// InitialAccess lets whoever has its token register clients (RFC 7591 3,
// Keycloak: client initial access).
type InitialAccess struct {
	RealmID   string    `json:"-"`
	ID        string    `json:"-"` // the token's jti
	CreatedAt time.Time `json:"-"`
	ExpiresAt time.Time `json:"-"` // zero: never
	Remaining int       `json:"-"` // how many clients it is still good for

	Count      int      `json:"count"` // how many it was made for
	WebOrigins []string `json:"webOrigins,omitempty"`
}
