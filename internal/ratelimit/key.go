package ratelimit

import (
	"net/netip"

	"latchkey"
	"latchkey/internal/secret"
)

// AddressKey is a keyed hash of the canonical address in its realm: what
// limits, marks and known browsers go by instead of the address.
func AddressKey(k *secret.Keyring, realmID, address string) []byte {
	return k.MAC("address", realmID, latchkey.CanonicalAddress(address))
}

// FoldedKey is like [AddressKey] with the plus and dot variants of an address
// folded into one. It is for limits only: as accounts they stay apart (R-032,
//
func FoldedKey(k *secret.Keyring, realmID, address string) []byte {
	return k.MAC("folded-address", realmID, latchkey.FoldedAddress(address))
}

// Knows says whether the keys, of addresses that a browser signed in as
// before, hold that address's.
func Knows(k *secret.Keyring, realmID, address string, keys [][]byte) bool {
	key, known := AddressKey(k, realmID, address), false
	for _, other := range keys {
		known = secret.Equal(other, key) || known
	}
	return known
}

// LinkOnlyKey names the mark of an address whose code was guessed at too
// often: for a day, mails that browsers which it does not know ask for carry
// the link only.
func LinkOnlyKey(k *secret.Keyring, realmID, address string) []byte {
	return k.MAC("link-only", realmID, latchkey.CanonicalAddress(address))
}

// Network gives the networks that an IP address belongs to: /32 and /24 for
// IPv4, /64 and /48 for IPv6. An IPv4 address that is written as IPv6 is the
// IPv4 address. What is no address at all is one network of its own, so that
// it is limited too.
func Network(ip string) (narrow, wide string) {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown", "unknown"
	}
	a = a.Unmap().WithZone("")
	n, w := 64, 48
	if a.Is4() {
		n, w = 32, 24
	}
	return netip.PrefixFrom(a, n).Masked().String(), netip.PrefixFrom(a, w).Masked().String()
}
