package realm

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

// clientSecret is the client authenticator that a new client has.
const clientSecret = "client-secret"

// scopeServiceAccount is the client scope of clients that sign in as
// themselves.
const scopeServiceAccount = "service_account"

// neededScopes are the client scopes without which tokens lack what clients of
// every version of Keycloak count on: older exports, from before these claims
// had a scope, get them added, as Keycloak does when it is upgraded.
var neededScopes = []string{"basic", "acr"}

// whyForeign is said of clients and client scopes of another protocol.
const whyForeign = "only OpenID Connect is spoken here: nothing answers to it"

func isOpenID(protocol *string) bool {
	v := representation.Value(protocol)
	return v == "" || v == representation.OpenIDConnect
}

// makeScopes makes the file's client scopes and those of every realm that it
// lacks.
func (p *planner) makeScopes() {
	seen := map[string]bool{}
	for i := range p.file.ClientScopes {
		rep := &p.file.ClientScopes[i]
		name := representation.Value(rep.Name)
		path := at("clientScopes", name)
		if name == "" {
			p.note(latchkey.Invalid("clientScopes["+strconv.Itoa(i)+"]", "A client scope needs a name."))
			continue
		}
		if seen[name] {
			p.note(twice(path, "name"))
			continue
		}
		seen[name] = true
		if !isOpenID(rep.Protocol) {
			p.report.add("clientScopes", Kept, whyForeign, name)
		}
		p.note(under(path, p.scope(rep, p.id("scope", rep.ID, path+".id"))))
	}
	for i := range p.base.ClientScopes {
		rep := &p.base.ClientScopes[i]
		if seen[*rep.Name] {
			continue
		}
		p.note(p.scope(rep, secret.NewID()))
		if p.file.ClientScopes != nil && slices.Contains(neededScopes, *rep.Name) {
			p.report.add("clientScopes", Added, "tokens need it: it is a default scope of every client", *rep.Name)
		}
	}
}

func (p *planner) scope(rep *representation.ClientScope, id string) error {
	s := &latchkey.ClientScope{RealmID: p.snap.Realm.ID, ID: id, Name: representation.Value(rep.Name), Protocol: representation.OpenIDConnect, Attributes: map[string]string{}}
	p.snap.Scopes = append(p.snap.Scopes, s)
	return rep.Apply(s)
}

// missingScopes are the ids of the needed scopes that the file defines scopes
// without.
func (p *planner) missingScopes() []string {
	var ids []string
	for _, name := range neededScopes {
		given := slices.ContainsFunc(p.file.ClientScopes, func(s representation.ClientScope) bool { return representation.Value(s.Name) == name })
		if p.file.ClientScopes != nil && !given {
			ids = append(ids, p.snap.ScopeByName(name).ID)
		}
	}
	return ids
}

func (p *planner) defaultScopes(field string, file, base []string) []string {
	names := file
	if file == nil {
		names = base
	}
	ids := []string{}
	for _, name := range p.scopesThere(field, "", names) {
		ids = append(ids, p.snap.ScopeByName(name).ID)
	}
	if field == "defaultDefaultClientScopes" {
		ids = union(ids, p.missingScopes())
	}
	return ids
}

// scopesThere leaves out the client scopes that do not exist, as Keycloak
// does, and names them.
func (p *planner) scopesThere(field, owner string, names []string) []string {
	if names == nil {
		return nil
	}
	there := []string{}
	for _, name := range names {
		switch {
		case p.snap.ScopeByName(name) == nil:
			p.report.add(field, NotTaken, "there is no client scope of this name: left out", owner+name)
		default:
			there = append(there, name)
		}
	}
	return there
}

// union appends what is not in the list yet.
func union(list, more []string) []string {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// makeClients makes the file's clients and those of every realm that it lacks.
func (p *planner) makeClients() error {
	p.snap.Index()
	base := map[string]*representation.Client{}
	for i := range p.base.Clients {
		base[*p.base.Clients[i].ClientID] = &p.base.Clients[i]
	}
	seen := map[string]bool{}
	for i := range p.file.Clients {
		rep := &p.file.Clients[i]
		clientID := representation.Value(rep.ClientID)
		path := at("clients", clientID)
		if clientID == "" {
			p.note(latchkey.Invalid("clients["+strconv.Itoa(i)+"]", "A client needs a clientId."))
			continue
		}
		if seen[clientID] {
			p.note(twice(path, "clientId"))
			continue
		}
		seen[clientID] = true
		if p.note(under(path, p.client(rep, base[clientID], path))) {
			p.snap.Clients = append(p.snap.Clients, &latchkey.Client{RealmID: p.snap.Realm.ID, ID: secret.NewID(), ClientID: clientID})
			continue
		}
		if !isOpenID(rep.Protocol) {
			p.report.add("clients", Kept, whyForeign, clientID)
			continue
		}
		p.nameOfClient(p.snap.Clients[len(p.snap.Clients)-1], rep, base[clientID])
	}
	for i := range p.base.Clients {
		if rep := &p.base.Clients[i]; !seen[*rep.ClientID] {
			if err := p.client(rep, nil, "clients"); err != nil {
				return err
			}
		}
	}
	p.snap.Index()
	return nil
}

// client makes one client; base is what every realm has under its clientId.
func (p *planner) client(rep, base *representation.Client, path string) error {
	given := *rep
	owner := representation.Value(rep.ClientID) + ": "
	given.DefaultClientScopes = p.scopesThere("clients.defaultClientScopes", owner, rep.DefaultClientScopes)
	given.OptionalClientScopes = p.scopesThere("clients.optionalClientScopes", owner, rep.OptionalClientScopes)
	given.ID = new(p.id("client", rep.ID, path+".id"))
	var layers []*representation.Client
	if base != nil {
		layers = append(layers, base)
	}
	c, err := newClient(p.snap, p.o.Now, append(layers, &given)...)
	if err != nil {
		return err
	}
	for _, key := range hide(c.Attributes, &c.Kept, keptAttributes) {
		p.report.add("clients.attributes."+key, Missing, whyMasked, c.ClientID)
	}
	if given.DefaultClientScopes != nil && isOpenID(&c.Protocol) {
		c.DefaultClientScopes = union(c.DefaultClientScopes, p.missingScopes())
	}
	if representation.IsMasked(representation.Value(rep.Secret)) && c.Secret != "" {
		p.report.add("clients.secret", Changed, "the file shows it masked: a new one was made", c.ClientID)
	}
	if isOpenID(&c.Protocol) && !p.o.built(c.ClientAuthenticatorType) && !c.PublicClient && !c.BearerOnly {
		p.report.add("clients.clientAuthenticatorType", Kept, "not supported yet: the client cannot prove itself", c.ClientID+": "+c.ClientAuthenticatorType)
	}
	p.snap.Clients = append(p.snap.Clients, c)
	return nil
}

// NewClient makes a client of its representation with the defaults of
// Keycloak's admin API: enabled, the code flow, the realm's default scopes, a
// secret of its own unless it is public or bearer-only, its id for a clientId.
// The error names the field.
func NewClient(in *latchkey.Snapshot, rep *representation.Client, now time.Time) (*latchkey.Client, error) {
	return newClient(in, now, rep)
}

// newClient makes a client of representations, of which the later ones win.
func newClient(in *latchkey.Snapshot, now time.Time, layers ...*representation.Client) (*latchkey.Client, error) {
	c := &latchkey.Client{RealmID: in.Realm.ID, Enabled: true, StandardFlowEnabled: true, FullScopeAllowed: true,
		Protocol: representation.OpenIDConnect, ClientAuthenticatorType: clientSecret,
		RedirectURIs: []string{}, WebOrigins: []string{}, Attributes: map[string]string{"realm_client": "false"},
		DefaultClientScopes:  slices.Clone(in.Realm.DefaultDefaultClientScopes),
		OptionalClientScopes: slices.Clone(in.Realm.DefaultOptionalClientScopes)}
	scopesGiven := false
	for _, rep := range layers {
		if err := rep.Apply(c, in); err != nil {
			return nil, err
		}
		if id := representation.Value(rep.ID); id != "" {
			c.ID = id
		}
		scopesGiven = scopesGiven || rep.DefaultClientScopes != nil
	}
	if c.ID == "" {
		c.ID = secret.NewID()
	}
	if c.ClientID == "" {
		c.ClientID = c.ID
	}
	ownSecret(c, now)
	if !scopesGiven {
		other := func(id string) bool {
			s := in.Scope(id)
			return s != nil && isOpenID(&s.Protocol) != isOpenID(&c.Protocol)
		}
		c.DefaultClientScopes = slices.DeleteFunc(c.DefaultClientScopes, other)
		c.OptionalClientScopes = slices.DeleteFunc(c.OptionalClientScopes, other)
	}
	if s := in.ScopeByName(scopeServiceAccount); c.ServiceAccountsEnabled && !scopesGiven && s != nil {
		c.DefaultClientScopes = union(c.DefaultClientScopes, []string{s.ID})
	}
	return c, nil
}

// ownSecret draws the secret of a client that needs one and has none.
func ownSecret(c *latchkey.Client, now time.Time) {
	if c.Secret == "" && !c.PublicClient && !c.BearerOnly && isOpenID(&c.Protocol) {
		c.Secret = latchkey.Secret(secret.Token())
		c.Attributes = maps.Clone(c.Attributes)
		c.Attributes[latchkey.AttributeSecretCreated] = strconv.FormatInt(now.Unix(), 10)
	}
}

// originsOf are the origins of the redirect URIs that are whole: those that a
// client gets of which nothing else is said.
func originsOf(uris []string) []string {
	out := []string{}
	for _, uri := range uris {
		u, err := url.Parse(strings.TrimSuffix(uri, "*"))
		if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			out = union(out, []string{u.Scheme + "://" + u.Host})
		}
	}
	return out
}
