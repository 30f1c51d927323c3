package token

import (
	"crypto/rsa"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// AttributeRotation is the attribute of a realm that says after how many days a
// key is followed by another; 0 switches that off.
const AttributeRotation = "latchkey.key.rotation.days"

const (
	day = 24 * time.Hour
	// rotateEvery is how long a key signs where the realm does not say.
	rotateEvery = 90 * day
	// leastRotation bounds what a realm may say: a key needs its time to be
	// published.
	leastRotation = 7 * day
	// publishFor is how long a key is published before it signs: twice as long
	// as the longest that a relying party should keep a key set.
	publishFor = 2 * day
	// keepFor is added to the life of the longest token that a key may have
	// signed: clocks, and changed lifespans.
	keepFor = day
)

// KeyChange is one thing to be done about a realm's keys.
type KeyChange struct {
	// New is a key to be added, after the newest of its algorithm with the id
	// After (empty: there was none); when there is a newer one by then, somebody
	// else was faster, and nothing is done.
	New   *latchkey.Key
	After string
	// Revoke takes every other key of New's algorithm away at once, and ends the
	// realm's sessions.
	Revoke bool
	// Disable is the id of a key that signed nothing that is still good.
	Disable string
}

// KeysDue says what is to be done now about a realm's keys: a key for
// each algorithm that the realm or a client wants and that has none; the next
// one for each that has signed for long enough, in time to be published; and
// the end of those whose last token is over. Drawing keys takes long: it is
// called outside of transactions, and [ApplyKeys] does what it says.
func KeysDue(snap *latchkey.Snapshot, now time.Time) ([]KeyChange, error) {
	due, err := missingKeys(snap, "", now)
	if err != nil {
		return nil, err
	}
	for _, k := range snap.Keys {
		if k.Use != latchkey.KeyUseSign || k.Status != latchkey.KeyActive || !rotates(k) {
			continue
		}
		if over(snap, k, now) {
			due = append(due, KeyChange{Disable: k.ID})
			continue
		}
		at, ok := nextRotation(snap.Realm, k)
		if !ok || newestKey(snap.Keys, k.Algorithm) != k || now.Before(at.Add(-lead(k.Algorithm))) {
			continue
		}
		change, err := successor(k, now)
		if err != nil {
			return nil, err
		}
		if at.After(change.New.ActiveFrom) {
			change.New.ActiveFrom = at
		}
		due = append(due, change)
	}
	return due, nil
}

// RotateKeys says what a rotation by hand is: a key for each algorithm that the
// realm signs with, or for the one that is named, which signs as soon as it has
// been published for long enough; in an emergency at once, and every other key
// of its algorithm is taken away with all that it signed, and every session of
// the realm is over. The error has
// the code "invalid" when the realm does not sign with that algorithm, and
// "conflict" when the next key is on its way already.
func RotateKeys(snap *latchkey.Snapshot, algorithm string, emergency bool, now time.Time) ([]KeyChange, error) {
	changes, err := missingKeys(snap, algorithm, now)
	if err != nil {
		return nil, err
	}
	for _, a := range append(slices.Clone(asymmetric), symmetric...) {
		k := newestKey(snap.Keys, string(a))
		if k == nil || (algorithm != "" && algorithm != string(a)) {
			continue
		}
		if !emergency && k.ActiveFrom.After(now) {
			if algorithm != "" {
				return nil, latchkey.Errorf(latchkey.CodeConflict, "The next key for %s is published already, and signs from %s on.", a, k.ActiveFrom.UTC().Format(time.RFC3339))
			}
			continue
		}
		change, err := successor(k, now)
		if err != nil {
			return nil, err
		}
		if emergency {
			change.New.ActiveFrom, change.Revoke = time.Time{}, true
		}
		changes = append(changes, change)
	}
	if len(changes) == 0 && algorithm != "" {
		return nil, latchkey.Invalid("algorithm", "The realm has no key for %q.", algorithm)
	}
	return changes, nil
}

// missingKeys draws a key for each algorithm that is wanted and has none, or
// for the one that is named.
func missingKeys(snap *latchkey.Snapshot, only string, now time.Time) ([]KeyChange, error) {
	var out []KeyChange
	for _, algorithm := range wantedAlgorithms(snap) {
		if newestKey(snap.Keys, algorithm) != nil || (only != "" && only != algorithm) {
			continue
		}
		k, err := NewKey(snap.Realm.ID, algorithm, now)
		if latchkey.ErrorCode(err) == latchkey.CodeInvalid {
			continue // there is no such algorithm: its client gets no tokens
		}
		if err != nil {
			return nil, err
		}
		out = append(out, KeyChange{New: k})
	}
	return out, nil
}

// successor draws the key that follows another, and is like it.
func successor(k *latchkey.Key, now time.Time) (KeyChange, error) {
	size := 0
	if public, err := PublicKey(k); err == nil {
		if old, ok := public.(*rsa.PublicKey); ok {
			size = old.N.BitLen()
		}
	}
	if isRaw(k.Algorithm) {
		size = len(k.Private)
	}
	next, err := newKey(k.RealmID, k.Algorithm, size, now)
	if err != nil {
		return KeyChange{}, err
	}
	next.Priority = k.Priority
	if wait := lead(k.Algorithm); wait > 0 {
		next.ActiveFrom = now.Add(wait)
	}
	return KeyChange{New: next, After: k.ID}, nil
}

// lead is how long before its use a key is published; one that nobody else
// checks needs none.
func lead(algorithm string) time.Duration {
	if isRaw(algorithm) {
		return 0
	}
	return publishFor
}

func isRaw(algorithm string) bool { _, raw := rawKeys[algorithm]; return raw }

// ApplyKeys does what is still to be done of the changes and gives those that
// it did. Nodes that want the same at the same time wait for each other here.
func ApplyKeys(tx *store.Tx, realmID string, changes []KeyChange) (done []KeyChange, err error) {
	if len(changes) == 0 {
		return nil, nil
	}
	if err := tx.BumpRealm(realmID); err != nil {
		return nil, err
	}
	keys, err := tx.Keys(realmID)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		applied, err := applyKey(tx, realmID, keys, c)
		if err != nil {
			return nil, err
		}
		if applied {
			done = append(done, c)
		}
	}
	if slices.ContainsFunc(done, func(c KeyChange) bool { return c.Revoke }) {
		return done, endSessions(tx, realmID)
	}
	return done, nil
}

// endSessions makes void every session that the realm has, offline ones too, by
// its "not before": who had the key of a realm may have got in by what no key
// takes back.
func endSessions(tx *store.Tx, realmID string) error {
	realm, err := tx.Realm(realmID)
	if err != nil {
		return err
	}
	realm.NotBefore = max(realm.NotBefore, tx.Now().Unix())
	return tx.UpdateRealm(realm)
}

func applyKey(tx *store.Tx, realmID string, keys []*latchkey.Key, c KeyChange) (bool, error) {
	if c.Disable != "" {
		i := slices.IndexFunc(keys, func(k *latchkey.Key) bool { return k.ID == c.Disable })
		if i < 0 || keys[i].Status == latchkey.KeyDisabled {
			return false, nil
		}
		return true, tx.SetKeyStatus(realmID, c.Disable, latchkey.KeyDisabled)
	}
	after := ""
	if k := newestKey(keys, c.New.Algorithm); k != nil {
		after = k.ID
	}
	if after != c.After {
		return false, nil
	}
	for _, k := range keys {
		if c.Revoke && k.Algorithm == c.New.Algorithm && k.Status != latchkey.KeyDisabled {
			if err := tx.SetKeyStatus(realmID, k.ID, latchkey.KeyDisabled); err != nil {
				return false, err
			}
		}
	}
	return true, tx.CreateKey(c.New)
}

// rotates says whether a key is one that is followed by another by itself: one
// that was made, here or in Keycloak. A key that an operator brought is theirs.
func rotates(k *latchkey.Key) bool {
	return k.Provider == "" || strings.HasSuffix(k.Provider, "-generated")
}

// newestKey is the active key of the algorithm that signs, or will sign last.
func newestKey(keys []*latchkey.Key, algorithm string) *latchkey.Key {
	var newest *latchkey.Key
	for _, k := range keys {
		if k.Algorithm != algorithm || k.Status != latchkey.KeyActive {
			continue
		}
		if newest == nil || k.Priority > newest.Priority || (k.Priority == newest.Priority && k.Start().After(newest.Start())) {
			newest = k
		}
	}
	return newest
}

// nextRotation is when another key should begin to sign in the key's place.
func nextRotation(realm *latchkey.Realm, k *latchkey.Key) (time.Time, bool) {
	every := rotateEvery
	if text := realm.Attributes[AttributeRotation]; text != "" {
		days, err := strconv.Atoi(text)
		if err == nil && days <= 0 {
			return time.Time{}, false
		}
		if err == nil {
			every = max(time.Duration(min(days, 36500))*day, leastRotation)
		}
	}
	return k.Start().Add(every), true
}

// over says whether all that the key signed is over: another has signed in its
// place for longer than any token lives.
func over(snap *latchkey.Snapshot, k *latchkey.Key, now time.Time) bool {
	lives, end := longest(snap, k.Algorithm)
	if !end {
		return false
	}
	for _, next := range snap.Keys {
		if next.Algorithm == k.Algorithm && next.Status == latchkey.KeyActive && next.Priority >= k.Priority &&
			next.Start().After(k.Start()) && !now.Before(next.Start().Add(lives)) {
			return true
		}
	}
	return false
}

// longest is how long the longest token that is signed with the algorithm may
// live, with what is added for safety; false when it has no end.
func longest(snap *latchkey.Snapshot, algorithm string) (time.Duration, bool) {
	most := maxIDLifespan
	if !isRaw(algorithm) {
		for _, c := range snap.Clients {
			most = max(most, (&Grant{Realm: snap, Client: c}).lifespan())
		}
		return most + skew + keepFor, true
	}
	for _, s := range []latchkey.UserSession{{}, {RememberMe: true}, {Offline: true}} {
		lives := session.MaxLifespan(snap.Realm, &s)
		if lives == 0 {
			return 0, false // offline tokens without end
		}
		most = max(most, lives)
	}
	return most + skew + keepFor, true
}

// wantedAlgorithms are the algorithms that the realm, or one of its clients,
// wants something signed with.
func wantedAlgorithms(snap *latchkey.Snapshot) []string {
	wanted := []string{string(symmetric[0]), signingAlgorithm(snap, &latchkey.Client{}, "")}
	for _, c := range snap.Clients {
		for _, attribute := range SigningAttributes() {
			if a := c.Attribute(attribute); a != "" && !slices.Contains(wanted, a) && slices.Contains(asymmetric, jose.SignatureAlgorithm(a)) {
				wanted = append(wanted, a)
			}
		}
	}
	return wanted
}

// KeyState says what a key is used for at a time, with Keycloak's words: one
// that waits for its turn, or that another has followed, is passive.
func KeyState(snap *latchkey.Snapshot, k *latchkey.Key, now time.Time) latchkey.KeyStatus {
	if k.Status == latchkey.KeyActive && k.Use == latchkey.KeyUseSign && snap.ActiveKey(k.Algorithm, now) != k {
		return latchkey.KeyPassive
	}
	return k.Status
}
