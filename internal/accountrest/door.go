package accountrest

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// Realms gives realms' snapshots by name.
type Realms interface {
	Get(ctx context.Context, name string) (*latchkey.Snapshot, error)
}

// Verifier checks access tokens.
type Verifier interface {
	VerifyAccess(snap *latchkey.Snapshot, issuer, raw string) (*token.Claims, error)
}

// Deps is what the door is built from.
type Deps struct {
	DB       *store.DB
	Realms   Realms
	Site     *web.Site
	Verifier Verifier
	// Pages names applications in the person's language.
	Pages *page.Kit
	Log   *slog.Logger
	Now   func() time.Time
}

// Door is the door of the person's account.
type Door struct{ Deps }

// New makes the door.
func New(d Deps) *Door { return &Door{Deps: d} }

// The roles of the client account.
const (
	manageAccount    = "manage-account"
	viewProfile      = "view-profile"
	manageLinks      = "manage-account-links"
	viewApplications = "view-applications"
	viewConsent      = "view-consent"
	manageConsent    = "manage-consent"
	viewGroups       = "view-groups"
	deleteAccount    = "delete-account"
)

// accountClient is the built-in client whose roles these are, and which tokens
// have to be meant for.
const accountClient = "account"

const allMethods = "GET, POST, PUT, DELETE, OPTIONS"

// Routes lists the door's routes. Pages stand at the same addresses.
func (d *Door) Routes() []web.Route {
	const base = "/realms/{realm}/account"
	var routes []web.Route
	add := func(method, path string, roles []string, act action) {
		routes = append(routes, web.Route{Pattern: method + " " + base + path, Class: web.ClassJSON, Programs: true, Handler: d.serve(roles, act)})
	}
	profile, consents := []string{manageAccount, viewProfile}, []string{manageAccount, manageConsent}
	manage := []string{manageAccount}
	for _, root := range []string{"", "/{$}"} {
		add("GET", root, profile, d.account)
		add("POST", root, manage, d.updateAccount)
	}
	add("GET", "/supportedLocales", nil, d.supportedLocales)
	add("GET", "/features", profile, d.features)
	add("GET", "/credentials", profile, d.credentials)
	add("PUT", "/credentials/{id}/label", manage, d.labelCredential)
	add("DELETE", "/credentials/{id}", manage, d.deleteCredential)
	add("GET", "/sessions", profile, d.sessions)
	add("GET", "/sessions/devices", profile, d.devices)
	add("DELETE", "/sessions", manage, d.endSessions)
	add("DELETE", "/sessions/{id}", manage, d.endSession)
	add("GET", "/applications", []string{manageAccount, viewApplications}, d.applications)
	add("GET", "/applications/{clientId}/consent", []string{manageAccount, viewConsent, manageConsent}, d.consent)
	add("POST", "/applications/{clientId}/consent", consents, d.giveConsent)
	add("PUT", "/applications/{clientId}/consent", consents, d.giveConsent)
	add("DELETE", "/applications/{clientId}/consent", consents, d.revokeConsent)
	add("GET", "/groups", []string{manageAccount, viewGroups}, d.groups)
	add("GET", "/linked-accounts", []string{manageAccount, viewProfile, manageLinks}, d.linkedAccounts)
	add("GET", "/activity", profile, d.activity)
	add("GET", "/{rest...}", nil, func(*call) error { return answerError(http.StatusNotFound, "HTTP 404 Not Found") })
	for _, path := range []string{"", "/{rest...}"} {
		routes = append(routes, web.Route{Pattern: "OPTIONS " + base + path, Class: web.ClassJSON, Handler: d.preflight})
	}
	return routes
}

// call is a request of a person, or of an application for them.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	snap   *latchkey.Snapshot
	claims *token.Claims
	door   *Door
	lang   string // BCP 47; empty until somebody asks
}

type action func(*call) error

// serve lets an action be done for a token that is meant for the account and
// has one of the roles; none means that any such token may.
func (d *Door) serve(roles []string, act action) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		snap, err := d.Realms.Get(r.Context(), r.PathValue("realm"))
		switch {
		case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
			return answerError(http.StatusNotFound, "Realm does not exist")
		case err != nil:
			return err
		}
		claims, err := d.authenticate(r, snap, roles)
		if latchkey.ErrorCode(err) == latchkey.CodeUnauthenticated {
			w.Header().Set("WWW-Authenticate", `Bearer realm="account"`) // RFC 6750 3
		}
		if err != nil {
			web.AllowOrigin(w, r, d.origins(r, snap, nil))
			return challenged(w, snap, err)
		}
		web.AllowOrigin(w, r, d.origins(r, snap, snap.ClientByClientID(claims.ClientID)))
		w.Header().Set("Cache-Control", "no-cache")
		return challenged(w, snap, act(&call{w: w, r: r, snap: snap, claims: claims, door: d}))
	}
}

// challenged says with every 401 what would be taken (RFC 6750 3).
func challenged(w http.ResponseWriter, snap *latchkey.Snapshot, err error) error {
	if latchkey.ErrorCode(err) == latchkey.CodeUnauthenticated {
		w.Header().Set("WWW-Authenticate", "Bearer realm="+strconv.Quote(snap.Realm.Name))
	}
	return err
}

// authenticate takes the bearer token (RFC 6750) of the realm.
func (d *Door) authenticate(r *http.Request, snap *latchkey.Snapshot, roles []string) (*token.Claims, error) {
	raw, ok := web.Bearer(r)
	if !ok || !snap.Realm.Enabled {
		return nil, unauthorized()
	}
	claims, err := d.Verifier.VerifyAccess(snap, d.Site.Issuer(snap.Realm.Name), raw)
	if err != nil {
		return nil, unauthorized()
	}
	client := snap.ClientByClientID(accountClient)
	if client == nil || !client.Enabled {
		return nil, answerError(http.StatusNotFound, "account management not enabled")
	}
	if !slices.Contains(claims.Audience, accountClient) {
		return nil, unauthorized()
	}
	for _, role := range roles {
		if slices.Contains(claims.ClientRoles[accountClient], role) {
			return claims, nil
		}
	}
	if len(roles) > 0 {
		return nil, answerError(http.StatusForbidden, "HTTP 403 Forbidden")
	}
	return claims, nil
}

// may says whether the token has one of the roles.
func (c *call) may(roles ...string) bool {
	for _, role := range roles {
		if slices.Contains(c.claims.ClientRoles[accountClient], role) {
			return true
		}
	}
	return false
}

// view reads, for whom the token stands for now: an access token outlives a
// sign-out.
func (c *call) view(f func(*store.Tx, *token.Bearer) error) error {
	return c.door.DB.View(c.r.Context(), c.alive(f))
}

// update is view that writes.
func (c *call) update(f func(*store.Tx, *token.Bearer) error) error {
	return c.door.DB.Update(c.r.Context(), c.alive(f))
}

func (c *call) alive(f func(*store.Tx, *token.Bearer) error) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		b, err := token.Subject(tx, c.snap, c.claims)
		if err != nil {
			return err
		}
		if b == nil || b.User.ID != c.claims.Subject {
			return unauthorized()
		}
		return f(tx, b)
	}
}

// answer writes the body as JSON.
func (c *call) answer(body any) error { return web.WriteJSON(c.w, http.StatusOK, body) }

// done answers that it was done.
func (c *call) done() error {
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// origins are the web origins of the token's client; of all clients for an
// answer to nobody that is known.
func (d *Door) origins(r *http.Request, snap *latchkey.Snapshot, client *latchkey.Client) []string {
	if r.Header.Get("Origin") == "" {
		return nil
	}
	return token.Origins(snap, client, d.Site.URL())
}

func (d *Door) preflight(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.Realms.Get(r.Context(), r.PathValue("realm"))
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return answerError(http.StatusNotFound, "Realm does not exist")
	}
	if err != nil {
		return err
	}
	web.Preflight(w, r, d.origins(r, snap, nil), allMethods)
	return nil
}
