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
	id := snap.Realm.ID
	if err := tx.DeleteRole(id, role.ID); err != nil {
		return err
	}
	for _, r := range snap.Roles {
		if r.ID != role.ID && slices.Contains(r.Composites, role.ID) {
			changed := *r
			changed.Composites = without(r.Composites, role.ID)
			if err := tx.UpdateRole(&changed); err != nil {
				return err
			}
		}
	}
	for _, c := range snap.Clients {
		if slices.Contains(c.ScopeMappings, role.ID) {
			changed := *c
			changed.ScopeMappings = without(c.ScopeMappings, role.ID)
			if err := tx.UpdateClient(&changed); err != nil {
				return err
			}
		}
	}
	for _, s := range snap.Scopes {
		if slices.Contains(s.ScopeMappings, role.ID) {
			changed := *s
			changed.ScopeMappings = without(s.ScopeMappings, role.ID)
			if err := tx.UpdateClientScope(&changed); err != nil {
				return err
			}
		}
	}
	return takeFromGroups(tx, id, role.ID)
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
