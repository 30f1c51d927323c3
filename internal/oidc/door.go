package oidc

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/flow"
	"latchkey/internal/outbound"
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

// People is the person's door, as this one needs it.
type People interface {
	// Begin begins a login in the browser of the request, runs its flow as far
	// as it goes without the person, in one transaction, and answers: with a
	// redirect to the open step, or, when nothing is left to ask, with what
	// [Door.Answer] makes. Of l it takes client, request, answer, flow and entry.
	Begin(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, l *latchkey.Login) error
}

// Pages shows the few pages that this door has. Each writes the whole answer,
// headers included.
type Pages interface {
	// Error says why a request leads nowhere.
	Error(w http.ResponseWriter, r *http.Request, p ErrorPage) error
	// LogoutConfirm asks whether to sign out.
	LogoutConfirm(w http.ResponseWriter, r *http.Request, p LogoutPage) error
	// LoggedOut says that it was done.
	LoggedOut(w http.ResponseWriter, r *http.Request, p LogoutPage) error
	// FormPost answers the application by a form that submits itself.
	FormPost(w http.ResponseWriter, r *http.Request, p FormPostPage) error
	// Frame is a page without content, kept in a hidden frame.
	Frame(w http.ResponseWriter, r *http.Request, p FramePage) error
}

// The keys of an [ErrorPage].
const (
	PageInvalid  = "invalid"  // the application's request is not valid
	PageClient   = "client"   // no such client, or it may not sign people in
	PageRedirect = "redirect" // redirect_uri is missing or not registered
	PageRealm    = "realm"    // no such realm, or it is switched off
	PageSetup    = "setup"    // nothing signs people in here
)

// ErrorPage is a page that says why a request leads nowhere.
type ErrorPage struct {
	Realm  *latchkey.Snapshot // nil when there is no such realm
	Client *latchkey.Client   // nil when it is not known
	Status int                // HTTP
	Key    string             // Page...
}

// LogoutPage asks whether to sign out, or says that it was done.
type LogoutPage struct {
	Realm  *latchkey.Snapshot
	Client *latchkey.Client // that asked for it; nil when it is not known
	User   *latchkey.User   // who is, or was, signed in; nil when nobody is
	// UILocales are the languages that the application asks for (RP-Initiated
	// Logout 1.0, 2), blanks between.
	UILocales string
	// Of the question: where its form is posted to, its hidden fields, and
	// where a yes may lead over redirects, for form-action.
	Action  string
	Fields  []Field
	Targets []string
}

// FormPostPage is an answer by response_mode=form_post.
type FormPostPage struct {
	Realm  *latchkey.Snapshot
	Client *latchkey.Client
	Action string // the redirect URI; the one target of the page's form
	Fields []Field
}

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// Deps is what the door is built from.
type Deps struct {
	DB     *store.DB
	Realms Realms
	Site   *web.Site
	Minter *token.Minter
	People People
	Pages  Pages
	// Registry has the steps of the direct grant flow.
	Registry *flow.Registry
	// Keys fetches the key sets of clients.
	Keys *outbound.Client
	Log  *slog.Logger
	Now  func() time.Time
}

// Door is the application's door.
type Door struct {
	Deps
	guesses *guesses
	keySets *keySets
}

// New makes the door.
func New(d Deps) *Door {
	return &Door{Deps: d, guesses: newGuesses(), keySets: newKeySets(d.Now, d.Keys.Get)}
}

// The cookies of the browser, by purpose; web adds prefix and realm. Both are
// the person's door's, which finds logins by the one and sets the other.
const (
	cookieLogin   = "login"
	cookieSession = web.CookieSession
)

const protocol = "protocol/openid-connect/"

// Routes lists the door's routes.
func (d *Door) Routes() []web.Route {
	const realm = "/realms/{realm}"
	const base = realm + "/" + protocol
	routes := []web.Route{
		{Pattern: "GET " + realm, Class: web.ClassJSON, Handler: d.public(d.realmRoot)},
		{Pattern: "GET " + realm + "/.well-known/openid-configuration", Class: web.ClassJSON, Handler: d.fixed(d.discovery)},
		{Pattern: "GET " + realm + "/.well-known/oauth-authorization-server", Class: web.ClassJSON, Handler: d.fixed(d.discovery)},
		{Pattern: "GET /.well-known/oauth-authorization-server" + realm, Class: web.ClassJSON, Handler: d.fixed(d.discovery)},
		{Pattern: "GET " + base + "certs", Class: web.ClassJSON, Handler: d.fixed(d.certs)},
		{Pattern: "GET " + base + "auth", Class: web.ClassPage, Handler: d.authorize},
		{Pattern: "POST " + base + "auth", Class: web.ClassPage, Handler: d.authorize, AnyOrigin: true},
		{Pattern: "GET " + base + "registrations", Class: web.ClassPage, Handler: d.enter(latchkey.EntryRegistration)},
		{Pattern: "GET " + base + "forgot-credentials", Class: web.ClassPage, Handler: d.enter(latchkey.EntryReset)},
		{Pattern: "POST " + base + "token", Class: web.ClassJSON, Handler: d.token},
		{Pattern: "POST " + base + "token/introspect", Class: web.ClassJSON, Handler: d.introspect},
		{Pattern: "POST " + base + "revoke", Class: web.ClassJSON, Handler: d.revoke},
		{Pattern: "GET " + base + "userinfo", Class: web.ClassJSON, Handler: d.userinfo},
		{Pattern: "POST " + base + "userinfo", Class: web.ClassJSON, Handler: d.userinfo},
		{Pattern: "GET " + base + frameStatus, Class: web.ClassPage, Handler: d.statusFrame},
		{Pattern: "GET " + base + frameStatus + "/init", Class: web.ClassJSON, Handler: d.statusInit},
		{Pattern: "GET " + base + frameStep1, Class: web.ClassPage, Handler: d.cookieStep1},
		{Pattern: "GET " + base + frameStep2, Class: web.ClassPage, Handler: d.cookieStep2},
		{Pattern: "GET " + base + "logout", Class: web.ClassPage, Handler: d.logout},
		{Pattern: "POST " + base + "logout", Class: web.ClassPage, Handler: d.logout, AnyOrigin: true},
		{Pattern: "POST " + base + "logout/logout-confirm", Class: web.ClassPage, Handler: d.logoutConfirmed},
	}
	for path, methods := range map[string]string{
		realm: "GET, OPTIONS",
		realm + "/.well-known/openid-configuration":       "GET, OPTIONS",
		realm + "/.well-known/oauth-authorization-server": "GET, OPTIONS",
		"/.well-known/oauth-authorization-server" + realm: "GET, OPTIONS",
		base + "certs":            "GET, OPTIONS",
		base + "token":            "POST, OPTIONS",
		base + "userinfo":         "GET, POST, OPTIONS",
		base + "token/introspect": "POST, OPTIONS",
		base + "revoke":           "POST, OPTIONS",
	} {
		routes = append(routes, web.Route{Pattern: "OPTIONS " + path, Class: web.ClassJSON, Handler: d.preflight(methods)})
	}
	return append(routes, d.registrationRoutes()...)
}

// realm finds the request's realm for an answer in JSON.
func (d *Door) realm(r *http.Request) (*latchkey.Snapshot, error) {
	snap, err := d.Realms.Get(r.Context(), r.PathValue("realm"))
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return nil, errNoRealm
	case err != nil:
		return nil, err
	case !snap.Realm.Enabled:
		return nil, errRealmOff
	}
	return snap, nil
}

// realmPage finds the request's realm for an answer that is a page. Without
// one it answers, and gives nil.
func (d *Door) realmPage(w http.ResponseWriter, r *http.Request) (*latchkey.Snapshot, error) {
	snap, err := d.Realms.Get(r.Context(), r.PathValue("realm"))
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return nil, d.Pages.Error(w, r, ErrorPage{Status: http.StatusNotFound, Key: PageRealm})
	case err != nil:
		return nil, err
	case !snap.Realm.Enabled:
		return nil, d.Pages.Error(w, r, ErrorPage{Status: http.StatusForbidden, Key: PageRealm})
	}
	return snap, nil
}

// record writes down what happened, in a transaction of its own: for requests
// that need none else.
func (d *Door) record(ctx context.Context, snap *latchkey.Snapshot, e latchkey.Event) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error { return event.Record(tx, snap.Realm, e) })
}

// url gives the address of one of the door's own routes.
func (d *Door) url(snap *latchkey.Snapshot, path string) string {
	return d.Site.RealmURL(snap.Realm.Name, path)
}
