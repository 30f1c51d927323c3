package session

import (
	"maps"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// AttachClient gives what the application holds of the session, and makes it
// when there is none or the one that was there has expired. One that lives is
// left as it is, but for the claims that were asked for: several tabs of an
// application share it.
func AttachClient(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession, client *latchkey.Client, req latchkey.AuthorizationRequest) (*latchkey.ClientSession, error) {
	c, err := tx.ClientSession(s.RealmID, s.ID, client.ID)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
	case err != nil:
		return nil, err
	case ClientLive(snap.Realm, client, s, c, tx.Now()):
		if c.Claims == req.Claims {
			return c, nil
		}
		return c, change(tx, c, func(c *latchkey.ClientSession) bool {
			c.Claims = req.Claims
			return true
		})
	default:
		// What has expired there goes with all that hangs on it.
		if err := tx.DeleteClientSession(s.RealmID, s.ID, client.ID); err != nil {
			return nil, err
		}
	}
	now := tx.Now()
	c = &latchkey.ClientSession{
		RealmID: s.RealmID, SessionID: s.ID, ClientID: client.ID,
		StartedAt: now, LastAccess: now, RefreshID: secret.NewID(),
		Scope: req.Scope, RedirectURI: req.RedirectURI, Nonce: req.Nonce, Claims: req.Claims,
	}
	return c, tx.PutClientSession(c)
}

// ClientOf gives what the application holds of the session; nil when there is
// nothing or it has expired.
func ClientOf(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession, client *latchkey.Client) (*latchkey.ClientSession, error) {
	c, err := tx.ClientSession(s.RealmID, s.ID, client.ID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !ClientLive(snap.Realm, client, s, c, tx.Now()) {
		return nil, nil
	}
	return c, nil
}

// DetachClient takes from the application what it holds of the session, and
// with it every refresh token and code that it got there.
func DetachClient(tx *store.Tx, s *latchkey.ClientSession) error {
	return tx.DeleteClientSession(s.RealmID, s.SessionID, s.ClientID)
}

// TouchClient records that the application uses its part of the session. It
// writes only where an idle time of the client's own is counted from that.
func TouchClient(tx *store.Tx, realm *latchkey.Realm, client *latchkey.Client, s *latchkey.UserSession, c *latchkey.ClientSession) error {
	idle := clientIdle(realm, client, s)
	if idle == 0 || tx.Now().Sub(c.LastAccess) < slack(idle) {
		return nil
	}
	return change(tx, c, func(*latchkey.ClientSession) bool { return true })
}

// NoteSignIn is the note of an offline session that names the session of the
// browser that it came from: ID tokens tell that one, which logout knows.
const NoteSignIn = "sign_in"

// StartOffline begins an offline session beside a person's session: refresh
// tokens that were granted offline_access live in it, and it outlives the
// sign-in in the browser. No browser holds a cookie of it.
func StartOffline(tx *store.Tx, s *latchkey.UserSession) (*latchkey.UserSession, error) {
	now := tx.Now()
	offline := *s
	offline.ID, offline.CookieHash = newID(), nil
	offline.StartedAt, offline.LastAccess = now, now
	offline.Offline, offline.RememberMe = true, false
	offline.Notes = maps.Clone(s.Notes)
	if offline.Notes == nil {
		offline.Notes = map[string]string{}
	}
	offline.Notes[NoteSignIn] = s.ID
	return &offline, tx.CreateUserSession(&offline)
}

// TakeBack ends what the application got for a code: its part of the session
// that the code came of, and the offline sessions that it began beside that
// one, with every refresh token in them.
func TakeBack(tx *store.Tx, code *latchkey.AuthorizationCode) error {
	if err := tx.DeleteClientSession(code.RealmID, code.SessionID, code.ClientID); err != nil {
		return err
	}
	list, err := tx.UserSessions(code.RealmID, code.UserID)
	if err != nil {
		return err
	}
	for _, s := range list {
		if !s.Offline || s.Notes[NoteSignIn] != code.SessionID {
			continue
		}
		_, err := tx.ClientSession(s.RealmID, s.ID, code.ClientID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			continue // another application's
		}
		if err == nil {
			_, err = tx.EndUserSession(s.RealmID, s.ID) // what is taken back is no logout
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	// grace is how long a refresh token that was rotated away still gives its
	// successor, so that an answer that was lost can be asked for again.
	grace = 10 * time.Second
	// maxFamilies bounds how many tabs of one application in one session keep
	// their refresh tokens; the oldest line is dropped.
	maxFamilies = 20
	// maxTries bounds how often a change is tried again after another request
	// changed the same client session.
	maxTries = 32
)

// OpenFamily begins the line of rotated refresh tokens that starts with the
// token refreshID, and gives the line's id.
func OpenFamily(tx *store.Tx, c *latchkey.ClientSession, refreshID string) (string, error) {
	family := latchkey.RefreshFamily{ID: secret.NewID(), Current: refreshID}
	return family.ID, change(tx, c, func(c *latchkey.ClientSession) bool {
		addFamily(c, family)
		return true
	})
}

// Rotation is what a presented refresh token gives.
type Rotation struct {
	Successor string    // id of the refresh token that takes its place
	Family    string    // id of the line
	IssuedAt  time.Time // when the successor was made: now, or within the grace before
	Refused   bool      // the line is not known, or no longer
	Reused    bool      // it was rotated away before: the caller revokes what came from it
}

// Rotate uses the refresh token up and names its successor. family is the
// token's line; a token from before its realm rotated has none and begins one
// under its own id.
func Rotate(tx *store.Tx, realm *latchkey.Realm, c *latchkey.ClientSession, family, presented string) (Rotation, error) {
	var out Rotation
	now, next := tx.Now(), secret.NewID()
	err := change(tx, c, func(c *latchkey.ClientSession) bool {
		out = Rotation{Successor: next, Family: family, IssuedAt: now}
		if family == "" {
			out.Family = presented
		}
		f := findFamily(c, out.Family)
		switch {
		case f == nil && family == "":
			addFamily(c, latchkey.RefreshFamily{ID: presented, Current: next, Previous: presented, RotatedAt: now})
			return true
		case f == nil:
			out.Refused = true
			return false
		case f.Current == presented:
			f.Current, f.Previous, f.RotatedAt, f.Reuses = next, presented, now, 0
			return true
		case f.Previous == presented && now.Sub(f.RotatedAt) <= grace:
			out.Successor, out.IssuedAt = f.Current, f.RotatedAt
			return false
		case f.Previous == presented && f.Reuses < realm.RefreshTokenMaxReuse:
			f.Reuses++
			out.Successor = f.Current
			return true
		}
		out.Reused = true
		return false
	})
	return out, err
}

// Current says whether a refresh token is the one of its line that is good
// now. family is its line; one of before its realm rotated has none.
func Current(c *latchkey.ClientSession, family, id string) bool {
	if f := findFamily(c, family); f != nil {
		return f.Current == id
	}
	return family == "" && findFamily(c, id) == nil
}

func addFamily(c *latchkey.ClientSession, f latchkey.RefreshFamily) {
	c.Families = append(c.Families, f)
	if over := len(c.Families) - maxFamilies; over > 0 {
		c.Families = append([]latchkey.RefreshFamily(nil), c.Families[over:]...)
	}
}

func findFamily(c *latchkey.ClientSession, id string) *latchkey.RefreshFamily {
	for i := range c.Families {
		if c.Families[i].ID == id {
			return &c.Families[i]
		}
	}
	return nil
}

// change edits a client session as one step: the conditional statement says
// whether it is still what was read, and holds its row from then on. When
// another request was faster, edit runs again on what that one left. edit says
// whether there is anything to write.
func change(tx *store.Tx, c *latchkey.ClientSession, edit func(*latchkey.ClientSession) bool) error {
	for range maxTries {
		if !edit(c) {
			return nil
		}
		ok, err := tx.RotateRefresh(c, secret.NewID())
		if err != nil || ok {
			return err
		}
		now, err := tx.ClientSession(c.RealmID, c.SessionID, c.ClientID)
		if err != nil {
			return err
		}
		*c = *now
	}
	return latchkey.Errorf(latchkey.CodeUnavailable, "Too many requests change the same session at once.")
}
