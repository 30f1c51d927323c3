package admin

import (
	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func (d *Door) realmRoutes() []route {
	return []route{
		{method: "GET", path: "/admin/realms", anybody: true, act: d.realms, summary: "List the realms that the caller may see",
			query: []param{{"briefRepresentation", flag, "names and states only"}}, gives: []representation.Realm{}},
		{method: "GET", path: "", act: d.realm, summary: "Read a realm's settings", gives: representation.Realm{}},
		{method: "PUT", path: "", may: mayManageRealm, act: d.updateRealm, summary: "Change a realm's settings: those that are given",
			body: representation.Realm{}},
	}
}

// realms lists the realms of which the caller sees something: all of it, or
// their names, by what the caller may there.
func (d *Door) realms(c *call) error {
	var names []string
	err := c.view(func(tx *store.Tx) error {
		all, err := tx.Realms()
		for _, r := range all {
			names = append(names, r.Name)
		}
		return err
	})
	if err != nil {
		return err
	}
	out := []*representation.Realm{}
	for _, name := range names {
		roles := c.caller.rolesIn(name)
		if len(roles) == 0 {
			continue
		}
		snap, err := d.Realms.Get(c.r.Context(), name)
		switch {
		case latchkey.ErrorCode(err) == latchkey.CodeNotFound: // gone meanwhile
			continue
		case err != nil:
			return err
		}
		if !has(roles, mayViewRealm) || c.flag("briefRepresentation", false) {
			out = append(out, &representation.Realm{ID: new(snap.Realm.ID), Realm: new(name), Enabled: new(snap.Realm.Enabled)})
			continue
		}
		out = append(out, representation.RealmOf(snap))
	}
	if len(out) == 0 {
		return forbidden()
	}
	return c.answer(out)
}

// realm shows a realm: to administrators who may not see its settings, what
// the console's frame needs.
func (d *Door) realm(c *call) error {
	if c.may(mayViewRealm...) {
		return c.answer(representation.RealmOf(c.snap))
	}
	r := c.snap.Realm
	return c.answer(&representation.Realm{ID: new(r.ID), Realm: new(r.Name), Enabled: new(r.Enabled)})
}

func (d *Door) updateRealm(c *call) error {
	var body representation.Realm
	if err := c.read(&body); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		if err := body.Apply(&changed, snap); err != nil {
			return err
		}
		name := changed.Name
		if body.Realm != nil {
			name = *body.Realm
		}
		if err := realm.Rename(tx, &changed, name); err != nil {
			return conflict(err, "Realm "+name+" already exists")
		}
		return c.record(tx, act{operationUpdate, "REALM", "", body})
	})
	if err != nil {
		return err
	}
	return c.done()
}
