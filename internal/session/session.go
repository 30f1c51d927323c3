package session

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Start begins a session of the user in the browser that the login ran in, and
// gives the secret for its cookie. Only the person's door calls it.
func Start(tx *store.Tx, snap *latchkey.Snapshot, user *latchkey.User, l *latchkey.Login, b latchkey.Browser) (*latchkey.UserSession, latchkey.Secret, error) {
	now := tx.Now()
	cookie := secret.Token()
	s := &latchkey.UserSession{
		RealmID: snap.Realm.ID, ID: newID(), UserID: user.ID, CookieHash: secret.Hash(cookie),
		StartedAt: now, LastAccess: now, RememberMe: l.RememberMe && snap.Realm.RememberMe,
		IPAddress: b.IP, Browser: b.Name, OS: b.OS,
	}
	prove(s, l, now)
	if err := tx.CreateUserSession(s); err != nil {
		return nil, "", err
	}
	return s, latchkey.Secret(cookie), nil
}

// StartDirect begins a session of a person whose name and password a program
// brought (RFC 6749 4.3): no browser holds a cookie of it. Only the
// application's door calls it.
func StartDirect(tx *store.Tx, snap *latchkey.Snapshot, user *latchkey.User, l *latchkey.Login, b latchkey.Browser) (*latchkey.UserSession, error) {
	now := tx.Now()
	s := &latchkey.UserSession{RealmID: snap.Realm.ID, ID: newID(), UserID: user.ID, StartedAt: now, LastAccess: now, IPAddress: b.IP}
	prove(s, l, now)
	return s, tx.CreateUserSession(s)
}

// The notes of a session that an administrator began as somebody else: who, and
// of which realm. The names are Keycloak's.
const (
	NoteImpersonator      = "IMPERSONATOR_ID"
	NoteImpersonatorRealm = "IMPERSONATOR_REALM"
)

// Impersonate begins a session of the user in the browser of an administrator
// of a realm, who has proven nothing of what the user would: it has no time of
// authentication, so whatever asks for a recent proof asks for one. Only the
// operator's door calls it.
func Impersonate(tx *store.Tx, snap *latchkey.Snapshot, user *latchkey.User, by latchkey.AdminEvent, b latchkey.Browser) (*latchkey.UserSession, latchkey.Secret, error) {
	now := tx.Now()
	cookie := secret.Token()
	s := &latchkey.UserSession{RealmID: snap.Realm.ID, ID: newID(), UserID: user.ID, CookieHash: secret.Hash(cookie),
		StartedAt: now, LastAccess: now, IPAddress: b.IP, Browser: b.Name, OS: b.OS, ACR: "0",
		Notes: map[string]string{NoteImpersonator: by.AuthUserID, NoteImpersonatorRealm: by.AuthRealmID}}
	return s, latchkey.Secret(cookie), tx.CreateUserSession(s)
}

// Renew records that the session's own person proved themselves again: the
// session goes on under a new cookie, applications keep their tokens,
// and auth_time, acr and amr are those of now. What the session was worth
// before never adds to it.
func Renew(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession, l *latchkey.Login) (latchkey.Secret, error) {
	cookie := secret.Token()
	now := tx.Now()
	s.CookieHash, s.LastAccess = secret.Hash(cookie), now
	s.RememberMe = l.RememberMe && snap.Realm.RememberMe
	prove(s, l, now)
	if err := tx.UpdateUserSession(s); err != nil {
		return "", err
	}
	return latchkey.Secret(cookie), nil
}

// prove takes over what the login's executions amount to.
func prove(s *latchkey.UserSession, l *latchkey.Login, now time.Time) {
	s.AuthTime = now
	s.AMR, s.AMRUntil = slices.Clone(l.AMR), maps.Clone(l.AMRUntil)
	s.Levels = maps.Clone(l.Levels)
	s.ACR = ACR(l)
}

// ACR is the level of authentication that a login amounts to, as a text; see
// [latchkey.Login.Level].
func ACR(l *latchkey.Login) string { return strconv.Itoa(l.Level()) }

// Find gives the live session that a browser's cookie names, with its user;
// all nil when there is none, when it has ended or expired, or when its user
// is gone, disabled or signed out by a "not before".
func Find(tx *store.Tx, snap *latchkey.Snapshot, cookie latchkey.Secret) (*latchkey.UserSession, *latchkey.User, error) {
	if cookie == "" {
		return nil, nil, nil
	}
	s, err := tx.UserSessionByCookie(snap.Realm.ID, secret.Hash(cookie.Reveal()))
	return alive(tx, snap, s, err)
}

// ByID gives the live session that a token names by its sid, with its user;
// all nil as in [Find].
func ByID(tx *store.Tx, snap *latchkey.Snapshot, id string) (*latchkey.UserSession, *latchkey.User, error) {
	if id == "" {
		return nil, nil, nil
	}
	s, err := tx.UserSession(snap.Realm.ID, id)
	return alive(tx, snap, s, err)
}

// Standing gives the live session that a token names by its sid, with its
// user, what they hold, and what the client holds of the session, in one read;
// nil as in [Find]. Its Part is nil when the client has none that lives. jti
// is the id of an access token, of which it is then told whether it was
// revoked; empty: it is not asked.
func Standing(tx *store.Tx, snap *latchkey.Snapshot, id string, client *latchkey.Client, jti string) (*store.Standing, error) {
	if id == "" {
		return nil, nil
	}
	st, err := tx.Standing(snap.Realm.ID, id, client.ID, jti)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !current(tx, snap, st.Session) || !welcome(st.Session, st.User) {
		return nil, nil
	}
	if st.Part != nil && !ClientLive(snap.Realm, client, st.Session, st.Part, tx.Now()) {
		st.Part = nil
	}
	return st, nil
}

// current says that the session has neither expired nor been ended by the
// realm's "not before".
func current(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession) bool {
	return Live(snap.Realm, s, tx.Now()) && s.StartedAt.Unix() >= snap.Realm.NotBefore
}

// welcome says that the session's user may still use it.
func welcome(s *latchkey.UserSession, user *latchkey.User) bool {
	return user.Enabled && s.StartedAt.Unix() >= user.NotBefore
}

func alive(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession, err error) (*latchkey.UserSession, *latchkey.User, error) {
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !current(tx, snap, s) {
		return nil, nil, nil
	}
	user, err := tx.User(snap.Realm.ID, s.UserID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !welcome(s, user) {
		return nil, nil, nil
	}
	return s, user, nil
}

// Touch records that the session is in use, so that its idle time starts anew.
// It writes when that was last recorded more than a slack ago: a session that
// is in use costs a write a minute, not one a request, and its idle time ends
// early by no more than that.
func Touch(tx *store.Tx, realm *latchkey.Realm, s *latchkey.UserSession) error {
	if tx.Now().Sub(s.LastAccess) < slack(IdleTimeout(realm, s)) {
		return nil
	}
	s.LastAccess = tx.Now()
	return tx.TouchUserSession(s.RealmID, s.ID)
}

// slack is how long a use need not be recorded: a minute, and of a short idle
// time a twentieth.
func slack(idle time.Duration) time.Duration { return min(time.Minute, idle/20) }

// newID draws a session's id: 18 random bytes, as Keycloak's sid has. It is
// public.
func newID() string { return base64.RawURLEncoding.EncodeToString(secret.Random(18)) }
