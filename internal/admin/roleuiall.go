package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// effectiveRole is a role, the realm's or a client's, in the console's list of
// all that something has.
type effectiveRole struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	ClientRole  bool   `json:"clientRole"`
	Client      string `json:"client,omitempty"`   // clientId
	ClientID    string `json:"clientId,omitempty"` // internal id
}

// roleToTake names a role that is taken from something; the id decides.
type roleToTake struct {
	RoleID   *string `json:"roleId,omitzero"`
	RoleName *string `json:"roleName,omitzero"`
	ClientID *string `json:"clientId,omitzero"`
}

// allRoleRoutes are the console's calls about roles of the realm and of clients
// at once.
func (k holderKind) allRoleRoutes() []route {
	all := []route{
		{method: "GET", path: "/ui-ext/effective-roles-all/" + k.path + "/{id}", may: k.view, act: k.allEffective, gives: []effectiveRole{},
			summary: "List all roles of " + k.what + ", of the realm and of clients, also by groups and composites"},
		{method: "POST", path: "/ui-ext/role-mapping-delete/" + k.path + "/{id}", may: k.manage, act: k.takeSome, body: []roleToTake{},
			summary: "Take roles, of the realm and of clients, from " + k.what},
	}
	if k.path == "roles" {
		all = append(all, route{method: "GET", path: "/ui-ext/role-mappings/roles/{id}", may: k.view, act: compositeMappings, gives: representation.RoleMappings{},
			summary: "List what a role is composed of, by whose roles they are"})
	}
	return all
}

// allEffective lists those roles that the caller may see: the realm's, then the
// clients', by name. A client's own roles and its full scope are no mappings.
func (k holderKind) allEffective(c *call) error {
	h, err := k.read(c)
	if err != nil {
		return err
	}
	has := h.effective
	if k.configured {
		has = amongExpanded(c.snap, h.direct)
	}
	out := []effectiveRole{}
	for _, r := range c.snap.Roles {
		if r.ID != h.role && !has(r) || c.needToView(r) != nil {
			continue
		}
		one := effectiveRole{ID: r.ID, Name: r.Name, Description: r.Description}
		if client := c.snap.ClientByID(r.ClientID); client != nil {
			one.ClientRole, one.Client, one.ClientID = true, client.ClientID, client.ID
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b effectiveRole) int {
		return cmp.Or(strings.Compare(a.Client, b.Client), strings.Compare(a.Name, b.Name))
	})
	return c.answer(out)
}

// takeSome takes the roles that are sent; those that do not exist are passed
// over, as in Keycloak.
func (k holderKind) takeSome(c *call) error {
	var body []roleToTake
	if err := c.read(&body); err != nil {
		return err
	}
	write := func(tx *store.Tx, snap *latchkey.Snapshot) error {
		h, err := k.find(c, tx, snap)
		if err != nil {
			return err
		}
		var ids []string
		for i := range body {
			if r := snap.Role(representation.Value(body[i].RoleID)); r != nil {
				ids = append(ids, r.ID)
			}
		}
		if !k.configured {
			if err := c.mayGive(snap, ids...); err != nil {
				return err
			}
		}
		if err := h.change(tx, nil, ids); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, k.realmType, h.path, rolesSent(snap, ids)})
	}
	var err error
	if k.configured || k.path == "roles" {
		err = c.edit(write)
	} else {
		err = c.update(func(tx *store.Tx) error { return write(tx, c.snap) })
	}
	if err != nil {
		return err
	}
	return c.done()
}

// compositeMappings shows what a role is composed of; whose a client's role is,
// the console is told by the clientId.
func compositeMappings(c *call) error {
	role := c.snap.Role(c.path("id"))
	if role == nil {
		return answerError(http.StatusNotFound, "Could not find role")
	}
	if err := c.needToView(role); err != nil {
		return err
	}
	var seen []string
	for _, r := range sortedRoles(partsOf(c.snap, role)) {
		if c.needToView(r) == nil {
			seen = append(seen, r.ID)
		}
	}
	out := representation.RoleMappingsOf(c.snap, seen)
	for name, m := range out.ClientMappings {
		for i := range m.Mappings {
			m.Mappings[i].ContainerID = new(name)
		}
	}
	return c.answer(out)
}
