// Package console is the operator's page at /admin/: what can be administered
// now, and how.
//
// Routes: GET /admin, GET /admin/, GET /admin/master/console/.
//
// Nevers: it shows nothing about realms to anybody but an administrator, and
// changes nothing: it is a client of what others decide.
package console
