// Package server is the room that knows all: it opens the database, builds the
// doors and the workers, mounts every route (mount.go is the list) and runs
// and stops them together.
//
// Verbs: [New] builds a server that listens already, [Server.Run] serves until
// its context ends and then drains, [Server.FirstAdminLink] makes the one-time
// link of the first administrator.
//
// Listeners: the public one; a management one with GET /health, /health/live,
// /health/ready and /metrics; and for dev the mail server, its page and the
// demo application.
//
// Nevers: no debug endpoint and no version on the public listener; no
// secret and no address in a metric's label; ready is never green when
// people cannot sign in.
package server
