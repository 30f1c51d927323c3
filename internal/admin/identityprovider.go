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

func (d *Door) identityProviderRoutes() []route {
	const one = "/identity-provider/instances/{alias}"
	return slices.Concat([]route{
		{method: "GET", path: "/identity-provider/instances", may: mayViewProviders, act: d.identityProviders, summary: "List identity providers",
			query: with(paging, []param{{"search", text, "the beginning of alias or name; *part*, or \"the whole\""},
				{"briefRepresentation", flag, "without settings"}, {"realmOnly", flag, "those of no organization: all"}}),
			gives: []representation.IdentityProvider{}},
		{method: "POST", path: "/identity-provider/instances", may: mayManageProvider, act: d.createIdentityProvider,
			summary: "Make an identity provider; nobody can sign in by it yet", body: representation.IdentityProvider{}, status: http.StatusCreated},
		{method: "GET", path: one, may: mayViewProviders, act: d.identityProvider, summary: "Read an identity provider, named by its alias or id",
			gives: representation.IdentityProvider{}},
		{method: "PUT", path: one, may: mayManageProvider, act: d.updateIdentityProvider, summary: "Change an identity provider: what is given",
			body: representation.IdentityProvider{}},
		{method: "DELETE", path: one, may: mayManageProvider, act: d.deleteIdentityProvider,
			summary: "Delete an identity provider with its mappers and everybody's links with it"},
		{method: "GET", path: one + "/export", may: mayViewProviders, act: d.exportIdentityProvider,
			summary: "Read what the provider has to know of this server: nothing that it could not find out",
			query:   []param{{"format", text, "ignored"}}},
		{method: "GET", path: "/identity-provider/providers/{kind}", may: mayViewProviders, act: d.brokerKind,
			summary: "Read what a kind of identity provider is called", gives: providerName{}},
		{method: "POST", path: "/identity-provider/import-config", may: mayManageProvider, act: d.importProviderConfig,
			summary: "Read the settings of an OpenID Connect provider from its own description: fromUrl, or a file of a form",
			body:    providerSource{}, gives: map[string]string{}},
	}, d.providerMapperRoutes())
}

// noIdentityProvider is Keycloak's answer for a provider that there is none of.
func noIdentityProvider() error { return answerError(http.StatusNotFound, "HTTP 404 Not Found") }

func shownProvider(p *latchkey.IdentityProvider) representation.IdentityProvider {
	r := representation.IdentityProviderOf(p)
	r.Config, r.Kept = representation.MaskTexts(r.Config), representation.MaskKept(r.Kept)
	if r.Config == nil {
		r.Config = map[string]string{}
	}
	return r
}

// findProvider finds an identity provider by the alias, or the id, in the path.
func (c *call) findProvider(tx *store.Tx) (*latchkey.IdentityProvider, error) {
	all, err := tx.IdentityProviders(c.snap.Realm.ID)
	if err != nil {
		return nil, err
	}
	for _, named := range []func(*latchkey.IdentityProvider) string{
		func(p *latchkey.IdentityProvider) string { return p.Alias }, func(p *latchkey.IdentityProvider) string { return p.ID }} {
		if i := slices.IndexFunc(all, func(p *latchkey.IdentityProvider) bool { return named(p) == c.path("alias") }); i >= 0 {
			return all[i], nil
		}
	}
	return nil, noIdentityProvider()
}

// viewProvider reads the provider of the path.
func (c *call) viewProvider() (p *latchkey.IdentityProvider, err error) {
	err = c.view(func(tx *store.Tx) error {
		p, err = c.findProvider(tx)
		return err
	})
	return p, err
}

// manyProviders is how many providers a list has that does not say.
const manyProviders = 100

func (d *Door) identityProviders(c *call) error {
	first, limit, err := c.page(manyProviders)
	if err != nil {
		return err
	}
	all, err := c.providers()
	if err != nil {
		return err
	}
	search := c.text("search")
	all = slices.DeleteFunc(all, func(p *latchkey.IdentityProvider) bool {
		return !matches(search, p.Alias) && !matches(search, p.DisplayName)
	})
	out := []representation.IdentityProvider{}
	for _, p := range part(all, first, limit) {
		r := shownProvider(p)
		if c.flag("briefRepresentation", false) {
			r.Config, r.Kept = nil, nil
		}
		out = append(out, r)
	}
	return c.answer(out)
}

// matches says whether a name is searched for: by its beginning, by *a part* or
// by "the whole".
func matches(search, name string) bool {
	if whole, ok := strings.CutPrefix(search, `"`); ok && strings.HasSuffix(whole, `"`) {
		return name == whole[:len(whole)-1]
	}
	search, name = strings.ToLower(search), strings.ToLower(name)
	if part, ok := strings.CutPrefix(search, "*"); ok {
		return strings.Contains(name, strings.TrimSuffix(part, "*"))
	}
	return strings.HasPrefix(name, strings.TrimSuffix(search, "*"))
}

func (d *Door) identityProvider(c *call) error {
	p, err := c.viewProvider()
	if err != nil {
		return err
	}
	return c.answer(shownProvider(p))
}

func (d *Door) createIdentityProvider(c *call) error {
	body := representation.IdentityProvider{Enabled: new(true)}
	if err := c.read(&body); err != nil {
		return err
	}
	alias := representation.Value(body.Alias)
	if alias == "" {
		return latchkey.Invalid("alias", "An identity provider needs an alias.")
	}
	if err := checkAlias(alias); err != nil {
		return err
	}
	if strings.ContainsAny(alias, " \t") {
		return answerError(http.StatusBadRequest, "Empty Space not allowed.")
	}
	if err := refuseBroker(representation.Value(body.ProviderID)); err != nil {
		return err
	}
	p := &latchkey.IdentityProvider{RealmID: c.snap.Realm.ID, ID: representation.Value(body.InternalID), Config: map[string]string{}}
	if p.ID == "" {
		p.ID = secret.NewID()
	}
	if err := body.Apply(p); err != nil {
		return err
	}
	for name, value := range p.Config {
		if representation.IsMasked(value) {
			return latchkey.Invalid("config."+name, "The secret is masked: nobody knows it.")
		}
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		if err := checkProvider(snap, &body, p); err != nil {
			return err
		}
		all, err := tx.IdentityProviders(p.RealmID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(o *latchkey.IdentityProvider) bool { return o.ID == p.ID || o.Alias == p.Alias }) {
			return tellError(http.StatusConflict, "Identity Provider "+alias+" already exists")
		}
		if err := tx.PutIdentityProvider(p); err != nil {
			return err
		}
		return c.record(tx, act{operationCreate, "IDENTITY_PROVIDER", "identity-provider/instances/" + alias, shownProvider(p)})
	})
	if err != nil {
		return err
	}
	return c.created("identity-provider", "instances", alias)
}

func (d *Door) updateIdentityProvider(c *call) error {
	var body representation.IdentityProvider
	if err := c.read(&body); err != nil {
		return err
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		p, err := c.findProvider(tx)
		if err != nil {
			return err
		}
		if body.Alias != nil && *body.Alias != p.Alias {
			return tellError(http.StatusBadRequest, "Identity Provider alias cannot be changed")
		}
		if kind := representation.Value(body.ProviderID); kind != "" && kind != p.ProviderID {
			if err := refuseBroker(kind); err != nil {
				return err
			}
		}
		if err := body.Apply(p); err != nil {
			return err
		}
		if err := checkProvider(snap, &body, p); err != nil {
			return err
		}
		if err := tx.PutIdentityProvider(p); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "IDENTITY_PROVIDER", "identity-provider/instances/" + p.Alias, shownProvider(p)})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) deleteIdentityProvider(c *call) error {
	err := c.edit(func(tx *store.Tx, _ *latchkey.Snapshot) error {
		p, err := c.findProvider(tx)
		if err != nil {
			return err
		}
		if err := tx.DeleteFederatedIdentities(p.RealmID, p.Alias); err != nil {
			return err
		}
		if err := tx.DeleteIdentityProvider(p.RealmID, p.ID); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "IDENTITY_PROVIDER", "identity-provider/instances/" + p.Alias, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) exportIdentityProvider(c *call) error {
	if _, err := c.viewProvider(); err != nil {
		return err
	}
	return c.done()
}
