package oidc

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// introspect is the introspection endpoint (RFC 7662): it tells a client about
// a token that is meant for it, or that it was given itself. Of every other
// token it says that it is not active, and nothing else.
func (d *Door) introspect(w http.ResponseWriter, r *http.Request) error {
	x, err := d.open(w, r, "token/introspect")
	if err != nil {
		return err
	}
	if refused := d.authenticate(w, r, x, latchkey.EventIntrospectTokenError); refused != nil {
		return refused
	}
	if x.client.PublicClient {
		return d.failedClient(r.Context(), x, latchkey.EventIntrospectTokenError,
			&oauthError{status: http.StatusForbidden, code: "invalid_request", description: "Client not allowed.", event: "not_allowed"})
	}
	raw := x.form.Get("token")
	if raw == "" {
		return refuse("invalid_request", "Token not provided.", "invalid_request")
	}
	claims, err := d.Minter.VerifyAny(x.snap, x.issuer, raw)
	if err != nil {
		claims = nil // whatever is wrong with it
	}
	var g *token.Grant
	var refused *oauthError
	look := func(tx *store.Tx) error {
		if refused, err = x.spend(tx); err == nil && refused == nil {
			g, err = active(tx, x, claims)
		}
		if err == nil && refused != nil {
			e := x.event
			e.Type, e.Error = latchkey.EventIntrospectTokenError, refused.event
			err = record(tx, x, e)
		}
		return err
	}
	if x.assertion == nil {
		err = d.DB.View(r.Context(), look)
	} else {
		err = d.DB.Update(r.Context(), look)
	}
	switch {
	case err != nil:
		return err
	case refused != nil:
		return refused
	}
	answer := map[string]any{"active": false}
	if g != nil {
		if told := d.Minter.Introspection(g, claims); meantFor(x.client, claims, told) {
			answer = told
		}
	}
	if answer["active"] == true && asksJWT(r) && x.client.Attribute("client.introspection.response.allow.jwt.claim.enabled") == "true" {
		if answer["jwt"], err = d.Minter.SignedIntrospection(r.Context(), g, answer); err != nil {
			return err
		}
	}
	return web.WriteJSON(w, http.StatusOK, answer)
}

// active gives what a verified token stands for now; nil when it is nothing any
// more, or there was none.
func active(tx *store.Tx, x *exchange, c *token.Claims) (*token.Grant, error) {
	if c == nil {
		return nil, nil
	}
	g, err := token.GrantFor(tx, x.snap, c)
	if err != nil || g == nil || !c.IsRefresh() {
		return g, err
	}
	if !startedIn(g.ClientSession, c) || !session.Current(g.ClientSession, c.Family, c.ID) {
		return nil, nil
	}
	return g, nil
}

// meantFor says whether a client may be told of a token: it is one of its
// audience, by what the token says or, for a lightweight one, by what is told
// of it, or it was issued to it.
func meantFor(client *latchkey.Client, c *token.Claims, told map[string]any) bool {
	if c.ClientID == client.ClientID || slices.Contains(c.Audience, client.ClientID) {
		return true
	}
	switch aud := told["aud"].(type) {
	case string:
		return aud == client.ClientID
	case []string:
		return slices.Contains(aud, client.ClientID)
	}
	return false
}

func asksJWT(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "application/jwt")
}
