package oidc_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey"
	"latchkey/internal/store"
)

// Userinfo answers the bearer of an access token, by header or by form
// (OpenID Connect Core 5.3).
func TestUserinfo(t *testing.T) {
	w := sqliteWorld(t)
	raw := w.tokens("bench-app").text("access_token")
	user := w.user("golden@example.test")
	want := map[string]any{"sub": user.ID, "email_verified": true, "preferred_username": "golden@example.test", "email": "golden@example.test"}
	endpoint := w.endpoint("bench", "userinfo")
	b := w.browser()
	posted := b.post(endpoint, url.Values{"access_token": {raw}})
	empty, _ := http.NewRequest(http.MethodPost, endpoint, nil)
	empty.Header.Set("Authorization", "bearer "+raw)
	for name, a := range map[string]*answer{"GET": w.userinfo("bench", raw), "POST with the token in the form": posted, "POST without a body": b.do(empty)} {
		if diff := cmp.Diff(want, a.json); a.status != http.StatusOK || diff != "" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s", name, a.status, a.header, diff)
		}
	}
}

// What it refuses, with a challenge and no body (RFC 6750 3).
func TestUserinfoRefuses(t *testing.T) {
	w := sqliteWorld(t)
	raw := w.tokens("bench-app").text("access_token")
	endpoint := w.endpoint("bench", "userinfo")
	b := w.browser()
	get := func(url string, header ...string) *answer {
		r, _ := http.NewRequest(http.MethodGet, url, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		return b.do(r)
	}
	const invalid = `Bearer realm="bench", error="invalid_token", error_description="Token verification failed"`
	const two = `Bearer realm="bench", error="invalid_request", error_description="More than one token, or one in the URL"`
	for name, c := range map[string]struct {
		a         *answer
		status    int
		challenge string
	}{
		"no token":             {get(endpoint), 401, `Bearer realm="bench"`},
		"garbage":              {get(endpoint, "Authorization", "Bearer nope"), 401, invalid},
		"a changed signature":  {get(endpoint, "Authorization", "Bearer "+raw[:len(raw)-6]+"AAAAAA"), 401, invalid},
		"another scheme":       {get(endpoint, "Authorization", "Basic "+raw), 401, `Bearer realm="bench"`},
		"an empty token":       {get(endpoint, "Authorization", "Bearer "), 401, `Bearer realm="bench"`},
		"in the URL":           {get(endpoint + "?access_token=" + raw), 400, two},
		"two headers":          {get(endpoint, "Authorization", "Bearer "+raw, "Authorization", "Bearer "+raw), 400, two},
		"in header and form":   {b.post(endpoint, url.Values{"access_token": {raw}}, "Authorization", "Bearer "+raw), 400, two},
		"twice in the form":    {b.postBody(endpoint, "access_token="+raw+"&access_token="+raw), 400, `Bearer realm="bench", error="invalid_request", error_description="The form cannot be read"`},
		"at another realm":     {get(w.endpoint("other", "userinfo"), "Authorization", "Bearer "+raw), 401, `Bearer realm="other", error="invalid_token", error_description="Token verification failed"`},
		"a JSON body":          {b.post(endpoint, nil, "Content-Type", "application/json"), 400, `Bearer realm="bench", error="invalid_request", error_description="The form cannot be read"`},
		"a form without token": {b.post(endpoint, url.Values{"x": {"y"}}), 401, `Bearer realm="bench"`},
	} {
		if got := c.a.header.Get("WWW-Authenticate"); c.a.status != c.status || got != c.challenge || len(c.a.body) != 0 || c.a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %q %q", name, c.a.status, got, c.a.body)
		}
	}
	if a := get(w.endpoint("nope", "userinfo")); a.status != 404 || a.text("error") != "Realm does not exist" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// An access token stands for nobody any more when its session, its user or its
// client is gone, before it expires.
func TestUserinfoAfterwards(t *testing.T) {
	for name, spoil := range map[string]func(w *world, u *latchkey.User){
		"the session ended": func(w *world, u *latchkey.User) {
			w.update(func(tx *store.Tx) error { _, err := tx.EndUserSessions(u.RealmID, u.ID, ""); return err })
		},
		"the user was disabled": func(w *world, u *latchkey.User) {
			u.Enabled = false
			w.update(func(tx *store.Tx) error { return tx.UpdateUser(u) })
		},
		"the user was deleted": func(w *world, u *latchkey.User) {
			w.update(func(tx *store.Tx) error { return tx.DeleteUser(u.RealmID, u.ID) })
		},
		"the user was called back": func(w *world, u *latchkey.User) {
			u.NotBefore = w.clock.Now().Unix() + 1
			w.update(func(tx *store.Tx) error { return tx.UpdateUser(u) })
		},
		"the realm was called back": func(w *world, _ *latchkey.User) {
			w.changeRealm(func(r *latchkey.Realm) { r.NotBefore = w.clock.Now().Unix() + 1 })
		},
		"the client was disabled": func(w *world, _ *latchkey.User) {
			w.changeClient("bench-app", func(c *latchkey.Client) { c.Enabled = false })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			raw := w.tokens("bench-app").text("access_token")
			if a := w.userinfo("bench", raw); a.status != http.StatusOK {
				t.Fatalf("before: %d", a.status)
			}
			spoil(w, w.user("golden@example.test"))
			if a := w.userinfo("bench", raw); a.status != http.StatusUnauthorized {
				t.Errorf("after: %d %s", a.status, a.body)
			}
		})
	}
}
