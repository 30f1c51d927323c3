package realm

import (
	"slices"

	"latchkey"
	"latchkey/internal/store"
)

// DeleteRole deletes a role of the snapshot, and takes it out of everything
// that names it: users, groups, roles that are composed of it, and the scope
// mappings of clients and client scopes. The caller has bumped the realm.
func DeleteRole(tx *store.Tx, snap *latchkey.Snapshot, role *latchkey.Role) error {
	return deleteRoles(tx, snap, []*latchkey.Role{role}, nil)
}

// deleteRoles is DeleteRole for several; those of a client that goes, too, are
// left to its deletion once nothing names them.
func deleteRoles(tx *store.Tx, snap *latchkey.Snapshot, roles []*latchkey.Role, going *latchkey.Client) error {
	id := snap.Realm.ID
	gone := map[string]bool{}
	for _, r := range roles {
		gone[r.ID] = true
	}
	names := func(ids []string) bool { return slices.ContainsFunc(ids, func(id string) bool { return gone[id] }) }
	rest := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return gone[id] })
	}
	for _, r := range snap.Roles {
		if !gone[r.ID] && names(r.Composites) {
			changed := *r
			changed.Composites = rest(r.Composites)
			if err := tx.UpdateRole(&changed); err != nil {
				return err
			}
		}
	}
	for _, c := range snap.Clients {
		if c != going && names(c.ScopeMappings) {
			changed := *c
			changed.ScopeMappings = rest(c.ScopeMappings)
			if err := tx.UpdateClient(&changed); err != nil {
				return err
			}
		}
	}
	for _, s := range snap.Scopes {
		if names(s.ScopeMappings) {
			changed := *s
			changed.ScopeMappings = rest(s.ScopeMappings)
			if err := tx.UpdateClientScope(&changed); err != nil {
				return err
			}
		}
	}
	for _, r := range roles {
		if err := takeFromGroups(tx, id, r.ID); err != nil {
			return err
		}
		if going == nil {
			if err := tx.DeleteRole(id, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// groupsAtOnce is how many groups a role is taken from between two looks for
// further ones.
const groupsAtOnce = 100

func takeFromGroups(tx *store.Tx, realmID, roleID string) error {
	for {
		list, err := tx.Groups(realmID, store.GroupFilter{Role: roleID, Max: groupsAtOnce})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, m := range list {
			g, err := tx.LockGroup(realmID, m.Group.ID)
			if latchkey.ErrorCode(err) == latchkey.CodeNotFound { // gone meanwhile
				continue
			}
			if err != nil {
				return err
			}
			g.Roles = without(g.Roles, roleID)
			if err := tx.UpdateGroup(g); err != nil {
				return err
			}
		}
	}
}

// without is the list without one of its values.
func without(list []string, value string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return v == value })
}
