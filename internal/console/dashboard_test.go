package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// The overview tells sign-ins, mails, people and what doctor finds.
func TestOverview(t *testing.T) {
	w := newWorld(t)
	w.mail("ada@example.test")
	w.happened(latchkey.Event{Type: latchkey.EventLogin})
	w.happened(latchkey.Event{Type: latchkey.EventLoginError, Error: "invalid_code"})
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.SSLRequired = "none"
		return tx.UpdateRealm(&r)
	})
	p := w.open("")
	has(t, p, "In 24 hours: 1 succeeded, 1 failed.", "Sign-ins, 7 days", "Promised: 1. Handed over: 1.", "half within", "Active sessions", "Weakness", "The realm says that https is not required.", "OpenAPI description")
	lacks(t, p, "Say where mails go", "Add your application", "Try it yourself")
	has(t, w.open("?dns=true"), "Weakness")
	lacks(t, w.open("?dns=true"), "Ask the DNS")
	// Each sees what they may.
	p = w.as("view-users").open("")
	has(t, p, "Active sessions")
	lacks(t, p, "Sign-ins, 7 days", "What needs a look")
}

// A new realm shows what it lacks, and drops each when it is done.
func TestFirstSteps(t *testing.T) {
	w := newWorld(t, servertest.RealmRelays())
	p := w.b.Get(w.s.Base+"/admin/master/console/create-realm").FormWith("realm").Set("realm", "fresh").Submit()
	steps := []string{"Say where mails go", "Add your application", "Try it yourself"}
	has(t, p, steps...)
	has(t, p, "3 steps until people sign in")
	for _, end := range []string{"/realms/fresh/realm-settings/email", "/realms/fresh/clients/create", "/realms/fresh/account/"} {
		found := false
		for _, l := range p.Links() {
			found = found || strings.HasSuffix(l, end)
		}
		if !found {
			t.Errorf("nothing leads to %s: %v", end, p.Links())
		}
	}
	fresh := w.s.Base + "/admin/master/console/realms/fresh/"
	w.s.Change("fresh", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.SMTP = latchkey.SMTP{From: "no-reply@example.test", Relays: []latchkey.Relay{{Host: "127.0.0.1", Port: 25}}}
		return tx.UpdateRealm(&r)
	})
	p = w.b.Get(fresh)
	lacks(t, p, steps[0])
	has(t, p, steps[1], steps[2])
	w.s.Change("fresh", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		return tx.CreateClient(&latchkey.Client{RealmID: snap.Realm.ID, ClientID: "shop", Enabled: true})
	})
	p = w.b.Get(fresh)
	lacks(t, p, steps[0], steps[1])
	has(t, p, steps[2], "One more step")
	id := w.s.Snapshot("fresh").Realm.ID
	w.s.Update(func(tx *store.Tx) error {
		return tx.CreateEvent(&latchkey.Event{RealmID: id, Type: latchkey.EventLogin})
	})
	if p = w.b.Get(fresh); p.Status != http.StatusOK {
		t.Fatal(p.Status)
	}
	lacks(t, p, steps...)
}

// In dev the mailbox has every mail: that step is done, and the page says so.
func TestFirstStepsInDev(t *testing.T) {
	w := newWorld(t)
	p := w.b.Get(w.s.Base+"/admin/master/console/create-realm").FormWith("realm").Set("realm", "fresh").Submit()
	has(t, p, "2 steps until people sign in", "development mailbox")
	lacks(t, p, "Say where mails go")
}

// The realm master is for who looks after the server: its guide leads to a
// realm for applications.
func TestFirstStepsOfMaster(t *testing.T) {
	w := newWorld(t, servertest.RealmRelays())
	w.of = "master"
	lacks(t, w.open(""), "Add your application")
}

// What is found of many is one line, which names few and says how many there are.
func TestManyFindings(t *testing.T) {
	w := newWorld(t)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		for i := range 300 {
			c := &latchkey.Client{RealmID: snap.Realm.ID, ClientID: fmt.Sprintf("shop-%03d", i), Enabled: true, StandardFlowEnabled: true}
			if err := tx.CreateClient(c); err != nil {
				return err
			}
		}
		return nil
	})
	p := w.open("")
	has(t, p, "A sign-in may come without PKCE. Set PKCE Method to S256.", "shop-000", "and 297 others", "and 257 others")
	lacks(t, p, "pkce.code.challenge.method", "shop-299")
	if len(p.Body) > 100_000 {
		t.Errorf("%d bytes", len(p.Body))
	}
	has(t, p.Click("shop-000"), "PKCE Method")
}

// Mails that no relay takes are a fault, with the relay's own words, and the
// step of mail is not done.
func TestMailWaits(t *testing.T) {
	w := newWorld(t, servertest.RealmRelays())
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.SMTP = latchkey.SMTP{From: "no-reply@example.test", Relays: []latchkey.Relay{{Host: "127.0.0.1", Port: 1}}}
		return tx.UpdateRealm(&r)
	})
	lacks(t, w.open(""), "Say where mails go")
	w.promise(func(m *latchkey.Message) { m.Attempts = 1 })
	m := w.promise(func(m *latchkey.Message) { m.Attempts = 2 })
	w.s.Update(func(tx *store.Tx) error {
		return tx.RecordAttempt(&latchkey.DeliveryAttempt{RealmID: m.RealmID, MessageID: m.ID, Number: 1, At: tx.Now(), Relay: "127.0.0.1:1",
			Outcome: "unreachable", Reply: "connect: connection refused"})
	})
	p := w.open("")
	has(t, p, "Say where mails go", "Fault", "No e-mail server takes mail: 2 wait", "connect: connection refused", "127.0.0.1:1")
	lacks(t, p, "Nothing was found")
}
