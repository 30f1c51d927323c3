package oidc

import (
	"net/http"
	"net/url"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// maxRelay is how long the query of a relayed authorization request may be: a
// URL has to get through every proxy.
const maxRelay = 8000

// authorize is the authorization endpoint. It ends in an error page, in an
// error to the application, or in a login that the person's door takes on.
func (d *Door) authorize(w http.ResponseWriter, r *http.Request) error {
	return d.authorizeBy(w, r, latchkey.EntrySignIn)
}

// enter is the authorization endpoint for who has no account yet, or has
// forgotten the password: the login begins in that flow (Keycloak:
// registrations, forgot-credentials).
func (d *Door) enter(entry latchkey.Entry) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return d.authorizeBy(w, r, entry) }
}

func (d *Door) authorizeBy(w http.ResponseWriter, r *http.Request, entry latchkey.Entry) error {
	snap, err := d.realmPage(w, r)
	if err != nil || snap == nil {
		return err
	}
	params, err := web.Query(r)
	if r.Method == http.MethodPost && err == nil {
		params, err = web.Form(w, r)
	}
	if err != nil { // a parameter that came twice, or no text: no address in it can be trusted
		return d.refuseRequest(w, r, &authorization{door: d, snap: snap}, &verdict{page: PageInvalid, event: "invalid_request"})
	}
	a := &authorization{request: parseRequest(params), door: d, snap: snap, entry: entry}
	if a.Prompts(promptCreate) && entry == latchkey.EntrySignIn && snap.Realm.RegistrationAllowed {
		a.entry = latchkey.EntryRegistration
	}
	for _, check := range checks {
		if v := check(a); v != nil {
			return d.refuseRequest(w, r, a, v)
		}
	}
	value, hash := d.browserCookie(r, cookieLogin, snap)
	if _, signedIn := d.Site.Cookie(r, cookieSession, snap.Realm.Name); !signedIn && a.Prompts("none") {
		// Without a session's cookie nobody can be signed in, and in a frame of
		// another site no cookie of a login would come back either.
		return d.refuseRequest(w, r, a, &verdict{code: "login_required", event: "login_required"})
	} else if query := params.Encode(); r.Method == http.MethodPost && value == "" && !signedIn && len(query) <= maxRelay {
		// A post from another site brings no cookie (SameSite=Lax): as a GET
		// the browser sends those that it has.
		return web.Redirect(w, r, d.url(snap, protocol+"auth", nil)+"?"+query)
	}
	return d.openLogin(w, r, a, value, hash)
}

// refuseRequest answers a request that does not go on, and records it.
func (d *Door) refuseRequest(w http.ResponseWriter, r *http.Request, a *authorization, v *verdict) error {
	e := latchkey.Event{Type: latchkey.EventLoginError, ClientID: bounded(a.ClientID), IPAddress: d.Site.ClientIP(r), Error: v.event,
		Details: map[string]string{"auth_method": "openid-connect"}}
	for name, value := range map[string]string{"redirect_uri": a.RedirectURI, "response_type": a.ResponseType, "response_mode": a.ResponseMode} {
		if value != "" {
			e.Details[name] = bounded(value)
		}
	}
	if v.description != "" {
		e.Details["reason"] = bounded(v.description)
	}
	if err := d.record(r.Context(), a.snap, e); err != nil {
		return err
	}
	if v.code == "" {
		status := v.status
		if status == 0 {
			status = http.StatusBadRequest
		}
		return d.Pages.Error(w, r, ErrorPage{Realm: a.snap, Client: a.client, Status: status, Key: v.page})
	}
	return d.respond(w, r, reply{snap: a.snap, client: a.client, to: a.RedirectURI, mode: a.mode,
		fields: d.errorFields(a.snap, v.code, v.description, a.State)})
}

// openLogin keeps the whole request with a login of this browser, and sends
// the browser to the person's door.
func (d *Door) openLogin(w http.ResponseWriter, r *http.Request, a *authorization, cookie string, hash []byte) error {
	fresh := hash == nil
	if fresh {
		cookie = secret.Token()
		hash = secret.Hash(cookie)
	}
	now := d.Now()
	l := &latchkey.Login{
		RealmID: a.snap.Realm.ID, ID: secret.NewID(), BrowserHash: hash, TabID: secret.TabID(), ClientID: a.client.ID,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(a.snap.Realm.LoginTimeout()),
		Request: a.AuthorizationRequest, Answer: latchkey.AnswerCode, FlowID: a.snap.EntryFlow(a.client, a.entry).ID, Entry: a.entry,
		From: d.Site.Browser(r),
	}
	if err := d.DB.Update(r.Context(), func(tx *store.Tx) error { return tx.CreateLogin(l) }); err != nil {
		return err
	}
	if fresh {
		d.Site.SetCookie(w, cookieLogin, a.snap.Realm.Name, cookie, 0)
	}
	return web.Redirect(w, r, d.stepURL(a.snap, a.client, l))
}

// stepURL is where the person's door goes on with a login.
func (d *Door) stepURL(snap *latchkey.Snapshot, client *latchkey.Client, l *latchkey.Login) string {
	path := "authenticate"
	if l.Entry != latchkey.EntrySignIn {
		path = string(l.Entry)
	}
	return d.url(snap, "login-actions/"+path, url.Values{"client_id": {client.ClientID}, "tab_id": {l.TabID}})
}
