package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// The administrative roles of a realm, as Keycloak names them. They are roles
// of the client realm-management of the realm, and of the client <realm>-realm
// of master.
const (
	viewRealm               = "view-realm"
	manageRealm             = "manage-realm"
	viewUsers               = "view-users"
	manageUsers             = latchkey.RoleManageUsers
	queryUsers              = "query-users"
	viewClients             = "view-clients"
	manageClients           = "manage-clients"
	queryClients            = "query-clients"
	createClient            = "create-client"
	queryGroups             = "query-groups"
	queryRealms             = "query-realms"
	viewEvents              = "view-events"
	manageEvents            = "manage-events"
	viewIdentityProviders   = "view-identity-providers"
	manageIdentityProviders = "manage-identity-providers"
	viewAuthorization       = "view-authorization"
	manageAuthorization     = "manage-authorization"
	impersonation           = "impersonation"
	realmAdmin              = "realm-admin" // of realm-management only: master has the role admin
	createRealm             = "create-realm"
)

// Who may read, list and change what: one of the roles is asked for. A role to
// manage is one to see, and one to see is one to list.
var (
	mayViewRealm      = []string{viewRealm, manageRealm}
	mayManageRealm    = []string{manageRealm}
	mayViewUsers      = []string{viewUsers, manageUsers}
	mayManageUsers    = []string{manageUsers}
	mayQueryUsers     = []string{queryUsers, viewUsers, manageUsers}
	mayViewClients    = []string{viewClients, manageClients}
	mayManageClients  = []string{manageClients}
	mayQueryClients   = []string{queryClients, viewClients, manageClients}
	mayViewGroups     = []string{viewUsers, manageUsers}
	mayQueryGroups    = []string{queryGroups, viewUsers, manageUsers}
	mayViewEvents     = []string{viewEvents, manageEvents}
	mayManageEvents   = []string{manageEvents}
	mayViewMail       = []string{viewUsers, manageUsers, viewEvents, manageEvents, viewRealm, manageRealm}
	mayViewProviders  = []string{viewIdentityProviders, manageIdentityProviders}
	mayManageProvider = []string{manageIdentityProviders}
	mayViewFlows      = []string{viewRealm, manageRealm, viewClients, manageClients, queryClients, viewIdentityProviders, manageIdentityProviders}
	// The console's pages of clients need to know how clients can prove themselves.
	mayViewClientProviders = []string{viewRealm, manageRealm, queryClients, viewClients, manageClients}
	mayViewActions         = []string{viewRealm, manageRealm, queryUsers, viewUsers, manageUsers}
	mayListRoles           = []string{viewRealm, manageRealm, queryRealms, queryClients, queryUsers, queryGroups,
		viewUsers, manageUsers, viewClients, manageClients}
)

// anyAdministrator are the administrative roles, of which each is enough for what
// every administrator may see.
var anyAdministrator = []string{viewRealm, manageRealm, viewUsers, manageUsers, queryUsers, viewClients, manageClients, queryClients, createClient,
	queryGroups, queryRealms, viewEvents, manageEvents, viewIdentityProviders, manageIdentityProviders, viewAuthorization, manageAuthorization, impersonation}

// caller is who calls: an account of some realm, with what its token grants.
type caller struct {
	realm  *latchkey.Snapshot // whose token it is
	client *latchkey.Client   // that the token was made for
	claims *token.Claims
	userID string
	held   token.Roles
	ip     string
	// administered are the roles that master's role admin is composed of, by the
	// client's id; nil until they are asked for.
	administered map[string]map[string]bool
}

// master says whether the caller is an account of realm master.
func (c *caller) master() bool { return c.realm.Realm.Name == latchkey.MasterRealm }

// administersAll says whether the caller has the role admin of master.
func (c *caller) administersAll() bool {
	return c.master() && slices.Contains(c.held.Realm, latchkey.RoleAdmin)
}

// createsRealms says whether the caller may make realms.
func (c *caller) createsRealms() bool {
	return c.administersAll() || c.master() && slices.Contains(c.held.Realm, createRealm)
}

// administers says whether the caller has any administrative role, for
// whichever realm.
func (c *caller) administers() bool {
	if !c.master() {
		return len(c.held.Client[latchkey.ClientRealmManagement]) > 0
	}
	for client, roles := range c.held.Client {
		if strings.HasSuffix(client, "-realm") && len(roles) > 0 {
			return true
		}
	}
	return c.createsRealms()
}

// rolesIn are the administrative roles that the caller has for the realm with
// that name: those of realm-management for a realm's own accounts, those of
// <realm>-realm for accounts of master.
func (c *caller) rolesIn(name string) map[string]bool {
	var names []string
	switch {
	case c.administersAll():
		// A realm that was made since the token was is among what the role admin is
		// composed of; the token does not name it yet.
		return c.composed(realm.AdminClientID(name))
	case c.master():
		names = c.held.Client[realm.AdminClientID(name)]
	case c.realm.Realm.Name == name:
		names = c.held.Client[latchkey.ClientRealmManagement]
	}
	roles := make(map[string]bool, len(names))
	for _, n := range names {
		roles[n] = true
	}
	return roles
}

// composed are the roles of a client of master that its role admin is composed
// of now.
func (c *caller) composed(clientID string) map[string]bool {
	if c.administered == nil {
		c.administered = map[string]map[string]bool{}
		if admin := c.realm.RoleNamed("", latchkey.RoleAdmin); admin != nil {
			for _, r := range c.realm.ExpandRoles([]string{admin.ID}) {
				if of := c.administered[r.ClientID]; of != nil {
					of[r.Name] = true
				} else if r.ClientID != "" {
					c.administered[r.ClientID] = map[string]bool{r.Name: true}
				}
			}
		}
	}
	if client := c.realm.ClientByClientID(clientID); client != nil {
		return c.administered[client.ID]
	}
	return nil
}

// authenticate takes the bearer token (RFC 6750), of whatever realm, and finds
// whom it stands for now and which roles they have by it: an access token
// outlives a sign-out and the loss of a role, and a lightweight
// one tells no roles.
func (d *Door) authenticate(r *http.Request) (*caller, error) {
	raw, ok := web.Bearer(r)
	if !ok {
		return nil, unauthorized()
	}
	snap, err := d.realmOfToken(r.Context(), raw)
	if err != nil {
		return nil, err
	}
	claims, err := d.Verifier.VerifyAccess(snap, d.Site.Issuer(snap.Realm.Name), raw)
	if err != nil || !snap.Realm.Enabled {
		return nil, unauthorized()
	}
	c := &caller{realm: snap, claims: claims, ip: d.Site.ClientIP(r)}
	return c, d.DB.View(r.Context(), func(tx *store.Tx) error {
		g, err := token.GrantFor(tx, snap, claims)
		if err != nil {
			return err
		}
		if g == nil {
			return unauthorized()
		}
		c.userID, c.client, c.held = g.User.ID, g.Client, g.HeldRoles(claims)
		return nil
	})
}

// realmOfToken finds the realm that a token says it is of.
func (d *Door) realmOfToken(ctx context.Context, raw string) (*latchkey.Snapshot, error) {
	name, ok := strings.CutPrefix(token.ClaimedIssuer(raw), d.Site.URL("realms")+"/")
	if !ok || latchkey.ValidateRealmName(name) != nil {
		return nil, unauthorized()
	}
	snap, err := d.Realms.Get(ctx, name)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, unauthorized()
	}
	return snap, err
}

// has says whether one of the roles is held.
func has(held map[string]bool, roles []string) bool {
	return slices.ContainsFunc(roles, func(name string) bool { return held[name] })
}

// holds says whether the caller has the role of the realm themselves: nobody
// gives others, or makes links for others, that have more power than they.
func (c *caller) holds(snap *latchkey.Snapshot, r *latchkey.Role) bool {
	if c.administersAll() {
		return true
	}
	if r.ClientID == "" {
		return c.realm.Realm.ID == snap.Realm.ID && slices.Contains(c.held.Realm, r.Name)
	}
	container := snap.ClientByID(r.ClientID).ClientID
	if container == latchkey.ClientRealmManagement {
		return c.rolesIn(snap.Realm.Name)[r.Name] || (r.Name == realmAdmin && c.ownsRealm(snap))
	}
	return c.realm.Realm.ID == snap.Realm.ID && slices.Contains(c.held.Client[container], r.Name)
}

// ownsRealm says whether the caller has every administrative role for the
// realm, which is what realm-admin is composed of.
func (c *caller) ownsRealm(snap *latchkey.Snapshot) bool {
	held := c.rolesIn(snap.Realm.Name)
	client := snap.ClientByClientID(latchkey.ClientRealmManagement)
	for _, r := range snap.Roles {
		if client != nil && r.ClientID == client.ID && r.Name != realmAdmin && !held[r.Name] {
			return false
		}
	}
	return client != nil
}

// exceeds names the first administrative role of those with the ids, or of
// what they are composed of, that the caller does not hold; empty when there
// is none. Nobody gives, or takes over, more power than they have themselves.
func (c *caller) exceeds(snap *latchkey.Snapshot, roleIDs []string) string {
	for _, role := range snap.ExpandRoles(roleIDs) {
		if role.ClientID != "" && role.Name == realmAdmin {
			continue // master's administrators have what it is made of, and not the role; that is looked at by itself
		}
		if realm.Administrative(snap, role) && !c.holds(snap, role) {
			return role.Name
		}
	}
	return ""
}

// mayBecome refuses what would let the caller act as a user who holds an
// administrative role that the caller lacks: a link, a password, another
// address, an impersonation.
func (c *call) mayBecome(tx *store.Tx, u *latchkey.User) error {
	held, err := tx.Holdings(u.RealmID, u.ID)
	if err != nil {
		return err
	}
	if name := c.caller.exceeds(c.snap, held.RoleIDs()); name != "" {
		return answerError(http.StatusForbidden, "The user holds the administrative role "+name+", which the caller lacks.")
	}
	return nil
}
