package servertest

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"

	"latchkey/internal/server"
)

// Log keeps what a server logs. Events are logged by the process, so every
// server that runs has those of all.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write takes a line.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String gives all lines.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// running are the logs of the servers that run.
var running struct {
	sync.Mutex
	once sync.Once
	logs map[*Log]bool
}

// newLog makes a log that also takes what the process logs until the test ends.
func newLog(t testing.TB) *Log {
	running.once.Do(func() {
		running.logs = map[*Log]bool{}
		slog.SetDefault(slog.New(server.CountEvents(slog.NewJSONHandler(everyLog{}, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	})
	l := &Log{}
	running.Lock()
	defer running.Unlock()
	running.logs[l] = true
	t.Cleanup(func() {
		running.Lock()
		defer running.Unlock()
		delete(running.logs, l)
	})
	return l
}

type everyLog struct{}

// Write gives the line to every running server's log.
func (everyLog) Write(p []byte) (int, error) {
	running.Lock()
	defer running.Unlock()
	for l := range running.logs {
		_, _ = l.Write(p)
	}
	return len(p), nil
}
