package admin

import (
	"maps"
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

// builtinClients are in every realm, and so in every export: a partial import
// leaves them alone.
var builtinClients = []string{"account", "account-console", "admin-cli", "broker", latchkey.ClientRealmManagement, latchkey.ClientAdminConsole}

func (p *partialImporter) clients() error {
	for _, rep := range p.file.Clients {
		clientID := representation.Value(rep.ClientID)
		if slices.Contains(builtinClients, clientID) {
			continue
		}
		o := importedObject{resource: "CLIENT", name: clientID, taken: "Client id '" + clientID + "' already exists"}
		if there := p.now.ClientByClientID(clientID); there != nil {
			o.id = there.ID
		}
		o.remove = func() error {
			if err := p.refresh(); err != nil {
				return err
			}
			_, err := p.part("DELETE", "/clients/{id}", nil, map[string]string{"id": o.id})
			return err
		}
		o.make = func() (string, error) { return p.part("POST", "/clients", rep, nil) }
		if err := p.take(o); err != nil {
			return err
		}
	}
	return nil
}

// importedRole is a role of the file, with its container's internal id; empty
// for the realm's own.
type importedRole struct {
	representation.Role
	clientID, container string
}

// fileRoles are the roles of the file.
func (p *partialImporter) fileRoles() (all []importedRole, err error) {
	if p.file.Roles == nil {
		return nil, nil
	}
	for _, r := range p.file.Roles.Realm {
		all = append(all, importedRole{Role: r})
	}
	for _, clientID := range slices.Sorted(maps.Keys(p.file.Roles.Client)) {
		list := p.file.Roles.Client[clientID]
		client := p.now.ClientByClientID(clientID)
		if client == nil {
			return nil, latchkey.Invalid(representation.Path("roles.client", clientID), "There is no client with this clientId.")
		}
		for _, r := range list {
			all = append(all, importedRole{r, clientID, client.ID})
		}
	}
	return all, nil
}

func (r *importedRole) path() string {
	if r.container == "" {
		return realmRolePath
	}
	return clientRolePath
}

// roles makes the roles without what they are composed of: one may name
// another that comes later in the file.
func (p *partialImporter) roles() error {
	all, err := p.fileRoles()
	if err != nil {
		return err
	}
	p.firstRole = len(p.done.Results)
	for _, r := range all {
		name := representation.Value(r.Name)
		at := map[string]string{"id": r.container, "role": name}
		o := importedObject{resource: "REALM_ROLE", name: name, taken: "Realm role '" + name + "' already exists."}
		if r.container != "" {
			o.resource, o.name = "CLIENT_ROLE", r.clientID+"-->"+name
			o.taken = "Client role '" + name + "' for client '" + r.clientID + "' already exists."
		}
		if there := p.now.RoleNamed(r.container, name); there != nil {
			o.id = there.ID
		}
		o.remove = func() error {
			if err := p.refresh(); err != nil { // others may have been composed of it
				return err
			}
			_, err := p.part("DELETE", r.path()+"/{role}", nil, at)
			return err
		}
		o.make = func() (string, error) {
			r.Role.Composites = nil
			_, err := p.part("POST", r.path(), r.Role, at)
			return "", err // roles are addressed by their names; see composites
		}
		if err := p.take(o); err != nil {
			return err
		}
	}
	return nil
}

// composites gives the roles that were made what they are composed of, and
// says their ids.
func (p *partialImporter) composites() error {
	all, err := p.fileRoles()
	if err != nil {
		return err
	}
	for i, r := range all {
		name := representation.Value(r.Name)
		role := p.now.RoleNamed(r.container, name)
		result := &p.done.Results[p.firstRole+i]
		if role == nil || result.Action == importSkipped {
			continue
		}
		result.ID = role.ID
		if r.Composites == nil {
			continue
		}
		ids, err := p.namedRoles(p.now, r.Composites)
		if err != nil {
			return err
		}
		if _, err := p.part("POST", r.path()+"/{role}/composites", rolesSent(p.now, ids), map[string]string{"id": r.container, "role": name}); err != nil {
			return err
		}
	}
	return nil
}

func (p *partialImporter) providers() error {
	there, err := p.tx.IdentityProviders(p.now.Realm.ID)
	if err != nil {
		return err
	}
	const path = "/identity-provider/instances"
	for _, rep := range p.file.IdentityProviders {
		alias := representation.Value(rep.Alias)
		at := map[string]string{"alias": alias}
		o := importedObject{resource: "IDP", name: alias, taken: "Identity Provider '" + alias + "' already exists."}
		for _, one := range there {
			if one.Alias == alias {
				o.id = one.ID
			}
		}
		o.remove = func() error { _, err := p.part("DELETE", path+"/{alias}", nil, at); return err }
		o.make = func() (string, error) {
			if rep.InternalID == nil {
				rep.InternalID = new(secret.NewID())
			}
			_, err := p.part("POST", path, rep, nil) // its address ends in the alias
			return *rep.InternalID, err
		}
		if err := p.take(o); err != nil {
			return err
		}
	}
	return nil
}

func (p *partialImporter) groups() error {
	for _, rep := range p.file.Groups {
		name := representation.Value(rep.Name)
		o := importedObject{resource: "GROUP", name: name, taken: "Group '/" + name + "' already exists"}
		there, err := p.tx.GroupByPath(p.now.Realm.ID, "/"+name)
		switch {
		case err == nil:
			o.id = there.Group.ID
		case latchkey.ErrorCode(err) != latchkey.CodeNotFound:
			return err
		}
		o.remove = func() error {
			_, err := p.part("DELETE", "/groups/{id}", nil, map[string]string{"id": o.id})
			return err
		}
		o.make = func() (string, error) { return p.group(rep, "", 0) }
		if err := p.take(o); err != nil {
			return err
		}
	}
	return nil
}

// maxGroupDepth bounds how deep groups of a file are nested.
const maxGroupDepth = 50

// group makes a group with those below it and the roles that it gives.
func (p *partialImporter) group(rep representation.Group, parent string, depth int) (id string, err error) {
	if depth > maxGroupDepth {
		return "", latchkey.Invalid("groups", "Groups are nested more than %d levels deep.", maxGroupDepth)
	}
	below, realmRoles, clientRoles := rep.SubGroups, rep.RealmRoles, rep.ClientRoles
	rep.SubGroups, rep.RealmRoles, rep.ClientRoles, rep.ID = nil, nil, nil, nil
	if parent == "" {
		id, err = p.part("POST", "/groups", rep, nil)
	} else {
		id, err = p.part("POST", "/groups/{id}/children", rep, map[string]string{"id": parent})
	}
	if err != nil {
		return "", err
	}
	if err := p.give("/groups/{id}", id, realmRoles, clientRoles); err != nil {
		return "", err
	}
	for _, one := range below {
		if _, err := p.group(one, id, depth+1); err != nil {
			return "", err
		}
	}
	return id, nil
}

// give gives a user or a group the roles that are named.
func (p *partialImporter) give(path, id string, realmRoles []string, clientRoles map[string][]string) error {
	if len(realmRoles) > 0 {
		ids, err := p.namedRoles(p.now, &representation.Composites{Realm: realmRoles})
		if err != nil {
			return err
		}
		if _, err := p.part("POST", path+"/role-mappings/realm", rolesSent(p.now, ids), map[string]string{"id": id}); err != nil {
			return err
		}
	}
	for clientID, names := range clientRoles {
		ids, err := p.namedRoles(p.now, &representation.Composites{Client: map[string][]string{clientID: names}})
		if err != nil {
			return err
		}
		at := map[string]string{"id": id, "client": p.now.ClientByClientID(clientID).ID}
		if _, err := p.part("POST", path+"/role-mappings/clients/{client}", rolesSent(p.now, ids), at); err != nil {
			return err
		}
	}
	return nil
}

func (p *partialImporter) users() error {
	for _, rep := range p.file.Users {
		name := lower(rep.Username)
		if name == "" {
			name = lower(rep.Email)
		}
		o := importedObject{resource: "USER", name: name, taken: "User with user name " + name + " already exists."}
		there, err := p.tx.UserByUsername(p.now.Realm.ID, name)
		switch {
		case err == nil:
			o.id = there.ID
		case latchkey.ErrorCode(err) != latchkey.CodeNotFound:
			return err
		}
		o.remove = func() error {
			_, err := p.part("DELETE", "/users/{id}", nil, map[string]string{"id": o.id})
			return err
		}
		o.make = func() (string, error) {
			id, err := p.part("POST", "/users", rep, nil)
			if err != nil {
				return "", err
			}
			return id, p.give("/users/{id}", id, rep.RealmRoles, rep.ClientRoles)
		}
		if err := p.take(o); err != nil {
			return err
		}
	}
	return nil
}
