package authenticator

import (
	"regexp"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/token"
)

// condition is what the conditions of this file have in common: they are
// evaluated and never run.
type condition struct{}

func (condition) Authenticate(*flow.Context) (flow.Outcome, error) { return attempted, nil }
func (condition) Action(*flow.Context) (flow.Outcome, error)       { return attempted, nil }

// userAttribute lets its sub-flow run for users with a value of an attribute.
type userAttribute struct{ condition }

// The keys of the conditions' configurations, as in Keycloak.
const (
	keyAttribute       = "attribute_name"
	keyExpected        = "attribute_expected_value"
	keyRegex           = "regex"
	keyNot             = "not"
	keyGroupAttributes = "include_group_attributes"
	keyClientScope     = "client_scope"
	keyFlowToCheck     = "flow_to_check"
	keyCheckResult     = "check_result"
	keyCredentials     = "credentials"
	keyIncluded        = "included"
)

func (userAttribute) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.ConditionUserAttribute, DisplayName: "Condition - user attribute", Category: categoryCondition, Requirements: onOrOff,
		HelpText: "Holds when the user has the attribute with the expected value.", Configurable: true,
		Properties: []flow.Property{
			{Name: keyAttribute, Label: "Attribute name", Type: "String", HelpText: "Name of the attribute."},
			{Name: keyExpected, Label: "Expected attribute value", Type: "String", HelpText: "One of its values has to be this one."},
			{Name: keyGroupAttributes, Label: "Include group attributes", Type: "boolean", Default: "false", HelpText: "Looks at the attributes of the user's groups, and of those above them, too."},
			{Name: keyNot, Label: "Negate output", Type: "boolean", Default: "false", HelpText: "Holds when none of its values is that one."},
			{Name: keyRegex, Label: "Regex", Type: "boolean", Default: "false", HelpText: "The expected value is a regular expression for the whole value (RE2)."},
		},
	}
}

// Matches holds for nobody where the expression cannot be read.
func (userAttribute) Matches(c *flow.Context) (bool, error) {
	u, err := c.User()
	if err != nil || u == nil || c.Config[keyAttribute] == "" {
		return false, err
	}
	values := slices.Clone(u.Attributes[c.Config[keyAttribute]])
	if c.Config[keyGroupAttributes] == "true" {
		held, err := c.Tx.Holdings(u.RealmID, u.ID)
		if err != nil {
			return false, err
		}
		for _, g := range held.Memberships {
			for _, one := range append([]*latchkey.Group{g.Group}, g.Above...) {
				values = append(values, one.Attributes[c.Config[keyAttribute]]...)
			}
		}
	}
	is := func(v string) bool { return v == c.Config[keyExpected] }
	if c.Config[keyRegex] == "true" {
		expression, err := regexp.Compile(`\A(?:` + c.Config[keyExpected] + `)\z`)
		if err != nil {
			return false, nil //nolint:nilerr // the operator's mistake holds for nobody
		}
		is = expression.MatchString
	}
	return slices.ContainsFunc(values, is) != (c.Config[keyNot] == "true"), nil
}

// clientScope lets its sub-flow run when the request has a client scope.
type clientScope struct{ condition }

func (clientScope) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.ConditionClientScope, DisplayName: "Condition - client scope", Category: categoryCondition, Requirements: onOrOff,
		HelpText: "Holds when the application's request has the client scope, by itself or because it asks for it.", Configurable: true,
		Properties: []flow.Property{
			{Name: keyClientScope, Label: "Client scope name", Type: "String", HelpText: "Name of the client scope."},
			{Name: keyNegate, Label: "Negate output", Type: "boolean", Default: "false", HelpText: "Holds when the request does not have it."},
		},
	}
}

func (clientScope) Matches(c *flow.Context) (bool, error) {
	if c.Client == nil || c.Config[keyClientScope] == "" {
		return false, nil
	}
	scope, _ := token.ResolveScope(c.Realm, c.Client, c.Login.Request.Scope)
	has := slices.ContainsFunc(scope.Scopes, func(s *latchkey.ClientScope) bool { return s.Name == c.Config[keyClientScope] })
	return has != (c.Config[keyNegate] == "true"), nil
}

// subFlowExecuted lets its sub-flow run when another one was run in this
// login, or was not.
type subFlowExecuted struct{ condition }

func (subFlowExecuted) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.ConditionSubFlowExecuted, DisplayName: "Condition - sub-flow executed", Category: categoryCondition, Requirements: onOrOff,
		HelpText: "Holds when a step of the sub-flow was passed in this sign-in.", Configurable: true,
		Properties: []flow.Property{
			{Name: keyFlowToCheck, Label: "Flow name", Type: "String", HelpText: "Alias of the sub-flow."},
			{Name: keyCheckResult, Label: "Check result", Type: "List", Default: "executed", Options: []string{"executed", "not-executed"}, HelpText: "Which of the two it has to be."},
		},
	}
}

func (subFlowExecuted) Matches(c *flow.Context) (bool, error) {
	f := c.Realm.FlowByAlias(c.Config[keyFlowToCheck])
	if f == nil {
		return false, nil
	}
	return passedSome(c, f, 0) == (c.Config[keyCheckResult] != "not-executed"), nil
}

// passedSome says whether a step of the flow passed in this login.
func passedSome(c *flow.Context, f *latchkey.Flow, depth int) bool {
	if f == nil || depth > maxDepth {
		return false
	}
	for i := range f.Executions {
		e := &f.Executions[i]
		if c.Login.Executions[e.ID] == latchkey.StatusSuccess || (e.FlowID != "" && passedSome(c, c.Realm.Flow(e.FlowID), depth+1)) {
			return true
		}
	}
	return false
}

// usedCredential lets its sub-flow run when a kind of credential was used in
// this login, or was not.
type usedCredential struct{ condition }

func (usedCredential) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.ConditionCredential, DisplayName: "Condition - credential", Category: categoryCondition, Requirements: onOrOff,
		HelpText: "Holds when none of the kinds of credentials was used in this sign-in; or, when \"included\" is on, when one was.", Configurable: true,
		Properties: []flow.Property{
			{Name: keyCredentials, Label: "Credentials", Type: "MultivaluedList", Options: []string{latchkey.CredentialPassword, latchkey.CredentialOTP, latchkey.CredentialWebAuthn, latchkey.CredentialWebAuthnPasswordless, "none"},
				HelpText: "Kinds of credentials; none: that no credential was used."},
			{Name: keyIncluded, Label: "Included", Type: "boolean", Default: "false", HelpText: "Holds when one of them was used."},
		},
	}
}

func (usedCredential) Matches(c *flow.Context) (bool, error) {
	used := map[string]bool{
		latchkey.CredentialPassword: slices.Contains(c.Login.AMR, latchkey.AMRPassword),
		latchkey.CredentialOTP:      slices.Contains(c.Login.AMR, latchkey.AMROTP),
	}
	used["none"] = !used[latchkey.CredentialPassword] && !used[latchkey.CredentialOTP]
	one := slices.ContainsFunc(strings.Split(c.Config[keyCredentials], "##"), func(kind string) bool { return used[kind] })
	return one == (c.Config[keyIncluded] == "true"), nil
}
