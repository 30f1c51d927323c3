package representation

import (
	"maps"
	"slices"

	"latchkey"
)

// Profile is Keycloak's declarative user profile (UPConfig).
type Profile struct {
	Attributes               []ProfileAttribute `json:"attributes"`
	Groups                   []ProfileGroup     `json:"groups,omitzero"`
	UnmanagedAttributePolicy *string            `json:"unmanagedAttributePolicy,omitzero"`
}

// ProfileAttribute is one attribute of a user profile.
type ProfileAttribute struct {
	Name         string                              `json:"name"`
	DisplayName  *string                             `json:"displayName,omitzero"`
	Validations  map[string]latchkey.ProfileSettings `json:"validations,omitzero"`
	Annotations  latchkey.ProfileSettings            `json:"annotations,omitzero"`
	Required     *ProfileScope                       `json:"required,omitzero"`
	Permissions  *ProfilePermissions                 `json:"permissions,omitzero"`
	Selector     *ProfileScope                       `json:"selector,omitzero"`
	Group        *string                             `json:"group,omitzero"`
	Multivalued  *bool                               `json:"multivalued,omitzero"`
	DefaultValue *string                             `json:"defaultValue,omitzero"`
}

// ProfileScope says for whom (admin, user) or for which client scopes
// something holds.
type ProfileScope struct {
	Roles  []string `json:"roles,omitzero"`
	Scopes []string `json:"scopes,omitzero"`
}

// ProfilePermissions say who may see and who may edit an attribute.
type ProfilePermissions struct {
	View []string `json:"view"`
	Edit []string `json:"edit"`
}

// ProfileGroup is a heading over attributes.
type ProfileGroup struct {
	Name               string                   `json:"name"`
	DisplayHeader      *string                  `json:"displayHeader,omitzero"`
	DisplayDescription *string                  `json:"displayDescription,omitzero"`
	Annotations        latchkey.ProfileSettings `json:"annotations,omitzero"`
}

// ProfileMetadata is what a form for one user is drawn from.
type ProfileMetadata struct {
	Attributes []ProfileAttributeMetadata `json:"attributes"`
	Groups     []ProfileGroup             `json:"groups"`
}

// ProfileAttributeMetadata is one field of such a form.
type ProfileAttributeMetadata struct {
	Name         string                              `json:"name"`
	DisplayName  string                              `json:"displayName,omitempty"`
	Required     bool                                `json:"required"`
	ReadOnly     bool                                `json:"readOnly"`
	Annotations  latchkey.ProfileSettings            `json:"annotations,omitzero"`
	Validators   map[string]latchkey.ProfileSettings `json:"validators"`
	Group        string                              `json:"group,omitempty"`
	Multivalued  bool                                `json:"multivalued"`
	DefaultValue string                              `json:"defaultValue,omitempty"`
}

// ProfileOf shows a realm's user profile.
func ProfileOf(p *latchkey.UserProfile) Profile {
	out := Profile{Attributes: []ProfileAttribute{}, Groups: profileGroups(p), UnmanagedAttributePolicy: optional(string(p.UnmanagedAttributePolicy))}
	for i := range p.Attributes {
		a := &p.Attributes[i]
		r := ProfileAttribute{Name: a.Name, DisplayName: optional(a.DisplayName), Validations: a.Validations, Annotations: a.Annotations,
			Group: optional(a.Group), Multivalued: new(a.Multivalued), DefaultValue: optional(a.DefaultValue)}
		if a.Required != nil {
			r.Required = &ProfileScope{Roles: a.Required.Roles, Scopes: a.Required.Scopes}
		}
		if a.Permissions != nil {
			r.Permissions = &ProfilePermissions{View: listed(a.Permissions.View), Edit: listed(a.Permissions.Edit)}
		}
		if a.Selector != nil {
			r.Selector = &ProfileScope{Scopes: a.Selector.Scopes}
		}
		out.Attributes = append(out.Attributes, r)
	}
	return out
}

// listed is the list, never null (trap 1 of Keycloak's clients).
func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func profileGroups(p *latchkey.UserProfile) []ProfileGroup {
	groups := []ProfileGroup{}
	for _, g := range p.Groups {
		groups = append(groups, ProfileGroup{Name: g.Name, DisplayHeader: optional(g.DisplayHeader),
			DisplayDescription: optional(g.DisplayDescription), Annotations: g.Annotations})
	}
	return groups
}

// ProfileMetadataOf gives what a form with the fields is drawn from; the
// fields are those of internal/profile for whoever fills it in.
func ProfileMetadataOf(p *latchkey.UserProfile, fields []latchkey.ProfileField) *ProfileMetadata {
	out := &ProfileMetadata{Attributes: []ProfileAttributeMetadata{}, Groups: profileGroups(p)}
	for _, f := range fields {
		a := f.Attribute
		out.Attributes = append(out.Attributes, ProfileAttributeMetadata{Name: a.Name, DisplayName: a.DisplayName,
			Required: f.Required, ReadOnly: f.ReadOnly, Annotations: a.Annotations, Validators: validatorsOf(a),
			Group: a.Group, Multivalued: a.Multivalued, DefaultValue: a.DefaultValue})
	}
	return out
}

// validatorsOf are the attribute's rules as they are run: an empty value
// passes them, and what is not multivalued has one value.
func validatorsOf(a *latchkey.ProfileAttribute) map[string]latchkey.ProfileSettings {
	v := map[string]latchkey.ProfileSettings{}
	for name, settings := range a.Validations {
		v[name] = maps.Clone(settings)
		if v[name] == nil {
			v[name] = latchkey.ProfileSettings{}
		}
		if name != "multivalued" {
			v[name]["ignore.empty.value"] = true
		}
	}
	if !a.Multivalued {
		v["multivalued"] = latchkey.ProfileSettings{"max": "1"}
	}
	return v
}

// Noun makes the profile, and refuses one that contradicts itself. Username
// and e-mail are there whatever it says.
func (p *Profile) Noun() (profile latchkey.UserProfile, err error) {
	for i := range p.Attributes {
		a := &p.Attributes[i]
		if a.Name == "" {
			return profile, latchkey.Invalid("attributes", "An attribute of the user profile needs a name.")
		}
		if profile.Attribute(a.Name) != nil {
			return profile, latchkey.Invalid("attributes", "The user profile has the attribute %q twice.", clip(a.Name))
		}
		profile.Attributes = append(profile.Attributes, a.noun())
	}
	for _, g := range p.Groups {
		if g.Name == "" {
			return profile, latchkey.Invalid("groups", "A group of the user profile needs a name.")
		}
		if err := Under(join("groups", clip(g.Name)), checkAll(member{"name", &g.Name}, member{"displayHeader", g.DisplayHeader},
			member{"displayDescription", g.DisplayDescription})); err != nil {
			return profile, err
		}
		if profile.Group(g.Name) != nil {
			return profile, latchkey.Invalid("groups", "The user profile has the group %q twice.", clip(g.Name))
		}
		profile.Groups = append(profile.Groups, latchkey.ProfileGroup{Name: g.Name, DisplayHeader: Value(g.DisplayHeader),
			DisplayDescription: Value(g.DisplayDescription), Annotations: g.Annotations})
	}
	for _, a := range profile.Attributes {
		if a.Group != "" && profile.Group(a.Group) == nil {
			return profile, latchkey.Invalid("attributes", "The attribute %q is in the group %q, which the user profile does not have.", clip(a.Name), clip(a.Group))
		}
	}
	switch policy := latchkey.UnmanagedPolicy(Value(p.UnmanagedAttributePolicy)); policy {
	case "", latchkey.UnmanagedEnabled, latchkey.UnmanagedAdminView, latchkey.UnmanagedAdminEdit:
		profile.UnmanagedAttributePolicy = policy
	default:
		return profile, latchkey.Invalid("unmanagedAttributePolicy", "Expected ENABLED, ADMIN_VIEW or ADMIN_EDIT.")
	}
	for _, name := range []string{latchkey.ProfileEmail, latchkey.ProfileUsername} {
		if profile.Attribute(name) == nil {
			profile.Attributes = slices.Insert(profile.Attributes, 0, latchkey.ProfileAttribute{Name: name, DisplayName: "${" + name + "}"})
		}
	}
	return profile, nil
}

func (a *ProfileAttribute) noun() latchkey.ProfileAttribute {
	n := latchkey.ProfileAttribute{Name: a.Name, DisplayName: Value(a.DisplayName), Validations: a.Validations, Annotations: a.Annotations,
		Group: Value(a.Group), Multivalued: Value(a.Multivalued), DefaultValue: Value(a.DefaultValue)}
	if a.Required != nil {
		n.Required = &latchkey.ProfileRequired{Roles: a.Required.Roles, Scopes: a.Required.Scopes}
	}
	if a.Permissions != nil {
		n.Permissions = &latchkey.ProfilePermissions{View: a.Permissions.View, Edit: a.Permissions.Edit}
	}
	if a.Selector != nil {
		n.Selector = &latchkey.ProfileSelector{Scopes: a.Selector.Scopes}
	}
	return n
}
