// Command latchkey is an identity server whose front door is an emailed link.
//
//	latchkey dev          everything on this machine, to try and to develop with
//	latchkey start        the server
//	latchkey migrate      brings the database up to date
//	latchkey admin link   a one-time link that makes an administrator
//	latchkey keys         list shows the realms' keys, rotate makes the next ones
//	latchkey version
//
// Settings are flags, environment variables (LK_ and the flag's name) or lines
// of one file (--config); docs/configuration.md, made from this code, lists
// them all. What Latchkey does not know or finds unsafe it refuses, with a
// sentence that says what to do.
package main

//go:generate sh -c "go run . config-doc > ../../docs/configuration.md"
