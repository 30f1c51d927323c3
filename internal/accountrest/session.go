package accountrest

import (
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// maxSessions bounds how many sessions are shown, the newest: a robot may have
// thousands.
const maxSessions = 100

// live gives the person's sessions in browsers that may still be used, the
// newest first.
func (c *call) live(tx *store.Tx, user *latchkey.User) ([]*latchkey.UserSession, error) {
	all, err := tx.UserSessions(c.snap.Realm.ID, user.ID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s *latchkey.UserSession) bool {
		return s.Offline || !session.Live(c.snap.Realm, s, tx.Now()) ||
			s.StartedAt.Unix() < max(c.snap.Realm.NotBefore, user.NotBefore)
	}), nil
}

// shown gives the sessions as they are shown.
func (c *call) shown(tx *store.Tx, b *token.Bearer) ([]representation.AccountSession, []*latchkey.UserSession, error) {
	live, err := c.live(tx, b.User)
	if err != nil {
		return nil, nil, err
	}
	live = live[:min(len(live), maxSessions)]
	out := []representation.AccountSession{}
	for _, s := range live {
		parts, err := tx.ClientSessions(s.RealmID, s.ID)
		if err != nil {
			return nil, nil, err
		}
		r := representation.AccountSession{ID: s.ID, IPAddress: s.IPAddress, Started: s.StartedAt.Unix(), LastAccess: s.LastAccess.Unix(),
			Browser: s.Browser, Clients: []representation.AccountClient{}, Current: b.Session != nil && s.ID == b.Session.ID}
		if most := session.MaxLifespan(c.snap.Realm, s); most > 0 {
			r.Expires = s.StartedAt.Add(most).Unix()
		}
		for _, part := range parts {
			if client := c.snap.ClientByID(part.ClientID); client != nil {
				r.Clients = append(r.Clients, representation.AccountClient{ClientID: client.ClientID,
					ClientName: c.title(client), UserConsentRequired: client.ConsentRequired})
			}
		}
		out = append(out, r)
	}
	return out, live, nil
}

func (d *Door) sessions(c *call) error {
	var out []representation.AccountSession
	err := c.view(func(tx *store.Tx, b *token.Bearer) (err error) {
		out, _, err = c.shown(tx, b)
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// devices groups the sessions by the system that their browsers run on, the
// one of this token first, then the one that was used last. Only what is from
// fixed lists is told of a browser.
func (d *Door) devices(c *call) error {
	out := []*representation.Device{}
	err := c.view(func(tx *store.Tx, b *token.Bearer) error {
		list, live, err := c.shown(tx, b)
		for i, s := range list {
			out = place(out, live[i].OS, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(out, func(a, b *representation.Device) int {
		switch {
		case a.Current != b.Current && a.Current:
			return -1
		case a.Current != b.Current:
			return 1
		}
		return int(b.LastAccess - a.LastAccess)
	})
	return c.answer(out)
}

// What Keycloak says of what it does not know.
const (
	otherDevice    = "Other"
	unknownVersion = "Unknown"
)

func place(devices []*representation.Device, os string, s representation.AccountSession) []*representation.Device {
	if os == "" {
		os = otherDevice
	}
	i := slices.IndexFunc(devices, func(d *representation.Device) bool { return d.OS == os })
	if i < 0 {
		i = len(devices)
		devices = append(devices, &representation.Device{OS: os, OSVersion: unknownVersion, Device: otherDevice,
			Mobile: os == "Android" || os == "iOS" || os == "iPadOS"})
	}
	d := devices[i]
	if s.Current {
		d.Sessions = slices.Insert(d.Sessions, 0, s)
	} else {
		d.Sessions = append(d.Sessions, s)
	}
	d.LastAccess = max(d.LastAccess, s.LastAccess)
	d.Current = d.Current || s.Current
	return devices
}

// reason is what the events of sessions that a person ends say.
const reason = "account"

// endSessions ends the person's sessions in browsers: the others, or with
// current=true all of them. It is effective at once, on every node.
func (d *Door) endSessions(c *call) error {
	query, err := web.Query(c.r)
	if err != nil {
		return err
	}
	all := query.Get("current") == "true"
	err = c.update(func(tx *store.Tx, b *token.Bearer) error {
		list, err := c.live(tx, b.User)
		for _, s := range list {
			if err == nil && (all || b.Session == nil || s.ID != b.Session.ID) {
				err = session.End(tx, c.snap, s, reason)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.done()
}

// endSession ends one of the person's sessions. One that is not theirs, or has
// ended, is as good as ended: the answer tells nothing about it.
func (d *Door) endSession(c *call) error {
	err := c.update(func(tx *store.Tx, b *token.Bearer) error {
		s, err := tx.UserSession(c.snap.Realm.ID, c.r.PathValue("id"))
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound || (err == nil && s.UserID != b.User.ID) {
			return nil
		}
		if err != nil {
			return err
		}
		return session.End(tx, c.snap, s, reason)
	})
	if err != nil {
		return err
	}
	return c.done()
}
