package oidc

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/web"
)

// oauthError is an answer with a registered error code (RFC 6749 5.2). It is
// JSON and answers for itself.
type oauthError struct {
	status      int // 0: 400
	code        string
	description string
	event       string // the error of the event, where one is recorded
	basic       string // realm of a WWW-Authenticate: the client came with Basic
	retry       time.Duration
}

func refuse(code, description, event string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: code, description: description, event: event}
}

// slowDown tells who failed too often how long to wait.
func slowDown(wait time.Duration) *oauthError {
	return &oauthError{status: http.StatusTooManyRequests, code: "temporarily_unavailable", description: "Too many failures; wait and try again", retry: wait}
}

// Error gives code and description.
func (e *oauthError) Error() string { return e.code + ": " + e.description }

// Unwrap tells the log what kind of error it is.
func (e *oauthError) Unwrap() error {
	code := latchkey.CodeInvalid
	switch e.status {
	case http.StatusUnauthorized:
		code = latchkey.CodeUnauthenticated
	case http.StatusForbidden:
		code = latchkey.CodeForbidden
	case http.StatusNotFound:
		code = latchkey.CodeNotFound
	case http.StatusTooManyRequests:
		code = latchkey.CodeTooMany
	case http.StatusServiceUnavailable:
		code = latchkey.CodeUnavailable
	}
	return latchkey.Errorf(code, "%s", e.code)
}

// Respond answers with the error.
func (e *oauthError) Respond(w http.ResponseWriter, _ *http.Request) {
	noStore(w)
	if e.basic != "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+e.basic+`"`)
	}
	if e.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.retry+time.Second-1)/time.Second)))
	}
	body := map[string]string{"error": e.code}
	if e.description != "" {
		body["error_description"] = e.description
	}
	status := e.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	_ = web.WriteJSON(w, status, body) // a map of strings is always JSON
}

// The realm of a request that there is none of, in Keycloak's words.
var (
	errNoRealm  = &oauthError{status: http.StatusNotFound, code: "Realm does not exist"}
	errRealmOff = &oauthError{status: http.StatusForbidden, code: "access_denied", description: "Realm not enabled"}
)

// noStore keeps an answer out of every cache (RFC 6749 5.1).
func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}

// formError turns an error of [web.Form] into an OAuth error.
func formError(err error) *oauthError {
	var f *web.Failure
	if errors.As(err, &f) && f.Status == http.StatusRequestEntityTooLarge {
		return &oauthError{status: f.Status, code: "invalid_request", description: "The request is too large", event: "invalid_request"}
	}
	var e *latchkey.Error
	if errors.As(err, &e) && e.Field != "" {
		return refuse("invalid_request", "duplicated parameter", "invalid_request")
	}
	return refuse("invalid_request", "The form cannot be read", "invalid_request")
}
