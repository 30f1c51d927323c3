package admin

import (
	"net/http"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/representation"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

func (d *Door) impersonationRoutes() []route {
	return []route{
		{method: "POST", path: "/users/{id}/impersonation", may: []string{impersonation}, act: d.impersonate,
			summary: "Sign the caller's browser in as a user", gives: representation.Impersonation{}},
	}
}

// impersonate signs the browser that calls in as the user: its session in the
// realm, if it has one, ends as by a logout.
func (d *Door) impersonate(c *call) error {
	var s *latchkey.UserSession
	var cookie latchkey.Secret
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		switch {
		case err != nil:
			return err
		case u.ServiceAccountClientID != "":
			return forbidden()
		case !u.Enabled:
			return tellError(http.StatusBadRequest, "User is disabled")
		}
		if err := c.mayBecome(tx, u); err != nil {
			return err
		}
		if err := c.endOwn(tx); err != nil {
			return err
		}
		by := latchkey.AdminEvent{AuthRealmID: c.caller.realm.Realm.ID, AuthUserID: c.caller.userID}
		if s, cookie, err = session.Impersonate(tx, c.snap, u, by, d.Site.Browser(c.r)); err != nil {
			return err
		}
		if err := c.recordImpersonation(tx, u, s); err != nil {
			return err
		}
		return c.record(tx, act{operationAction, "USER", "users/" + u.ID + "/impersonation", nil})
	})
	if err != nil {
		return err
	}
	d.Site.SetSession(c.w, c.snap.Realm, cookie, s.ID, 0)
	return c.answer(representation.Impersonation{SameRealm: c.caller.realm.Realm.ID == c.snap.Realm.ID,
		Redirect: d.Site.RealmURL(c.snap.Realm.Name, "account")})
}

// endOwn ends the session that the calling browser has in the realm.
func (c *call) endOwn(tx *store.Tx) error {
	own, ok := c.door.Site.Cookie(c.r, web.CookieSession, c.snap.Realm.Name)
	if !ok {
		return nil
	}
	s, _, err := session.Find(tx, c.snap, latchkey.Secret(own))
	if err != nil || s == nil {
		return err
	}
	return session.End(tx, c.snap, s, "user_switched")
}

// recordImpersonation tells the realm's own events of it, with Keycloak's
// details: the administrator is named as they sign in.
func (c *call) recordImpersonation(tx *store.Tx, u *latchkey.User, s *latchkey.UserSession) error {
	admin, err := tx.User(c.caller.realm.Realm.ID, c.caller.userID)
	if err != nil {
		return err
	}
	e := latchkey.Event{Type: latchkey.EventImpersonate, UserID: u.ID, SessionID: s.ID, IPAddress: c.caller.ip,
		Details: map[string]string{"impersonator_realm": c.caller.realm.Realm.Name, "impersonator": admin.Username}}
	if c.caller.client != nil {
		e.ClientID = c.caller.client.ClientID
	}
	return event.Record(tx, c.snap.Realm, e)
}
