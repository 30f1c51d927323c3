package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

func (d *Door) providerMapperRoutes() []route {
	const all = "/identity-provider/instances/{alias}/mappers"
	return []route{
		{method: "GET", path: "/identity-provider/instances/{alias}/mapper-types", may: mayViewProviders, act: d.providerMapperTypes,
			summary: "List the kinds of mappers that an identity provider can have", gives: map[string]mapperType{}},
		{method: "GET", path: all, may: mayViewProviders, act: d.providerMappers, summary: "List an identity provider's mappers",
			gives: []representation.IdentityProviderMapper{}},
		{method: "POST", path: all, may: mayManageProvider, act: d.createProviderMapper, summary: "Make a mapper",
			body: representation.IdentityProviderMapper{}, status: http.StatusCreated},
		{method: "GET", path: all + "/{id}", may: mayViewProviders, act: d.providerMapper, summary: "Read a mapper", gives: representation.IdentityProviderMapper{}},
		{method: "PUT", path: all + "/{id}", may: mayManageProvider, act: d.updateProviderMapper, summary: "Change a mapper",
			body: representation.IdentityProviderMapper{}},
		{method: "DELETE", path: all + "/{id}", may: mayManageProvider, act: d.deleteProviderMapper, summary: "Delete a mapper"},
	}
}

func (d *Door) providerMapperTypes(c *call) error {
	p, err := c.viewProvider()
	if err != nil {
		return err
	}
	return c.answer(mapperTypes(p.ProviderID))
}

func shownProviderMapper(m *latchkey.IdentityProviderMapper, alias string) representation.IdentityProviderMapper {
	r := representation.IdentityProviderMapperOf(m, alias)
	r.Config, r.Kept = representation.MaskTexts(r.Config), representation.MaskKept(r.Kept)
	return r
}

func (d *Door) providerMappers(c *call) error {
	p, err := c.viewProvider()
	if err != nil {
		return err
	}
	out := []representation.IdentityProviderMapper{}
	for i := range p.Mappers {
		out = append(out, shownProviderMapper(&p.Mappers[i], p.Alias))
	}
	return c.answer(out)
}

// mapperIn finds the mapper of the path.
func (c *call) mapperIn(p *latchkey.IdentityProvider) (int, error) {
	i := slices.IndexFunc(p.Mappers, func(m latchkey.IdentityProviderMapper) bool { return m.ID == c.path("id") })
	if i < 0 {
		return 0, answerError(http.StatusNotFound, "Model not found")
	}
	return i, nil
}

func (d *Door) providerMapper(c *call) error {
	p, err := c.viewProvider()
	if err != nil {
		return err
	}
	i, err := c.mapperIn(p)
	if err != nil {
		return err
	}
	return c.answer(shownProviderMapper(&p.Mappers[i], p.Alias))
}

// checkMapper refuses a mapper that nothing could go by.
func checkMapper(p *latchkey.IdentityProvider, m *latchkey.IdentityProviderMapper) error {
	if strings.TrimSpace(m.Name) == "" {
		return latchkey.Invalid("name", "A mapper needs a name.")
	}
	if slices.ContainsFunc(p.Mappers, func(o latchkey.IdentityProviderMapper) bool { return o.ID != m.ID && o.Name == m.Name }) {
		return tellError(http.StatusBadRequest, "Failed to add mapper '"+m.Name+"' to identity provider ["+p.ProviderID+"].")
	}
	if _, ok := mapperTypes(p.ProviderID)[m.Mapper]; !ok && broker(p.ProviderID) != nil {
		return latchkey.Invalid("identityProviderMapper", "A provider of the kind %s has no such mapper.", p.ProviderID)
	}
	return nil
}

// editProvider changes the provider of the path.
func (d *Door) editProvider(c *call, change func(*latchkey.IdentityProvider) (act, error)) error {
	return c.edit(func(tx *store.Tx, _ *latchkey.Snapshot) error {
		p, err := c.findProvider(tx)
		if err != nil {
			return err
		}
		what, err := change(p)
		if err != nil {
			return err
		}
		if err := tx.PutIdentityProvider(p); err != nil {
			return err
		}
		return c.record(tx, what)
	})
}

const mapperResource = "IDENTITY_PROVIDER_MAPPER"

func mapperPath(p *latchkey.IdentityProvider, id string) string {
	return "identity-provider/instances/" + p.Alias + "/mappers/" + id
}

func (d *Door) createProviderMapper(c *call) error {
	var body representation.IdentityProviderMapper
	if err := c.read(&body); err != nil {
		return err
	}
	if err := body.Check(); err != nil {
		return err
	}
	m := body.Noun()
	err := d.editProvider(c, func(p *latchkey.IdentityProvider) (act, error) {
		if slices.ContainsFunc(p.Mappers, func(o latchkey.IdentityProviderMapper) bool { return o.ID == m.ID }) {
			m.ID = secret.NewID()
		}
		if err := checkMapper(p, &m); err != nil {
			return act{}, err
		}
		p.Mappers = append(p.Mappers, m)
		return act{operationCreate, mapperResource, mapperPath(p, m.ID), body}, nil
	})
	if err != nil {
		return err
	}
	return c.created("identity-provider", "instances", c.path("alias"), "mappers", m.ID)
}

func (d *Door) updateProviderMapper(c *call) error {
	var body representation.IdentityProviderMapper
	if err := c.read(&body); err != nil {
		return err
	}
	if err := body.Check(); err != nil {
		return err
	}
	err := d.editProvider(c, func(p *latchkey.IdentityProvider) (act, error) {
		i, err := c.mapperIn(p)
		if err != nil {
			return act{}, err
		}
		m := p.Mappers[i]
		if body.Name != nil {
			m.Name = *body.Name
		}
		if body.IdentityProviderMapper != nil {
			m.Mapper = *body.IdentityProviderMapper
		}
		if body.Config != nil {
			m.Config = unmasked(body.Config, m.Config)
		}
		if err := checkMapper(p, &m); err != nil {
			return act{}, err
		}
		p.Mappers[i] = m
		return act{operationUpdate, mapperResource, mapperPath(p, m.ID), body}, nil
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) deleteProviderMapper(c *call) error {
	err := d.editProvider(c, func(p *latchkey.IdentityProvider) (act, error) {
		i, err := c.mapperIn(p)
		if err != nil {
			return act{}, err
		}
		p.Mappers = slices.Delete(p.Mappers, i, i+1)
		return act{operationDelete, mapperResource, mapperPath(p, c.path("id")), nil}, nil
	})
	if err != nil {
		return err
	}
	return c.done()
}
