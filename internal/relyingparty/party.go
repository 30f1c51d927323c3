package relyingparty

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
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

// Deps is what a party is built from.
type Deps struct {
	Realms  Realms
	Site    *web.Site
	Kit     *page.Kit
	Keyring Keyring
	// API answers for the server itself: OpenID Connect and the REST APIs.
	API http.Handler
	Log *slog.Logger
	Now func() time.Time
}

// Application is what one party is, and another is not.
type Application struct {
	ClientID string // the built-in client that it signs in as
	// Cookie is the purpose of its cookies, by which their names begin.
	Cookie string
	// Pages and REST say where its pages are for people who sign in at the
	// realm, and where what it asks is, as parts of a path.
	Pages, REST func(realm string) []string
	// Notices are what a page may say of what was just done, as keys of the
	// catalogue by the names that Say is given.
	Notices map[string]string
	// Declined are the keys of the page for who turned back at the sign-in:
	// heading, text, and the link to try again.
	Declined [3]string
	// Forms is what its forms may be; nil: as everybody's ([web.Form]).
	Forms *web.Bounds
}

// The pages that every party has.
const (
	PathHome     = ""
	PathCallback = "callback" // GET: the answer to a sign-in
	PathSignOut  = "sign-out" // POST
)

// Party is an application of our own.
type Party struct {
	Deps
	Application
	remembered tokens
}

// New makes a party.
func New(d Deps, a Application) *Party { return &Party{Deps: d, Application: a} }

// Path is the address of a page for people who sign in at the realm.
func (p *Party) Path(realm, path string) string { return p.Site.Path(append(p.Pages(realm), path)...) }

// Visit is one request of somebody who is signed in.
type Visit struct {
	*Party
	W     http.ResponseWriter
	R     *http.Request
	Snap  *latchkey.Snapshot // the realm that the person signed in at
	Held  Held
	token string      // a good access token; empty until one is needed
	texts *page.Texts // in the language of the person; nil until one is needed
}

// errSignIn says that nobody is signed in any more.
var errSignIn = errors.New("relyingparty: nobody is signed in")

// Visit lets a handler serve who is signed in, and has everybody else sign in
// first and come back. The realm is the route's {realm}.
func (p *Party) Visit(h func(*Visit) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		snap, err := p.realm(w, r)
		if err != nil || snap == nil {
			return err
		}
		v := &Visit{Party: p, W: w, R: r, Snap: snap}
		known := v.read()
		if r.Method == http.MethodPost {
			form, err := p.form(w, r)
			if err != nil && known { // what a stranger sends is not looked at
				return err
			}
			r.Form = form
		}
		if !known {
			return v.ended()
		}
		if r.Method == http.MethodPost && r.Form.Get(sessionCode) != v.Held.Code {
			if v.typed() {
				return v.keepForm(true)
			}
			return latchkey.Errorf(latchkey.CodeForbidden, "This form was made for another sign-in. Open the page again and send it again.")
		}
		if err = h(v); errors.Is(err, errSignIn) {
			v.forget()
			return v.ended()
		}
		return err
	}
}

// ended answers who is not signed in any more: they sign in and come back.
func (v *Visit) ended() error {
	if v.typed() {
		return v.keepForm(false)
	}
	return v.signIn(v.W, v.R, v.Snap, attempt{Path: v.here()})
}

func (p *Party) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if p.Forms != nil {
		return p.Forms.Form(r)
	}
	return web.Form(w, r)
}

// Known says whether somebody of the realm is signed in here, or was.
func (p *Party) Known(r *http.Request, realm string) bool {
	var h Held
	return p.open(r, p.Cookie, realm, &h) && h.Refresh != ""
}

// here is the page that the request is about, with its query when it was only
// looked at.
func (v *Visit) here() string {
	path := v.R.URL.Path
	if v.R.Method == http.MethodGet && v.R.URL.RawQuery != "" {
		path += "?" + v.R.URL.RawQuery
	}
	if v.R.Method == http.MethodPost && v.R.URL.Path == v.Path(v.Snap.Realm.Name, PathSignOut) || !web.LocalPath(path) {
		return v.Path(v.Snap.Realm.Name, PathHome)
	}
	return path
}

// realm finds the request's realm. Without one it answers, and gives nil.
func (p *Party) realm(w http.ResponseWriter, r *http.Request) (*latchkey.Snapshot, error) {
	snap, err := p.Realms.Get(r.Context(), r.PathValue("realm"))
	status := http.StatusNotFound
	switch {
	case err == nil && snap.Realm.Enabled:
		return snap, nil
	case err == nil:
		status = http.StatusForbidden
	case latchkey.ErrorCode(err) != latchkey.CodeNotFound:
		return nil, err
	}
	meta := p.Kit.Meta(r, nil, nil, p.Kit.Language(w, r, nil, "", ""), p.Now())
	return nil, p.Kit.Write(w, r, page.Answer{Status: status, Meta: meta, Page: page.ErrorPage(page.ErrorRealm, web.RequestID(r.Context()))})
}

// Show answers with a page.
func (v *Visit) Show(status int, p page.Page, policy page.Policy) error {
	return v.Kit.Write(v.W, v.R, page.Answer{Status: status, Meta: v.Meta(), Page: p, Policy: policy})
}

// Meta is what the layout needs.
func (v *Visit) Meta() page.Meta { return v.Kit.Meta(v.R, v.Snap.Realm, nil, v.Lang(), v.Now()) }

// Lang is the language of the person.
func (v *Visit) Lang() string { return v.Kit.Language(v.W, v.R, v.Snap.Realm, "", v.Held.Locale) }

// Told gives a text of the Admin REST API in the language of the person.
func (v *Visit) Told(text string) string {
	if v.texts == nil {
		v.texts = v.Kit.TextsOf(v.Snap.Realm, v.Lang())
	}
	return v.texts.Told(text)
}

// URL is the address of a page of the party, for the realm of the sign-in.
func (v *Visit) URL(path string) string { return v.Path(v.Snap.Realm.Name, path) }

// Post is a form that posts to the address.
func (v *Visit) Post(address string) page.Form {
	return page.Form{Action: address, SessionCode: v.Held.Code}
}
