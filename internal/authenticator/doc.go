// Package authenticator holds the steps that an authentication flow is made
// of, one file each. A step is given the login and answers with an outcome;
// the flow engine does the rest.
//
// Steps: auth-cookie, identity-provider-redirector, auth-username-form,
// auth-password-form, auth-username-password-form, ext-magic-form,
// auth-otp-form, reset-otp, allow-access-authenticator,
// deny-access-authenticator; of the password grant:
// direct-grant-validate-username, direct-grant-validate-password,
// direct-grant-validate-otp; conditions: conditional-user-configured,
// conditional-user-role, conditional-user-attribute, conditional-client-scope,
// conditional-sub-flow-executed, conditional-credential,
// conditional-level-of-authentication.
//
// Nevers: a step never imports net/http, never opens a transaction, never
// hashes a password inside of one, never looks a typed name up in a way that
// shows in the answer or its work.
package authenticator
