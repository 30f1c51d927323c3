package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Stopping takes less than 30 s: the requests under way first, then
// the mails that are being handed over.
const (
	stopRequests = 12 * time.Second
	stopWorkers  = 15 * time.Second
)

// Run serves until ctx ends, then stops: it is no longer ready, long polls end,
// requests under way are finished, mails that are being handed over too, and
// the database is closed. It can be called once. The error is of a listener
// that failed.
func (s *Server) Run(ctx context.Context) error {
	defer s.undo()
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	s.startWorkers(work)
	failed := make(chan error, len(s.parts))
	for _, p := range s.parts {
		go func() {
			err := p.serve()
			if err == nil || errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
				return
			}
			failed <- fmt.Errorf("listener %s: %w", p.name, err)
		}()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.stop()
	stopWork()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWorkers)
	defer cancel()
	s.workers.wait(limit)
	return err
}

// stop drains all listeners at once.
func (s *Server) stop() {
	s.stopPolls()
	limit, cancel := context.WithTimeout(context.Background(), stopRequests)
	defer cancel()
	var group sync.WaitGroup
	for _, p := range s.parts {
		group.Go(func() {
			if err := p.stop(limit); err != nil && !errors.Is(err, net.ErrClosed) {
				s.cfg.Log.Warn("a listener was cut off", "listener", p.name, "error", err)
			}
		})
	}
	group.Wait()
}

// startWorkers starts what works in the background.
func (s *Server) startWorkers(ctx context.Context) {
	s.release = append(s.release, s.metrics.listen())
	s.workers.run(ctx, "realms", func(ctx context.Context) error { return s.realms.Run(ctx) })
	s.workers.run(ctx, "outbox", func(ctx context.Context) error { return s.house.outbox.Deliver(ctx) })
	s.workers.run(ctx, "backchannel", func(ctx context.Context) error { return s.house.logouts.Deliver(ctx) })
	s.workers.run(ctx, "sweeper", s.sweep)
	s.workers.run(ctx, "keys", s.keepKeys)
}

// Close closes a server that never ran.
func (s *Server) Close() { s.undo() }
