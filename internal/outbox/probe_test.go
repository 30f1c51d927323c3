package outbox_test

import (
	"testing"

	"latchkey"
	"latchkey/internal/outbox"
)

// Whether mails have somewhere to go: the realm's own relays, or what catches
// all of a server's mail.
func TestSends(t *testing.T) {
	t.Parallel()
	relay := latchkey.SMTP{From: "a@example.test", Relays: []latchkey.Relay{{Host: "relay.example.test"}}}
	for _, test := range []struct {
		worker *outbox.Worker
		smtp   latchkey.SMTP
		want   bool
	}{
		{&outbox.Worker{}, latchkey.SMTP{}, false},
		{&outbox.Worker{}, relay, true},
		{&outbox.Worker{Caught: &relay}, latchkey.SMTP{}, true},
	} {
		if got := test.worker.Sends(&latchkey.Realm{SMTP: test.smtp}); got != test.want {
			t.Errorf("%+v: %v", test.smtp, got)
		}
	}
}
