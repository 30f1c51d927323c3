package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// What Keycloak says where there is no such group.
const (
	noGroup       = "Could not find group by id"
	noChild       = "Could not find child by id"
	namelessGroup = "Group name is missing"
)

// resourceGroup is the type of groups in admin events.
const resourceGroup = "GROUP"

func (d *Door) groupRoutes() []route {
	search := []param{{"search", text, "a part of the name, or all of it with exact"}}
	exact := []param{{"exact", flag, "the name is whole"}}
	brief := []param{{"briefRepresentation", flag, "without attributes and roles"}}
	count := []param{{"subGroupsCount", flag, "with how many are right below each; the default"}}
	return slices.Concat([]route{
		{method: "GET", path: "/groups", may: mayQueryGroups, act: d.groups, summary: "List the groups at the top, or search those of all levels",
			query: with(search, exact, []param{{"q", text, "attributes: name:value name2:value2"},
				{"populateHierarchy", flag, "what is found, below the groups above it; the default"}}, brief, count, paging), gives: []representation.Group{}},
		{method: "POST", path: "/groups", may: mayManageUsers, act: d.createGroup, status: http.StatusCreated,
			summary: "Create a group at the top, or move the one with the id there", body: representation.Group{}},
		{method: "GET", path: "/groups/count", may: mayQueryGroups, act: d.countGroups, summary: "Count groups",
			query: with(search, []param{{"top", flag, "those at the top only"}}), gives: map[string]int{}},
		{method: "GET", path: "/groups/{id}", may: mayViewGroups, act: d.group, summary: "Read a group", gives: representation.Group{}},
		{method: "PUT", path: "/groups/{id}", may: mayManageUsers, act: d.updateGroup, summary: "Change a group: what is given",
			body: representation.Group{}},
		{method: "DELETE", path: "/groups/{id}", may: mayManageUsers, act: d.deleteGroup, summary: "Delete a group with all below it"},
		{method: "GET", path: "/groups/{id}/children", may: mayViewGroups, act: d.childGroups, summary: "List the groups right below a group",
			query: with(search, exact, brief, count, paging), gives: []representation.Group{}},
		{method: "POST", path: "/groups/{id}/children", may: mayManageUsers, act: d.createChild, status: http.StatusCreated,
			summary: "Create a group below a group, or move the one with the id there", body: representation.Group{}, gives: representation.Group{}},
		{method: "GET", path: "/groups/{id}/members", may: mayViewUsers, act: d.groupMembers, summary: "List the users in a group",
			query: with(paging, brief, []param{{"includeSubGroups", flag, "those who are in a group below it, too; not in Keycloak"}}), gives: []representation.User{}},
		noFeature("GET", "/groups/{id}/management/permissions", mayViewGroups),
		noFeature("PUT", "/groups/{id}/management/permissions", mayManageUsers),
		{method: "GET", path: "/group-by-path/{path...}", may: mayViewGroups, act: d.groupByPath, summary: "Read a group by its path",
			gives: representation.Group{}},
	}, d.defaultGroupRoutes())
}

// shownGroup shows a group in its place.
func shownGroup(snap *latchkey.Snapshot, m *latchkey.Membership, brief bool) representation.Group {
	path := representation.GroupPath(m)
	if brief {
		return representation.BriefGroupOf(m.Group, path)
	}
	r := representation.GroupOf(snap, m.Group, path)
	if m.Group.ParentID != "" {
		r.ParentID = new(m.Group.ParentID)
	}
	return r
}

// groupAccess says what the caller may do with groups.
func (c *call) groupAccess() map[string]bool {
	manage := c.may(mayManageUsers...)
	return map[string]bool{"view": c.may(mayViewGroups...), "viewMembers": c.may(mayViewUsers...), "manage": manage,
		"manageMembers": manage, "manageMembership": manage}
}

func (d *Door) group(c *call) error {
	var out representation.Group
	err := c.view(func(tx *store.Tx) error {
		m, err := tx.GroupPlace(c.snap.Realm.ID, c.path("id"))
		if err != nil {
			return notFound(err, noGroup)
		}
		below, err := tx.SubGroupCounts(m.Group.RealmID, []string{m.Group.ID})
		out = shownGroup(c.snap, m, false)
		out.SubGroupCount, out.Access = new(below[m.Group.ID]), c.groupAccess()
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) groupByPath(c *call) error {
	var out representation.Group
	err := c.view(func(tx *store.Tx) error {
		m, err := tx.GroupByPath(c.snap.Realm.ID, c.path("path"))
		if err != nil {
			return notFound(err, "Group path does not exist")
		}
		out = shownGroup(c.snap, m, false)
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) groupMembers(c *call) error {
	first, limit, err := c.page(defaultMembers)
	if err != nil {
		return err
	}
	var out []representation.User
	err = c.view(func(tx *store.Tx) error {
		if _, err := tx.Group(c.snap.Realm.ID, c.path("id")); err != nil {
			return notFound(err, noGroup)
		}
		members := tx.GroupMembers
		if c.flag("includeSubGroups", false) {
			members = tx.MembersBelow
		}
		list, err := members(c.snap.Realm.ID, c.path("id"), first, limit)
		if err != nil {
			return err
		}
		out, err = c.members(tx, list)
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// readGroup reads a group that is to be made or changed.
func (c *call) readGroup() (*representation.Group, error) {
	body := &representation.Group{}
	if err := c.read(body); err != nil {
		return nil, err
	}
	if strings.TrimSpace(representation.Value(body.Name)) == "" {
		return nil, tellError(http.StatusBadRequest, namelessGroup)
	}
	return body, nil
}

func topTaken(err error, body *representation.Group) error {
	return conflict(err, "Top level group named '"+*body.Name+"' already exists.")
}

func siblingTaken(err error, body *representation.Group) error {
	return conflict(err, "Sibling group named '"+*body.Name+"' already exists.")
}

func (d *Door) updateGroup(c *call) error {
	body, err := c.readGroup()
	if err != nil {
		return err
	}
	err = c.update(func(tx *store.Tx) error {
		g, err := tx.LockGroup(c.snap.Realm.ID, c.path("id"))
		if err != nil {
			return notFound(err, noGroup)
		}
		if err := body.Apply(g); err != nil {
			return err
		}
		if err := tx.UpdateGroup(g); err != nil {
			return siblingTaken(err, body)
		}
		return c.record(tx, act{operationUpdate, resourceGroup, "groups/" + g.ID, body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// deleteGroup deletes a group, also from the realm's default groups.
func (d *Door) deleteGroup(c *call) error {
	id := c.path("id")
	remove := func(tx *store.Tx, snap *latchkey.Snapshot) error {
		gone, err := tx.DeleteGroup(snap.Realm.ID, id)
		if err != nil {
			return notFound(err, noGroup)
		}
		if slices.ContainsFunc(snap.Realm.DefaultGroups, func(g string) bool { return slices.Contains(gone, g) }) {
			changed := *snap.Realm
			changed.DefaultGroups = changedList(snap.Realm.DefaultGroups, nil, gone)
			if err := tx.UpdateRealm(&changed); err != nil {
				return err
			}
		}
		return c.record(tx, act{operationDelete, resourceGroup, "groups/" + id, nil})
	}
	var err error
	if len(c.snap.Realm.DefaultGroups) > 0 {
		err = c.edit(remove)
	} else { // which spares everybody to read the realm anew
		err = c.update(func(tx *store.Tx) error { return remove(tx, c.snap) })
	}
	if err != nil {
		return err
	}
	return c.done()
}
