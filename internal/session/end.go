package session

import (
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
)

// noticeFor is how long an application that does not answer is tried to be
// told of a logout.
const noticeFor = 5 * time.Minute

// End ends the session with all that hangs on it (client sessions, codes, and
// with them every refresh token), promises the notices to its applications and
// records a LOGOUT that says why. A session that is gone already is no error
// and no event.
func End(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession, reason string) error {
	ended, err := Remove(tx, snap, s)
	if err != nil || !ended {
		return err
	}
	return event.Record(tx, snap.Realm, latchkey.Event{
		RealmID: snap.Realm.ID, Type: latchkey.EventLogout, UserID: s.UserID, SessionID: s.ID, IPAddress: s.IPAddress,
		Details: map[string]string{"reason": reason},
	})
}

// Remove ends the session as [End] does, for a caller that knows more of why
// and records it itself. It says whether there was one to end.
func Remove(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession) (bool, error) {
	return remove(tx, snap, s, map[string]bool{})
}

// EndAll ends the user's sessions, offline ones too, but the one with the id
// exceptID, and says how many they were.
func EndAll(tx *store.Tx, snap *latchkey.Snapshot, userID, exceptID string) (int, error) {
	list, err := tx.UserSessions(snap.Realm.ID, userID)
	if err != nil {
		return 0, err
	}
	n, told := 0, map[string]bool{}
	for _, s := range list {
		if s.ID == exceptID {
			continue
		}
		ended, err := remove(tx, snap, s, told)
		if err != nil {
			return n, err
		}
		if ended {
			n++
		}
	}
	return n, nil
}

// atOnce is how many sessions one transaction of EndSome ends.
const atOnce = 500

// EndSome ends sessions of whoever, offline ones excepted, that began at that
// time or before: as many as one transaction should, with the notices to their
// applications. It says whether there may be more.
func EndSome(tx *store.Tx, snap *latchkey.Snapshot, began time.Time) (more bool, err error) {
	list, err := tx.Sessions(snap.Realm.ID, store.SessionFilter{Offline: new(false), StartedUntil: began, Max: atOnce})
	if err != nil {
		return false, err
	}
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	parts := map[string][]string{}
	if anyListens(snap) {
		if parts, err = tx.ClientsOfSessions(snap.Realm.ID, ids); err != nil {
			return false, err
		}
	}
	if err := tx.EndSessions(snap.Realm.ID, ids); err != nil {
		return false, err
	}
	told := map[string]bool{}
	for _, s := range list {
		for _, client := range parts[s.ID] {
			if err := promise(tx, snap, s, client, told); err != nil {
				return false, err
			}
		}
	}
	return len(list) == atOnce, nil
}

// Expel takes from a user who is being disabled or deleted all that lets them
// in: sessions and refresh tokens, links that are out, mails that wait.
// The caller disables or deletes the user in the same transaction, after it.
func Expel(tx *store.Tx, snap *latchkey.Snapshot, userID string) error {
	if _, err := EndAll(tx, snap, userID, ""); err != nil {
		return err
	}
	if err := tx.VoidUserActionTokens(snap.Realm.ID, userID); err != nil {
		return err
	}
	return tx.WithholdUserMessages(snap.Realm.ID, userID)
}

// remove ends one session. told holds the notices that this transaction has
// promised: an offline session and the one that it came from have one sid.
func remove(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession, told map[string]bool) (bool, error) {
	var parts []*latchkey.ClientSession
	if anyListens(snap) {
		var err error
		if parts, err = tx.ClientSessions(s.RealmID, s.ID); err != nil {
			return false, err
		}
	}
	ended, err := tx.EndUserSession(s.RealmID, s.ID)
	if err != nil || !ended {
		return false, err
	}
	for _, part := range parts {
		if err := promise(tx, snap, s, part.ClientID, told); err != nil {
			return false, err
		}
	}
	return true, nil
}

// anyListens says whether any application of the realm wants to be told.
func anyListens(snap *latchkey.Snapshot) bool {
	for _, c := range snap.Clients {
		if listens(c) {
			return true
		}
	}
	return false
}

func listens(c *latchkey.Client) bool {
	return c != nil && c.Enabled && c.Attribute(latchkey.AttributeBackchannelURL) != ""
}

func promise(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.UserSession, clientID string, told map[string]bool) error {
	if !listens(snap.ClientByID(clientID)) {
		return nil
	}
	sid := SignIn(s)
	if told[clientID+" "+sid] {
		return nil
	}
	told[clientID+" "+sid] = true
	return tx.CreateLogoutNotice(&latchkey.LogoutNotice{RealmID: s.RealmID, ClientID: clientID, UserID: s.UserID,
		SessionID: sid, ExpiresAt: tx.Now().Add(noticeFor)})
}

// SignIn is the sid that ID tokens and logout tokens name the session by: its
// own, or, of an offline session, that of the sign-in that it came from.
func SignIn(s *latchkey.UserSession) string {
	if from := s.Notes[NoteSignIn]; s.Offline && from != "" {
		return from
	}
	return s.ID
}
