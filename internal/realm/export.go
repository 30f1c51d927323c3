package realm

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// Contents are all of a realm but its people.
type Contents struct {
	*latchkey.Snapshot
	Groups     []*latchkey.Group
	Providers  []*latchkey.IdentityProvider
	Components []*latchkey.Component

	paths map[string]string // of groups, by id
}

// Load reads a realm's contents.
func Load(tx *store.Tx, realmID string) (*Contents, error) {
	c := &Contents{}
	var err error
	if c.Snapshot, err = tx.Snapshot(realmID); err != nil {
		return nil, err
	}
	if c.Groups, err = tx.AllGroups(realmID); err != nil {
		return nil, err
	}
	if c.Providers, err = tx.IdentityProviders(realmID); err != nil {
		return nil, err
	}
	c.Components, err = tx.Components(realmID)
	return c, err
}

// Shown says what an export holds beside the settings. What is a secret, or is
// named like one, is masked without Secrets; the file with them is as secret as
// a backup.
type Shown struct {
	Secrets bool
	Keys    bool // the private keys of the realm, too
}

// Export shows a realm with all that it is configured with, as [Parse] reads
// it, but for its users; see [Contents.ExportPerson]. What has no order is put
// into one, so that the same realm is the same text.
func (c *Contents) Export(shown Shown) *representation.Realm {
	r := representation.RealmOf(c.Snapshot)
	r.KeycloakVersion = new(representation.KeycloakVersion)
	maps.Copy(r.Kept, c.Realm.Kept)
	r.Kept = shown.kept(r.Kept)
	r.LocalizationTexts = c.Realm.Localization
	if r.LocalizationTexts == nil {
		r.LocalizationTexts = map[string]map[string]string{}
	}
	c.exportSMTP(r, shown)
	r.AuthenticationFlows, r.AuthenticatorConfig, r.RequiredActions = []representation.Flow{}, []representation.AuthenticatorConfig{}, []representation.RequiredAction{}
	c.exportFlows(r, shown)
	for _, a := range sorted(c.RequiredActions, func(a *latchkey.RequiredAction) string { return a.Alias }) {
		one := representation.RequiredActionOf(a)
		one.Config, one.Kept = shown.texts(one.Config), shown.kept(a.Kept)
		r.RequiredActions = append(r.RequiredActions, one)
	}
	c.exportScopes(r, shown)
	c.exportClients(r, shown)
	c.exportRoles(r, shown)
	c.exportGroups(r, shown)
	c.exportProviders(r, shown)
	c.exportComponents(r, shown)
	return r
}

// exportFlows writes flows and configurations. Executions name their
// configuration by its alias: of several that have one alias, as older versions
// made them, all but the first get a number behind it.
func (c *Contents) exportFlows(r *representation.Realm, shown Shown) {
	aliases, names := map[string]string{}, copied{configs: map[string]bool{}}
	for _, a := range sorted(c.Configs, func(a *latchkey.AuthenticatorConfig) string { return a.Alias + "\x00" + a.ID }) {
		one := representation.ConfigOf(a)
		one.Config, one.Kept = shown.texts(unhide(one.Config, a.Kept, keptConfig)), shown.kept(a.Kept)
		if names.configs[a.Alias] {
			one.Alias = new(names.freeAlias(c.Snapshot, a.Alias))
		}
		names.configs[*one.Alias], aliases[a.ID] = true, *one.Alias
		r.AuthenticatorConfig = append(r.AuthenticatorConfig, one)
	}
	for _, f := range sorted(c.Flows, func(f *latchkey.Flow) string { return f.Alias }) {
		one := representation.FlowOf(c.Snapshot, f)
		one.Kept = shown.kept(f.Kept)
		for i := range f.Executions {
			if alias := aliases[f.Executions[i].ConfigID]; alias != "" {
				one.Executions[i].AuthenticatorConfig = new(alias)
			}
		}
		r.AuthenticationFlows = append(r.AuthenticationFlows, one)
	}
}

func (o Shown) kept(kept latchkey.Kept) latchkey.Kept {
	if o.Secrets {
		return kept
	}
	return representation.MaskKept(kept)
}

func (o Shown) texts(m map[string]string) map[string]string {
	if o.Secrets {
		return m
	}
	return representation.MaskTexts(m)
}

func (o Shown) mappers(list []representation.ProtocolMapper) {
	for i := range list {
		list[i].Config, list[i].Kept = o.texts(list[i].Config), o.kept(list[i].Kept)
	}
}

// sorted gives the list in the order of a text.
func sorted[T any](list []T, by func(T) string) []T {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b T) int { return cmp.Compare(by(a), by(b)) })
	return out
}

// exportSMTP adds what of the mail configuration is a secret, or is not acted
// on.
func (c *Contents) exportSMTP(r *representation.Realm, shown Shown) {
	if shown.Secrets {
		showRelays(r, c.Realm.SMTP.Relays)
	}
	var rest map[string]string
	if text, ok := c.Realm.Kept[keptSMTP]; ok && json.Unmarshal(text, &rest) == nil {
		maps.Copy(r.SMTPServer, shown.texts(rest))
	}
}

func (c *Contents) exportScopes(r *representation.Realm, shown Shown) {
	byName := sorted(c.Scopes, func(s *latchkey.ClientScope) string { return s.Name })
	byClientID := sorted(c.Clients, func(c *latchkey.Client) string { return c.ClientID })
	r.ClientScopes = []representation.ClientScope{}
	for _, s := range byName {
		one := representation.ClientScopeOf(s)
		one.Attributes, one.Kept = shown.texts(one.Attributes), shown.kept(s.Kept)
		shown.mappers(one.ProtocolMappers)
		r.ClientScopes = append(r.ClientScopes, one)
	}
	r.DefaultDefaultClientScopes = exportScopeNames(c.Snapshot, c.Realm.DefaultDefaultClientScopes)
	r.DefaultOptionalClientScopes = exportScopeNames(c.Snapshot, c.Realm.DefaultOptionalClientScopes)
	r.ScopeMappings, r.ClientScopeMappings = []representation.ScopeMapping{}, map[string][]representation.ScopeMapping{}
	add := func(target representation.ScopeMapping, ids []string) {
		realm, client := roleNames(c.Snapshot, ids)
		if len(realm) > 0 {
			target.Roles = realm
			r.ScopeMappings = append(r.ScopeMappings, target)
		}
		for _, owner := range sortedKeys(client) {
			target.Roles = client[owner]
			r.ClientScopeMappings[owner] = append(r.ClientScopeMappings[owner], target)
		}
	}
	for _, s := range byName {
		add(representation.ScopeMapping{ClientScope: s.Name}, s.ScopeMappings)
	}
	for _, one := range byClientID {
		add(representation.ScopeMapping{Client: one.ClientID}, one.ScopeMappings)
	}
}

func exportScopeNames(s *latchkey.Snapshot, ids []string) []string {
	names := []string{}
	for _, id := range ids {
		if scope := s.Scope(id); scope != nil {
			names = append(names, scope.Name)
		}
	}
	return names
}

// roleNames gives the names of realm roles, and by clientId those of client
// roles, each in order.
func roleNames(s *latchkey.Snapshot, ids []string) (realm []string, client map[string][]string) {
	c := representation.CompositesOf(s, &latchkey.Role{Composites: ids})
	if c == nil {
		return nil, nil
	}
	slices.Sort(c.Realm)
	for _, names := range c.Client {
		slices.Sort(names)
	}
	return c.Realm, c.Client
}

func (c *Contents) exportClients(r *representation.Realm, shown Shown) {
	r.Clients = []representation.Client{}
	for _, one := range sorted(c.Clients, func(c *latchkey.Client) string { return c.ClientID }) {
		rep := representation.ClientOf(c.Snapshot, one)
		kept := maps.Clone(rep.Kept)
		maps.Copy(kept, one.Kept)
		attributes := unhide(rep.Attributes, one.Kept, keptAttributes)
		if one.RotatedSecret != "" {
			attributes[latchkey.AttributeRotatedSecret] = one.RotatedSecret.Reveal()
		}
		rep.Kept, rep.Attributes = shown.kept(kept), shown.texts(attributes)
		shown.mappers(rep.ProtocolMappers)
		if rep.Secret != nil && !shown.Secrets {
			rep.Secret = new(representation.Masked)
		}
		r.Clients = append(r.Clients, rep)
	}
}

func (c *Contents) exportRoles(r *representation.Realm, shown Shown) {
	r.Roles = &representation.Roles{Realm: []representation.Role{}, Client: map[string][]representation.Role{}}
	for _, one := range c.Clients {
		r.Roles.Client[one.ClientID] = []representation.Role{}
	}
	for _, role := range sorted(c.Roles, func(r *latchkey.Role) string { return r.Name }) {
		rep := representation.RoleOf(c.Snapshot, role)
		rep.Kept = shown.kept(role.Kept)
		if realm, client := roleNames(c.Snapshot, role.Composites); realm != nil || client != nil {
			rep.Composites = &representation.Composites{Realm: realm, Client: client}
		}
		if role.ClientID == "" {
			r.Roles.Realm = append(r.Roles.Realm, rep)
		} else if owner := c.ClientByID(role.ClientID); owner != nil {
			r.Roles.Client[owner.ClientID] = append(r.Roles.Client[owner.ClientID], rep)
		}
	}
}

// showRelays puts the secrets of the relays in the place of their masks.
func showRelays(r *representation.Realm, relays []latchkey.Relay) {
	show := func(m map[string]string, relay latchkey.Relay) {
		for key, value := range map[string]latchkey.Secret{"password": relay.Password, "authTokenClientSecret": relay.AuthTokenClientSecret} {
			if value != "" {
				m[key] = value.Reveal()
			}
		}
	}
	if len(relays) == 0 {
		return
	}
	show(r.SMTPServer, relays[0])
	var fallbacks []map[string]string
	if json.Unmarshal([]byte(r.Attributes[representation.AttributeSMTPFallbacks]), &fallbacks) != nil {
		return // there are none
	}
	for i := range min(len(fallbacks), len(relays)-1) {
		show(fallbacks[i], relays[1+i])
	}
	r.Attributes[representation.AttributeSMTPFallbacks] = text(fallbacks)
}
