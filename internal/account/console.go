package account

import (
	"latchkey/internal/relyingparty"
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/web"
)

// Console is the console of the person's account.
type Console struct{ party *relyingparty.Party }

// New makes the console.
func New(d relyingparty.Deps) *Console {
	at := func(realm string) []string { return []string{"realms", realm, "account"} }
	return &Console{party: relyingparty.New(d, relyingparty.Application{ClientID: ClientID, Cookie: "account", Pages: at, REST: at, Notices: notices,
		Declined: [3]string{"account.declined.heading", "account.declined.text", "account.sign-in"}})}
}

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
		route("GET", "/callback", c.party.Callback),
		route("POST", "/sign-out", c.visit(c.signOut)),
		route("GET", "/{rest...}", c.visit(c.missing)),
	}
}

func (c *Console) toHome(w http.ResponseWriter, r *http.Request) error {
	to := c.party.Path(r.PathValue("realm"), pathInfo)
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return web.Redirect(w, r, to)
}

// visit is one request of somebody who is signed in to the console.
type visit struct{ *relyingparty.Visit }

// visit lets a handler serve who is signed in.
func (c *Console) visit(h func(*visit) error) web.Handler {
	return c.party.Visit(func(rv *relyingparty.Visit) error {
		v := &visit{rv}
		if err := v.from(); err != nil {
			return err
		}
		return h(v)
	})
}

// write answers with a page of the console.
func (v *visit) write(status int, p page.Page) error { return v.Show(status, p, page.Policy{}) }

func (c *Console) signOut(v *visit) error { return v.SignOut(false) }

// from takes in where the person comes from, when the address says so: an
// application of the realm, and one of its redirect URIs or its own start.
func (v *visit) from() error {
	query, err := web.Query(v.R)
	if err != nil || v.R.Method != http.MethodGet || !query.Has("referrer") {
		return err
	}
	client := v.Snap.ClientByClientID(query.Get("referrer"))
	if client == nil || !client.Enabled || client.ClientID == ClientID {
		return nil
	}
	base := v.Site.URL()
	to := query.Get("referrer_uri")
	if to == "" && client.BaseURL != "" {
		to = client.ResolveURI(base, client.BaseURL)
	} else if !client.AllowsRedirect(to, base) {
		return nil
	}
	if !strings.HasPrefix(to, "https://") && !strings.HasPrefix(to, "http://") {
		return nil // a link of ours opens web pages only
	}
	v.Held.From, v.Held.FromAt = client.ClientID, to
	v.Keep()
	return nil
}

// notices are what a page may say of what was just done, with the key of the
// catalogue.
var notices = map[string]string{
	"saved": "account.saved", "named": "account.named", "ended": "account.session.ended", "others": "account.sessions.ended",
	"revoked": "account.consent.revoked", "done": "account.action.done", "cancelled": "account.action.cancelled", "failed": "account.action.failed",
}

// actions are what takes a sign-in, by their kc_action, with the page to come
// back to.
var actions = map[string]string{
	"UPDATE_PASSWORD": pathSigningIn, "CONFIGURE_TOTP": pathSigningIn, "delete_credential": pathSigningIn,
	"UPDATE_EMAIL": pathInfo, "delete_account": pathInfo,
}

// begin starts one of them: the realm asks for a fresh proof where it takes
// one, asks again what is to be done, and does it.
func (c *Console) begin(v *visit) error {
	query, err := web.Query(v.R)
	if err != nil {
		return err
	}
	action := query.Get("action")
	name, _, _ := strings.Cut(action, ":")
	to, ok := actions[name]
	if !ok || len(action) > 200 {
		return latchkey.Invalid("action", "There is no such action.")
	}
	return v.Begin(action, to)
}
