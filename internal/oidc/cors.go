package oidc

import (
	"net/http"
	"sync"

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

// published keeps what a realm publishes, as it was written for a snapshot.
type published struct {
	mu   sync.RWMutex
	kept map[string]edition // by realm id
}

type edition struct {
	of       *latchkey.Snapshot
	document *web.Document
}

// maxEditions bounds how many realms' are kept.
const maxEditions = 10_000

// document gives what write gives for the snapshot, written once.
func (p *published) document(snap *latchkey.Snapshot, write func(*latchkey.Snapshot) (any, error)) (*web.Document, error) {
	p.mu.RLock()
	e := p.kept[snap.Realm.ID]
	p.mu.RUnlock()
	if e.of == snap {
		return e.document, nil
	}
	body, err := write(snap)
	if err != nil {
		return nil, err
	}
	d, err := web.NewDocument(body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil || len(p.kept) >= maxEditions {
		p.kept = map[string]edition{}
	}
	p.kept[snap.Realm.ID] = edition{snap, d}
	return d, nil
}

// fixed serves what every application of the realm may read and what follows
// from the realm's snapshot alone.
func (d *Door) fixed(write func(snap *latchkey.Snapshot) (any, error)) web.Handler {
	var all published
	return func(w http.ResponseWriter, r *http.Request) error {
		snap, err := d.realm(r)
		if err != nil {
			return err
		}
		d.allowOrigin(w, r, snap, nil)
		document, err := all.document(snap, write)
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-cache")
		return document.Write(w, r)
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
