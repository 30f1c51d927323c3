package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// hearTime is how long a server that stops listens to connections that it has
// taken in and that have not asked for anything yet.
const hearTime = 500 * time.Millisecond

// entrance knows the connections of a listener that were taken in and have not
// sent a request yet. net/http would close them without an answer from the
// moment that it is told to shut down, also when a request is on its way: in a
// rolling upgrade somebody's sign-in would be lost.
type entrance struct {
	mu    sync.Mutex
	fresh map[net.Conn]bool
}

// saw is for [http.Server.ConnState].
func (e *entrance) saw(c net.Conn, state http.ConnState) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if state != http.StateNew {
		delete(e.fresh, c)
		return
	}
	if e.fresh == nil {
		e.fresh = map[net.Conn]bool{}
	}
	e.fresh[c] = true
}

func (e *entrance) waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.fresh)
}

// hear waits until every connection has sent a request, for half a second at
// most: browsers open some before they need them. Those are closed, which
// net/http would wait five seconds for.
func (e *entrance) hear(ctx context.Context) {
	defer e.close()
	ctx, cancel := context.WithTimeout(ctx, hearTime)
	defer cancel()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for e.waiting() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (e *entrance) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.fresh {
		_ = c.Close()
	}
}
