package login

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/ratelimit"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// finished is what has to be told to the browser after the commit.
type finished struct {
	to            web.Handler     // answers the application; nil: it has nowhere to go
	sessionCookie latchkey.Secret // empty: the session's cookie stays as it is
	sessionAge    time.Duration   // 0: until the browser is closed
	browserCookie string          // the new value of the login cookie
	knownCookie   string
}

// knownFor is how long a browser is remembered as one that signed in by mail.
const knownFor = 365 * 24 * time.Hour

// finishLogin ends a login that is through, refused or declined, starts the
// session and has the application answered, once. It is the only place
// that starts a session.
func (d *Door) finishLogin(tx *store.Tx, t *turn) error {
	l, f := t.login, &finished{}
	t.finish = f
	l.EndedAt, l.AnsweredAt = tx.Now(), tx.Now()
	if t.result.Kind != flow.Done {
		l.Error, l.EndReason = t.result.Code, latchkey.EndRefused
		return d.answer(tx, t, nil)
	}
	user, err := tx.User(l.RealmID, l.UserID)
	if err != nil {
		return err
	}
	if l.Answer == latchkey.AnswerPage {
		l.EndReason = latchkey.EndFinished
		return keep(tx, l)
	}
	t.user = user
	s, err := d.startSession(tx, t, user)
	if err != nil {
		return err
	}
	if !l.FromCookie {
		// An old session that is used again proves nothing new, and parallel
		// silent checks of one browser must not lose each other's cookie.
		if err := d.rotateBrowser(tx, t, user); err != nil {
			return err
		}
	}
	l.EndReason = latchkey.EndFinished
	if err := d.answer(tx, t, s); err != nil {
		return err
	}
	return d.recordLogin(tx, t, user)
}

// answer keeps the login, which is over, and has the application's answer made.
func (d *Door) answer(tx *store.Tx, t *turn, s *latchkey.UserSession) (err error) {
	user := t.user
	if s == nil {
		user = nil
	}
	if err := keep(tx, t.login); err != nil {
		return err
	}
	t.finish.to, err = d.Applications.Answer(tx, t.snap, t.login, s, user)
	return err
}

// startSession gives the browser its session: the one that its cookie named
// when the flow passed by that, else a new one. A session of somebody else
// ends as by a logout; one of the same person is replaced, so that every
// sign-in changes every identifier.
func (d *Door) startSession(tx *store.Tx, t *turn, user *latchkey.User) (*latchkey.UserSession, error) {
	l := t.login
	old := t.session
	if old != nil {
		var err error
		// Read again: a first proof in this very turn may have ended it.
		if old, _, err = session.ByID(tx, t.snap, old.ID); err != nil {
			return nil, err
		}
	}
	if (l.FromCookie || l.Carried) && (old == nil || old.ID != l.SessionID) {
		return nil, latchkey.Errorf(latchkey.CodeConflict, "You were signed out meanwhile. Sign in again.")
	}
	if l.FromCookie {
		return old, session.Touch(tx, t.snap.Realm, old)
	}
	if old != nil && old.UserID != user.ID {
		if err := session.End(tx, t.snap, old, "user_switched"); err != nil {
			return nil, err
		}
	} else if old != nil {
		// The same person proved themselves again: the session goes on under
		// a new cookie, and applications keep their tokens.
		cookie, err := session.Renew(tx, t.snap, old, l)
		if err != nil {
			return nil, err
		}
		l.SessionID = old.ID
		t.setSessionCookie(t.snap.Realm, old, cookie)
		return old, nil
	}
	s, cookie, err := session.Start(tx, t.snap, user, l, t.browser)
	if err != nil {
		return nil, err
	}
	l.SessionID = s.ID
	t.setSessionCookie(t.snap.Realm, s, cookie)
	return s, nil
}

func (t *turn) setSessionCookie(realm *latchkey.Realm, s *latchkey.UserSession, cookie latchkey.Secret) {
	t.finish.sessionCookie = cookie
	if s.RememberMe {
		t.finish.sessionAge = session.MaxLifespan(realm, s)
	}
}

// rotateBrowser gives the browser a new login cookie and moves its other open
// logins to it, and remembers it as one of the person's.
func (d *Door) rotateBrowser(tx *store.Tx, t *turn, user *latchkey.User) error {
	l, f := t.login, t.finish
	f.browserCookie = secret.Token()
	fresh := secret.Hash(f.browserCookie)
	if err := tx.RebindLogins(l.RealmID, l.ID, l.BrowserHash, fresh); err != nil {
		return err
	}
	l.BrowserHash = fresh
	address := ownAddress(l, user)
	if address == "" {
		return nil
	}
	known, ok := d.Site.Cookie(t.r, cookieKnown, t.snap.Realm.Name)
	if !ok {
		known = secret.Token()
	}
	f.knownCookie = known
	return tx.SaveKnownBrowser(l.RealmID, secret.Hash(known), ratelimit.AddressKey(tx.Keyring(), l.RealmID, address))
}

// ownAddress is the address that the browser is the owner's of after this
// login: the one whose mailbox was proven in it, or, for a password, the one
// that the account proved before. A password alone proves no address.
func ownAddress(l *latchkey.Login, user *latchkey.User) string {
	switch {
	case !l.Mail.ProvenAt.IsZero():
		return l.Mail.Address
	case user.EmailVerified && slices.Contains(l.AMR, "pwd"):
		return user.Email
	}
	return ""
}

// recordLogin records LOGIN with Keycloak's details.
func (d *Door) recordLogin(tx *store.Tx, t *turn, user *latchkey.User) error {
	l := t.login
	e := d.event(t.visit, latchkey.EventLogin)
	e.UserID, e.SessionID = user.ID, l.SessionID
	remember := "false"
	if l.RememberMe {
		remember = "true"
	}
	mode := l.Request.ResponseMode
	if mode == "" {
		mode = "query"
	}
	e.Details = map[string]string{
		"auth_method": "openid-connect", "response_type": l.Request.ResponseType, "redirect_uri": l.Request.RedirectURI,
		"remember_me": remember, "consent": cmp.Or(l.Consent, "no_consent_required"), "code_id": l.SessionID, "response_mode": mode,
		"username": user.Username,
	}
	return event.Record(tx, t.snap.Realm, e)
}

// startURL is where an application begins; empty when it says nowhere.
func (d *Door) startURL(snap *latchkey.Snapshot, c *latchkey.Client) string {
	if c == nil {
		return ""
	}
	return c.StartURL(d.Site.URL(), d.Site.Issuer(snap.Realm.Name))
}

// goOn tells the browser what the finished login changed and sends it on.
func (d *Door) goOn(t *turn) error {
	f, realm := t.finish, t.snap.Realm.Name
	if f.sessionCookie != "" {
		d.Site.SetSession(t.w, t.snap.Realm, f.sessionCookie, t.login.SessionID, f.sessionAge)
	}
	if f.browserCookie != "" {
		d.Site.SetCookie(t.w, cookieLogin, realm, f.browserCookie, 0)
	}
	if f.knownCookie != "" {
		d.Site.SetCookie(t.w, cookieKnown, realm, f.knownCookie, knownFor)
	}
	switch {
	case f.to == nil && t.result.Kind != flow.Done:
		return d.page(t.visit, http.StatusOK, page.ErrorPage(page.ErrorCancelled, ""), false)
	case t.login.Answer == latchkey.AnswerPage:
		return d.page(t.visit, http.StatusOK, page.ActionsDone{ContinueURL: t.login.Request.RedirectURI}, false)
	case f.to == nil:
		return d.signedInHere(t.visit)
	}
	return f.to(t.w, t.r)
}
