package admin

import (
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func (d *Door) componentRoutes() []route {
	return []route{
		{method: "GET", path: "/components", may: mayViewRealm, act: d.components, summary: "List components: keys, and what is kept of plug-ins",
			query: []param{{"type", text, "the interface of Keycloak that they implement"}, {"name", text, "their name"},
				{"parent", text, "the id of what they stand below"}, {"parentId", text, "the same"}}, gives: []representation.Component{}},
		{method: "POST", path: "/components", may: mayManageRealm, act: d.createComponent, summary: "Make a component, such as a key",
			body: representation.Component{}, status: http.StatusCreated},
		{method: "GET", path: "/components/{id}", may: mayViewRealm, act: d.component, summary: "Read a component", gives: representation.Component{}},
		{method: "PUT", path: "/components/{id}", may: mayManageRealm, act: d.updateComponent, summary: "Change a component",
			body: representation.Component{}},
		{method: "DELETE", path: "/components/{id}", may: mayManageRealm, act: d.deleteComponent, summary: "Delete a component"},
		{method: "GET", path: "/components/{id}/sub-component-types", may: mayViewRealm, act: func(c *call) error {
			return c.answer([]struct{}{})
		}, summary: "List the kinds of components that can stand below one: there are none", gives: []struct{}{},
			query: []param{{"type", text, "the interface of Keycloak that they implement"}}},
	}
}

func isMaskedList(values []string) bool {
	return len(values) > 0 && representation.IsMasked(values[0])
}

// shownComponent shows a component without its secrets.
func shownComponent(c *latchkey.Component) representation.Component {
	r := representation.ComponentOf(c)
	r.ProviderType, r.ParentID, r.SubComponents = new(c.ProviderType), new(c.ParentID), nil
	r.Config = representation.MaskLists(r.Config)
	return r
}

// allComponents are the kept ones and the keys.
func (d *Door) allComponents(c *call) (all []*latchkey.Component, err error) {
	err = c.view(func(tx *store.Tx) error {
		all, err = tx.Components(c.snap.Realm.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	keys, err := keyComponents(c.snap)
	return append(all, keys...), err
}

func (d *Door) components(c *call) error {
	all, err := d.allComponents(c)
	if err != nil {
		return err
	}
	parent := c.text("parent")
	if parent == "" {
		parent = c.text("parentId")
	}
	out := []representation.Component{}
	for _, one := range all {
		if (c.text("type") == "" || one.ProviderType == c.text("type")) && (c.text("name") == "" || one.Name == c.text("name")) &&
			(parent == "" || one.ParentID == parent) {
			out = append(out, shownComponent(one))
		}
	}
	return c.answer(out)
}

func (d *Door) findComponent(c *call, id string) (*latchkey.Component, error) {
	all, err := d.allComponents(c)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(one *latchkey.Component) bool { return one.ID == id }); i >= 0 {
		return all[i], nil
	}
	return nil, answerError(http.StatusNotFound, "Could not find component")
}

func (d *Door) component(c *call) error {
	one, err := d.findComponent(c, c.path("id"))
	if err != nil {
		return err
	}
	return c.answer(shownComponent(one))
}

// refuseProvider refuses components whose plug-ins are not there: nothing would
// ever act on them.
func refuseProvider(kind string) error {
	switch kind {
	case "org.keycloak.storage.UserStorageProvider":
		return latchkey.Invalid("providerType", "User federation is not part of this server.")
	case "":
		return latchkey.Invalid("providerType", "Say which kind of component it is, such as %s.", token.KeyProviderType)
	}
	return nil
}

func (d *Door) createComponent(c *call) error {
	var body representation.Component
	if err := c.read(&body); err != nil {
		return err
	}
	if err := body.Check(); err != nil {
		return err
	}
	one := &latchkey.Component{RealmID: c.snap.Realm.ID, ID: representation.Value(body.ID), ParentID: representation.Value(body.ParentID),
		ProviderType: representation.Value(body.ProviderType), Name: representation.Value(body.Name), ProviderID: body.ProviderID,
		SubType: representation.Value(body.SubType), Config: body.Config}
	if one.ID == "" {
		one.ID = secret.NewID()
	}
	// Old clients name the realm by its name.
	if one.ParentID == "" || one.ParentID == c.snap.Realm.Name {
		one.ParentID = c.snap.Realm.ID
	}
	if one.Config == nil {
		one.Config = map[string][]string{}
	}
	if err := refuseProvider(one.ProviderType); err != nil {
		return err
	}
	if _, err := d.findComponent(c, one.ID); err == nil {
		return latchkey.Errorf(latchkey.CodeConflict, "A component with this id exists already.")
	}
	if one.ProviderType == token.KeyProviderType {
		if err := d.createKey(c, one); err != nil {
			return err
		}
		return c.created("components", one.ID)
	}
	if one.ProviderID == "" {
		return latchkey.Invalid("providerId", "Say which provider it is of.")
	}
	err := c.edit(func(tx *store.Tx, _ *latchkey.Snapshot) error {
		if err := tx.PutComponent(one); err != nil {
			return err
		}
		return c.record(tx, act{operationCreate, "COMPONENT", "components/" + one.ID, shownComponent(one)})
	})
	if err != nil {
		return err
	}
	return c.created("components", one.ID)
}

func (d *Door) updateComponent(c *call) error {
	var body representation.Component
	if err := c.read(&body); err != nil {
		return err
	}
	if err := body.Check(); err != nil {
		return err
	}
	old, err := d.findComponent(c, c.path("id"))
	if err != nil {
		return err
	}
	changed := *old
	if body.Name != nil {
		changed.Name = *body.Name
	}
	if body.SubType != nil {
		changed.SubType = *body.SubType
	}
	if k := keyOfComponent(c.snap, old.ID); k != nil && old.ProviderType == token.KeyProviderType {
		if body.Config != nil {
			changed.Config = body.Config
		}
		if err := d.updateKey(c, k, &changed); err != nil {
			return err
		}
		return c.done()
	}
	if body.Config != nil {
		changed.Config = map[string][]string{}
		for name, values := range body.Config {
			if isMaskedList(values) {
				values = old.Config[name]
			}
			changed.Config[name] = values
		}
	}
	err = c.edit(func(tx *store.Tx, _ *latchkey.Snapshot) error {
		if err := tx.PutComponent(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "COMPONENT", "components/" + old.ID, shownComponent(&changed)})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) deleteComponent(c *call) error {
	id := c.path("id")
	if _, err := d.findComponent(c, id); err != nil {
		return err
	}
	err := c.editSigning(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		err := notFound(tx.DeleteComponent(c.snap.Realm.ID, id), "Could not find component")
		if k := keyOfComponent(snap, id); k != nil {
			err = removeKey(tx, k)
		}
		if err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "COMPONENT", "components/" + id, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
