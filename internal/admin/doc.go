// Package admin is the operator's door: the REST API that administers realms.
// Every call carries a bearer token of the realm or of realm master, and every
// permission is checked here.
//
// Routes:
//
//	POST /realms/{realm}/magic-link   makes a sign-in link (the extension's API)
//
// Nevers: it never starts a session, never shows a page, and never imports
// another door.
package admin
