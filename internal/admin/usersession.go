package admin

import (
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

func (d *Door) userSessionRoutes() []route {
	return []route{
		{method: "GET", path: "/users/{id}/sessions", may: mayQueryUsers, act: d.sessionsOfUser, summary: "List a user's sessions",
			gives: []representation.Session{}, query: paging},
		{method: "GET", path: "/users/{id}/offline-sessions/{client}", may: mayQueryUsers, act: d.offlineSessionsOfUser,
			summary: "List a user's offline sessions with a client", gives: []representation.Session{}, query: paging},
		{method: "POST", path: "/users/{id}/logout", may: mayManageUsers, act: d.logoutUser, summary: "End all sessions of a user"},
		{method: "GET", path: "/users/{id}/consents", may: mayQueryUsers, act: d.consents,
			summary: "List what a user said yes to, and who holds offline tokens of theirs", gives: []consent{}},
		{method: "DELETE", path: "/users/{id}/consents/{client}", may: mayManageUsers, act: d.revokeConsent,
			summary: "Take a user's consent to a client back, with all that the client holds of the user"},
	}
}

func (d *Door) sessionsOfUser(c *call) error {
	return c.sessionsOf(func(f *store.SessionFilter) error {
		f.Offline = new(false)
		return nil
	})
}

func (d *Door) offlineSessionsOfUser(c *call) error {
	return c.sessionsOf(func(f *store.SessionFilter) error {
		client := c.snap.ClientByID(c.path("client"))
		if client == nil {
			return answerError(http.StatusNotFound, "Client not found")
		}
		f.Offline, f.ClientID = new(true), client.ID
		return nil
	})
}

// sessionsOf answers with the sessions of the request's user that the narrowed
// filter leaves.
func (c *call) sessionsOf(narrow func(*store.SessionFilter) error) error {
	return inParts(c, everything, func(first, limit int) (out []representation.Session, err error) {
		err = c.view(func(tx *store.Tx) error {
			u, err := c.person(tx)
			if err != nil {
				return err
			}
			if err := c.need(mayViewUsers...); err != nil {
				return err
			}
			f := session.Filter(c.snap.Realm, tx.Now())
			f.UserID, f.First, f.Max = u.ID, first, limit
			if notBefore := time.Unix(u.NotBefore, 0); notBefore.After(f.StartedSince) {
				f.StartedSince = notBefore
			}
			if err := narrow(&f); err != nil || limit == 0 {
				return err
			}
			out, err = c.sessions(tx, f)
			for i := range out {
				out[i].Type = "" // told by the address
			}
			return err
		})
		return out, err
	})
}

// sessions shows the sessions that the filter lists.
func (c *call) sessions(tx *store.Tx, f store.SessionFilter) ([]representation.Session, error) {
	list, err := tx.Sessions(c.snap.Realm.ID, f)
	if err != nil {
		return nil, err
	}
	ids, users := make([]string, len(list)), make([]string, len(list))
	for i, s := range list {
		ids[i], users[i] = s.ID, s.UserID
	}
	names, err := tx.Usernames(c.snap.Realm.ID, users)
	if err != nil {
		return nil, err
	}
	clients, err := tx.ClientsOfSessions(c.snap.Realm.ID, ids)
	out := []representation.Session{}
	for _, s := range list {
		out = append(out, representation.SessionOf(c.snap, s, names[s.UserID], clients[s.ID]))
	}
	return out, err
}

func (d *Door) logoutUser(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		if err := user.SignOut(tx, c.snap, u); err != nil {
			return err
		}
		return c.record(tx, act{operationAction, "USER", "users/" + u.ID + "/logout", nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// consent is what a user said yes to, or whom they gave an offline token.
type consent struct {
	representation.UserConsent
	AdditionalGrants []additionalGrant `json:"additionalGrants"`
}

// additionalGrant is something that a client holds without a consent: Key is
// "Offline Token", Client its internal id.
type additionalGrant struct {
	Client string `json:"client"`
	Key    string `json:"key"`
}

func (d *Door) consents(c *call) error {
	out := []consent{}
	err := c.view(func(tx *store.Tx) error {
		out = out[:0]
		u, err := c.person(tx)
		if err != nil {
			return err
		}
		if err := c.need(mayViewUsers...); err != nil {
			return err
		}
		offline, err := c.offlineClients(tx, u)
		if err != nil {
			return err
		}
		given, err := tx.Consents(u.RealmID, u.ID)
		if err != nil {
			return err
		}
		byClient := map[string]*latchkey.Consent{}
		for _, g := range given {
			byClient[g.ClientID] = g
		}
		for _, client := range c.snap.Clients {
			g := byClient[client.ID]
			if g == nil && !offline[client.ID] {
				continue
			}
			r := consent{AdditionalGrants: []additionalGrant{}}
			r.ClientID, r.GrantedClientScopes = client.ClientID, []string{}
			if g != nil {
				r.UserConsent = representation.UserConsentOf(c.snap, g, client)
			}
			if offline[client.ID] {
				r.AdditionalGrants = append(r.AdditionalGrants, additionalGrant{client.ID, "Offline Token"})
			}
			out = append(out, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// offlineClients are the clients, by internal id, that hold offline tokens of
// the user.
func (c *call) offlineClients(tx *store.Tx, u *latchkey.User) (map[string]bool, error) {
	f := session.Filter(c.snap.Realm, tx.Now())
	f.UserID, f.Offline = u.ID, new(true)
	counts, err := tx.CountSessionsByClient(u.RealmID, f)
	out := map[string]bool{}
	for _, n := range counts {
		out[n.ClientID] = true
	}
	return out, err
}

func (d *Door) revokeConsent(c *call) error {
	client := c.snap.ClientByClientID(c.path("client"))
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		if client == nil {
			return answerError(http.StatusNotFound, "Client not found")
		}
		had, err := session.RevokeConsent(tx, c.snap, u.ID, client, latchkey.Event{IPAddress: c.caller.ip})
		switch {
		case err != nil:
			return err
		case !had:
			return answerError(http.StatusNotFound, "Consent nor offline token not found")
		}
		return c.record(tx, act{operationAction, "USER", "users/" + u.ID + "/consents/" + client.ClientID, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
