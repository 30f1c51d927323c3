package web

import (
	"net/http"
	"slices"
)

// AllowOrigin lets a page's scripts read the answer when the page is of one of
// the origins, "https://shop.example" each, or "*" for any. Where any
// origin may, it is answered without credentials, so that no page can use a
// person's. It says whether the request's origin may.
func AllowOrigin(w http.ResponseWriter, r *http.Request, origins []string) bool {
	h := w.Header()
	if !slices.Contains(h.Values("Vary"), "Origin") {
		h.Add("Vary", "Origin")
	}
	origin := r.Header.Get("Origin")
	switch {
	case origin == "" || origin == "null":
		return false
	case slices.Contains(origins, origin):
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	case slices.Contains(origins, "*"):
		h.Set("Access-Control-Allow-Origin", "*")
	default:
		return false
	}
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	return true
}

// Preflight answers a browser that asks whether a script of one of the origins
// may send a request by one of the methods ("GET, POST, OPTIONS").
func Preflight(w http.ResponseWriter, r *http.Request, origins []string, methods string) {
	if AllowOrigin(w, r, origins) {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Origin, Accept, X-Requested-With, Access-Control-Request-Method, "+
			"Access-Control-Request-Headers, Content-Type, Authorization")
		h.Set("Access-Control-Max-Age", "3600")
		h.Del("Access-Control-Expose-Headers")
	}
	w.WriteHeader(http.StatusOK)
}
