package admin

import (
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

func (d *Door) sessionRoutes() []route {
	return []route{
		{method: "DELETE", path: "/sessions/{session}", may: mayManageUsers, act: d.deleteSession, summary: "End a session",
			query: []param{{"isOffline", flag, "the session is an offline one"}}},
		{method: "GET", path: "/sessions/count", may: mayViewUsers, act: d.countSessions, gives: representation.SessionCount{},
			summary: "Count the sessions that are live"},
		{method: "POST", path: "/logout-all", may: mayManageUsers, act: d.logoutAll, summary: "End all sessions of the realm, offline ones excepted",
			gives: representation.GlobalRequest{}},
		{method: "POST", path: "/push-revocation", may: mayManageRealm, act: d.pushRevocation,
			summary: "Tell applications of the realm's notBefore: those that read tokens' issue times need no telling", gives: representation.GlobalRequest{}},
		{method: "GET", path: "/client-session-stats", may: mayViewRealm, act: d.sessionStats, summary: "Count the sessions of each client",
			gives: []representation.ClientSessionStats{}},
		{method: "GET", path: "/ui-ext/sessions", may: mayViewUsers, act: d.realmSessions, summary: "List and search the realm's sessions",
			query: with(paging, []param{{"type", text, "ALL, REGULAR or OFFLINE"},
				{"search", text, "the beginning of a username, an e-mail address, a name or a network address, or a clientId"}}),
			gives: []representation.Session{}},
	}
}

func (d *Door) deleteSession(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		s, err := tx.UserSession(c.snap.Realm.ID, c.path("session"))
		if err == nil && s.Offline != c.flag("isOffline", false) {
			err = latchkey.Errorf(latchkey.CodeNotFound, "no such session")
		}
		if err != nil {
			return notFound(err, "Sesssion not found") // sic
		}
		if err := session.End(tx, c.snap, s, "ended_by_administrator"); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "USER_SESSION", "sessions/" + s.ID, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) countSessions(c *call) error {
	var n representation.SessionCount
	err := c.view(func(tx *store.Tx) (err error) {
		n.Active, n.Offline, err = tx.CountSessionsByKind(c.snap.Realm.ID, session.Filter(c.snap.Realm, tx.Now()))
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(n)
}

// logoutAll ends the sessions that there are now, in parts: each part is a
// transaction of its own, so that sign-ins do not wait for all of them.
func (d *Door) logoutAll(c *call) error {
	now := d.Now()
	for more := true; more; {
		err := c.update(func(tx *store.Tx) (err error) {
			more, err = session.EndSome(tx, c.snap, now)
			return err
		})
		if err != nil {
			return err
		}
	}
	err := c.update(func(tx *store.Tx) error { return c.record(tx, act{operationAction, "REALM", "logout-all", nil}) })
	if err != nil {
		return err
	}
	return c.answer(representation.GlobalRequest{})
}

// pushRevocation has nobody to tell: no application keeps an address for it.
func (d *Door) pushRevocation(c *call) error {
	err := c.update(func(tx *store.Tx) error { return c.record(tx, act{operationAction, "REALM", "push-revocation", nil}) })
	if err != nil {
		return err
	}
	return c.answer(representation.GlobalRequest{})
}

func (d *Door) sessionStats(c *call) error {
	var counts []store.SessionCount
	err := c.view(func(tx *store.Tx) (err error) {
		counts, err = tx.CountSessionsByClient(c.snap.Realm.ID, session.Filter(c.snap.Realm, tx.Now()))
		return err
	})
	if err != nil {
		return err
	}
	byClient := map[string][2]int{}
	for _, n := range counts {
		both := byClient[n.ClientID]
		if n.Offline {
			both[1] = n.Sessions
		} else {
			both[0] = n.Sessions
		}
		byClient[n.ClientID] = both
	}
	out := []representation.ClientSessionStats{}
	for _, client := range c.snap.Clients {
		if n, ok := byClient[client.ID]; ok {
			out = append(out, representation.ClientSessionStats{ID: client.ID, ClientID: client.ClientID,
				Active: strconv.Itoa(n[0]), Offline: strconv.Itoa(n[1])})
		}
	}
	return c.answer(out)
}

// realmSessions is the console's list.
func (d *Door) realmSessions(c *call) error {
	narrowed, err := c.sessionFilter()
	if err != nil {
		return err
	}
	return c.answerSessions(narrowed)
}

// answerSessions lists the sessions that are live and that the filter leaves.
func (c *call) answerSessions(narrowed store.SessionFilter) error {
	return inParts(c, defaultUsers, func(first, limit int) (out []representation.Session, err error) {
		if limit == 0 {
			return nil, nil
		}
		err = c.view(func(tx *store.Tx) error {
			f, live := narrowed, session.Filter(c.snap.Realm, tx.Now())
			f.Live, f.StartedSince, f.First, f.Max = live.Live, live.StartedSince, first, limit
			out, err = c.listSessions(tx, f)
			return err
		})
		return out, err
	})
}

// sessionFilter reads the query.
func (c *call) sessionFilter() (f store.SessionFilter, err error) {
	f.Search = strings.TrimSpace(c.text("search"))
	switch strings.ToUpper(c.text("type")) {
	case "", "ALL":
	case representation.SessionRegular:
		f.Offline = new(false)
	case representation.SessionOffline:
		f.Offline = new(true)
	default:
		return f, latchkey.Invalid("type", "Expected ALL, REGULAR or OFFLINE.")
	}
	for _, client := range c.snap.Clients {
		if f.Search != "" && strings.HasPrefix(strings.ToLower(client.ClientID), strings.ToLower(f.Search)) {
			f.Clients = append(f.Clients, client.ID)
		}
	}
	f.Clients = f.Clients[:min(len(f.Clients), maxSearchedClients)]
	return f, nil
}

// maxSearchedClients bounds how many clients a search for sessions looks for.
const maxSearchedClients = 100

// listSessions shows sessions in the console's form.
func (c *call) listSessions(tx *store.Tx, f store.SessionFilter) ([]representation.Session, error) {
	out, err := c.sessions(tx, f)
	for i := range out {
		out[i].RememberMe = nil
	}
	return out, err
}
