// Package login is the person's door: the pages that a sign-in goes through.
// It runs the flow engine for one browser and shows what the engine answers;
// nothing about a protocol is decided here.
//
// Routes, below /realms/{realm}/login-actions:
//
//	GET  POST authenticate      the step of the flow that is open
//	GET  POST registration      the same in the flow of a registration
//	GET  POST reset-credentials the same in the flow of a forgotten password
//	GET  POST required-action   the same, under Keycloak's name
//	GET  POST consent           the same: what an application asks for
//	GET       restart           begins the login again, as a new one
//	GET       wait              long poll of the waiting page (JSON)
//	GET  HEAD action-token      a mailed URL: moves the secret out of the URL
//	GET  POST link/{id}         the page of a mailed link, and what is pressed there
//	GET  POST first-admin/{id}  the page of the first administrator's link
//
// A login is found by the browser's cookie and its tab_id. Applications come
// in through the OpenID door, which has Begin make the login and run its flow
// up to the first page; when the flow is through, finish.go ends the login and
// has the OpenID door make the application's one answer, in the same
// transaction.
//
// Nevers: a GET or HEAD changes nothing that decides anything; no
// other file than finish.go starts a session; it never imports another door.
package login
