package latchkey

// IdentityProvider is another server that people may sign in through
// (Keycloak: identity provider). It is kept as it was imported, with its
// mappers, and not acted on.
type IdentityProvider struct {
	RealmID string `json:"-"`
	ID      string `json:"-"` // Keycloak: internalId
	Alias   string `json:"-"` // unique in the realm
	// Config holds the provider's secrets too, and is sealed in the store.
	Config map[string]string `json:"-"`
	Kept   Kept              `json:"-"`

	DisplayName string                   `json:"displayName,omitempty"`
	ProviderID  string                   `json:"providerId"` // "oidc", "github", ...
	Enabled     bool                     `json:"enabled,omitempty"`
	Mappers     []IdentityProviderMapper `json:"mappers,omitempty"`
}

// IdentityProviderMapper says what of the other server's answer goes into an
// account (Keycloak: identity provider mapper).
type IdentityProviderMapper struct {
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Mapper string            `json:"mapper"` // Keycloak: identityProviderMapper
	Config map[string]string `json:"config,omitempty"`
	Kept   Kept              `json:"kept,omitempty"`
}
