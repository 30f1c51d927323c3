package oidc

import (
	"errors"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func checkRefresh(x *exchange) *oauthError {
	if x.form.Get("refresh_token") == "" {
		return refuse("invalid_request", "No refresh token", "invalid_token")
	}
	return nil
}

// verifyRefresh checks a presented refresh token as far as it can be without
// the database: that it is one of this realm and of this client.
func (d *Door) verifyRefresh(x *exchange) (*token.Claims, *oauthError) {
	c, err := d.Minter.VerifyRefresh(x.snap, x.issuer, x.form.Get("refresh_token"))
	switch {
	case errors.Is(err, token.ErrExpired):
		return nil, refuse("invalid_grant", "Token is not active", "invalid_token")
	case err != nil:
		return nil, refuse("invalid_grant", "Invalid refresh token", "invalid_token")
	}
	x.event.UserID, x.event.SessionID = c.Subject, c.SessionID
	x.event.Details["refresh_token_id"], x.event.Details["refresh_token_type"] = c.ID, c.Type
	if c.ClientID != x.client.ClientID {
		return nil, refuse("invalid_grant", "Invalid refresh token. Token client and authorized client don't match", "invalid_token")
	}
	return c, nil
}

// standingOf finds the session, the user and the client's part of it that a
// verified refresh token of the client's came from.
func standingOf(tx *store.Tx, x *exchange, c *token.Claims) (*store.Standing, *oauthError, error) {
	st, err := session.Standing(tx, x.snap, c.SessionID, x.client, "")
	if err != nil {
		return nil, nil, err
	}
	if st == nil {
		return nil, refuse("invalid_grant", "Session not active", "user_session_not_found"), nil
	}
	if !startedIn(st.Part, c) {
		return nil, refuse("invalid_grant", "Session doesn't have required client", "user_session_not_found"), nil
	}
	x.event.UserID = st.User.ID // not a pairwise subject
	return st, nil, nil
}

// startedIn says that a refresh token came of what the client holds of its
// session now.
func startedIn(part *latchkey.ClientSession, c *token.Claims) bool {
	return part != nil && part.StartedAt.UnixMilli() == c.ClientSessionStart
}

// refresh gives new tokens for a refresh token. Where they rotate, the token is
// used up, and one that was used up before takes back all that came of it, but
// for a short grace in which it gives the same successor again.
func (d *Door) refresh(tx *store.Tx, x *exchange) (*token.Grant, *oauthError, error) {
	c, refused := d.verifyRefresh(x)
	if refused != nil {
		return nil, refused, nil
	}
	st, refused, err := standingOf(tx, x, c)
	if err != nil || refused != nil {
		return nil, refused, err
	}
	granted := token.GrantedScope(x.snap, x.client, c.Scope).For(x.snap, st.Holdings.RoleIDs())
	scope, wider := granted.Narrow(x.client, x.form.Get("scope"))
	if len(wider) > 0 {
		return nil, refuse("invalid_scope", "The scope was not granted before", "invalid_scope"), nil
	}
	g := &token.Grant{
		Realm: x.snap, Issuer: x.issuer, Client: x.client, User: st.User, Holdings: st.Holdings, Scope: scope,
		Kind: token.GrantRefresh, Session: st.Session, ClientSession: st.Part, Refresh: secret.NewID(),
		ACR: c.ACR, AMR: c.AMR, Claims: st.Part.Claims,
	}
	if c.AuthTime != 0 {
		g.AuthTime = time.Unix(c.AuthTime, 0)
	}
	x.event.Details["age_of_refresh_token"] = strconv.FormatInt(x.now.Unix()-c.IssuedAt, 10)
	if rotates(x.snap.Realm, x.client) {
		if refused, err := d.rotate(tx, x, c, g); err != nil || refused != nil {
			return nil, refused, err
		}
	} else if err := session.TouchClient(tx, x.snap.Realm, x.client, st.Session, st.Part); err != nil {
		return nil, nil, err
	}
	return g, nil, session.Touch(tx, x.snap.Realm, st.Session)
}

func (d *Door) rotate(tx *store.Tx, x *exchange, c *token.Claims, g *token.Grant) (*oauthError, error) {
	r, err := session.Rotate(tx, x.snap.Realm, g.ClientSession, c.Family, c.ID)
	switch {
	case err != nil:
		return nil, err
	case r.Reused:
		return refuse("invalid_grant", "Maximum allowed refresh token reuse exceeded", "invalid_token"), session.DetachClient(tx, g.ClientSession)
	case r.Refused:
		return refuse("invalid_grant", "Session doesn't have required client", "invalid_token"), nil
	}
	g.Refresh, g.Family, g.RefreshAt = r.Successor, r.Family, r.IssuedAt
	return nil, nil
}
