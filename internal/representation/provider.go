package representation

// ConfigProperty describes one option of a provider: what forms are made of
// (Keycloak's ConfigPropertyRepresentation).
type ConfigProperty struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	HelpText string `json:"helpText"`
	// Type is one of Keycloak's: String, Text, Integer, Number, boolean, List,
	// MultivaluedList, MultivaluedString, Role, Group, ClientList, Map, File,
	// Password, Url, UserProfileAttributeList, Script.
	Type         string   `json:"type"`
	DefaultValue any      `json:"defaultValue,omitempty"`
	Options      []string `json:"options,omitempty"`
	Secret       bool     `json:"secret"`
	Required     bool     `json:"required"`
	ReadOnly     bool     `json:"readOnly"`
}
