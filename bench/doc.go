// Command bench walks whole sign-ins like a browser and calls what
// applications call, and says what each costs: latency by step, CPU by
// process, memory, and how often the database is asked.
//
//	make bench                                 SQLite and PostgreSQL, into build/bench.md
//	go run ./bench -db sqlite -time 5s -c 16   less of it
//
// It starts the binary with a database of its own, a mail sink on loopback
// and a realm for each signature algorithm, with people and one confidential
// client. A sign-in is: authorization request, address, mail by SMTP, link,
// confirmation, code, tokens; PKCE, state and nonce, a cookie jar of its own,
// and every other person is new. The load is closed: each of c virtual people
// begins again when they are done; every operation has a deadline and is
// checked.
//
// It speaks Keycloak's URLs only, so that the same driver measures a Keycloak
// that runs already (docs/performance.md says how to set one up):
//
//	go run ./bench -target http://127.0.0.1:8080 -realm bench -client bench-app \
//	    -secret SECRET -smtp-listen 127.0.0.1:2525 -server-pid PID -db-pid PID
//
// CPU is read from /proc, of the server and of the database apart; the driver
// and its sink are not counted. Machines differ and are shared, so CPU is told
// in σ, the CPU of one RSA-2048 signature, which is measured before and after
// every run on all cores at once. Latchkey's limits are on: it is told to trust
// a proxy on loopback, and every sign-in comes from another forwarded address
// and goes to another mailbox.
//
// Nevers: it imports nothing of Latchkey, and starts nothing that listens
// beyond loopback.
package main
