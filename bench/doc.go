// Command bench measures a latchkey binary from outside, as people and
// applications meet it, and prints the set-up beside the figures.
//
//	make build && go run ./bench -binary bin/latchkey
//	go run ./bench -binary bin/latchkey -postgres -c 16,64 -time 20s
//
// It starts the binary with a database of its own, a mail sink on loopback and
// a realm with people and one confidential client, walks complete sign-ins by
// mailed link (authorization request, address, mail, link, redirect, code,
// tokens; PKCE, state and nonce, a cookie jar of its own for every sign-in),
// and then refreshes, client credentials, userinfo, introspection, discovery
// and keys. CPU and memory are read from /proc, of the server and of
// PostgreSQL apart. The load is closed: each of c virtual people begins again
// when they are done, and every operation has a deadline and is checked.
//
// The server is told to trust a proxy on loopback, and every sign-in comes
// from another forwarded address and goes to another mailbox, because the
// limits that people meet are switched on.
//
// Nevers: it imports nothing of Latchkey, and speaks to loopback only.
package main
