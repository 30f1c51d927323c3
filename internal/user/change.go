package user

import (
	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// Change writes what an administrator changed of a user who is locked; before
// is the user as they were. Who is switched off, or signed out by a later "not
// before", is let in nowhere any more (R-093); links and mails to an earlier
// address are void, since they do not sign in to what the account is from now
// on.
func Change(tx *store.Tx, snap *latchkey.Snapshot, before, u *latchkey.User) error {
	switch {
	case before.Enabled && !u.Enabled:
		if err := session.Expel(tx, snap, u.ID); err != nil {
			return err
		}
	case u.NotBefore > before.NotBefore:
		if _, err := session.EndAll(tx, snap, u.ID, ""); err != nil {
			return err
		}
	}
	if before.Email != "" && !latchkey.SameAddress(before.Email, u.Email) {
		if err := VoidLinks(tx, u); err != nil {
			return err
		}
	}
	return tx.UpdateUser(u)
}

// SignOut ends all that the user is signed in to now: every session, offline
// ones too, and by "not before" every token that is out.
func SignOut(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User) error {
	if _, err := session.EndAll(tx, snap, u.ID, ""); err != nil {
		return err
	}
	u.NotBefore = tx.Now().Unix()
	return tx.UpdateUser(u)
}

// SetCredential gives the user a credential that an administrator set; a
// password takes the place of the ones before it.
func SetCredential(tx *store.Tx, u *latchkey.User, c *latchkey.Credential) error {
	if c.Type == latchkey.CredentialPassword {
		old, err := tx.Credentials(u.RealmID, u.ID)
		if err != nil {
			return err
		}
		for _, one := range old {
			if one.Type != latchkey.CredentialPassword {
				continue
			}
			if err := tx.DeleteCredential(u.RealmID, one.ID); err != nil {
				return err
			}
		}
	}
	own := *c
	own.RealmID, own.UserID, own.CreatedAt = u.RealmID, u.ID, tx.Now()
	return tx.CreateCredential(&own)
}
