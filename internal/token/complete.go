package token

import (
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// CompleteKeys makes the keys that a realm needs to sign with at once and has
// not: after a change of its algorithm, or of the key that signed. It runs in
// the transaction of that change, after it; snap is the realm before. drawn
// holds keys that were drawn by [NewKey] before the transaction, by algorithm;
// what is missing there is given back, and nothing is written until it is drawn.
func CompleteKeys(tx *store.Tx, snap *latchkey.Snapshot, drawn map[string]*latchkey.Key) (missing []string, err error) {
	realm, err := tx.Realm(snap.Realm.ID)
	if err != nil {
		return nil, err
	}
	keys, err := tx.Keys(realm.ID)
	if err != nil {
		return nil, err
	}
	after := (&latchkey.Snapshot{Realm: realm, Clients: snap.Clients, Keys: keys}).Index()
	var needed []*latchkey.Key
	for _, algorithm := range wantedAlgorithms(after) {
		switch {
		case signsAt(after, algorithm, tx.Now()):
		case drawn[algorithm] == nil:
			missing = append(missing, algorithm)
		default:
			needed = append(needed, drawn[algorithm])
		}
	}
	if len(missing) > 0 {
		return missing, nil
	}
	for _, k := range needed {
		if err := tx.CreateKey(k); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func signsAt(snap *latchkey.Snapshot, algorithm string, at time.Time) bool {
	k := snap.ActiveKey(algorithm, at)
	return k != nil && k.Use == latchkey.KeyUseSign
}
