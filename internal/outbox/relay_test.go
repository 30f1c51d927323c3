package outbox

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey"
)

// clock is a time that only tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func relayWorker(t testing.TB, c *clock) *Worker {
	w := &Worker{Now: c.now, BaseURL: "https://id.acme.example", Log: quiet(t)}
	w.init()
	t.Cleanup(w.pools.close)
	return w
}

// mailFor makes a decision to send the golden mail by the relays.
func mailFor(t testing.TB, c *clock, relays ...latchkey.Relay) (*decision, post) {
	t.Helper()
	l := goldenLetter(t)
	p, err := l.build()
	if err != nil {
		t.Fatal(err)
	}
	realm := &latchkey.Realm{ID: "r", Name: "acme", Enabled: true, SMTP: *l.Sender}
	realm.SMTP.Relays = relays
	return &decision{state: latchkey.MessageQueued, facts: Facts{Realm: realm, Link: "https://id.acme.example/x?key=a.SECRET", Code: "123456",
		Message: &latchkey.Message{RealmID: "r", ID: l.ID, CreatedAt: c.now(), ExpiresAt: c.now().Add(10 * time.Minute)}}}, p
}

func offer(t testing.TB, w *Worker, d *decision, p post) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return w.offer(ctx, d, p)
}

// each way in which a relay can fail at each verb; a second
// relay that works gets the mail at once, unless the mailbox does not exist.
func TestRelayFails(t *testing.T) {
	type want struct {
		outcome string
		reply   string // a part of the words that are kept
		state   latchkey.MessageState
		breaks  bool // the relay's own fault
	}
	tests := []struct {
		step, answer string
		want         want
	}{
		{"GREET", "421 4.3.2 too busy", want{OutcomeDeferred, "421 4.3.2 too busy", latchkey.MessageQueued, true}},
		{"GREET", "554 5.7.1 go away", want{OutcomeRefused, "554 5.7.1 go away", latchkey.MessageQueued, true}},
		{"GREET", hang, want{OutcomeUnreachable, "greeting: no answer in time", latchkey.MessageQueued, true}},
		{"GREET", drop, want{OutcomeUnreachable, "greeting: EOF", latchkey.MessageQueued, true}},
		{"EHLO", "550 5.7.1 no", want{OutcomeRefused, "EHLO: 550 5.7.1 no", latchkey.MessageQueued, true}},
		{"EHLO", hang, want{OutcomeUnreachable, "EHLO: no answer in time", latchkey.MessageQueued, true}},
		{"EHLO", drop, want{OutcomeUnreachable, "EHLO:", latchkey.MessageQueued, true}},
		{"MAIL", "451 4.7.1 later", want{OutcomeDeferred, "MAIL: 451 4.7.1 later", latchkey.MessageQueued, true}},
		{"MAIL", "550 5.1.0 sender refused", want{OutcomeRefused, "MAIL: 550 5.1.0 sender refused", latchkey.MessageQueued, true}},
		{"MAIL", hang, want{OutcomeUnreachable, "MAIL: no answer in time", latchkey.MessageQueued, true}},
		{"MAIL", drop, want{OutcomeUnreachable, "MAIL:", latchkey.MessageQueued, true}},
		{"RCPT", "450 4.2.0 greylisted", want{OutcomeDeferred, "RCPT: 450 4.2.0 greylisted", latchkey.MessageQueued, false}},
		{"RCPT", "550 5.1.1 no such user", want{OutcomeRefused, "RCPT: 550 5.1.1 no such user", latchkey.MessageFailed, false}},
		{"RCPT", "550 mailbox unavailable", want{OutcomeRefused, "RCPT: 550 mailbox unavailable", latchkey.MessageFailed, false}},
		{"RCPT", "550 5.7.1 relaying denied", want{OutcomeRefused, "RCPT: 550 5.7.1", latchkey.MessageQueued, false}},
		{"RCPT", "550 relay not permitted", want{OutcomeRefused, "RCPT: 550 relay", latchkey.MessageQueued, false}},
		{"RCPT", "552 5.2.2 mailbox full", want{OutcomeRefused, "RCPT: 552 5.2.2", latchkey.MessageQueued, false}},
		{"RCPT", "421 4.7.0 closing", want{OutcomeDeferred, "RCPT: 421", latchkey.MessageQueued, true}},
		{"RCPT", hang, want{OutcomeUnreachable, "RCPT: no answer in time", latchkey.MessageQueued, true}},
		{"RCPT", drop, want{OutcomeUnreachable, "RCPT:", latchkey.MessageQueued, true}},
		{"DATA", "451 4.3.0 later", want{OutcomeDeferred, "DATA: 451", latchkey.MessageQueued, false}},
		{"DATA", "554 5.5.1 no valid recipients", want{OutcomeRefused, "DATA: 554", latchkey.MessageQueued, false}},
		{"DATA", hang, want{OutcomeUnreachable, "DATA: no answer in time", latchkey.MessageQueued, true}},
		{"DATA", drop, want{OutcomeUnreachable, "DATA:", latchkey.MessageQueued, true}},
		{"END", "452 4.3.1 disk full", want{OutcomeDeferred, "end of the mail: 452", latchkey.MessageQueued, false}},
		{"END", "550 5.7.1 looks like spam", want{OutcomeRefused, "end of the mail: 550 5.7.1", latchkey.MessageQueued, false}},
		{"END", "550 5.1.1 no such user", want{OutcomeRefused, "end of the mail: 550 5.1.1", latchkey.MessageFailed, false}},
		{"END", hang, want{OutcomeUnreachable, "end of the mail: no answer in time", latchkey.MessageQueued, true}},
		{"END", drop, want{OutcomeUnreachable, "end of the mail:", latchkey.MessageQueued, true}},
	}
	for _, tt := range tests {
		t.Run(tt.step+" "+tt.answer, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			bad, good := newScripted(t, map[string]string{tt.step: tt.answer}), newScripted(t, nil)
			if tt.step == "EHLO" {
				bad.set("HELO", tt.answer) // what a client tries next
			}
			w := relayWorker(t, c)
			relay := bad.relay()
			if tt.answer == hang {
				relay = bad.impatient()
			}
			d, p := mailFor(t, c, relay, good.relay())
			r := offer(t, w, d, p)
			first := r.attempts[0]
			if first.Relay != bad.addr || first.Outcome != tt.want.outcome || !strings.Contains(first.Reply, tt.want.reply) {
				t.Errorf("attempt %+v, want %+v", first, tt.want)
			}
			if failures := w.pools.of(newEndpoint(relay), c.now()).breaker.failures; (failures > 0) != tt.want.breaks {
				t.Errorf("%d failures of the relay, want them: %v", failures, tt.want.breaks)
			}
			if tt.want.state == latchkey.MessageFailed {
				if r.state != latchkey.MessageFailed || r.mark == "" || len(good.got()) != 0 {
					t.Errorf("%+v: a mailbox that does not exist stops the mail and marks the address", r)
				}
				return
			}
			if r.state != latchkey.MessageHandedOver || r.mark != "" || len(r.attempts) != 2 || r.attempts[1].Relay != good.addr ||
				r.attempts[1].Outcome != OutcomeAccepted || !strings.Contains(r.attempts[1].Reply, "taken as 4711") {
				t.Errorf("the second relay did not get it: %+v", r)
			}
			mails := good.got()
			if len(mails) != 1 || mails[0].data != string(p.raw) || mails[0].to != "TO:<ada@example.test>" || !strings.HasPrefix(mails[0].from, "FROM:<bounces@mail.acme.example>") {
				t.Errorf("it got %+v", mails)
			}
		})
	}
}

// with one relay the mail waits, except where no relay will ever take it.
func TestOneRelay(t *testing.T) {
	tests := []struct {
		step, answer string
		state        latchkey.MessageState
		mark         bool
	}{
		{"RCPT", "550 5.7.1 relaying denied", latchkey.MessageFailed, false},
		{"END", "554 5.6.0 we do not like it", latchkey.MessageFailed, false},
		{"RCPT", "550 5.1.1 no such user", latchkey.MessageFailed, true},
		{"MAIL", "530 5.7.0 authentication required", latchkey.MessageQueued, false},
		{"RCPT", "450 4.2.0 greylisted", latchkey.MessageQueued, false},
		{"END", drop, latchkey.MessageQueued, false},
	}
	for _, tt := range tests {
		t.Run(tt.step+" "+tt.answer, func(t *testing.T) {
			c := newClock()
			w := relayWorker(t, c)
			d, p := mailFor(t, c, newScripted(t, map[string]string{tt.step: tt.answer}).relay())
			r := offer(t, w, d, p)
			if r.state != tt.state || (r.mark != "") != tt.mark || !r.round || r.reason == "" {
				t.Errorf("%+v", r)
			}
			if wait := r.again.Sub(c.now()); r.state == latchkey.MessageQueued && (wait < 4*time.Second || wait > 6*time.Second) {
				t.Errorf("the first wait is %v, want about 5 s", wait)
			}
		})
	}
}

// 5 s, 15 s, 30 s, 60 s, 60 s, each a fifth more or less.
func TestBackoff(t *testing.T) {
	for rounds, want := range []time.Duration{5, 15, 30, 60, 60, 60} {
		for range 50 {
			if d := backoff(rounds); d < want*time.Second*4/5 || d > want*time.Second*6/5 {
				t.Errorf("after %d rounds %v", rounds, d)
			}
		}
	}
}

// nothing listens, or the listener takes the call and says nothing.
func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := latchkey.Relay{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
	_ = l.Close()
	c := newClock()
	w := relayWorker(t, c)
	good := newScripted(t, nil)
	d, p := mailFor(t, c, dead, good.relay())
	r := offer(t, w, d, p)
	if r.state != latchkey.MessageHandedOver || r.attempts[0].Outcome != OutcomeUnreachable || r.attempts[0].Reply != "connect: connection refused" {
		t.Errorf("%+v", r)
	}
	d, p = mailFor(t, c)
	if r := offer(t, w, d, p); r.state != latchkey.MessageQueued || r.reason != "the realm has no e-mail server" {
		t.Errorf("no relay at all: %+v", r)
	}
}

// a connection serves many mails; one that died while it was idle is
// replaced and costs the mail nothing.
func TestWarmConnections(t *testing.T) {
	c := newClock()
	s := newScripted(t, nil)
	w := relayWorker(t, c)
	d, p := mailFor(t, c, s.relay())
	for range 3 {
		if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver {
			t.Fatalf("%+v", r)
		}
	}
	if s.count("GREET") != 1 || s.count("RSET") != 0 {
		t.Errorf("%d greetings, %d resets for 3 mails", s.count("GREET"), s.count("RSET"))
	}
	s.cut()
	if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver || len(r.attempts) != 1 {
		t.Errorf("after the relay's restart: %+v", r)
	}
	s.set("MAIL", "421 4.4.2 idle for too long")
	s.before(func(step string) {
		if step == "MAIL" {
			s.set("MAIL", "250 ok") // the next one
		}
	})
	_ = offer(t, w, d, p)
	if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver || len(r.attempts) != 1 {
		t.Errorf("after the relay's idle timeout: %+v", r)
	}
	before := s.count("GREET")
	c.add(2 * time.Minute)
	if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver || s.count("GREET") != before+1 {
		t.Errorf("a connection that was idle for two minutes was used: %+v", r)
	}
	// A refused recipient leaves the connection good for the next mail.
	s.set("RCPT", "450 4.2.0 later")
	_ = offer(t, w, d, p)
	s.set("RCPT", "250 ok")
	if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver || s.count("RSET") != 1 || s.count("GREET") != before+1 {
		t.Errorf("after a refused recipient: %+v", r)
	}
}

// A relay that no realm has any more is forgotten, with its connections.
func TestRelayForgotten(t *testing.T) {
	c := newClock()
	s := newScripted(t, nil)
	w := relayWorker(t, c)
	d, p := mailFor(t, c, s.relay())
	_ = offer(t, w, d, p)
	if w.pools.sweep(c.now()); len(w.Relays()) != 1 || w.Relays()[0].Idle != 1 {
		t.Errorf("%+v", w.Relays())
	}
	c.add(maxIdle)
	if w.pools.sweep(c.now()); len(w.Relays()) != 1 || w.Relays()[0].Idle != 0 {
		t.Errorf("%+v", w.Relays())
	}
	c.add(forgetAfter)
	if keys := w.pools.sweep(c.now()); len(keys) != 1 || len(w.Relays()) != 0 {
		t.Errorf("%v %+v", keys, w.Relays())
	}
}

// a relay that hangs is skipped after the first mail, one that refuses
// after the third; later one mail finds out whether it is back.
func TestBreaker(t *testing.T) {
	c := newClock()
	bad, good := newScripted(t, map[string]string{"MAIL": hang}), newScripted(t, nil)
	w := relayWorker(t, c)
	d, p := mailFor(t, c, bad.impatient(), good.relay())
	for i, want := range []int{2, 1, 1} {
		if r := offer(t, w, d, p); len(r.attempts) != want {
			t.Errorf("mail %d: %d attempts, want %d", i, len(r.attempts), want)
		}
	}
	bad.set("MAIL", "451 4.3.0 later") // one quick refusal is enough in a probe
	c.add(coolFirst)
	if r := offer(t, w, d, p); len(r.attempts) != 2 {
		t.Errorf("the probe: %+v", r)
	}
	c.add(coolFirst)
	if r := offer(t, w, d, p); len(r.attempts) != 1 {
		t.Errorf("a failed probe doubles the time: %+v", r)
	}
	bad.set("MAIL", "250 ok")
	c.add(coolFirst)
	if r := offer(t, w, d, p); len(r.attempts) != 1 || r.attempts[0].Relay != bad.addr || r.state != latchkey.MessageHandedOver {
		t.Errorf("the relay is back: %+v", r)
	}
	if s := w.Relays(); len(s) != 2 || s[0].Down || s[1].Down {
		t.Errorf("%+v", s)
	}
	// With no other relay the mail waits for the probe.
	bad.set("MAIL", "451 4.3.0 later")
	d, p = mailFor(t, c, bad.impatient())
	for range breakAfter {
		_ = offer(t, w, d, p)
	}
	r := offer(t, w, d, p)
	if wait := r.again.Sub(c.now()); r.round || len(r.attempts) != 0 || wait < coolFirst || wait > coolFirst+time.Second {
		t.Errorf("all relays are down: %+v", r)
	}
}

// a relay that hangs keeps its own connections busy and no others.
func TestBlackHole(t *testing.T) {
	c := newClock()
	hole, good := newScripted(t, map[string]string{"GREET": hang}), newScripted(t, nil)
	w := relayWorker(t, c)
	holeRelay := hole.relay()
	holeRelay.ConnectionTimeout = 20_000
	lost, p := mailFor(t, c, holeRelay)
	ctx, cancel := context.WithCancel(context.Background())
	results := make(chan result, 2*maxWaiting)
	for range cap(results) {
		go func() { results <- w.offer(ctx, lost, p) }()
	}
	for range cap(results) - w.pools.conns - maxWaiting {
		if r := <-results; r.state != latchkey.MessageQueued || r.round || r.again.Sub(c.now()) > time.Second {
			t.Fatalf("a mail that finds no room goes back to the queue for a moment: %+v", r)
		}
	}
	d, p := mailFor(t, c, good.relay())
	if r := offer(t, w, d, p); r.state != latchkey.MessageHandedOver {
		t.Errorf("%+v", r)
	}
	cancel()
	for range w.pools.conns + maxWaiting {
		<-results
	}
}

// the time is over while the relay makes up its mind.
func TestExpiresInConversation(t *testing.T) {
	c := newClock()
	s := newScripted(t, nil)
	s.before(func(step string) {
		if step == "RCPT" {
			c.add(10 * time.Minute)
		}
	})
	w := relayWorker(t, c)
	d, p := mailFor(t, c, s.relay())
	for range 2 { // the second time it is over before the relay is asked
		if r := offer(t, w, d, p); r.state != latchkey.MessageExpired || len(s.got()) != 0 || s.count("MAIL") != 1 {
			t.Errorf("%+v, the relay has %d mails", r, len(s.got()))
		}
	}
}

// a relay that repeats what it was sent does not bring a secret into
// the row; its words are one line of at most 500 bytes.
func TestRelayWords(t *testing.T) {
	c := newClock()
	s := newScripted(t, map[string]string{"END": "554-5.7.1 refused: https://id.acme.example/x?key=a.SECRET\n554 5.7.1 code 123456 a.SECRET SECRET \x01" + strings.Repeat("ü", 600)})
	w := relayWorker(t, c)
	d, p := mailFor(t, c, s.relay())
	reply := offer(t, w, d, p).attempts[0].Reply
	if len(reply) > 500 || strings.Contains(reply, "SECRET") || strings.Contains(reply, "123456") || strings.ContainsAny(reply, "\n\r\x01") || !strings.Contains(reply, "refused: [redacted]") {
		t.Errorf("%q", reply)
	}
	s.set("END", "250 "+strings.Repeat("x", maxReplyBytes))
	if r := offer(t, w, d, p); r.attempts[0].Outcome != OutcomeUnreachable || !strings.Contains(r.attempts[0].Reply, "said too much") {
		t.Errorf("%+v", r)
	}
}

func TestEndpoint(t *testing.T) {
	for _, tt := range []struct {
		relay latchkey.Relay
		want  string
	}{
		{latchkey.Relay{Host: "mx.test"}, "mx.test:25"},
		{latchkey.Relay{Host: "mx.test", StartTLS: true}, "mx.test:587"},
		{latchkey.Relay{Host: "mx.test", SSL: true, StartTLS: true}, "mx.test:465"},
		{latchkey.Relay{Host: "::1", Port: 2525}, "[::1]:2525"},
	} {
		if e := newEndpoint(tt.relay); e.addr != tt.want {
			t.Errorf("%+v: %s", tt.relay, e.addr)
		}
	}
	a, b := newEndpoint(latchkey.Relay{Host: "mx.test", User: "a", Password: "b"}), newEndpoint(latchkey.Relay{Host: "mx.test", User: "a", Password: "c"})
	if a.key == b.key {
		t.Error("another password shares the connections")
	}
	if a.connect != defaultConnect || a.command != defaultCommand || a.final != defaultFinal {
		t.Errorf("%+v", a)
	}
	if e := newEndpoint(latchkey.Relay{Host: "x", ConnectionTimeout: 10_000, Timeout: 25_000, WriteTimeout: 90_000}); e.connect != 10*time.Second || e.command != 25*time.Second || e.final != maxTimeout {
		t.Errorf("%+v", e)
	}
}

func TestHelloName(t *testing.T) {
	for base, want := range map[string]string{"https://id.acme.example/auth": "id.acme.example", "http://127.0.0.1:8080": "[127.0.0.1]",
		"http://[::1]:8080": "[IPv6:::1]", "": "localhost", "%": "localhost"} {
		if got := helloName(base); got != want {
			t.Errorf("%q: %q", base, got)
		}
	}
}
