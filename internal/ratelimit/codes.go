package ratelimit

import (
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Codes are the limits for one code that is typed. The login's own
// limit, five tries, is not among them.
type Codes struct {
	Address string // of the login
	Known   bool   // the browser signed in as that address before
	IP      string
}

// linkOnlyFor is how long an address has no codes in browsers that it does
// not know, after ten wrong ones.
const linkOnlyFor = 24 * time.Hour

const markWrongCodes = "wrong_codes"

// Allowed says whether the code may be compared. It takes from the network's
// bucket for tries first, which also makes the tries of one network wait for
// each other, so that a limit is not overrun by guessing in parallel.
func (c Codes) Allowed(tx *store.Tx, realmID string) (bool, error) {
	k := tx.Keyring()
	hit, _, err := Take(tx, realmID, named("code.tries", "", c.network(k, realmID)))
	if err != nil {
		return false, err
	}
	blocked, err := marked(tx, realmID, c.network(k, realmID))
	if err != nil {
		return false, err
	}
	linkOnly, err := LinkOnly(tx, realmID, c.Address)
	if err != nil {
		return false, err
	}
	return hit == "" && !blocked && (c.Known || !linkOnly), nil
}

// Wrong counts a wrong code. When the network's limit is reached, no code of
// that network is compared until it has one again; when the address's is, its
// codes are off for a day in browsers that it does not know. The links live
// on.
func (c Codes) Wrong(tx *store.Tx, realmID string) error {
	k := tx.Keyring()
	network := named("code.network", "", c.network(k, realmID))
	hit, retry, err := Take(tx, realmID, network)
	if err != nil {
		return err
	}
	if hit != "" {
		// One interval more than until the next is free: this try was a wrong
		// one too and was not taken from the bucket.
		if err := tx.MarkAddress(realmID, network.Key, markWrongCodes, tx.Now().Add(retry+network.Interval)); err != nil {
			return err
		}
	}
	if c.Known {
		return nil
	}
	hit, _, err = Take(tx, realmID, named("code.address", "", AddressKey(k, realmID, c.Address)))
	if err != nil || hit == "" {
		return err
	}
	return tx.MarkAddress(realmID, LinkOnlyKey(k, realmID, c.Address), markWrongCodes, tx.Now().Add(linkOnlyFor))
}

func (c Codes) network(k *secret.Keyring, realmID string) []byte {
	narrow, _ := Network(c.IP)
	return k.MAC("code-network", realmID, narrow)
}

// LinkOnly says whether mails to the address carry no code when a browser
// that it does not know asks for them.
func LinkOnly(tx *store.Tx, realmID, address string) (bool, error) {
	return marked(tx, realmID, LinkOnlyKey(tx.Keyring(), realmID, address))
}

func marked(tx *store.Tx, realmID string, key []byte) (bool, error) {
	_, until, ok, err := tx.AddressMark(realmID, key)
	return ok && tx.Now().Before(until), err
}
