// Package store keeps the nouns in SQL, on SQLite and on PostgreSQL with the
// same text.
//
// Verbs: Open, Migrate, View, Update, Watch and Sweep on a DB; everything that
// reads or writes a noun is a method of Tx, one file for each noun. A read of
// one thing that does not exist is an error with the code "not_found".
//
// Update runs its closure in one transaction and may run it again when the
// database asks for that, so a closure has no effect but through its Tx; what
// is to happen afterwards is given to Tx.AfterCommit. Single-use things
// (links, codes, refresh tokens, tries) are decided by one conditional
// statement whose row count says who was first.
//
// A method that gives no more than an error may leave its write to the next
// statement or to the commit (Tx.later), on PostgreSQL, where every statement
// is a wait. Update answers with the error of such a write and commits
// nothing, whatever the closure says; whoever decides something by a write
// calls a method that says what came of it.
//
// What is read as one thing (a noun by its key) may go out, on PostgreSQL,
// together with what other requests read; lists have a connection of their own.
//
// Nevers: no transaction inside a transaction, no network call inside a
// transaction, no secret in the clear (they are hashed by the caller or sealed
// here), and no other package imports database/sql or pgx.
package store
