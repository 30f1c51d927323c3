package server_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// A client that wants its ID tokens signed in another way gets a key for it,
// and a key that has signed for long enough is followed by another, on the node
// that runs.
func TestKeysAreKept(t *testing.T) {
	clock := storetest.NewClock()
	s := servertest.Start(t, servertest.WithClock(clock))
	s.Realm("acme")
	rp := s.RP("acme")
	has := func(algorithm string, least int) func() bool {
		return func() bool {
			n := 0
			for _, k := range s.Snapshot("acme").Keys {
				if k.Algorithm == algorithm {
					n++
				}
			}
			return n >= least
		}
	}
	s.Change("acme", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := *snap.ClientByClientID(rp.Client.ClientID)
		c.Attributes["id.token.signed.response.alg"] = "EdDSA"
		return tx.UpdateClient(&c)
	})
	s.Eventually("a key for EdDSA", has("EdDSA", 1))
	clock.Advance(89 * 24 * time.Hour)
	s.Change("acme", func(tx *store.Tx, snap *latchkey.Snapshot) error { return tx.BumpRealm(snap.Realm.ID) })
	s.Eventually("the next key for RS256", has("RS256", 2))
	for _, k := range s.Snapshot("acme").Keys {
		if k.Start().After(clock.Now()) && k.Start().Before(clock.Now().Add(24*time.Hour)) {
			t.Errorf("%s is published for %s before it signs", k.Algorithm, k.Start().Sub(clock.Now()))
		}
	}
}
