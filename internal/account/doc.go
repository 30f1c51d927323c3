// Package account is the console where people look after their own account. It
// is a client of our own OpenID Connect and account REST, which it calls within
// the process, and of nothing else: whatever it shows can be scripted, and
// every permission is checked there.
//
// It signs in by code and PKCE as the client account-console. The refresh token
// is kept in a sealed cookie, so that any node serves any request; access
// tokens are remembered for as long as they are good, which only saves work.
//
// Routes, below /realms/{realm}/account, for who does not ask for JSON
// (Keycloak's addresses of pages):
//
//	GET, POST  /                                        personal info
//	GET, POST  /account-security/signing-in             sign-in methods
//	GET, POST  /account-security/device-activity        devices and sessions
//	GET, POST  /applications                            applications and consents
//	GET        /groups
//	GET        /activity
//	GET        /begin                                   what takes a sign-in (kc_action)
//	GET        /callback                                the answer to a sign-in
//	POST       /sign-out
//
// ?referrer=CLIENT&referrer_uri=URI offers the way back to an application; the
// address must be one of its redirect URIs.
//
// Nevers: it never touches the database, never decides who may do what, never
// shows a token to the browser but sealed, and changes nothing by GET.
package account
