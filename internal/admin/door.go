package admin

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"latchkey"
	"latchkey/internal/doctor"
	"latchkey/internal/flow"
	"latchkey/internal/outbox"
	"latchkey/internal/page"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// Realms gives realms' snapshots.
type Realms interface {
	Get(ctx context.Context, name string) (*latchkey.Snapshot, error)
	// Invalidate says that the realm was changed, so that the next Get sees it.
	Invalidate(realmID string)
}

// Verifier checks access tokens.
type Verifier interface {
	VerifyAccess(snap *latchkey.Snapshot, issuer, raw string) (*token.Claims, error)
}

// Signer makes the tokens that let others register clients, and change those
// that they registered.
type Signer interface {
	MintInitialAccess(ctx context.Context, snap *latchkey.Snapshot, issuer string, a *latchkey.InitialAccess) (string, error)
	MintRegistrationAccess(ctx context.Context, snap *latchkey.Snapshot, issuer, id string) (string, error)
}

// Prober sends a mail at once and says what the relay said.
type Prober interface {
	// Sends says whether mails of the realm have somewhere to go.
	Sends(realm *latchkey.Realm) bool
	// Route says where they go.
	Route(realm *latchkey.Realm) outbox.Route
	Test(ctx context.Context, realm *latchkey.Realm, settings latchkey.SMTP, to string, c outbox.Content) (latchkey.DeliveryAttempt, error)
}

// Fetcher reads what is at an address that somebody else chose, where that may
// be called.
type Fetcher interface {
	Get(ctx context.Context, address string) (body []byte, status int, err error)
}

// Deps is what the door is built from.
type Deps struct {
	DB       *store.DB
	Realms   Realms
	Site     *web.Site
	Verifier Verifier
	Signer   Signer
	Registry *flow.Registry
	Metadata Fetcher // of identity providers
	Doctor   doctor.Doctor
	Pages    *page.Kit
	Log      *slog.Logger
	Now      func() time.Time
	Version  string // of this program, for whoever asks what runs
}

// Door is the operator's door.
type Door struct {
	Deps
	// Prober tests mail settings. The server sets it once its mail worker is
	// built.
	Prober Prober

	started time.Time
	// Both are large and seldom asked for: they are made when they are.
	described func() *described
	openAPI   func() []byte
}

// New makes the door.
func New(deps Deps) *Door {
	d := &Door{Deps: deps, started: deps.Now(), described: sync.OnceValue(readDescriptions)}
	d.openAPI = sync.OnceValue(func() []byte { return describe(d.table(), d.Site.URL()) })
	return d
}

// serve lets a route be called by those who may: 401 without a valid token,
// then 404 for a realm that does not exist, then 403, and what is not in the
// realm is looked for after that.
func (d *Door) serve(route *route) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := d.authenticate(r)
		if err != nil {
			web.AllowOrigin(w, r, d.origins(r, nil))
			w.Header().Set("WWW-Authenticate", `Bearer realm="admin"`) // RFC 6750 3; nothing of what was asked is said back
			return err
		}
		if web.AllowOrigin(w, r, d.origins(r, caller)) {
			w.Header().Set("Access-Control-Expose-Headers", "Location, Warning")
		}
		c := &call{w: w, r: r, door: d, caller: caller}
		if route.inRealm() {
			if c.snap, err = d.Realms.Get(r.Context(), r.PathValue("realm")); err != nil {
				return notFound(err, route.noRealm())
			}
			c.roles = caller.rolesIn(c.snap.Realm.Name)
			if !route.anybody && (len(c.roles) == 0 || (len(route.may) > 0 && !has(c.roles, route.may))) {
				return forbidden()
			}
		}
		if err := c.accepts(route); err != nil {
			return err
		}
		return route.act(c)
	}
}

// origins are the web origins of the client that the token was made for.
func (d *Door) origins(r *http.Request, c *caller) []string {
	if r.Header.Get("Origin") == "" || c == nil {
		return nil
	}
	return token.Origins(c.realm, c.client, d.Site.URL())
}

// preflight answers what a browser asks before a script of another origin
// calls: it tells nothing but what could be called, so everybody is told, also
// with credentials, of which there are none here but the token. Whether the
// script may read the answer, the answer says (serve).
func (d *Door) preflight(w http.ResponseWriter, r *http.Request) error {
	web.Preflight(w, r, []string{r.Header.Get("Origin")}, "GET, POST, PUT, DELETE, OPTIONS")
	return nil
}
