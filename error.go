package latchkey

import (
	"errors"
	"fmt"
)

// Code says what kind of thing went wrong. Each door translates a code into
// an answer in one place; an error without a code is [CodeInternal] and its
// text is shown to nobody but the log.
type Code string

// The codes of an [Error].
const (
	CodeInvalid         Code = "invalid"         // the input is wrong; Field names it
	CodeNotFound        Code = "not_found"       // the thing does not exist
	CodeConflict        Code = "conflict"        // it exists already, or changed meanwhile
	CodeUnauthenticated Code = "unauthenticated" // nobody is signed in, or the credentials are wrong
	CodeForbidden       Code = "forbidden"       // somebody is signed in, who may not
	CodeExpired         Code = "expired"         // it was valid once
	CodeTooMany         Code = "too_many"        // a limit was reached
	CodeUnavailable     Code = "unavailable"     // try again later
	CodeInternal        Code = "internal"        // our fault
)

// Error is an error that may be shown: Message is one sentence for a person,
// Field is the name of the input that is wrong, when one is.
type Error struct {
	Code    Code
	Field   string
	Message string
	Err     error // the cause, for the log only
}

// Error gives the message with its field and cause in front of and behind it.
func (e *Error) Error() string {
	s := e.Message
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an [Error] with a code and a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes a [CodeInvalid] error that names the field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// ErrorCode gives the code of the first [Error] in the chain of err, the empty
// string for nil and [CodeInternal] for any other error.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
