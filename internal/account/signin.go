package account

import (
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
func (c *Console) signIn(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, a attempt) error {
	name := snap.Realm.Name
	a.State, a.Nonce, a.Verifier, a.Began = secret.Token(), secret.Token(), secret.Token(), c.Now().Unix()
	if len(a.Path) > maxPath {
		a.Path = ""
	}
	list := append(c.attempts(r, name), a)
	value, ok := "", false
	for !ok {
		if len(list) > maxAttempts {
			list = list[len(list)-maxAttempts:]
		}
		if value, ok = c.seal(cookieLogin, name, list); !ok {
			if len(list) == 1 {
				return latchkey.Errorf(latchkey.CodeInternal, "a sign-in does not fit into a cookie")
			}
			list = list[1:]
		}
	}
	c.Site.SetCookie(w, cookieLogin, name, value, attemptTime)
	sum := sha256.Sum256([]byte(a.Verifier))
	q := url.Values{"client_id": {ClientID}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {c.callbackURL(name)},
		"state": {a.State}, "nonce": {a.Nonce}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	if a.Action != "" {
		q.Set("kc_action", a.Action)
	}
	if l := r.URL.Query().Get(page.LocaleParam); l != "" && len(l) < 40 {
		q.Set("ui_locales", l)
	}
	return web.Redirect(w, r, c.Site.RealmURL(name, "protocol/openid-connect/auth?"+q.Encode()))
}

func (c *Console) callbackURL(realm string) string { return c.Site.RealmURL(realm, "account/callback") }

// attempts are the browser's sign-ins that may still come back.
func (c *Console) attempts(r *http.Request, realm string) []attempt {
	var list, good []attempt
	if !c.open(r, cookieLogin, realm, &list) {
		return nil
	}
	for _, a := range list {
		if c.Now().Sub(time.Unix(a.Began, 0)) < attemptTime {
			good = append(good, a)
		}
	}
	return good
}

// take gives the attempt with the state, once.
func (c *Console) take(w http.ResponseWriter, r *http.Request, realm, state string) (attempt, bool) {
	var found attempt
	var rest []attempt
	for _, a := range c.attempts(r, realm) {
		if state != "" && a.State == state {
			found = a
		} else {
			rest = append(rest, a)
		}
	}
	if len(rest) == 0 {
		c.Site.ClearCookie(w, cookieLogin, realm)
	} else if value, ok := c.seal(cookieLogin, realm, rest); ok {
		c.Site.SetCookie(w, cookieLogin, realm, value, attemptTime)
	}
	return found, found.State != ""
}

// callback takes the answer of a sign-in that this browser began.
func (c *Console) callback(w http.ResponseWriter, r *http.Request) error {
	snap, err := c.realm(w, r)
	if err != nil || snap == nil {
		return err
	}
	q, err := web.Query(r)
	if err != nil {
		return err
	}
	name := snap.Realm.Name
	v := &visit{Console: c, w: w, r: r, snap: snap}
	signedIn := v.read()
	a, ok := c.take(w, r, name, q.Get("state"))
	if !ok {
		if signedIn {
			return web.Redirect(w, r, c.url(name, "")) // the same answer again: a reload, the back button
		}
		return v.trouble(http.StatusBadRequest, page.CookiesOff{RetryURL: c.url(name, "")})
	}
	if iss := q.Get("iss"); iss != c.Site.Issuer(name) { // RFC 9207
		return latchkey.Errorf(latchkey.CodeInvalid, "This answer comes from another server than the one that was asked.")
	}
	if a.Path == "" || !web.LocalPath(a.Path) {
		a.Path = c.url(name, "")
	}
	if q.Get("error") != "" {
		if signedIn {
			v.say("cancelled")
			return web.Redirect(w, r, a.Path)
		}
		e := page.Error{Heading: "account.declined.heading", Text: "account.declined.text", LinkURL: c.url(name, ""), LinkLabel: "account.sign-in"}
		return v.trouble(http.StatusOK, e)
	}
	if err := v.exchange(q.Get("code"), a); err != nil {
		return err
	}
	if a.Action != "" {
		v.say(statusNotice(q.Get("kc_action_status")))
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
func (v *visit) exchange(code string, a attempt) error {
	g, refused, err := v.grant(v.r, v.snap.Realm.Name, url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {v.callbackURL(v.snap.Realm.Name)}, "code_verifier": {a.Verifier}})
	if err != nil {
		return err
	}
	id := claimsOf(g.ID)
	if refused || g.Refresh == "" || id.Nonce != a.Nonce {
		return latchkey.Errorf(latchkey.CodeInvalid, "This sign-in cannot be used any more. Open the account again.")
	}
	old := v.held
	v.held = held{Refresh: g.Refresh, Code: secret.Token(), Who: firstOf(id.Email, id.Username), Locale: bounded(id.Locale), From: old.From, FromAt: old.FromAt}
	v.learn(g)
	if !v.keep() {
		return latchkey.Errorf(latchkey.CodeInternal, "the refresh token of %s does not fit into a cookie", ClientID)
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

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// trouble answers with a page that has no menu: nobody is signed in.
func (v *visit) trouble(status int, p page.Page) error {
	return v.Kit.Write(v.w, v.r, page.Answer{Status: status, Meta: v.meta(), Page: p})
}

// signOut has the realm end its session, by the ID token as a hint (RP-Initiated
// Logout 1.0), which stays within the process: a browser keeps addresses. The
// browser is then shown that nobody is signed in; were the session still there,
// it would be asked.
func (c *Console) signOut(v *visit) error {
	logout := c.Site.RealmURL(v.snap.Realm.Name, "protocol/openid-connect/logout?")
	q := url.Values{"client_id": {ClientID}, "ui_locales": {v.lang()}}
	if g, err := v.refresh(); err == nil && g.ID != "" {
		hint := url.Values{"client_id": {ClientID}, "id_token_hint": {g.ID}}
		if _, err := v.send(v.r, http.MethodGet, logout+hint.Encode(), nil); err != nil {
			return err
		}
		if v.everywhere {
			v.w.Header().Set("Clear-Site-Data", `"cookies", "storage"`)
		}
	}
	v.forget()
	return web.Redirect(v.w, v.r, logout+q.Encode())
}

// actions are what takes a sign-in, by their kc_action, with the page to come
// back to.
var actions = map[string]string{
	"UPDATE_PASSWORD": pathSigningIn, "CONFIGURE_TOTP": pathSigningIn, "delete_credential": pathSigningIn,
	"UPDATE_EMAIL": pathInfo, "delete_account": pathInfo,
}

// begin starts one of them: the realm asks for a fresh proof where it takes
// one, asks again what is to be done, and does it.
func (c *Console) begin(v *visit) error {
	query, err := web.Query(v.r)
	if err != nil {
		return err
	}
	action := query.Get("action")
	name, _, _ := strings.Cut(action, ":")
	to, ok := actions[name]
	if !ok || len(action) > 200 {
		return latchkey.Invalid("action", "There is no such action.")
	}
	return c.signIn(v.w, v.r, v.snap, attempt{Path: c.url(v.snap.Realm.Name, to), Action: action})
}
