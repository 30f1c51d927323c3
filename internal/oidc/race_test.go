package oidc_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

const racers = 50

// at once runs n requests at the same time and gives their answers.
func atOnce(n int, request func(i int) *answer) []*answer {
	out := make([]*answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { out[i] = request(i) })
	}
	all.Wait()
	return out
}

// However many redeem a code at once, one gets tokens, and the others take
// them back.
func TestParallelRedemption(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		code := w.code("bench-app")
		var won *answer
		for _, a := range atOnce(racers, func(int) *answer { return w.redeem("bench-app", code) }) {
			switch {
			case a.status == http.StatusOK && won == nil:
				won = a
			case a.status == http.StatusOK:
				t.Error("a code gave tokens twice")
			default:
				wantError(t, a, 400, "invalid_grant", "Code not valid")
			}
		}
		if won == nil {
			t.Fatal("nobody got tokens")
		}
		wantError(t, w.refresh("bench-app", won.text("refresh_token")), 400, "invalid_grant", "Session doesn't have required client")
		if a := w.userinfo("bench", won.text("access_token")); a.status != http.StatusUnauthorized {
			t.Errorf("userinfo: %d", a.status)
		}
		given := 0
		for _, e := range w.eventList() {
			if e.Type == latchkey.EventCodeToToken {
				given++
			}
		}
		if given != 1 {
			t.Errorf("%d events of tokens", given)
		}
	})
}

// However many refresh with one token at once, they get one successor, and
// nothing is revoked within the grace; after it everything is.
func TestParallelRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		first := w.tokens("bench-pkce").text("refresh_token")
		successors := map[any]string{}
		for _, a := range atOnce(racers, func(int) *answer { return w.refresh("bench-pkce", first) }) {
			if a.status != http.StatusOK {
				t.Fatalf("%d %s", a.status, a.body)
			}
			_, claims := decode(t, a.text("refresh_token"))
			successors[claims["jti"]] = a.text("refresh_token")
		}
		if len(successors) != 1 {
			t.Fatalf("%d successors", len(successors))
		}
		for _, second := range successors {
			if a := w.refresh("bench-pkce", second); a.status != http.StatusOK {
				t.Errorf("the successor: %d %s", a.status, a.body)
			}
		}
		w.clock.Advance(11 * time.Second)
		wantError(t, w.refresh("bench-pkce", first), 400, "invalid_grant", "Maximum allowed refresh token reuse exceeded")
		for _, second := range successors {
			wantError(t, w.refresh("bench-pkce", second), 400, "invalid_grant", "Session doesn't have required client")
		}
	})
}

// A session that ends while its tokens are refreshed is an answer, never an
// error of the server.
func TestRefreshAgainstLogout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for range 5 {
			b, tokens := w.signedIn("bench-pkce")
			for i, a := range atOnce(8, func(i int) *answer {
				if i == 4 {
					return b.get(w.logoutURL("id_token_hint", tokens.text("id_token")))
				}
				return w.refresh("bench-pkce", tokens.text("refresh_token"))
			}) {
				if a.status != http.StatusOK && (a.status != http.StatusBadRequest || a.text("error") != "invalid_grant") {
					t.Errorf("request %d: %d %s", i, a.status, a.body)
				}
			}
			wantError(t, w.refresh("bench-pkce", tokens.text("refresh_token")), 400, "invalid_grant", "Session not active")
		}
	})
}

// Both at once: a code's tokens are refreshed while the code is presented
// again. Whatever the order, in the end nothing of it is good.
func TestRefreshAgainstReuse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for range 5 {
			code := w.code("bench-pkce")
			refresh := w.redeem("bench-pkce", code).text("refresh_token")
			newest := refresh
			for i, a := range atOnce(8, func(i int) *answer {
				if i%2 == 0 {
					return w.refresh("bench-pkce", refresh)
				}
				return w.redeem("bench-pkce", code)
			}) {
				switch {
				case a.status == http.StatusOK && i%2 == 0:
					newest = a.text("refresh_token")
				case a.status != http.StatusBadRequest:
					t.Errorf("%d %s", a.status, a.body)
				}
			}
			if a := w.refresh("bench-pkce", newest); a.status == http.StatusOK {
				t.Error("a refresh token outlived the reuse of its code")
			}
		}
	})
}
