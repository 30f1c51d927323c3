package user

import (
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/outbox"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
)

// Act is who does something to an account, and where: what events and notices
// tell of it.
type Act struct {
	Client *latchkey.Client // nil when no application is involved
	From   latchkey.Browser
	// SessionID is the session that it was done in; empty when there is none.
	SessionID string
	Locale    string
	Detail    map[string]string // more for the event
}

// noticeFor is how long a notice that cannot be handed over is tried.
const noticeFor = 24 * time.Hour

// Notify tells the user by mail what was done to their account: to the
// address that they proved, since any other may be a stranger's, and not
// without end.
func Notify(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, kind latchkey.MessageKind, by Act) error {
	if u.Email == "" || !u.EmailVerified {
		return nil
	}
	userID := u.ID
	if kind == latchkey.MailAccountDeleted {
		userID = "" // what is mailed to a user ends with them
	}
	m := &latchkey.Message{Kind: kind, Address: u.Email, UserID: userID, ExpiresAt: tx.Now().Add(noticeFor), Locale: by.Locale, From: by.From}
	if by.Client != nil {
		m.ClientID = by.Client.ID
	}
	hit, _, err := ratelimit.Take(tx, snap.Realm.ID, ratelimit.Notice(tx.Keyring(), snap.Realm.ID, u.ID))
	if err != nil {
		return err
	}
	if hit != "" {
		m.State, m.Reason = latchkey.MessageWithheld, "limit:"+hit
	}
	return outbox.Queue(tx, snap.Realm, m)
}

// added and removed are the notices of what was done to a credential.
var (
	added = map[string]latchkey.MessageKind{latchkey.CredentialOTP: latchkey.MailOTPAdded, latchkey.CredentialPassword: latchkey.MailPasswordChanged}
	// A password that is removed is told of like any other way to sign in.
	removed = latchkey.MailCredentialRemoved
)

// AddCredential gives the user a credential, records it and tells them
//
func AddCredential(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, c *latchkey.Credential, by Act) error {
	own := *c
	own.RealmID, own.UserID, own.CreatedAt = u.RealmID, u.ID, tx.Now()
	if err := tx.CreateCredential(&own); err != nil {
		return err
	}
	if err := event.Record(tx, snap.Realm, by.event(latchkey.EventUpdateCredential, &own)); err != nil {
		return err
	}
	if kind := added[c.Type]; kind != "" {
		return Notify(tx, snap, u, kind, by)
	}
	return nil
}

// RemoveCredential takes a credential away from the user, records it and tells
// them.
func RemoveCredential(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, c *latchkey.Credential, by Act) error {
	if err := tx.DeleteCredential(c.RealmID, c.ID); err != nil {
		return err
	}
	if err := event.Record(tx, snap.Realm, by.event(latchkey.EventRemoveCredential, c)); err != nil {
		return err
	}
	return Notify(tx, snap, u, removed, by)
}

// event is what is recorded of a credential.
func (a Act) event(t latchkey.EventType, c *latchkey.Credential) latchkey.Event {
	e := latchkey.Event{Type: t, UserID: c.UserID, SessionID: a.SessionID, IPAddress: a.From.IP, Details: map[string]string{"credential_type": c.Type, "credential_id": c.ID}}
	if a.Client != nil {
		e.ClientID = a.Client.ClientID
	}
	for k, v := range a.Detail {
		e.Details[k] = v
	}
	return e
}
