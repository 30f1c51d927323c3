package user

import (
	"errors"
	"strings"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// ErrAddressTaken says that another account has the address.
var ErrAddressTaken = errors.New("user: another account has this address")

// ChangeAddress gives the user an address that they proved a moment ago
// . Links that were mailed to the earlier one are void, and mails that
// wait for it are not sent: they do not sign in to what the account is from
// now on. The link that changes an earlier address back lives on. The user is
// locked by the caller.
func ChangeAddress(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, address string, by Act) error {
	old := u.Email
	if err := setAddress(tx, snap, u, address); err != nil {
		return err
	}
	if err := VoidLinks(tx, u); err != nil {
		return err
	}
	return event.Record(tx, snap.Realm, by.changed(u, old))
}

// VoidLinks makes void what was mailed to an earlier address of the user:
// links, but for the one that changes it back, and mails that wait.
func VoidLinks(tx *store.Tx, u *latchkey.User) error {
	if err := tx.VoidUserActionTokensBut(u.RealmID, u.ID, latchkey.TokenRevertEmail); err != nil {
		return err
	}
	return tx.WithholdUserMessagesBut(u.RealmID, u.ID, latchkey.MailEmailChanged)
}

// RevertAddress gives the user an earlier address back, whose owner did not
// change it: everybody is signed out, every link is void, and the ways to sign
// in that were added since the change are removed, because whoever changed the
// address may have added them. The user is locked by the caller.
func RevertAddress(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, t *latchkey.ActionToken, by Act) error {
	old := u.Email
	u.NotBefore = tx.Now().Unix() // logins that are under way end, too
	if err := setAddress(tx, snap, u, t.Address); err != nil {
		return err
	}
	if err := session.Expel(tx, snap, u.ID); err != nil {
		return err
	}
	list, err := tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.CreatedAt.Before(t.CreatedAt) {
			continue
		}
		if err := tx.DeleteCredential(c.RealmID, c.ID); err != nil {
			return err
		}
		if err := event.Record(tx, snap.Realm, by.event(latchkey.EventRemoveCredential, c)); err != nil {
			return err
		}
	}
	return event.Record(tx, snap.Realm, by.changed(u, old))
}

// setAddress writes the address, proven, and with it the username where that
// is the address.
func setAddress(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, address string) error {
	named := u.Username == strings.ToLower(u.Email) || snap.Realm.RegistrationEmailAsUsername
	u.Email, u.EmailVerified = address, true
	u.RemoveRequiredAction(latchkey.ActionVerifyEmail)
	if named {
		// Somebody who is called so keeps the name, as in Create.
		other, err := tx.UserByUsername(u.RealmID, strings.ToLower(address))
		switch {
		case latchkey.ErrorCode(err) == latchkey.CodeNotFound || err == nil && other.ID == u.ID:
			u.Username = strings.ToLower(address)
		case err != nil:
			return err
		}
	}
	err := tx.UpdateUser(u)
	var e *latchkey.Error
	if errors.As(err, &e) && e.Code == latchkey.CodeConflict {
		return ErrAddressTaken
	}
	return err
}

// changed is the event of another address.
func (a Act) changed(u *latchkey.User, old string) latchkey.Event {
	e := latchkey.Event{Type: latchkey.EventUpdateEmail, UserID: u.ID, SessionID: a.SessionID, IPAddress: a.From.IP,
		Details: map[string]string{"previous_email": old, "updated_email": u.Email}}
	if a.Client != nil {
		e.ClientID = a.Client.ClientID
	}
	for k, v := range a.Detail {
		e.Details[k] = v
	}
	return e
}
