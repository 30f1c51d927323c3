// Package ratelimit says how often something may be done. A limit is a token
// bucket that all nodes share: one conditional statement in the store
// . The table of the limits and their numbers is limits.go.
//
// A realm's own brute-force protection is beside them (guess.go): it counts
// wrong passwords and one-time passwords, of users and of names that are
// nobody's.
//
// Verbs: [Take] takes from buckets, [Room] looks whether it would, [Give] gives
// back, [BeginGuess] counts a guess before it is
// compared, [Succeeded] and [ForgetFailures] forget what was counted, [AddressKey], [FoldedKey] and [Network]
// make the keys that they go by.
//
// Nevers: it never locks an account, never lets through what it could
// not count, and no key in the store is an address or can be turned
// back into one without the master key.
package ratelimit
