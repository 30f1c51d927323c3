package web

import (
	"net/http"
	"strings"
)

// maxBearer is how many bytes an access token may have.
const maxBearer = 16 << 10

// Bearer takes the access token from the Authorization header (RFC 6750 2.1);
// false when there is none, or more than one.
func Bearer(r *http.Request) (string, bool) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return "", false
	}
	kind, raw, ok := strings.Cut(headers[0], " ")
	return raw, ok && strings.EqualFold(kind, "Bearer") && raw != "" && len(raw) <= maxBearer
}
