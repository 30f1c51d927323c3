// Package realm makes realms and keeps their snapshots.
//
// Its verbs: [Prepare] and [Plan.Apply] make a realm of a representation, with
// all that every realm has (flows, required actions, client scopes, clients,
// roles, keys); this is the one way for dev, import and code. [Parse] reads
// Keycloak's exports, [Import] makes the realms in one that do not exist, and
// what was not taken over is named item by item in a [Report]. [EnsureMaster]
// and [EnsureDemo] make the realms that a server starts with. [Rename] and
// [Delete] do to a realm what touches others. [Cache] holds the snapshots that
// requests share.
//
// What takes long (RSA keys, password hashes) happens in Prepare, which
// touches no database; Apply only writes, and may be called again when a
// transaction is tried again.
//
// Import, EnsureMaster, EnsureDemo, FollowMail and Cache are given the store and
// open short transactions themselves: they run at start-up or beside requests,
// never within one.
//
// Nevers: no HTTP; a realm that exists is never changed by an import; nothing
// in a representation is dropped without being named.
package realm
