package admin_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/realm"
)

// What Keycloak exported and what is read back by the API is the same, but for
// what docs/keycloak.md lists with reasons.
func TestRecordedRealmReadBack(t *testing.T) {
	data, err := os.ReadFile("../realm/testdata/keycloak-26.json")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	admin := w.admin()
	w.must(201, admin, "POST", "", string(data))
	admin = w.admin() // its roles are those of the new realm, too

	// The settings, and each list by its own call, put together again.
	var whole map[string]any
	w.must(200, admin, "GET", "/bench", nil).into(&whole)
	read := func(path string) (v any) {
		w.must(200, admin, "GET", "/bench/"+path, nil).into(&v)
		return v
	}
	whole["clients"], whole["clientScopes"] = read("clients"), read("client-scopes")
	whole["requiredActions"], whole["identityProviders"] = read("authentication/required-actions"), read("identity-provider/instances")
	var exported map[string]any
	w.must(200, admin, "POST", "/bench/partial-export?exportClients=true&exportGroupsAndRoles=true", nil).into(&exported)
	for name, one := range map[string]map[string]any{"by its parts": whole, "exported": exported} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(one)
			if err != nil {
				t.Fatal(err)
			}
			before, err := realm.SideOfFiles(realm.Text("", data))
			if err != nil {
				t.Fatal(err)
			}
			after, err := realm.SideOfFiles(realm.Text("", text))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if _, err := realm.Compare(before, after, false, func(d realm.Difference) { got = append(got, d.String()) }); err != nil {
				t.Fatal(err)
			}
			got = slices.DeleteFunc(got, func(line string) bool {
				if strings.Contains(line, "].access: only in B") {
					return true // what the caller may do with a client
				}
				read := []string{"clients[", "clientScopes[", "requiredActions["}
				return name == "by its parts" && strings.Contains(line, "only in A") &&
					!slices.ContainsFunc(read, func(part string) bool { return strings.HasPrefix(line, part) })
			})
			want := []string{`clients["bench-app"].attributes["client.secret.creation.time"]: only in B: "1772600767"`} // its secret is masked in the file
			if !slices.Equal(got, want) {
				t.Errorf("differences\n%s", strings.Join(got, "\n"))
			}
		})
	}
}
