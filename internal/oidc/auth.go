package oidc

import (
	"net/http"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/web"
)

// maxRelay is how long the query of a relayed authorization request may be: a
// URL has to get through every proxy.
const maxRelay = 8000

// authorize is the authorization endpoint. It ends in an error page, in an
// error to the application, or in a login, which the person's door begins.
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
	_, known := d.Site.Cookie(r, cookieLogin, snap.Realm.Name)
	if _, signedIn := d.Site.Cookie(r, cookieSession, snap.Realm.Name); !signedIn && a.Prompts("none") {
		// Without a session's cookie nobody can be signed in, and in a frame of
		// another site no cookie of a login would come back either.
		return d.refuseRequest(w, r, a, &verdict{code: "login_required", event: "login_required"})
	} else if query := params.Encode(); r.Method == http.MethodPost && !known && !signedIn && len(query) <= maxRelay {
		// A post from another site brings no cookie (SameSite=Lax): as a GET
		// the browser sends those that it has.
		return web.Redirect(w, r, d.url(snap, protocol+"auth")+"?"+query)
	}
	l := &latchkey.Login{RealmID: snap.Realm.ID, ClientID: a.client.ID, Request: a.AuthorizationRequest,
		Answer: latchkey.AnswerCode, FlowID: snap.EntryFlow(a.client, a.entry).ID, Entry: a.entry}
	if tried := flow.Tried(d.DB.Keyring(), snap, params.Get(flow.TrialParam), d.Now()); tried != nil && a.entry == latchkey.EntrySignIn {
		l.FlowID, l.Trial = tried.ID, true
	}
	return d.People.Begin(w, r, snap, l)
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
