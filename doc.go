// Package latchkey holds the nouns of the identity server: what a realm, a
// client, a user, a login or a mailed link IS. It does no I/O and imports
// nothing but the standard library and the IDNA tables; how a noun is kept is
// in internal/store, what is done with it in the packages above.
//
// # Glossary
//
// Keycloak's and OpenID's words are used exactly as they are used there:
// realm, client, client scope, protocol mapper, role, user, credential,
// required action, authentication flow, execution, requirement,
// authenticator, authenticator config, user session, client session, event,
// admin event.
//
// Three words are Latchkey's own:
//
//   - A login is one run of an authentication flow in one browser tab
//     (Keycloak: an authentication session and its tab). See [Login].
//   - An action token is a secret that was mailed or handed out. It is single
//     use, and stored as a hash; it is sealed only while its mail is unsent.
//     See [ActionToken].
//   - An outbox message is a mail that has been promised. See [Message].
//
// Times are kept in UTC with a resolution of a millisecond. Durations in
// settings are whole seconds, as in Keycloak's representations, unless a name
// says otherwise.
package latchkey
