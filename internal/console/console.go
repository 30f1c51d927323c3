package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/relyingparty"
	"latchkey/internal/web"
)

// Console is the operators' console.
type Console struct{ party *relyingparty.Party }

// New makes the console.
func New(d relyingparty.Deps) *Console {
	return &Console{party: relyingparty.New(d, relyingparty.Application{
		ClientID: latchkey.ClientAdminConsole, Cookie: "console", Notices: notices,
		Pages:    func(realm string) []string { return []string{"admin", realm, "console"} },
		REST:     func(string) []string { return []string{"admin"} },
		Declined: [3]string{"console.declined.heading", "console.declined.text", "account.sign-in"},
		Forms:    &web.Bounds{Parameters: 2000, Repeatable: true, Files: true},
	})}
}

// notices are what a page may say of what was just done.
var notices = map[string]string{
	"saved": "console.saved", "created": "console.created", "deleted": "console.deleted", "done": "console.done",
	"bound": "console.flow.bound", "bound-already": "console.flow.bound-already", "cancelled": "console.cancelled", "failed": "console.failed", "mailed": "console.mailed",
	"revoked": "console.mail-link.revoked", "promised": "console.mail.promised", "withheld": "console.mail.withheld", "cleared": "console.event.cleared",
}

// row is a page: what answers at a path below the realm that is administered.
type row struct {
	method, path string
	handle       func(*visit) error
	body         int64 // the most bytes that a request may send; 0: as everywhere
}

// Routes lists the console's routes.
func (c *Console) Routes() []web.Route {
	const base = "/admin/{realm}/console"
	route := func(pattern string, h web.Handler) web.Route {
		return web.Route{Pattern: pattern, Class: web.ClassPage, Handler: h}
	}
	routes := []web.Route{
		{Pattern: "GET /admin", Class: web.ClassRedirect, Handler: func(w http.ResponseWriter, r *http.Request) error {
			return web.Redirect(w, r, c.party.Site.Path("admin", ""))
		}},
		route("GET /admin/{$}", c.entrance),
		{Pattern: "GET /admin/" + latchkey.MasterRealm + "/console", Class: web.ClassRedirect, Handler: c.toMaster},
		route("GET "+base+"/{$}", c.visit(c.home)),
		route("GET "+base+"/callback", c.party.Callback),
		route("POST "+base+"/sign-out", c.visit(func(v *visit) error { return v.SignOut(false) })),
		route("GET "+base+"/realms/{of}/{rest...}", c.visit(func(v *visit) error { return v.missing() })),
	}
	for _, r := range c.outside() {
		routes = append(routes, web.Route{Pattern: r.method + " " + base + "/" + r.path, Class: web.ClassPage, Handler: c.visit(r.handle), Body: r.body})
	}
	for _, r := range c.pages() {
		routes = append(routes, web.Route{Pattern: r.method + " " + base + "/realms/{of}/" + r.path, Class: web.ClassPage,
			Handler: c.visit(r.handle), Body: r.body})
	}
	return routes
}

func (c *Console) toMaster(w http.ResponseWriter, r *http.Request) error {
	return web.Redirect(w, r, c.party.Path(latchkey.MasterRealm, relyingparty.PathHome))
}

// entrance is where operators come first. Who is not known here is told how the
// first administrator gets in: the sign-in page tells nobody who has an account.
func (c *Console) entrance(w http.ResponseWriter, r *http.Request) error {
	if c.party.Known(r, latchkey.MasterRealm) {
		return c.toMaster(w, r)
	}
	p := c.party
	meta := p.Kit.Meta(r, nil, nil, p.Kit.Language(w, r, nil, "", ""), p.Now())
	return p.Kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: meta, Page: entrance{SignInURL: p.Path(latchkey.MasterRealm, relyingparty.PathHome)}})
}

func (c *Console) home(v *visit) error { return v.to("") }

// visit is one request of an operator who is signed in.
type visit struct {
	*relyingparty.Visit
	of    string // the realm that is administered
	who   whoAmI
	query url.Values
	known map[string]map[string]any // what was read of the API already
	// prepared is what a list's rows need besides the things themselves.
	prepared any
	total    int // of the list's things on all pages; 0: it is not known
}

// whoAmI is what the API says of who is signed in.
type whoAmI struct {
	UserID      string              `json:"userId"`
	DisplayName string              `json:"displayName"`
	CreateRealm bool                `json:"createRealm"`
	RealmAccess map[string][]string `json:"realm_access"`
}

// visit lets a handler serve who is signed in, and knows what they may do in
// the realm that the page is of.
func (c *Console) visit(h func(*visit) error) web.Handler {
	return c.party.Visit(func(rv *relyingparty.Visit) error {
		v := &visit{Visit: rv, of: rv.R.PathValue("of")}
		if v.of == "" {
			v.of = rv.Snap.Realm.Name
		}
		var err error
		if v.query, err = web.Query(rv.R); err != nil {
			return err
		}
		err = v.Call(http.MethodGet, "/"+url.PathEscape(rv.Snap.Realm.Name)+"/console/whoami?currentRealm="+url.QueryEscape(v.of), nil, &v.who)
		if s := relyingparty.Status(err); s == http.StatusNotFound || s == http.StatusForbidden {
			return v.write(http.StatusNotFound, missing{Frame: v.frame("-")})
		}
		if err != nil {
			return err
		}
		if len(v.who.RealmAccess[v.of]) == 0 {
			return v.closed()
		}
		err = h(v)
		if s := relyingparty.Status(err); s == http.StatusForbidden || s == http.StatusUnauthorized {
			return v.closed()
		} else if s == http.StatusNotFound {
			return v.missing()
		}
		return err
	})
}

// may says whether the person holds one of the roles in the realm.
func (v *visit) may(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(v.who.RealmAccess[v.of], role) })
}

// path is the address of a page of the realm that is administered; the parts
// are escaped.
func (v *visit) path(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return v.URL("realms/") + url.PathEscape(v.of) + "/" + strings.Join(parts, "/")
}

// to goes to a page of the realm.
func (v *visit) to(parts ...string) error { return web.Redirect(v.W, v.R, v.path(parts...)) }

// back goes to the address, which says what was done: a name of the notices.
func (v *visit) back(address, notice string) error {
	if notice != "" {
		v.Say(notice)
	}
	return web.Redirect(v.W, v.R, address)
}

// api asks the Admin REST API of the realm that is administered: path is below
// it, with its parts escaped already.
func (v *visit) api(method, path string, content, out any) error {
	return v.Call(method, "/realms/"+url.PathEscape(v.of)+path, content, out)
}

// thing reads one thing of the realm, once a request.
func (v *visit) thing(path string) (map[string]any, error) { return v.thingOf(v.of, path) }

// thingOf is thing for whichever realm.
func (v *visit) thingOf(realm, path string) (map[string]any, error) {
	path = "/realms/" + url.PathEscape(realm) + path
	if rep, ok := v.known[path]; ok {
		return rep, nil
	}
	rep := map[string]any{}
	if err := v.Call(http.MethodGet, path, nil, &rep); err != nil {
		return rep, err
	}
	if v.known == nil {
		v.known = map[string]map[string]any{}
	}
	v.known[path] = rep
	return rep, nil
}

// create makes something of the realm, and gives its id.
func (v *visit) create(path string, content any) (string, error) {
	return v.Create("/realms/"+url.PathEscape(v.of)+path, content)
}

// value is a part of the page's path, escaped for one of the API.
func (v *visit) value(name string) string { return url.PathEscape(v.R.PathValue(name)) }

// write answers with a page.
func (v *visit) write(status int, p page.Page) error {
	return v.Show(status, p, page.Policy{Script: true})
}

// closed says that the person may not do this.
func (v *visit) closed() error {
	return v.write(http.StatusForbidden, closed{v.frame("-"), v.R.Method == http.MethodPost})
}

func (v *visit) missing() error {
	return v.write(http.StatusNotFound, missing{Frame: v.frame("-")})
}
