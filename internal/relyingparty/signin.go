package relyingparty

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/secret"
	"latchkey/internal/web"
)

// attempt is a sign-in under way, kept in the browser, sealed.
type attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Path     string `json:"p,omitempty"` // where to go afterwards
	// Action is the kc_action that it was begun for; empty for a mere sign-in.
	Action string `json:"a,omitempty"`
	Began  int64  `json:"t"` // unix seconds
}

const (
	maxAttempts = 4 // tabs; the oldest goes first
	attemptTime = time.Hour
	maxPath     = 300 // bytes of the page to come back to
)

// signIn sends the browser to the realm's own sign-in, which comes back to
// the callback: code, PKCE, state and nonce.
func (p *Party) signIn(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, a attempt) error {
	name := snap.Realm.Name
	a.State, a.Nonce, a.Verifier, a.Began = secret.Token(), secret.Token(), secret.Token(), p.Now().Unix()
	if len(a.Path) > maxPath {
		a.Path = ""
	}
	list := append(p.attempts(r, name), a)
	value, ok := "", false
	for !ok {
		if len(list) > maxAttempts {
			list = list[len(list)-maxAttempts:]
		}
		if value, ok = p.seal(p.loginCookie(), name, list); !ok {
			if len(list) == 1 {
				return latchkey.Errorf(latchkey.CodeInternal, "a sign-in does not fit into a cookie")
			}
			list = list[1:]
		}
	}
	p.Site.SetCookie(w, p.loginCookie(), name, value, attemptTime)
	sum := sha256.Sum256([]byte(a.Verifier))
	q := url.Values{"client_id": {p.ClientID}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {p.callbackURL(name)},
		"state": {a.State}, "nonce": {a.Nonce}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	if a.Action != "" {
		q.Set("kc_action", a.Action)
	}
	if l := r.URL.Query().Get(page.LocaleParam); l != "" && len(l) < 40 {
		q.Set("ui_locales", l)
	}
	return web.Redirect(w, r, p.Site.RealmURL(name, "protocol/openid-connect/auth?"+q.Encode()))
}

// callbackURL is the redirect URI.
func (p *Party) callbackURL(realm string) string {
	return p.Site.URL(append(p.Pages(realm), PathCallback)...)
}

// attempts are the browser's sign-ins that may still come back.
func (p *Party) attempts(r *http.Request, realm string) []attempt {
	var list, good []attempt
	if !p.open(r, p.loginCookie(), realm, &list) {
		return nil
	}
	for _, a := range list {
		if p.Now().Sub(time.Unix(a.Began, 0)) < attemptTime {
			good = append(good, a)
		}
	}
	return good
}

// take gives the attempt with the state, once.
func (p *Party) take(w http.ResponseWriter, r *http.Request, realm, state string) (attempt, bool) {
	var found attempt
	var rest []attempt
	for _, a := range p.attempts(r, realm) {
		if state != "" && a.State == state {
			found = a
		} else {
			rest = append(rest, a)
		}
	}
	if len(rest) == 0 {
		p.Site.ClearCookie(w, p.loginCookie(), realm)
	} else if value, ok := p.seal(p.loginCookie(), realm, rest); ok {
		p.Site.SetCookie(w, p.loginCookie(), realm, value, attemptTime)
	}
	return found, found.State != ""
}

// Callback takes the answer of a sign-in that this browser began.
func (p *Party) Callback(w http.ResponseWriter, r *http.Request) error {
	snap, err := p.realm(w, r)
	if err != nil || snap == nil {
		return err
	}
	q, err := web.Query(r)
	if err != nil {
		return err
	}
	name := snap.Realm.Name
	v := &Visit{Party: p, W: w, R: r, Snap: snap}
	signedIn := v.read()
	a, ok := p.take(w, r, name, q.Get("state"))
	if !ok {
		if signedIn {
			return web.Redirect(w, r, p.Path(name, PathHome)) // the same answer again: a reload, the back button
		}
		return v.trouble(http.StatusBadRequest, page.CookiesOff{RetryURL: p.Path(name, PathHome)})
	}
	if iss := q.Get("iss"); iss != p.Site.Issuer(name) { // RFC 9207
		return latchkey.Errorf(latchkey.CodeInvalid, "This answer comes from another server than the one that was asked.")
	}
	if a.Path == "" || !web.LocalPath(a.Path) {
		a.Path = p.Path(name, PathHome)
	}
	if q.Get("error") != "" {
		if signedIn {
			v.Say("cancelled")
			return web.Redirect(w, r, a.Path)
		}
		e := page.Error{Heading: p.Declined[0], Text: p.Declined[1], LinkURL: p.Path(name, PathHome), LinkLabel: p.Declined[2]}
		return v.trouble(http.StatusOK, e)
	}
	if err := v.exchange(q.Get("code"), a); err != nil {
		return err
	}
	if a.Action != "" {
		v.Say(statusNotice(q.Get("kc_action_status")))
	}
	return web.Redirect(w, r, a.Path)
}

// statusNotice is what is said of an action by its status (kc_action_status).
func statusNotice(status string) string {
	switch status {
	case "success":
		return "done"
	case "cancelled":
		return "cancelled"
	}
	return "failed"
}

// exchange turns the code into tokens, and begins the console's own session.
func (v *Visit) exchange(code string, a attempt) error {
	g, refused, err := v.grant(v.R, v.Snap.Realm.Name, url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {v.callbackURL(v.Snap.Realm.Name)}, "code_verifier": {a.Verifier}})
	if err != nil {
		return err
	}
	id := claimsOf(g.ID)
	if refused || g.Refresh == "" || id.Nonce != a.Nonce {
		return latchkey.Errorf(latchkey.CodeInvalid, "This sign-in cannot be used any more. Open the account again.")
	}
	old := v.Held
	v.Held = Held{Refresh: g.Refresh, Code: secret.Token(), Who: cmp.Or(id.Email, id.Username), Locale: bounded(id.Locale), From: old.From, FromAt: old.FromAt}
	v.learn(g)
	if !v.Keep() {
		return latchkey.Errorf(latchkey.CodeInternal, "the refresh token of %s does not fit into a cookie", v.ClientID)
	}
	return nil
}

// idClaims are what the console reads of an ID token. It came from the token
// endpoint itself, within the process, so its signature need not be looked at
// (OpenID Connect Core 3.1.3.7).
type idClaims struct {
	Nonce    string `json:"nonce"`
	Email    string `json:"email"`
	Username string `json:"preferred_username"`
	Locale   string `json:"locale"`
}

func claimsOf(token string) (id idClaims) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return id
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &id) != nil {
		return idClaims{}
	}
	return id
}

// bounded leaves out a language that is none: the attribute may be anything.
func bounded(locale string) string {
	if len(locale) > maxLocale {
		return ""
	}
	return locale
}

const maxLocale = 35 // characters of a language tag (RFC 5646, 4.4.1)

// trouble answers with a page that has no menu: nobody is signed in.
func (v *Visit) trouble(status int, p page.Page) error {
	return v.Show(status, p, page.Policy{})
}

// SignOut has the realm end its session, by the ID token as a hint
// (RP-Initiated Logout 1.0), which stays within the process: a browser keeps
// addresses. The browser is then shown that nobody is signed in; were the
// session still there, it would be asked. Everywhere has it forget what else it
// keeps of this server.
func (v *Visit) SignOut(everywhere bool) error {
	logout := v.Site.RealmURL(v.Snap.Realm.Name, "protocol/openid-connect/logout?")
	q := url.Values{"client_id": {v.ClientID}, "ui_locales": {v.Lang()}}
	if g, err := v.refresh(); err == nil && g.ID != "" {
		hint := url.Values{"client_id": {v.ClientID}, "id_token_hint": {g.ID}}
		if _, err := v.send(v.R, http.MethodGet, logout+hint.Encode(), nil); err != nil {
			return err
		}
		if everywhere {
			v.W.Header().Set("Clear-Site-Data", `"cookies", "storage"`)
		}
	}
	v.forget()
	return web.Redirect(v.W, v.R, logout+q.Encode())
}

// Begin has the realm ask for what takes a sign-in (kc_action), and comes back
// to the page at path.
func (v *Visit) Begin(action, path string) error {
	return v.signIn(v.W, v.R, v.Snap, attempt{Path: v.URL(path), Action: action})
}
