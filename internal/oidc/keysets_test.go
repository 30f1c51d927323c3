package oidc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const oneKey = `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

func hasKey(kid string) func([]jose.JSONWebKey) bool {
	return func(set []jose.JSONWebKey) bool {
		for _, k := range set {
			if k.KeyID == kid {
				return true
			}
		}
		return false
	}
}

// Ten thousand assertions that name unknown keys cause one fetch a minute
//
func TestUnknownKeysAreNotFetchedAgain(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	fetches := 0
	s := newKeySets(func() time.Time { return now }, func(context.Context, string) ([]byte, int, error) {
		fetches++
		return []byte(oneKey), 200, nil
	})
	for i := range 10_000 {
		keys, err := s.get(t.Context(), keySetName{"r", "c"}, "https://app.example/keys", hasKey(fmt.Sprint("no", i)))
		if err != nil || len(keys) != 1 {
			t.Fatal(keys, err)
		}
		now = now.Add(12 * time.Millisecond) // two minutes in all
	}
	if fetches != 2 {
		t.Errorf("%d fetches in two minutes", fetches)
	}
}

// One fetch serves all who wait for it, and no more wait than may; another
// client's keys come meanwhile.
func TestFetchOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int64
		hang := make(chan struct{})
		s := newKeySets(func() time.Time { return time.Unix(1_700_000_000, 0) }, func(_ context.Context, address string) ([]byte, int, error) {
			if address == "slow" {
				fetches.Add(1)
				<-hang
			}
			return []byte(oneKey), 200, nil
		})
		var all sync.WaitGroup
		var good, refused atomic.Int64
		ask := func(ctx context.Context, name keySetName, address string) {
			switch keys, err := s.get(ctx, name, address, hasKey("one")); {
			case err == nil && len(keys) == 1:
				good.Add(1)
			case errors.Is(err, errKeys):
				refused.Add(1)
			}
		}
		slow := keySetName{"r", "slow"}
		for range 100 {
			all.Go(func() { ask(t.Context(), slow, "slow") })
		}
		gone, cancel := context.WithCancel(t.Context())
		synctest.Wait()
		if good.Load() != 0 || refused.Load() != 100-maxWaiting-1 || fetches.Load() != 1 {
			t.Errorf("%d good, %d refused, %d fetches", good.Load(), refused.Load(), fetches.Load())
		}
		ask(t.Context(), keySetName{"r", "other"}, "fast")
		if good.Load() != 1 {
			t.Error("another client had to wait")
		}
		cancel()
		ask(gone, slow, "slow")
		close(hang)
		all.Wait()
		if good.Load() != maxWaiting+2 || s.sets[slow].waiting != 0 {
			t.Errorf("%d good, %d wait", good.Load(), s.sets[slow].waiting)
		}
	})
}

// What is kept is bounded.
func TestKeySetsAreBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := newKeySets(func() time.Time { return now }, func(context.Context, string) ([]byte, int, error) { return nil, 500, nil })
	for i := range 3 * maxKeySets {
		now = now.Add(time.Millisecond)
		if _, err := s.get(t.Context(), keySetName{"r", fmt.Sprint(i)}, "https://app.example/keys", hasKey("one")); !errors.Is(err, errKeys) {
			t.Fatal(err)
		}
		if len(s.sets) > maxKeySets {
			t.Fatalf("%d sets", len(s.sets))
		}
	}
}

// Whatever a client's key set is, it is read or passed over.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(oneKey), "one", "EdDSA")
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct","k":"AA"},null,7]}`), "", "RS256")
	f.Add([]byte(`{"keys":{}}`), "", "HS256")
	f.Fuzz(func(t *testing.T, text []byte, kid, algorithm string) {
		for _, key := range fittingKeys(parseKeySet(text), kid, algorithm) {
			if _, secret := key.([]byte); secret || len(algorithm) < 5 || algorithm[:2] == "HS" {
				t.Errorf("%T for %q", key, algorithm)
			}
		}
	})
}
