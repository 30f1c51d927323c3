// Package relyingparty is how pages of ours are a client of our own server: the
// account console and the console of operators. A [Party] signs people in at
// their realm by code, PKCE, state and nonce (OpenID Connect Core 3.1, RFC
// 7636, RFC 9207), keeps the refresh token in a sealed cookie, so that any node
// serves any request, and asks the REST API within the process, for the person
// and from the person's address. Access tokens are remembered for as long as
// they are good, which only saves work.
//
// A page's handler is given a [Visit]: [Visit.Call] asks the API, [Visit.Say]
// leaves a word for the next page, [Visit.Show] answers.
//
// A form that is sent when its sign-in has ended is not taken, and the answer
// keeps what was typed, to be sent again after a new sign-in.
//
// Nevers: it never touches the database, never decides who may do what, never
// shows a token to the browser but sealed, and lets no form in that was made
// for another sign-in.
package relyingparty
