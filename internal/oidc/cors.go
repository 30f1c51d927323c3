package oidc

import (
	"net/http"

	"latchkey"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// allowOrigin lets the scripts of an application read the answer, when the
// request came from one of its web origins. Without a client, the web
// origins of all clients of the realm count: for what is public, and for
// errors that belong to no client.
func (d *Door) allowOrigin(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, client *latchkey.Client) {
	web.AllowOrigin(w, r, d.origins(r, snap, client))
}

// origins are the web origins of a client, or of all; none for a request that
// comes from no page.
func (d *Door) origins(r *http.Request, snap *latchkey.Snapshot, client *latchkey.Client) []string {
	if r.Header.Get("Origin") == "" {
		return nil
	}
	return token.Origins(snap, client, d.Site.URL())
}

// preflight answers a browser that asks whether a script may send a request.
func (d *Door) preflight(methods string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		snap, err := d.realm(r)
		if err != nil {
			return err
		}
		web.Preflight(w, r, d.origins(r, snap, nil), methods)
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
