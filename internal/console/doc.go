// Package console is where operators work: realms, clients, users, flows, mail,
// on pages of our own. It is a client of our OpenID Connect and of the Admin
// REST API, which it calls within the process, and of nothing else: whatever it
// shows can be scripted, and every permission is checked there.
//
// Somebody signs in at their realm as the client security-admin-console and
// administers that realm, or, from realm master, every one that they may.
//
// Routes:
//
//	GET  /admin, /admin/, /admin/master/console  to the console of master
//	GET  /admin/{realm}/console/                 to the realm's dashboard
//	GET  /admin/{realm}/console/callback         the answer to a sign-in
//	POST /admin/{realm}/console/sign-out
//	     /admin/{realm}/console/realms           the realms that one may administer
//	     /admin/{realm}/console/create-realm
//	     /admin/{realm}/console/realms/{of}/...  the pages of realm of
//
// The pages are rows ([row]): each noun's file gives its own, and pages.go has
// the list of all. Most pages are one of three kinds, which are described and
// not written: a [form] of settings over a representation of the API, a [list]
// of things with search and pages, and an [act], which asks first when it
// destroys. A list can have boxes beside its things, and [pick]s for what was
// chosen; a [roleMapping] is two lists, of the roles that something has and of
// those that it could have. What is shown is sent by POST and answered by a redirect, so that
// the back button never repeats it.
//
// A form carries what its settings were when they were shown ([digests]): what
// somebody else changed meanwhile is neither undone nor overwritten unseen.
//
// Nevers: it never touches the database, never decides who may do what (what it
// does not offer, the API would refuse), never changes anything by GET, and
// never loses what somebody typed.
package console
