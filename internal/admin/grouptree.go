package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// defaultChildren is how many groups below a group a list has when the call
// does not say.
const defaultChildren = 10

// groups lists the groups at the top, or what is found on all levels. Who may
// only list sees none, as in Keycloak without fine-grained permissions.
func (d *Door) groups(c *call) error {
	f := store.GroupFilter{Search: strings.TrimSpace(c.text("search")), Exact: c.flag("exact", false), Attributes: pairs(c.text("q"))}
	if c.query.Has("q") { // and then, as in Keycloak, the name is not looked at
		f.Search = ""
	}
	f.Level = f.Search == "" && len(f.Attributes) == 0
	list, counts, err := c.findGroups(f, everything)
	if err != nil {
		return err
	}
	brief := c.flag("briefRepresentation", true)
	if c.flag("populateHierarchy", true) {
		return c.answer(c.hierarchy(list, counts, brief))
	}
	return c.answer(c.flat(list, counts, brief))
}

// findGroups gives a page of groups, and how many are right below each, and
// below those above them, when the request asks for that.
func (c *call) findGroups(f store.GroupFilter, most int) (list []*latchkey.Membership, counts map[string]int, err error) {
	if f.First, f.Max, err = c.page(most); err != nil {
		return nil, nil, err
	}
	if f.Max == 0 || !c.may(mayViewGroups...) {
		return nil, nil, nil
	}
	err = c.view(func(tx *store.Tx) (err error) {
		if list, err = tx.Groups(c.snap.Realm.ID, f); err != nil || !c.flag("subGroupsCount", true) {
			return err
		}
		seen := map[string]bool{}
		var ids []string
		for _, m := range list {
			for _, g := range append([]*latchkey.Group{m.Group}, m.Above...) {
				if !seen[g.ID] {
					seen[g.ID], ids = true, append(ids, g.ID)
				}
			}
		}
		counts, err = tx.SubGroupCounts(c.snap.Realm.ID, ids)
		return err
	})
	return list, counts, err
}

// listed shows a group in a list; counts is nil where they are not asked for.
func (c *call) listed(m *latchkey.Membership, counts map[string]int, brief bool) representation.Group {
	r := shownGroup(c.snap, m, brief)
	if counts != nil {
		r.SubGroupCount = new(counts[m.Group.ID])
	}
	r.Access = c.groupAccess()
	return r
}

func (c *call) flat(list []*latchkey.Membership, counts map[string]int, brief bool) []representation.Group {
	out := make([]representation.Group, 0, len(list))
	for _, m := range list {
		out = append(out, c.listed(m, counts, brief))
	}
	return out
}

// hierarchy shows groups below those above them, those at the top by name.
func (c *call) hierarchy(list []*latchkey.Membership, counts map[string]int, brief bool) []representation.Group {
	places, children, top := map[string]*latchkey.Membership{}, map[string][]string{}, []string{}
	for _, m := range list {
		for at := m; at != nil && places[at.Group.ID] == nil; {
			g := at.Group
			places[g.ID] = at
			if len(at.Above) == 0 {
				top = append(top, g.ID)
				break
			}
			children[g.ParentID] = append(children[g.ParentID], g.ID)
			at = &latchkey.Membership{Group: at.Above[0], Above: at.Above[1:]}
		}
	}
	slices.SortStableFunc(top, func(a, b string) int { return strings.Compare(places[a].Group.Name, places[b].Group.Name) })
	var show func(ids []string) []representation.Group
	show = func(ids []string) []representation.Group {
		out := make([]representation.Group, 0, len(ids))
		for _, id := range ids {
			r := c.listed(places[id], counts, brief)
			r.SubGroups = show(children[id])
			out = append(out, r)
		}
		return out
	}
	return show(top)
}

func (d *Door) countGroups(c *call) error {
	f := store.GroupFilter{Search: strings.TrimSpace(c.text("search"))}
	f.Level = f.Search == "" && c.flag("top", false)
	n := 0
	err := c.view(func(tx *store.Tx) (err error) {
		n, err = tx.CountGroups(c.snap.Realm.ID, f)
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(map[string]int{"count": n})
}

func (d *Door) childGroups(c *call) error {
	err := c.view(func(tx *store.Tx) error {
		_, err := tx.Group(c.snap.Realm.ID, c.path("id"))
		return notFound(err, noGroup)
	})
	if err != nil {
		return err
	}
	f := store.GroupFilter{Level: true, Parent: c.path("id"), Search: strings.TrimSpace(c.text("search")), Exact: c.flag("exact", false)}
	list, counts, err := c.findGroups(f, defaultChildren)
	if err != nil {
		return err
	}
	return c.answer(c.flat(list, counts, c.flag("briefRepresentation", false)))
}

// createGroup makes a group at the top; one that has an id already moves there.
func (d *Door) createGroup(c *call) error {
	body, err := c.readGroup()
	if err != nil {
		return err
	}
	if id := representation.Value(body.ID); id != "" {
		err := c.update(func(tx *store.Tx) error {
			if err := tx.MoveGroup(c.snap.Realm.ID, id, ""); err != nil {
				return topTaken(notFound(err, noChild), body)
			}
			return c.record(tx, act{operationUpdate, resourceGroup, "groups", body})
		})
		if err != nil {
			return err
		}
		return c.done()
	}
	var id string
	err = c.update(func(tx *store.Tx) error {
		g, err := c.newGroup(tx, body, "")
		if err != nil {
			return topTaken(err, body)
		}
		id = g.ID
		return c.record(tx, act{operationCreate, resourceGroup, "groups/" + id, body})
	})
	if err != nil {
		return err
	}
	return c.created("groups", id)
}

func (c *call) newGroup(tx *store.Tx, body *representation.Group, parentID string) (*latchkey.Group, error) {
	g := &latchkey.Group{RealmID: c.snap.Realm.ID, ParentID: parentID}
	if err := body.Apply(g); err != nil {
		return nil, err
	}
	return g, tx.CreateGroup(g)
}

// createChild makes a group below another; one that has an id already moves
// there with all that is below it.
func (d *Door) createChild(c *call) error {
	body, err := c.readGroup()
	if err != nil {
		return err
	}
	parent, id := c.path("id"), representation.Value(body.ID)
	moves := id != ""
	var out representation.Group
	err = c.update(func(tx *store.Tx) error {
		if _, err := tx.Group(c.snap.Realm.ID, parent); err != nil {
			return notFound(err, noGroup)
		}
		operation, made := operationCreate, id
		if moves {
			operation = operationUpdate
			if err := c.moveGroup(tx, id, parent); err != nil {
				return siblingTaken(err, body)
			}
		} else {
			g, err := c.newGroup(tx, body, parent)
			if err != nil {
				return siblingTaken(notFound(err, noGroup), body)
			}
			made = g.ID
		}
		m, err := tx.GroupPlace(c.snap.Realm.ID, made)
		if err != nil {
			return err
		}
		out = shownGroup(c.snap, m, false)
		out.Access = c.groupAccess()
		return c.record(tx, act{operation, resourceGroup, "groups/" + parent + "/children", body})
	})
	if err != nil {
		return err
	}
	if moves {
		return c.done()
	}
	c.w.Header().Set("Location", c.address("groups", *out.ID))
	return web.WriteJSON(c.w, http.StatusCreated, out)
}

// moveGroup puts a group below another. Its members get the roles of those
// above it: the caller has to be allowed to give them.
func (c *call) moveGroup(tx *store.Tx, id, parent string) error {
	if err := tx.MoveGroup(c.snap.Realm.ID, id, parent); err != nil {
		return notFound(err, noChild)
	}
	m, err := tx.GroupPlace(c.snap.Realm.ID, parent)
	if err != nil {
		return notFound(err, noGroup)
	}
	return c.mayJoin(c.snap, m)
}
