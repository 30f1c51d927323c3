package oidc

import (
	"encoding/base64"
	"net/http"
	"net/url"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// departure is one request to sign out (RP-Initiated Logout 1.0).
type departure struct {
	snap   *latchkey.Snapshot
	client *latchkey.Client // from the hint or client_id; nil when neither was sent
	hint   *token.Claims    // nil without id_token_hint
	to     string           // post_logout_redirect_uri; allowed, or empty
	state  string
	// locales are the languages that the application asks for.
	locales string
	// The session of this browser and its user; nil when there is none.
	session *latchkey.UserSession
	user    *latchkey.User
}

// page is what the pages of it have in common.
func (p *departure) page() LogoutPage {
	return LogoutPage{Realm: p.snap, Client: p.client, User: p.user, UILocales: p.locales}
}

// logout signs out of this browser's session, at once when the application
// proves by a hint that it is the session's, else after a question (R-094,
// With a refresh token it is Keycloak's logout of an application.
func (d *Door) logout(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.realmPage(w, r)
	if err != nil || snap == nil {
		return err
	}
	params, err := web.Query(r)
	if err == nil && r.Method == http.MethodPost {
		params, err = web.Form(w, r)
	}
	if err != nil {
		return d.refuseLogout(w, r, &departure{snap: snap}, PageInvalid, "invalid_request")
	}
	if r.Method == http.MethodPost && params.Has("refresh_token") {
		return d.logoutByRefresh(w, r, snap, params)
	}
	cookie, present := d.Site.Cookie(r, cookieSession, snap.Realm.Name)
	if query := params.Encode(); r.Method == http.MethodPost && !present && len(query) <= maxRelay {
		return web.Redirect(w, r, d.url(snap, protocol+"logout")+"?"+query)
	}
	p := &departure{snap: snap, state: params.Get("state"), locales: params.Get("ui_locales")}
	if page, problem := d.readDeparture(p, params); page != "" {
		return d.refuseLogout(w, r, p, page, problem)
	}
	err = d.DB.View(r.Context(), func(tx *store.Tx) error {
		var err error
		p.session, p.user, err = session.Find(tx, snap, latchkey.Secret(cookie))
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case p.hint != nil && (p.session == nil || p.session.ID == p.hint.SessionID):
		return d.depart(w, r, p)
	case p.session == nil: // nobody is signed in here: there is nothing to ask
		return d.departed(w, r, p)
	}
	return d.askLogout(w, r, p)
}

// readDeparture checks what the application sent. It gives the key of an error
// page, and the error of the event, when it is not right.
func (d *Door) readDeparture(p *departure, params url.Values) (page, problem string) {
	if len(p.state) > most["state"] || len(p.locales) > most["ui_locales"] {
		return PageInvalid, "invalid_request"
	}
	if raw := params.Get("id_token_hint"); raw != "" {
		hint, err := d.Minter.VerifyIDHint(p.snap, d.Site.Issuer(p.snap.Realm.Name), raw)
		if err != nil {
			return PageInvalid, "invalid_token"
		}
		p.hint, p.client = hint, p.snap.ClientByClientID(hint.ClientID)
		if p.client == nil {
			return PageClient, "client_not_found"
		}
	}
	if id := params.Get("client_id"); id != "" {
		named := p.snap.ClientByClientID(id)
		switch {
		case named == nil:
			return PageClient, "client_not_found"
		case p.client != nil && p.client != named:
			return PageInvalid, "invalid_token"
		}
		p.client = named
	}
	if to := params.Get("post_logout_redirect_uri"); to != "" {
		if p.client == nil {
			return PageInvalid, "invalid_request"
		}
		if !d.mayGoTo(p.client, to) {
			return PageRedirect, "invalid_redirect_uri"
		}
		p.to = to
	}
	return "", ""
}

func (d *Door) mayGoTo(client *latchkey.Client, to string) bool {
	return client.Enabled && client.AllowsPostLogout(to, d.Site.URL())
}

func (d *Door) refuseLogout(w http.ResponseWriter, r *http.Request, p *departure, page, problem string) error {
	e := latchkey.Event{Type: latchkey.EventLogoutError, IPAddress: d.Site.ClientIP(r), Error: problem}
	if p.client != nil {
		e.ClientID = p.client.ClientID
	}
	if err := d.record(r.Context(), p.snap, e); err != nil {
		return err
	}
	return d.Pages.Error(w, r, ErrorPage{Realm: p.snap, Client: p.client, Status: http.StatusBadRequest, Key: page})
}

// depart ends the session and leads on. A hint in a browser without a session
// ends the session that it names: the application holds its ID token, and that
// browser's cookie is gone.
func (d *Door) depart(w http.ResponseWriter, r *http.Request, p *departure) error {
	err := d.DB.Update(r.Context(), func(tx *store.Tx) error {
		s := p.session
		if s == nil && p.hint != nil {
			var err error
			if s, _, err = session.ByID(tx, p.snap, p.hint.SessionID); err != nil {
				return err
			}
		}
		if s == nil {
			return nil
		}
		return d.endSession(tx, r, p, s)
	})
	if err != nil {
		return err
	}
	return d.departed(w, r, p)
}

// departed leads on, in a browser in which nobody is signed in any more.
func (d *Door) departed(w http.ResponseWriter, r *http.Request, p *departure) error {
	d.Site.ClearSession(w, p.snap.Realm)
	if p.to == "" {
		return d.Pages.LoggedOut(w, r, p.page())
	}
	var fields []Field
	if p.state != "" {
		fields = []Field{{"state", p.state}}
	}
	return web.Redirect(w, r, withFields(p.to, modeQuery, fields))
}

func (d *Door) endSession(tx *store.Tx, r *http.Request, p *departure, s *latchkey.UserSession) error {
	ended, err := session.Remove(tx, p.snap, s)
	if err != nil || !ended {
		return err
	}
	e := latchkey.Event{Type: latchkey.EventLogout, UserID: s.UserID, SessionID: s.ID, IPAddress: d.Site.ClientIP(r), Details: map[string]string{}}
	if p.client != nil {
		e.ClientID = p.client.ClientID
	}
	if p.to != "" {
		e.Details["redirect_uri"] = bounded(p.to)
	}
	return event.Record(tx, p.snap.Realm, e)
}

// askLogout shows the question. What a yes leads to stands in the form, under
// a seal for this browser's session, so that nothing has to be kept.
func (d *Door) askLogout(w http.ResponseWriter, r *http.Request, p *departure) error {
	page := p.page()
	page.Action = d.url(p.snap, protocol+"logout/logout-confirm")
	add := func(name, value string) {
		if value != "" {
			page.Fields = append(page.Fields, Field{name, value})
		}
	}
	if p.client != nil {
		add("client_id", p.client.ClientID)
	}
	add("post_logout_redirect_uri", p.to)
	add("state", p.state)
	add("ui_locales", p.locales)
	add("session_code", d.logoutSeal(p))
	if p.to != "" {
		page.Targets = []string{p.to}
	}
	return d.Pages.LogoutConfirm(w, r, page)
}

// logoutSeal binds the question's form to this browser's session and to what
// was asked.
func (d *Door) logoutSeal(p *departure) string {
	var sessionID, clientID string
	if p.session != nil {
		sessionID = p.session.ID
	}
	if p.client != nil {
		clientID = p.client.ID
	}
	mac := d.DB.Keyring().MAC("logout", p.snap.Realm.ID, sessionID, clientID, p.to, p.state)
	return base64.RawURLEncoding.EncodeToString(mac)
}

// logoutConfirmed is the person's yes.
func (d *Door) logoutConfirmed(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.realmPage(w, r)
	if err != nil || snap == nil {
		return err
	}
	form, err := web.Form(w, r)
	query, queryErr := web.Query(r)
	if err != nil || queryErr != nil {
		return d.refuseLogout(w, r, &departure{snap: snap}, PageInvalid, "invalid_request")
	}
	// A page may keep the fields of the question in the form or in its address,
	// as Keycloak does; the seal is over their values.
	for name, values := range query {
		if !form.Has(name) {
			form[name] = values
		}
	}
	p := &departure{snap: snap, state: form.Get("state"), locales: form.Get("ui_locales")}
	form.Del("id_token_hint")
	if page, problem := d.readDeparture(p, form); page != "" {
		return d.refuseLogout(w, r, p, page, problem)
	}
	cookie, _ := d.Site.Cookie(r, cookieSession, snap.Realm.Name)
	err = d.DB.View(r.Context(), func(tx *store.Tx) error {
		var err error
		p.session, p.user, err = session.Find(tx, snap, latchkey.Secret(cookie))
		return err
	})
	if err != nil {
		return err
	}
	if !secret.Equal([]byte(form.Get("session_code")), []byte(d.logoutSeal(p))) {
		if p.session == nil {
			return d.Pages.LoggedOut(w, r, p.page()) // signed out meanwhile
		}
		return d.askLogout(w, r, &departure{snap: snap, client: p.client, locales: p.locales, session: p.session, user: p.user})
	}
	return d.depart(w, r, p)
}

// logoutByRefresh ends the session of a refresh token for the client that
// holds it (Keycloak's logout of an application).
func (d *Door) logoutByRefresh(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, form url.Values) error {
	x, err := d.exchangeOf(w, r, snap, "logout", form)
	if err != nil {
		return err
	}
	if refused := d.authenticate(w, r, x, latchkey.EventLogoutError); refused != nil {
		return refused
	}
	var refused *oauthError
	err = d.DB.Update(r.Context(), func(tx *store.Tx) error {
		var c *token.Claims
		if refused, err = x.spend(tx); err == nil && refused == nil {
			c, refused = d.verifyRefresh(x)
		}
		if err != nil {
			return err
		}
		if refused != nil {
			e := x.event
			e.Type, e.Error = latchkey.EventLogoutError, refused.event
			return record(tx, x, e)
		}
		s, _, err := session.ByID(tx, snap, c.SessionID)
		if err != nil || s == nil {
			return err // it has ended already: there is nothing left to do
		}
		return d.endSession(tx, r, &departure{snap: snap, client: x.client}, s)
	})
	if err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
