package oidc

import (
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// registrar is who registers a client or looks after one.
type registrar struct {
	// initial is the id of the initial access, own of the registration access
	// token; the one of the two that the request came with.
	initial, own string
	origins      []string        // that may read the answer
	roles        map[string]bool // administrative roles of who came with an access token; nil for a token of the two kinds
}

// invalidToken is the answer to a token that is good for nothing (RFC 6750 3.1).
func invalidToken(description string) *oauthError {
	return &oauthError{status: http.StatusUnauthorized, code: "invalid_token", description: description, event: "invalid_token"}
}

// notAllowed is the answer to who may not do this (RFC 6750 3.1), in Keycloak's
// words.
func notAllowed(description string) *oauthError {
	return &oauthError{status: http.StatusForbidden, code: "insufficient_scope", description: description, event: "not_allowed"}
}

const forbiddenSentence = "Forbidden"

// registrar finds who calls. Without a token nobody registers anything.
func (d *Door) registrar(r *http.Request, snap *latchkey.Snapshot) (*registrar, error) {
	raw, ok := bearer(r, nil)
	switch {
	case !ok:
		return nil, refuse("invalid_request", "More than one token, or one in the URL", "invalid_request")
	case raw == "":
		if r.Method != http.MethodPost {
			return nil, invalidToken("Not authenticated to view or update the client")
		}
		return nil, notAllowed("Clients are registered with an initial access token, which an administrator makes.")
	}
	issuer := d.Site.Issuer(snap.Realm.Name)
	if c, err := d.Minter.VerifyRegistration(snap, issuer, raw); err == nil {
		if c.RegistrationAccess() {
			return &registrar{own: c.ID}, nil
		}
		who := &registrar{initial: c.ID}
		err := d.DB.View(r.Context(), func(tx *store.Tx) error {
			a, err := tx.InitialAccess(snap.Realm.ID, c.ID)
			if latchkey.ErrorCode(err) == latchkey.CodeNotFound || err == nil && a.Remaining <= 0 {
				return invalidToken("The initial access token is used up, has expired or was taken back")
			}
			if err == nil {
				who.origins = a.WebOrigins
			}
			return err
		})
		return who, err
	}
	claims, err := d.Minter.VerifyAccess(snap, issuer, raw)
	if err != nil {
		return nil, invalidToken("Token is not valid here, or has expired")
	}
	return d.administrator(r, snap, claims)
}

// administrator gives the administrative roles of who has an access token of
// the realm, as they are held now. Tokens of other realms are none here, as in
// Keycloak.
func (d *Door) administrator(r *http.Request, snap *latchkey.Snapshot, claims *token.Claims) (*registrar, error) {
	who := &registrar{roles: map[string]bool{}}
	return who, d.DB.View(r.Context(), func(tx *store.Tx) error {
		g, err := token.GrantFor(tx, snap, claims)
		if err != nil {
			return err
		}
		if g == nil {
			return invalidToken("Token is not valid here, or has expired")
		}
		who.origins = d.origins(r, snap, g.Client)
		held := g.HeldRoles(claims).Client[latchkey.ClientRealmManagement]
		if snap.Realm.Name == latchkey.MasterRealm {
			held = g.HeldRoles(claims).Client[realm.AdminClientID(latchkey.MasterRealm)]
		}
		for _, name := range held {
			who.roles[name] = true
		}
		return nil
	})
}

func (w *registrar) has(roles []string) bool {
	return slices.ContainsFunc(roles, func(name string) bool { return w.roles[name] })
}

// mayCreate says whether a client may be registered by them.
func (w *registrar) mayCreate() error {
	switch {
	case w.own != "":
		return invalidToken("A registration access token registers no client")
	case w.initial == "" && !w.has([]string{"create-client", "manage-clients"}):
		return notAllowed(forbiddenSentence)
	}
	return nil
}

// mayTouch says whether the client, nil when there is none, is theirs to act
// on. Who has no role learns nothing of which clients there are.
func (w *registrar) mayTouch(c *latchkey.Client, roles []string) error {
	switch {
	case w.initial != "":
		return invalidToken("An initial access token is good for new clients alone")
	case w.own != "":
		if c == nil || !c.Enabled || c.RegistrationTokenID == "" || c.RegistrationTokenID != w.own {
			return invalidToken("Not authenticated to view or update the client")
		}
	case !w.has(roles):
		return notAllowed(forbiddenSentence)
	case c == nil:
		return &oauthError{status: http.StatusNotFound, code: "not_found", description: "Client not found", event: "client_not_found"}
	}
	if c.Protocol != "" && c.Protocol != "openid-connect" {
		return &oauthError{code: "invalid_client", description: "Wrong client protocol.", event: "invalid_client"}
	}
	return nil
}

// hasNoPower refuses clients whose secret, keys or roles are power over realms:
// those are administered by the Admin REST API, which looks whether the caller
// has that power themselves.
func hasNoPower(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.Client) error {
	refused := notAllowed("The client has administrative roles: it is administered by the Admin REST API alone.")
	for _, role := range snap.Roles {
		if role.ClientID == c.ID && realm.Administrative(snap, role) {
			return refused
		}
	}
	if !c.ServiceAccountsEnabled {
		return nil
	}
	account, err := tx.ServiceAccountUser(c.RealmID, c.ID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := tx.Holdings(account.RealmID, account.ID)
	if err != nil {
		return err
	}
	for _, role := range snap.ExpandRoles(held.RoleIDs()) {
		if realm.Administrative(snap, role) {
			return refused
		}
	}
	return nil
}
