package web

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// cookieName is the name on the wire: with the __Host- prefix on https, so that
// no other host of the domain can plant it, and with the realm, so that
// realms do not overwrite each other's.
func (s *Site) cookieName(name, realm string) string {
	if realm != "" {
		name += "-" + realm
	}
	if s.Secure() {
		return "__Host-" + name
	}
	return name
}

// SetCookie sets a cookie of the realm: HttpOnly, SameSite=Lax, Path=/, on
// https Secure with the __Host- prefix. The value is an opaque secret in the
// alphabet of base64url. maxAge 0 means until the browser is closed.
func (s *Site) SetCookie(w http.ResponseWriter, name, realm, value string, maxAge time.Duration) {
	c := s.newCookie(name, realm, value) //nolint:gosec // see newCookie
	c.MaxAge = int(maxAge / time.Second)
	http.SetCookie(w, c)
}

// The cookies of a browser that is signed in, by purpose. The second holds
// nothing secret: it is what an application's status frame compares, by script,
// with the session that the application knows (Keycloak: KEYCLOAK_SESSION).
const (
	CookieSession      = "session"
	CookieSessionState = "sid"
)

// SetSession sets the cookies of a browser that is signed in. Where the realm
// lets applications of other sites check silently, they come along to those.
// maxAge 0 means until the browser is closed.
func (s *Site) SetSession(w http.ResponseWriter, realm *latchkey.Realm, cookie latchkey.Secret, sessionID string, maxAge time.Duration) {
	session := s.newCookie(CookieSession, realm.Name, cookie.Reveal())            //nolint:gosec // see newCookie
	state := s.newCookie(CookieSessionState, realm.Name, SessionState(sessionID)) //nolint:gosec // see newCookie
	state.HttpOnly = false
	for _, c := range []*http.Cookie{session, state} {
		c.MaxAge = int(maxAge / time.Second)
		c.SameSite = s.sameSite(realm)
		http.SetCookie(w, c)
	}
}

// ClearSession takes the cookies of [Site.SetSession] away.
func (s *Site) ClearSession(w http.ResponseWriter, realm *latchkey.Realm) {
	s.ClearCookie(w, CookieSession, realm.Name)
	s.ClearCookie(w, CookieSessionState, realm.Name)
}

// SessionState is what the cookie of that name holds: a hash of the session's
// public id, as base64url.
func SessionState(sessionID string) string {
	return base64.RawURLEncoding.EncodeToString(secret.Hash(sessionID))
}

// sameSite says how far the realm's session cookies go. On plain http, where
// browsers refuse None, they stay in their site.
func (s *Site) sameSite(realm *latchkey.Realm) http.SameSite {
	if realm.CrossSite() && s.Secure() {
		return http.SameSiteNoneMode
	}
	return http.SameSiteLaxMode
}

// ProbeCookie sets a cookie that goes as far as the realm's session cookies do,
// for a page that looks whether they come along: see [Site.Probed].
func (s *Site) ProbeCookie(w http.ResponseWriter, realm *latchkey.Realm) {
	c := s.newCookie(cookieProbe, realm.Name, "1") //nolint:gosec // see newCookie
	c.MaxAge, c.SameSite = 60, s.sameSite(realm)
	http.SetCookie(w, c)
}

// Probed says whether the cookie of [Site.ProbeCookie] came along.
func (s *Site) Probed(r *http.Request, realm *latchkey.Realm) bool {
	_, ok := s.Cookie(r, cookieProbe, realm.Name)
	return ok
}

const cookieProbe = "probe"

// CookieName is the name on the wire of a cookie of the realm.
func (s *Site) CookieName(name, realm string) string { return s.cookieName(name, realm) }

// ClearCookie takes the cookie away.
func (s *Site) ClearCookie(w http.ResponseWriter, name, realm string) {
	c := s.newCookie(name, realm, "") //nolint:gosec // see newCookie
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func (s *Site) newCookie(name, realm, value string) *http.Cookie {
	//nolint:gosec // Secure but for plain http on loopback, where browsers would drop it (docs/keycloak.md)
	return &http.Cookie{Name: s.cookieName(name, realm), Value: value, Path: "/",
		HttpOnly: true, Secure: s.Secure(), SameSite: http.SameSiteLaxMode}
}

// Cookie reads a cookie of the realm. A cookie that came twice with different
// values is none: one of the two was planted.
func (s *Site) Cookie(r *http.Request, name, realm string) (string, bool) {
	value, found := "", false
	for _, c := range r.CookiesNamed(s.cookieName(name, realm)) {
		if found && c.Value != value {
			return "", false
		}
		value, found = c.Value, true
	}
	return value, found && value != ""
}

// CookieNames gives the names, without prefix and realm, of the realm's cookies
// whose names begin with prefix, in the order the browser sent them.
func (s *Site) CookieNames(r *http.Request, prefix, realm string) []string {
	var out []string
	for _, c := range r.Cookies() {
		name := c.Name
		if s.Secure() {
			var ok bool
			if name, ok = strings.CutPrefix(name, "__Host-"); !ok {
				continue
			}
		}
		if realm != "" {
			var ok bool
			if name, ok = strings.CutSuffix(name, "-"+realm); !ok {
				continue
			}
		}
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	return out
}
