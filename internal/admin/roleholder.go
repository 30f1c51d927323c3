package admin

import (
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/store"
)

// writable says whether a transaction of the call is to change what it reads:
// then it is locked.
func (c *call) writable() bool { return c.r.Method != http.MethodGet }

// amongExpanded says of a role whether it is one of those with the ids or of
// what they are composed of.
func amongExpanded(snap *latchkey.Snapshot, ids []string) func(*latchkey.Role) bool {
	has := map[string]bool{}
	for _, r := range snap.ExpandRoles(ids) {
		has[r.ID] = true
	}
	return func(r *latchkey.Role) bool { return has[r.ID] }
}

func userHolder(c *call, tx *store.Tx, snap *latchkey.Snapshot) (*roleHolder, error) {
	find := c.person
	if c.writable() {
		find = c.lockPerson
	}
	u, err := find(tx)
	if err != nil {
		return nil, err
	}
	held, err := tx.Holdings(u.RealmID, u.ID)
	if err != nil {
		return nil, err
	}
	return &roleHolder{
		path: "users/" + u.ID + "/role-mappings", direct: held.Roles, effective: amongExpanded(snap, held.RoleIDs()),
		change: func(tx *store.Tx, given, taken []string) error {
			for _, id := range given {
				if err := tx.AddUserRole(u.RealmID, u.ID, id); err != nil {
					return err
				}
			}
			for _, id := range taken {
				if err := tx.RemoveUserRole(u.RealmID, u.ID, id); err != nil {
					return err
				}
			}
			return nil
		},
	}, nil
}

func groupHolder(c *call, tx *store.Tx, snap *latchkey.Snapshot) (*roleHolder, error) {
	realmID, id := snap.Realm.ID, c.path("id")
	if c.writable() {
		if _, err := tx.LockGroup(realmID, id); err != nil {
			return nil, notFound(err, noGroup)
		}
	}
	m, err := tx.GroupPlace(realmID, id)
	if err != nil {
		return nil, notFound(err, noGroup)
	}
	has := (&latchkey.Holdings{Memberships: []*latchkey.Membership{m}}).RoleIDs()
	return &roleHolder{
		path: "groups/" + id + "/role-mappings", direct: m.Group.Roles, effective: amongExpanded(snap, has),
		change: func(tx *store.Tx, given, taken []string) error {
			changed := *m.Group
			changed.Roles = changedList(changed.Roles, given, taken)
			return tx.UpdateGroup(&changed)
		},
	}, nil
}

func clientHolder(c *call, _ *store.Tx, snap *latchkey.Snapshot) (*roleHolder, error) {
	client := snap.ClientByID(c.path("id"))
	if client == nil {
		return nil, answerError(http.StatusNotFound, "Could not find client")
	}
	ids := slices.Clone(client.ScopeMappings)
	for _, r := range rolesOf(snap, client.ID) {
		ids = append(ids, r.ID)
	}
	effective := amongExpanded(snap, ids)
	if client.FullScopeAllowed {
		effective = func(*latchkey.Role) bool { return true }
	}
	return &roleHolder{
		path: "clients/" + client.ID + "/scope-mappings", direct: client.ScopeMappings, effective: effective, own: client.ID,
		change: func(tx *store.Tx, given, taken []string) error {
			changed := *client
			changed.ScopeMappings = changedList(client.ScopeMappings, given, taken)
			return tx.UpdateClient(&changed)
		},
	}, nil
}

func scopeHolder(c *call, _ *store.Tx, snap *latchkey.Snapshot) (*roleHolder, error) {
	scope := snap.Scope(c.path("id"))
	if scope == nil {
		return nil, answerError(http.StatusNotFound, "Could not find client scope")
	}
	return &roleHolder{
		path: "client-scopes/" + scope.ID + "/scope-mappings", direct: scope.ScopeMappings, effective: amongExpanded(snap, scope.ScopeMappings),
		change: func(tx *store.Tx, given, taken []string) error {
			changed := *scope
			changed.ScopeMappings = changedList(scope.ScopeMappings, given, taken)
			return tx.UpdateClientScope(&changed)
		},
	}, nil
}

// changedList is a new list with the given values, each once, and without
// those that are taken.
func changedList(list, given, taken []string) []string {
	out := []string{}
	for _, v := range slices.Concat(list, given) {
		if !slices.Contains(taken, v) && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
