package actiontoken

import (
	"errors"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/session"
	"latchkey/internal/user"
)

// findUser finds whose mailbox it is: the user that an earlier step, or the
// token, names, else the account with the proven address. No user and
// no refusal means that one is to be made.
func (a *act) findUser() (refused string, err error) {
	id := a.login.UserID
	if a.asking != nil {
		id = a.asking.UserID
	}
	if a.token != nil && a.token.UserID != "" {
		if id != "" && id != a.token.UserID {
			return RefusedEnded, nil
		}
		id = a.token.UserID
	}
	var u *latchkey.User
	if id != "" {
		u, err = a.tx.LockUser(a.login.RealmID, id) // held until it is decided
	} else if a.address != "" {
		u, err = a.tx.LockUserByEmail(a.login.RealmID, a.address)
	}
	if err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return "", err
	}
	if err != nil || u == nil {
		if id == "" && a.address != "" && a.config.CreateUser && a.config.Allows(a.address) {
			return "", nil
		}
		return RefusedNoAccount, nil
	}
	switch {
	case u.ServiceAccountClientID != "": // not a person's
		return RefusedNoAccount, nil
	case !u.Enabled:
		return RefusedUserDisabled, nil
	case a.address != "" && !latchkey.SameAddress(u.Email, a.address):
		// The account has another address since it was mailed to: the old
		// mailbox must not open it.
		return RefusedEnded, nil
	}
	a.user = u
	return "", nil
}

// makeUser makes the account of a mailbox that was just proven; nothing was
// kept of the address before. It is false when somebody else's login made it
// in this moment.
func (a *act) makeUser() (bool, error) {
	u, method := user.Blank(a.tx, a.snap, a.address), "magic"
	draft := a.draft()
	if draft != nil {
		u, method = draft.User(a.tx, a.snap), "form"
	}
	u.EmailVerified = true
	u.RemoveRequiredAction(latchkey.ActionVerifyEmail)
	if a.config.UpdateProfile {
		u.AddRequiredAction(latchkey.ActionUpdateProfile)
	}
	if a.config.UpdatePassword {
		u.AddRequiredAction(latchkey.ActionUpdatePassword)
	}
	e := a.event(latchkey.EventRegister)
	e.Details["register_method"] = method
	credentials := a.credentials(draft, u)
	err := user.Register(a.tx, a.snap, u, e, credentials...)
	if conflict := new(latchkey.Error); errors.As(err, &conflict) && conflict.Code == latchkey.CodeConflict && conflict.Field == latchkey.ProfileUsername {
		// Somebody took the name since it was typed. The mailbox is proven, and
		// the name is only a name.
		user.Rename(u)
		err = user.Register(a.tx, a.snap, u, e, credentials...)
	}
	if latchkey.ErrorCode(err) == latchkey.CodeConflict {
		other, e := a.tx.LockUserByEmail(u.RealmID, a.address)
		if e == nil && other.ServiceAccountClientID == "" && other.Enabled {
			a.user = other
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	a.user = u
	return true, nil
}

// draft is what was typed to register, in the login that mailed.
func (a *act) draft() *user.Draft {
	if !a.config.registers() || a.asking == nil {
		return nil
	}
	d := user.Kept(a.tx.Keyring(), a.asking)
	if d != nil && !latchkey.SameAddress(d.Address(), a.address) {
		return nil
	}
	return d
}

// credentials are those that were typed to register. A password that was typed
// in another browser than the one that goes on is not taken: whoever typed it
// there need not be the one with the mailbox, who is asked for one.
func (a *act) credentials(d *user.Draft, u *latchkey.User) []*latchkey.Credential {
	list := d.Credentials()
	if len(list) > 0 && a.via == latchkey.ViaHere {
		u.AddRequiredAction(latchkey.ActionUpdatePassword)
		return nil
	}
	return list
}

// claim gives an account that nobody had proven, and of which nothing is left
// that lets anybody in, the password of the one who registered with its
// mailbox.
func (a *act) claim() error {
	actions := len(a.user.RequiredActions)
	for _, c := range a.credentials(a.draft(), a.user) {
		c.RealmID, c.UserID, c.CreatedAt = a.user.RealmID, a.user.ID, a.tx.Now()
		if err := a.tx.CreateCredential(c); err != nil {
			return err
		}
	}
	if len(a.user.RequiredActions) == actions {
		return nil
	}
	return a.tx.UpdateUser(a.user)
}

// prove makes the user's address proven, when something was. The
// first proof removes what was made before it: whoever made it had not shown
// that the mailbox is theirs. Where the login itself rests on what was
// made before (a password, an old session), that much is kept.
func (a *act) prove(keep bool) error {
	u := a.user
	if a.address == "" {
		return nil
	}
	if u.EmailVerified {
		if !u.HasRequiredAction(latchkey.ActionVerifyEmail) {
			return nil
		}
		u.RemoveRequiredAction(latchkey.ActionVerifyEmail)
		return a.tx.UpdateUser(u)
	}
	spared := ""
	if keep {
		spared = a.login.SessionID
	} else {
		if err := a.dropCredentials(u); err != nil {
			return err
		}
		if err := a.dropTyped(u); err != nil {
			return err
		}
		// Tokens that are out are void, and logins that are under way on what
		// was proven before this moment end.
		u.NotBefore = a.tx.Now().Unix()
	}
	if _, err := session.EndAll(a.tx, a.snap, u.ID, spared); err != nil {
		return err
	}
	if err := a.tx.VoidUserActionTokens(u.RealmID, u.ID); err != nil {
		return err
	}
	if err := a.tx.WithholdUserMessages(u.RealmID, u.ID); err != nil {
		return err
	}
	u.EmailVerified = true
	u.RemoveRequiredAction(latchkey.ActionVerifyEmail)
	if err := a.tx.UpdateUser(u); err != nil {
		return err
	}
	e := a.event(latchkey.EventVerifyEmail)
	e.Details["email"], e.Details["username"] = u.Email, u.Username
	return event.Record(a.tx, a.snap.Realm, e)
}

// dropTyped takes what a stranger typed who made the account by themselves,
// and what they agreed to. Of an account that an administrator made or brought
// along it takes nothing: names and attributes are the realm's own there. The
// username, which opens nothing, stays.
func (a *act) dropTyped(u *latchkey.User) error {
	if !u.Unclaimed {
		return nil
	}
	u.FirstName, u.LastName, u.Attributes = "", "", nil
	if d := a.draft(); d != nil { // the owner registers, and has typed their own
		own := d.User(a.tx, a.snap)
		u.FirstName, u.LastName, u.Attributes = own.FirstName, own.LastName, own.Attributes
	}
	given, err := a.tx.Consents(u.RealmID, u.ID)
	if err != nil {
		return err
	}
	for _, c := range given {
		if _, err := a.tx.DeleteConsent(u.RealmID, u.ID, c.ClientID); err != nil {
			return err
		}
	}
	return nil
}

// dropCredentials takes the credentials of an account that nobody had proven,
// and its links with identity providers. In a reset second factors stay: a
// mailbox alone takes none away.
func (a *act) dropCredentials(u *latchkey.User) error {
	if err := a.tx.UnlinkUser(u.RealmID, u.ID); err != nil {
		return err
	}
	if !a.config.resets() {
		return a.tx.DeleteCredentials(u.RealmID, u.ID)
	}
	list, err := a.tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.Type != latchkey.CredentialPassword {
			continue
		}
		if err := a.tx.DeleteCredential(u.RealmID, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// verifyEmail is the redemption of a link, or a code, of VERIFY_EMAIL.
func (a *act) verifyEmail(p AddressProof) (Redemption, error) {
	refused, err := a.verifies(p)
	if err == nil && refused == "" {
		refused, err = a.findUser()
	}
	if err == nil && refused == "" {
		refused, err = a.useUp()
	}
	if err != nil || refused != "" {
		return Redemption{Refused: refused}, err
	}
	return Redemption{User: a.user}, a.prove(true)
}

// verifies checks the link, or the code, and finds the address that it is of.
func (a *act) verifies(p AddressProof) (refused string, err error) {
	l, t, now := a.login, p.Token, a.tx.Now()
	if t == nil {
		u, err := a.tx.User(l.RealmID, l.UserID)
		if err != nil {
			return "", err
		}
		a.address = u.Email
		return p.codeRight(a.tx, l, latchkey.MailVerifyEmail, u.Email)
	}
	switch {
	case t.Kind != latchkey.TokenVerifyEmail, t.RealmID != a.snap.Realm.ID, t.LoginID != l.ID, l.UserID != t.UserID, l.Ended():
		return RefusedEnded, nil
	case !t.RedeemedAt.IsZero():
		return RefusedUsed, nil
	case !now.Before(t.ExpiresAt), !now.Before(l.ExpiresAt):
		return RefusedExpired, nil
	}
	a.address = t.Address
	return "", nil
}
