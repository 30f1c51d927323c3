package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
)

const (
	pageCSP = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; require-trusted-types-for 'script'"
	bareCSP     = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	permissions = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
		"magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
)

// classHeaders are the headers that a route has unless its handler says
// otherwise.
func (s *Site) classHeaders(h http.Header, class Class) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Robots-Tag", "none")
	if s.Secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	if class == ClassPage {
		pageHeaders(h, nil)
		return
	}
	h.Set("Content-Security-Policy", bareCSP)
	h.Set("Referrer-Policy", "no-referrer")
	if class == ClassAsset {
		h.Set("Cache-Control", "no-cache")
	} else {
		h.Set("Cache-Control", "no-store")
	}
}

// PageHeaders sets the headers of a page whose form may end, by way of
// redirects, at the targets: Chromium holds every hop after a post against
// form-action. Targets are redirect URIs; their origin, or their scheme
// when it is an app's own, is what gets into the policy. Routes of ClassPage
// have these headers without targets already.
func PageHeaders(w http.ResponseWriter, formTargets ...string) { pageHeaders(w.Header(), formTargets) }

func pageHeaders(h http.Header, formTargets []string) {
	csp := pageCSP + "; frame-ancestors 'none'; form-action 'self'"
	for i, t := range formTargets {
		if src := cspSource(t); src != "" && !slices.ContainsFunc(formTargets[:i], func(old string) bool { return cspSource(old) == src }) {
			csp += " " + src
		}
	}
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // no-referrer would make our own posts carry Origin: null
	h.Set("Cache-Control", "no-store")
	h.Set("Permissions-Policy", permissions)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// FrameHeaders lets the page be framed by the origins of the ancestors and
// nobody else: for the hidden frames that keycloak-js puts into an application.
func FrameHeaders(w http.ResponseWriter, ancestors ...string) {
	h := w.Header()
	list := ""
	for _, a := range ancestors {
		if a == "*" { // Keycloak's word for every origin
			list = " *"
			break
		}
		if src := cspSource(a); src != "" {
			list += " " + src
		}
	}
	if list == "" {
		list = " 'none'"
	}
	h.Set("Content-Security-Policy", pageCSP+"; form-action 'none'; frame-ancestors"+list)
	h.Del("X-Frame-Options")
	h.Del("Cross-Origin-Opener-Policy")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// MailedHeaders adds what the answer to a mailed URL needs: no referrer at all,
// since the URL held a secret.
func MailedHeaders(w http.ResponseWriter) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}

// cspSource is the part of a URI that a policy may name; empty for a URI that
// has none.
func cspSource(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return ""
	}
	src := strings.ToLower(u.Scheme) + ":"
	if u.Scheme == "http" || u.Scheme == "https" {
		if u.Host == "" {
			return ""
		}
		src += "//" + strings.ToLower(u.Host)
	}
	if strings.ContainsAny(src, " ;,'\"\t\r\n") {
		return ""
	}
	return src
}

// Redirect sends on to target: 302 after GET and HEAD, 303 after all else, never
// 307. Whether target may be gone to is the caller's to know, see
// [LocalPath]; text that could end a header or be read in two ways is refused.
func Redirect(w http.ResponseWriter, r *http.Request, target string) error {
	if target == "" || !headerSafe(target) {
		return latchkey.Errorf(latchkey.CodeInvalid, "The address to go on to is not a valid one.")
	}
	h := w.Header()
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", bareCSP)
	h.Set("Location", target)
	status := http.StatusSeeOther
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		status = http.StatusFound
	}
	w.WriteHeader(status)
	return nil
}

// headerSafe says that the text is visible ASCII, as a URI is. A backslash is
// refused: browsers read it as a slash.
func headerSafe(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '\\' || s[i] == '"' || s[i] == '<' || s[i] == '>' {
			return false
		}
	}
	return true
}

// LocalPath says whether raw is a path of our own with an optional query, safe
// to redirect to whoever wrote it: one slash in front, nothing that a
// browser could read as another host, no dots that climb, no encoded controls.
func LocalPath(raw string) bool {
	if raw == "" || raw[0] != '/' || strings.HasPrefix(raw, "//") || !headerSafe(raw) {
		return false
	}
	u, err := url.Parse(raw)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || u.Fragment != "" || strings.Contains(raw, "#") {
		return false
	}
	for i := 0; i < len(u.Path); i++ {
		if u.Path[i] < ' ' || u.Path[i] == '\\' || u.Path[i] == 0x7f {
			return false
		}
	}
	if strings.Contains(u.Path, "//") {
		return false
	}
	for seg := range strings.SplitSeq(u.Path, "/") {
		if seg == "." || seg == ".." {
			return false
		}
	}
	return true
}
