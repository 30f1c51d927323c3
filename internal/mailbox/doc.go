// Package mailbox is the mail server of `latchkey dev`: a real SMTP server
// that keeps what it is given instead of passing it on, and a page that shows
// every mail with its links. Tests use it as the place where mail arrives.
//
// # Routes (on a listener of their own, never on the public one)
//
//	GET    /                      the list, and the newest mail
//	GET    /messages/{id}         one mail: its text, its HTML in a sandbox, its source
//	GET    /messages/{id}/html    the mail's HTML alone, under a sandbox policy
//	GET    /messages/{id}/raw     the mail as it came, as plain text
//	POST   /clear                 throws everything away
//	GET    /events                one server-sent event for every change
//	GET    /assets/{name}         the style sheet and the script
//	GET    /api/messages          all mails as JSON, the newest first
//	GET    /api/messages/{id}     one mail as JSON
//	DELETE /api/messages          throws everything away
//
// # Nevers
//
// It never sends a mail on. It never answers a request whose Host is not a
// loopback name, so that a page of a stranger cannot read the links by DNS
// rebinding. It never runs a script that a mail brought. It never grows
// without bound: 500 mails and 64 MiB, the oldest go first.
package mailbox
