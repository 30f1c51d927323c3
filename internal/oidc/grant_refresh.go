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

// holder is whom a refresh token stands for, as the database knows them now.
type holder struct {
	user    *latchkey.User
	session *latchkey.UserSession
	part    *latchkey.ClientSession
}

// holderOf finds the session, the user and the client's part of it that a
// verified refresh token of the client's came from.
func holderOf(tx *store.Tx, x *exchange, client *latchkey.Client, c *token.Claims) (*holder, *oauthError, error) {
	s, user, err := session.ByID(tx, x.snap, c.SessionID)
	if err != nil {
		return nil, nil, err
	}
	if s == nil {
		return nil, refuse("invalid_grant", "Session not active", "user_session_not_found"), nil
	}
	part, err := session.ClientOf(tx, x.snap, s, client)
	if err != nil {
		return nil, nil, err
	}
	if part == nil || part.StartedAt.UnixMilli() != c.ClientSessionStart {
		return nil, refuse("invalid_grant", "Session doesn't have required client", "user_session_not_found"), nil
	}
	x.event.UserID = user.ID // not a pairwise subject
	return &holder{user: user, session: s, part: part}, nil, nil
}

// refresh gives new tokens for a refresh token. Where they rotate, the token is
// used up, and one that was used up before takes back all that came of it, but
// for a short grace in which it gives the same successor again.
func (d *Door) refresh(tx *store.Tx, x *exchange) (*token.Grant, *oauthError, error) {
	c, refused := d.verifyRefresh(x)
	if refused != nil {
		return nil, refused, nil
	}
	h, refused, err := holderOf(tx, x, x.client, c)
	if err != nil || refused != nil {
		return nil, refused, err
	}
	held, err := tx.Holdings(x.snap.Realm.ID, h.user.ID)
	if err != nil {
		return nil, nil, err
	}
	granted := token.GrantedScope(x.snap, x.client, c.Scope).For(x.snap, held.RoleIDs())
	scope, wider := granted.Narrow(x.client, x.form.Get("scope"))
	if len(wider) > 0 {
		return nil, refuse("invalid_scope", "The scope was not granted before", "invalid_scope"), nil
	}
	g := &token.Grant{
		Realm: x.snap, Issuer: x.issuer, Client: x.client, User: h.user, Holdings: held, Scope: scope,
		Kind: token.GrantRefresh, Session: h.session, ClientSession: h.part, Refresh: secret.NewID(),
		ACR: c.ACR, AMR: c.AMR, Claims: h.part.Claims,
	}
	if c.AuthTime != 0 {
		g.AuthTime = time.Unix(c.AuthTime, 0)
	}
	x.event.Details["age_of_refresh_token"] = strconv.FormatInt(x.now.Unix()-c.IssuedAt, 10)
	if rotates(x.snap.Realm, x.client) {
		if refused, err := d.rotate(tx, x, c, g); err != nil || refused != nil {
			return nil, refused, err
		}
	} else if err := session.TouchClient(tx, x.snap.Realm, x.client, h.session, h.part); err != nil {
		return nil, nil, err
	}
	return g, nil, session.Touch(tx, x.snap.Realm, h.session)
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
