package oidc

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// The grants that are built.
const (
	grantCode        = "authorization_code"
	grantRefresh     = "refresh_token"
	grantCredentials = "client_credentials"
	grantPassword    = latchkey.GrantPassword
)

// exchange is one request to the token endpoint.
type exchange struct {
	snap   *latchkey.Snapshot
	client *latchkey.Client
	form   url.Values
	issuer string
	now    time.Time
	// endpoint is the path below protocol/openid-connect/ that was called.
	endpoint string
	// assertion is what the client authenticated itself with, to be used up in
	// the request's transaction; nil for other ways.
	assertion *assertion
	// prepared is what the steps of a password's flow prepared.
	prepared map[string]any
	// failedAs is the client whose secret was wrong.
	failedAs *latchkey.Client
	// event is what every event of this request says.
	event latchkey.Event
}

// grant is one way to get tokens. It runs inside of the request's transaction
// and may run again when the database asks for it. What it refuses commits.
type grant struct {
	success, failure latchkey.EventType
	check            func(x *exchange) *oauthError
	// prepare does slow work before the transaction; nil: there is none.
	prepare func(d *Door, r *http.Request, x *exchange) error
	redeem  func(d *Door, tx *store.Tx, x *exchange) (*token.Grant, *oauthError, error)
}

var grants = map[string]grant{
	grantCode: {success: latchkey.EventCodeToToken, failure: latchkey.EventCodeToTokenError,
		check: checkCode, redeem: (*Door).redeemCode},
	grantRefresh: {success: latchkey.EventRefreshToken, failure: latchkey.EventRefreshTokenError,
		check: checkRefresh, redeem: (*Door).refresh},
	grantCredentials: {success: latchkey.EventClientLogin, failure: latchkey.EventClientLoginError,
		check: checkCredentials, redeem: (*Door).serviceAccount},
	grantPassword: {success: latchkey.EventLogin, failure: latchkey.EventLoginError,
		check: checkPassword, prepare: (*Door).preparePassword, redeem: (*Door).password},
}

// unbuilt are grants of Keycloak's that no client can have here, with what it
// says to a client that may not use them.
var unbuilt = map[string]*oauthError{
	"urn:ietf:params:oauth:grant-type:device_code":    refuse("invalid_grant", "Client not allowed OAuth 2.0 Device Authorization Grant", "not_allowed"),
	"urn:ietf:params:oauth:grant-type:token-exchange": refuse("invalid_request", "Standard token exchange is not enabled for the requested client", "not_allowed"),
}

// secrets are parameters that have no place in a URL (RFC 6749 2.3.1).
var secrets = []string{"client_secret", "code", "code_verifier", "refresh_token", "client_assertion", "password", "token", "access_token"}

// open begins a request to an endpoint at which clients authenticate
// themselves: it finds the realm and reads the form.
func (d *Door) open(w http.ResponseWriter, r *http.Request, endpoint string) (*exchange, error) {
	noStore(w)
	snap, err := d.realm(r)
	if err != nil {
		return nil, err
	}
	form, err := web.Form(w, r)
	var f *web.Failure
	switch {
	case errors.As(err, &f) && f.Status == http.StatusUnsupportedMediaType:
		form = url.Values{} // no form, no parameters
	case err != nil:
		d.allowOrigin(w, r, snap, nil)
		return nil, formError(err)
	}
	return d.exchangeOf(w, r, snap, endpoint, form)
}

// exchangeOf is [Door.open] for a form that was read already.
func (d *Door) exchangeOf(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, endpoint string, form url.Values) (*exchange, error) {
	noStore(w)
	if query := r.URL.Query(); slices.ContainsFunc(secrets, query.Has) {
		d.allowOrigin(w, r, snap, nil)
		return nil, refuse("invalid_request", "Parameters belong into the body of the request", "invalid_request")
	}
	return &exchange{snap: snap, form: form, issuer: d.Site.Issuer(snap.Realm.Name), now: d.Now(), endpoint: endpoint,
		event: latchkey.Event{IPAddress: d.Site.ClientIP(r), Details: map[string]string{"client_auth_method": authSecret}}}, nil
}

// token is the token endpoint: one transaction, then the signatures.
func (d *Door) token(w http.ResponseWriter, r *http.Request) error {
	x, err := d.open(w, r, "token")
	if err != nil {
		return err
	}
	name := x.form.Get("grant_type")
	x.event.Details["grant_type"] = bounded(name)
	g, built := grants[name]
	off := unbuilt[name]
	switch {
	case name == "":
		return refuse("invalid_request", "Missing form parameter: grant_type", "invalid_request")
	case !built && off == nil:
		return refuse("unsupported_grant_type", "Unsupported grant_type", "unsupported_grant_type")
	case !built:
		g.failure = latchkey.EventLoginError
	}
	if refused := d.authenticate(w, r, x, g.failure); refused != nil {
		return refused
	}
	switch {
	case x.client.BearerOnly:
		return d.failedClient(r.Context(), x, g.failure, badClient("invalid_client", "invalid_client"))
	case off != nil:
		return off
	}
	answer, err := d.exchange(r, g, x)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, answer)
}

// exchange redeems what the request brings in one transaction and then signs,
// outside of it.
func (d *Door) exchange(r *http.Request, g grant, x *exchange) (*tokenAnswer, error) {
	early := g.check(x)
	if early == nil && g.prepare != nil {
		if err := g.prepare(d, r, x); err != nil {
			return nil, err
		}
	}
	var granted *token.Grant
	var refused *oauthError
	var accessID string
	err := d.DB.Update(r.Context(), func(tx *store.Tx) error {
		var err error
		x.now = tx.Now()
		if refused, err = x.spend(tx); err == nil && refused == nil {
			if refused = early; refused == nil {
				granted, refused, err = g.redeem(d, tx, x)
			}
		}
		if err != nil {
			return err
		}
		if refused != nil {
			return record(tx, x, x.failed(g, refused))
		}
		accessID = granted.NewID()
		return record(tx, x, x.succeeded(g, granted, accessID))
	})
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return nil, refuse("invalid_grant", "Session not active", "") // it ended while this was under way
	case err != nil:
		return nil, err
	case refused != nil:
		return nil, refused
	}
	tokens, err := d.Minter.Mint(r.Context(), granted, accessID)
	if err != nil {
		return nil, err
	}
	return answerOf(granted, tokens), nil
}

// tokenAnswer is the answer of the token endpoint, with Keycloak's fields.
type tokenAnswer struct {
	AccessToken      string `json:"access_token"`
	ExpiresIn        int64  `json:"expires_in"`
	RefreshExpiresIn int64  `json:"refresh_expires_in"`
	RefreshToken     string `json:"refresh_token,omitempty"`
	TokenType        string `json:"token_type"`
	IDToken          string `json:"id_token,omitempty"`
	NotBefore        int64  `json:"not-before-policy"`
	SessionState     string `json:"session_state,omitempty"`
	Scope            string `json:"scope"`

	more map[string]any // what mappers add
}

// MarshalJSON writes what mappers add after the answer's own fields, which they
// never replace.
func (a *tokenAnswer) MarshalJSON() ([]byte, error) {
	type own tokenAnswer
	text, err := json.Marshal((*own)(a))
	if err != nil || len(a.more) == 0 {
		return text, err
	}
	all := maps.Clone(a.more)
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

func answerOf(g *token.Grant, t token.Tokens) *tokenAnswer {
	a := &tokenAnswer{
		AccessToken: t.Access, ExpiresIn: t.ExpiresIn, RefreshExpiresIn: t.RefreshExpiresIn, RefreshToken: t.Refresh,
		TokenType: "Bearer", IDToken: t.ID, Scope: g.Scope.Shown(),
		more:      t.More,
		NotBefore: max(g.Realm.Realm.NotBefore, g.Client.NotBefore, g.User.NotBefore),
	}
	if g.Session != nil {
		a.SessionState = g.Session.ID
	}
	return a
}
