package demo

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/web"
)

// home says who is signed in, and what their tokens say.
func (a *App) home(w http.ResponseWriter, r *http.Request) error {
	_, n, ok := a.signedIn(r)
	if !ok {
		q, err := web.Query(r)
		if err != nil {
			return err
		}
		return a.show(w, r, http.StatusOK, welcome(q.Get("signed-out") == "1"))
	}
	web.PageHeaders(w, a.opts.Issuer) // the sign-out form ends there
	return a.show(w, r, http.StatusOK, signedIn(n.name, a.tokens(n)))
}

// login begins a sign-in: code, PKCE, state and nonce. As initiate_login_uri
// (OpenID Connect Core 4) it takes iss, which must be ours, and login_hint;
// target_link_uri is passed over: this application has one page.
func (a *App) login(w http.ResponseWriter, r *http.Request) error {
	q, err := web.Query(r)
	if err == nil && r.Method == http.MethodPost {
		q, err = web.Form(w, r)
	}
	if err != nil {
		return err
	}
	if iss := q.Get("iss"); iss != "" && iss != a.opts.Issuer {
		return latchkey.Errorf(latchkey.CodeInvalid, "This application signs people in with another server than the one that sent you here.")
	}
	k, err := a.party.discover(r.Context())
	if err != nil {
		return err
	}
	at := attempt{browser: secret.Token(), nonce: secret.Token(), verifier: oauth2.GenerateVerifier()}
	if held, ok := a.site.Cookie(r, loginCookie, ""); ok {
		at.browser = held // a second tab keeps the first one's sign-in alive
	}
	a.site.SetCookie(w, loginCookie, "", at.browser, loginTime)
	opts := []oauth2.AuthCodeOption{oidc.Nonce(at.nonce), oauth2.S256ChallengeOption(at.verifier)}
	if hint := q.Get("login_hint"); hint != "" && len(hint) <= 254 {
		opts = append(opts, oauth2.SetAuthURLParam("login_hint", hint))
	}
	return web.Redirect(w, r, k.oauth.AuthCodeURL(a.sessions.begin(at), opts...))
}

// callback takes the answer of a sign-in that this browser began.
func (a *App) callback(w http.ResponseWriter, r *http.Request) error {
	q, err := web.Query(r)
	if err != nil {
		return err
	}
	at, ok := a.sessions.take(q.Get("state"))
	held, _ := a.site.Cookie(r, loginCookie, "")
	if !ok || subtle.ConstantTimeCompare([]byte(held), []byte(at.browser)) != 1 {
		if _, _, in := a.signedIn(r); in {
			return web.Redirect(w, r, a.site.URL("")) // the same answer again: a reload, the back button
		}
		return latchkey.Errorf(latchkey.CodeInvalid, "This answer belongs to no sign-in that this browser began, or to one that took too long.")
	}
	if iss := q.Get("iss"); iss != "" && iss != a.opts.Issuer { // RFC 9207
		return latchkey.Errorf(latchkey.CodeInvalid, "This answer comes from another server than the one that was asked.")
	}
	if code := q.Get("error"); code != "" {
		return a.answer(w, r, &oauthError{code: code, description: q.Get("error_description")})
	}
	n, err := a.party.exchange(r.Context(), q.Get("code"), at)
	if err != nil {
		return a.answer(w, r, err)
	}
	if old, _, in := a.signedIn(r); in {
		a.sessions.end(old)
	}
	a.site.ClearCookie(w, loginCookie, "")
	a.site.SetCookie(w, sessionCookie, "", a.sessions.start(*n), 0)
	return web.Redirect(w, r, a.site.URL(""))
}

// refresh asks for new tokens.
func (a *App) refresh(w http.ResponseWriter, r *http.Request) error {
	cookie, n, ok := a.signedIn(r)
	if !ok {
		return web.Redirect(w, r, a.site.URL(""))
	}
	token, idToken, err := a.party.refresh(r.Context(), n.token)
	if err != nil {
		var over *oauthError
		if errors.As(err, &over) {
			a.sessions.end(cookie)
			a.site.ClearCookie(w, sessionCookie, "")
		}
		return a.answer(w, r, err)
	}
	a.sessions.renew(cookie, token, idToken)
	return web.Redirect(w, r, a.site.URL(""))
}

// logout ends the session here and asks Latchkey to end its own (RP-initiated
// logout), which sends back to the first page.
func (a *App) logout(w http.ResponseWriter, r *http.Request) error {
	cookie, n, ok := a.signedIn(r)
	home := a.site.URL("")
	if !ok {
		return web.Redirect(w, r, home)
	}
	a.sessions.end(cookie)
	a.site.ClearCookie(w, sessionCookie, "")
	k, err := a.party.discover(r.Context())
	if err != nil || k.logout == "" {
		return web.Redirect(w, r, home+"?signed-out=1")
	}
	target, err := url.Parse(k.logout)
	if err != nil {
		return web.Redirect(w, r, home+"?signed-out=1")
	}
	q := target.Query()
	q.Set("id_token_hint", n.idToken)
	q.Set("client_id", a.opts.ClientID)
	q.Set("post_logout_redirect_uri", home)
	target.RawQuery = q.Encode()
	return web.Redirect(w, r, target.String())
}
