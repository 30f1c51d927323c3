package latchkey

// Group is a set of users who have roles and attributes in common (Keycloak:
// group). Groups stand in a tree; who is in a group has the roles of the groups
// above it, too.
type Group struct {
	RealmID  string `json:"-"`
	ID       string `json:"-"`
	ParentID string `json:"-"` // empty at the top
	Name     string `json:"-"` // unique below its parent

	Description string              `json:"description,omitempty"`
	Attributes  map[string][]string `json:"attributes,omitempty"`
	Roles       []string            `json:"roles,omitempty"` // ids of roles that members have
	Kept        Kept                `json:"-"`
}

// Membership is a group that a user is in, with the groups above it.
type Membership struct {
	Group *Group
	Above []*Group // the parent first, the group at the top last
}

// Path is the group's place in the tree: "/parent/child".
func (m *Membership) Path() string {
	path := "/" + m.Group.Name
	for _, g := range m.Above {
		path = "/" + g.Name + path
	}
	return path
}

// Holdings are what a user holds in a realm: the roles that were given to them
// and the groups that they are in.
type Holdings struct {
	Roles       []string // ids, those of groups not among them
	Memberships []*Membership
}

// RoleIDs gives the ids of all roles that the holdings come to, those of groups
// and of the groups above them included, each once. What they are composed of
// is for [Snapshot.ExpandRoles].
func (h *Holdings) RoleIDs() []string {
	if len(h.Memberships) == 0 {
		return h.Roles
	}
	seen := map[string]bool{}
	var ids []string
	add := func(list []string) {
		for _, id := range list {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	add(h.Roles)
	for _, m := range h.Memberships {
		add(m.Group.Roles)
		for _, g := range m.Above {
			add(g.Roles)
		}
	}
	return ids
}
