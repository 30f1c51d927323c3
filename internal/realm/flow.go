package realm

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Binding names one thing that uses a flow.
type Binding struct {
	// Kind is the realm's setting ("browserFlow", ...), or "client" or "identity
	// provider".
	Kind string
	Name string // the client's clientId, the provider's alias; empty for the realm
}

// The settings of identity providers that name a flow.
var providerFlows = []string{"firstBrokerLoginFlowAlias", "postBrokerLoginFlowAlias"}

// boundFlows are the realm's settings that name a flow by its alias.
func boundFlows(r *latchkey.Realm) map[string]*string {
	return map[string]*string{
		"browserFlow": &r.BrowserFlow, "registrationFlow": &r.RegistrationFlow, "directGrantFlow": &r.DirectGrantFlow,
		"resetCredentialsFlow": &r.ResetCredentialsFlow, "clientAuthenticationFlow": &r.ClientAuthenticationFlow,
		"dockerAuthenticationFlow": &r.DockerAuthenticationFlow, "firstBrokerLoginFlow": &r.FirstBrokerLoginFlow,
	}
}

// FlowUsers lists what uses the flow: settings of the realm, clients, identity
// providers.
func FlowUsers(snap *latchkey.Snapshot, providers []*latchkey.IdentityProvider, f *latchkey.Flow) []Binding {
	var out []Binding
	bound := boundFlows(snap.Realm)
	for _, setting := range sortedKeys(bound) {
		if *bound[setting] == f.Alias {
			out = append(out, Binding{Kind: setting})
		}
	}
	for _, c := range snap.Clients {
		for _, id := range c.FlowBindings {
			if id == f.ID {
				out = append(out, Binding{"client", c.ClientID})
				break
			}
		}
	}
	for _, p := range providers {
		if slices.ContainsFunc(providerFlows, func(name string) bool { return keptText(p.Kept, name) == f.Alias }) {
			out = append(out, Binding{"identity provider", p.Alias})
		}
	}
	slices.SortStableFunc(out, func(a, b Binding) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// RenameFlow gives the flow another alias, and has what names it by the alias
// name it by the new one. The caller writes f. The error is "conflict" for an
// alias that is taken.
func RenameFlow(tx *store.Tx, snap *latchkey.Snapshot, f *latchkey.Flow, alias string) error {
	if other := snap.FlowByAlias(alias); other != nil && other.ID != f.ID {
		return latchkey.Errorf(latchkey.CodeConflict, "A flow %q exists already.", alias)
	}
	realm, changed := *snap.Realm, false
	for _, setting := range boundFlows(&realm) {
		if *setting == f.Alias {
			*setting, changed = alias, true
		}
	}
	if changed {
		if err := tx.UpdateRealm(&realm); err != nil {
			return err
		}
	}
	providers, err := tx.IdentityProviders(snap.Realm.ID)
	if err != nil {
		return err
	}
	for _, p := range providers {
		changed := false
		for _, name := range providerFlows {
			if keptText(p.Kept, name) == f.Alias {
				p.Kept[name], changed = []byte(text(alias)), true
			}
		}
		if !changed {
			continue
		}
		if err := tx.PutIdentityProvider(p); err != nil {
			return err
		}
	}
	f.Alias = alias
	return nil
}

// CopyFlow copies a flow with everything below it, as Keycloak does: sub-flows
// and configurations of the copy are called after it, and nothing is shared with
// the original. The error is "conflict" when one of the names is taken.
func CopyFlow(tx *store.Tx, snap *latchkey.Snapshot, from *latchkey.Flow, alias string) (*latchkey.Flow, error) {
	return copyFlow(tx, snap, from, copied{alias, alias, map[string]bool{}})
}

// copied names a copy: its own alias, and that of the flow that is copied as a
// whole; configs are the aliases of its configurations.
type copied struct {
	alias, whole string
	configs      map[string]bool
}

// freeAlias gives a configuration's alias, with a number behind it where it is
// taken.
func (c copied) freeAlias(snap *latchkey.Snapshot, wanted string) string {
	alias := wanted
	for n := 2; c.configs[alias] || configByAlias(snap, alias) != nil; n++ {
		alias = wanted + " " + strconv.Itoa(n)
	}
	c.configs[alias] = true
	return alias
}

func copyFlow(tx *store.Tx, snap *latchkey.Snapshot, from *latchkey.Flow, as copied) (*latchkey.Flow, error) {
	to := &latchkey.Flow{RealmID: from.RealmID, ID: secret.NewID(), Alias: as.alias, Description: from.Description, ProviderID: from.ProviderID,
		TopLevel: from.TopLevel, Kept: maps.Clone(from.Kept)}
	for _, e := range from.Executions {
		e.ID = secret.NewID()
		if sub := snap.Flow(e.FlowID); sub != nil {
			below, err := copyFlow(tx, snap, sub, copied{as.whole + " " + sub.Alias, as.whole, as.configs})
			if err != nil {
				return nil, err
			}
			e.FlowID = below.ID
		}
		if c := snap.Config(e.ConfigID); c != nil {
			config := *c
			config.ID, config.Alias = secret.NewID(), as.freeAlias(snap, as.whole+" "+c.Alias)
			if err := tx.CreateAuthenticatorConfig(&config); err != nil {
				return nil, err
			}
			e.ConfigID = config.ID
		}
		to.Executions = append(to.Executions, e)
	}
	return to, tx.CreateFlow(to)
}

// FindExecution finds an execution anywhere in the realm, and the flow that it
// stands in; nil when there is none.
func FindExecution(snap *latchkey.Snapshot, id string) (*latchkey.Flow, *latchkey.Execution) {
	for _, f := range snap.Flows {
		for i := range f.Executions {
			if f.Executions[i].ID == id {
				return f, &f.Executions[i]
			}
		}
	}
	return nil, nil
}

// ParentOf finds the execution that stands for a sub-flow, and the flow that it
// stands in; nil when there is none.
func ParentOf(snap *latchkey.Snapshot, flowID string) (*latchkey.Flow, *latchkey.Execution) {
	for _, f := range snap.Flows {
		for i := range f.Executions {
			if f.Executions[i].FlowID == flowID {
				return f, &f.Executions[i]
			}
		}
	}
	return nil, nil
}

// Below says whether the flow with the second id is the one with the first, or
// stands somewhere below it.
func Below(snap *latchkey.Snapshot, flowID, id string) bool {
	for steps := 0; id != "" && steps <= len(snap.Flows); steps++ {
		if id == flowID {
			return true
		}
		above, _ := ParentOf(snap, id)
		if above == nil {
			return false
		}
		id = above.ID
	}
	return false
}

// RemoveExecution takes an execution from its flow, with the sub-flow that it
// stands for, and with the configurations there that no step uses any more.
func RemoveExecution(tx *store.Tx, snap *latchkey.Snapshot, parent *latchkey.Flow, id string) error {
	changed, gone := *parent, removal{}
	changed.Executions = nil
	for i := range parent.Executions {
		e := &parent.Executions[i]
		if e.ID != id {
			changed.Executions = append(changed.Executions, *e)
			continue
		}
		if err := gone.execution(tx, snap, e); err != nil {
			return err
		}
	}
	if err := tx.UpdateFlow(&changed); err != nil {
		return err
	}
	return gone.configs(tx, snap)
}

// RemoveFlow removes a flow with everything below it; a sub-flow is taken from
// the flow that it stands in, too.
func RemoveFlow(tx *store.Tx, snap *latchkey.Snapshot, f *latchkey.Flow) error {
	if parent, e := ParentOf(snap, f.ID); parent != nil {
		return RemoveExecution(tx, snap, parent, e.ID)
	}
	gone := removal{}
	if err := gone.flow(tx, snap, f); err != nil {
		return err
	}
	return gone.configs(tx, snap)
}

// removal are the executions that go, by their ids, each with the id of its
// configuration.
type removal map[string]string

func (gone removal) execution(tx *store.Tx, snap *latchkey.Snapshot, e *latchkey.Execution) error {
	gone[e.ID] = e.ConfigID
	if sub := snap.Flow(e.FlowID); sub != nil {
		return gone.flow(tx, snap, sub)
	}
	return nil
}

func (gone removal) flow(tx *store.Tx, snap *latchkey.Snapshot, f *latchkey.Flow) error {
	for i := range f.Executions {
		if err := gone.execution(tx, snap, &f.Executions[i]); err != nil {
			return err
		}
	}
	return tx.DeleteFlow(f.RealmID, f.ID)
}

// configs deletes the configurations of what goes that no other step uses.
func (gone removal) configs(tx *store.Tx, snap *latchkey.Snapshot) error {
	used := map[string]bool{}
	for _, f := range snap.Flows {
		for _, e := range f.Executions {
			if _, goes := gone[e.ID]; !goes {
				used[e.ConfigID] = true
			}
		}
	}
	for _, id := range slices.Compact(slices.Sorted(maps.Values(gone))) {
		if used[id] || snap.Config(id) == nil {
			continue
		}
		if err := tx.DeleteAuthenticatorConfig(snap.Realm.ID, id); err != nil {
			return err
		}
	}
	return nil
}

// keptText is a text among what is kept.
func keptText(kept latchkey.Kept, name string) (value string) {
	_ = json.Unmarshal(kept[name], &value) // what is no text is none
	return value
}
