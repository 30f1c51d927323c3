// Package authenticator holds the steps that an authentication flow is made
// of, one file each. A step is given the login and answers with an outcome;
// the flow engine does the rest.
//
// Steps: auth-cookie, identity-provider-redirector, auth-username-form,
// auth-password-form, auth-username-password-form, ext-magic-form,
// conditional-user-configured, conditional-user-role.
//
// Nevers: a step never imports net/http, never opens a transaction, never
// hashes a password inside of one, never looks a typed name up in a way that
// shows in the answer or its work.
package authenticator
