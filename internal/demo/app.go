package demo

import (
	"log/slog"
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/web"
)

// ClientID is the client that dev makes for the demo application.
const ClientID = "demo-app"

// Options is what the application is configured with, as any application is.
type Options struct {
	Issuer   string // of the realm to sign in to
	BaseURL  string // the application's own address
	ClientID string
	Secret   latchkey.Secret // of a confidential client; empty for a public one
	Client   *http.Client    // to reach the issuer with; nil for one of its own
	// File keeps who is signed in, and sign-ins under way, over restarts;
	// empty: memory only. It is its owner's alone: there are tokens in it.
	File string
	Log  *slog.Logger
	Now  func() time.Time
}

// App is the demo application.
type App struct {
	opts     Options
	site     *web.Site
	party    party
	sessions *sessions
	handler  http.Handler
}

// New makes the application. Nothing is asked of the issuer until somebody
// signs in. The error is that BaseURL is not an address.
func New(o Options) (*App, error) {
	site, err := web.NewSite(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	a := &App{opts: o, site: site, sessions: newSessions(o)}
	a.party.app = a
	a.handler = web.Mount(a.routes(), web.Manners{Site: site, Errors: a, Log: o.Log, Now: o.Now})
	return a, nil
}

func (a *App) routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /{$}", Handler: a.home},
		{Pattern: "GET /login", Class: web.ClassPage, Handler: a.login},
		{Pattern: "POST /login", Class: web.ClassPage, Handler: a.login, AnyOrigin: true},
		{Pattern: "GET /callback", Class: web.ClassPage, Handler: a.callback},
		{Pattern: "POST /refresh", Class: web.ClassPage, Handler: a.refresh},
		{Pattern: "POST /logout", Class: web.ClassPage, Handler: a.logout},
		{Pattern: "GET /style.css", Class: web.ClassAsset, Handler: style},
	}
}

// ServeHTTP serves the application.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }
