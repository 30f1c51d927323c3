package page

import (
	"net/http"
	"strings"

	"latchkey/internal/web"
)

// pageHeaders sets the headers of an HTML answer: those that
// every page has, without scripts where the page needs none.
func pageHeaders(w http.ResponseWriter, p Policy) {
	web.PageHeaders(w, p.FormTargets...)
	if p.NoReferrer {
		web.MailedHeaders(w)
	}
	if !p.Script {
		h := w.Header()
		h.Set("Content-Security-Policy", noScript.Replace(h.Get("Content-Security-Policy")))
	}
}

var noScript = strings.NewReplacer("script-src 'self'", "script-src 'none'", "connect-src 'self'", "connect-src 'none'")

// ServeError answers a failure with a page, or with JSON where the route is a
// program's: it makes the Kit a [web.Errors].
func (k *Kit) ServeError(w http.ResponseWriter, r *http.Request, f *web.Failure) {
	if f.Class != web.ClassPage && f.Class != web.ClassRedirect {
		web.JSONErrors{}.ServeError(w, r, f)
		return
	}
	lang := k.Choose(nil, Preferences{Param: r.URL.Query().Get(LocaleParam), Accept: r.Header.Get("Accept-Language")})
	if err := k.Write(w, r, Answer{Status: f.Status, Meta: Meta{Lang: lang}, Page: failurePage(f)}); err != nil {
		web.JSONErrors{}.ServeError(w, r, f)
	}
}

// failurePage says in everyday words what went wrong. A sentence that names
// the input that is wrong is shown as it is.
func failurePage(f *web.Failure) Page {
	name := ErrorInternal
	switch f.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return NotFound{}
	case http.StatusForbidden, http.StatusUnauthorized:
		name = ErrorForbidden
	case http.StatusTooManyRequests:
		name = ErrorTooMany
	case http.StatusServiceUnavailable:
		name = ErrorUnavailable
	default:
		if f.Status < http.StatusInternalServerError {
			name = ErrorInvalid
		}
	}
	e := ErrorPage(name, f.RequestID)
	if name == ErrorInvalid && f.Message != "" {
		e.Text = f.Message
	}
	return e
}
