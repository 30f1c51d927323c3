package token_test

import (
	"context"
	"crypto"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/token"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	rotationIssuer = "https://id.example.test/realms/r"
	days           = 24 * time.Hour
)

// newKeyRealm makes a realm that signs with ES256, and a client of it.
func newKeyRealm(t *testing.T, db *store.DB) *latchkey.Realm {
	t.Helper()
	r := &latchkey.Realm{Name: "r", Enabled: true, DefaultSignatureAlgorithm: "ES256", AccessTokenLifespan: 300,
		SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000, OfflineSessionIdleTimeout: 60 * 86400, OfflineSessionMaxLifespanEnabled: true, OfflineSessionMaxLifespan: 60 * 86400}
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.CreateRealm(r); err != nil {
			return err
		}
		return tx.CreateClient(&latchkey.Client{RealmID: r.ID, ID: "app-id", ClientID: "app", Enabled: true, FullScopeAllowed: true,
			Attributes: map[string]string{"access.token.lifespan": "216000"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func snapshotOf(t *testing.T, db *store.DB, realmID string) (snap *latchkey.Snapshot) {
	t.Helper()
	err := db.View(t.Context(), func(tx *store.Tx) (err error) {
		snap, err = tx.Snapshot(realmID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// keep does what is due, as the worker of a node does it.
func keep(t *testing.T, db *store.DB, realmID string, now time.Time) (done []token.KeyChange) {
	t.Helper()
	changes, err := token.KeysDue(snapshotOf(t, db, realmID), now)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, db, realmID, changes)
}

func apply(t *testing.T, db *store.DB, realmID string, changes []token.KeyChange) (done []token.KeyChange) {
	t.Helper()
	err := db.Update(t.Context(), func(tx *store.Tx) (err error) {
		done, err = token.ApplyKeys(tx, realmID, changes)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func mintFor(t *testing.T, m *token.Minter, snap *latchkey.Snapshot) token.Tokens {
	t.Helper()
	now := time.Time{}
	g := &token.Grant{Realm: snap, Issuer: rotationIssuer, Client: snap.ClientByClientID("app"), User: &latchkey.User{ID: "u"}, Holdings: &latchkey.Holdings{},
		Session: &latchkey.UserSession{ID: "s", Offline: true, StartedAt: now}, ClientSession: &latchkey.ClientSession{}, Kind: token.GrantCode,
		Scope: token.Scope{OpenID: true}, Refresh: "refresh"}
	g.Session.StartedAt = storetest.NewClock().Now().Add(10 * 365 * days) // it lives as long as the test
	tokens, err := m.Mint(context.Background(), g, g.NewID())
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// party is a relying party that reads the key set once a day and never asks
// again for a key that it does not know: the least patient there is.
type party struct {
	keys map[string]crypto.PublicKey
	read time.Time
}

func (p *party) verify(t *testing.T, m *token.Minter, snap *latchkey.Snapshot, raw string, now time.Time) error {
	if p.keys == nil || now.Sub(p.read) >= days {
		set, err := m.KeySet(snap)
		if err != nil {
			t.Fatal(err)
		}
		p.keys, p.read = map[string]crypto.PublicKey{}, now
		for _, k := range set.Keys {
			p.keys[k.KeyID] = k.Key
		}
	}
	signed, err := jose.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return err
	}
	key := p.keys[signed.Signatures[0].Header.KeyID]
	if key == nil {
		return errors.New("a key that is not known")
	}
	_, err = signed.Verify(key)
	return err
}

// over three rotations, looked at every six hours by the worker and by a
// relying party that keeps a key set for a day, not one token fails, neither
// when it is made nor at the end of its life; refresh tokens go on too; old
// keys end, and no kid comes twice.
func TestRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clock := storetest.ClockOf(db)
		realm := newKeyRealm(t, db)
		m := token.NewMinter(clock.Now)
		keep(t, db, realm.ID, clock.Now())
		rp := &party{}
		begin := clock.Now()
		type held struct {
			token.Tokens
			at time.Time
		}
		var living []held
		signers, kids := map[string]bool{}, map[string]bool{}
		first := mintFor(t, m, snapshotOf(t, db, realm.ID))
		for clock.Now().Sub(begin) < 300*days {
			now := clock.Advance(6 * time.Hour)
			for _, c := range keep(t, db, realm.ID, now) {
				if c.New != nil && kids[c.New.ID] {
					t.Fatalf("kid %s comes again", c.New.ID)
				} else if c.New != nil {
					kids[c.New.ID] = true
				}
			}
			snap := snapshotOf(t, db, realm.ID)
			fresh := mintFor(t, m, snap)
			signers[snap.ActiveKey("ES256", now).ID] = true
			living = append(living, held{fresh, now})
			if now.Sub(living[0].at) >= 60*time.Hour { // the life of the client's tokens
				living = living[1:]
			}
			for _, h := range living {
				if err := rp.verify(t, m, snap, h.Access, now); err != nil {
					t.Fatalf("day %d: a token of %s: %v", now.Sub(begin)/days, now.Sub(h.at), err)
				}
				if _, err := m.VerifyAccess(snap, rotationIssuer, h.Access); err != nil {
					t.Fatalf("here: %v", err)
				}
				if _, err := m.VerifyRefresh(snap, rotationIssuer, h.Refresh); err != nil {
					t.Fatalf("a refresh token: %v", err)
				}
			}
		}
		snap := snapshotOf(t, db, realm.ID)
		good := 0
		for _, k := range snap.Keys {
			if k.Algorithm == "ES256" && k.Status != latchkey.KeyDisabled {
				good++
			}
		}
		if len(signers) != 4 || good > 2 {
			t.Errorf("%d keys signed, want 4; %d are good at the end", len(signers), good)
		}
		if _, err := m.VerifyIDHint(snap, rotationIssuer, first.ID); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("the first key should have ended: %v", err)
		}
	})
}

// Of many nodes that find the same due at the same time one does it.
func TestRotationRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clock := storetest.ClockOf(db)
		realm := newKeyRealm(t, db)
		keep(t, db, realm.ID, clock.Now())
		clock.Advance(89 * days)
		snap := snapshotOf(t, db, realm.ID)
		const nodes = 8
		var group sync.WaitGroup
		var mu sync.Mutex
		total := 0
		for range nodes {
			group.Go(func() {
				changes, err := token.KeysDue(snap, clock.Now())
				if err != nil || len(changes) != 1 {
					t.Errorf("%d changes, %v", len(changes), err)
				}
				err = db.Update(context.Background(), func(tx *store.Tx) error {
					done, err := token.ApplyKeys(tx, snap.Realm.ID, changes)
					mu.Lock()
					defer mu.Unlock()
					total += len(done)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if now := snapshotOf(t, db, realm.ID); total != 1 || len(now.Keys) != len(snap.Keys)+1 {
			t.Errorf("%d did it, %d keys", total, len(now.Keys))
		}
	})
}

// By hand: the next key is published first, and a second time it is on its way
// already. In an emergency it signs at once, and nothing that the old one, or
// one that was on its way, signed is good; nor is any session, offline ones
// among them: everybody signs in again.
func TestRotateByHand(t *testing.T) {
	db, _ := storetest.SQLite(t)
	clock := storetest.ClockOf(db)
	realm := newKeyRealm(t, db)
	m := token.NewMinter(clock.Now)
	keep(t, db, realm.ID, clock.Now())
	snap := snapshotOf(t, db, realm.ID)
	old := snap.ActiveKey("ES256", clock.Now())
	before := mintFor(t, m, snap)

	rotate := func(algorithm string, emergency bool) []token.KeyChange {
		t.Helper()
		changes, err := token.RotateKeys(snapshotOf(t, db, realm.ID), algorithm, emergency, clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return apply(t, db, realm.ID, changes)
	}
	if done := rotate("ES256", false); len(done) != 1 {
		t.Fatalf("%d", len(done))
	}
	snap = snapshotOf(t, db, realm.ID)
	if snap.ActiveKey("ES256", clock.Now()).ID != old.ID || len(snap.Keys) != 3 {
		t.Errorf("the new key signs before it was published")
	}
	if set, _ := m.KeySet(snap); len(set.Keys) != 2 {
		t.Errorf("%d keys are published", len(set.Keys))
	}
	if _, err := token.RotateKeys(snap, "ES256", false, clock.Now()); latchkey.ErrorCode(err) != latchkey.CodeConflict {
		t.Errorf("again: %v", err)
	}
	if _, err := token.RotateKeys(snap, "PS512", true, clock.Now()); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("an algorithm that it has not: %v", err)
	}
	sessions := signedIn(t, db, realm.ID, "before")
	if n := sessions(); n != 2 {
		t.Fatalf("%d sessions", n)
	}
	clock.Advance(time.Second)
	if done := rotate("", true); len(done) != 2 {
		t.Errorf("an emergency changes %d", len(done))
	}
	if n := sessions(); n != 0 {
		t.Errorf("%d sessions survive an emergency", n)
	}
	if n := signedIn(t, db, realm.ID, "after")(); n != 2 {
		t.Errorf("who signed in again has %d sessions", n)
	}
	snap = snapshotOf(t, db, realm.ID)
	if k := snap.ActiveKey("ES256", clock.Now()); k == nil || k.ID == old.ID {
		t.Errorf("%+v", k)
	}
	if set, _ := m.KeySet(snap); len(set.Keys) != 1 {
		t.Errorf("%d keys are published after an emergency", len(set.Keys))
	}
	if _, err := m.VerifyAccess(snap, rotationIssuer, before.Access); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("an access token of the old key: %v", err)
	}
	if _, err := m.VerifyRefresh(snap, rotationIssuer, before.Refresh); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a refresh token of the old key: %v", err)
	}
	after := mintFor(t, m, snap)
	if _, err := m.VerifyAccess(snap, rotationIssuer, after.Access); err != nil {
		t.Error(err)
	}
	// Nothing is due, and no key is ever deleted.
	if changes, err := token.KeysDue(snap, clock.Now()); err != nil || len(changes) != 0 || len(snap.Keys) != 5 {
		t.Errorf("%v %v, %d keys", changes, err, len(snap.Keys))
	}
}

// signedIn starts a session in a browser and an offline one, and counts those
// of the two that still let their user in.
func signedIn(t *testing.T, db *store.DB, realmID, name string) func() int {
	t.Helper()
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.CreateUser(&latchkey.User{RealmID: realmID, ID: name, Username: name, Enabled: true}); err != nil {
			return err
		}
		for _, offline := range []bool{false, true} {
			id := name + map[bool]string{true: "-offline"}[offline]
			s := &latchkey.UserSession{RealmID: realmID, ID: id, UserID: name, CookieHash: []byte(id), Offline: offline}
			if err := tx.CreateUserSession(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() (n int) {
		snap := snapshotOf(t, db, realmID)
		err := db.View(t.Context(), func(tx *store.Tx) error {
			for _, id := range []string{name, name + "-offline"} {
				s, _, err := session.ByID(tx, snap, id)
				if err != nil {
					return err
				}
				if s != nil {
					n++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// A client that wants an algorithm of its own gets a key for it; a realm can
// have keys that stay; keys that an operator brought are left alone; offline
// tokens without end keep the keys of refresh tokens.
func TestKeysDue(t *testing.T) {
	at := storetest.NewClock().Now()
	key := func(algorithm, provider string) *latchkey.Key {
		k, err := token.NewKey("r", algorithm, at)
		if err != nil {
			t.Fatal(err)
		}
		k.Provider = provider
		return k
	}
	mine, theirs, hmac := key("ES256", "ecdsa-generated"), key("ES256", "rsa"), key("HS512", "")
	for name, c := range map[string]struct {
		keys       []*latchkey.Key
		client     map[string]string
		attributes map[string]string
		after      time.Duration
		want       int
	}{
		"nothing":                     {keys: []*latchkey.Key{mine, hmac}},
		"no keys at all":              {want: 2},
		"a client's own":              {keys: []*latchkey.Key{mine, hmac}, client: map[string]string{"id.token.signed.response.alg": "EdDSA"}, want: 1},
		"a client's nonsense":         {keys: []*latchkey.Key{mine, hmac}, client: map[string]string{"id.token.signed.response.alg": "none"}},
		"just before":                 {keys: []*latchkey.Key{mine, hmac}, after: 88*days - time.Second},
		"the next one":                {keys: []*latchkey.Key{mine, hmac}, after: 88 * days, want: 1},
		"and the one of refreshes":    {keys: []*latchkey.Key{mine, hmac}, after: 90 * days, want: 2},
		"switched off":                {keys: []*latchkey.Key{mine, hmac}, attributes: map[string]string{token.AttributeRotation: "0"}, after: 900 * days},
		"more often":                  {keys: []*latchkey.Key{mine}, attributes: map[string]string{token.AttributeRotation: "30"}, after: 28 * days, want: 2},
		"too often":                   {keys: []*latchkey.Key{mine, hmac}, attributes: map[string]string{token.AttributeRotation: "1"}, after: 4 * days},
		"what an operator brought":    {keys: []*latchkey.Key{theirs, hmac}, attributes: map[string]string{}, after: 89 * days},
		"nothing that can be read":    {keys: []*latchkey.Key{mine, hmac}, attributes: map[string]string{token.AttributeRotation: "often"}, after: 88 * days, want: 1},
		"long after, all of it, once": {keys: []*latchkey.Key{mine, hmac}, after: 9000 * days, want: 2},
	} {
		snap := (&latchkey.Snapshot{Realm: &latchkey.Realm{ID: "r", Name: "r", DefaultSignatureAlgorithm: "ES256", Attributes: c.attributes}, Keys: c.keys,
			Clients: []*latchkey.Client{{ID: "c", ClientID: "c", Attributes: c.client}}}).Index()
		changes, err := token.KeysDue(snap, at.Add(c.after))
		if err != nil || len(changes) != c.want {
			t.Errorf("%s: %d changes, want %d; %v", name, len(changes), c.want, err)
		}
	}
}
