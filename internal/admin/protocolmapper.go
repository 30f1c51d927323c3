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

// mappersOf are the protocol mappers of a client, or of a client scope: the
// same calls below each.
type mappersOf struct {
	base, what string
	at         func(c *call, snap *latchkey.Snapshot) (*mapped, error)
}

// mapped is a client or a client scope: its mappers, and what writes them.
type mapped struct {
	list  []latchkey.ProtocolMapper
	path  string // below the realm
	write func(tx *store.Tx, list []latchkey.ProtocolMapper) error
}

func (d *Door) mapperRoutes() (all []route) {
	for _, m := range []mappersOf{
		{"/clients/{id}/protocol-mappers", "a client", mappedClient},
		{"/client-scopes/{id}/protocol-mappers", "a client scope", mappedScope},
	} {
		all = append(all,
			route{method: "GET", path: m.base + "/models", may: mayViewClients, act: m.models, summary: "List the protocol mappers of " + m.what,
				gives: []representation.ProtocolMapper{}},
			route{method: "POST", path: m.base + "/models", may: mayManageClients, act: m.create, summary: "Add a protocol mapper to " + m.what,
				body: representation.ProtocolMapper{}, status: http.StatusCreated},
			route{method: "POST", path: m.base + "/add-models", may: mayManageClients, act: m.add, summary: "Add several protocol mappers to " + m.what,
				body: []representation.ProtocolMapper{}},
			route{method: "GET", path: m.base + "/models/{mapper}", may: mayViewClients, act: m.model, summary: "Read a protocol mapper of " + m.what,
				gives: representation.ProtocolMapper{}},
			route{method: "PUT", path: m.base + "/models/{mapper}", may: mayManageClients, act: m.update, summary: "Change a protocol mapper of " + m.what,
				body: representation.ProtocolMapper{}},
			route{method: "DELETE", path: m.base + "/models/{mapper}", may: mayManageClients, act: m.remove, summary: "Take a protocol mapper from " + m.what},
			route{method: "GET", path: m.base + "/protocol/{protocol}", may: mayViewClients, act: m.ofProtocol,
				summary: "List the protocol mappers of " + m.what + " for a protocol", gives: []representation.ProtocolMapper{}})
	}
	return all
}

func mappedClient(c *call, snap *latchkey.Snapshot) (*mapped, error) {
	client, err := c.clientAt(snap)
	if err != nil {
		return nil, err
	}
	return &mapped{client.ProtocolMappers, "clients/" + client.ID, func(tx *store.Tx, list []latchkey.ProtocolMapper) error {
		changed := *client
		changed.ProtocolMappers = list
		if err := token.CheckPairwise(&changed); err != nil {
			return err
		}
		return tx.UpdateClient(&changed)
	}}, nil
}

func mappedScope(c *call, snap *latchkey.Snapshot) (*mapped, error) {
	s, err := c.scopeAt(snap)
	if err != nil {
		return nil, err
	}
	return &mapped{s.ProtocolMappers, "client-scopes/" + s.ID, func(tx *store.Tx, list []latchkey.ProtocolMapper) error {
		changed := *s
		changed.ProtocolMappers = list
		return tx.UpdateClientScope(&changed)
	}}, nil
}

func (m mappersOf) models(c *call) error {
	return m.shown(c, func(*latchkey.ProtocolMapper) bool { return true })
}

func (m mappersOf) ofProtocol(c *call) error {
	return m.shown(c, func(one *latchkey.ProtocolMapper) bool { return orOpenID(one.Protocol) == c.path("protocol") })
}

func (m mappersOf) shown(c *call, wanted func(*latchkey.ProtocolMapper) bool) error {
	of, err := m.at(c, c.snap)
	if err != nil {
		return err
	}
	out := []representation.ProtocolMapper{}
	for i := range of.list {
		if wanted(&of.list[i]) {
			out = append(out, representation.ProtocolMapperOf(&of.list[i]))
		}
	}
	return c.answer(out)
}

// mapperAt finds the mapper of the request among those.
func (c *call) mapperAt(list []latchkey.ProtocolMapper) (int, error) {
	i := slices.IndexFunc(list, func(one latchkey.ProtocolMapper) bool { return one.ID == c.path("mapper") })
	if i < 0 {
		return 0, answerError(http.StatusNotFound, "Could not find model")
	}
	return i, nil
}

func (m mappersOf) model(c *call) error {
	of, err := m.at(c, c.snap)
	if err != nil {
		return err
	}
	i, err := c.mapperAt(of.list)
	if err != nil {
		return err
	}
	return c.answer(representation.ProtocolMapperOf(&of.list[i]))
}

// checkMappers refuses mappers that are not built, unless there are such before,
// as an import keeps them, and those that would give more power than the caller
// has.
func (c *call) checkMappers(snap *latchkey.Snapshot, list []representation.ProtocolMapper, before []latchkey.ProtocolMapper) error {
	for i := range list {
		if orOpenID(list[i].Protocol) != representation.OpenIDConnect {
			continue // kept of a client of another protocol
		}
		known := func(o latchkey.ProtocolMapper) bool { return o.ProtocolMapper == list[i].ProtocolMapper }
		if !token.MapperBuilt(list[i].ProtocolMapper) && !slices.ContainsFunc(before, known) {
			return noMapper()
		}
		if err := c.checkMapper(snap, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) checkMapper(snap *latchkey.Snapshot, r *representation.ProtocolMapper) error {
	for name, value := range token.RolesOfMapper(r.ProtocolMapper, r.Config) {
		client, role := token.SplitRole(snap, value)
		container := ""
		if at := snap.ClientByClientID(client); at != nil {
			container = at.ID
		}
		given := snap.RoleNamed(container, role)
		if given != nil && c.caller.exceeds(snap, []string{given.ID}) != "" {
			return answerError(http.StatusForbidden, "The option "+name+" names the administrative role "+role+", which the caller lacks.")
		}
	}
	return nil
}

// noMapper is Keycloak's answer for a kind of mapper that there is none of.
func noMapper() error { return answerError(http.StatusNotFound, "ProtocolMapper provider not found") }

// freshMapper makes the mapper that was sent, as it stands beside the others.
func (c *call) freshMapper(snap *latchkey.Snapshot, others []latchkey.ProtocolMapper, r *representation.ProtocolMapper) (latchkey.ProtocolMapper, error) {
	one := r.Noun()
	if err := r.Check(); err != nil {
		return one, err
	}
	switch {
	case one.Name == "":
		return one, latchkey.Invalid("name", "A protocol mapper needs a name.")
	case one.Protocol != representation.OpenIDConnect:
		return one, latchkey.Invalid("protocol", "%s", noProtocol)
	case !token.MapperBuilt(one.ProtocolMapper):
		return one, noMapper()
	case slices.ContainsFunc(others, func(o latchkey.ProtocolMapper) bool { return o.ID != one.ID && o.Name == one.Name }):
		return one, tellError(http.StatusConflict, "Protocol mapper exists with same name")
	}
	one.Config = token.WholeConfig(one.ProtocolMapper, one.Config)
	return one, c.checkMapper(snap, r)
}

func (m mappersOf) create(c *call) error {
	var body representation.ProtocolMapper
	if err := c.read(&body); err != nil {
		return err
	}
	if body.ID == "" {
		body.ID = secret.NewID()
	}
	var at []string
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		of, err := m.append(c, tx, snap, []representation.ProtocolMapper{body})
		if err != nil {
			return err
		}
		at = []string{of.path, "protocol-mappers", "models", body.ID}
		return c.record(tx, act{operationCreate, resourceMapper, of.path + "/protocol-mappers/models/" + body.ID, body})
	})
	if err != nil {
		return err
	}
	return c.created(at...)
}

// resourceMapper is the type of a protocol mapper in admin events.
const resourceMapper = "PROTOCOL_MAPPER"

// append adds mappers behind those that are there.
func (m mappersOf) append(c *call, tx *store.Tx, snap *latchkey.Snapshot, bodies []representation.ProtocolMapper) (*mapped, error) {
	of, err := m.at(c, snap)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(of.list)
	for i := range bodies {
		one, err := c.freshMapper(snap, list, &bodies[i])
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list, func(o latchkey.ProtocolMapper) bool { return o.ID == one.ID }) {
			return nil, tellError(http.StatusConflict, "Protocol mapper exists with same id")
		}
		list = append(list, one)
	}
	return of, of.write(tx, list)
}

func (m mappersOf) add(c *call) error {
	var bodies []representation.ProtocolMapper
	if err := c.read(&bodies); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		of, err := m.append(c, tx, snap, bodies)
		if err != nil {
			return err
		}
		return c.record(tx, act{operationCreate, resourceMapper, of.path + "/protocol-mappers/add-models", bodies})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (m mappersOf) update(c *call) error {
	var body representation.ProtocolMapper
	if err := c.read(&body); err != nil {
		return err
	}
	return m.change(c, act{operation: operationUpdate, body: body}, func(snap *latchkey.Snapshot, list []latchkey.ProtocolMapper, i int) ([]latchkey.ProtocolMapper, error) {
		given := body
		given.ID = list[i].ID
		if given.Name == "" {
			given.Name = list[i].Name
		}
		if given.ProtocolMapper == "" {
			given.ProtocolMapper = list[i].ProtocolMapper
		}
		if given.Config == nil {
			given.Config = list[i].Config
		}
		one, err := c.freshMapper(snap, list, &given)
		list[i] = one
		return list, err
	})
}

func (m mappersOf) remove(c *call) error {
	return m.change(c, act{operation: operationDelete}, func(_ *latchkey.Snapshot, list []latchkey.ProtocolMapper, i int) ([]latchkey.ProtocolMapper, error) {
		return slices.Delete(list, i, i+1), nil
	})
}

// change writes what edit does to a copy of the list, at the request's mapper.
func (m mappersOf) change(c *call, what act, edit func(*latchkey.Snapshot, []latchkey.ProtocolMapper, int) ([]latchkey.ProtocolMapper, error)) error {
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		of, err := m.at(c, snap)
		if err != nil {
			return err
		}
		i, err := c.mapperAt(of.list)
		if err != nil {
			return err
		}
		list, err := edit(snap, slices.Clone(of.list), i)
		if err != nil {
			return err
		}
		if err := of.write(tx, list); err != nil {
			return err
		}
		return c.record(tx, act{what.operation, resourceMapper, of.path + "/protocol-mappers/models/" + c.path("mapper"), what.body})
	})
	if err != nil {
		return err
	}
	return c.done()
}
