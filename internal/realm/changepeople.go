package realm

import (
	"slices"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

// change makes a person, or changes the one who has the id or else the
// username, by what the file says and no further. Who is switched off is
// signed out; an address that is another is not proven unless the file
// says so, and links that were mailed to the earlier one are void.
func change(tx *store.Tx, snap *latchkey.Snapshot, a *account) error {
	old, err := tx.UserNamed(a.User.RealmID, a.User.ID, a.User.Username)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return tx.CreatePerson(a.Person)
	}
	if err != nil {
		return err
	}
	if old, err = tx.LockUser(old.RealmID, old.ID); err != nil {
		return err
	}
	changed := old.Clone()
	if err := a.says.Apply(changed); err != nil {
		return err
	}
	if a.User.ServiceAccountClientID != "" {
		changed.ServiceAccountClientID = a.User.ServiceAccountClientID
	}
	if a.says.RequiredActions == nil { // what a temporary password asks for
		for _, alias := range a.User.RequiredActions {
			changed.AddRequiredAction(alias)
		}
	} else {
		changed.RequiredActions = a.User.RequiredActions
	}
	moved := latchkey.CanonicalAddress(changed.Email) != latchkey.CanonicalAddress(old.Email)
	if moved && a.says.EmailVerified == nil || changed.Email == "" {
		changed.EmailVerified = false
	}
	if moved {
		if err := user.VoidLinks(tx, old); err != nil {
			return err
		}
	}
	if old.Enabled && !changed.Enabled {
		if err := user.Disable(tx, snap, old); err != nil {
			return err
		}
	}
	p := latchkey.Person{User: changed, Groups: a.Groups, Consents: a.Consents, Credentials: slices.Clone(a.Credentials)}
	if a.FederatedIdentities != nil {
		p.FederatedIdentities = []*latchkey.FederatedIdentity{}
	}
	for _, f := range a.FederatedIdentities {
		p.FederatedIdentities = append(p.FederatedIdentities, new(*f))
	}
	for i, c := range p.Credentials {
		own := *c
		p.Credentials[i] = &own
	}
	if p.Roles, err = rolesOf(tx, snap, changed, a); err != nil {
		return err
	}
	return tx.ReplacePerson(&p)
}

// rolesOf gives the roles that the person has from now on. Those of the realm
// and those of clients are said apart, and those that are not said stay; nil
// says that all do.
func rolesOf(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User, a *account) ([]string, error) {
	if a.says.RealmRoles == nil && a.says.ClientRoles == nil || a.says.RealmRoles != nil && a.says.ClientRoles != nil {
		return a.Roles, nil
	}
	there, err := tx.UserRoles(u.RealmID, u.ID)
	if err != nil {
		return nil, err
	}
	roles := slices.Clone(a.Roles)
	for _, id := range there {
		r := snap.Role(id)
		if r != nil && (r.ClientID == "") == (a.says.RealmRoles == nil) {
			roles = append(roles, id)
		}
	}
	return roles, nil
}
