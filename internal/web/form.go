package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"latchkey"
)

const maxParameters = 100

// Bounds are what a form may be that only somebody who is signed in can send,
// in place of those of [Form].
type Bounds struct {
	// Parameters is how many it may have.
	Parameters int
	// Repeatable says that a field may stand there several times: boxes of one
	// name.
	Repeatable bool
	// Files says that it may also be multipart/form-data (RFC 7578): each file
	// is text, and a parameter like the others.
	Files bool
}

// Form reads the body of a POST: application/x-www-form-urlencoded of at most
// 64 KiB with at most 100 parameters. What came twice is refused with the name
// of the field, unless repeatable names it; so are NUL bytes and
// what is not UTF-8. Parameters of the URL are not among them. Every error is
// [latchkey.CodeInvalid].
func Form(w http.ResponseWriter, r *http.Request, repeatable ...string) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, DefaultBody)
	return readForm(r, maxParameters, false, func(name string) bool { return slices.Contains(repeatable, name) })
}

// Form reads the body of a POST by the rules of [Form] and within these bounds.
// How large it may be is the route's to say ([Route.Body]).
func (b Bounds) Form(r *http.Request) (url.Values, error) {
	return readForm(r, b.Parameters, b.Files, func(string) bool { return b.Repeatable })
}

func readForm(r *http.Request, most int, files bool, repeatable func(string) bool) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/x-www-form-urlencoded":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, bodyError(err)
		}
		return parameters(string(body), most, repeatable)
	case err == nil && kind == "multipart/form-data" && files:
		values, err := partsOf(r, most)
		if err != nil {
			return nil, err
		}
		return checked(values, repeatable)
	case r.ContentLength == 0 && r.Header.Get("Content-Type") == "":
		return url.Values{}, nil
	}
	return nil, &Failure{Status: http.StatusUnsupportedMediaType, Code: latchkey.CodeInvalid,
		Message: "The request needs the content type application/x-www-form-urlencoded."}
}

// partsOf reads the parts of multipart/form-data as texts.
func partsOf(r *http.Request, most int) (url.Values, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The parts of the form cannot be told apart.")
	}
	values := url.Values{}
	for n := 0; ; n++ {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, bodyError(err)
		}
		if n == most {
			return nil, tooMany(most)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, bodyError(err)
		}
		values.Add(part.FormName(), string(text))
	}
}

func tooMany(most int) error {
	return latchkey.Errorf(latchkey.CodeInvalid, "The request has more than %d parameters.", most)
}

// Query reads the parameters of the URL by the rules of [Form].
func Query(r *http.Request, repeatable ...string) (url.Values, error) {
	return parameters(r.URL.RawQuery, maxParameters, func(name string) bool { return slices.Contains(repeatable, name) })
}

func parameters(raw string, most int, repeatable func(string) bool) (url.Values, error) {
	if raw == "" {
		return url.Values{}, nil
	}
	if strings.Count(raw, "&") >= most {
		return nil, tooMany(most)
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The parameters are not encoded as a form is.")
	}
	return checked(values, repeatable)
}

// checked refuses what is no text, and what came twice.
func checked(values url.Values, repeatable func(string) bool) (url.Values, error) {
	for name, list := range values {
		if !plainText(name) {
			return nil, latchkey.Errorf(latchkey.CodeInvalid, "The name of a parameter is not text.")
		}
		if len(list) > 1 && !repeatable(name) {
			return nil, latchkey.Invalid(name, "This parameter may stand there once.")
		}
		for _, v := range list {
			if !plainText(v) {
				return nil, latchkey.Invalid(name, "This parameter is not text.")
			}
		}
	}
	return values, nil
}

func plainText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// bodyError tells a body that is too large from one that did not arrive.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &Failure{Status: http.StatusRequestEntityTooLarge, Code: latchkey.CodeInvalid,
			Message: "The request is too large.", Err: err}
	}
	return &latchkey.Error{Code: latchkey.CodeInvalid, Message: "The request did not arrive whole.", Err: err}
}
