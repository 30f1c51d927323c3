// Package secret makes random values, hashes them, and seals what must be kept
// but not read: it is the only place that holds the master key.
//
// Verbs: Token, Random, NewID and TabID draw values; Hash and Equal keep and
// compare them; a Keyring (ParseKeyring) seals, opens and authenticates under
// the operator's master key.
//
// Nevers: it never writes a key anywhere (a Keyring prints as "[redacted]"),
// never draws from math/rand, and never compares secrets with an early
// exit.
package secret
