package web

import (
	"context"
	"errors"
	"net/http"

	"latchkey"
)

// Failure is an error with everything that an answer needs.
type Failure struct {
	Status    int // HTTP
	Code      latchkey.Code
	Field     string
	Message   string // a sentence that may be shown
	Class     Class  // of the route; by the Accept header where there is no route
	RequestID string // what the log line has
	Err       error  // for the log only; nil when there is nothing more to say
}

// Error gives the message with its cause.
func (f *Failure) Error() string {
	if f.Err != nil {
		return f.Message + ": " + f.Err.Error()
	}
	return f.Message
}

// Unwrap gives the failure as an error with a code, so that
// [latchkey.ErrorCode] knows it.
func (f *Failure) Unwrap() error {
	return &latchkey.Error{Code: f.Code, Field: f.Field, Message: f.Message, Err: f.Err}
}

// Errors turns a failure into an answer: a page, or JSON with Keycloak's keys.
// The server wires one for all doors.
type Errors interface {
	ServeError(w http.ResponseWriter, r *http.Request, f *Failure)
}

// Responder is an error that answers for itself, such as an OAuth error with a
// registered code.
type Responder interface {
	error
	Respond(w http.ResponseWriter, r *http.Request)
}

// status maps codes to HTTP.
var status = map[latchkey.Code]int{
	latchkey.CodeInvalid:         http.StatusBadRequest,
	latchkey.CodeNotFound:        http.StatusNotFound,
	latchkey.CodeConflict:        http.StatusConflict,
	latchkey.CodeUnauthenticated: http.StatusUnauthorized,
	latchkey.CodeForbidden:       http.StatusForbidden,
	latchkey.CodeExpired:         http.StatusBadRequest,
	latchkey.CodeTooMany:         http.StatusTooManyRequests,
	latchkey.CodeUnavailable:     http.StatusServiceUnavailable,
	latchkey.CodeInternal:        http.StatusInternalServerError,
}

const internalMessage = "Something went wrong on our side. Try again; if it stays, tell the operator the number of this request."

// failureOf makes a Failure of any error. The text of an error without a code
// is never shown.
func failureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return &Failure{Status: f.Status, Code: f.Code, Field: f.Field, Message: f.Message, Err: f.Err}
	}
	var e *latchkey.Error
	if errors.As(err, &e) && status[e.Code] != 0 && e.Code != latchkey.CodeInternal {
		return &Failure{Status: status[e.Code], Code: e.Code, Field: e.Field, Message: e.Message, Err: e.Err}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Failure{Status: http.StatusServiceUnavailable, Code: latchkey.CodeUnavailable,
			Message: "This takes too long just now. Try again in a moment.", Err: err}
	}
	return &Failure{Status: http.StatusInternalServerError, Code: latchkey.CodeInternal, Message: internalMessage, Err: err}
}

// JSONErrors answers every failure with JSON as Keycloak's admin API has it:
// {"errorMessage"} with "field" for wrong input and conflicts, {"error"} for the
// rest.
type JSONErrors struct{}

// ServeError answers with JSON.
func (JSONErrors) ServeError(w http.ResponseWriter, _ *http.Request, f *Failure) {
	body := map[string]string{}
	switch {
	case f.Code == latchkey.CodeInternal:
		body["error"] = "unknown_error"
		body["error_description"] = "Something went wrong here; the log has it under request " + f.RequestID + "."
	case f.Status == http.StatusBadRequest || f.Status == http.StatusConflict:
		body["errorMessage"] = f.Message
		if f.Field != "" {
			body["field"] = f.Field
		}
	default:
		body["error"] = f.Message
	}
	_ = WriteJSON(w, f.Status, body) // a map of strings is always JSON
}
