package admin

import (
	"maps"
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

func (d *Door) configRoutes() []route {
	return []route{
		{method: "POST", path: "/authentication/executions/{id}/config", may: mayManageRealm, act: d.createConfig,
			summary: "Make a configuration and give it to an execution", body: representation.AuthenticatorConfig{}, status: http.StatusCreated},
		{method: "GET", path: "/authentication/executions/{id}/config/{config}", may: mayViewRealm, act: d.config,
			summary: "Read a configuration (deprecated: GET /authentication/config/{config})", gives: representation.AuthenticatorConfig{}},
		{method: "POST", path: "/authentication/config", may: mayManageRealm, act: d.createConfig,
			summary: "Make a configuration that no execution uses yet", body: representation.AuthenticatorConfig{}, status: http.StatusCreated},
		{method: "GET", path: "/authentication/config/{config}", may: mayViewRealm, act: d.config, summary: "Read a configuration",
			gives: representation.AuthenticatorConfig{}},
		{method: "PUT", path: "/authentication/config/{config}", may: mayManageRealm, act: d.updateConfig,
			summary: "Change a configuration: its options are replaced as a whole", body: representation.AuthenticatorConfig{}},
		{method: "DELETE", path: "/authentication/config/{config}", may: mayManageRealm, act: d.deleteConfig,
			summary: "Delete a configuration; executions that use it have none then"},
	}
}

// noConfig is Keycloak's answer for a configuration that there is none of.
func noConfig() error {
	return answerError(http.StatusNotFound, "Could not find authenticator config")
}

// shownConfig shows a configuration with its secrets masked.
func shownConfig(c *latchkey.AuthenticatorConfig) representation.AuthenticatorConfig {
	whole := *c
	whole.Config = representation.MaskTexts(realm.ConfigValues(c))
	return representation.ConfigOf(&whole)
}

func (d *Door) config(c *call) error {
	one := c.snap.Config(c.path("config"))
	if one == nil {
		return noConfig()
	}
	return c.answer(shownConfig(one))
}

// applyConfig changes a configuration by what is given; a masked secret stays.
func applyConfig(body *representation.AuthenticatorConfig, c *latchkey.AuthenticatorConfig) error {
	old := realm.ConfigValues(c)
	given := *body
	if given.Config != nil {
		given.Config = maps.Clone(given.Config)
		for name, value := range given.Config {
			if representation.IsMasked(value) {
				given.Config[name] = old[name]
			}
		}
	}
	if err := given.Apply(c); err != nil {
		return err
	}
	if given.Config != nil {
		realm.SetConfigValues(c, c.Config)
	}
	return nil
}

// createConfig makes a configuration, and gives it to the execution that the
// path names, if it names one.
func (d *Door) createConfig(c *call) error {
	var body representation.AuthenticatorConfig
	if err := c.read(&body); err != nil {
		return err
	}
	alias, execution := strings.TrimSpace(representation.Value(body.Alias)), c.path("id")
	if alias == "" {
		return tellError(http.StatusConflict, "Failed to create authentication execution configuration with empty alias name")
	}
	if err := checkAlias(alias); err != nil {
		return err
	}
	one := &latchkey.AuthenticatorConfig{RealmID: c.snap.Realm.ID, ID: secret.NewID(), Alias: alias, Config: map[string]string{}}
	if err := applyConfig(&body, one); err != nil {
		return err
	}
	what := act{operationCreate, "AUTHENTICATOR_CONFIG", "authentication/config/" + one.ID, body}
	if execution != "" {
		what = act{operationCreate, "AUTH_EXECUTION", "authentication/executions/" + execution + "/config", body}
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		if execution != "" {
			_, e := realm.FindExecution(snap, execution)
			if e == nil {
				return illegalExecution()
			}
			if err := d.checkOptions([]string{e.Authenticator}, body.Config, nil); err != nil {
				return err
			}
		}
		if err := sameConfig(realm.AddConfig(tx, snap, one, execution), alias); err != nil {
			return err
		}
		return c.record(tx, what)
	})
	if err != nil {
		return err
	}
	if execution != "" {
		return c.created("authentication", "executions", execution, "config", one.ID)
	}
	return c.created("authentication", "config", one.ID)
}

// sameConfig says that another configuration has the alias, by which the
// executions of an export name theirs.
func sameConfig(err error, alias string) error {
	return conflict(err, "Authentication execution configuration with alias "+alias+" already exists")
}

// checkOptions refuses options that the kinds of steps cannot have. What was so
// before, by an import, may be given back as it is.
func (d *Door) checkOptions(providers []string, given, before map[string]string) error {
	for _, id := range providers {
		p, _ := d.Registry.Step(id)
		if err := p.CheckOptions(given, before); err != nil {
			return err
		}
	}
	return nil
}

func (d *Door) updateConfig(c *call) error {
	var body representation.AuthenticatorConfig
	if err := c.read(&body); err != nil {
		return err
	}
	if body.Alias != nil && strings.TrimSpace(*body.Alias) == "" {
		return tellError(http.StatusConflict, "Failed to update authentication execution configuration with empty alias name")
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		one := snap.Config(c.path("config"))
		if one == nil {
			return noConfig()
		}
		if body.Alias != nil && *body.Alias != one.Alias {
			if err := checkAlias(*body.Alias); err != nil {
				return err
			}
		}
		if err := d.checkOptions(realm.ConfigProviders(snap, one.ID), body.Config, one.Config); err != nil {
			return err
		}
		changed := *one
		if err := applyConfig(&body, &changed); err != nil {
			return err
		}
		if err := sameConfig(realm.ChangeConfig(tx, snap, &changed), changed.Alias); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "AUTHENTICATOR_CONFIG", "authentication/config/" + one.ID, body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) deleteConfig(c *call) error {
	id := c.path("config")
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		if snap.Config(id) == nil {
			return noConfig()
		}
		if err := realm.RemoveConfig(tx, snap, id); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "AUTHENTICATOR_CONFIG", "authentication/config/" + id, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
