// Package flow is the flow engine: it runs a login through the tree of
// executions of its flow, as Keycloak does, and then through the required
// actions of its user.
//
// A level is evaluated so: all REQUIRED executions, and the CONDITIONAL
// sub-flows whose conditions hold, in order; on a level that has none of
// them, the ALTERNATIVE ones in order until one succeeds. DISABLED executions
// are skipped. Where a level has both, its alternatives are not run.
//
// The state of every execution lives in the login, so a run can go on in
// another request, another tab or another node. The one way on is [Advance]:
// a page that is submitted, a link that is redeemed and an approval in
// another browser all end there.
//
// A token request with a name and a password ([PrepareDirect]) runs its flow in
// one turn, with the form of that request, and is never shown a page.
//
// [Check] says what of a flow does not do what it looks like, and [Passable]
// whether anybody gets through it.
//
// Nevers: it never touches HTTP, never opens a transaction and never starts a
// session.
package flow
