package admin

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// The members of a realm that hold its client policies and their profiles. They
// are kept as they come: of executors, secret-rotation alone is acted on
// (docs/keycloak.md).
const (
	keptClientPolicies = "clientPolicies"
	keptClientProfiles = "clientProfiles"
)

func (d *Door) clientPolicyRoutes() []route {
	return []route{
		{method: "GET", path: "/client-policies/policies", may: mayViewRealm, act: d.clientPolicies, gives: clientPolicies{},
			summary: "Read the client policies, of which the rotation of secrets alone is acted on",
			query:   []param{{"include-global-policies", flag, "those that are built in, too: there are none"}}},
		{method: "PUT", path: "/client-policies/policies", may: mayManageRealm, act: d.putClientPolicies, body: clientPolicies{},
			summary: "Replace the client policies, of which the rotation of secrets alone is acted on"},
		{method: "GET", path: "/client-policies/profiles", may: mayViewRealm, act: d.clientProfiles, gives: clientProfiles{},
			summary: "Read the client profiles, of which the rotation of secrets alone is acted on",
			query:   []param{{"include-global-profiles", flag, "those that are built in, too: there are none"}}},
		{method: "PUT", path: "/client-policies/profiles", may: mayManageRealm, act: d.putClientProfiles, body: clientProfiles{},
			summary: "Replace the client profiles, of which the rotation of secrets alone is acted on"},
	}
}

// clientPolicies is Keycloak's ClientPoliciesRepresentation.
type clientPolicies struct {
	Policies       []clientPolicy `json:"policies"`
	GlobalPolicies []clientPolicy `json:"globalPolicies,omitzero"`
}

type clientPolicy struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Enabled     *bool             `json:"enabled,omitempty"`
	Conditions  []policyCondition `json:"conditions,omitzero"`
	Profiles    []string          `json:"profiles,omitzero"` // names
}

type policyCondition struct {
	Condition     string         `json:"condition"`
	Configuration map[string]any `json:"configuration,omitzero"`
}

// clientProfiles is Keycloak's ClientProfilesRepresentation.
type clientProfiles struct {
	Profiles       []clientProfile `json:"profiles"`
	GlobalProfiles []clientProfile `json:"globalProfiles,omitzero"`
}

type clientProfile struct {
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	Executors   []policyExecutor `json:"executors,omitzero"`
}

type policyExecutor struct {
	Executor      string         `json:"executor"`
	Configuration map[string]any `json:"configuration,omitzero"`
}

// keptPolicies reads what the realm keeps under a member; what an old export
// left there in another shape is as good as nothing.
func keptPolicies[T any](r *latchkey.Realm, member string) (v T) {
	if json.Unmarshal(r.Kept[member], &v) != nil {
		return *new(T)
	}
	return v
}

func (d *Door) clientPolicies(c *call) error {
	all := keptPolicies[clientPolicies](c.snap.Realm, keptClientPolicies)
	all.Policies, all.GlobalPolicies = append([]clientPolicy{}, all.Policies...), nil
	if c.flag("include-global-policies", false) {
		all.GlobalPolicies = []clientPolicy{}
	}
	return c.answer(all)
}

func (d *Door) clientProfiles(c *call) error {
	all := keptPolicies[clientProfiles](c.snap.Realm, keptClientProfiles)
	all.Profiles, all.GlobalProfiles = append([]clientProfile{}, all.Profiles...), nil
	if c.flag("include-global-profiles", false) {
		all.GlobalProfiles = []clientProfile{}
	}
	return c.answer(all)
}

func (d *Door) putClientPolicies(c *call) error {
	var body clientPolicies
	if err := c.read(&body); err != nil {
		return err
	}
	body.GlobalPolicies = nil
	err := keepPolicies(c, keptClientPolicies, "client-policies/policies", body, func(r *latchkey.Realm) error {
		var names, profiles []string
		for _, p := range keptPolicies[clientProfiles](r, keptClientProfiles).Profiles {
			profiles = append(profiles, p.Name)
		}
		for i, p := range body.Policies {
			names = append(names, p.Name)
			at := "policies[" + strconv.Itoa(i) + "]"
			for j, one := range p.Conditions {
				if one.Condition == "" {
					return latchkey.Invalid(at+".conditions["+strconv.Itoa(j)+"].condition", "A condition names its provider.")
				}
			}
			for j, name := range p.Profiles {
				if !slices.Contains(profiles, name) {
					return latchkey.Invalid(at+".profiles["+strconv.Itoa(j)+"]", "There is no client profile with this name.")
				}
			}
		}
		return checkNames("policies", names)
	})
	if err != nil {
		return err
	}
	for _, p := range body.Policies {
		if representation.Value(p.Enabled) {
			c.w.Header().Add("Warning", `299 - "Client policies are kept; only the rotation of secrets is acted on."`)
			break
		}
	}
	return c.done()
}

func (d *Door) putClientProfiles(c *call) error {
	var body clientProfiles
	if err := c.read(&body); err != nil {
		return err
	}
	body.GlobalProfiles = nil
	err := keepPolicies(c, keptClientProfiles, "client-policies/profiles", body, func(r *latchkey.Realm) error {
		var names []string
		for i, p := range body.Profiles {
			names = append(names, p.Name)
			for j, one := range p.Executors {
				if one.Executor == "" {
					return latchkey.Invalid("profiles["+strconv.Itoa(i)+"].executors["+strconv.Itoa(j)+"].executor", "An executor names its provider.")
				}
			}
		}
		for _, p := range keptPolicies[clientPolicies](r, keptClientPolicies).Policies {
			for _, name := range p.Profiles {
				if !slices.Contains(names, name) {
					return latchkey.Invalid("profiles", "The client policy %q uses the profile %q, which is not among them.", p.Name, name)
				}
			}
		}
		return checkNames("profiles", names)
	})
	if err != nil {
		return err
	}
	return c.done()
}

// checkNames refuses names that are empty or come twice.
func checkNames(field string, names []string) error {
	seen := map[string]bool{}
	for i, name := range names {
		at := field + "[" + strconv.Itoa(i) + "].name"
		if name == "" {
			return latchkey.Invalid(at, "A name is needed.")
		}
		if seen[name] {
			return latchkey.Invalid(at, "The name is used twice.")
		}
		seen[name] = true
	}
	return nil
}

// keepPolicies writes a member of the realm that is kept.
func keepPolicies(c *call, member, path string, body any, check func(*latchkey.Realm) error) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	// Members in the order that an import keeps them in: what is exported is the
	// same text then, wherever it came from.
	var tree any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if err := numbers.Decode(&tree); err != nil {
		return err
	}
	if text, err = json.Marshal(tree); err != nil {
		return err
	}
	return c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		if err := check(snap.Realm); err != nil {
			return err
		}
		changed := *snap.Realm
		changed.Kept = latchkey.Kept{}
		maps.Copy(changed.Kept, snap.Realm.Kept)
		changed.Kept[member] = text
		if err := tx.UpdateRealm(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "REALM", path, body})
	})
}
