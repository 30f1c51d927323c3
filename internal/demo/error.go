package demo

import (
	"errors"
	"net/http"

	"latchkey"
	"latchkey/internal/web"
)

// oauthError is an error that Latchkey answered with (RFC 6749 4.1.2.1, 5.2).
type oauthError struct{ code, description string }

// Error gives the code alone: the description is for the page.
func (e *oauthError) Error() string { return "OAuth error " + e.code }

// ServeError shows a failure of the web manners as a page.
func (a *App) ServeError(w http.ResponseWriter, r *http.Request, f *web.Failure) {
	p := problem{heading: "That did not work", text: f.Message}
	switch {
	case f.Code == latchkey.CodeUnavailable:
		p.heading = "Latchkey does not answer"
	case f.Status == http.StatusNotFound:
		p.heading, p.text = "Nothing here", "This application has one page."
	case f.Code == latchkey.CodeInternal:
		p.text = "Something went wrong in this application. Its log has it under " + f.RequestID + "."
	}
	_ = a.show(w, r, f.Status, failed(p))
}

// problem is what an error page says.
type problem struct{ heading, text, code, description string }

// answer shows an error of the protocol as a page; others go on to ServeError.
func (a *App) answer(w http.ResponseWriter, r *http.Request, err error) error {
	var e *oauthError
	if errors.As(err, &e) {
		return a.show(w, r, http.StatusOK, failed(explain(e)))
	}
	return err
}

// explain says in words what an OAuth error means here.
func explain(e *oauthError) problem {
	p := problem{heading: "You are not signed in", code: e.code, description: e.description}
	switch e.code {
	case "access_denied":
		p.text = "The sign-in was declined. Nothing was shared with this application."
	case "login_required", "interaction_required":
		p.text = "Latchkey asks for you to sign in again."
	case "invalid_grant":
		p.heading, p.text = "Your session is over", "Latchkey no longer takes what this application holds. Sign in again to go on."
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_response_type":
		p.text = "Latchkey does not know this application by these settings. Look at the client in the admin console."
	case "temporarily_unavailable", "server_error":
		p.text = "Latchkey could not do it just now. Try again in a moment."
	default:
		p.text = "Latchkey answered with an error."
	}
	return p
}
