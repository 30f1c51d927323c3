package admin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"latchkey"
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
	Log      *slog.Logger
	Now      func() time.Time
}

// Door is the operator's door.
type Door struct{ Deps }

// New makes the door.
func New(d Deps) *Door { return &Door{Deps: d} }

// Routes lists the door's routes.
func (d *Door) Routes() []web.Route {
	return []web.Route{
		{Pattern: "POST /realms/{realm}/magic-link", Class: web.ClassJSON, Handler: d.magicLink},
	}
}

// caller is who calls: an account of the realm or of realm master, with the
// administrative roles that the token grants for this realm.
type caller struct {
	realm  *latchkey.Snapshot // whose token it is
	claims *token.Claims
	userID string
	roles  map[string]bool // names of administrative roles for the realm
	ip     string
}

// authenticate takes the bearer token (RFC 6750) of the realm or of master.
func (d *Door) authenticate(r *http.Request, snap *latchkey.Snapshot) (*caller, error) {
	raw, ok := web.Bearer(r)
	if !ok {
		return nil, unauthorized()
	}
	for _, name := range []string{snap.Realm.Name, latchkey.MasterRealm} {
		issuer, err := d.Realms.Get(r.Context(), name)
		if err != nil {
			return nil, err
		}
		claims, err := d.Verifier.VerifyAccess(issuer, d.Site.Issuer(name), raw)
		if err != nil {
			continue
		}
		c := &caller{realm: issuer, claims: claims, roles: map[string]bool{}, ip: d.Site.ClientIP(r)}
		container := latchkey.ClientRealmManagement
		if name == latchkey.MasterRealm {
			container = snap.Realm.Name + "-realm"
		}
		return c, d.identify(r.Context(), c, container)
	}
	return nil, unauthorized()
}

// identify finds whom the token stands for now, and which roles of the client
// named container they have by it: an access token outlives a sign-out and the
// loss of a role, and a lightweight one tells no roles.
func (d *Door) identify(ctx context.Context, c *caller, container string) error {
	return d.DB.View(ctx, func(tx *store.Tx) error {
		g, err := token.GrantFor(tx, c.realm, c.claims)
		if err != nil {
			return err
		}
		if g == nil {
			return unauthorized()
		}
		c.userID = g.User.ID
		for _, role := range g.EffectiveRoles(c.claims).Client[container] {
			c.roles[role] = true
		}
		return nil
	})
}

// restError is an answer with Keycloak's error body. It is a [web.Responder].
type restError struct {
	status  int
	Message string `json:"error"`
	Detail  string `json:"error_description,omitempty"`
}

// Error gives the message.
func (e *restError) Error() string { return e.Message }

// Respond answers with the body.
func (e *restError) Respond(w http.ResponseWriter, _ *http.Request) {
	_ = web.WriteJSON(w, e.status, e) // two strings always encode
}

func answerError(status int, message string) error {
	return &restError{status: status, Message: message}
}

func unauthorized() error { return answerError(http.StatusUnauthorized, "HTTP 401 Unauthorized") }

// cannotParse is Keycloak's answer to a body that is no JSON.
func cannotParse() error {
	return &restError{status: http.StatusBadRequest, Message: "invalid_request", Detail: "Cannot parse the JSON"}
}
