package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// maxCodeLife is how long a code may be redeemed, whatever the realm says
//
const maxCodeLife = time.Minute

// newCode draws a code for the client in the session: a secret, and in front
// of nobody's secrets the session and the client, as Keycloak's codes have
// them. Only the secret's hash is kept.
func newCode(sessionID, clientID string) (code string, hash []byte) {
	drawn := secret.Token()
	return drawn + "." + sessionID + "." + clientID, secret.Hash(drawn)
}

// codeHash gives the hash of a code's secret, when the text has a code's form.
func codeHash(code string) ([]byte, bool) {
	drawn, rest, ok := strings.Cut(code, ".")
	if !ok || len(code) > 256 || strings.Count(rest, ".") != 1 {
		return nil, false
	}
	return secret.Hash(drawn), true
}

var codeNotValid = refuse("invalid_grant", "Code not valid", "invalid_code")

func checkCode(x *exchange) *oauthError {
	if x.form.Get("code") == "" {
		return refuse("invalid_request", "Missing parameter: code", "invalid_code")
	}
	return nil
}

// redeemCode redeems an authorization code. The code is used up first, by one
// conditional statement, and then everything is checked: whoever presents it
// wrongly has spent it. One that was spent before takes back all that came of
// it (R-113, RFC 6749 4.1.2).
func (d *Door) redeemCode(tx *store.Tx, x *exchange) (*token.Grant, *oauthError, error) {
	hash, ok := codeHash(x.form.Get("code"))
	if !ok {
		return nil, codeNotValid, nil
	}
	code, first, err := tx.RedeemCode(x.snap.Realm.ID, hash)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound || (err == nil && code == nil) {
		return nil, codeNotValid, nil
	}
	if err != nil {
		return nil, nil, err
	}
	x.event.UserID, x.event.SessionID = code.UserID, code.SessionID
	x.event.Details["code_id"] = code.SessionID
	if !first {
		if code.RedeemedAt.IsZero() {
			return nil, codeNotValid, nil // it has expired
		}
		return nil, codeNotValid, session.TakeBack(tx, code)
	}
	if refused := checkRedemption(x, code); refused != nil {
		return nil, refused, nil
	}
	return d.codeGrant(tx, x, code)
}

// checkRedemption compares what the request brings with what the code was made
// for.
func checkRedemption(x *exchange, code *latchkey.AuthorizationCode) *oauthError {
	switch {
	case !x.now.Before(code.ExpiresAt):
		return refuse("invalid_grant", "Code not valid", "expired_code")
	case code.ClientID != x.client.ID:
		return refuse("invalid_grant", "Auth error: Found different client_id in clientSession", "invalid_code")
	case !x.client.StandardFlowEnabled:
		return refuse("unauthorized_client", "Client not allowed to exchange code", "not_allowed")
	case x.form.Get("redirect_uri") != code.RedirectURI:
		return refuse("invalid_grant", "Incorrect redirect_uri", "invalid_code")
	}
	return checkVerifier(x.client, code, x.form.Get("code_verifier"))
}

// checkVerifier checks PKCE (RFC 7636 4.6). A verifier without a challenge is
// as wrong as a challenge without one: somebody took a part of the request
// away (R-112, RFC 9700 4.8.2).
func checkVerifier(client *latchkey.Client, code *latchkey.AuthorizationCode, verifier string) *oauthError {
	switch {
	case code.CodeChallenge == "" && verifier != "":
		return refuse("invalid_grant", "PKCE code verifier specified but challenge not present in the authorization request", "invalid_code_verifier")
	case code.CodeChallenge == "" && pkceRequired(client):
		return refuse("invalid_grant", "PKCE code challenge not present in the authorization request", "code_verifier_missing")
	case code.CodeChallenge == "":
		return nil
	case verifier == "":
		return refuse("invalid_grant", "PKCE code verifier not specified", "code_verifier_missing")
	case !validVerifier(verifier):
		return refuse("invalid_grant", "PKCE invalid code verifier", "invalid_code_verifier")
	}
	sum := sha256.Sum256([]byte(verifier))
	if !secret.Equal([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(code.CodeChallenge)) {
		return refuse("invalid_grant", "PKCE verification failed: Code mismatch", "pkce_verification_failed")
	}
	return nil
}

// validVerifier is RFC 7636 4.1: 43 to 128 unreserved characters.
func validVerifier(v string) bool {
	return len(v) >= 43 && len(v) <= 128 && strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") == ""
}

func (d *Door) codeGrant(tx *store.Tx, x *exchange, code *latchkey.AuthorizationCode) (*token.Grant, *oauthError, error) {
	st, err := session.Standing(tx, x.snap, code.SessionID, x.client, "")
	if err != nil {
		return nil, nil, err
	}
	if st == nil {
		return nil, refuse("invalid_grant", "Session not active", "user_session_not_found"), nil
	}
	if st.Part == nil {
		return nil, refuse("invalid_grant", "Session doesn't have required client", "user_session_not_found"), nil
	}
	scope, _ := token.ResolveScope(x.snap, x.client, code.Scope)
	g := &token.Grant{
		Realm: x.snap, Issuer: x.issuer, Client: x.client, User: st.User, Holdings: st.Holdings, Scope: scope.For(x.snap, st.Holdings.RoleIDs()),
		Kind: token.GrantCode, Session: st.Session, ClientSession: st.Part, Claims: st.Part.Claims,
		Nonce: code.Nonce, ACR: code.ACR, AMR: code.AMR, AuthTime: code.AuthTime,
	}
	if err := session.Touch(tx, x.snap.Realm, st.Session); err != nil {
		return nil, nil, err
	}
	return g, nil, d.openRefresh(tx, x, g)
}

// openRefresh names the first refresh token of a code: in the session, or,
// when offline_access was granted, in an offline session of its own.
func (d *Door) openRefresh(tx *store.Tx, x *exchange, g *token.Grant) error {
	if x.client.Attribute("use.refresh.tokens") == "false" {
		return nil
	}
	if g.Scope.Has(token.ScopeOffline) {
		offline, err := session.StartOffline(tx, g.Session)
		if err != nil {
			return err
		}
		part, err := session.AttachClient(tx, x.snap, offline, x.client, latchkey.AuthorizationRequest{Scope: g.Scope.Shown()})
		if err != nil {
			return err
		}
		g.Session, g.ClientSession = offline, part
	} else if err := session.TouchClient(tx, x.snap.Realm, x.client, g.Session, g.ClientSession); err != nil {
		return err
	}
	g.Refresh = secret.NewID()
	if !rotates(x.snap.Realm, x.client) {
		return nil
	}
	var err error
	g.Family, err = session.OpenFamily(tx, g.ClientSession, g.Refresh)
	return err
}

// attributeRotation switches rotation of refresh tokens on for one client,
// whatever its realm does. Clients that are made here and are public have it
// those that are imported or made through the API follow the realm's
// revokeRefreshToken, as in Keycloak.
const attributeRotation = "latchkey.refresh.rotation"

func rotates(realm *latchkey.Realm, client *latchkey.Client) bool {
	return realm.RevokeRefreshToken || client.Attribute(attributeRotation) == "true"
}
