// Package demo is the demo application of `latchkey dev`: a small web
// application that people sign in to with Latchkey, so that the whole road can
// be walked in a browser. It is an ordinary relying party: it knows Latchkey's
// address, its own client id, and nothing else.
//
// Routes, on a listener of its own:
//
//	GET       /              who is signed in, and what the tokens say
//	GET, POST /login         begins a sign-in; also the client's initiate_login_uri
//	GET       /callback      takes the answer
//	POST      /refresh       asks for new tokens
//	POST      /logout        signs out here and there
//	GET       /style.css
//
// Nevers: it takes no shortcut inside (no import of a door, no look into the
// database), it shows no token in a form that could be used, it needs no
// JavaScript, and it is never part of `latchkey start`.
package demo
