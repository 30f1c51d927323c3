package realm

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// Of many nodes that write the same realm at the same moment one makes it, and
// for the others that is as good.
func TestPlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const nodes = 8
		rep := &representation.Realm{Realm: new("shop")}
		var plans []*Plan
		for range nodes {
			p, err := draft(rep, nil, nil, Options{Now: time.Unix(1772600767, 0)})
			if err != nil {
				t.Fatal(err)
			}
			plans = append(plans, &Plan{snap: p.snap})
		}
		var wg sync.WaitGroup
		var made atomic.Int32
		begin := make(chan struct{})
		for _, plan := range plans {
			wg.Go(func() {
				<-begin
				created, err := plan.place(context.Background(), db, nil)
				if err != nil {
					t.Error(err)
				}
				if created {
					made.Add(1)
				}
			})
		}
		close(begin)
		wg.Wait()
		if made.Load() != 1 {
			t.Errorf("%d nodes made the realm", made.Load())
		}
	})
}

// A load that took longer does not put an older snapshot in the place of a
// newer one, and the cache does not grow without bound.
func TestSwapIn(t *testing.T) {
	c := NewCache(nil)
	at := func(id string, version int64) *latchkey.Snapshot {
		return &latchkey.Snapshot{Realm: &latchkey.Realm{ID: id, Name: "realm-" + id, Version: version}}
	}
	newer := at("a", 2)
	c.swapIn(newer)
	if got := c.swapIn(at("a", 1)); got != newer || c.state.Load().byName["realm-a"] != newer {
		t.Errorf("version %d took the place of 2", got.Realm.Version)
	}
	for i := range maxRealms + 10 {
		c.swapIn(at(strconv.Itoa(i), 1))
	}
	if s := c.state.Load(); len(s.byID) != maxRealms || len(s.byName) != maxRealms {
		t.Errorf("%d and %d realms are kept", len(s.byID), len(s.byName))
	}
}

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
		p, err := draft(sources[0].Representation, sources[0].unknown, sources[0].people, Options{Now: time.Unix(1772600767, 0)})
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
