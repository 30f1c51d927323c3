package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

const (
	checkDeadline = 2 * time.Second
	// checkKept is how long an answer is given again: probes of several
	// balancers do not add up to load.
	checkKept = time.Second
)

// health answers whether the server lives and whether people can sign in.
type health struct {
	server *Server

	mu   sync.Mutex
	at   time.Time
	last []check
}

// check is one thing that was looked at, with Keycloak's words.
type check struct {
	Name   string `json:"name"`
	Status string `json:"status"` // UP or DOWN
}

type verdict struct {
	Status string  `json:"status"`
	Checks []check `json:"checks"`
}

func (h *health) live(w http.ResponseWriter, _ *http.Request) error {
	return web.WriteJSON(w, http.StatusOK, verdict{Status: "UP", Checks: []check{}})
}

// ready says yes when a sign-in could go through now: the database reads and
// writes, realm master can be loaded with a key to sign with, and the mail
// worker runs.
func (h *health) ready(w http.ResponseWriter, r *http.Request) error {
	v := verdict{Status: "UP", Checks: h.look(r.Context())}
	status := http.StatusOK
	for _, c := range v.Checks {
		if c.Status != "UP" {
			v.Status, status = "DOWN", http.StatusServiceUnavailable
		}
	}
	return web.WriteJSON(w, status, v)
}

func (h *health) look(ctx context.Context) []check {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.server
	if now := s.cfg.Now(); h.last == nil || now.Sub(h.at) >= checkKept || now.Before(h.at) {
		h.at = now
		h.last = h.probe(context.WithoutCancel(ctx))
	}
	if s.drain.Err() != nil {
		return append([]check{{"Not shutting down", "DOWN"}}, h.last...)
	}
	return h.last
}

func (h *health) probe(ctx context.Context) []check {
	ctx, cancel := context.WithTimeout(ctx, checkDeadline)
	defer cancel()
	s := h.server
	return []check{
		h.one("Database reads", s.db.View(ctx, func(tx *store.Tx) error {
			_, err := tx.RealmVersions()
			return err
		})),
		h.one("Database writes", s.db.Update(ctx, func(tx *store.Tx) error {
			return tx.SetMeta("health", tx.Now().UTC().Format(time.RFC3339))
		})),
		h.one("Realms", s.canSign(ctx)),
		h.one("Mail worker", s.workersRun()),
	}
}

func (h *health) one(name string, err error) check {
	if err != nil {
		h.server.cfg.Log.Error("not ready", "check", name, "error", err)
		return check{name, "DOWN"}
	}
	return check{name, "UP"}
}

// canSign loads realm master and looks for a key.
func (s *Server) canSign(ctx context.Context) error {
	snap, err := s.realms.Get(ctx, latchkey.MasterRealm)
	if err != nil {
		return err
	}
	for _, k := range snap.Keys {
		if k.Status == latchkey.KeyActive && k.Use == "sig" {
			return nil
		}
	}
	return latchkey.Errorf(latchkey.CodeInternal, "realm master has no key to sign with")
}

func (s *Server) workersRun() error {
	if name, ok := s.workers.ended(); ok {
		return latchkey.Errorf(latchkey.CodeInternal, "worker %s has ended", name)
	}
	return nil
}

// management is the handler of the management listener.
func (s *Server) management() http.Handler {
	h := &health{server: s}
	mux := http.NewServeMux()
	answer := func(f web.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			_ = f(w, r) // two small structs always encode
		})
	}
	mux.Handle("GET /health", answer(h.ready))
	mux.Handle("GET /health/ready", answer(h.ready))
	mux.Handle("GET /health/started", answer(h.ready))
	mux.Handle("GET /health/live", answer(h.live))
	mux.Handle("GET /metrics", s.metrics.handler())
	return mux
}
