package oidc

import (
	"net/http"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// revoke is the revocation endpoint (RFC 7009). A token that is none, or no
// longer one, is an empty answer like one that was taken back.
func (d *Door) revoke(w http.ResponseWriter, r *http.Request) error {
	x, err := d.open(w, r, "revoke")
	if err != nil {
		return err
	}
	if refused := d.authenticate(w, r, x, latchkey.EventRevokeGrantError); refused != nil {
		return refused
	}
	raw := x.form.Get("token")
	switch {
	case x.client.BearerOnly:
		return d.failedClient(r.Context(), x, latchkey.EventRevokeGrantError, badClient("invalid_client", "invalid_client"))
	case raw == "":
		return refuse("invalid_request", "Token not provided", "invalid_request")
	}
	claims, err := d.Minter.VerifyAny(x.snap, x.issuer, raw)
	if err != nil {
		claims = nil // whatever is wrong with it
	}
	var refused *oauthError
	err = d.DB.Update(r.Context(), func(tx *store.Tx) error {
		if refused, err = x.spend(tx); err == nil && refused == nil && claims != nil {
			refused, err = takeBack(tx, x, claims)
		}
		if err == nil && refused != nil {
			e := x.event
			e.Type, e.Error = latchkey.EventRevokeGrantError, refused.event
			err = record(tx, x, e)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case refused != nil:
		return refused
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// takeBack revokes a verified token of the client's: an access token alone, a
// refresh token with all that the client holds of its session.
func takeBack(tx *store.Tx, x *exchange, c *token.Claims) (*oauthError, error) {
	x.event.UserID, x.event.SessionID = c.Subject, c.SessionID
	x.event.Details["token_type"], x.event.Details["token_id"] = c.Type, c.ID
	switch {
	case c.ClientID != x.client.ClientID:
		return refuse("invalid_token", "Unmatching clients", "invalid_token"), nil
	case c.IsAccess():
		if err := token.Revoke(tx, x.snap, c); err != nil {
			return nil, err
		}
	case c.IsRefresh():
		if done, err := detach(tx, x, c); err != nil || !done {
			return nil, err
		}
	default:
		return refuse("unsupported_token_type", "Unsupported token type", "invalid_token_type"), nil // RFC 7009 2.2.1
	}
	e := x.event
	e.Type = latchkey.EventRevokeGrant
	return nil, record(tx, x, e)
}

// detach takes from the client what it holds of the refresh token's session,
// and says whether there was something. A session that nobody holds anything
// of any more ends, as in Keycloak.
func detach(tx *store.Tx, x *exchange, c *token.Claims) (bool, error) {
	st, refused, err := standingOf(tx, x, c)
	if err != nil || refused != nil {
		return false, err
	}
	if err := session.DetachClient(tx, st.Part); err != nil {
		return false, err
	}
	rest, err := tx.ClientSessions(x.snap.Realm.ID, st.Session.ID)
	if err != nil || len(rest) > 0 {
		return true, err
	}
	_, err = session.Remove(tx, x.snap, st.Session)
	return true, err
}
