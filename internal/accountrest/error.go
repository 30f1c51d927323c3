package accountrest

import (
	"net/http"

	"latchkey"
	"latchkey/internal/web"
)

// answerError is an answer with Keycloak's error body.
func answerError(status int, message string) error {
	code := latchkey.CodeInvalid
	switch status {
	case http.StatusUnauthorized:
		code = latchkey.CodeUnauthenticated
	case http.StatusForbidden:
		code = latchkey.CodeForbidden
	case http.StatusNotFound:
		code = latchkey.CodeNotFound
	}
	return &web.Failure{Status: status, Code: code, Message: message}
}

func unauthorized() error { return answerError(http.StatusUnauthorized, "HTTP 401 Unauthorized") }

// cannotParse is Keycloak's answer to a body that is no JSON.
func cannotParse() error { return &unreadable{} }

type unreadable struct{}

// Error gives the message.
func (*unreadable) Error() string { return "Cannot parse the JSON" }

// Unwrap tells the log what kind of error it is.
func (e *unreadable) Unwrap() error { return latchkey.Errorf(latchkey.CodeInvalid, "%s", e.Error()) }

// Respond answers with the body.
func (e *unreadable) Respond(w http.ResponseWriter, _ *http.Request) {
	_ = web.WriteJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": e.Error()})
}
