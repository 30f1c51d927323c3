package oidc

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// bearerError is an answer of the userinfo endpoint: a challenge and no body
// (RFC 6750 3).
type bearerError struct {
	status            int
	realm             string
	code, description string // empty when no token was sent
}

// Error gives code and description.
func (e *bearerError) Error() string { return e.code + ": " + e.description }

// Unwrap tells the log what kind of error it is.
func (e *bearerError) Unwrap() error {
	if e.status == http.StatusForbidden {
		return latchkey.Errorf(latchkey.CodeForbidden, "%s", e.code)
	}
	return latchkey.Errorf(latchkey.CodeUnauthenticated, "%s", e.code)
}

// Respond answers with the challenge.
func (e *bearerError) Respond(w http.ResponseWriter, _ *http.Request) {
	challenge := `Bearer realm="` + e.realm + `"`
	if e.code != "" {
		challenge += `, error="` + e.code + `", error_description="` + e.description + `"`
	}
	noStore(w)
	w.Header().Set("WWW-Authenticate", challenge)
	w.Header().Set("Content-Type", "text/plain;charset=utf-8")
	w.WriteHeader(e.status)
}

// userinfo is the userinfo endpoint (OpenID Connect Core 5.3).
func (d *Door) userinfo(w http.ResponseWriter, r *http.Request) error {
	noStore(w)
	snap, err := d.realm(r)
	if err != nil {
		return err
	}
	refuse := func(status int, code, description string) error {
		d.allowOrigin(w, r, snap, nil)
		return &bearerError{status: status, realm: snap.Realm.Name, code: code, description: description}
	}
	var form url.Values
	if r.Method == http.MethodPost {
		if form, err = web.Form(w, r); err != nil {
			return refuse(http.StatusBadRequest, "invalid_request", "The form cannot be read")
		}
	}
	raw, ok := bearer(r, form)
	switch {
	case !ok:
		return refuse(http.StatusBadRequest, "invalid_request", "More than one token, or one in the URL")
	case raw == "":
		return refuse(http.StatusUnauthorized, "", "")
	}
	claims, err := d.Minter.VerifyAccess(snap, d.Site.Issuer(snap.Realm.Name), raw)
	if err != nil {
		return refuse(http.StatusUnauthorized, "invalid_token", "Token verification failed")
	}
	if !claims.HasScope(token.ScopeOpenID) {
		return refuse(http.StatusForbidden, "insufficient_scope", "Missing openid scope")
	}
	var g *token.Grant
	err = d.DB.View(r.Context(), func(tx *store.Tx) error {
		var err error
		g, err = token.GrantFor(tx, snap, claims)
		return err
	})
	if err != nil {
		return err
	}
	if g == nil {
		return refuse(http.StatusUnauthorized, "invalid_token", "user_session_not_found")
	}
	d.allowOrigin(w, r, snap, g.Client)
	signed, err := d.Minter.SignedUserinfo(r.Context(), g)
	switch {
	case err != nil:
		return err
	case signed == "":
		return web.WriteJSON(w, http.StatusOK, d.Minter.Userinfo(g))
	}
	w.Header().Set("Content-Type", "application/jwt")
	_, err = w.Write([]byte(signed))
	return err
}

// bearer takes the token from the Authorization header or, of a POST, from the
// form; never from the URL, and never from two places (RFC 6750 2).
func bearer(r *http.Request, form url.Values) (raw string, ok bool) {
	if r.URL.Query().Has("access_token") {
		return "", false
	}
	headers := r.Header.Values("Authorization")
	posted := form.Get("access_token")
	switch {
	case len(headers) > 1, len(headers) == 1 && posted != "":
		return "", false
	case len(headers) == 0:
		return posted, true
	}
	scheme, raw, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(raw), true
}
