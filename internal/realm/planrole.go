package realm

import (
	"slices"
	"strconv"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

// makeRoles makes the file's roles and those of every realm that it lacks,
// without what they are composed of.
func (p *planner) makeRoles() {
	if p.file.Roles != nil {
		p.fileRoles(p.file.Roles)
	}
	for i := range p.base.Roles.Realm {
		p.baseRole("", &p.base.Roles.Realm[i])
	}
	for _, clientID := range sortedKeys(p.base.Roles.Client) {
		for i := range p.base.Roles.Client[clientID] {
			p.baseRole(clientID, &p.base.Roles.Client[clientID][i])
		}
	}
	p.makeDefaultRole()
}

func (p *planner) fileRoles(roles *representation.Roles) {
	for i := range roles.Realm {
		p.fileRole("", &roles.Realm[i], "roles.realm", i)
	}
	for _, clientID := range sortedKeys(roles.Client) {
		path := at("roles.client", clientID)
		for i := range roles.Client[clientID] {
			rep := &roles.Client[clientID][i]
			if p.snap.ClientByClientID(clientID) == nil {
				p.note(latchkey.Invalid(path, "There is no client with this clientId."))
				p.faulty[clientID] = true
				break
			}
			p.fileRole(clientID, rep, path, i)
		}
	}
}

func (p *planner) fileRole(clientID string, rep *representation.Role, list string, index int) {
	name := representation.Value(rep.Name)
	path := at(list, name)
	switch {
	case name == "":
		p.note(latchkey.Invalid(list+"["+strconv.Itoa(index)+"]", "A role needs a name."))
	case p.roles[roleName{clientID, name}] != nil:
		p.note(twice(path, "role"))
	default:
		p.note(under(path, rep.Apply(p.role(clientID, name, p.id("role", rep.ID, path+".id")))))
	}
}

// baseRole makes a role of every realm that the file lacks. The default role
// has the id that the file names it by.
func (p *planner) baseRole(clientID string, rep *representation.Role) {
	if p.roles[roleName{clientID, *rep.Name}] != nil {
		return
	}
	id := secret.NewID()
	if d := p.file.DefaultRole; d != nil && clientID == "" && representation.Value(d.Name) == *rep.Name {
		id = p.id("role", d.ID, "defaultRole.id")
	}
	p.role(clientID, *rep.Name, id).Description = representation.Value(rep.Description)
}

func (p *planner) role(clientID, name, id string) *latchkey.Role {
	r := &latchkey.Role{RealmID: p.snap.Realm.ID, ID: id, Name: name}
	if clientID != "" {
		r.ClientID = p.snap.ClientByClientID(clientID).ID
	}
	p.roles[roleName{clientID, name}] = r
	p.snap.Roles = append(p.snap.Roles, r)
	return r
}

// makeDefaultRole finds the role that every new user has; a file may name
// another than default-roles-<realm>, for instance when it was written for
// another realm.
func (p *planner) makeDefaultRole() {
	name := *p.base.DefaultRole.Name
	if d := p.file.DefaultRole; d != nil && representation.Value(d.Name) != "" {
		name = *d.Name
	}
	p.defaultRole = p.roles[roleName{"", name}]
	if p.defaultRole == nil {
		p.defaultRole = p.role("", name, p.id("role", p.file.DefaultRole.ID, "defaultRole.id"))
		p.defaultRole.Description = "${role_default-roles}"
		own := p.roles[roleName{"", *p.base.DefaultRole.Name}]
		p.defaultRole.Composites = append(p.defaultRole.Composites, own.ID)
	}
	p.snap.Realm.DefaultRoleID = p.defaultRole.ID
}

// makeComposites says what each role is composed of.
func (p *planner) makeComposites() {
	done := map[*latchkey.Role]bool{}
	for _, layer := range []*representation.Realm{p.file, p.base} {
		if layer.Roles == nil {
			continue
		}
		composed := map[*latchkey.Role]bool{}
		for i := range layer.Roles.Realm {
			p.compose("", &layer.Roles.Realm[i], "roles.realm", done, composed)
		}
		for _, clientID := range sortedKeys(layer.Roles.Client) {
			for i := range layer.Roles.Client[clientID] {
				p.compose(clientID, &layer.Roles.Client[clientID][i], at("roles.client", clientID), done, composed)
			}
		}
		for r := range composed {
			done[r] = true
		}
	}
	p.completeRealmAdmin()
	p.oldDefaultRoles()
}

func (p *planner) compose(clientID string, rep *representation.Role, list string, done, composed map[*latchkey.Role]bool) {
	role := p.roles[roleName{clientID, representation.Value(rep.Name)}]
	if role == nil || done[role] {
		return
	}
	composed[role] = true
	if rep.Composites == nil {
		return
	}
	path := at(list, role.Name) + ".composites"
	role.Composites = union(role.Composites, p.roleIDs("", rep.Composites.Realm, path+".realm"))
	for _, client := range sortedKeys(rep.Composites.Client) {
		role.Composites = union(role.Composites, p.roleIDs(client, rep.Composites.Client[client], at(path+".client", client)))
	}
}

// roleIDs finds roles by name.
func (p *planner) roleIDs(clientID string, names []string, path string) []string {
	var ids []string
	for _, name := range names {
		role := p.roles[roleName{clientID, name}]
		switch {
		case role != nil:
			ids = append(ids, role.ID)
		case p.faulty[clientID]: // named already
		default:
			p.note(latchkey.Invalid(path, "There is no role with the name %q.", name))
		}
	}
	return ids
}

// rolesNamed finds the roles of a user or a group, in the order of their ids.
func (p *planner) rolesNamed(realm []string, client map[string][]string, path string) []string {
	ids := p.roleIDs("", realm, path+".realmRoles")
	for _, clientID := range sortedKeys(client) {
		ids = append(ids, p.roleIDs(clientID, client[clientID], at(path+".clientRoles", clientID))...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// completeRealmAdmin gives realm-admin the administrative roles that the
// version which wrote the file did not have yet.
func (p *planner) completeRealmAdmin() {
	admin := p.roles[roleName{latchkey.ClientRealmManagement, "realm-admin"}]
	if admin == nil {
		return
	}
	for _, rep := range p.base.Roles.Client[latchkey.ClientRealmManagement] {
		if *rep.Name != admin.Name {
			admin.Composites = union(admin.Composites, []string{p.roles[roleName{latchkey.ClientRealmManagement, *rep.Name}].ID})
		}
	}
}

// oldDefaultRoles takes over the default roles of exports from before there
// was a default role.
func (p *planner) oldDefaultRoles() {
	ids := p.roleIDs("", p.file.DefaultRoles, "defaultRoles")
	for i := range p.file.Clients {
		c := &p.file.Clients[i]
		clientID := representation.Value(c.ClientID)
		ids = append(ids, p.roleIDs(clientID, c.DefaultRoles, at("clients", clientID)+".defaultRoles")...)
	}
	p.defaultRole.Composites = union(p.defaultRole.Composites, ids)
}

// makeScopeMappings says which roles may go into tokens through a client or a
// client scope.
func (p *planner) makeScopeMappings() {
	realm, client := p.file.ScopeMappings, p.file.ClientScopeMappings
	if realm == nil {
		realm = p.base.ScopeMappings
	}
	if client == nil {
		client = p.base.ClientScopeMappings
	}
	p.mapScopes("", realm, "scopeMappings")
	for _, owner := range sortedKeys(client) {
		p.mapScopes(owner, client[owner], at("clientScopeMappings", owner))
	}
}

func (p *planner) mapScopes(owner string, list []representation.ScopeMapping, path string) {
	for _, m := range list {
		ids := p.roleIDs(owner, m.Roles, path)
		client, scope := p.snap.ClientByClientID(m.Client), p.snap.ScopeByName(m.ClientScope)
		switch {
		case client != nil:
			client.ScopeMappings = union(client.ScopeMappings, ids)
		case scope != nil:
			scope.ScopeMappings = union(scope.ScopeMappings, ids)
		default:
			p.note(latchkey.Invalid(path, "There is no client or client scope %q.", m.Client+m.ClientScope))
		}
	}
}
