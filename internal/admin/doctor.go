package admin

import (
	"context"
	"time"

	"latchkey/internal/doctor"
	"latchkey/internal/store"
)

// doctorRoutes are Latchkey's own: what the command doctor says of a realm.
func (d *Door) doctorRoutes() []route {
	return []route{
		{method: "GET", path: "/doctor", may: mayViewRealm, act: d.examine, gives: []doctor.Finding{},
			summary: "Read what weakens the realm, or stops its people from signing in",
			query:   []param{{"dns", flag, "true: the DNS is asked of the domain that mails come from, too"}}},
	}
}

// askDNS is how long the questions to the DNS may take together: somebody
// waits for a page. The command waits longer.
const askDNS = 3 * time.Second

func (d *Door) examine(c *call) error {
	ctx, done := context.WithTimeout(c.r.Context(), askDNS)
	defer done()
	look := d.Doctor
	if !c.flag("dns", false) {
		look.DNS = nil
	}
	out := []doctor.Finding{}
	for _, f := range look.Examine(ctx, c.snap, d.Now()) {
		// Where dev keeps every mail, a realm need not say where they go.
		if f.Name != doctor.NoRelay || !d.Prober.Sends(c.snap.Realm) {
			out = append(out, f)
		}
	}
	err := c.view(func(tx *store.Tx) error {
		held, err := c.heldMail(tx)
		if err == nil && held.waiting > 0 {
			out = append(out, doctor.Waiting(c.snap.Realm.Name, held.waiting, held.since, held.last.Relay, held.last.Reply))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}
