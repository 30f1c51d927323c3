// Package web holds the manners of HTTP that every door shares: handlers that
// return errors, one way from an error to an answer, security headers by class
// of route, cookies, forms, the client's address, and limits.
//
// A door gives its routes as a list of [Route]; [Mount] puts all of them behind
// one front: request id, recovery from panics, one log line a request, check of
// the host, protection against posts from other sites, limits on bodies and on
// requests under way, compression, and 405 with Allow for a path that exists.
// A path may have a page and a resource for programs (Route.Programs).
//
// A handler reads what a stranger sent through [Form], [Query] and [ReadJSON],
// answers with [WriteJSON], [Redirect] or by writing, lets scripts of other sites
// read by [AllowOrigin], and returns an error for
// everything else. [Errors], wired by the server, turns it into a page or JSON.
//
// Nevers: it never logs a query, a body, a cookie or a header; it never
// builds a URL from what a request says about its host; it believes
// forwarded headers from configured proxies only; it knows no door, no
// database and no clock of its own.
package web
