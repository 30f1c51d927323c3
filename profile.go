package latchkey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// UserProfile is a realm's declarative user profile, with the names of
// Keycloak's UPConfig: which attributes a user of the realm has, who sees and
// who edits them, and what a value must be. What a form of it shows and what
// it takes is decided in internal/profile.
type UserProfile struct {
	Attributes []ProfileAttribute `json:"attributes"`
	Groups     []ProfileGroup     `json:"groups,omitzero"`
	// UnmanagedAttributePolicy says what becomes of attributes that the
	// profile does not name; empty: nobody sees or sets them.
	UnmanagedAttributePolicy UnmanagedPolicy `json:"unmanagedAttributePolicy,omitempty"`
}

// UnmanagedPolicy says who sees and sets attributes that the profile does not
// name.
type UnmanagedPolicy string

// The policies for unmanaged attributes; the empty one is nobody.
const (
	UnmanagedEnabled   UnmanagedPolicy = "ENABLED"    // the person and administrators
	UnmanagedAdminView UnmanagedPolicy = "ADMIN_VIEW" // administrators see them
	UnmanagedAdminEdit UnmanagedPolicy = "ADMIN_EDIT" // administrators see and set them
)

// ProfileAttribute is one attribute of a user profile: username, email,
// firstName, lastName or an attribute of the operator's own.
type ProfileAttribute struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
	// Validations are the rules for a value, by the name of the validator.
	Validations map[string]ProfileSettings `json:"validations,omitzero"`
	// Annotations say how a form shows the attribute (inputType, ...).
	Annotations ProfileSettings `json:"annotations,omitzero"`
	// Required says of whom a value is required; nil: of nobody.
	Required *ProfileRequired `json:"required,omitempty"`
	// Permissions say who sees and edits it; nil: administrators only, but for
	// username and email, which everyone has.
	Permissions *ProfilePermissions `json:"permissions,omitempty"`
	// Selector says for which client scopes a sign-in asks for it; nil: always.
	Selector     *ProfileSelector `json:"selector,omitempty"`
	Group        string           `json:"group,omitempty"`
	Multivalued  bool             `json:"multivalued,omitempty"`
	DefaultValue string           `json:"defaultValue,omitempty"`
}

// ProfileRequired says of whom an attribute is required: of the roles, or in
// sign-ins that ask for one of the client scopes. Neither means of everyone.
type ProfileRequired struct {
	Roles  []string `json:"roles,omitzero"`  // "user", "admin"
	Scopes []string `json:"scopes,omitzero"` // names of client scopes
}

// ProfilePermissions say which of "user" and "admin" see and edit an
// attribute. Who edits it sees it.
type ProfilePermissions struct {
	View []string `json:"view"`
	Edit []string `json:"edit"`
}

// ProfileSelector names the client scopes for which a sign-in asks for an
// attribute.
type ProfileSelector struct {
	Scopes []string `json:"scopes,omitzero"`
}

// ProfileGroup is a heading over attributes of a form.
type ProfileGroup struct {
	Name               string          `json:"name"`
	DisplayHeader      string          `json:"displayHeader,omitempty"`
	DisplayDescription string          `json:"displayDescription,omitempty"`
	Annotations        ProfileSettings `json:"annotations,omitzero"`
}

// ProfileSettings are the settings of a validator, or annotations: JSON as
// the operator wrote it. Numbers are kept as [json.Number], so that a profile
// comes out of the store as it went in.
type ProfileSettings map[string]any

// UnmarshalJSON reads the object and keeps its numbers as they are written.
func (s *ProfileSettings) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return err
	}
	*s = m
	return nil
}

// The names of the attributes that every user has by themselves.
const (
	ProfileUsername  = "username"
	ProfileEmail     = "email"
	ProfileFirstName = "firstName"
	ProfileLastName  = "lastName"
)

// RootAttribute says whether the attribute is a member of a user's
// representation, and none of its "attributes".
func RootAttribute(name string) bool {
	switch name {
	case ProfileUsername, ProfileEmail, ProfileFirstName, ProfileLastName:
		return true
	}
	return false
}

// Those for whom a profile's rules are written.
const (
	ProfileUser  = "user"
	ProfileAdmin = "admin"
)

// DefaultUserProfile is the profile of a new realm, as Keycloak has it but for
// first and last name, which are asked for and may stay empty, so that a first
// sign-in by mail ends in the application (docs/keycloak.md).
func DefaultUserProfile() UserProfile {
	both := func() *ProfilePermissions {
		return &ProfilePermissions{View: []string{ProfileAdmin, ProfileUser}, Edit: []string{ProfileAdmin, ProfileUser}}
	}
	most := func() ProfileSettings { return ProfileSettings{"max": json.Number("255")} }
	name := func(name string) ProfileAttribute {
		return ProfileAttribute{Name: name, DisplayName: "${" + name + "}", Permissions: both(),
			Validations: map[string]ProfileSettings{"length": most(), "person-name-prohibited-characters": {}}}
	}
	return UserProfile{
		Attributes: []ProfileAttribute{
			{Name: ProfileUsername, DisplayName: "${username}", Permissions: both(), Validations: map[string]ProfileSettings{
				"length":                         {"min": json.Number("3"), "max": json.Number("255")},
				"username-prohibited-characters": {}, "up-username-not-idn-homograph": {}}},
			{Name: ProfileEmail, DisplayName: "${email}", Permissions: both(), Required: &ProfileRequired{Roles: []string{ProfileUser}},
				Validations: map[string]ProfileSettings{"email": {}, "length": most()}},
			name(ProfileFirstName), name(ProfileLastName),
		},
		Groups: []ProfileGroup{{Name: "user-metadata", DisplayHeader: "User metadata",
			DisplayDescription: "Attributes, which refer to user metadata"}},
	}
}

// Attribute finds an attribute by its name; nil when the profile has none.
func (p *UserProfile) Attribute(name string) *ProfileAttribute {
	for i := range p.Attributes {
		if p.Attributes[i].Name == name {
			return &p.Attributes[i]
		}
	}
	return nil
}

// Group finds a group by its name; nil when the profile has none.
func (p *UserProfile) Group(name string) *ProfileGroup {
	for i := range p.Groups {
		if p.Groups[i].Name == name {
			return &p.Groups[i]
		}
	}
	return nil
}

// BuiltIn says that the attribute is a user's username or e-mail address.
func (a *ProfileAttribute) BuiltIn() bool {
	return a.Name == ProfileUsername || a.Name == ProfileEmail
}

// EditedBy says whether the role ([ProfileUser], [ProfileAdmin]) may edit the
// attribute. An attribute without permissions is for administrators.
func (a *ProfileAttribute) EditedBy(role string) bool {
	if a.Permissions == nil {
		return role == ProfileAdmin || a.BuiltIn()
	}
	return slices.Contains(a.Permissions.Edit, role)
}

// SeenBy says whether the role sees the attribute.
func (a *ProfileAttribute) SeenBy(role string) bool {
	return a.EditedBy(role) || a.Permissions != nil && slices.Contains(a.Permissions.View, role)
}

// RequiredOf says whether a value is required of the role, in a sign-in that
// asks for the client scopes; scopes is nil outside of one. A username is
// required of everyone.
func (a *ProfileAttribute) RequiredOf(role string, scopes []string) bool {
	r := a.Required
	switch {
	case a.Name == ProfileUsername:
		return true
	case r == nil:
		return false
	case len(r.Roles) == 0 && len(r.Scopes) == 0:
		return true
	}
	return slices.Contains(r.Roles, role) || overlap(r.Scopes, scopes)
}

// SelectedBy says whether a sign-in that asks for the client scopes asks for
// the attribute; scopes is nil outside of one, where all are.
func (a *ProfileAttribute) SelectedBy(scopes []string) bool {
	return scopes == nil || a.BuiltIn() || a.Selector == nil || len(a.Selector.Scopes) == 0 || overlap(a.Selector.Scopes, scopes)
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// ProfileField is an attribute as a form shows it to somebody: what
// internal/profile gives, and what Keycloak calls an attribute's metadata.
type ProfileField struct {
	Attribute *ProfileAttribute
	Values    []string // at most one, unless the attribute is multivalued
	Required  bool
	ReadOnly  bool
}

// ProfileOption is one of the values that an attribute may have, with what
// people are shown for it.
type ProfileOption struct{ Value, Label string }

// Options are the values that may be chosen, in their order, with what people
// are shown for them: those of the validator that the annotation
// inputOptionsFromValidation names, else of the validator "options".
func (a *ProfileAttribute) Options() []ProfileOption {
	from := "options"
	if name, ok := a.Annotations["inputOptionsFromValidation"].(string); ok && name != "" {
		from = name
	}
	labels, _ := a.Annotations["inputOptionLabels"].(map[string]any)
	prefix, _ := a.Annotations["inputOptionLabelsI18nPrefix"].(string)
	list, _ := a.Validations[from]["options"].([]any)
	var out []ProfileOption
	for _, one := range list {
		var value string
		switch v := one.(type) {
		case string:
			value = v
		case json.Number, bool, float64:
			value = fmt.Sprint(v)
		default:
			continue
		}
		label, ok := labels[value].(string)
		switch {
		case ok && label != "":
		case prefix != "":
			label = "${" + prefix + "." + value + "}"
		default:
			label = value
		}
		out = append(out, ProfileOption{Value: value, Label: label})
	}
	return out
}
