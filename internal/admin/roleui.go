package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/store"
)

// defaultOffered is how many roles the console's dialog is offered when it does
// not say.
const defaultOffered = 10

// offeredRole is a client's role in the console's lists.
type offeredRole struct {
	ID          string `json:"id"`
	Role        string `json:"role"`
	Client      string `json:"client"`   // clientId
	ClientID    string `json:"clientId"` // internal id
	Description string `json:"description,omitempty"`
}

// offeredRoleRoutes are the lists of clients' roles that Keycloak's console
// draws its dialogs from.
func (d *Door) offeredRoleRoutes() []route {
	var all []route
	for _, k := range []holderKind{
		{path: "users", what: "a user", view: mayViewUsers, manage: mayManageUsers, find: userHolder, realmType: "REALM_ROLE_MAPPING"},
		{path: "groups", what: "a group", view: mayViewGroups, manage: mayManageUsers, find: groupHolder, realmType: "REALM_ROLE_MAPPING"},
		{path: "roles", what: "a role", view: mayViewAnyRole, manage: mayManageAnyRole, find: compositeHolder, realmType: "REALM_ROLE"},
		{path: "clients", what: "a client's scope", view: mayViewClients, manage: mayManageClients, find: clientHolder, configured: true,
			realmType: "CLIENT_SCOPE_MAPPING"},
		{path: "clientScopes", what: "a client scope", view: mayViewClients, manage: mayManageClients, find: scopeHolder, configured: true,
			realmType: "CLIENT_SCOPE_MAPPING"},
	} {
		all = append(all, k.allRoleRoutes()...)
		all = append(all,
			route{method: "GET", path: "/ui-ext/available-roles/" + k.path + "/{id}", may: k.view, gives: []offeredRole{},
				summary: "List the clients' roles that could be added to " + k.what, query: with(paging, []param{{"search", text, "a part of the name of the role or the client"}}),
				act: func(c *call) error { return k.offer(c, defaultOffered, k.offers) }},
			route{method: "GET", path: "/ui-ext/effective-roles/" + k.path + "/{id}", may: k.view, gives: []offeredRole{},
				summary: "List the clients' roles of " + k.what + ", also by groups and composites",
				act: func(c *call) error {
					return k.offer(c, everything, func(_ *call, h *roleHolder, r *latchkey.Role) bool { return h.effective(r) })
				}})
	}
	return all
}

// offer answers with a page of those of the clients' roles that are wanted, by
// client and name.
func (k holderKind) offer(c *call, most int, wanted func(*call, *roleHolder, *latchkey.Role) bool) error {
	first, limit, err := c.page(most)
	if err != nil {
		return err
	}
	h, err := k.read(c)
	if err != nil {
		return err
	}
	search := strings.ToLower(strings.TrimSpace(c.text("search")))
	out := []offeredRole{}
	for _, r := range c.snap.Roles {
		client := c.snap.ClientByID(r.ClientID)
		if client == nil || !strings.Contains(strings.ToLower(client.ClientID+" "+r.Name), search) || !wanted(c, h, r) {
			continue
		}
		out = append(out, offeredRole{ID: r.ID, Role: r.Name, Client: client.ClientID, ClientID: client.ID, Description: r.Description})
	}
	slices.SortFunc(out, func(a, b offeredRole) int {
		return cmp.Or(strings.Compare(a.Client, b.Client), strings.Compare(a.Role, b.Role))
	})
	return c.answer(part(out, first, limit))
}

// compositeHolder is a role as what it is composed of.
func compositeHolder(c *call, _ *store.Tx, snap *latchkey.Snapshot) (*roleHolder, error) {
	role := snap.Role(c.path("id"))
	if role == nil {
		return nil, answerError(http.StatusNotFound, "Could not find role with id")
	}
	if err := c.needToView(role); err != nil {
		return nil, err
	}
	if c.writable() {
		if role.ClientID != "" && !c.may(mayManageClients...) || role.ClientID == "" && !c.may(mayManageRealm...) {
			return nil, forbidden()
		}
	}
	return &roleHolder{path: "roles-by-id/" + role.ID + "/composites", direct: role.Composites, role: role.ID,
		effective: amongExpanded(snap, role.Composites),
		change: func(tx *store.Tx, given, taken []string) error {
			changed := *role
			changed.Composites = changedList(role.Composites, given, taken)
			return tx.UpdateRole(&changed)
		}}, nil
}
