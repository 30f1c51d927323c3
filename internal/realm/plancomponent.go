package realm

import (
	"encoding/json"
	"maps"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/token"
)

const (
	profileProvider   = "org.keycloak.userprofile.UserProfileProvider"
	profileProviderID = "declarative-user-profile"
	profileConfigKey  = "kc.user.profile.config"
)

// parts are what belongs to a realm and is in no snapshot.
type parts struct {
	groups     []*latchkey.Group // the parents first
	providers  []*latchkey.IdentityProvider
	components []*latchkey.Component
}

const whyMasked = "the file shows it masked"

// keptSMTP is the member under which a realm keeps the keys of smtpServer that
// are not acted on.
const keptSMTP = "smtpServer"

// keptOfRealm is what the file says of the realm and nobody acts on.
func (p *planner) keptOfRealm() latchkey.Kept {
	kept := maps.Clone(p.file.Kept)
	rest := map[string]string{}
	for key, value := range p.file.SMTPServer {
		if !representation.SMTPKeys[key] && !representation.IsMasked(value) && value != "" && value != "false" {
			rest[key] = value
		}
	}
	if len(rest) > 0 {
		if kept == nil {
			kept = latchkey.Kept{}
		}
		kept[keptSMTP] = json.RawMessage(text(rest))
	}
	return kept
}

// makeProviders keeps the file's identity providers with their mappers.
func (p *planner) makeProviders() {
	byAlias := map[string]*latchkey.IdentityProvider{}
	for i := range p.file.IdentityProviders {
		rep := &p.file.IdentityProviders[i]
		path := at("identityProviders", representation.Value(rep.Alias))
		one := &latchkey.IdentityProvider{RealmID: p.snap.Realm.ID, Enabled: true} // as in Keycloak, where nothing is said of it
		if p.note(under(path, rep.Apply(one))) {
			continue
		}
		if byAlias[one.Alias] != nil || one.Alias == "" {
			p.note(twice(path, "alias"))
			continue
		}
		p.nameMasked(one)
		one.ID = p.id("provider", rep.InternalID, path+".internalId")
		byAlias[one.Alias] = one
		p.parts.providers = append(p.parts.providers, one)
		p.report.add("identityProviders", Kept, reason("identityProviders"), one.Alias)
	}
	for i := range p.file.IdentityProviderMappers {
		rep := &p.file.IdentityProviderMappers[i]
		alias, name := representation.Value(rep.IdentityProviderAlias), representation.Value(rep.Name)
		owner := byAlias[alias]
		if owner == nil {
			p.report.add("identityProviderMappers", NotTaken, "there is no identity provider with its alias", alias+": "+name)
			continue
		}
		p.note(under(at("identityProviderMappers", name), rep.Check()))
		m := rep.Noun()
		m.ID = p.id("providerMapper", rep.ID, at("identityProviderMappers", name)+".id")
		owner.Mappers = append(owner.Mappers, m)
	}
}

// nameMasked names the secrets of an identity provider that the file only
// shows masked. The mask stays in their place.
func (p *planner) nameMasked(one *latchkey.IdentityProvider) {
	for _, key := range sortedKeys(one.Config) {
		if representation.IsMasked(one.Config[key]) {
			p.report.add("identityProviders.config", Missing, whyMasked, one.Alias+": "+key)
		}
	}
}

// readComponents takes the user profile and the keys over and keeps the other
// components.
func (p *planner) readComponents() {
	p.componentsBelow(p.snap.Realm.ID, p.file.Components, "components")
}

func (p *planner) componentsBelow(parent string, byType map[string][]representation.Component, path string) {
	for _, kind := range sortedKeys(byType) {
		for i := range byType[kind] {
			rep := &byType[kind][i]
			c := &latchkey.Component{RealmID: p.snap.Realm.ID, ParentID: parent, ProviderType: kind, Name: representation.Value(rep.Name),
				ProviderID: rep.ProviderID, SubType: representation.Value(rep.SubType), Config: maps.Clone(rep.Config)}
			if c.Config == nil {
				c.Config = map[string][]string{}
			}
			c.ID = p.id("component", rep.ID, at(path+"."+kind, nameOfComponent(c))+".id")
			if c.ID == p.snap.Realm.ID {
				p.note(latchkey.Invalid(at(path+"."+kind, nameOfComponent(c))+".id", "This id is the realm's."))
			}
			switch {
			case kind == token.KeyProviderType && parent == p.snap.Realm.ID:
				p.keyComponents = append(p.keyComponents, c)
				continue
			case kind == profileProvider && c.ProviderID == profileProviderID:
				if texts := c.Config[profileConfigKey]; len(texts) > 0 && texts[0] != "" {
					p.note(under(path+"."+kind, p.readProfile(texts[0])))
				}
				delete(c.Config, profileConfigKey) // what the realm says of it
			default:
				p.report.add(path+"."+kind, Kept, reason("components."+kind), nameOfComponent(c))
			}
			p.parts.components = append(p.parts.components, c)
			p.componentsBelow(c.ID, rep.SubComponents, path+"."+kind+".subComponents")
		}
	}
}

func nameOfComponent(c *latchkey.Component) string {
	name := c.Name
	if name == "" {
		name = c.ProviderID
	}
	if c.SubType != "" {
		name += " (" + c.SubType + ")"
	}
	return name
}
