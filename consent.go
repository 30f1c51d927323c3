package latchkey

import "time"

// Consent is a person's yes to what an application asked for (Keycloak: user
// consent). It holds until the person, or an administrator, takes it back.
type Consent struct {
	RealmID   string    `json:"-"`
	UserID    string    `json:"-"`
	ClientID  string    `json:"-"` // internal id
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`

	Scopes []string `json:"scopes,omitempty"` // ids of client scopes
}
