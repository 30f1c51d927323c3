package latchkey

// Component is a piece of a realm's configuration that a plug-in of Keycloak
// reads (Keycloak: component): a user federation, a policy of client
// registration, a provider of keys. Those of the user profile and of keys are
// acted on; the others are kept as they were imported.
type Component struct {
	RealmID      string `json:"-"`
	ID           string `json:"-"`
	ParentID     string `json:"-"` // the realm's id, or that of another component
	ProviderType string `json:"-"` // the interface's name: org.keycloak.keys.KeyProvider
	// Config holds the plug-in's secrets too, and is sealed in the store.
	Config map[string][]string `json:"-"`

	Name       string `json:"name,omitempty"`
	ProviderID string `json:"providerId,omitempty"`
	SubType    string `json:"subType,omitempty"`
}
