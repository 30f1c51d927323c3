package web

import (
	"net/http"
	"strconv"

	"latchkey"
)

// MaxHeader is how many bytes the address of a request may have, and its headers
// together. The server reads some more, to be able to say so.
const MaxHeader = 16 << 10

// tooLarge refuses an address or headers that are too long (RFC 9110 15.5.15,
// RFC 6585 5).
func tooLarge(r *http.Request) error {
	if len(r.RequestURI) > MaxHeader {
		return &Failure{Status: http.StatusRequestURITooLong, Code: latchkey.CodeInvalid,
			Message: "The address is longer than " + strconv.Itoa(MaxHeader) + " bytes."}
	}
	size := len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if size > MaxHeader {
		return &Failure{Status: http.StatusRequestHeaderFieldsTooLarge, Code: latchkey.CodeInvalid,
			Message: "The headers are longer than " + strconv.Itoa(MaxHeader) + " bytes."}
	}
	return nil
}
