package outbox

import (
	"context"
	"log/slog"
	"regexp"
	"time"

	"latchkey"
)

// reasonNoServer stands in the row of a mail that the realm cannot send.
const reasonNoServer = "the realm has no e-mail server"

// mailbox finds an address in a relay's words.
var mailbox = regexp.MustCompile(`[^\s<>()\[\]:;,"']+@[^\s<>()\[\]:;,"']+`)

// tell logs what became of a claim. What did not work is a warning in words
// that can be acted on; the row and its attempts have the rest.
func (w *Worker) tell(ctx context.Context, d *decision, r result) {
	m, realm := d.facts.Message, d.facts.Realm.Name
	if realm == "" {
		realm = m.RealmID // it could not be read
	}
	for _, a := range r.attempts {
		line := []any{"mail", m.ID, "realm", realm, "relay", a.Relay, "outcome", a.Outcome, "duration", readable(a.Duration)}
		if a.Outcome == OutcomeAccepted {
			w.Log.InfoContext(ctx, "outbox: the relay took the mail", line...)
			continue
		}
		line = append(line, "reply", mailbox.ReplaceAllString(a.Reply, "[address]"))
		if r.state == latchkey.MessageQueued {
			line = append(line, "again_in", readable(max(r.again.Sub(w.Now()), 0)))
		}
		w.Log.WarnContext(ctx, "outbox: the relay did not take the mail", append(line, "state", string(r.state))...)
	}
	if r.reason == reasonNoServer && m.Attempts == 0 { // once a mail, not once a try
		w.Log.WarnContext(ctx, "outbox: realm "+realm+" cannot send mail: it has no e-mail server. Set smtpServer with host and from in the realm; the mail waits until its link ends.",
			slog.String("mail", m.ID), slog.String("realm", realm))
	}
}

// readable is a duration for people, such as 1.2s or 35ms.
func readable(d time.Duration) string {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}
