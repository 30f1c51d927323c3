package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/page"
)

// Frame is what every page of the console has: the menu beside it.
type Frame struct{ Menu page.Menu }

// Beside gives the menu.
func (f Frame) Beside() *page.Menu { return &f.Menu }

// Module is what the pages add where scripts run.
func (Frame) Module() string { return "console.js" }

// entry is a page of the menu.
type entry struct {
	path, text, group string
	may               []string // the roles that see it, one of them; none: everybody
	manage            []string // the roles that change something there, one of them
}

// entries are the pages of the menu. Keycloak's names, in its order.
var entries = []entry{
	{"", "console.dashboard", "", nil, nil},
	{"clients", "console.clients", "console.manage", []string{"view-clients", "query-clients", "manage-clients"}, []string{"manage-clients"}},
	{"client-scopes", "console.client-scopes", "console.manage", []string{"view-clients", "manage-clients"}, []string{"manage-clients"}},
	{"roles", "console.roles", "console.manage", []string{"view-realm", "manage-realm"}, []string{"manage-realm"}},
	{"users", "console.users", "console.manage", []string{"view-users", "query-users", "manage-users"}, []string{"manage-users", "impersonation"}},
	{"groups", "console.groups", "console.manage", []string{"query-groups", "view-users", "manage-users"}, []string{"manage-users"}},
	{"sessions", "console.sessions", "console.manage", []string{"view-users", "manage-users"}, []string{"manage-users", "manage-realm"}},
	{"events", "console.events", "console.manage", []string{"view-events", "manage-events"}, []string{"manage-events"}},
	{"mail", "console.mail", "console.manage", []string{"view-users", "manage-users", "view-realm", "manage-realm"}, []string{"manage-users", "manage-realm"}},
	{"realm-settings", "console.realm-settings", "console.configure", []string{"view-realm", "manage-realm"}, []string{"manage-realm"}},
	{"authentication", "console.authentication", "console.configure", []string{"view-realm", "manage-realm"}, []string{"manage-realm"}},
	{"identity-providers", "console.identity-providers", "console.configure", []string{"view-identity-providers", "manage-identity-providers"}, []string{"manage-identity-providers"}},
	{"import-export", "console.import-export", "console.configure", []string{"manage-realm"}, []string{"manage-realm"}},
}

// manages says whether the person may change something of what an entry of the
// menu is about. The API decides what it is.
func (v *visit) manages(menu string) bool {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.path == menu })
	return i < 0 || entries[i].manage == nil || v.may(entries[i].manage...)
}

// frame makes the menu, with the page at path marked.
func (v *visit) frame(path string) Frame {
	m := page.Menu{Label: "console.menu", Account: v.Held.Who, SignOut: v.Post(v.URL("sign-out")), Head: v.head()}
	for _, e := range entries {
		if e.may == nil || v.may(e.may...) {
			m.Items = append(m.Items, page.MenuItem{Text: e.text, URL: v.path(e.path), Group: e.group, Current: e.path == path})
		}
	}
	m.Notice, m.NoticeKind = v.Said()
	return Frame{Menu: m}
}

// offered is how many realms the switcher shows before one searches.
const offered = 8

// switcher is the realm that is administered, with the way to others.
type switcher struct {
	Realm     string
	Others    []realmLink
	More      bool
	SearchURL string
	CreateURL string // empty: the person may not
}

type realmLink struct{ Name, URL string }

func (v *visit) head() (h switcher) {
	h = switcher{Realm: v.of, SearchURL: v.URL("realms")}
	if v.who.CreateRealm {
		h.CreateURL = v.URL("create-realm")
	}
	var names []struct {
		Name string `json:"name"`
	}
	if v.Call(http.MethodGet, "/realms/"+url.PathEscape(v.Snap.Realm.Name)+"/ui-ext/realms/names", nil, &names) != nil {
		return h // the page says what is wrong; a switcher need not
	}
	for _, n := range names {
		if n.Name == v.of {
			continue
		}
		if len(h.Others) == offered {
			h.More = true
			break
		}
		h.Others = append(h.Others, realmLink{n.Name, v.realmURL(n.Name)})
	}
	return h
}

// realmURL is the dashboard of another realm.
func (v *visit) realmURL(name string) string { return v.URL("realms/") + url.PathEscape(name) + "/" }

// Render writes the switcher.
func (h switcher) Render(ctx context.Context, w io.Writer) error {
	return switchRealm(h).Render(ctx, w)
}

// top is what stands above a page's content.
type top struct {
	Title  string // a key, or a name
	Intro  string // a key; empty for none
	Crumbs []link
	Tabs   []tab
	Parts  []tab    // of the tab that one is on
	Acts   []link   // what can be done here, the first one most of all
	More   []link   // further acts, in a menu
	Tags   []string // keys, beside the title
}

// link is a way to somewhere. Text is a key, or a name.
type link struct {
	Text, URL string
	Bad       bool // it destroys
	Post      bool // it is sent, without a question before
}

// tab is one of several pages of a thing.
type tab struct {
	Text, URL string
	Current   bool
}

// missing says that there is no such page, or no such thing.
type missing struct{ Frame }

// Title names the page.
func (missing) Title(t *page.Texts) string { return t.Say("not-found.heading") }

// Render writes the page's main part.
func (p missing) Render(ctx context.Context, w io.Writer) error {
	return plain("not-found.heading", "console.missing.text").Render(ctx, w)
}

// closed says that the person may not see a page, or not do what they sent.
type closed struct {
	Frame
	change bool
}

// Title names the page.
func (closed) Title(t *page.Texts) string { return t.Say("console.closed.heading") }

// Render writes the page's main part.
func (p closed) Render(ctx context.Context, w io.Writer) error {
	text := "console.closed.text"
	if p.change {
		text = "console.closed.change"
	}
	return plain("console.closed.heading", text).Render(ctx, w)
}

// entrance is the page for who is not signed in.
type entrance struct{ SignInURL string }

// Title names the page.
func (entrance) Title(t *page.Texts) string { return t.Say("console.sign-in.heading") }

// Render writes the page's main part.
func (p entrance) Render(ctx context.Context, w io.Writer) error {
	return entranceView(p).Render(ctx, w)
}
