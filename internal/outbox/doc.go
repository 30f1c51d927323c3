// Package outbox promises mails and keeps the promise.
//
// Verbs: [Queue] writes a mail's row in the caller's transaction, so that the
// promise stands when the transaction does. A [Worker] is given what its node
// promises, claims other rows that are due, decides at the hand-over whom the mail goes to and what it says, and hands it to one of
// the realm's relays. [Status] tells an operator what became of a mail, and
// [Resend] promises it anew with a new secret. [Worker.Test] sends a mail at
// once and says what the relay said.
//
// A mail is handed over at least once and, while its link lives, tried again:
// the next relay at once, then after 5 s, 15 s, 30 s, 60 s and so on. Its
// bytes are made from its row alone, so a mail that is sent twice is the same
// mail. At or after its expiry it is never sent, and with its
// last attempt its secret is wiped.
//
// # Files
//
//	outbox.go   the promise          worker.go   claims, leases, the loop
//	prepare.go  whom, what, whether  record.go   what became of it
//	mime.go     the mail's bytes     header.go   its header fields
//	relay.go    relays in turn       conn.go     one SMTP conversation
//	pool.go     warm connections     breaker.go  relays that are down
//	wire.go     bytes on the wire    oauth.go    XOAUTH2's access tokens
//	refusal.go  what a reply means   status.go   the operator's view
//	probe.go    the test mail        courier.go  mails of this node, given to its worker
//
// # Nevers
//
// No transaction is held while a relay is spoken to. No conversation without
// one deadline over the whole of it. No mail with text that a stranger chose
// to an address that was asked for when the account has one of its
// own (R-033; a mail that is to prove another address goes to that one), for a user who is disabled, or after its expiry. No
// secret in a log, an event or an attempt. No SMTP outside this
// package.
package outbox
