// Package backchannel keeps the promise to tell applications that a session
// of theirs has ended (OpenID Connect Back-Channel Logout 1.0, R-095).
//
// What ends a session (package session) writes a notice for every application
// of it that has a backchannel.logout.url, in its own transaction. [Worker]
// claims the notices, has a logout token made for each, and posts it. 2xx alone
// counts as taken; everything else is tried again for a few minutes, and an
// application that does not answer is left alone in between (a breaker each),
// so that one costs the others nothing. A node that dies gives its claims back
// by their lease: a notice is told at least once.
//
// Nevers: a person's logout never waits for an application; a notice is never
// posted inside a transaction; no redirect is followed, and no address is
// called but by the client that package outbound makes.
package backchannel
