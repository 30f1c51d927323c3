package representation

import (
	"unicode/utf8"

	"latchkey"
)

// maxName is how many characters the name of a role or of a group may have.
const maxName = 255

// Role is a realm role or a role of a client.
type Role struct {
	ID          *string             `json:"id,omitzero"`
	Name        *string             `json:"name,omitzero"`
	Description *string             `json:"description,omitzero"`
	Composite   *bool               `json:"composite,omitzero"`
	Composites  *Composites         `json:"composites,omitzero"`
	ClientRole  *bool               `json:"clientRole,omitzero"`
	ContainerID *string             `json:"containerId,omitzero"` // of the realm, or the client's internal id
	Attributes  map[string][]string `json:"attributes,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// Roles are the roles of an export: those of the realm, and by clientId those
// of clients.
type Roles struct {
	Realm  []Role            `json:"realm,omitzero"`
	Client map[string][]Role `json:"client,omitzero"`
}

// Composites are what a role is composed of, by name.
type Composites struct {
	Realm  []string            `json:"realm,omitzero"`
	Client map[string][]string `json:"client,omitzero"`
}

// RoleMappings are roles by whose they are.
type RoleMappings struct {
	RealmMappings  []Role                        `json:"realmMappings,omitzero"`
	ClientMappings map[string]ClientRoleMappings `json:"clientMappings,omitzero"` // by clientId
}

// ClientRoleMappings are those of one client.
type ClientRoleMappings struct {
	ID       string `json:"id"`
	Client   string `json:"client"` // clientId
	Mappings []Role `json:"mappings"`
}

// BriefRoleOf is RoleOf without the attributes, as lists show roles.
func BriefRoleOf(s *latchkey.Snapshot, r *latchkey.Role) Role {
	out := RoleOf(s, r)
	out.Attributes = nil
	return out
}

// RoleOf shows a role, without the names of what it is composed of.
func RoleOf(s *latchkey.Snapshot, r *latchkey.Role) Role {
	out := Role{ID: new(r.ID), Name: new(r.Name), Description: optional(r.Description),
		Composite: new(len(r.Composites) > 0), ClientRole: new(r.ClientID != ""),
		ContainerID: new(s.Realm.ID), Attributes: r.Attributes}
	if r.ClientID != "" {
		out.ContainerID = new(r.ClientID)
	}
	if out.Attributes == nil {
		out.Attributes = map[string][]string{}
	}
	return out
}

// CompositesOf gives the names of what a role is composed of, for an export;
// nil when it is not composite.
func CompositesOf(s *latchkey.Snapshot, r *latchkey.Role) *Composites {
	var c Composites
	for _, id := range r.Composites {
		part := s.Role(id)
		if part == nil {
			continue
		}
		if part.ClientID == "" {
			c.Realm = append(c.Realm, part.Name)
			continue
		}
		client := s.ClientByID(part.ClientID)
		if client == nil {
			continue
		}
		if c.Client == nil {
			c.Client = map[string][]string{}
		}
		c.Client[client.ClientID] = append(c.Client[client.ClientID], part.Name)
	}
	if c.Realm == nil && c.Client == nil {
		return nil
	}
	return &c
}

// RoleMappingsOf shows the roles with the ids by whose they are: what a user, a
// group, a client or a client scope has directly.
func RoleMappingsOf(s *latchkey.Snapshot, ids []string) RoleMappings {
	var out RoleMappings
	for _, id := range ids {
		role := s.Role(id)
		if role == nil {
			continue
		}
		shown := BriefRoleOf(s, role)
		if role.ClientID == "" {
			out.RealmMappings = append(out.RealmMappings, shown)
			continue
		}
		client := s.ClientByID(role.ClientID)
		if client == nil {
			continue
		}
		if out.ClientMappings == nil {
			out.ClientMappings = map[string]ClientRoleMappings{}
		}
		m := out.ClientMappings[client.ClientID]
		m.ID, m.Client, m.Mappings = client.ID, client.ClientID, append(m.Mappings, shown)
		out.ClientMappings[client.ClientID] = m
	}
	return out
}

// Apply changes a role's name, description and attributes by what is given;
// what it is composed of is changed by other calls.
func (r *Role) Apply(to *latchkey.Role) error {
	if r.Name != nil {
		if *r.Name == "" {
			return latchkey.Invalid("name", "A role needs a name.")
		}
		if utf8.RuneCountInString(*r.Name) > maxName {
			return latchkey.Invalid("name", "A role's name has at most %d characters.", maxName)
		}
		to.Name = *r.Name
	}
	if err := checkLength("description", Value(r.Description), maxText); err != nil {
		return err
	}
	set(&to.Description, r.Description)
	if r.Attributes != nil {
		to.Attributes = r.Attributes
	}
	to.Kept = merge(to.Kept, r.Kept, nil)
	return nil
}
