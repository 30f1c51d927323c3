package oidc_test

import (
	"net/http"
	"net/url"
	"sync"

	"latchkey"
	"latchkey/internal/oidc"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// desk stands where the person's door stands: it begins logins, and ends each
// as a test says.
type desk struct {
	w    *world
	door *oidc.Door
	mu   sync.Mutex
	ends map[string]person // by tab
}

// person is how a login ends: signed in as the user, passed by the browser's
// session, or refused.
type person struct {
	realm      string
	user       string
	fromCookie bool
	refused    string // OAuth error
	remember   bool
	amr        []string
}

// Begin keeps the login and leads to its step.
func (d *desk) Begin(w http.ResponseWriter, r *http.Request, snap *latchkey.Snapshot, l *latchkey.Login) error {
	cookie, ok := d.w.site.Cookie(r, "login", snap.Realm.Name)
	if !ok {
		cookie = secret.Token()
		d.w.site.SetCookie(w, "login", snap.Realm.Name, cookie, 0)
	}
	now := d.w.clock.Now()
	l.BrowserHash, l.TabID, l.CreatedAt, l.ExpiresAt = secret.Hash(cookie), secret.TabID(), now, now.Add(snap.Realm.LoginTimeout())
	if err := d.w.db.Update(r.Context(), func(tx *store.Tx) error { return tx.CreateLogin(l) }); err != nil {
		return err
	}
	q := url.Values{"client_id": {snap.ClientByID(l.ClientID).ClientID}, "tab_id": {l.TabID}}
	return web.Redirect(w, r, d.w.site.RealmURL(snap.Realm.Name, "login-actions/authenticate")+"?"+q.Encode())
}

func (d *desk) route() web.Route {
	return web.Route{Pattern: "GET /realms/{realm}/login-actions/end", Class: web.ClassPage, Handler: d.end}
}

// end ends the login of the tab and lets the door answer.
func (d *desk) end(w http.ResponseWriter, r *http.Request) error {
	tab := r.URL.Query().Get("tab_id")
	d.mu.Lock()
	p := d.ends[tab]
	d.mu.Unlock()
	snap := d.w.snap(p.realm)
	browser, _ := d.w.site.Cookie(r, "login", p.realm)
	var to web.Handler
	err := d.w.db.Update(r.Context(), func(tx *store.Tx) error {
		l, err := tx.LoginByTab(snap.Realm.ID, secret.Hash(browser), tab)
		if err != nil {
			return err
		}
		var s *latchkey.UserSession
		var user *latchkey.User
		l.EndedAt, l.AnsweredAt, l.EndReason = tx.Now(), tx.Now(), latchkey.EndFinished
		switch {
		case p.refused != "":
			l.EndReason, l.Error = latchkey.EndRefused, p.refused
		case p.fromCookie:
			cookie, _ := d.w.site.Cookie(r, "session", p.realm)
			if s, user, err = session.Find(tx, snap, latchkey.Secret(cookie)); err != nil {
				return err
			}
			l.FromCookie = true
		default:
			if user, err = tx.UserByUsername(snap.Realm.ID, p.user); err != nil {
				return err
			}
			l.LoA, l.AMR, l.RememberMe = 1, p.amr, p.remember
			var cookie latchkey.Secret
			if s, cookie, err = session.Start(tx, snap, user, l, latchkey.Browser{IP: "127.0.0.1"}); err != nil {
				return err
			}
			d.w.site.SetCookie(w, "session", p.realm, cookie.Reveal(), 0)
		}
		if s != nil {
			l.SessionID, l.UserID = s.ID, s.UserID
		}
		if err := tx.SaveLogin(l); err != nil {
			return err
		}
		to, err = d.door.Answer(tx, snap, l, s, user)
		return err
	})
	if err != nil {
		return err
	}
	return to(w, r)
}
