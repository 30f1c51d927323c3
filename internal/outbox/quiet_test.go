package outbox

import (
	"log/slog"
	"testing"
)

// quiet is a log that shows only when a test fails.
func quiet(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}
