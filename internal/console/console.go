package console

import (
	"context"
	"io"
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/web"
)

// Person is who is signed in to the realm that administers.
type Person struct {
	Name  string // user name or address
	Admin bool   // holds the role that administers every realm
}

// Command is something that is done on the host.
type Command struct {
	Line string // "latchkey migrate"
	What string // a key of the catalogue
}

// commands are what this version administers by.
func commands(ctx context.Context) []Command {
	return []Command{
		{Line: "latchkey start --import FILE", What: "console.command.import"},
		{Line: page.AdminCommand(ctx), What: "console.command.admin-link"},
		{Line: "latchkey migrate", What: "console.command.migrate"},
		{Line: "latchkey version", What: "console.command.version"},
	}
}

// Console is the operator's page.
type Console struct {
	Kit  *page.Kit
	Site *web.Site
	Now  func() time.Time
	// Realms gives every realm.
	Realms func(context.Context) ([]*latchkey.Realm, error)
	// SignedIn tells who is signed in; nil when nobody is.
	SignedIn func(*http.Request) (*Person, error)
	// SignInURL is where an administrator signs in; empty while there is no
	// such place.
	SignInURL string
}

// Routes are the console's routes.
func (c *Console) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /admin/{$}", Class: web.ClassPage, Handler: c.home},
		{Pattern: "GET /admin", Class: web.ClassRedirect, Handler: c.toHome},
		{Pattern: "GET /admin/master/console/{$}", Class: web.ClassRedirect, Handler: c.toHome},
	}
}

func (c *Console) toHome(w http.ResponseWriter, r *http.Request) error {
	return web.Redirect(w, r, c.Site.Path("admin", ""))
}

func (c *Console) home(w http.ResponseWriter, r *http.Request) error {
	meta := c.Kit.Meta(r, nil, nil, c.Kit.Language(w, r, nil, "", ""), c.Now())
	person, err := c.SignedIn(r)
	if err != nil {
		return err
	}
	if person == nil || !person.Admin {
		status := http.StatusForbidden
		if person == nil {
			person, status = &Person{}, http.StatusUnauthorized
		}
		return c.Kit.Write(w, r, page.Answer{Status: status, Meta: meta, Page: NoRight{Name: person.Name, SignInURL: c.SignInURL}})
	}
	realms, err := c.Realms(r.Context())
	if err != nil {
		return err
	}
	home := Home{Name: person.Name, API: c.Site.Path("admin/openapi.json")}
	for _, realm := range realms {
		home.Realms = append(home.Realms, Realm{Title: realm.Title(), Issuer: c.Site.Issuer(realm.Name), Disabled: !realm.Enabled})
	}
	return c.Kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: meta, Page: home})
}

// Realm is a line of the list of realms.
type Realm struct {
	Title    string
	Issuer   string
	Disabled bool
}

// Home is the page for an administrator.
type Home struct {
	Name   string
	Realms []Realm
	API    string // where the description of the Admin REST API is
}

// Title names the page.
func (Home) Title(t *page.Texts) string { return t.Say("console.heading") }

// Render writes the page's main part.
func (p Home) Render(ctx context.Context, w io.Writer) error { return home(p).Render(ctx, w) }

// Wide gives the page the width of a table.
func (Home) Wide() bool { return true }

// NoRight is the page for everybody else. Name is who is signed in; empty
// when nobody is.
type NoRight struct {
	Name      string
	SignInURL string
}

// Title names the page.
func (p NoRight) Title(t *page.Texts) string { return t.Say(p.heading()) }

func (p NoRight) heading() string {
	if p.Name == "" {
		return "console.sign-in.heading"
	}
	return "console.no-right.heading"
}

// Render writes the page's main part.
func (p NoRight) Render(ctx context.Context, w io.Writer) error { return noRight(p).Render(ctx, w) }
