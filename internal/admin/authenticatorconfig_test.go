package admin_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

const duplicateConfig = `{"errorMessage":"Authentication execution configuration with alias same already exists"}`

// Executions of an export name their configuration by its alias: no two of a
// realm have the same, and none is left behind by what it belonged to.
func TestConfigurationsBelongToTheirStep(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	w.must(201, admin, "POST", at+"/flows", m{"alias": "mine"})
	step := func() string {
		return w.must(201, admin, "POST", at+"/flows/mine/executions/execution", m{"provider": "ext-magic-form"}).id()
	}
	one, two := step(), step()
	config := func(alias, life string) m { return m{"alias": alias, "config": m{"ext-magic-token-life-span": life}} }
	first := w.must(201, admin, "POST", at+"/executions/"+one+"/config", config("same", "111")).id()
	for _, path := range []string{"/executions/" + two + "/config", "/config"} {
		if a := w.must(409, admin, "POST", at+path, config("same", "222")); a.Text != duplicateConfig {
			t.Errorf("%s: %s", path, a.Text)
		}
	}
	second := w.must(201, admin, "POST", at+"/executions/"+two+"/config", config("other", "222")).id()
	if a := w.must(409, admin, "PUT", at+"/config/"+second, config("same", "222")); a.Text != duplicateConfig {
		t.Errorf("renamed: %s", a.Text)
	}
	w.must(204, admin, "PUT", at+"/config/"+second, config("other", "223"))

	// One that takes the place of another takes its alias, too.
	next := w.must(201, admin, "POST", at+"/executions/"+one+"/config", config("same", "112")).id()
	w.must(404, admin, "GET", at+"/config/"+first, nil)
	// A copy whose configuration would be called like another is called otherwise.
	loose := w.must(201, admin, "POST", at+"/config", config("copy same", "1")).id()
	w.must(201, admin, "POST", at+"/flows/mine/copy", m{"newName": "copy"})
	seen := map[string]bool{}
	var out representation.Realm
	w.must(200, admin, "POST", "/demo/partial-export", nil).into(&out)
	for _, c := range out.AuthenticatorConfig {
		if seen[*c.Alias] {
			t.Errorf("%q is there twice", *c.Alias)
		}
		seen[*c.Alias] = true
	}
	if !seen["copy same"] || !seen["copy same 2"] || !seen["copy other"] {
		t.Errorf("%v", seen)
	}
	w.must(204, admin, "DELETE", at+"/config/"+loose, nil)

	// It goes with its step, and with its flow, also when several steps there share it.
	w.must(204, admin, "DELETE", at+"/executions/"+two, nil)
	w.must(404, admin, "GET", at+"/config/"+second, nil)
	flow := w.s.Snapshot("demo").FlowByAlias("mine").ID
	w.must(201, admin, "POST", at+"/executions", m{"authenticator": "ext-magic-form", "parentFlow": flow, "authenticatorConfig": "same"})
	w.must(204, admin, "DELETE", at+"/flows/"+flow, nil)
	w.must(404, admin, "GET", at+"/config/"+next, nil)
}

// What an option cannot be is refused with its name; what it was before stays
// when it is given back.
func TestOptionsOfStepsAreValidated(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/authentication"
	w.must(201, admin, "POST", at+"/flows", m{"alias": "mine"})
	add := func(provider string) string {
		return w.must(201, admin, "POST", at+"/flows/mine/executions/execution", m{"provider": provider}).id()
	}
	magic := add("ext-magic-form")
	id := w.must(201, admin, "POST", at+"/executions/"+magic+"/config", m{"alias": "c", "config": m{"somebody-elses": "option"}}).id()
	for _, test := range []struct {
		option, value string
		right         bool
	}{
		{"ext-magic-token-life-span", "abc", false},
		{"ext-magic-token-life-span", "-5", false},
		{"ext-magic-token-life-span", "0", false},
		{"ext-magic-token-life-span", "1.5", false},
		{"ext-magic-token-life-span", "900", true},
		{"ext-magic-token-life-span", "99999", false},
		{"ext-magic-token-life-span", "3600", true},
		{"latchkey-allowed-domains", "not a domain!", false},
		{"latchkey-allowed-domains", "example.com##*.example.org##*.test", true},
		{"latchkey-denied-domains", "example.com##", true},
		{"latchkey-denied-domains", "com", false},
		{"ext-magic-token-life-span", "", true},
		{"latchkey-resend-seconds", "x", false},
		{"latchkey-resend-seconds", "4", false},
		{"latchkey-resend-seconds", "601", false},
		{"latchkey-resend-seconds", "60", true},
		{"latchkey-other-browser", "bogus", false},
		{"latchkey-other-browser", "refuse", true},
		{"ext-magic-create-nonexistent-user", "maybe", false},
		{"ext-magic-create-nonexistent-user", "true", true},
		{"ext-magic-create-nonexistent-user", "FALSE", false},
	} {
		body := m{"alias": "c", "config": m{test.option: test.value}}
		status := 204
		if !test.right {
			status = 400
		}
		a := w.must(status, admin, "PUT", at+"/config/"+id, body)
		if !test.right && !strings.Contains(a.Text, `"field":"config.`+test.option+`"`) {
			t.Errorf("%s: %s", test.option, a.Text)
		}
		if !test.right {
			body["alias"] = "d"
			w.must(400, admin, "POST", at+"/executions/"+magic+"/config", body)
		}
	}
	// What belongs to no step yet is looked at when a step gets it.
	w.must(201, admin, "POST", at+"/config", m{"alias": "loose", "config": m{"ext-magic-token-life-span": "abc"}})
	flow := w.s.Snapshot("demo").FlowByAlias("mine").ID
	w.must(400, admin, "POST", at+"/executions", m{"authenticator": "ext-magic-form", "parentFlow": flow, "authenticatorConfig": "loose"})
	// What an import has may be given back as it is.
	old := w.s.Snapshot("demo").Config(id)
	w.s.Update(func(tx *store.Tx) error {
		changed := *old
		changed.Config = map[string]string{"ext-magic-token-life-span": "abc"}
		return tx.UpdateAuthenticatorConfig(&changed)
	})
	w.s.Settle("demo")
	w.must(204, admin, "PUT", at+"/config/"+id, m{"alias": "c", "config": m{"ext-magic-token-life-span": "abc", "latchkey-resend-seconds": "30"}})

	level := add("conditional-level-of-authentication")
	w.must(400, admin, "POST", at+"/executions/"+level+"/config", m{"alias": "l", "config": m{"loa-condition-level": "high"}})
	w.must(400, admin, "POST", at+"/executions/"+level+"/config", m{"alias": "l", "config": m{"loa-max-age": "-1"}})
	w.must(201, admin, "POST", at+"/executions/"+level+"/config", m{"alias": "l", "config": m{"loa-condition-level": "1", "loa-max-age": "0"}})

	const action = at + "/required-actions/" + latchkey.ActionUpdatePassword
	for _, path := range []string{action + "/config", action} {
		if a := w.must(400, admin, "PUT", path, m{"config": m{"max_auth_age": "x"}}); !strings.Contains(a.Text, `"field":"config.max_auth_age"`) {
			t.Errorf("%s: %s", path, a.Text)
		}
	}
	w.must(204, admin, "PUT", action+"/config", m{"config": m{"max_auth_age": "60"}})
}
