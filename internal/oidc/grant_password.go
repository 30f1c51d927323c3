package oidc

import (
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// badUser is the one answer to a name and a password that nobody is signed in
// by, whatever was wrong: the event says it.
func badUser(event string) *oauthError {
	return &oauthError{status: http.StatusUnauthorized, code: "invalid_grant", description: "Invalid user credentials", event: event}
}

// checkPassword says whether the client may bring names and passwords (RFC
// 6749 4.3, R-111), and with the scope that it asks for.
func checkPassword(x *exchange) *oauthError {
	switch {
	case !x.client.DirectAccessGrantsEnabled:
		return refuse("unauthorized_client", "Client not allowed for direct access grants", "not_allowed")
	case x.client.ConsentRequired:
		return refuse("invalid_client", "Client requires user consent", "consent_denied")
	case x.form.Get("username") == "":
		return &oauthError{status: http.StatusUnauthorized, code: "invalid_request", description: "Missing parameter: username", event: "user_not_found"}
	case x.snap.DirectGrantFlow(x.client) == nil:
		return refuse("invalid_request", "Nothing signs people in by name and password here", "invalid_request")
	}
	if minimum := x.client.Attribute(latchkey.AttributeMinimumACR); minimum != "" && latchkey.LevelOf(latchkey.LevelMap(x.snap.Realm, x.client), minimum) < 0 {
		return refuse("invalid_grant", "The client's minimum acr is not known here", flow.CodeUnmet)
	}
	if _, unknown := token.ResolveScope(x.snap, x.client, x.form.Get("scope")); len(unknown) > 0 {
		return invalidScope(x.form.Get("scope"))
	}
	return nil
}

// directRun makes the turn of a login that no browser takes part in, and that
// no row is kept of: it begins and ends with the request.
func (d *Door) directRun(x *exchange, tx *store.Tx) *flow.Run {
	now := tx.Now()
	var required *int
	if minimum := x.client.Attribute(latchkey.AttributeMinimumACR); minimum != "" {
		level := latchkey.LevelOf(latchkey.LevelMap(x.snap.Realm, x.client), minimum)
		required = &level
	}
	return &flow.Run{
		Registry: d.Registry, Realm: x.snap, Tx: tx, Now: now, Form: x.form, Browser: latchkey.Browser{IP: x.event.IPAddress},
		Login: &latchkey.Login{
			RealmID: x.snap.Realm.ID, ID: secret.NewID(), ClientID: x.client.ID, FlowID: x.snap.DirectGrantFlow(x.client).ID,
			CreatedAt: now, ExpiresAt: now.Add(time.Minute),
			Request: latchkey.AuthorizationRequest{ClientID: x.client.ClientID, GrantType: latchkey.GrantPassword, Scope: x.form.Get("scope"), RequiredLevel: required},
		},
	}
}

// preparePassword does what takes long, the hash of the password, before the
// transaction.
func (d *Door) preparePassword(r *http.Request, x *exchange) error {
	return d.DB.View(r.Context(), func(tx *store.Tx) (err error) {
		x.prepared, err = flow.PrepareDirect(d.directRun(x, tx))
		return err
	})
}

// password signs a person in by the realm's direct grant flow. Whoever asks is
// a program: there is no page, and a session that no browser holds.
func (d *Door) password(tx *store.Tx, x *exchange) (*token.Grant, *oauthError, error) {
	run := d.directRun(x, tx)
	run.Prepared = x.prepared
	x.event.Details["username"] = bounded(x.form.Get("username"))
	res, err := flow.Advance(run)
	if err != nil {
		return nil, nil, err
	}
	l := run.Login
	x.event.UserID = l.UserID
	switch {
	case res.Kind == flow.NeedsPage && x.snap.RequiredAction(res.Step) != nil:
		// All is proven; something is asked of the person that takes a page.
		return nil, refuse("invalid_grant", "Account is not fully set up", "resolve_required_actions"), nil
	case res.Code == flow.CodeLimited:
		e := slowDown(res.Retry)
		e.event = res.Code
		return nil, e, nil
	case res.Kind != flow.Done:
		return nil, badUser(res.Code), nil
	}
	user, err := tx.User(l.RealmID, l.UserID)
	if err != nil {
		return nil, nil, err
	}
	s, err := session.StartDirect(tx, x.snap, user, l, run.Browser)
	if err != nil {
		return nil, nil, err
	}
	x.event.SessionID = s.ID
	part, err := session.AttachClient(tx, x.snap, s, x.client, l.Request)
	if err != nil {
		return nil, nil, err
	}
	held, err := tx.Holdings(l.RealmID, user.ID)
	if err != nil {
		return nil, nil, err
	}
	scope, _ := token.ResolveScope(x.snap, x.client, x.form.Get("scope"))
	g := &token.Grant{
		Realm: x.snap, Issuer: x.issuer, Client: x.client, User: user, Holdings: held, Scope: scope.For(x.snap, held.RoleIDs()),
		Kind: token.GrantPassword, Session: s, ClientSession: part, ACR: acrOf(x.snap, x.client, l), AMR: l.AMR, AuthTime: s.AuthTime,
	}
	return g, nil, d.openRefresh(tx, x, g)
}
