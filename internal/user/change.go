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

// SetCredential gives the user a credential; a password takes the place of the
// ones before it, of which as many are remembered as the realm's policy asks for.
func SetCredential(tx *store.Tx, realm *latchkey.Realm, u *latchkey.User, c *latchkey.Credential) error {
	if c.Type == latchkey.CredentialPassword {
		if err := retirePasswords(tx, realm, u); err != nil {
			return err
		}
	}
	own := *c
	own.RealmID, own.UserID, own.CreatedAt = u.RealmID, u.ID, tx.Now()
	return tx.CreateCredential(&own)
}

// LastPasswords are the passwords that a new one must not be: that of now, and
// those before it that are remembered.
func LastPasswords(tx *store.Tx, realm *latchkey.Realm, u *latchkey.User) (last []*latchkey.Credential, err error) {
	if latchkey.PasswordsRemembered(realm.PasswordPolicy) == 0 {
		return nil, nil
	}
	own, err := tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return nil, err
	}
	for _, one := range own {
		if one.Type == latchkey.CredentialPassword {
			last = append(last, one)
		}
	}
	before, err := tx.PasswordHistory(u.RealmID, u.ID)
	return append(last, before...), err
}

// retirePasswords makes room for a new password: with it as many are kept as the
// policy asks for.
func retirePasswords(tx *store.Tx, realm *latchkey.Realm, u *latchkey.User) error {
	own, err := tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return err
	}
	room := latchkey.PasswordsRemembered(realm.PasswordPolicy) - 1
	for _, one := range own {
		if one.Type != latchkey.CredentialPassword {
			continue
		}
		if room > 0 {
			one.Type = latchkey.CredentialPasswordHistory
			err = tx.UpdateCredential(one)
		} else {
			err = tx.DeleteCredential(u.RealmID, one.ID)
		}
		if err != nil {
			return err
		}
	}
	before, err := tx.PasswordHistory(u.RealmID, u.ID)
	if err != nil {
		return err
	}
	for _, one := range before[min(max(room, 0), len(before)):] {
		if err := tx.DeleteCredential(u.RealmID, one.ID); err != nil {
			return err
		}
	}
	return nil
}
