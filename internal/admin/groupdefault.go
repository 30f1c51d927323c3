package admin

import (
	"slices"

	"latchkey"

	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// defaultGroupRoutes are the routes of the groups that new users are put into.
func (d *Door) defaultGroupRoutes() []route {
	return []route{
		{method: "GET", path: "/default-groups", may: mayViewRealm, act: d.defaultGroups, summary: "List the groups that new users are put into",
			gives: []representation.Group{}},
		{method: "PUT", path: "/default-groups/{group}", may: mayManageRealm, act: d.addDefaultGroup, summary: "Put new users into a group"},
		{method: "DELETE", path: "/default-groups/{group}", may: mayManageRealm, act: d.removeDefaultGroup, summary: "No longer put new users into a group"},
	}
}

func (d *Door) defaultGroups(c *call) error {
	out := []representation.Group{}
	err := c.view(func(tx *store.Tx) error {
		list, err := tx.GroupPlaces(c.snap.Realm.ID, c.snap.Realm.DefaultGroups)
		out = out[:0]
		for _, m := range list {
			out = append(out, shownGroup(c.snap, m, true))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) addDefaultGroup(c *call) error {
	return c.changeDefaultGroups(operationCreate, func(list []string, id string) []string { return changedList(list, []string{id}, nil) })
}

func (d *Door) removeDefaultGroup(c *call) error {
	return c.changeDefaultGroups(operationDelete, func(list []string, id string) []string { return changedList(list, nil, []string{id}) })
}

// changeDefaultGroups changes the list. Who adds a group gives its roles to
// everybody to come.
func (c *call) changeDefaultGroups(operation string, change func(list []string, id string) []string) error {
	id := c.path("group")
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		m, err := tx.GroupPlace(snap.Realm.ID, id)
		if err != nil {
			return notFound(err, "Group not found")
		}
		if operation == operationCreate {
			if err := c.mayJoin(snap, m); err != nil {
				return err
			}
		}
		changed := *snap.Realm
		changed.DefaultGroups = change(snap.Realm.DefaultGroups, id)
		if !slices.Equal(changed.DefaultGroups, snap.Realm.DefaultGroups) {
			if err := tx.UpdateRealm(&changed); err != nil {
				return err
			}
		}
		return c.record(tx, act{operation, resourceGroup, "default-groups/" + id, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
