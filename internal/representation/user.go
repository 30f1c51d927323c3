package representation

import (
	"strings"
	"time"

	"latchkey"
)

// User is a person's or a service's account. CreatedTimestamp is unix
// milliseconds.
type User struct {
	ID                         *string             `json:"id,omitzero"`
	Username                   *string             `json:"username,omitzero"`
	FirstName                  *string             `json:"firstName,omitzero"`
	LastName                   *string             `json:"lastName,omitzero"`
	Email                      *string             `json:"email,omitzero"`
	EmailVerified              *bool               `json:"emailVerified,omitzero"`
	Attributes                 map[string][]string `json:"attributes,omitzero"`
	Enabled                    *bool               `json:"enabled,omitzero"`
	CreatedTimestamp           *int64              `json:"createdTimestamp,omitzero"`
	TOTP                       *bool               `json:"totp,omitzero"`
	ServiceAccountClientID     *string             `json:"serviceAccountClientId,omitzero"` // clientId; in exports
	Credentials                []Credential        `json:"credentials,omitzero"`
	DisableableCredentialTypes []string            `json:"disableableCredentialTypes,omitzero"`
	RequiredActions            []string            `json:"requiredActions,omitzero"`
	NotBefore                  *int64              `json:"notBefore,omitzero"` // unix seconds
	RealmRoles                 []string            `json:"realmRoles,omitzero"`
	ClientRoles                map[string][]string `json:"clientRoles,omitzero"` // by clientId
	Groups                     []string            `json:"groups,omitzero"`      // paths
	ClientConsents             []UserConsent       `json:"clientConsents,omitzero"`
	FederatedIdentities        []FederatedIdentity `json:"federatedIdentities,omitzero"`
	Access                     map[string]bool     `json:"access,omitzero"`
	UserProfileMetadata        *ProfileMetadata    `json:"userProfileMetadata,omitzero"`
	BruteForceStatus           *BruteForceStatus   `json:"bruteForceStatus,omitzero"` // in a list of the console

	Kept latchkey.Kept `json:"-"`
}

// Credential is what a user proves themselves with. CreatedDate is unix
// milliseconds; SecretData and CredentialData are JSON texts. Value is a
// password in clear, on its way in only.
type Credential struct {
	ID             *string `json:"id,omitzero"`
	Type           *string `json:"type,omitzero"`
	UserLabel      *string `json:"userLabel,omitzero"`
	CreatedDate    *int64  `json:"createdDate,omitzero"`
	SecretData     *string `json:"secretData,omitzero"`
	CredentialData *string `json:"credentialData,omitzero"`
	Priority       *int    `json:"priority,omitzero"`
	Value          *string `json:"value,omitzero"`
	Temporary      *bool   `json:"temporary,omitzero"`

	// The form of exports before Keycloak 4.
	HashedSaltedValue *string `json:"hashedSaltedValue,omitzero"`
	Salt              *string `json:"salt,omitzero"`
	HashIterations    *int    `json:"hashIterations,omitzero"`
	Algorithm         *string `json:"algorithm,omitzero"`
	Digits            *int    `json:"digits,omitzero"`
	Period            *int    `json:"period,omitzero"` // seconds
	Counter           *int    `json:"counter,omitzero"`
}

// FederatedIdentity is an account at an identity provider (an alias) that is
// linked to the user.
type FederatedIdentity struct {
	IdentityProvider string `json:"identityProvider"`
	UserID           string `json:"userId,omitempty"`
	UserName         string `json:"userName,omitempty"`
}

// FederatedIdentityOf shows a linked account.
func FederatedIdentityOf(f *latchkey.FederatedIdentity) FederatedIdentity {
	return FederatedIdentity{IdentityProvider: f.IdentityProvider, UserID: f.FederatedUserID, UserName: f.FederatedUsername}
}

// UserOf shows a user. Brief is who they are, and no more.
func UserOf(u *latchkey.User, brief bool) User {
	r := User{
		ID: new(u.ID), Username: new(u.Username), FirstName: optional(u.FirstName), LastName: optional(u.LastName),
		Email: optional(u.Email), EmailVerified: new(u.EmailVerified), Enabled: new(u.Enabled),
		CreatedTimestamp: new(u.CreatedAt.UnixMilli()),
	}
	if brief {
		return r
	}
	r.TOTP, r.NotBefore = new(false), new(u.NotBefore)
	r.DisableableCredentialTypes, r.RequiredActions = []string{}, list(u.RequiredActions)
	if len(u.Attributes) > 0 {
		r.Attributes = u.Attributes
	}
	return r
}

// Apply changes a user by what is given. Attributes are replaced as a whole
// when they are given; [""] as required actions means none. Whether the
// address is an address is for the caller to check.
func (r *User) Apply(u *latchkey.User) error {
	if r.Username != nil {
		name := strings.ToLower(strings.TrimSpace(*r.Username))
		if name == "" {
			return latchkey.Invalid("username", "A user needs a username.")
		}
		u.Username = name
	}
	if r.Email != nil {
		u.Email = strings.TrimSpace(*r.Email)
	}
	for field, text := range map[string]*string{"username": r.Username, "email": r.Email, "firstName": r.FirstName, "lastName": r.LastName} {
		if strings.ContainsAny(Value(text), "\r\n\x00") {
			return latchkey.Invalid(field, "A name or address cannot hold a line break.")
		}
	}
	set(&u.FirstName, r.FirstName)
	set(&u.LastName, r.LastName)
	set(&u.EmailVerified, r.EmailVerified)
	set(&u.Enabled, r.Enabled)
	set(&u.NotBefore, r.NotBefore)
	if r.Attributes != nil {
		u.Attributes = map[string][]string{}
		for k, v := range r.Attributes {
			if len(v) > 0 {
				u.Attributes[k] = v
			}
		}
	}
	if r.RequiredActions != nil {
		u.RequiredActions = nil
		for _, alias := range r.RequiredActions {
			if alias != "" {
				u.AddRequiredAction(alias)
			}
		}
	}
	u.Kept = merge(u.Kept, r.Kept, nil)
	return nil
}

// CredentialOf shows a credential without its secret.
func CredentialOf(c *latchkey.Credential) Credential {
	return Credential{ID: new(c.ID), Type: new(c.Type), UserLabel: optional(c.UserLabel),
		CreatedDate: new(c.CreatedAt.UnixMilli()), CredentialData: optional(c.CredentialData)}
}

// FromMillis makes a time of unix milliseconds; the zero time of nil and 0.
func FromMillis(ms *int64) time.Time {
	if ms == nil || *ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(*ms).UTC()
}
