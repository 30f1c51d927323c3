package admin_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// Client policies are kept as they come, and who switches one on is told that
// nothing acts on it.
func TestClientPolicies(t *testing.T) {
	w := newWorld(t)
	manager, viewer := w.service("demo", "manage-realm", "view-events", "manage-events"), w.service("demo", "view-realm")
	const policies, profiles = "/demo/client-policies/policies", "/demo/client-policies/profiles"
	for path, want := range map[string]string{
		policies: `{"policies":[]}`, profiles: `{"profiles":[]}`,
		profiles + "?include-global-profiles=true": `{"profiles":[],"globalProfiles":[]}`,
		policies + "?include-global-policies=true": `{"policies":[],"globalPolicies":[]}`,
	} {
		if a := w.must(200, viewer, "GET", path, nil); a.Text != want {
			t.Errorf("%s: %s", path, a.Text)
		}
	}
	w.must(403, viewer, "PUT", profiles, m{"profiles": []m{}})
	w.must(204, manager, "PUT", "/demo/events/config", m{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})

	profile := m{"name": "strict", "executors": []m{{"executor": "secret-rotation", "configuration": m{"expiration-period": 100}}}, "later": 1}
	policy := m{"name": "all", "enabled": true, "conditions": []m{{"condition": "any-client", "configuration": m{}}}, "profiles": []string{"strict"}}
	for field, body := range map[string]m{
		"policies[0].profiles[0]":             {"policies": []m{policy}},
		"policies[0].name":                    {"policies": []m{{"name": ""}}},
		"policies[1].name":                    {"policies": []m{{"name": "a"}, {"name": "a"}}},
		"policies[0].conditions[0].condition": {"policies": []m{{"name": "a", "conditions": []m{{}}}}},
	} {
		if a := w.must(400, manager, "PUT", policies, body); !strings.Contains(a.Text, field) {
			t.Errorf("%s: %s", field, a.Text)
		}
	}
	for field, body := range map[string]m{
		"profiles[0].executors[0].executor": {"profiles": []m{{"name": "a", "executors": []m{{}}}}},
		"profiles[0].name":                  {"profiles": []m{{}}},
	} {
		if a := w.must(400, manager, "PUT", profiles, body); !strings.Contains(a.Text, field) {
			t.Errorf("%s: %s", field, a.Text)
		}
	}
	w.must(204, manager, "PUT", profiles, m{"profiles": []m{profile}, "globalProfiles": []m{{"name": "fapi"}}})
	if a := w.must(204, manager, "PUT", policies, m{"policies": []m{policy}}); !strings.Contains(a.Header.Get("Warning"), "rotation of secrets is acted on") {
		t.Errorf("Warning: %q", a.Header.Get("Warning"))
	}
	want := `{"policies":[{"name":"all","enabled":true,"conditions":[{"condition":"any-client","configuration":{}}],"profiles":["strict"]}]}`
	if a := w.must(200, viewer, "GET", policies, nil); a.Text != want {
		t.Error(a.Text)
	}
	if a := w.must(200, viewer, "GET", profiles, nil); !strings.Contains(a.Text, `"expiration-period":100`) || strings.Contains(a.Text, "fapi") {
		t.Error(a.Text)
	}
	// It is kept as an import keeps it, members in their order: an export, imported
	// elsewhere and exported again, is the same text.
	for _, member := range []string{"clientProfiles", "clientPolicies"} {
		kept := w.s.Snapshot("demo").Realm.Kept[member]
		var tree any
		if err := json.Unmarshal(kept, &tree); err != nil {
			t.Fatal(err)
		}
		if imported, err := json.Marshal(tree); err != nil || string(imported) != string(kept) {
			t.Errorf("%s is kept as %s", member, kept)
		}
	}
	// A profile that is used stays.
	if a := w.must(400, manager, "PUT", profiles, m{"profiles": []m{}}); !strings.Contains(a.Text, "strict") {
		t.Error(a.Text)
	}
	if a := w.must(200, manager, "GET", "/demo/admin-events?resourcePath=client-policies*", nil); strings.Count(a.Text, `"operationType":"UPDATE"`) != 2 {
		t.Error(a.Text)
	}
}
