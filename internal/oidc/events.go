package oidc

import (
	"maps"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func record(tx *store.Tx, x *exchange, e latchkey.Event) error {
	return event.Record(tx, x.snap.Realm, e)
}

// failed is the event of a token request that was refused.
func (x *exchange) failed(g grant, refused *oauthError) latchkey.Event {
	e := x.event
	e.Type, e.Error, e.Details = g.failure, refused.event, maps.Clone(x.event.Details)
	return e
}

// succeeded is the event of tokens that were given, with Keycloak's details.
func (x *exchange) succeeded(g grant, t *token.Grant, accessID string) latchkey.Event {
	e := x.event
	e.Type, e.ClientID, e.UserID, e.Details = g.success, x.client.ClientID, t.User.ID, maps.Clone(x.event.Details)
	e.Details["token_id"] = accessID
	e.Details["scope"] = t.Scope.Shown()
	e.Details["username"] = t.User.Username
	if t.Session != nil {
		delete(e.Details, "username")
		e.SessionID = t.Session.ID
	}
	if t.Refresh != "" {
		e.Details["refresh_token_type"] = "Refresh"
		if t.Session.Offline {
			e.Details["refresh_token_type"] = "Offline"
		}
		key := "refresh_token_id"
		if g.success == latchkey.EventRefreshToken {
			key = "updated_refresh_token_id"
		}
		e.Details[key] = t.Refresh
	}
	return e
}
