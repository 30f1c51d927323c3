package realm

import (
	"maps"
	"slices"

	"latchkey"
	"latchkey/internal/store"
)

// AddConfig makes a configuration and, where an execution is named, gives it to
// that; what the execution had before is deleted when no other step uses it.
// The error is "conflict" when another configuration has the alias, by which
// executions of an export name it, and "not found" when there is no such
// execution. Built-in flows are configured, too.
func AddConfig(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.AuthenticatorConfig, execution string) error {
	if execution == "" {
		if configByAlias(snap, c.Alias) != nil {
			return aliasTaken()
		}
		return tx.CreateAuthenticatorConfig(c)
	}
	f, _ := FindExecution(snap, execution)
	if f == nil {
		return latchkey.Errorf(latchkey.CodeNotFound, "There is no such execution.")
	}
	changed, replaced := *f, removal{}
	changed.Executions = slices.Clone(f.Executions)
	for i := range changed.Executions {
		if e := &changed.Executions[i]; e.ID == execution {
			replaced[e.ID], e.ConfigID = e.ConfigID, c.ID
		}
	}
	if same := configByAlias(snap, c.Alias); same != nil && (same.ID != replaced[execution] || len(configUsers(snap, same.ID)) > 1) {
		return aliasTaken()
	}
	if err := replaced.configs(tx, snap); err != nil {
		return err
	}
	if err := tx.CreateAuthenticatorConfig(c); err != nil {
		return err
	}
	return tx.UpdateFlow(&changed)
}

// ChangeConfig writes a changed configuration. The error is "conflict" when
// another one has the alias that it is given.
func ChangeConfig(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.AuthenticatorConfig) error {
	before := snap.Config(c.ID)
	if same := configByAlias(snap, c.Alias); same != nil && same.ID != c.ID && (before == nil || before.Alias != c.Alias) {
		return aliasTaken()
	}
	return tx.UpdateAuthenticatorConfig(c)
}

func aliasTaken() error {
	return latchkey.Errorf(latchkey.CodeConflict, "Another configuration of the realm has this alias.")
}

func configByAlias(snap *latchkey.Snapshot, alias string) *latchkey.AuthenticatorConfig {
	for _, c := range snap.Configs {
		if c.Alias == alias {
			return c
		}
	}
	return nil
}

// ConfigProviders are the kinds of the steps that use a configuration.
func ConfigProviders(snap *latchkey.Snapshot, id string) (out []string) {
	for _, f := range configUsers(snap, id) {
		for i := range f.Executions {
			if e := &f.Executions[i]; e.ConfigID == id {
				out = append(out, e.Authenticator)
			}
		}
	}
	return out
}

func configUsers(snap *latchkey.Snapshot, id string) (out []*latchkey.Flow) {
	for _, f := range snap.Flows {
		for i := range f.Executions {
			if f.Executions[i].ConfigID == id {
				out = append(out, f)
			}
		}
	}
	return out
}

// RemoveConfig removes a configuration, and takes it from the steps that use
// it.
func RemoveConfig(tx *store.Tx, snap *latchkey.Snapshot, id string) error {
	done := map[string]bool{}
	for _, f := range configUsers(snap, id) {
		if done[f.ID] {
			continue
		}
		done[f.ID] = true
		changed := *f
		changed.Executions = slices.Clone(f.Executions)
		for i := range changed.Executions {
			if changed.Executions[i].ConfigID == id {
				changed.Executions[i].ConfigID = ""
			}
		}
		if err := tx.UpdateFlow(&changed); err != nil {
			return err
		}
	}
	return tx.DeleteAuthenticatorConfig(snap.Realm.ID, id)
}

// ConfigValues are all options of a configuration, with those that are kept
// sealed because they are secrets.
func ConfigValues(c *latchkey.AuthenticatorConfig) map[string]string {
	return unhide(c.Config, c.Kept, keptConfig)
}

// SetConfigValues replaces the options of a configuration; secrets are kept
// sealed.
func SetConfigValues(c *latchkey.AuthenticatorConfig, values map[string]string) {
	c.Config, c.Kept = maps.Clone(values), maps.Clone(c.Kept)
	if c.Config == nil {
		c.Config = map[string]string{}
	}
	delete(c.Kept, keptConfig)
	hide(c.Config, &c.Kept, keptConfig)
}
