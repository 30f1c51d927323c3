// Package sample holds every page and every mail once with sample data, for
// the preview and for the tests that look at all of them.
//
// Verbs: [Pages], [Mails], [Meta].
//
// Nevers: no server imports it.
package sample
