package admin

import (
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// roleMappingRoutes are the routes of what roles users and groups have, and of
// which roles may go into the tokens of clients and of client scopes.
func (d *Door) roleMappingRoutes() []route {
	var all []route
	for _, k := range []holderKind{
		{path: "/users/{id}/role-mappings", what: "a user has", view: mayViewUsers, manage: mayManageUsers, find: userHolder,
			realmType: "REALM_ROLE_MAPPING", clientType: "CLIENT_ROLE_MAPPING"},
		{path: "/groups/{id}/role-mappings", what: "a group has", view: mayViewGroups, manage: mayManageUsers, find: groupHolder,
			realmType: "REALM_ROLE_MAPPING", clientType: "CLIENT_ROLE_MAPPING"},
		{path: "/clients/{id}/scope-mappings", what: "a client's tokens may tell", view: mayViewClients, manage: mayManageClients, find: clientHolder,
			configured: true, realmType: "REALM_SCOPE_MAPPING", clientType: "CLIENT_SCOPE_MAPPING"},
		{path: "/client-scopes/{id}/scope-mappings", what: "a client scope lets tokens tell", view: mayViewClients, manage: mayManageClients,
			find: scopeHolder, configured: true, realmType: "REALM_SCOPE_MAPPING", clientType: "CLIENT_SCOPE_MAPPING"},
	} {
		all = append(all, k.routes()...)
	}
	return append(all, d.offeredRoleRoutes()...)
}

// holderKind is a kind of thing that roles are mapped to.
type holderKind struct {
	path, what   string
	view, manage []string
	find         func(c *call, tx *store.Tx, snap *latchkey.Snapshot) (*roleHolder, error)
	// configured ones are part of the realm's configuration, and tell what may be
	// in tokens; the others get power by their roles.
	configured            bool
	realmType, clientType string // in admin events
}

// roleHolder is a thing that roles are mapped to, as it was read.
type roleHolder struct {
	path   string   // below the realm, for admin events
	direct []string // ids of the roles that are mapped to it
	// effective says of a role whether it has it by whichever way.
	effective func(*latchkey.Role) bool
	// own is the internal id of the client whose roles it has in any case.
	own string
	// role is its own id where it is a role.
	role string
	// change gives it roles and takes roles from it.
	change func(tx *store.Tx, given, taken []string) error
}

func (k holderKind) routes() []route {
	all := []route{
		{method: "GET", path: k.path, may: k.view, act: k.overview, summary: "List the roles that " + k.what, gives: representation.RoleMappings{}},
	}
	for _, of := range []struct{ path, what string }{{"/realm", "realm roles"}, {"/clients/{client}", "roles of one client"}} {
		path := k.path + of.path
		brief := []param{{"briefRepresentation", flag, "without attributes; the default"}}
		all = append(all,
			route{method: "GET", path: path, may: k.view, act: k.direct, summary: "List the " + of.what + " that " + k.what,
				gives: []representation.Role{}},
			route{method: "POST", path: path, may: k.manage, act: k.give, summary: "Add to the " + of.what + " that " + k.what,
				body: []representation.Role{}},
			route{method: "DELETE", path: path, may: k.manage, act: k.take,
				summary: "Take from the " + of.what + " that " + k.what + ": those that are sent, or all", body: []representation.Role{}},
			route{method: "GET", path: path + "/available", may: k.view, act: k.available,
				summary: "List the further " + of.what + " that could be among those that " + k.what, gives: []representation.Role{}},
			route{method: "GET", path: path + "/composite", may: k.view, act: k.composite, query: brief,
				summary: "List the " + of.what + " that " + k.what + ", also by groups and composites", gives: []representation.Role{}},
		)
	}
	return all
}

// mappedClient is the internal id of the client whose roles the request is
// about; empty for the realm's.
func (c *call) mappedClient(snap *latchkey.Snapshot) (string, error) {
	id := c.path("client")
	if id != "" && snap.ClientByID(id) == nil {
		return "", answerError(http.StatusNotFound, "Client not found")
	}
	return id, nil
}

// read finds the holder of the request.
func (k holderKind) read(c *call) (h *roleHolder, err error) {
	err = c.view(func(tx *store.Tx) (err error) {
		h, err = k.find(c, tx, c.snap)
		return err
	})
	return h, err
}

func (k holderKind) overview(c *call) error {
	h, err := k.read(c)
	if err != nil {
		return err
	}
	var list []*latchkey.Role
	for _, id := range h.direct {
		if r := c.snap.Role(id); r != nil {
			list = append(list, r)
		}
	}
	ids := make([]string, 0, len(list))
	for _, r := range sortedRoles(list) {
		ids = append(ids, r.ID)
	}
	return c.answer(representation.RoleMappingsOf(c.snap, ids))
}

// list answers with those of the container's roles that are wanted.
func (k holderKind) list(c *call, brief bool, wanted func(h *roleHolder, r *latchkey.Role) bool) error {
	h, err := k.read(c)
	if err != nil {
		return err
	}
	client, err := c.mappedClient(c.snap)
	if err != nil {
		return err
	}
	var out []*latchkey.Role
	for _, r := range rolesOf(c.snap, client) {
		if wanted(h, r) {
			out = append(out, r)
		}
	}
	return c.answer(shownRoles(c.snap, out, brief))
}

func (k holderKind) direct(c *call) error {
	return k.list(c, true, func(h *roleHolder, r *latchkey.Role) bool { return slices.Contains(h.direct, r.ID) })
}

func (k holderKind) available(c *call) error {
	return k.list(c, true, func(h *roleHolder, r *latchkey.Role) bool { return k.offers(c, h, r) })
}

// offers says whether the role could be added, and by this caller.
func (k holderKind) offers(c *call, h *roleHolder, r *latchkey.Role) bool {
	has := slices.Contains(h.direct, r.ID) || h.own != "" && r.ClientID == h.own
	return !has && (k.configured || c.caller.exceeds(c.snap, []string{r.ID}) == "")
}

func (k holderKind) composite(c *call) error {
	return k.list(c, c.flag("briefRepresentation", true), func(h *roleHolder, r *latchkey.Role) bool { return h.effective(r) })
}

func (k holderKind) give(c *call) error {
	var body []representation.Role
	if err := c.read(&body); err != nil {
		return err
	}
	return k.change(c, operationCreate, body, false)
}

// take takes all where the request has no body, as in Keycloak.
func (k holderKind) take(c *call) error {
	var body []representation.Role
	given, err := c.readIfAny(&body)
	if err != nil {
		return err
	}
	return k.change(c, operationDelete, body, !given)
}

func (k holderKind) change(c *call, operation string, body []representation.Role, all bool) error {
	write := func(tx *store.Tx, snap *latchkey.Snapshot) error {
		h, err := k.find(c, tx, snap)
		if err != nil {
			return err
		}
		client, err := c.mappedClient(snap)
		if err != nil {
			return err
		}
		ids, err := sentRoles(snap, client, body)
		if err != nil {
			return err
		}
		if all {
			ids = slices.DeleteFunc(slices.Clone(h.direct), func(id string) bool {
				r := snap.Role(id)
				return r == nil || r.ClientID != client
			})
		}
		// To take a role away asks for the same: else who manages users takes from
		// administrators what they are.
		if !k.configured {
			if err := c.mayGive(snap, ids...); err != nil {
				return err
			}
		}
		given, taken := ids, []string(nil)
		if operation == operationDelete {
			given, taken = nil, ids
		}
		if err := h.change(tx, given, taken); err != nil {
			return err
		}
		resource, path := k.realmType, h.path+"/realm"
		if client != "" {
			resource, path = k.clientType, h.path+"/clients/"+client
		}
		if body == nil {
			body = rolesSent(snap, ids)
		}
		return c.record(tx, act{operation, resource, path, body})
	}
	var err error
	if k.configured {
		err = c.edit(write)
	} else {
		err = c.update(func(tx *store.Tx) error { return write(tx, c.snap) })
	}
	if err != nil {
		return err
	}
	return c.done()
}

// sentRoles finds the roles that were sent among those of the container. As in
// Keycloak, both the id and, where it is given, the name have to be right.
func sentRoles(snap *latchkey.Snapshot, clientID string, body []representation.Role) (ids []string, err error) {
	for i := range body {
		name := representation.Value(body[i].Name)
		role := snap.Role(representation.Value(body[i].ID))
		if role == nil || role.ClientID != clientID || name != "" && name != role.Name {
			return nil, answerError(http.StatusNotFound, "Role not found")
		}
		if !slices.Contains(ids, role.ID) {
			ids = append(ids, role.ID)
		}
	}
	return ids, nil
}

// rolesSent shows roles as a request would have sent them.
func rolesSent(snap *latchkey.Snapshot, ids []string) []representation.Role {
	list := make([]*latchkey.Role, 0, len(ids))
	for _, id := range ids {
		list = append(list, snap.Role(id))
	}
	return shownRoles(snap, list, true)
}
