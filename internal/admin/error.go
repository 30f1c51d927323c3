package admin

import (
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/web"
)

// restError is an answer with Keycloak's error body. It is a [web.Responder].
type restError struct {
	status  int
	Message string `json:"error,omitempty"`
	Detail  string `json:"error_description,omitempty"`
	// Told is the sentence of an error that a handler of Keycloak makes itself.
	Told string `json:"errorMessage,omitempty"`
	// Field is the member of the body that is wrong, where it is one.
	Field string `json:"field,omitempty"`
}

// Error gives the message.
func (e *restError) Error() string {
	if e.Told != "" {
		return e.Told
	}
	return e.Message
}

// Unwrap tells the log what kind of error it is.
func (e *restError) Unwrap() error { return latchkey.Errorf(codeOf(e.status), "%s", e.Error()) }

// Respond answers with the body.
func (e *restError) Respond(w http.ResponseWriter, _ *http.Request) {
	_ = web.WriteJSON(w, e.status, e) // strings always encode
}

func codeOf(status int) latchkey.Code {
	switch status {
	case http.StatusUnauthorized:
		return latchkey.CodeUnauthenticated
	case http.StatusForbidden:
		return latchkey.CodeForbidden
	case http.StatusNotFound:
		return latchkey.CodeNotFound
	case http.StatusConflict:
		return latchkey.CodeConflict
	}
	return latchkey.CodeInvalid
}

// answerError is {"error": message}, which Keycloak answers for what it did not
// find or does not let happen.
func answerError(status int, message string) error {
	return &restError{status: status, Message: message}
}

// tellError is {"errorMessage": message}, which Keycloak answers for what a
// handler refuses: duplicates and wrong values.
func tellError(status int, message string) error { return &restError{status: status, Told: message} }

func unauthorized() error { return answerError(http.StatusUnauthorized, "HTTP 401 Unauthorized") }

func forbidden() error { return answerError(http.StatusForbidden, "HTTP 403 Forbidden") }

// cannotParse is Keycloak's answer to a body that is no JSON, or no object, and
// says where, and what is wrong.
func cannotParse(e *latchkey.Error) error {
	detail, ok := strings.CutPrefix(e.Message, "The JSON cannot be read")
	if !ok {
		detail = ": " + detail
	}
	return &restError{status: http.StatusBadRequest, Message: "invalid_request", Detail: "Cannot parse the JSON" + detail}
}

// notFound gives Keycloak's sentence for what does not exist in place of the
// store's, and leaves other errors alone.
func notFound(err error, sentence string) error {
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return answerError(http.StatusNotFound, sentence)
	}
	return err
}

// conflict gives Keycloak's sentence for what exists already in place of the
// store's, and leaves other errors alone.
func conflict(err error, sentence string) error {
	if latchkey.ErrorCode(err) == latchkey.CodeConflict {
		return tellError(http.StatusConflict, sentence)
	}
	return err
}
