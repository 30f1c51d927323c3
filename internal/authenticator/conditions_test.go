package authenticator_test

import (
	"testing"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// A condition decides whether its sub-flow runs: here it holds a step that
// asks for a password.
func TestConditions(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	u := w.user("ada@example.test", false, func(u *latchkey.User) { u.Attributes = map[string][]string{"tier": {"gold", "old"}, "empty": {}} })
	w.update(func(tx *store.Tx) error {
		top := &latchkey.Group{RealmID: u.RealmID, Name: "top", Attributes: map[string][]string{"tier": {"group"}}}
		if err := tx.CreateGroup(top); err != nil {
			return err
		}
		below := &latchkey.Group{RealmID: u.RealmID, Name: "below", ParentID: top.ID}
		if err := tx.CreateGroup(below); err != nil {
			return err
		}
		return tx.JoinGroup(u.RealmID, u.ID, below.ID)
	})
	for _, c := range []struct {
		provider string
		config   map[string]string
		holds    bool
	}{
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "gold"}, true},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "old"}, true},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "gol"}, false},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "gold", "not": "true"}, false},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "other", "attribute_expected_value": "gold", "not": "true"}, true},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "g.*d|x", "regex": "true"}, true},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "g", "regex": "true"}, false},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "(", "regex": "true", "not": "true"}, false},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "group"}, false},
		{latchkey.ConditionUserAttribute, map[string]string{"attribute_name": "tier", "attribute_expected_value": "group", "include_group_attributes": "true"}, true},
		{latchkey.ConditionUserAttribute, nil, false},
		{latchkey.ConditionClientScope, map[string]string{"client_scope": "email"}, true},
		{latchkey.ConditionClientScope, map[string]string{"client_scope": "email", "negate": "true"}, false},
		{latchkey.ConditionClientScope, map[string]string{"client_scope": "phone"}, false},
		{latchkey.ConditionClientScope, map[string]string{"client_scope": "phone", "negate": "true"}, true},
		{latchkey.ConditionClientScope, nil, false},
		{latchkey.ConditionSubFlowExecuted, map[string]string{"flow_to_check": "magic link forms"}, false},
		{latchkey.ConditionSubFlowExecuted, map[string]string{"flow_to_check": "magic link forms", "check_result": "not-executed"}, true},
		{latchkey.ConditionSubFlowExecuted, map[string]string{"flow_to_check": "nothing", "check_result": "not-executed"}, false},
		{latchkey.ConditionCredential, map[string]string{"credentials": "webauthn-passwordless"}, true}, // of the built-in browser flow
		{latchkey.ConditionCredential, map[string]string{"credentials": "password##otp"}, true},
		{latchkey.ConditionCredential, map[string]string{"credentials": "password##otp", "included": "true"}, false},
		{latchkey.ConditionCredential, map[string]string{"credentials": "none", "included": "true"}, true},
	} {
		w.flows(step{provider: latchkey.AuthCookie, requirement: latchkey.Required},
			step{requirement: latchkey.Conditional, sub: []step{
				{provider: c.provider, requirement: latchkey.Required, config: c.config},
				{provider: latchkey.AuthPasswordForm, requirement: latchkey.Required},
			}})
		res := w.open(latchkey.AuthorizationRequest{Scope: "openid email"}).signIn(u, w.clock.Now()).get()
		if (res.Kind == flow.Show) != c.holds || (res.Kind == flow.Done) == c.holds {
			t.Errorf("%s %v: %+v", c.provider, c.config, res)
		}
	}
}

// What passed in this login is what the conditions look at.
func TestConditionsOfTheLogin(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.user("ada@example.test", true, nil)
	for _, c := range []struct {
		condition step
		denied    bool
	}{
		{step{provider: latchkey.ConditionCredential, config: map[string]string{"credentials": "password", "included": "true"}}, true},
		{step{provider: latchkey.ConditionCredential, config: map[string]string{"credentials": "otp", "included": "true"}}, false},
	} {
		c.condition.requirement = latchkey.Required
		w.flows(step{provider: latchkey.AuthUsernamePasswordForm, requirement: latchkey.Required},
			step{requirement: latchkey.Conditional, sub: []step{c.condition,
				{provider: latchkey.AuthDenyAccess, requirement: latchkey.Required, config: map[string]string{"denyErrorMessage": "not today"}}}},
			step{provider: latchkey.AuthAllowAccess, requirement: latchkey.Required})
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		res := b.post("username", "ada@example.test", "password", password)
		if denied := res.Screen == (flow.AccessDenied{Text: "not today"}); denied != c.denied || denied == (res.Kind == flow.Done) {
			t.Errorf("%+v: %+v", c.condition, res)
		}
	}
	// Denied is denied, however often the page is sent.
	w.flows(step{provider: latchkey.AuthDenyAccess, requirement: latchkey.Required})
	b := w.open(latchkey.AuthorizationRequest{})
	b.get()
	b.post()
	screen[flow.AccessDenied](b)
	if res := w.open(latchkey.AuthorizationRequest{Prompt: []string{"none"}}).get(); res.Kind != flow.NeedsPage {
		t.Errorf("%+v", res)
	}
}

// The reset of credentials has who has a device set one up anew.
func TestResetOTP(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.flows(step{provider: latchkey.AuthUsernamePasswordForm, requirement: latchkey.Required},
		step{requirement: latchkey.Conditional, sub: []step{
			{provider: latchkey.ConditionUserConfigured, requirement: latchkey.Required},
			{provider: latchkey.AuthResetOTP, requirement: latchkey.Required}}})
	for name, has := range map[string]bool{"ada@example.test": true, "bob@example.test": false} {
		u := w.user(name, true, nil)
		if has {
			w.device(u, "phone")
		}
		b := w.open(latchkey.AuthorizationRequest{})
		b.get()
		res := b.post("username", name, "password", password)
		if _, asked := res.Screen.(flow.OTPSetup); asked != has {
			t.Errorf("%s: %+v", name, res)
		}
	}
}
