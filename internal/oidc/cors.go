package oidc

import (
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// allowOrigin lets the scripts of an application read the answer, when the
// request came from one of its web origins. Without a client, the web
// origins of all clients of the realm count: for what is public, and for
// errors that belong to no client. A client that allows any origin by "*" is
// answered without credentials, so that no page can use a person's.
func (d *Door) allowOrigin(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, client *latchkey.Client) bool {
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || origin == "null" {
		return false
	}
	clients := snap.Clients
	if client != nil {
		clients = []*latchkey.Client{client}
	}
	star := false
	for _, c := range clients {
		if !c.Enabled {
			continue
		}
		origins := token.WebOrigins(c, d.Site.URL())
		if slices.Contains(origins, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
			return true
		}
		star = star || slices.Contains(origins, "*")
	}
	if star {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	}
	return star
}

// preflight answers a browser that asks whether a script may send a request.
func (d *Door) preflight(methods string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		snap, err := d.realm(r)
		if err != nil {
			return err
		}
		if d.allowOrigin(w, r, snap, nil) {
			h := w.Header()
			h.Set("Access-Control-Allow-Methods", methods)
			h.Set("Access-Control-Allow-Headers", "Origin, Accept, X-Requested-With, Access-Control-Request-Method, "+
				"Access-Control-Request-Headers, Content-Type, Authorization")
			h.Set("Access-Control-Max-Age", "3600")
			h.Del("Access-Control-Expose-Headers")
		}
		w.WriteHeader(http.StatusOK)
		return nil
	}
}

// public serves what every application of the realm may read.
func (d *Door) public(answer func(snap *latchkey.Snapshot) (any, error)) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		snap, err := d.realm(r)
		if err != nil {
			return err
		}
		d.allowOrigin(w, r, snap, nil)
		body, err := answer(snap)
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-cache")
		return web.WriteJSON(w, http.StatusOK, body)
	}
}
