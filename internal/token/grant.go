package token

import (
	"slices"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// The kinds of a grant, as Keycloak's token ids begin.
const (
	GrantCode        = "ac" // authorization_code
	GrantRefresh     = "rt" // refresh_token
	GrantCredentials = "cc" // client_credentials
	GrantPassword    = "ro" // password
)

// The notes that the grant of a service account has, as in Keycloak.
const (
	NoteClientID      = "client_id"
	NoteClientHost    = "clientHost"
	NoteClientAddress = "clientAddress"
)

// Grant is what tokens are made for: all that was read in the transaction.
type Grant struct {
	Realm  *latchkey.Snapshot
	Issuer string
	Client *latchkey.Client
	User   *latchkey.User
	// Holdings are the user's roles and groups.
	Holdings *latchkey.Holdings
	Scope    Scope
	Kind     string // GrantCode, GrantRefresh, ...
	// Session and ClientSession are nil for a service account.
	Session       *latchkey.UserSession
	ClientSession *latchkey.ClientSession
	Notes         map[string]string // of a service account

	// Claims is the claims parameter of the request, as it was sent (OpenID
	// Connect Core 5.5).
	Claims   string
	Nonce    string
	ACR      string
	AMR      []string
	AuthTime time.Time

	// Refresh is the id of the refresh token; empty: none is made. Family is
	// its line where they rotate. RefreshAt is when it was first made, which
	// lies before now when its answer was lost and is given again.
	Refresh, Family string
	RefreshAt       time.Time
}

// subject is the sub of the grant's user in every token of its client.
func (g *Grant) subject() string { return SubjectFor(g.Realm, g.Client, g.User.ID) }

func (g *Grant) base() string {
	return strings.TrimSuffix(g.Issuer, "/realms/"+g.Realm.Realm.Name)
}

// NewID draws the id of an access token with Keycloak's prefix: the kind of
// the session, of the token and of the grant.
func (g *Grant) NewID() string {
	session := "on"
	if g.Session == nil {
		session = "tr"
	} else if g.Session.Offline {
		session = "of"
	}
	return session + "rt" + g.Kind + ":" + secret.NewID()
}

// GrantFor gives what a verified access token of the realm stands for now: its
// bearer (see [Subject]) with what they hold and the scope that the token
// tells, for [Minter.Userinfo], [Minter.Introspection] and [Grant.EffectiveRoles];
// nil when the token stands for nobody any more.
func GrantFor(tx *store.Tx, snap *latchkey.Snapshot, c *Claims) (*Grant, error) {
	b, err := Subject(tx, snap, c)
	if err != nil || b == nil {
		return nil, err
	}
	// Scopes that the token does not tell (include.in.token.scope) are the
	// client's default ones.
	scope, _ := ResolveScope(snap, b.Client, c.Scope)
	g := &Grant{Realm: snap, Issuer: c.Issuer, Client: b.Client, User: b.User, Holdings: b.Holdings, Session: b.Session,
		ClientSession: b.Part, Scope: scope.For(snap, b.Holdings.RoleIDs()), ACR: c.ACR, AMR: c.AMR}
	if c.AuthTime != 0 {
		g.AuthTime = time.Unix(c.AuthTime, 0)
	}
	if b.Session == nil {
		g.Notes = map[string]string{NoteClientID: b.Client.ClientID}
		all := c.All()
		for _, name := range []string{NoteClientHost, NoteClientAddress} {
			if v, ok := all[name].(string); ok {
				g.Notes[name] = v
			}
		}
		return g, nil
	}
	g.Claims = b.Part.Claims
	// A lightweight token tells less than its session knows.
	if g.AuthTime.IsZero() {
		g.AuthTime = b.Session.AuthTime
	}
	if g.ACR == "" {
		g.ACR = b.Session.ACR
	}
	if len(g.AMR) == 0 {
		g.AMR = b.Session.AMR
	}
	return g, nil
}

// EffectiveRoles are the roles that the grant's access token gives its bearer
// now, after the client's role mappers: those that the token tells and that
// are still held, or all that are held when the client's tokens are lightweight
// and tell none.
func (g *Grant) EffectiveRoles(c *Claims) Roles {
	m := g.plan().mapping(g, toAccess)
	m.run()
	if g.lightweight() {
		return m.roles
	}
	told := Roles{Client: map[string][]string{}}
	told.Realm = both(m.roles.Realm, c.RealmRoles)
	for client, names := range m.roles.Client {
		if names = both(names, c.ClientRoles[client]); len(names) > 0 {
			told.Client[client] = names
		}
	}
	return told
}

// HeldRoles are the effective roles that the user has themselves: what a mapper
// adds to a token is a word to applications, and gives no power here.
func (g *Grant) HeldRoles(c *Claims) Roles {
	own, effective := g.plan().mapping(g, toAccess).roles, g.EffectiveRoles(c)
	held := Roles{Realm: both(effective.Realm, own.Realm), Client: map[string][]string{}}
	for client, names := range effective.Client {
		if names = both(names, own.Client[client]); len(names) > 0 {
			held.Client[client] = names
		}
	}
	return held
}

func both(a, b []string) []string {
	var out []string
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// lightweight says that the client's access tokens hold only what mappers have
// for lightweight ones.
func (g *Grant) lightweight() bool { return g.Client.Attribute(attributeLightweight) == "true" }

// rfc9068 says that the client's access tokens are of RFC 9068.
func (g *Grant) rfc9068() bool {
	return g.Client.Attribute("access.token.header.type.rfc9068") == "true"
}

// attributeLightweight makes the access tokens of a client lightweight.
const attributeLightweight = "client.use.lightweight.access.token.enabled"
