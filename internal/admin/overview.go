package admin

import (
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
	Mail            bool   `json:"mail"`            // mails have somewhere to go
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
