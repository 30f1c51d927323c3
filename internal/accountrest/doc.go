// Package accountrest is Keycloak's account REST: what a person, or an
// application for them, reads and changes of their own account. It shares its
// addresses with the pages of package account: who asks for JSON is answered
// here.
//
// Every call carries a bearer token of the realm that has the client account
// in its audience and one of that client's roles, and that stands for somebody
// who is still signed in. Scripts of the token's application may read
// the answers.
//
// Routes, below /realms/{realm}/account:
//
//	GET, POST         /                                 the profile
//	GET               /supportedLocales
//	GET               /features                         what the realm allows; Latchkey's own
//	GET               /credentials
//	PUT               /credentials/{id}/label
//	DELETE            /credentials/{id}
//	GET, DELETE       /sessions                         DELETE ends the others; ?current=true all
//	GET               /sessions/devices
//	DELETE            /sessions/{id}
//	GET               /applications
//	GET, POST, PUT, DELETE  /applications/{clientId}/consent
//	GET               /groups
//	GET               /linked-accounts
//	GET               /activity                         the last 90 days; Latchkey's own
//	OPTIONS           everywhere
//
// Times of sessions are seconds; dates of credentials, consents and activity
// are milliseconds, as Keycloak has them.
//
// Nevers: it never shows what is another person's, never changes an address
// (that takes proof, R-038), never ends a session but by package session, never
// shows a page, and never imports another door.
package accountrest
