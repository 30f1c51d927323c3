package token

import (
	"crypto/sha256"
	"sync/atomic"
)

// knownSlots is how many signatures are remembered: some 250 KiB.
const knownSlots = 4096

// knownSignatures remembers which signatures were found good, because the same
// access token comes back many times in its few minutes, to userinfo and from
// those who have it introspected, and a check costs as much as all else of such
// an answer. It holds what never changes: that a key signed these bytes.
// Whether the key may still verify, times, session and user are looked at each
// time. A later token takes the place of an earlier one.
type knownSignatures [knownSlots]atomic.Pointer[knownSignature]

type knownSignature struct {
	key *parsedKey
	sum [sha256.Size]byte // of the whole token
}

// verify says whether the key signed the token raw, whose signature comes
// after the first signed bytes and a dot.
func (k *knownSignatures) verify(p *parsedKey, raw string, signed int, signature []byte) bool {
	data := []byte(raw)
	if p.public == nil {
		return p.verify(data[:signed], signature)
	}
	s := knownSignature{p, sha256.Sum256(data)}
	slot := &k[(int(s.sum[0])<<8|int(s.sum[1]))%knownSlots]
	if known := slot.Load(); known != nil && *known == s {
		return true
	}
	if !p.verify(data[:signed], signature) {
		return false
	}
	slot.Store(&s)
	return true
}
