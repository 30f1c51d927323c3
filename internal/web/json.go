package web

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"latchkey"
)

const maxJSONDepth = 64

// ReadJSON reads a body of one JSON value into v. Fields that v does not have
// are passed over. How large the body may be is the route's to say (Route.Body).
// Every error is [latchkey.CodeInvalid].
func ReadJSON(r *http.Request, v any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return bodyError(err)
	}
	if err := checkDepth(body); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(v); err != nil {
		return &latchkey.Error{Code: latchkey.CodeInvalid, Message: "The request is not the JSON that belongs here.", Err: err}
	}
	if _, err := dec.Token(); err != io.EOF {
		return latchkey.Errorf(latchkey.CodeInvalid, "The request has something behind its JSON.")
	}
	return nil
}

// checkDepth counts brackets outside of strings, before a decoder recurses.
func checkDepth(body []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxJSONDepth {
				return latchkey.Errorf(latchkey.CodeInvalid, "The JSON is nested more than %d deep.", maxJSONDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// WriteJSON answers with v as JSON. An error means that v cannot be written as
// JSON; nothing was sent then.
func WriteJSON(w http.ResponseWriter, status int, v any) error {
	text, err := encodeJSON(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
	return nil
}
