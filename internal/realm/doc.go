// Package realm makes realms, writes them out, and keeps their snapshots.
//
// Its verbs: [Prepare] and [Plan.Apply] make a realm of a representation, with
// all that every realm has (flows, required actions, client scopes, clients,
// roles, keys); this is the one way for dev, import and code. [Read] reads
// exports, [Import] makes the realms in one, people and all, and what was not
// taken over or is not acted on is named item by item in a [Report]. [Write]
// exports a realm, [Compare] says what differs between two. [EnsureMaster] and
// [EnsureDemo] make the realms that a server starts with. [Rename] and
// [Delete] do to a realm what touches others; Delete takes a large one away in
// parts. [CopyFlow], [RenameFlow], [RemoveFlow], [RemoveExecution] and
// [RemoveConfig] do the same to flows, [CreateClient], [ChangeClient],
// [DeleteClient], [RenewSecret], [DeleteScope] and [DeleteRole] to clients and
// what they share; [Edit] begins such a change. [Cache] holds the snapshots that requests share.
//
// What takes long (RSA keys, password hashes) happens in Prepare, which
// touches no database; Apply only writes, and may be called again when a
// transaction is tried again. People are read one by one and never all held:
// an import looks at all of them first, then writes them some hundred in a
// transaction, and goes on where it was ended.
//
// Import, Delete, Write, Compare, EnsureMaster, EnsureDemo, FollowMail and Cache
// are given the store and open short transactions themselves: they run at start-up,
// in commands or beside requests, never within one.
//
// Nevers: no HTTP; the settings of a realm that exists are never changed by an
// import, its people only when that was asked for; nothing in a representation
// is dropped without being named; no secret is in an export that was not asked
// for them.
package realm
