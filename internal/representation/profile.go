package representation

import (
	"slices"
	"sort"

	"latchkey"
)

// Profile is Keycloak's declarative user profile.
type Profile struct {
	Attributes               []ProfileAttribute `json:"attributes"`
	Groups                   []ProfileGroup     `json:"groups,omitzero"`
	UnmanagedAttributePolicy *string            `json:"unmanagedAttributePolicy,omitzero"`
}

// ProfileAttribute is one attribute of a user profile.
type ProfileAttribute struct {
	Name        string                    `json:"name"`
	DisplayName *string                   `json:"displayName,omitzero"`
	Validations map[string]map[string]any `json:"validations,omitzero"`
	Annotations map[string]any            `json:"annotations,omitzero"`
	Required    *ProfileScope             `json:"required,omitzero"`
	Permissions *ProfilePermissions       `json:"permissions,omitzero"`
	Selector    *ProfileScope             `json:"selector,omitzero"`
	Group       *string                   `json:"group,omitzero"`
	Multivalued *bool                     `json:"multivalued,omitzero"`
}

// ProfileScope says for whom (admin, user) or for which client scopes
// something holds.
type ProfileScope struct {
	Roles  []string `json:"roles,omitzero"`
	Scopes []string `json:"scopes,omitzero"`
}

// ProfilePermissions say who may see and who may edit an attribute.
type ProfilePermissions struct {
	View []string `json:"view,omitzero"`
	Edit []string `json:"edit,omitzero"`
}

// ProfileGroup is a heading over attributes.
type ProfileGroup struct {
	Name               string         `json:"name"`
	DisplayHeader      *string        `json:"displayHeader,omitzero"`
	DisplayDescription *string        `json:"displayDescription,omitzero"`
	Annotations        map[string]any `json:"annotations,omitzero"`
}

// ProfileMetadata is what a form for one user is drawn from.
type ProfileMetadata struct {
	Attributes []ProfileAttributeMetadata `json:"attributes"`
	Groups     []ProfileGroup             `json:"groups"`
}

// ProfileAttributeMetadata is one field of such a form.
type ProfileAttributeMetadata struct {
	Name        string                    `json:"name"`
	DisplayName string                    `json:"displayName,omitempty"`
	Required    bool                      `json:"required"`
	ReadOnly    bool                      `json:"readOnly"`
	Validators  map[string]map[string]any `json:"validators"`
	Multivalued bool                      `json:"multivalued"`
}

// ProfileOf shows a realm's user profile.
func ProfileOf(p *latchkey.UserProfile) Profile {
	out := Profile{Attributes: []ProfileAttribute{},
		Groups: []ProfileGroup{{Name: "user-metadata", DisplayHeader: new("User metadata"),
			DisplayDescription: new("Attributes, which refer to user metadata")}}}
	for _, a := range p.Attributes {
		both := []string{"admin", "user"}
		r := ProfileAttribute{Name: a.Name, DisplayName: optional(a.DisplayName), Multivalued: new(false),
			Permissions: &ProfilePermissions{View: both, Edit: both}, Validations: validationsOf(&a)}
		if a.ReadOnly {
			r.Permissions.Edit = []string{"admin"}
		}
		if a.Required && a.Name != "username" { // a username is always required; Keycloak does not list it
			r.Required = &ProfileScope{Roles: []string{"user"}}
		}
		out.Attributes = append(out.Attributes, r)
	}
	return out
}

// ProfileMetadataOf gives what a form for an administrator is drawn from.
func ProfileMetadataOf(p *latchkey.UserProfile) *ProfileMetadata {
	shape := ProfileOf(p)
	out := &ProfileMetadata{Attributes: []ProfileAttributeMetadata{}, Groups: shape.Groups}
	for i, a := range p.Attributes {
		out.Attributes = append(out.Attributes, ProfileAttributeMetadata{Name: a.Name, DisplayName: a.DisplayName,
			Required: a.Required && a.Name != "username", Validators: shape.Attributes[i].Validations})
	}
	return out
}

func validationsOf(a *latchkey.ProfileAttribute) map[string]map[string]any {
	v := map[string]map[string]any{}
	if a.MaxLength > 0 {
		v["length"] = map[string]any{"max": a.MaxLength}
	}
	if a.Name == "email" {
		v["email"] = map[string]any{}
	}
	return v
}

// Noun makes the part of a profile that the pages act on. rest names what is
// left out: attributes that people cannot see, and rules that are not checked.
func (p *Profile) Noun() (profile latchkey.UserProfile, rest []string, err error) {
	seen := map[string]bool{}
	for i := range p.Attributes {
		a := &p.Attributes[i]
		if a.Name == "" {
			return profile, nil, latchkey.Invalid("attributes", "An attribute of the user profile needs a name.")
		}
		if seen[a.Name] {
			return profile, nil, latchkey.Invalid("attributes", "The user profile has the attribute %q twice.", clip(a.Name))
		}
		seen[a.Name] = true
		rest = append(rest, a.rest()...)
		if !a.seenByUser() {
			rest = append(rest, a.Name+" (for administrators only)")
			continue
		}
		n := latchkey.ProfileAttribute{Name: a.Name, DisplayName: Value(a.DisplayName), Required: a.requiredOfUser(),
			ReadOnly: a.Permissions != nil && !slices.Contains(a.Permissions.Edit, "user")}
		if most, ok := intOf(a.Validations["length"]["max"]); ok && most > 0 && most < 1<<20 {
			n.MaxLength = int(most)
		}
		profile.Attributes = append(profile.Attributes, n)
	}
	for _, name := range []string{"email", "username"} {
		if !seen[name] {
			profile.Attributes = append([]latchkey.ProfileAttribute{{Name: name, DisplayName: "${" + name + "}", Required: true}}, profile.Attributes...)
		}
	}
	return profile, rest, nil
}

func (a *ProfileAttribute) seenByUser() bool {
	p := a.Permissions
	return p == nil || slices.Contains(p.View, "user") || slices.Contains(p.Edit, "user")
}

func (a *ProfileAttribute) requiredOfUser() bool {
	r := a.Required
	return a.Name == "username" || r != nil && len(r.Scopes) == 0 && (len(r.Roles) == 0 || slices.Contains(r.Roles, "user"))
}

// standardRules are the validations that a profile has without anybody's
// doing, or that are acted on.
var standardRules = map[string]bool{"length": true, "email": true, "username-prohibited-characters": true,
	"person-name-prohibited-characters": true, "up-username-not-idn-homograph": true}

func (a *ProfileAttribute) rest() []string {
	var rest []string
	for rule := range a.Validations {
		if !standardRules[rule] {
			rest = append(rest, a.Name+" (rule "+rule+")")
		}
	}
	if r := a.Required; r != nil && len(r.Scopes) > 0 {
		rest = append(rest, a.Name+" (required by client scope)")
	}
	if s := a.Selector; s != nil && len(s.Scopes) > 0 {
		rest = append(rest, a.Name+" (shown by client scope)")
	}
	if Value(a.Multivalued) {
		rest = append(rest, a.Name+" (several values)")
	}
	sort.Strings(rest)
	return rest
}
