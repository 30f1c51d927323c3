package realm

import (
	"strconv"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

// makeRoles makes the file's roles and those of every realm that it lacks,
// without what they are composed of.
func (p *planner) makeRoles() error {
	if p.file.Roles != nil {
		if err := p.fileRoles(p.file.Roles); err != nil {
			return err
		}
	}
	for i := range p.base.Roles.Realm {
		if err := p.baseRole("", &p.base.Roles.Realm[i]); err != nil {
			return err
		}
	}
	for _, clientID := range sortedKeys(p.base.Roles.Client) {
		for i := range p.base.Roles.Client[clientID] {
			if err := p.baseRole(clientID, &p.base.Roles.Client[clientID][i]); err != nil {
				return err
			}
		}
	}
	return p.makeDefaultRole()
}

func (p *planner) fileRoles(roles *representation.Roles) error {
	for i := range roles.Realm {
		if err := p.fileRole("", &roles.Realm[i], "roles.realm", i); err != nil {
			return err
		}
	}
	for _, clientID := range sortedKeys(roles.Client) {
		path := at("roles.client", clientID)
		for i := range roles.Client[clientID] {
			rep := &roles.Client[clientID][i]
			if p.foreignClients[clientID] {
				p.report.add("roles.client", NotTaken, "its client is not taken", clientID+": "+representation.Value(rep.Name))
				continue
			}
			if p.snap.ClientByClientID(clientID) == nil {
				return latchkey.Invalid(path, "There is no client with this clientId.")
			}
			if err := p.fileRole(clientID, rep, path, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *planner) fileRole(clientID string, rep *representation.Role, list string, index int) error {
	name := representation.Value(rep.Name)
	if name == "" {
		return latchkey.Invalid(list+"["+strconv.Itoa(index)+"]", "A role needs a name.")
	}
	path := at(list, name)
	if p.roles[roleName{clientID, name}] != nil {
		return twice(path, "role")
	}
	id, err := p.id("role", rep.ID, path+".id")
	if err != nil {
		return err
	}
	return under(path, rep.Apply(p.role(clientID, name, id)))
}

// baseRole makes a role of every realm that the file lacks. The default role
// has the id that the file names it by.
func (p *planner) baseRole(clientID string, rep *representation.Role) error {
	if p.roles[roleName{clientID, *rep.Name}] != nil {
		return nil
	}
	id := secret.NewID()
	if d := p.file.DefaultRole; d != nil && clientID == "" && representation.Value(d.Name) == *rep.Name {
		var err error
		if id, err = p.id("role", d.ID, "defaultRole.id"); err != nil {
			return err
		}
	}
	p.role(clientID, *rep.Name, id).Description = representation.Value(rep.Description)
	return nil
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
func (p *planner) makeDefaultRole() error {
	name := *p.base.DefaultRole.Name
	if d := p.file.DefaultRole; d != nil && representation.Value(d.Name) != "" {
		name = *d.Name
	}
	p.defaultRole = p.roles[roleName{"", name}]
	if p.defaultRole == nil {
		id, err := p.id("role", p.file.DefaultRole.ID, "defaultRole.id")
		if err != nil {
			return err
		}
		p.defaultRole = p.role("", name, id)
		p.defaultRole.Description = "${role_default-roles}"
		own := p.roles[roleName{"", *p.base.DefaultRole.Name}]
		p.defaultRole.Composites = append(p.defaultRole.Composites, own.ID)
	}
	p.snap.Realm.DefaultRoleID = p.defaultRole.ID
	return nil
}

// makeComposites says what each role is composed of.
func (p *planner) makeComposites() error {
	done := map[*latchkey.Role]bool{}
	for _, layer := range []*representation.Realm{p.file, p.base} {
		if layer.Roles == nil {
			continue
		}
		composed := map[*latchkey.Role]bool{}
		for i := range layer.Roles.Realm {
			if err := p.compose("", &layer.Roles.Realm[i], "roles.realm", done, composed); err != nil {
				return err
			}
		}
		for _, clientID := range sortedKeys(layer.Roles.Client) {
			for i := range layer.Roles.Client[clientID] {
				if err := p.compose(clientID, &layer.Roles.Client[clientID][i], at("roles.client", clientID), done, composed); err != nil {
					return err
				}
			}
		}
		for r := range composed {
			done[r] = true
		}
	}
	return firstError(p.completeRealmAdmin, p.oldDefaultRoles)
}

func (p *planner) compose(clientID string, rep *representation.Role, list string, done, composed map[*latchkey.Role]bool) error {
	role := p.roles[roleName{clientID, *rep.Name}]
	if role == nil || done[role] {
		return nil
	}
	composed[role] = true
	if rep.Composites == nil {
		return nil
	}
	path := at(list, role.Name) + ".composites"
	ids, err := p.roleIDs("", rep.Composites.Realm, path+".realm")
	if err != nil {
		return err
	}
	role.Composites = union(role.Composites, ids)
	for _, client := range sortedKeys(rep.Composites.Client) {
		ids, err := p.roleIDs(client, rep.Composites.Client[client], at(path+".client", client))
		if err != nil {
			return err
		}
		role.Composites = union(role.Composites, ids)
	}
	return nil
}

// roleIDs finds roles by name; those of a client that is not taken are named
// and left out.
func (p *planner) roleIDs(clientID string, names []string, path string) ([]string, error) {
	var ids []string
	for _, name := range names {
		role := p.roles[roleName{clientID, name}]
		switch {
		case role != nil:
			ids = append(ids, role.ID)
		case p.foreignClients[clientID]:
			p.report.add("roles.client", NotTaken, "its client is not taken", clientID+": "+name)
		default:
			return nil, latchkey.Invalid(path, "There is no role with the name %q.", name)
		}
	}
	return ids, nil
}

// completeRealmAdmin gives realm-admin the administrative roles that the
// version which wrote the file did not have yet.
func (p *planner) completeRealmAdmin() error {
	admin := p.roles[roleName{latchkey.ClientRealmManagement, "realm-admin"}]
	if admin == nil {
		return nil
	}
	for _, rep := range p.base.Roles.Client[latchkey.ClientRealmManagement] {
		if *rep.Name != admin.Name {
			admin.Composites = union(admin.Composites, []string{p.roles[roleName{latchkey.ClientRealmManagement, *rep.Name}].ID})
		}
	}
	return nil
}

// oldDefaultRoles takes over the default roles of exports from before there
// was a default role.
func (p *planner) oldDefaultRoles() error {
	ids, err := p.roleIDs("", p.file.DefaultRoles, "defaultRoles")
	if err != nil {
		return err
	}
	for i := range p.file.Clients {
		c := &p.file.Clients[i]
		more, err := p.roleIDs(*c.ClientID, c.DefaultRoles, at("clients", *c.ClientID)+".defaultRoles")
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	p.defaultRole.Composites = union(p.defaultRole.Composites, ids)
	return nil
}

// makeScopeMappings says which roles may go into tokens through a client or a
// client scope.
func (p *planner) makeScopeMappings() error {
	realm, client := p.file.ScopeMappings, p.file.ClientScopeMappings
	if realm == nil {
		realm = p.base.ScopeMappings
	}
	if client == nil {
		client = p.base.ClientScopeMappings
	}
	if err := p.mapScopes("", realm, "scopeMappings"); err != nil {
		return err
	}
	for _, owner := range sortedKeys(client) {
		if err := p.mapScopes(owner, client[owner], at("clientScopeMappings", owner)); err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) mapScopes(owner string, list []representation.ScopeMapping, path string) error {
	for _, m := range list {
		ids, err := p.roleIDs(owner, m.Roles, path)
		if err != nil {
			return err
		}
		client, scope := p.snap.ClientByClientID(m.Client), p.snap.ScopeByName(m.ClientScope)
		switch {
		case client != nil:
			client.ScopeMappings = union(client.ScopeMappings, ids)
		case scope != nil:
			scope.ScopeMappings = union(scope.ScopeMappings, ids)
		case p.foreignClients[m.Client] || p.foreignScopes[m.ClientScope]:
			p.report.add("scopeMappings", NotTaken, "its client or client scope is not taken", m.Client+m.ClientScope)
		default:
			return latchkey.Invalid(path, "There is no client or client scope %q.", m.Client+m.ClientScope)
		}
	}
	return nil
}
