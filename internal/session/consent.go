package session

import (
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
)

// GrantConsent keeps the user's yes to what the application asked for, beside
// what they said yes to before, and records it. scopes are ids of client
// scopes, and the client's own for its own text.
func GrantConsent(tx *store.Tx, snap *latchkey.Snapshot, userID string, client *latchkey.Client, scopes []string) error {
	before, err := tx.Consent(snap.Realm.ID, userID, client.ID)
	kind := latchkey.EventUpdateConsent
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		before, kind, err = &latchkey.Consent{}, latchkey.EventGrantConsent, nil
	}
	if err != nil {
		return err
	}
	all := slices.Clone(before.Scopes)
	for _, id := range scopes {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	if err := tx.PutConsent(&latchkey.Consent{RealmID: snap.Realm.ID, UserID: userID, ClientID: client.ID, Scopes: all}); err != nil {
		return err
	}
	return event.Record(tx, snap.Realm, latchkey.Event{Type: kind, UserID: userID, ClientID: client.ClientID,
		Details: map[string]string{"scope": strings.Join(scopeNames(snap, all), " ")}})
}

func scopeNames(snap *latchkey.Snapshot, ids []string) []string {
	var names []string
	for _, id := range ids {
		if s := snap.Scope(id); s != nil {
			names = append(names, s.Name)
		}
	}
	return names
}

// RevokeConsent takes the user's consent back, and with it all that the
// application holds: its part of every session, its offline sessions, and the
// refresh tokens and codes in them. It says whether there was
// anything to take back. The event is recorded with what from knows of where
// the wish came from: address and session.
func RevokeConsent(tx *store.Tx, snap *latchkey.Snapshot, userID string, client *latchkey.Client, from latchkey.Event) (bool, error) {
	had, err := tx.DeleteConsent(snap.Realm.ID, userID, client.ID)
	if err != nil {
		return false, err
	}
	list, err := tx.UserSessions(snap.Realm.ID, userID)
	if err != nil {
		return false, err
	}
	for _, s := range list {
		_, err := tx.ClientSession(s.RealmID, s.ID, client.ID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			continue
		}
		if err != nil {
			return false, err
		}
		had = true
		if s.Offline {
			_, err = tx.EndUserSession(s.RealmID, s.ID)
		} else {
			err = tx.DeleteClientSession(s.RealmID, s.ID, client.ID)
		}
		if err != nil {
			return false, err
		}
	}
	if !had {
		return false, nil
	}
	from.Type, from.UserID, from.ClientID = latchkey.EventRevokeGrant, userID, client.ClientID
	from.Details = map[string]string{"revoked_client": client.ClientID}
	return true, event.Record(tx, snap.Realm, from)
}
