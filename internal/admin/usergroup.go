package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func (d *Door) userGroupRoutes() []route {
	search := param{"search", text, "a part of the name"}
	return []route{
		{method: "GET", path: "/users/{id}/groups", may: mayQueryUsers, act: d.userGroups, summary: "List the groups that a user is in",
			query: with(paging, []param{search, {"briefRepresentation", flag, "without attributes and roles; the default"}}), gives: []representation.Group{}},
		{method: "GET", path: "/users/{id}/groups/count", may: mayQueryUsers, act: d.countUserGroups,
			summary: "Count the groups that a user is in", query: []param{search}, gives: map[string]int{}},
		{method: "PUT", path: "/users/{id}/groups/{group}", may: mayManageUsers, act: d.joinGroup, summary: "Put a user into a group"},
		{method: "DELETE", path: "/users/{id}/groups/{group}", may: mayManageUsers, act: d.leaveGroup, summary: "Take a user out of a group"},
	}
}

// memberships are the groups of the request's user that the query asks for.
func (c *call) memberships() (list []*latchkey.Membership, err error) {
	search := strings.ToLower(c.text("search"))
	err = c.view(func(tx *store.Tx) error {
		list = nil
		u, err := c.person(tx)
		if err != nil {
			return err
		}
		if err := c.need(mayViewUsers...); err != nil {
			return err
		}
		all, err := tx.UserGroups(u.RealmID, u.ID)
		for _, m := range all {
			if strings.Contains(strings.ToLower(m.Group.Name), search) {
				list = append(list, m)
			}
		}
		return err
	})
	return list, err
}

func (d *Door) userGroups(c *call) error {
	first, limit, err := c.page(everything)
	if err != nil {
		return err
	}
	list, err := c.memberships()
	if err != nil {
		return err
	}
	out := []representation.Group{}
	for _, m := range part(list, first, limit) {
		out = append(out, shownGroup(c.snap, m, c.flag("briefRepresentation", true)))
	}
	return c.answer(out)
}

func (d *Door) countUserGroups(c *call) error {
	list, err := c.memberships()
	if err != nil {
		return err
	}
	return c.answer(map[string]int{"count": len(list)})
}

// mayJoin refuses a group whose members have an administrative role that the
// caller lacks.
func (c *call) mayJoin(snap *latchkey.Snapshot, m *latchkey.Membership) error {
	roles := (&latchkey.Holdings{Memberships: []*latchkey.Membership{m}}).RoleIDs()
	if name := c.caller.exceeds(snap, roles); name != "" {
		return answerError(http.StatusForbidden, "The members of the group have the administrative role "+name+", which the caller lacks.")
	}
	return nil
}

func (d *Door) joinGroup(c *call) error { return c.changeMembership(true) }

func (d *Door) leaveGroup(c *call) error { return c.changeMembership(false) }

// changeMembership puts the request's user into the group, or takes them out.
// Nothing is recorded of what was so already.
func (c *call) changeMembership(joins bool) error {
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		m, err := tx.GroupPlace(u.RealmID, c.path("group"))
		if err != nil {
			return notFound(err, "Group not found")
		}
		change, operation := tx.LeaveGroup, operationDelete
		if joins {
			if err := c.mayJoin(c.snap, m); err != nil {
				return err
			}
			change, operation = tx.JoinGroup, operationCreate
		}
		own, err := tx.UserGroups(u.RealmID, u.ID)
		if err != nil || slices.ContainsFunc(own, func(o *latchkey.Membership) bool { return o.Group.ID == m.Group.ID }) == joins {
			return err
		}
		if err := change(u.RealmID, u.ID, m.Group.ID); err != nil {
			return err
		}
		return c.record(tx, act{operation, "GROUP_MEMBERSHIP", "users/" + u.ID + "/groups/" + m.Group.ID, shownGroup(c.snap, m, true)})
	})
	if err != nil {
		return err
	}
	return c.done()
}
