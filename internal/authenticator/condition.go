package authenticator

import (
	"strings"

	"latchkey"
	"latchkey/internal/flow"
)

// userConfigured lets its sub-flow run for users who have set up what the
// sub-flow asks for.
type userConfigured struct{}

func (userConfigured) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.ConditionUserConfigured, DisplayName: "Condition - user configured", Category: categoryCondition, Requirements: onOrOff,
		HelpText: "Holds when the user has set up the steps of the sub-flow that it stands in.",
	}
}

// credentialOf names the kind of credential that a step needs. What is not
// listed needs none.
var credentialOf = map[string]string{
	latchkey.AuthPasswordForm:              latchkey.CredentialPassword,
	latchkey.AuthUsernamePasswordForm:      latchkey.CredentialPassword,
	latchkey.AuthOTPForm:                   latchkey.CredentialOTP,
	latchkey.AuthResetOTP:                  latchkey.CredentialOTP,
	"webauthn-authenticator":               "webauthn",
	"webauthn-authenticator-passwordless":  "webauthn-passwordless",
	"auth-recovery-authn-code-form":        "recovery-authn-codes",
	latchkey.AuthDirectOTP:                 latchkey.CredentialOTP,
	latchkey.AuthDirectPassword:            latchkey.CredentialPassword,
	"ext-auth-turnstile-username-password": latchkey.CredentialPassword,
}

// Matches is true when every REQUIRED step beside the condition, or, where
// there is none, one of the ALTERNATIVE ones, is set up. Steps that are not
// built count too: a user who has set one up is not let in without it.
func (userConfigured) Matches(c *flow.Context) (bool, error) {
	u, err := c.User()
	if err != nil || u == nil {
		return false, err
	}
	list, err := c.Tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return false, err
	}
	has := map[string]bool{}
	for _, cr := range list {
		has[cr.Type] = true
	}
	return setUp(c.Realm, levelOf(c.Realm, c.Execution.ID), has, 0), nil
}

// maxDepth bounds how deep flows may be nested, as the engine does.
const maxDepth = 20

func setUp(snap *latchkey.Snapshot, f *latchkey.Flow, has map[string]bool, depth int) bool {
	if f == nil || depth > maxDepth {
		return false
	}
	required, alternative := 0, false
	for i := range f.Executions {
		e := &f.Executions[i]
		if e.Requirement == latchkey.Disabled || e.Requirement == latchkey.Conditional || strings.HasPrefix(e.Authenticator, "conditional-") {
			continue
		}
		ok := true
		if e.FlowID != "" {
			ok = setUp(snap, snap.Flow(e.FlowID), has, depth+1)
		} else if kind := credentialOf[e.Authenticator]; kind != "" {
			ok = has[kind]
		}
		if e.Requirement == latchkey.Required {
			if !ok {
				return false
			}
			required++
		}
		alternative = alternative || ok
	}
	return required > 0 || alternative
}

// levelOf finds the flow that the execution stands in.
func levelOf(snap *latchkey.Snapshot, executionID string) *latchkey.Flow {
	for _, f := range snap.Flows {
		for i := range f.Executions {
			if f.Executions[i].ID == executionID {
				return f
			}
		}
	}
	return nil
}

func (userConfigured) Authenticate(*flow.Context) (flow.Outcome, error) { return attempted, nil }
func (userConfigured) Action(*flow.Context) (flow.Outcome, error)       { return attempted, nil }

// userRole lets its sub-flow run for users who have a role.
type userRole struct{}

// The keys of userRole's configuration, as in Keycloak.
const (
	keyRole   = "condUserRole" // "role", or "clientId.role"
	keyNegate = "negate"
)

func (userRole) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.ConditionUserRole, DisplayName: "Condition - user role", Category: categoryCondition, Requirements: onOrOff,
		HelpText: "Holds when the user has the role.", Configurable: true,
		Properties: []flow.Property{
			{Name: keyRole, Label: "User role", Type: "Role", HelpText: "A realm role by its name, or a client's as \"client.role\"."},
			{Name: keyNegate, Label: "Negate output", Type: "boolean", Default: "false", HelpText: "Holds when the user does not have the role."},
		},
	}
}

// Matches looks at the user's roles and all that they are composed of. A role
// that does not exist is had by nobody, and the condition does not hold,
// negated or not, as in Keycloak.
func (userRole) Matches(c *flow.Context) (bool, error) {
	u, err := c.User()
	if err != nil || u == nil {
		return false, err
	}
	role := roleNamed(c.Realm, c.Config[keyRole])
	if role == nil {
		return false, nil
	}
	held, err := c.Tx.Holdings(u.RealmID, u.ID)
	if err != nil {
		return false, err
	}
	has := false
	for _, r := range c.Realm.ExpandRoles(held.RoleIDs()) {
		has = has || r.ID == role.ID
	}
	return has != (c.Config[keyNegate] == "true"), nil
}

// roleNamed finds "role" or "clientId.role"; a client's id may have dots too.
func roleNamed(snap *latchkey.Snapshot, name string) *latchkey.Role {
	for at := strings.LastIndexByte(name, '.'); at > 0; at = strings.LastIndexByte(name[:at], '.') {
		if client := snap.ClientByClientID(name[:at]); client != nil {
			return snap.RoleNamed(client.ID, name[at+1:])
		}
	}
	if name == "" {
		return nil
	}
	return snap.RoleNamed("", name)
}

func (userRole) Authenticate(*flow.Context) (flow.Outcome, error) { return attempted, nil }
func (userRole) Action(*flow.Context) (flow.Outcome, error)       { return attempted, nil }
