package latchkey

import "fmt"

// Requirement says what an execution means for the level it stands on.
type Requirement string

// The requirements, as in Keycloak.
const (
	Required    Requirement = "REQUIRED"
	Alternative Requirement = "ALTERNATIVE"
	Conditional Requirement = "CONDITIONAL"
	Disabled    Requirement = "DISABLED"
)

// Flow is an authentication flow: one level of executions, some of which
// stand for a sub-flow (Keycloak: authentication flow).
type Flow struct {
	RealmID     string      `json:"-"`
	ID          string      `json:"-"`
	Alias       string      `json:"-"` // unique in the realm
	Description string      `json:"description,omitempty"`
	ProviderID  string      `json:"providerId"` // basic-flow, form-flow, client-flow
	TopLevel    bool        `json:"topLevel,omitempty"`
	BuiltIn     bool        `json:"builtIn,omitempty"`    // may be configured, not restructured
	Executions  []Execution `json:"executions,omitempty"` // by priority
	Kept        Kept        `json:"-"`
}

// The kinds of flows (Flow.ProviderID), as in Keycloak.
const (
	BasicFlow  = "basic-flow"
	FormFlow   = "form-flow"   // the parts of a page
	ClientFlow = "client-flow" // how applications prove themselves
)

// flowDocker is the built-in flow of container registries, which asks for a
// name and a password in a header: no page of it signs anybody in.
const flowDocker = "docker auth"

// CanBind says whether a flow can do what a setting of a realm (browserFlow,
// clientAuthenticationFlow, ...) or of a client (browser, direct_grant) binds
// it to.
func CanBind(setting string, f *Flow) bool {
	switch setting {
	case "clientAuthenticationFlow":
		return f.ProviderID == ClientFlow
	case "dockerAuthenticationFlow":
		return f.ProviderID == BasicFlow
	}
	return f.ProviderID == BasicFlow && (!f.BuiltIn || f.Alias != flowDocker)
}

// WhyNotBound says why a flow cannot be bound so.
func WhyNotBound(setting string, f *Flow) string {
	if setting == "clientAuthenticationFlow" {
		return fmt.Sprintf("%q is a flow for people (%s): applications cannot prove themselves by it.", f.Alias, f.ProviderID)
	}
	if f.ProviderID == BasicFlow {
		return fmt.Sprintf("%q is the flow of container registries: nobody can sign in by it elsewhere.", f.Alias)
	}
	return fmt.Sprintf("%q is a %s: nobody can sign in by it.", f.Alias, f.ProviderID)
}

// Execution is a step of a flow: an authenticator, or a sub-flow.
type Execution struct {
	ID               string      `json:"id"`
	Authenticator    string      `json:"authenticator,omitempty"` // provider id; empty for a plain sub-flow
	FlowID           string      `json:"flowId,omitempty"`        // the sub-flow
	ConfigID         string      `json:"configId,omitempty"`      // an AuthenticatorConfig
	Requirement      Requirement `json:"requirement"`
	Priority         int         `json:"priority"`
	UserSetupAllowed bool        `json:"userSetupAllowed,omitempty"`
	Kept             Kept        `json:"kept,omitempty"`
}

// AuthenticatorConfig is the configuration behind the gear of an execution.
type AuthenticatorConfig struct {
	RealmID string            `json:"-"`
	ID      string            `json:"-"`
	Alias   string            `json:"-"`
	Config  map[string]string `json:"config"`
	Kept    Kept              `json:"-"`
}

// RequiredAction is something that a realm can ask of a user after the flow
// (Keycloak: required action provider).
type RequiredAction struct {
	RealmID       string            `json:"-"`
	Alias         string            `json:"-"` // UPDATE_PROFILE, VERIFY_EMAIL, ...
	Name          string            `json:"name"`
	ProviderID    string            `json:"providerId"`
	Enabled       bool              `json:"enabled"`
	DefaultAction bool              `json:"defaultAction,omitempty"` // asked of every new user
	Priority      int               `json:"priority"`
	Config        map[string]string `json:"config,omitempty"`
	Kept          Kept              `json:"-"`
}

// The aliases of the required actions that Latchkey acts on.
const (
	ActionVerifyEmail    = "VERIFY_EMAIL"
	ActionUpdateProfile  = "UPDATE_PROFILE"
	ActionUpdatePassword = "UPDATE_PASSWORD"
	ActionTerms          = "TERMS_AND_CONDITIONS"
	ActionVerifyProfile  = "VERIFY_PROFILE"
	ActionConfigureOTP   = "CONFIGURE_TOTP"

	ActionDeleteAccount    = "delete_account"
	ActionDeleteCredential = "delete_credential"
	ActionUpdateEmail      = "UPDATE_EMAIL"
	ActionUpdateLocale     = "update_user_locale"
)

// The provider ids of the authenticators that Latchkey acts on.
const (
	AuthCookie               = "auth-cookie"
	AuthIdentityProvider     = "identity-provider-redirector"
	AuthUsernameForm         = "auth-username-form"
	AuthPasswordForm         = "auth-password-form"
	AuthUsernamePasswordForm = "auth-username-password-form"
	AuthMagicLink            = "ext-magic-form"
	AuthRegistrationPage     = "registration-page-form"
	AuthChooseUser           = "reset-credentials-choose-user"
	AuthResetEmail           = "reset-credential-email"
	AuthResetPassword        = "reset-password"
	ConditionUserConfigured  = "conditional-user-configured"
	AuthOTPForm              = "auth-otp-form"
	AuthDirectUsername       = "direct-grant-validate-username"
	AuthDirectPassword       = "direct-grant-validate-password"
	AuthDirectOTP            = "direct-grant-validate-otp"
	ConditionUserRole        = "conditional-user-role"
	ConditionUserAttribute   = "conditional-user-attribute"
	ConditionClientScope     = "conditional-client-scope"
	ConditionSubFlowExecuted = "conditional-sub-flow-executed"
	ConditionCredential      = "conditional-credential"
	AuthAllowAccess          = "allow-access-authenticator"
	AuthDenyAccess           = "deny-access-authenticator"
	AuthResetOTP             = "reset-otp"
)

// The provider ids of the form actions of a registration.
const (
	FormUserCreation = "registration-user-creation"
	FormPassword     = "registration-password-action"
	FormTerms        = "registration-terms-and-conditions"
)

// The alias of the built-in flow of the mailed link.
const FlowMagicLink = "magic link"
