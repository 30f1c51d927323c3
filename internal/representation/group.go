package representation

import (
	"slices"
	"strings"
	"unicode/utf8"

	"latchkey"
)

// Group is a group with those below it. RealmRoles and ClientRoles (by
// clientId) are names of roles that its members have.
type Group struct {
	ID            *string             `json:"id,omitzero"`
	Name          *string             `json:"name,omitzero"`
	Description   *string             `json:"description,omitzero"`
	Path          *string             `json:"path,omitzero"` // "/parent/child"
	ParentID      *string             `json:"parentId,omitzero"`
	SubGroupCount *int                `json:"subGroupCount,omitzero"`
	SubGroups     []Group             `json:"subGroups,omitzero"`
	Attributes    map[string][]string `json:"attributes,omitzero"`
	RealmRoles    []string            `json:"realmRoles,omitzero"`
	ClientRoles   map[string][]string `json:"clientRoles,omitzero"`
	Access        map[string]bool     `json:"access,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// GroupOf shows a group with the names of its roles, without those below it.
// path is its place in the tree.
func GroupOf(s *latchkey.Snapshot, g *latchkey.Group, path string) Group {
	r := Group{ID: new(g.ID), Name: new(g.Name), Description: optional(g.Description), Path: &path, SubGroups: []Group{},
		Attributes: g.Attributes, RealmRoles: []string{}, ClientRoles: map[string][]string{}}
	if r.Attributes == nil {
		r.Attributes = map[string][]string{}
	}
	if c := CompositesOf(s, &latchkey.Role{Composites: g.Roles}); c != nil {
		r.RealmRoles = list(c.Realm)
		if c.Client != nil {
			r.ClientRoles = c.Client
		}
	}
	return r
}

// BriefGroupOf shows a group without what it has: its names and its place. path
// is its place in the tree.
func BriefGroupOf(g *latchkey.Group, path string) Group {
	return Group{ID: new(g.ID), Name: new(g.Name), Description: optional(g.Description), Path: &path, ParentID: optional(g.ParentID),
		SubGroups: []Group{}}
}

// GroupPath is the path of a group in the tree.
func GroupPath(m *latchkey.Membership) string {
	path := ""
	for _, g := range slices.Backward(m.Above) {
		path = PathBelow(path, g.Name)
	}
	return PathBelow(path, m.Group.Name)
}

// Apply changes a group's name, description and attributes by what is given;
// its place and its roles are changed by other calls.
func (r *Group) Apply(g *latchkey.Group) error {
	if r.Name != nil {
		if strings.TrimSpace(*r.Name) == "" {
			return latchkey.Invalid("name", "A group needs a name.")
		}
		if utf8.RuneCountInString(*r.Name) > maxName {
			return latchkey.Invalid("name", "A group's name has at most %d characters.", maxName)
		}
		g.Name = *r.Name
	}
	if err := checkLength("description", Value(r.Description), maxText); err != nil {
		return err
	}
	set(&g.Description, r.Description)
	if r.Attributes != nil {
		g.Attributes = r.Attributes
	}
	g.Kept = merge(g.Kept, r.Kept, nil)
	return nil
}

// PathBelow is the path of a group with that name below the one with the path,
// which is empty at the top. A slash in a name is written as in Keycloak.
func PathBelow(path, name string) string { return path + "/" + strings.ReplaceAll(name, "/", "~/") }
