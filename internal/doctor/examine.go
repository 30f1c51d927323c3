package doctor

import (
	"context"
	"time"

	"latchkey"
)

// Doctor is what looking over a realm needs: the command and the operator's
// door look by the same one.
type Doctor struct {
	// Built says whether the step or required action with that provider id
	// exists in this version.
	Built func(providerID string) bool
	// DNS is asked of the domain that mails come from; nil: it is not asked.
	DNS Resolver
}

// Examine looks at a realm as it is at that time, its relays, and what the DNS
// says, which ctx bounds.
func (d Doctor) Examine(ctx context.Context, s *latchkey.Snapshot, now time.Time) []Finding {
	found := Realm(s, d.Built, now)
	if d.DNS != nil {
		found = append(found, Mail(ctx, s, d.DNS)...)
	}
	return found
}
