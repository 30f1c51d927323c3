// Package session holds what is done with a person's sign-in: it starts and
// ends user sessions, finds the live one that a browser's cookie or a token
// names, and attaches applications to it.
//
// Its verbs: [Start], [Impersonate], [Renew], [Find], [ByID], [Filter], [Live], [Touch], [End], [Remove],
// [EndAll], [EndSome],
// [Expel]; [AttachClient], [ClientOf], [TouchClient], [DetachClient],
// [StartOffline]; [GrantConsent], [RevokeConsent]; [OpenFamily] and [Rotate] for refresh tokens.
//
// A session's cookie is a drawn secret of which only the hash is kept. How
// long a session lives is the realm's and the client's, with Keycloak's names
// and meaning, and is enforced here on every use: there is no timer
// that ends sessions.
//
// What ends a session promises, in the same transaction, a notice to every
// application of it that wants to be told (back-channel logout, R-095); package
// backchannel keeps the promise. A session that only expires tells nobody.
//
// Nevers: it never touches HTTP, never opens a transaction, and nobody but the
// person's door starts a session, but for an impersonation.
package session
