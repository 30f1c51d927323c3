package user

import (
	"errors"
	"strings"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// Blank is a new user of the realm, not stored yet: enabled, named by the
// address, with the required actions that the realm asks of every new user.
func Blank(tx *store.Tx, snap *latchkey.Snapshot, address string) *latchkey.User {
	u := &latchkey.User{
		RealmID: snap.Realm.ID, ID: secret.NewID(), Username: strings.ToLower(address), Email: address,
		Enabled: true, CreatedAt: tx.Now(),
	}
	for _, ra := range snap.RequiredActions {
		if ra.Enabled && ra.DefaultAction {
			u.AddRequiredAction(ra.Alias)
		}
	}
	return u
}

// Create stores the user, with the credentials and with the role and the
// groups that every new user of the realm has. A user who is called by their
// address gets another name where somebody has that for theirs: it is that
// person's name, not their mailbox, and opens nothing. Any other name that is
// taken, and an address that is, is [latchkey.CodeConflict] with the field.
func Create(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, credentials ...*latchkey.Credential) error {
	err := tx.CreateUser(u)
	if u.Username == strings.ToLower(u.Email) && nameTaken(err) {
		Rename(u)
		err = tx.CreateUser(u)
	}
	if err != nil {
		return err
	}
	for _, c := range credentials {
		own := *c
		own.RealmID, own.UserID, own.CreatedAt = u.RealmID, u.ID, tx.Now()
		if err := tx.CreateCredential(&own); err != nil {
			return err
		}
	}
	for _, id := range snap.Realm.DefaultGroups {
		if err := tx.JoinGroup(u.RealmID, u.ID, id); err != nil {
			return err
		}
	}
	if snap.Realm.DefaultRoleID == "" {
		return nil
	}
	return tx.AddUserRole(u.RealmID, u.ID, snap.Realm.DefaultRoleID)
}

// nameTaken says whether somebody has the user's name.
func nameTaken(err error) bool {
	conflict := new(latchkey.Error)
	return errors.As(err, &conflict) && conflict.Code == latchkey.CodeConflict && conflict.Field == latchkey.ProfileUsername
}

// Rename gives a user whose name is another's one that is nobody's.
func Rename(u *latchkey.User) {
	u.Username += "-" + u.ID[len(u.ID)-8:] // random: a UUID v7 ends in its random part
}

// Register is [Create] for a person who came by themselves, with the event
// REGISTER; e has the type, client, network and details that the caller knows.
func Register(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, e latchkey.Event, credentials ...*latchkey.Credential) error {
	if err := Create(tx, snap, u, credentials...); err != nil {
		return err
	}
	if e.Details == nil {
		e.Details = map[string]string{}
	}
	e.Type, e.UserID, e.Details["username"] = latchkey.EventRegister, u.ID, u.Username
	if u.Email != "" {
		e.Details["email"] = u.Email
	}
	return event.Record(tx, snap.Realm, e)
}

// Disable switches the account off and ends all that lets the user in.
func Disable(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User) error {
	if err := session.Expel(tx, snap, u.ID); err != nil {
		return err
	}
	u.Enabled = false
	return tx.UpdateUser(u)
}

// Delete deletes the account with all that belongs to it.
func Delete(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User) error {
	if err := session.Expel(tx, snap, u.ID); err != nil {
		return err
	}
	return tx.DeleteUser(u.RealmID, u.ID)
}
