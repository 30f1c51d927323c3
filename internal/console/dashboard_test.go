package console_test

import (
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
	for _, end := range []string{"/realms/fresh/realm-settings/email", "/realms/fresh/clients/add-client", "/realms/fresh/account/"} {
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
