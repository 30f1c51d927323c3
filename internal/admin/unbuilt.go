package admin

import (
	"latchkey"
	"latchkey/internal/flow"
)

// choice is how a step can be required.
type choice int

const (
	any3 choice = iota // REQUIRED, ALTERNATIVE, DISABLED
	onOrOff
	alwaysOn
)

func choose(c choice) []latchkey.Requirement {
	switch c {
	case onOrOff:
		return []latchkey.Requirement{latchkey.Required, latchkey.Disabled}
	case alwaysOn:
		return []latchkey.Requirement{latchkey.Required}
	}
	return []latchkey.Requirement{latchkey.Required, latchkey.Alternative, latchkey.Disabled}
}

// unbuilt are the steps of Keycloak, and of the extensions that realms are
// brought over with, that are not built. Built-in flows and imports have some of
// them: they are listed as they are there, and cannot be added.
var unbuilt = []flow.Provider{
	missing("auth-spnego", "Kerberos", any3),
	missing("webauthn-authenticator", "WebAuthn Authenticator", any3),
	missing("webauthn-authenticator-passwordless", "WebAuthn Passwordless Authenticator", any3),
	missing("auth-recovery-authn-code-form", "Recovery Authentication Code Form", any3),
	configurable("auth-conditional-otp-form", "Conditional OTP Form", any3),
	configurable("auth-x509-client-username-form", "X509/Validate Username Form", any3),
	configurable("direct-grant-auth-x509-username", "X509/Validate Username", alwaysOn),
	missing("docker-http-basic-authenticator", "Docker Authenticator", alwaysOn),
	missing("http-basic-authenticator", "HTTP Basic Authentication", alwaysOn),
	configurable("organization", "Organization Identity-First Login", any3),
	configurable("user-session-limits", "User session count limiter", onOrOff),

	configurable("idp-review-profile", "Review Profile", onOrOff),
	configurable("idp-create-user-if-unique", "Create User If Unique", any3),
	missing("idp-confirm-link", "Confirm link existing account", onOrOff),
	missing("idp-confirm-override-link", "Confirm override existing link", onOrOff),
	missing("idp-detect-existing-broker-user", "Detect existing broker user", onOrOff),
	missing("idp-auto-link", "Automatically set existing user", any3),
	missing("idp-email-verification", "Verify existing account by Email", any3),
	missing("idp-username-password-form", "Username Password Form for identity provider reauthentication", alwaysOn),
	missing("idp-add-organization-member", "Organization Member Onboard", onOrOff),

	missing("client-x509", "X509 Certificate", any3),
	missing("federated-jwt", "Signed JWT - Federated", any3),

	configurable("registration-recaptcha-action", "reCAPTCHA", onOrOff),
	configurable("registration-recaptcha-enterprise", "reCAPTCHA Enterprise", onOrOff),

	configurable("magic-link-continuation-form", "Magic Link continuation", any3),
	configurable("ext-magic-active-org", "Magic Link (Active Org)", any3),
	configurable("ext-email-otp", "Email OTP", any3),
	missing("login-token-form", "Login Token", any3),
	missing("login-token-verifier", "Login Token (with login_hint)", any3),
	missing("direct-grant-login-token", "Login Token Direct Grant", any3),
	configurable("ext-auth-cloudflare-turnstile", "Cloudflare Turnstile validation", any3),
	configurable("ext-auth-turnstile-username-password", "Cloudflare Turnstile Username Password Form", alwaysOn),
	configurable("ext-turnstile-form-action", "Cloudflare Turnstile validation", onOrOff),
	configurable("conditional-turnstile-failed", "Condition - Turnstile Failed", onOrOff),
}

func missing(id, name string, c choice) flow.Provider {
	return flow.Provider{ID: id, DisplayName: name, HelpText: "Not built: kept where an import, or a built-in flow, has it.", Requirements: choose(c)}
}

func configurable(id, name string, c choice) flow.Provider {
	p := missing(id, name, c)
	p.Configurable = true
	return p
}
