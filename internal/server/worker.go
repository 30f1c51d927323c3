package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"latchkey/internal/secret"
)

const (
	sweepEvery = time.Minute
	sweepBatch = 500
	// restartAfter is how long a worker that ended for no reason of ours is
	// left alone before it is started again.
	restartAfter = time.Second
)

// crew runs the workers: goroutines that live as long as the server. One that
// ends or panics is started again.
type crew struct {
	log *slog.Logger

	mu    sync.Mutex
	down  map[string]bool
	group sync.WaitGroup
}

func newCrew(log *slog.Logger) *crew { return &crew{log: log, down: map[string]bool{}} }

// run starts a worker and starts it again when it ends before ctx does.
func (c *crew) run(ctx context.Context, name string, work func(context.Context) error) {
	c.group.Go(func() {
		for ctx.Err() == nil {
			c.mark(name, false)
			err := once(ctx, work)
			if ctx.Err() != nil {
				return
			}
			c.mark(name, true)
			c.log.Error("a worker ended and is started again", "worker", name, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(restartAfter):
			}
		}
	})
}

func once(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("it panicked: " + secret.PanicText(p))
		}
	}()
	return work(ctx)
}

func (c *crew) mark(name string, down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down[name] = down
}

// ended names a worker that does not run just now.
func (c *crew) ended() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, down := range c.down {
		if down {
			return name, true
		}
	}
	return "", false
}

// wait waits until all have ended, at most until ctx does.
func (c *crew) wait(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		c.group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// sweep deletes what is over, a small batch at a time, as often as there is
// something and otherwise once a minute.
func (s *Server) sweep(ctx context.Context) error {
	for {
		n, err := s.db.Sweep(ctx, sweepBatch)
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("the sweeper could not delete what is over", "error", err)
		}
		pause := sweepEvery
		if err == nil && n >= sweepBatch {
			pause = 100 * time.Millisecond // others write too
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}
