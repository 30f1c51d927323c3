package admin

import (
	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// defaultMembers is how many users, of a role or a group, a list has when the
// call does not say.
const defaultMembers = 100

// members shows users in the list of a role or a group.
func (c *call) members(tx *store.Tx, list []*latchkey.User) ([]representation.User, error) {
	brief := c.flag("briefRepresentation", false)
	out := make([]representation.User, 0, len(list))
	for _, u := range list {
		out = append(out, c.shown(u, brief))
	}
	if brief {
		return out, nil
	}
	return out, withOTP(tx, c.snap.Realm.ID, out)
}

// roleUsers lists the users that were given a role themselves: not those who
// have it by a group or by another role.
func (d *Door) roleUsers(c *call) error {
	first, limit, err := c.page(defaultMembers)
	if err != nil {
		return err
	}
	role, err := c.roleToView()
	if err != nil {
		return err
	}
	if err := c.need(mayViewUsers...); err != nil {
		return err
	}
	var out []representation.User
	err = c.view(func(tx *store.Tx) error {
		list, err := tx.RoleUsers(c.snap.Realm.ID, role.ID, first, limit)
		if err != nil {
			return err
		}
		out, err = c.members(tx, list)
		for i := range out {
			out[i].Access = map[string]bool{"manage": c.may(mayManageUsers...)}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// roleGroups lists the groups that were given a role themselves.
func (d *Door) roleGroups(c *call) error {
	first, limit, err := c.page(defaultMembers)
	if err != nil {
		return err
	}
	role, err := c.roleToView()
	if err != nil {
		return err
	}
	if err := c.need(mayViewGroups...); err != nil {
		return err
	}
	out := []representation.Group{}
	err = c.view(func(tx *store.Tx) error {
		out = out[:0]
		if limit == 0 {
			return nil
		}
		list, err := tx.Groups(c.snap.Realm.ID, store.GroupFilter{Role: role.ID, First: first, Max: limit})
		for _, m := range list {
			out = append(out, shownGroup(c.snap, m, c.flag("briefRepresentation", true)))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}
