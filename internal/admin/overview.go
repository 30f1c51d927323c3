package admin

import (
	"slices"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// overviewRoutes are Latchkey's own: how far a realm has come.
func (d *Door) overviewRoutes() []route {
	return []route{
		{method: "GET", path: "/overview", act: d.overview, gives: overview{},
			summary: "Read how far a realm has come: whether it can send mail, has an application and was signed in to"},
	}
}

// overview is what a realm has of what it needs first.
type overview struct {
	// Version is this server's, which is told to those who administer it.
	Version         string `json:"version,omitempty"`
	KeycloakVersion string `json:"keycloakVersion"` // whose API this one is like
	Mail            bool   `json:"mail"`            // mails have somewhere to go, and arrive there as far as is known
	MailCaught      bool   `json:"mailCaught"`      // it is dev's mailbox
	Client          bool   `json:"client"`          // there is one that not every realm has
	SignIn          bool   `json:"signIn"`          // somebody has signed in, as far as is remembered
}

func (d *Door) overview(c *call) error {
	out := overview{KeycloakVersion: representation.KeycloakVersion, Mail: d.Prober.Sends(c.snap.Realm),
		MailCaught: d.Prober.Route(c.snap.Realm).Caught}
	if c.caller.master() {
		out.Version = d.Version
	}
	for _, client := range c.snap.Clients {
		out.Client = out.Client || !client.BuiltIn()
	}
	err := c.view(func(tx *store.Tx) error {
		held, err := c.heldMail(tx)
		if err != nil {
			return err
		}
		out.Mail = out.Mail && (held.waiting == 0 || held.ever)
		seen, err := tx.Events(c.snap.Realm.ID, store.EventFilter{Types: []latchkey.EventType{latchkey.EventLogin}, Max: 1})
		if err != nil || len(seen) > 0 {
			out.SignIn = err == nil
			return err
		}
		f := session.Filter(c.snap.Realm, tx.Now()) // where events are not kept
		f.Max = 1
		live, err := tx.Sessions(c.snap.Realm.ID, f)
		out.SignIn = len(live) > 0
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// heldMail is what is known of mails that no relay takes.
type heldMail struct {
	waiting int // 0: none is held up
	since   time.Time
	last    *latchkey.DeliveryAttempt
	ever    bool // some mail was handed over
}

// mostHeld bounds how many mails are counted that wait.
const mostHeld = 1000

// heldMail looks for mails that wait although a relay was asked for them.
func (c *call) heldMail(tx *store.Tx) (h heldMail, err error) {
	id := c.snap.Realm.ID
	waiting, err := tx.Messages(id, store.MessageFilter{State: latchkey.MessageQueued, Max: mostHeld})
	if err != nil {
		return h, err
	}
	i := slices.IndexFunc(waiting, func(m *latchkey.Message) bool { return m.Attempts > 0 }) // the newest comes first
	if i >= 0 {
		tries, err := tx.Attempts(id, waiting[i].ID)
		if err != nil {
			return h, err
		}
		if len(tries) > 0 {
			h.waiting, h.since, h.last = len(waiting), waiting[len(waiting)-1].CreatedAt, tries[len(tries)-1]
		}
	}
	taken, err := tx.Messages(id, store.MessageFilter{State: latchkey.MessageHandedOver, Max: 1})
	h.ever = len(taken) > 0
	return h, err
}
