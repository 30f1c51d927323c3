package representation

import (
	"maps"

	"latchkey"
)

// Component is a piece of a realm's configuration that a plug-in of Keycloak
// reads. ProviderType and ParentID are shown where components are listed;
// exports have them by where a component stands.
type Component struct {
	ID            *string                `json:"id,omitzero"`
	Name          *string                `json:"name,omitzero"`
	ProviderID    string                 `json:"providerId,omitempty"`
	ProviderType  *string                `json:"providerType,omitzero"`
	ParentID      *string                `json:"parentId,omitzero"`
	SubType       *string                `json:"subType,omitzero"`
	SubComponents map[string][]Component `json:"subComponents,omitzero"` // by type
	Config        map[string][]string    `json:"config,omitzero"`
}

// ComponentOf shows a component as exports do, with its secrets and without
// those below it.
func ComponentOf(c *latchkey.Component) Component {
	r := Component{ID: new(c.ID), Name: optional(c.Name), ProviderID: c.ProviderID, SubType: optional(c.SubType),
		SubComponents: map[string][]Component{}, Config: map[string][]string{}}
	maps.Copy(r.Config, c.Config)
	return r
}
