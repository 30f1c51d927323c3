package outbox

import (
	"context"

	"latchkey"
	"latchkey/internal/secret"
)

// Test sends one mail at once, on a connection of its own, by the first relay
// of the settings, which need not be the realm's (yet). It says what the relay
// said; the error is for settings that no mail can be sent with. Nothing is
// stored: an administrator asked, and sees the answer. It asks that relay also
// where mails are caught: what it says would be about another one else.
func (w *Worker) Test(ctx context.Context, realm *latchkey.Realm, settings latchkey.SMTP, to string, c Content) (latchkey.DeliveryAttempt, error) {
	w.init()
	if settings.From == "" {
		return latchkey.DeliveryAttempt{}, latchkey.Invalid("from", "Type the address that mails come from.")
	}
	if !settings.Configured() {
		return latchkey.DeliveryAttempt{}, latchkey.Invalid("host", "Type the host name of the e-mail server.")
	}
	address, err := latchkey.ParseAddress(to)
	if err != nil {
		return latchkey.DeliveryAttempt{}, latchkey.Invalid("to", "A test mail goes to your own account's e-mail address; it has none that mail can be sent to.")
	}
	under := *realm
	under.SMTP = settings
	id := secret.NewID()
	p, err := letter{Sender: &settings, To: address, ID: id, MessageID: messageID(&under, id), Kind: "test",
		Realm: realm.Name, At: w.Now(), Content: c}.build()
	if err != nil {
		return latchkey.DeliveryAttempt{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, handOver)
	defer cancel()
	e := newEndpoint(settings.Relays[0])
	begun := w.Now()
	a := latchkey.DeliveryAttempt{RealmID: realm.ID, At: begun, Relay: e.addr, Number: 1, Outcome: OutcomeAccepted}
	conn, f := w.dialer.dial(ctx, e)
	if f == nil {
		a.Reply, f = conn.send(ctx, e, p, func() bool { return true })
		conn.quit()
	}
	if f != nil {
		a.Outcome, a.Reply = f.outcome(), f.words()
	}
	a.Duration = w.Now().Sub(begun)
	a.Reply = tidy(a.Reply, (&decision{}).secrets(e, w.dialer.tokens.last(e)))
	return a, nil
}

// RelayState is what this node knows of a relay that it spoke to lately.
type RelayState struct {
	Relay string // host:port
	// Down says that mails skip the relay at the moment.
	Down     bool
	Failures int // in a row
	Idle     int // warm connections that wait
	InUse    int
}

// Sends says whether mails of the realm have somewhere to go from this server.
func (w *Worker) Sends(realm *latchkey.Realm) bool { return w.sending(realm).SMTP.Configured() }

// Relays tells how this node's relays are, for health and metrics.
func (w *Worker) Relays() []RelayState {
	w.init()
	var out []RelayState
	for _, p := range w.pools.all() {
		p.mu.Lock()
		out = append(out, RelayState{Relay: p.addr, Down: !p.breaker.until.IsZero(), Failures: p.breaker.failures, Idle: len(p.idle), InUse: len(p.slots)})
		p.mu.Unlock()
	}
	return out
}
