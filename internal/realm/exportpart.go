package realm

import (
	"encoding/json"
	"maps"
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/token"
)

// exportGroups shows the groups as a tree, each level by name.
func (c *Contents) exportGroups(r *representation.Realm, shown Shown) {
	below := map[string][]*latchkey.Group{}
	for _, g := range sorted(c.Groups, func(g *latchkey.Group) string { return g.Name }) {
		below[g.ParentID] = append(below[g.ParentID], g)
	}
	var level func(parent, path string) []representation.Group
	level = func(parent, path string) []representation.Group {
		out := []representation.Group{}
		for _, g := range below[parent] {
			rep := representation.GroupOf(c.Snapshot, g, representation.PathBelow(path, g.Name))
			rep.RealmRoles, rep.ClientRoles = roleLists(c.Snapshot, g.Roles)
			rep.ParentID, rep.Kept = orNone(g.ParentID), shown.kept(g.Kept)
			rep.SubGroups = level(g.ID, *rep.Path)
			out = append(out, rep)
		}
		return out
	}
	r.Groups = level("", "")
	for _, id := range c.Realm.DefaultGroups {
		if path := c.groupPath(id); path != "" {
			r.DefaultGroups = append(r.DefaultGroups, path)
		}
	}
}

func orNone(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// roleLists are roleNames of an object that always shows them.
func roleLists(s *latchkey.Snapshot, ids []string) (realm []string, client map[string][]string) {
	realm, client = roleNames(s, ids)
	if realm == nil {
		realm = []string{}
	}
	if client == nil {
		client = map[string][]string{}
	}
	return realm, client
}

// groupPath is the place of a group in the tree; empty when there is none with
// the id.
func (c *Contents) groupPath(id string) string {
	if c.paths == nil {
		byID := map[string]*latchkey.Group{}
		for _, g := range c.Groups {
			byID[g.ID] = g
		}
		var path func(g *latchkey.Group, depth int) string
		path = func(g *latchkey.Group, depth int) string {
			if g == nil || depth > len(byID) {
				return ""
			}
			return representation.PathBelow(path(byID[g.ParentID], depth+1), g.Name)
		}
		c.paths = map[string]string{}
		for _, g := range c.Groups {
			c.paths[g.ID] = path(g, 0)
		}
	}
	return c.paths[id]
}

func (c *Contents) exportProviders(r *representation.Realm, shown Shown) {
	r.IdentityProviders, r.IdentityProviderMappers = []representation.IdentityProvider{}, []representation.IdentityProviderMapper{}
	for _, p := range sorted(c.Providers, func(p *latchkey.IdentityProvider) string { return p.Alias }) {
		rep := representation.IdentityProviderOf(p)
		rep.Config, rep.Kept = shown.texts(rep.Config), shown.kept(rep.Kept)
		r.IdentityProviders = append(r.IdentityProviders, rep)
		for _, m := range sorted(p.Mappers, func(m latchkey.IdentityProviderMapper) string { return m.Name + "\x00" + m.ID }) {
			mapper := representation.IdentityProviderMapperOf(&m, p.Alias)
			mapper.Config, mapper.Kept = shown.texts(mapper.Config), shown.kept(mapper.Kept)
			r.IdentityProviderMappers = append(r.IdentityProviderMappers, mapper)
		}
	}
}

// exportComponents shows the components, that of the user profile with what the
// realm says of it.
func (c *Contents) exportComponents(r *representation.Realm, shown Shown) {
	below := map[string][]*latchkey.Component{}
	for _, one := range sorted(c.Components, func(c *latchkey.Component) string {
		return c.ProviderType + "\x00" + c.Name + "\x00" + c.SubType + "\x00" + c.ID
	}) {
		below[one.ParentID] = append(below[one.ParentID], one)
	}
	var level func(parent string) map[string][]representation.Component
	level = func(parent string) map[string][]representation.Component {
		out := map[string][]representation.Component{}
		list := below[parent]
		delete(below, parent) // what stands below itself stands there once
		for _, one := range list {
			rep := representation.ComponentOf(one)
			if !shown.Secrets {
				rep.Config = representation.MaskLists(rep.Config)
			}
			rep.SubComponents = level(one.ID)
			out[one.ProviderType] = append(out[one.ProviderType], rep)
		}
		return out
	}
	r.Components = level(c.Realm.ID)
	c.exportKeys(r, shown)
	profile, err := json.Marshal(representation.ProfileOf(&c.Realm.Profile))
	if err != nil {
		return // maps of texts and numbers always marshal
	}
	is := func(one representation.Component) bool { return one.ProviderID == profileProviderID }
	at := slices.IndexFunc(r.Components[profileProvider], is)
	if at < 0 {
		at = len(r.Components[profileProvider])
		r.Components[profileProvider] = append(r.Components[profileProvider], representation.Component{ID: new(c.Realm.ID + "-profile"), ProviderID: profileProviderID,
			SubComponents: map[string][]representation.Component{}, Config: map[string][]string{}})
	}
	r.Components[profileProvider][at].Config[profileConfigKey] = []string{string(profile)}
}

// keySettings are what the component of a key says that is no part of the key.
var keySettings = []string{"priority", "algorithm", "active", "enabled", "keySize", "secretSize", "ecdsaEllipticCurveKey", "eddsaEllipticCurveKey"}

// exportKeys shows the realm's keys as components, without Keys but for the
// keys themselves: an import draws new ones.
func (c *Contents) exportKeys(r *representation.Realm, shown Shown) {
	list := r.Components[token.KeyProviderType]
	for _, k := range c.Keys {
		if k.Removed {
			continue
		}
		one, err := token.ComponentOf(k)
		if err != nil {
			continue // it was made by a provider that is known
		}
		if !shown.Keys {
			maps.DeleteFunc(one.Config, func(name string, _ []string) bool { return !slices.Contains(keySettings, name) })
		}
		list = append(list, representation.Component{ID: &one.ID, Name: &one.Name, ProviderID: one.Provider,
			SubComponents: map[string][]representation.Component{}, Config: one.Config})
	}
	if len(list) > 0 {
		r.Components[token.KeyProviderType] = sorted(list, func(c representation.Component) string {
			return representation.Value(c.Name) + "\x00" + representation.Value(c.ID)
		})
	}
}

// ExportPerson shows a person with the names of their roles and the paths of
// their groups, as Parse reads them. Without secrets the credentials are left
// out: a hash of a password is one.
func (c *Contents) ExportPerson(p *latchkey.Person, shown Shown) representation.User {
	r := representation.UserOf(p.User, false)
	r.Kept = shown.kept(p.User.Kept)
	for _, one := range p.Credentials {
		r.TOTP = new(*r.TOTP || one.Type == latchkey.CredentialOTP)
		if shown.Secrets {
			rep := representation.CredentialOf(one)
			rep.SecretData, rep.Priority = new(one.SecretData), new(one.Priority)
			r.Credentials = append(r.Credentials, rep)
		}
	}
	r.RealmRoles, r.ClientRoles = roleNames(c.Snapshot, p.Roles)
	if r.RealmRoles == nil {
		r.RealmRoles = []string{} // so that it is said: none
	}
	r.Groups = []string{}
	for _, id := range p.Groups {
		if path := c.groupPath(id); path != "" {
			r.Groups = append(r.Groups, path)
		}
	}
	slices.Sort(r.Groups)
	for _, one := range p.Consents {
		if client := c.ClientByID(one.ClientID); client != nil {
			r.ClientConsents = append(r.ClientConsents, representation.UserConsentOf(c.Snapshot, one, client))
		}
	}
	for _, f := range p.FederatedIdentities {
		r.FederatedIdentities = append(r.FederatedIdentities, representation.FederatedIdentityOf(f))
	}
	if client := c.ClientByID(p.User.ServiceAccountClientID); client != nil {
		r.ServiceAccountClientID = new(client.ClientID)
	}
	return r
}
