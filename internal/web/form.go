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

// Form reads the body of a POST: application/x-www-form-urlencoded of at most
// 64 KiB with at most 100 parameters. What came twice is refused with the name
// of the field, unless repeatable names it; so are NUL bytes and
// what is not UTF-8. Parameters of the URL are not among them. Every error is
// [latchkey.CodeInvalid].
func Form(w http.ResponseWriter, r *http.Request, repeatable ...string) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
			return url.Values{}, nil
		}
		return nil, &Failure{Status: http.StatusUnsupportedMediaType, Code: latchkey.CodeInvalid,
			Message: "The request needs the content type application/x-www-form-urlencoded."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, DefaultBody))
	if err != nil {
		return nil, bodyError(err)
	}
	return parameters(string(body), repeatable)
}

// Query reads the parameters of the URL by the rules of [Form].
func Query(r *http.Request, repeatable ...string) (url.Values, error) {
	return parameters(r.URL.RawQuery, repeatable)
}

func parameters(raw string, repeatable []string) (url.Values, error) {
	if raw == "" {
		return url.Values{}, nil
	}
	if strings.Count(raw, "&") >= maxParameters {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The request has more than %d parameters.", maxParameters)
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The parameters are not encoded as a form is.")
	}
	for name, list := range values {
		if !plainText(name) {
			return nil, latchkey.Errorf(latchkey.CodeInvalid, "The name of a parameter is not text.")
		}
		if len(list) > 1 && !slices.Contains(repeatable, name) {
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
