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
	if faults := append(CheckSender(&settings, &latchkey.SMTP{}), CheckRelay(settings.Relays[0], latchkey.Relay{})...); len(faults) > 0 {
		return latchkey.DeliveryAttempt{}, faults[0]
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
	// Known says that it was spoken to; else nothing is known of it.
	Known bool
	// Down says that mails skip the relay at the moment.
	Down     bool
	Failures int // in a row
	Idle     int // warm connections that wait
	InUse    int
}

// Sends says whether mails of the realm have somewhere to go from this server.
func (w *Worker) Sends(realm *latchkey.Realm) bool { return w.sending(realm).SMTP.Configured() }

// Route is where mails of a realm go from this server.
type Route struct {
	Caught bool         // dev's mailbox keeps them, whatever the realm's settings say
	Relays []RelayState // in the order in which they are asked
}

// Route says where mails of the realm go, and what this node knows of the
// relays.
func (w *Worker) Route(realm *latchkey.Realm) Route {
	out := Route{Caught: w.Caught != nil}
	known := w.Relays()
	for _, r := range w.sending(realm).SMTP.Relays {
		if r.Host == "" {
			continue
		}
		s := RelayState{Relay: newEndpoint(r).addr}
		for _, k := range known {
			if k.Relay == s.Relay {
				// Several passwords at one relay are several pools of connections.
				s.Known, s.Down, s.Failures = true, s.Down || k.Down, max(s.Failures, k.Failures)
			}
		}
		out.Relays = append(out.Relays, s)
	}
	return out
}

// Relays tells how this node's relays are, for health and metrics.
func (w *Worker) Relays() []RelayState {
	w.init()
	var out []RelayState
	for _, p := range w.pools.all() {
		p.mu.Lock()
		out = append(out, RelayState{Relay: p.addr, Known: true, Down: !p.breaker.until.IsZero(), Failures: p.breaker.failures, Idle: len(p.idle), InUse: len(p.slots)})
		p.mu.Unlock()
	}
	return out
}
