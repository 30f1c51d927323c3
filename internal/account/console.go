package account

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/web"
)

// Realms gives realms' snapshots by name.
type Realms interface {
	Get(ctx context.Context, name string) (*latchkey.Snapshot, error)
}

// Keyring seals what browsers keep for us. *secret.Keyring is one.
type Keyring interface {
	Seal(purpose, id string, plain []byte) []byte
	Open(purpose, id string, sealed []byte) ([]byte, error)
}

// Deps is what the console is built from.
type Deps struct {
	Realms  Realms
	Site    *web.Site
	Kit     *page.Kit
	Keyring Keyring
	// API answers for the server itself: OpenID Connect and the account REST.
	API http.Handler
	Log *slog.Logger
	Now func() time.Time
}

// Console is the console of the person's account.
type Console struct {
	Deps
	remembered tokens
}

// New makes the console.
func New(d Deps) *Console { return &Console{Deps: d} }

// ClientID is the built-in client that the console signs in as.
const ClientID = "account-console"

// The pages, by their paths below the account's address. The names are
// Keycloak's.
const (
	pathInfo         = ""
	pathSigningIn    = "account-security/signing-in"
	pathDevices      = "account-security/device-activity"
	pathApplications = "applications"
	pathGroups       = "groups"
	pathActivity     = "activity"
)

// Routes lists the console's routes.
func (c *Console) Routes() []web.Route {
	const base = "/realms/{realm}/account"
	route := func(method, path string, h web.Handler) web.Route {
		return web.Route{Pattern: method + " " + base + path, Class: web.ClassPage, Handler: h}
	}
	return []web.Route{
		{Pattern: "GET " + base, Class: web.ClassRedirect, Handler: c.toHome},
		route("GET", "/{$}", c.visit(c.info)),
		route("POST", "/{$}", c.visit(c.saveInfo)),
		route("POST", "", c.visit(c.saveInfo)),
		route("GET", "/"+pathSigningIn, c.visit(c.signingIn)),
		route("POST", "/"+pathSigningIn, c.visit(c.nameCredential)),
		route("GET", "/"+pathDevices, c.visit(c.devices)),
		route("POST", "/"+pathDevices, c.visit(c.endSessions)),
		route("GET", "/"+pathApplications, c.visit(c.applications)),
		route("POST", "/"+pathApplications, c.visit(c.revoke)),
		route("GET", "/"+pathGroups, c.visit(c.groups)),
		route("GET", "/"+pathActivity, c.visit(c.activity)),
		route("GET", "/begin", c.visit(c.begin)),
		route("GET", "/callback", c.callback),
		route("POST", "/sign-out", c.visit(c.signOut)),
		route("GET", "/{rest...}", c.visit(c.missing)),
	}
}

func (c *Console) toHome(w http.ResponseWriter, r *http.Request) error {
	to := c.url(r.PathValue("realm"), "")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return web.Redirect(w, r, to)
}

// url is the address of a page of the console.
func (c *Console) url(realm, path string) string {
	return c.Site.Path("realms", realm, "account", path)
}

// visit is one request of somebody who is signed in to the console.
type visit struct {
	*Console
	w     http.ResponseWriter
	r     *http.Request
	snap  *latchkey.Snapshot
	held  held
	token string // a good access token; empty until one is needed
	// everywhere says that the person signs out of everything.
	everywhere bool
}

// errSignIn says that nobody is signed in any more.
var errSignIn = errors.New("account: nobody is signed in")

// visit lets a handler serve who is signed in, and has everybody else sign in
// first and come back.
func (c *Console) visit(h func(*visit) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		snap, err := c.realm(w, r)
		if err != nil || snap == nil {
			return err
		}
		v := &visit{Console: c, w: w, r: r, snap: snap}
		if !v.read() {
			return c.signIn(w, r, snap, attempt{Path: v.here()})
		}
		if err := v.from(); err != nil {
			return err
		}
		if r.Method == http.MethodPost {
			form, err := web.Form(w, r)
			if err != nil {
				return err
			}
			if form.Get("session_code") != v.held.Code {
				return latchkey.Errorf(latchkey.CodeForbidden, "This form was made for another sign-in. Open the page again and send it again.")
			}
			r.Form = form
		}
		if err = h(v); errors.Is(err, errSignIn) {
			v.forget()
			return c.signIn(w, r, snap, attempt{Path: v.here()})
		}
		return err
	}
}

// here is the page that the request is about, with its query when it was only
// looked at.
func (v *visit) here() string {
	path := v.r.URL.Path
	if v.r.Method == http.MethodGet && v.r.URL.RawQuery != "" {
		path += "?" + v.r.URL.RawQuery
	}
	if v.r.Method == http.MethodPost && v.r.URL.Path == v.url(v.snap.Realm.Name, "sign-out") || !web.LocalPath(path) {
		return v.url(v.snap.Realm.Name, "")
	}
	return path
}

// realm finds the request's realm. Without one it answers, and gives nil.
func (c *Console) realm(w http.ResponseWriter, r *http.Request) (*latchkey.Snapshot, error) {
	snap, err := c.Realms.Get(r.Context(), r.PathValue("realm"))
	status := http.StatusNotFound
	switch {
	case err == nil && snap.Realm.Enabled:
		return snap, nil
	case err == nil:
		status = http.StatusForbidden
	case latchkey.ErrorCode(err) != latchkey.CodeNotFound:
		return nil, err
	}
	meta := c.Kit.Meta(r, nil, nil, c.Kit.Language(w, r, nil, "", ""), c.Now())
	return nil, c.Kit.Write(w, r, page.Answer{Status: status, Meta: meta, Page: page.ErrorPage(page.ErrorRealm, web.RequestID(r.Context()))})
}

// write answers with a page of the console.
func (v *visit) write(status int, p page.Page) error {
	return v.Kit.Write(v.w, v.r, page.Answer{Status: status, Meta: v.meta(), Page: p})
}

func (v *visit) meta() page.Meta {
	return v.Kit.Meta(v.r, v.snap.Realm, nil, v.lang(), v.Now())
}

func (v *visit) lang() string { return v.Kit.Language(v.w, v.r, v.snap.Realm, "", v.held.Locale) }
