package realm

import (
	"maps"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

// ShowClient shows a client with its secret, and with the secrets among its
// attributes that are kept sealed.
func ShowClient(snap *latchkey.Snapshot, c *latchkey.Client) representation.Client {
	r := representation.ClientOf(snap, c)
	r.Attributes = unhide(r.Attributes, c.Kept, keptAttributes)
	return r
}

// CreateClient makes a client as [NewClient] does, with the account that it
// signs in as where it has one. Where nothing is said of its web origins they
// are those of its redirect URIs. The caller has bumped the realm. A clientId or an id that is taken is
// [latchkey.CodeConflict].
func CreateClient(tx *store.Tx, snap *latchkey.Snapshot, rep *representation.Client) (*latchkey.Client, error) {
	if err := checkSigning(rep, nil); err != nil {
		return nil, err
	}
	c, err := newClient(snap, tx.Now(), rep)
	if err != nil {
		return nil, err
	}
	if rep.WebOrigins == nil {
		c.WebOrigins = originsOf(c.RedirectURIs)
	}
	if err := checkChange(snap, nil, c); err != nil {
		return nil, err
	}
	hide(c.Attributes, &c.Kept, keptAttributes)
	if c.ServiceAccountsEnabled {
		addAccountScope(snap, c)
	}
	if err := tx.CreateClient(c); err != nil {
		return nil, err
	}
	if c.ServiceAccountsEnabled {
		return c, addAccount(tx, snap, c)
	}
	return c, nil
}

// ChangeClient changes a client of the snapshot by what is given, and with it
// the account that it signs in as: there is one where service accounts are
// enabled, and it is called by the clientId. The caller has bumped the realm.
func ChangeClient(tx *store.Tx, snap *latchkey.Snapshot, before *latchkey.Client, rep *representation.Client) (*latchkey.Client, error) {
	c := *before
	c.Attributes = unhide(c.Attributes, c.Kept, keptAttributes)
	c.Kept = maps.Clone(c.Kept)
	delete(c.Kept, keptAttributes)
	given := *rep
	given.Attributes = maps.Clone(rep.Attributes)
	maps.DeleteFunc(given.Attributes, func(_, value string) bool { return representation.IsMasked(value) }) // unchanged
	if err := checkSigning(&given, before); err != nil {
		return nil, err
	}
	if err := given.Apply(&c, snap); err != nil {
		return nil, err
	}
	if err := checkChange(snap, before, &c); err != nil {
		return nil, err
	}
	hide(c.Attributes, &c.Kept, keptAttributes)
	if c.ServiceAccountsEnabled && !before.ServiceAccountsEnabled {
		addAccountScope(snap, &c)
	}
	ownSecret(&c, tx.Now())
	if err := tx.UpdateClient(&c); err != nil {
		return nil, err
	}
	return &c, changeAccount(tx, snap, before, &c)
}

func changeAccount(tx *store.Tx, snap *latchkey.Snapshot, before, c *latchkey.Client) error {
	if !c.ServiceAccountsEnabled && !before.ServiceAccountsEnabled {
		return nil
	}
	account, err := tx.ServiceAccountUser(c.RealmID, c.ID)
	missing := latchkey.ErrorCode(err) == latchkey.CodeNotFound
	switch {
	case err != nil && !missing:
		return err
	case missing && c.ServiceAccountsEnabled:
		return addAccount(tx, snap, c)
	case missing:
		return nil
	case !c.ServiceAccountsEnabled:
		return user.Delete(tx, snap, account)
	case c.ClientID != before.ClientID:
		renamed := account.Clone()
		renamed.Username = accountName(c)
		return tx.UpdateUser(renamed)
	}
	return nil
}

// EnsureAccount gives the account that the client signs in as, and makes it
// where an import left it out.
func EnsureAccount(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.Client) (*latchkey.User, error) {
	account, err := tx.ServiceAccountUser(c.RealmID, c.ID)
	if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return account, err
	}
	if err := addAccount(tx, snap, c); err != nil {
		return nil, err
	}
	return tx.ServiceAccountUser(c.RealmID, c.ID)
}

func addAccount(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.Client) error {
	return user.Create(tx, snap, NewServiceAccount(c, tx.Now()))
}

func accountName(c *latchkey.Client) string { return "service-account-" + strings.ToLower(c.ClientID) }

// addAccountScope gives the client the scope that tells in its tokens which
// client they are of.
func addAccountScope(snap *latchkey.Snapshot, c *latchkey.Client) {
	s := snap.ScopeByName(scopeServiceAccount)
	if s != nil && !slices.Contains(c.OptionalClientScopes, s.ID) {
		c.DefaultClientScopes = union(slices.Clone(c.DefaultClientScopes), []string{s.ID})
	}
}

// DeleteClient deletes a client of the snapshot with its roles, its account and
// all that is out for it: parts of sessions, refresh tokens, codes, consents. An
// access token of it is refused from then on. Whatever names its roles names
// them no more. The caller has bumped the realm.
func DeleteClient(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.Client) error {
	var roles []*latchkey.Role
	for _, r := range snap.Roles {
		if r.ClientID == c.ID {
			roles = append(roles, r)
		}
	}
	if err := deleteRoles(tx, snap, roles, c); err != nil {
		return err
	}
	if account, err := tx.ServiceAccountUser(c.RealmID, c.ID); err == nil {
		if err := user.Delete(tx, snap, account); err != nil {
			return err
		}
	} else if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return err
	}
	return tx.DeleteClient(c.RealmID, c.ID)
}

// DeleteScope deletes a client scope of the snapshot, and takes it from the
// clients that have it and from those that new clients get. The caller has
// bumped the realm.
func DeleteScope(tx *store.Tx, snap *latchkey.Snapshot, s *latchkey.ClientScope) error {
	for _, c := range snap.Clients {
		if !slices.Contains(c.DefaultClientScopes, s.ID) && !slices.Contains(c.OptionalClientScopes, s.ID) {
			continue
		}
		changed := *c
		changed.DefaultClientScopes, changed.OptionalClientScopes = without(c.DefaultClientScopes, s.ID), without(c.OptionalClientScopes, s.ID)
		if err := tx.UpdateClient(&changed); err != nil {
			return err
		}
	}
	r := snap.Realm
	if slices.Contains(r.DefaultDefaultClientScopes, s.ID) || slices.Contains(r.DefaultOptionalClientScopes, s.ID) {
		changed := *r
		changed.DefaultDefaultClientScopes = without(r.DefaultDefaultClientScopes, s.ID)
		changed.DefaultOptionalClientScopes = without(r.DefaultOptionalClientScopes, s.ID)
		if err := tx.UpdateRealm(&changed); err != nil {
			return err
		}
	}
	return tx.DeleteClientScope(s.RealmID, s.ID)
}
