package secret

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// leastVariety is how many different bytes a drawn key has at the least: of 32
// random bytes fewer than 20 differ about once in ten thousand million keys.
const leastVariety = 20

// knownKeys are keys that stand in documents everywhere: test vectors of NIST
// SP 800-38A and RFC 8439.
var knownKeys = []string{
	"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	"1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
}

// knownWords are phrases whose SHA-256 somebody takes for a key.
var knownWords = []string{
	"", "secret", "password", "changeme", "change-me", "latchkey", "test", "example",
	"master", "masterkey", "master key", "key", "dev", "admin", "default", "hello world",
}

// weakness says why nobody should seal with the key; empty when nothing speaks
// against it.
func weakness(raw []byte) string {
	if variety(raw) < leastVariety {
		return "repeats itself: it was not drawn at random."
	}
	if constantStep(raw) {
		return "is a row of numbers: it was not drawn at random."
	}
	if printable(raw) {
		return "is text: it was not drawn at random."
	}
	if wellKnown(raw) {
		return "is an example that everybody knows."
	}
	return ""
}

func variety(raw []byte) int {
	var seen [256]bool
	n := 0
	for _, b := range raw {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

// constantStep finds 00 01 02 ... and its like, however far the step.
func constantStep(raw []byte) bool {
	step := raw[1] - raw[0]
	for i := 1; i < len(raw); i++ {
		if raw[i]-raw[i-1] != step {
			return false
		}
	}
	return true
}

// printable finds keys that are sentences: 32 random bytes are all printable
// ASCII once in 10^13.
func printable(raw []byte) bool {
	for _, b := range raw {
		if b < 0x20 || b > 0x7e {
			return false
		}
	}
	return true
}

func wellKnown(raw []byte) bool {
	for _, k := range knownKeys {
		if hex.EncodeToString(raw) == k {
			return true
		}
	}
	for _, w := range knownWords {
		if sum := sha256.Sum256([]byte(w)); bytes.Equal(raw, sum[:]) {
			return true
		}
	}
	return false
}
