package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// Where roles are administered: those of the realm and those of a client by
// their names, and each by its id.
const (
	realmRolePath  = "/roles"
	clientRolePath = "/clients/{id}/roles"
	roleByIDPath   = "/roles-by-id/{roleId}"
)

// The resource types of admin events.
const (
	resourceRealmRole  = "REALM_ROLE"
	resourceClientRole = "CLIENT_ROLE"
)

// mayViewAnyRole and mayManageAnyRole are asked for where the role's id does not
// say yet whose it is.
var (
	mayViewAnyRole   = slices.Concat(mayViewRealm, mayViewClients)
	mayManageAnyRole = slices.Concat(mayManageRealm, mayManageClients)
)

func (d *Door) roleRoutes() []route {
	query := with(paging, []param{{"search", text, "a part of the name or the description"}, {"briefRepresentation", flag, "without attributes; the default"}})
	var all []route
	for _, of := range []struct {
		path, what         string
		list, view, manage []string
	}{
		{realmRolePath, "the realm", mayListRoles, mayViewRealm, mayManageRealm},
		{clientRolePath, "a client", mayQueryClients, mayViewClients, mayManageClients},
	} {
		one := of.path + "/{role}"
		all = append(all,
			route{method: "GET", path: of.path, may: of.list, act: d.roles, summary: "List and search the roles of " + of.what, query: query,
				gives: []representation.Role{}},
			route{method: "POST", path: of.path, may: of.manage, act: d.createRole, summary: "Create a role of " + of.what,
				body: representation.Role{}, status: http.StatusCreated},
			route{method: "GET", path: one + "/users", may: of.view, act: d.roleUsers, summary: "List the users that were given a role of " + of.what,
				query: with(paging, []param{{"briefRepresentation", flag, "without attributes"}}), gives: []representation.User{}},
			route{method: "GET", path: one + "/groups", may: of.view, act: d.roleGroups, summary: "List the groups that were given a role of " + of.what,
				query: with(paging, []param{{"briefRepresentation", flag, "without attributes and roles; the default"}}), gives: []representation.Group{}},
		)
		all = append(all, d.oneRoleRoutes(one, "a role of "+of.what, of.view, of.manage)...)
	}
	return append(all, d.oneRoleRoutes(roleByIDPath, "a role by its id", mayViewAnyRole, mayManageAnyRole)...)
}

// oneRoleRoutes are the routes of one role, at each of its addresses.
func (d *Door) oneRoleRoutes(path, what string, view, manage []string) []route {
	return slices.Concat([]route{
		{method: "GET", path: path, may: view, act: d.role, summary: "Read " + what, gives: representation.Role{}},
		{method: "PUT", path: path, may: manage, act: d.updateRole, summary: "Change " + what + ": what is given", body: representation.Role{}},
		{method: "DELETE", path: path, may: manage, act: d.deleteRole, summary: "Delete " + what},
		noFeature("GET", path+"/management/permissions", view),
		noFeature("PUT", path+"/management/permissions", manage),
	}, d.compositeRoutes(path+"/composites", what, view, manage))
}

// roleContainer is whose roles the request is about.
type roleContainer struct {
	clientID string // internal; empty for the realm
	path     string // of its roles, below the realm
}

// container finds whose roles the request is about.
func (c *call) container(snap *latchkey.Snapshot) (roleContainer, error) {
	id := c.path("id")
	if id == "" {
		return roleContainer{path: "roles"}, nil
	}
	if snap.ClientByID(id) == nil {
		return roleContainer{}, answerError(http.StatusNotFound, "Could not find client")
	}
	return roleContainer{clientID: id, path: "clients/" + id + "/roles"}, nil
}

// roleResource is the type of a role in admin events.
func roleResource(clientID string) string {
	if clientID != "" {
		return resourceClientRole
	}
	return resourceRealmRole
}

// roleAt finds the role of the request, and where it is in admin events.
func (c *call) roleAt(snap *latchkey.Snapshot) (*latchkey.Role, string, error) {
	if id := c.path("roleId"); id != "" {
		role := snap.Role(id)
		if role == nil {
			return nil, "", answerError(http.StatusNotFound, "Could not find role with id")
		}
		return role, "roles-by-id/" + id, nil
	}
	in, err := c.container(snap)
	if err != nil {
		return nil, "", err
	}
	role := snap.RoleNamed(in.clientID, c.path("role"))
	if role == nil {
		return nil, "", answerError(http.StatusNotFound, "Could not find role")
	}
	return role, in.path + "/" + role.Name, nil
}

// roleToView is the role of the request for who reads it.
func (c *call) roleToView() (*latchkey.Role, error) {
	role, _, err := c.roleAt(c.snap)
	if err != nil {
		return nil, err
	}
	return role, c.needToView(role)
}

// needToView asks of the caller what it takes to see a role of the realm, or of
// a client.
func (c *call) needToView(role *latchkey.Role) error {
	if role.ClientID != "" {
		return c.need(mayViewClients...)
	}
	return c.need(mayViewRealm...)
}

// roleToManage is the role of the request for who changes it, and where it is
// in admin events.
func (c *call) roleToManage(snap *latchkey.Snapshot) (*latchkey.Role, string, error) {
	role, path, err := c.roleAt(snap)
	switch {
	case err != nil:
		return nil, "", err
	case role.ClientID != "":
		return role, path, c.need(mayManageClients...)
	}
	return role, path, c.need(mayManageRealm...)
}

// rolesOf are the roles of the realm, or of the client with the internal id, by
// name.
func rolesOf(snap *latchkey.Snapshot, clientID string) []*latchkey.Role {
	var out []*latchkey.Role
	for _, r := range snap.Roles {
		if r.ClientID == clientID {
			out = append(out, r)
		}
	}
	return sortedRoles(out)
}

func sortedRoles(list []*latchkey.Role) []*latchkey.Role {
	slices.SortFunc(list, func(a, b *latchkey.Role) int {
		return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID)
	})
	return list
}

// searchedRoles are those with the text in their name or description, in any
// case.
func searchedRoles(list []*latchkey.Role, search string) []*latchkey.Role {
	search = strings.ToLower(strings.TrimSpace(search))
	if search == "" {
		return list
	}
	var out []*latchkey.Role
	for _, r := range list {
		if strings.Contains(strings.ToLower(r.Name), search) || strings.Contains(strings.ToLower(r.Description), search) {
			out = append(out, r)
		}
	}
	return out
}

// shownRoles shows roles, brief or with their attributes.
func shownRoles(snap *latchkey.Snapshot, list []*latchkey.Role, brief bool) []representation.Role {
	out := make([]representation.Role, 0, len(list))
	for _, r := range list {
		if brief {
			out = append(out, representation.BriefRoleOf(snap, r))
		} else {
			out = append(out, representation.RoleOf(snap, r))
		}
	}
	return out
}

func (d *Door) roles(c *call) error {
	in, err := c.container(c.snap)
	if err != nil {
		return err
	}
	first, limit, err := c.page(everything)
	if err != nil {
		return err
	}
	found := searchedRoles(rolesOf(c.snap, in.clientID), c.text("search"))
	return c.answer(shownRoles(c.snap, part(found, first, limit), c.flag("briefRepresentation", true)))
}

func (d *Door) role(c *call) error {
	role, err := c.roleToView()
	if err != nil {
		return err
	}
	return c.answer(representation.RoleOf(c.snap, role))
}

// mayName refuses that a role gets a name that would make it an administrative
// one which the caller lacks: whoever has the role would have the power.
func (c *call) mayName(snap *latchkey.Snapshot, r *latchkey.Role) error {
	if realm.Administrative(snap, r) && !c.caller.holds(snap, r) {
		return answerError(http.StatusForbidden, "The name is that of the administrative role "+r.Name+", which the caller lacks.")
	}
	return nil
}

func roleTaken(err error, name string) error {
	return conflict(err, "Role with name "+name+" already exists")
}

func (d *Door) createRole(c *call) error {
	var body representation.Role
	if err := c.read(&body); err != nil {
		return err
	}
	if body.Name == nil {
		body.Name = new("") // and Apply says that it needs one
	}
	var in roleContainer
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) (err error) {
		if in, err = c.container(snap); err != nil {
			return err
		}
		role := &latchkey.Role{RealmID: snap.Realm.ID, ID: representation.Value(body.ID), ClientID: in.clientID}
		if snap.Role(role.ID) != nil {
			return latchkey.Invalid("id", "Another role has this id.")
		}
		if err := body.Apply(role); err != nil {
			return err
		}
		if err := c.mayName(snap, role); err != nil {
			return err
		}
		if representation.Value(body.Composite) && body.Composites != nil {
			if role.Composites, err = c.namedRoles(snap, body.Composites); err != nil {
				return err
			}
		}
		if err := tx.CreateRole(role); err != nil {
			return roleTaken(err, role.Name)
		}
		return c.record(tx, act{operationCreate, roleResource(in.clientID), in.path + "/" + role.Name, &body})
	})
	if err != nil {
		return err
	}
	return c.created(in.path, url.PathEscape(*body.Name))
}

// namedRoles finds the roles that a new one is composed of.
func (c *call) namedRoles(snap *latchkey.Snapshot, named *representation.Composites) (ids []string, err error) {
	add := func(clientID, field string, names []string) error {
		for _, name := range names {
			role := snap.RoleNamed(clientID, name)
			if role == nil {
				return latchkey.Invalid(field, "There is no role %q.", name)
			}
			if !slices.Contains(ids, role.ID) {
				ids = append(ids, role.ID)
			}
		}
		return nil
	}
	if err := add("", "composites.realm", named.Realm); err != nil {
		return nil, err
	}
	for clientID, names := range named.Client {
		client := snap.ClientByClientID(clientID)
		field := representation.Path("composites.client", clientID)
		if client == nil {
			return nil, latchkey.Invalid(field, "There is no client %q.", clientID)
		}
		if err := add(client.ID, field, names); err != nil {
			return nil, err
		}
	}
	slices.Sort(ids)
	return ids, c.mayGive(snap, ids...)
}

func (d *Door) updateRole(c *call) error {
	var body representation.Role
	if err := c.read(&body); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		role, path, err := c.roleToManage(snap)
		if err != nil {
			return err
		}
		changed := *role
		if err := body.Apply(&changed); err != nil {
			return err
		}
		if changed.Name != role.Name {
			if err := c.mayName(snap, &changed); err != nil {
				return err
			}
		}
		if err := tx.UpdateRole(&changed); err != nil {
			return roleTaken(err, changed.Name)
		}
		return c.record(tx, act{operationUpdate, roleResource(role.ClientID), path, &body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) deleteRole(c *call) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		role, path, err := c.roleToManage(snap)
		if err != nil {
			return err
		}
		if role.ID == snap.Realm.DefaultRoleID {
			return answerError(http.StatusBadRequest, role.Name+" is default role of the realm and cannot be removed.")
		}
		if err := realm.DeleteRole(tx, snap, role); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, roleResource(role.ClientID), path, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
