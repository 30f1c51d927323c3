package representation

import (
	"latchkey"
)

// Flow is an authentication flow as it is listed and exported.
type Flow struct {
	ID          *string     `json:"id,omitzero"`
	Alias       *string     `json:"alias,omitzero"`
	Description *string     `json:"description,omitzero"`
	ProviderID  *string     `json:"providerId,omitzero"` // basic-flow, client-flow, form-flow
	TopLevel    *bool       `json:"topLevel,omitzero"`
	BuiltIn     *bool       `json:"builtIn,omitzero"`
	Executions  []Execution `json:"authenticationExecutions,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// Execution is a step of a flow as exports show it: configuration and
// sub-flow are named by alias. Keycloak writes whether it stands for a
// sub-flow twice, once misspelt; both are read and written.
type Execution struct {
	AuthenticatorConfig *string `json:"authenticatorConfig,omitzero"` // alias
	Authenticator       *string `json:"authenticator,omitzero"`       // provider id
	AuthenticatorFlow   *bool   `json:"authenticatorFlow,omitzero"`
	Requirement         *string `json:"requirement,omitzero"`
	Priority            *int    `json:"priority,omitzero"`
	AutheticatorFlow    *bool   `json:"autheticatorFlow,omitzero"`
	FlowAlias           *string `json:"flowAlias,omitzero"`
	UserSetupAllowed    *bool   `json:"userSetupAllowed,omitzero"`

	// Of GET authentication/executions/{id} only.
	ID         *string `json:"id,omitzero"`
	ParentFlow *string `json:"parentFlow,omitzero"` // id
	FlowID     *string `json:"flowId,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// IsFlow says whether the execution stands for a sub-flow.
func (e *Execution) IsFlow() bool {
	return Value(e.AuthenticatorFlow) || Value(e.AutheticatorFlow) || Value(e.FlowAlias) != ""
}

// ExecutionInfo is a row of a flow's tree as the console draws it. The door
// fills in what the step's provider says.
type ExecutionInfo struct {
	ID                   string   `json:"id"`
	Requirement          string   `json:"requirement"`
	DisplayName          string   `json:"displayName"`
	Alias                string   `json:"alias,omitempty"` // of the configuration
	Description          string   `json:"description,omitempty"`
	RequirementChoices   []string `json:"requirementChoices"`
	Configurable         bool     `json:"configurable"`
	AuthenticationFlow   bool     `json:"authenticationFlow,omitempty"`
	ProviderID           string   `json:"providerId,omitempty"`
	AuthenticationConfig string   `json:"authenticationConfig,omitempty"` // id of the configuration
	FlowID               string   `json:"flowId,omitempty"`
	Level                int      `json:"level"`
	Index                int      `json:"index"`
	Priority             int      `json:"priority"`
}

// AuthenticatorConfig is what stands behind the gear of a step.
type AuthenticatorConfig struct {
	ID     *string           `json:"id,omitzero"`
	Alias  *string           `json:"alias,omitzero"`
	Config map[string]string `json:"config,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// RequiredAction is what a realm can ask of a user.
type RequiredAction struct {
	Alias         *string           `json:"alias,omitzero"`
	Name          *string           `json:"name,omitzero"`
	ProviderID    *string           `json:"providerId,omitzero"`
	Enabled       *bool             `json:"enabled,omitzero"`
	DefaultAction *bool             `json:"defaultAction,omitzero"`
	Priority      *int              `json:"priority,omitzero"`
	Config        map[string]string `json:"config,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// FlowOf shows a flow with its executions.
func FlowOf(s *latchkey.Snapshot, f *latchkey.Flow) Flow {
	r := Flow{ID: new(f.ID), Alias: new(f.Alias), Description: optional(f.Description), ProviderID: new(f.ProviderID),
		TopLevel: new(f.TopLevel), BuiltIn: new(f.BuiltIn), Executions: []Execution{}}
	for i := range f.Executions {
		r.Executions = append(r.Executions, executionOf(s, &f.Executions[i]))
	}
	return r
}

func executionOf(s *latchkey.Snapshot, e *latchkey.Execution) Execution {
	r := Execution{Authenticator: optional(e.Authenticator), AuthenticatorFlow: new(e.FlowID != ""),
		AutheticatorFlow: new(e.FlowID != ""), Requirement: new(string(e.Requirement)), Priority: new(e.Priority),
		UserSetupAllowed: new(e.UserSetupAllowed), Kept: e.Kept}
	if c := s.Config(e.ConfigID); c != nil {
		r.AuthenticatorConfig = new(c.Alias)
	}
	if sub := s.Flow(e.FlowID); sub != nil {
		r.FlowAlias = new(sub.Alias)
	}
	return r
}

// ExecutionOf shows one execution of the flow with that id, as
// GET authentication/executions/{id} does.
func ExecutionOf(e *latchkey.Execution, parentID string) Execution {
	r := Execution{Authenticator: optional(e.Authenticator), AuthenticatorConfig: optional(e.ConfigID),
		AuthenticatorFlow: new(e.FlowID != ""), AutheticatorFlow: new(e.FlowID != ""),
		Requirement: new(string(e.Requirement)), Priority: new(e.Priority), ID: new(e.ID), ParentFlow: new(parentID)}
	r.FlowID = optional(e.FlowID)
	return r
}

// Requirement reads a requirement; OPTIONAL is what Keycloak before 8 called
// a conditional step that each user sets up.
func Requirement(text string) (latchkey.Requirement, error) {
	switch r := latchkey.Requirement(text); r {
	case latchkey.Required, latchkey.Alternative, latchkey.Conditional, latchkey.Disabled:
		return r, nil
	}
	return "", latchkey.Invalid("requirement", "Expected REQUIRED, ALTERNATIVE, CONDITIONAL or DISABLED, not %q.", clip(text))
}

// ConfigOf shows an authenticator configuration.
func ConfigOf(c *latchkey.AuthenticatorConfig) AuthenticatorConfig {
	return AuthenticatorConfig{ID: new(c.ID), Alias: new(c.Alias), Config: copied(c.Config)}
}

// Apply changes a configuration: its options are replaced as a whole, empty
// ones dropped.
func (r *AuthenticatorConfig) Apply(c *latchkey.AuthenticatorConfig) error {
	if err := Join(checkAll(member{"alias", r.Alias}), checkNames("config", r.Config)); err != nil {
		return err
	}
	if r.Alias != nil {
		if *r.Alias == "" {
			return latchkey.Invalid("alias", "A configuration needs an alias.")
		}
		c.Alias = *r.Alias
	}
	if r.Config != nil {
		c.Config = nonEmpty(r.Config)
	}
	c.Kept = merge(c.Kept, r.Kept, nil)
	return nil
}

// RequiredActionOf shows a required action.
func RequiredActionOf(a *latchkey.RequiredAction) RequiredAction {
	return RequiredAction{Alias: new(a.Alias), Name: new(a.Name), ProviderID: new(a.ProviderID), Enabled: new(a.Enabled),
		DefaultAction: new(a.DefaultAction), Priority: new(a.Priority), Config: copied(a.Config)}
}

// Apply changes a required action by what is given; its alias and provider
// stay.
func (r *RequiredAction) Apply(a *latchkey.RequiredAction) {
	set(&a.Name, r.Name)
	set(&a.Enabled, r.Enabled)
	set(&a.DefaultAction, r.DefaultAction)
	set(&a.Priority, r.Priority)
	if r.Config != nil {
		a.Config = nonEmpty(r.Config)
	}
	a.Kept = merge(a.Kept, r.Kept, nil)
}
