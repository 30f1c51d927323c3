package admin

import (
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// compositeRoutes are the routes of what a role is composed of. A role may be
// composed of one that is composed of it: then who has one of them has both.
func (d *Door) compositeRoutes(path, what string, view, manage []string) []route {
	return []route{
		{method: "GET", path: path, may: view, act: d.composites, summary: "List what " + what + " is composed of",
			query: with(paging, []param{{"search", text, "a part of the name or the description"}}), gives: []representation.Role{}},
		{method: "POST", path: path, may: manage, act: d.addComposites, summary: "Compose " + what + " of further roles", body: []representation.Role{}},
		{method: "DELETE", path: path, may: manage, act: d.removeComposites, summary: "Take roles out of " + what, body: []representation.Role{}},
		{method: "GET", path: path + "/realm", may: view, act: d.realmComposites, summary: "List the realm's roles that " + what + " is composed of",
			gives: []representation.Role{}},
		{method: "GET", path: path + "/clients/{client}", may: view, act: d.clientComposites,
			summary: "List the roles of one client that " + what + " is composed of", gives: []representation.Role{}},
	}
}

// mayGive refuses to give roles that are, or are composed of, administrative
// ones that the caller lacks.
func (c *call) mayGive(snap *latchkey.Snapshot, roleIDs ...string) error {
	if name := c.caller.exceeds(snap, roleIDs); name != "" {
		return answerError(http.StatusForbidden, "That gives the administrative role "+name+", which the caller lacks.")
	}
	return nil
}

// partsOf are the roles that a role is composed of, as they were added.
func partsOf(snap *latchkey.Snapshot, role *latchkey.Role) []*latchkey.Role {
	var out []*latchkey.Role
	for _, id := range role.Composites {
		if r := snap.Role(id); r != nil {
			out = append(out, r)
		}
	}
	return out
}

func (d *Door) composites(c *call) error {
	first, limit, err := c.page(everything)
	if err != nil {
		return err
	}
	role, err := c.roleToView()
	if err != nil {
		return err
	}
	found := searchedRoles(partsOf(c.snap, role), c.text("search"))
	return c.answer(shownRoles(c.snap, part(found, first, limit), true))
}

func (d *Door) realmComposites(c *call) error { return d.compositesOf(c, "") }

func (d *Door) clientComposites(c *call) error { return d.compositesOf(c, c.path("client")) }

// compositesOf lists the realm's, or one client's.
func (d *Door) compositesOf(c *call, clientID string) error {
	role, err := c.roleToView()
	if err != nil {
		return err
	}
	if clientID != "" && c.snap.ClientByID(clientID) == nil {
		return answerError(http.StatusNotFound, "Could not find client")
	}
	var out []*latchkey.Role
	for _, r := range partsOf(c.snap, role) {
		if r.ClientID == clientID {
			out = append(out, r)
		}
	}
	return c.answer(shownRoles(c.snap, out, true))
}

func (d *Door) addComposites(c *call) error { return c.changeComposites(true) }

func (d *Door) removeComposites(c *call) error { return c.changeComposites(false) }

// changeComposites adds the roles that are sent to what a role is composed of,
// or takes them out.
func (c *call) changeComposites(add bool) error {
	var body []representation.Role
	if err := c.read(&body); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		role, path, err := c.roleToManage(snap)
		if err != nil {
			return err
		}
		changed := *role
		changed.Composites = slices.Clone(role.Composites)
		for i := range body {
			part := snap.Role(representation.Value(body[i].ID))
			if part == nil {
				return answerError(http.StatusNotFound, "Could not find composite role")
			}
			at := slices.Index(changed.Composites, part.ID)
			switch {
			case !add && at >= 0:
				changed.Composites = slices.Delete(changed.Composites, at, at+1)
			case add && at < 0:
				if err := c.mayGive(snap, part.ID); err != nil {
					return err
				}
				changed.Composites = append(changed.Composites, part.ID)
			}
		}
		if err := tx.UpdateRole(&changed); err != nil {
			return err
		}
		operation := operationDelete
		if add {
			operation = operationCreate
		}
		return c.record(tx, act{operation, roleResource(role.ClientID), path + "/composites", body})
	})
	if err != nil {
		return err
	}
	return c.done()
}
