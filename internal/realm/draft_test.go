package realm

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// Every part of an export may stand alone: a realm is complete without the
// others.
func TestPartsAlone(t *testing.T) {
	data, err := os.ReadFile("testdata/acme.json")
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	needs := map[string][]string{ // what a part names is in another
		"browserFlow":                 {"authenticationFlows", "authenticatorConfig"},
		"authenticationFlows":         {"authenticatorConfig"},
		"roles":                       {"clients", "clientScopes", "authenticationFlows", "authenticatorConfig"},
		"clients":                     {"clientScopes", "authenticationFlows", "authenticatorConfig"},
		"users":                       {"roles", "clients", "clientScopes", "authenticationFlows", "authenticatorConfig"},
		"defaultDefaultClientScopes":  {"clientScopes"},
		"defaultOptionalClientScopes": {"clientScopes"},
		"scopeMappings":               {"roles", "clients", "clientScopes", "authenticationFlows", "authenticatorConfig"},
		"clientScopeMappings":         {"roles", "clients", "clientScopes", "authenticationFlows", "authenticatorConfig"},
	}
	for member := range whole {
		part := map[string]json.RawMessage{"realm": whole["realm"], member: whole[member]}
		for _, other := range needs[member] {
			part[other] = whole[other]
		}
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		sources, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := draft(sources[0].Representation, sources[0].unknown, Options{Now: time.Unix(1772600767, 0)})
		if err != nil {
			t.Errorf("with %s alone: %v", member, err)
			continue
		}
		p.snap.Index()
		for _, f := range p.snap.Flows {
			for _, e := range f.Executions {
				if e.FlowID != "" && p.snap.Flow(e.FlowID) == nil || e.ConfigID != "" && p.snap.Config(e.ConfigID) == nil {
					t.Errorf("with %s alone: flow %q has a step that leads nowhere", member, f.Alias)
				}
			}
		}
		for _, r := range p.snap.Roles {
			for _, id := range r.Composites {
				if p.snap.Role(id) == nil {
					t.Errorf("with %s alone: role %q is composed of nothing", member, r.Name)
				}
			}
		}
		if p.snap.Role(p.snap.Realm.DefaultRoleID) == nil || p.snap.FlowByAlias(p.snap.Realm.BrowserFlow) == nil {
			t.Errorf("with %s alone: no default role or no browser flow", member)
		}
	}
}
