// Package outbound is the one HTTP client for addresses that somebody else
// chose: the key sets and logout endpoints of applications, and what
// identity providers say of themselves.
//
// It calls https on port 443 of public addresses and nothing else, unless the
// operator allows it by name ([Allowance], R-141). What an address leads to is
// looked at when it is dialled, after the name was resolved, so that a name
// that changes its mind gains nothing. It follows no redirects, uses no proxy
// and no cookies, takes at most [Timeout] over the whole of a call and at most
// [MaxBody] bytes of an answer, and asks for none that is compressed.
//
// Its verbs: [New], [Client.Get], [Client.PostForm], [ParseAllowance].
//
// Nevers: it puts nothing into an address that it is given, and what
// went wrong is for the log: whoever named the address is told that it did not
// work, and not why.
package outbound
