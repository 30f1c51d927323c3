package oidc

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How the key sets of clients are kept.
const (
	keySetOld   = time.Hour      // then it is fetched anew
	keySetYoung = time.Minute    // before, it is not, whatever an assertion names, and whether or not it could be
	keySetDead  = 24 * time.Hour // how long an old one is good that cannot be fetched anew
	maxKeySets  = 1000           // that are kept
	maxWaiting  = 16             // requests that wait for one fetch
)

// errKeys is a key set that is not there: it never came, or too many wait for
// it.
var errKeys = errors.New("the client's keys are not there")

// keySetName is whose key set it is: internal ids of realm and client.
type keySetName struct{ realm, client string }

// keySets keeps the key sets that clients have at addresses of their own. What
// one client's address does or does not answer is felt by that client alone.
type keySets struct {
	fetch func(ctx context.Context, address string) (body []byte, status int, err error)
	now   func() time.Time

	mu   sync.Mutex
	sets map[keySetName]*keySet
}

type keySet struct {
	address string
	keys    []jose.JSONWebKey
	fetched time.Time     // when it came; zero: never
	tried   time.Time     // when it was last asked for
	busy    chan struct{} // closed when the fetch under way is over; nil: there is none
	waiting int
}

func newKeySets(now func() time.Time, fetch func(context.Context, string) ([]byte, int, error)) *keySets {
	return &keySets{fetch: fetch, now: now, sets: map[keySetName]*keySet{}}
}

// get gives the key set at the address. It is fetched where it is not known,
// is old, or does not have what is looked for, at most once a minute, and once
// for all who ask meanwhile.
func (s *keySets) get(ctx context.Context, name keySetName, address string, has func([]jose.JSONWebKey) bool) ([]jose.JSONWebKey, error) {
	for {
		keys, wait, err := s.look(ctx, name, address, has)
		if wait == nil {
			return keys, err
		}
		select {
		case <-wait:
			s.left(name)
		case <-ctx.Done():
			s.left(name)
			return nil, ctx.Err()
		}
	}
}

// look gives the keys as they are known, a fetch to wait for, or fetches them.
func (s *keySets) look(ctx context.Context, name keySetName, address string, has func([]jose.JSONWebKey) bool) (keys []jose.JSONWebKey, wait chan struct{}, err error) {
	s.mu.Lock()
	set := s.of(name, address)
	now := s.now()
	if now.Sub(set.fetched) >= keySetDead {
		set.keys = nil
	}
	switch {
	case now.Sub(set.fetched) < keySetOld && has(set.keys), set.busy == nil && now.Sub(set.tried) < keySetYoung:
		defer s.mu.Unlock()
		if len(set.keys) == 0 {
			return nil, nil, errKeys
		}
		return set.keys, nil, nil
	case set.busy != nil:
		defer s.mu.Unlock()
		if set.waiting >= maxWaiting {
			return nil, nil, errKeys
		}
		set.waiting++
		return nil, set.busy, nil
	}
	set.busy, set.tried = make(chan struct{}), now
	s.mu.Unlock()
	// Others wait for the answer, also when who asked first is gone.
	body, status, err := s.fetch(context.WithoutCancel(ctx), address)
	found := parseKeySet(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && status == http.StatusOK && len(found) > 0 {
		set.keys, set.fetched = found, now
	}
	close(set.busy)
	set.busy = nil
	if len(set.keys) == 0 {
		return nil, nil, errors.Join(errKeys, err)
	}
	return set.keys, nil, nil
}

// left counts down who waits for a client's keys.
func (s *keySets) left(name keySetName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set := s.sets[name]; set != nil && set.waiting > 0 {
		set.waiting--
	}
}

// of gives what is known of a client's key set; nothing yet when its address is
// a new one.
func (s *keySets) of(name keySetName, address string) *keySet {
	if set := s.sets[name]; set != nil && set.address == address {
		return set
	}
	if len(s.sets) >= maxKeySets {
		s.forget()
	}
	set := &keySet{address: address}
	s.sets[name] = set
	return set
}

// forget drops the half of the sets that were asked for longest ago.
func (s *keySets) forget() {
	var times []time.Time
	for _, set := range s.sets {
		times = append(times, set.tried)
	}
	slices.SortFunc(times, time.Time.Compare)
	middle := times[len(times)/2]
	for name, set := range s.sets {
		if !set.tried.After(middle) && set.busy == nil {
			delete(s.sets, name)
		}
	}
}
