package oidc_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// every combination of hint, client_id, redirect and method, with the
// session there, gone, or another's. What decides is said once more here, in
// one place: what is wrong is a page; a hint of the session, or of one of
// another browser, ends it at once; everything else asks.
func TestLogoutCombinations(t *testing.T) {
	w := sqliteWorld(t)
	const elsewhere = "http://127.0.0.1:9999/elsewhere"
	n := 0
	for _, hint := range []string{"none", "own", "expired", "other", "garbage", "foreign"} {
		for _, client := range []string{"", "bench-app", "bench-public", "nope"} {
			for _, to := range []string{"", redirectURI, elsewhere} {
				for _, session := range []bool{true, false} {
					for _, method := range []string{http.MethodGet, http.MethodPost} {
						n++
						want := expectedLogout(hint, client, to, session)
						got, ended, target := w.tryLogout(logoutTry{hint, client, to, method, session})
						if got != want || (target && got != "go") {
							t.Errorf("hint %s, client %q, to %q, session %v, %s: %s, want %s", hint, client, to, session, method, got, want)
						}
						if ended != (got == "go" || got == "done") && session && hint != "other" {
							t.Errorf("hint %s, client %q, to %q, %s: %s, and the session ended: %v", hint, client, to, method, got, ended)
						}
					}
				}
			}
		}
	}
	if n != 288 {
		t.Errorf("%d combinations", n)
	}
}

// expectedLogout says "error", "ask", "done" (a page) or "go" (the redirect).
func expectedLogout(hint, client, to string, session bool) string {
	known := hint == "own" || hint == "expired" || hint == "other"
	switch {
	case hint == "garbage" || hint == "foreign", client == "nope", known && client == "bench-public":
		return "error"
	case to != "" && !known && client == "":
		return "error" // nobody says whose it is
	case to != "" && (to != redirectURI || client == "bench-public"): // not registered for it
		return "error"
	case known && (hint != "other" || !session):
		if to == "" {
			return "done"
		}
		return "go"
	case !session && to == "":
		return "done" // there is nothing to end
	case !session:
		return "go"
	}
	return "ask"
}

type logoutTry struct {
	hint, client, to, method string
	session                  bool
}

// tryLogout signs in anew and tries; it says what was answered, whether the
// session ended, and whether the browser was sent on.
func (w *world) tryLogout(c logoutTry) (got string, ended, target bool) {
	w.t.Helper()
	b, a := w.signedIn("bench-app")
	hint := a.text("id_token")
	switch c.hint {
	case "none":
		hint = ""
	case "expired":
		w.clock.Advance(11 * time.Minute)
	case "other":
		_, other := w.signedIn("bench-app")
		hint = other.text("id_token")
	case "garbage":
		hint = "garbage"
	case "foreign":
		hint = a.text("access_token")
	}
	sid := a.text("session_state")
	if !c.session {
		w.update(func(tx *store.Tx) error {
			_, err := tx.EndUserSession(w.snap("bench").Realm.ID, sid)
			return err
		})
	}
	v := url.Values{}
	for name, value := range map[string]string{"id_token_hint": hint, "client_id": c.client, "post_logout_redirect_uri": c.to, "state": "s-1"} {
		if value != "" {
			v.Set(name, value)
		}
	}
	var answer *answer
	if c.method == http.MethodGet {
		answer = b.get(w.endpoint("bench", "logout") + "?" + v.Encode())
	} else {
		answer = b.post(w.endpoint("bench", "logout"), v)
	}
	w.update(func(tx *store.Tx) error {
		_, err := tx.UserSession(w.snap("bench").Realm.ID, sid)
		ended = latchkey.ErrorCode(err) == latchkey.CodeNotFound
		return nil
	})
	location := answer.header.Get("Location")
	switch {
	case location == redirectURI+"?state=s-1" && (answer.status == http.StatusFound || answer.status == http.StatusSeeOther):
		return "go", ended, true
	case answer.page.Page == "error" && answer.status == http.StatusBadRequest:
		return "error", ended, location != ""
	case answer.page.Page == "confirm":
		return "ask", ended, location != ""
	case answer.page.Page == "logged-out":
		return "done", ended, location != ""
	}
	return answer.page.Page + " " + location, ended, location != ""
}
