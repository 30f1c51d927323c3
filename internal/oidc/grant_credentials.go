package oidc

import (
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// checkCredentials says whether the client may sign in as itself, and with the
// scope that it asks for.
func checkCredentials(x *exchange) *oauthError {
	switch {
	case x.client.PublicClient:
		return &oauthError{status: http.StatusUnauthorized, code: "unauthorized_client", description: "Public client not allowed to retrieve service account", event: "invalid_client"}
	case !x.client.ServiceAccountsEnabled:
		return &oauthError{status: http.StatusUnauthorized, code: "unauthorized_client", description: "Client not enabled to retrieve service account", event: "invalid_client"}
	}
	if _, unknown := token.ResolveScope(x.snap, x.client, x.form.Get("scope")); len(unknown) > 0 {
		return invalidScope(x.form.Get("scope"))
	}
	return nil
}

func invalidScope(requested string) *oauthError {
	return refuse("invalid_scope", "Invalid scopes: "+strings.Join(strings.Fields(requested), " "), "invalid_scope")
}

// serviceAccount gives a client tokens of its own account. There is no session
// and so no refresh token (RFC 6749 4.4.3).
func (d *Door) serviceAccount(tx *store.Tx, x *exchange) (*token.Grant, *oauthError, error) {
	st, err := tx.ServiceAccountStanding(x.snap.Realm.ID, x.client.ID, "")
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, refuse("invalid_request", "The client has no service account", "user_not_found"), nil
	}
	if err != nil {
		return nil, nil, err
	}
	user, held := st.User, st.Holdings
	x.event.UserID = user.ID
	if !user.Enabled {
		return nil, &oauthError{status: http.StatusUnauthorized, code: "unauthorized_client", description: "User '" + user.Username + "' disabled", event: "user_disabled"}, nil
	}
	scope, _ := token.ResolveScope(x.snap, x.client, x.form.Get("scope"))
	return &token.Grant{
		Realm: x.snap, Issuer: x.issuer, Client: x.client, User: user, Holdings: held,
		Scope: scope.For(x.snap, held.RoleIDs()).Without(token.ScopeOffline), Kind: token.GrantCredentials, ACR: "1",
		Notes: map[string]string{
			token.NoteClientID: x.client.ClientID, token.NoteClientHost: x.event.IPAddress, token.NoteClientAddress: x.event.IPAddress,
		},
	}, nil, nil
}
