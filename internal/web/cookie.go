package web

import (
	"net/http"
	"strings"
	"time"
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

// SetCrossSiteCookie is [Site.SetCookie] with SameSite=None, for a realm that
// allows silent checks from other sites. On plain http, where browsers refuse
// None, it stays Lax.
func (s *Site) SetCrossSiteCookie(w http.ResponseWriter, name, realm, value string, maxAge time.Duration) {
	c := s.newCookie(name, realm, value) //nolint:gosec // see newCookie
	c.MaxAge = int(maxAge / time.Second)
	if s.Secure() {
		c.SameSite = http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
}

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
