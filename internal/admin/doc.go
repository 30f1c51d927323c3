// Package admin is the operator's door: Keycloak's Admin REST API, and the
// resources of the mailed sign-in in its manner. Every call carries a bearer
// token of the realm that is administered or of realm master, and every
// permission is checked here.
//
// [Door] has one table of routes (route.go). A row says what a call is, which
// administrative roles it asks for, what it takes and what it gives; routing,
// permissions, the OpenAPI description and the tests that walk the whole API
// read the same rows. The rows stand with their handlers, a file a noun:
// client.go administers clients. A handler gets a [call]: it reads the body by
// call.read, changes the realm's configuration in call.edit and everything else
// in call.update, records what it did by call.record in the same transaction,
// and answers by call.answer, call.created or call.done.
//
// The order of refusals is Keycloak's: 401 without a valid token, 404 for a
// realm that does not exist, 403 without the role, and only then 404 for what
// is not in the realm.
//
// Nevers: it starts no session but by impersonation, never shows a page or a
// secret that a mail holds, never changes what a snapshot holds in place, and
// never imports another door.
package admin
