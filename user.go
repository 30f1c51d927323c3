package latchkey

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// User is a person's, or a service's, account in a realm (Keycloak: user).
// ID is opaque, never used again and never made from an address.
type User struct {
	RealmID       string    `json:"-"`
	ID            string    `json:"-"`
	Username      string    `json:"-"` // lower case, unique in the realm
	Email         string    `json:"-"` // as typed, for sending; empty when there is none
	EmailVerified bool      `json:"-"` // true only when this server saw it proven
	Enabled       bool      `json:"-"`
	CreatedAt     time.Time `json:"-"`
	NotBefore     int64     `json:"-"` // unix seconds
	// ServiceAccountClientID is the internal id of the client whose service
	// account this is; empty for people.
	ServiceAccountClientID string `json:"-"`

	FirstName       string              `json:"firstName,omitempty"`
	LastName        string              `json:"lastName,omitempty"`
	RequiredActions []string            `json:"requiredActions,omitempty"`
	Attributes      map[string][]string `json:"attributes,omitempty"`
	// Unclaimed says that somebody made the account by themselves and nobody
	// has proven its address since: the first proof leaves nothing of what
	// they typed. It holds for no proven address.
	Unclaimed bool `json:"unclaimed,omitempty"`
	Kept      Kept `json:"-"`
}

// Clone gives a user that shares nothing with u.
func (u *User) Clone() *User {
	c := *u
	c.RequiredActions = slices.Clone(u.RequiredActions)
	c.Attributes = maps.Clone(u.Attributes)
	for name, values := range c.Attributes {
		c.Attributes[name] = slices.Clone(values)
	}
	return &c
}

// FullName is first and last name with one space between them.
func (u *User) FullName() string { return strings.TrimSpace(u.FirstName + " " + u.LastName) }

// AttributeLocale is the user attribute with the language that the user is
// written to in, as in Keycloak.
const AttributeLocale = "locale"

// Locale gives that language; empty when the user chose none, or is nil.
func (u *User) Locale() string {
	if u == nil || len(u.Attributes[AttributeLocale]) == 0 {
		return ""
	}
	return u.Attributes[AttributeLocale][0]
}

// HasRequiredAction says whether the action waits for the user.
func (u *User) HasRequiredAction(alias string) bool {
	for _, a := range u.RequiredActions {
		if a == alias {
			return true
		}
	}
	return false
}

// AddRequiredAction adds the action once.
func (u *User) AddRequiredAction(alias string) {
	if !u.HasRequiredAction(alias) {
		u.RequiredActions = append(u.RequiredActions, alias)
	}
}

// RemoveRequiredAction removes the action.
func (u *User) RemoveRequiredAction(alias string) {
	kept := u.RequiredActions[:0:0]
	for _, a := range u.RequiredActions {
		if a != alias {
			kept = append(kept, a)
		}
	}
	u.RequiredActions = kept
}

// The types of a [Credential].
const (
	CredentialPassword             = "password"
	CredentialPasswordHistory      = "password-history" // a password that the user had
	CredentialOTP                  = "otp"
	CredentialWebAuthn             = "webauthn"
	CredentialWebAuthnPasswordless = "webauthn-passwordless"
)

// Credential is something a user proves themselves with. SecretData and
// CredentialData are the JSON texts of Keycloak's credential representation,
// so that imported passwords keep working; neither allows a sign-in by itself.
type Credential struct {
	RealmID        string
	ID             string
	UserID         string
	Type           string
	UserLabel      string
	SecretData     string
	CredentialData string
	Priority       int
	CreatedAt      time.Time
	// Counter is, of one-time passwords, the first counter, or interval of the
	// time, whose code was not used yet (see store.UseOTP).
	Counter int64
}

// FederatedIdentity is an account at an identity provider that is linked to a
// user (Keycloak: federated identity).
type FederatedIdentity struct {
	RealmID           string
	UserID            string
	IdentityProvider  string // alias
	FederatedUserID   string // there
	FederatedUsername string // there; for people to know it by
}
