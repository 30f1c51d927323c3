package admin_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// A password policy that Keycloak would refuse is refused, whole: an operator
// with a typo is told of it.
func TestPasswordPolicyIsLookedAt(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	for policy, sentence := range map[string]string{
		"foo(3) and length(12) and bogus": "Invalid config for foo: Password policy not found",
		"length(abc)":                     "Invalid config for length: Not a valid number",
		"regexPattern((":                  "Invalid config for regexPattern: Not a valid regular expression",
		"hashAlgorithm(bogus)":            "Invalid config for hashAlgorithm: Password hashing provider not found",
	} {
		want := `{"errorMessage":"` + sentence + `","field":"passwordPolicy"}`
		if a := w.must(400, admin, "PUT", "/demo", m{"passwordPolicy": policy}); a.Text != want {
			t.Errorf("PUT %s: %s", policy, a.Text)
		}
		if a := w.must(400, admin, "POST", "", m{"realm": "other", "passwordPolicy": policy}); !strings.Contains(a.Text, sentence) {
			t.Errorf("POST %s: %s", policy, a.Text)
		}
	}
	w.must(204, admin, "PUT", "/demo", m{"passwordPolicy": "length(12) and passwordHistory(3)"})
	// What an import brought may be given back as it is.
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		changed.PasswordPolicy = "ours(3)"
		return tx.UpdateRealm(&changed)
	})
	var whole m
	w.must(200, admin, "GET", "/demo", nil).into(&whole)
	w.must(204, admin, "PUT", "/demo", whole)
}

// A flow is bound to what it can do, in realms and in clients.
func TestFlowsAreBoundToWhatTheyCanDo(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	for setting, aliases := range map[string][]string{
		"browserFlow": {"clients", "docker auth"}, "registrationFlow": {"clients"}, "directGrantFlow": {"clients", "docker auth"},
		"resetCredentialsFlow": {"clients"}, "firstBrokerLoginFlow": {"clients"},
		"clientAuthenticationFlow": {"browser", "magic link"}, "dockerAuthenticationFlow": {"clients"},
	} {
		for _, alias := range aliases {
			if a := w.must(400, admin, "PUT", "/demo", m{setting: alias}); !strings.Contains(a.Text, `"field":"`+setting+`"`) {
				t.Errorf("%s %s: %s", setting, alias, a.Text)
			}
			w.must(400, admin, "POST", "", m{"realm": "other", setting: alias})
		}
	}
	var whole m
	w.must(200, admin, "GET", "/demo", nil).into(&whole)
	w.must(204, admin, "PUT", "/demo", whole)
	clients := w.s.Snapshot("demo").FlowByAlias("clients").ID
	for _, kind := range []string{"browser", "direct_grant"} {
		bound := m{"clientId": "bound", "authenticationFlowBindingOverrides": m{kind: clients}}
		field := `"error_description":"authenticationFlowBindingOverrides.` + kind + `: `
		if a := w.must(400, admin, "POST", "/demo/clients", bound); !strings.Contains(a.Text, field) {
			t.Errorf("%s: %s", kind, a.Text)
		}
		if a := w.must(400, admin, "PUT", "/demo/clients/"+w.rp.Client.ID, bound); !strings.Contains(a.Text, field) {
			t.Errorf("%s: %s", kind, a.Text)
		}
	}
}

// An identity provider is switched on unless it is said otherwise, whichever
// way it comes.
func TestIdentityProvidersAreEnabled(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	provider := m{"alias": "gh", "providerId": "github", "config": m{"clientId": "a", "clientSecret": "b"}}
	off := m{"alias": "gl", "providerId": "gitlab", "enabled": false, "config": m{"clientId": "a", "clientSecret": "b"}}
	w.must(201, admin, "POST", "", m{"realm": "other", "identityProviders": []m{provider, off}})
	admin = w.admin()
	for alias, want := range map[string]bool{"gh": true, "gl": false} {
		var got representation.IdentityProvider
		w.must(200, admin, "GET", "/other/identity-provider/instances/"+alias, nil).into(&got)
		if representation.Value(got.Enabled) != want {
			t.Errorf("%s: enabled is %v", alias, representation.Value(got.Enabled))
		}
	}
}
