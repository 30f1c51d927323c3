package page

import (
	"net/http"
	"strings"
)

// pageHeaders sets the headers of every HTML answer: nothing
// is loaded but our own stylesheet, icon and module; a form ends here or at
// the targets that the page names.
func pageHeaders(w http.ResponseWriter, p Policy) {
	csp := []string{
		"default-src 'none'", "style-src 'self'", "img-src 'self'",
		"form-action " + strings.Join(append([]string{"'self'"}, p.FormTargets...), " "),
		"base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'", "require-trusted-types-for 'script'",
	}
	if p.Script {
		csp = append(csp, "script-src 'self'", "connect-src 'self'")
	}
	h := w.Header()
	h.Set("Content-Security-Policy", strings.Join(csp, "; "))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "same-origin")
	if p.NoReferrer {
		h.Set("Referrer-Policy", "no-referrer")
	}
}
