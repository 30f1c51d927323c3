package accountrest

import (
	"encoding/json"
	"net/url"
	"testing"

	"latchkey"
	"latchkey/internal/profile"
)

// Whatever is sent as an account: nothing panics, and what has no fault leaves
// the address, and what is not the person's to change, as they were.
func FuzzAccountBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"firstName":"Ada","attributes":{"nick":["a","b"],"locale":["de"]}}`, `{"email":"x@y.example","username":"eve"}`,
		`{"attributes":{"email":["eve@example.test"],"username":["eve"],"emailVerified":["true"],"tier":["gold"],"":[""]}}`, `{"attributes":null,"lastName":null}`,
	} {
		f.Add(seed)
	}
	both := []string{"admin", "user"}
	realm := &latchkey.Realm{Profile: latchkey.DefaultUserProfile()}
	realm.Profile.Attributes = append(realm.Profile.Attributes,
		latchkey.ProfileAttribute{Name: "nick", Multivalued: true, Permissions: &latchkey.ProfilePermissions{View: both, Edit: both}},
		latchkey.ProfileAttribute{Name: "tier", Permissions: &latchkey.ProfilePermissions{View: both, Edit: both[:1]}})
	use := profile.Use{Realm: realm, Role: latchkey.ProfileUser}
	f.Fuzz(func(t *testing.T, text string) {
		var body accountBody
		if json.Unmarshal([]byte(text), &body) != nil {
			return
		}
		u := &latchkey.User{Username: "ada", Email: "ada@example.test", EmailVerified: true, Attributes: map[string][]string{"tier": {"iron"}}}
		sent, was := body.sent(use), profile.ValuesOf(u)
		values := profile.ValuesOf(u)
		for name, list := range sent {
			values[name] = list
		}
		if len(fixed(use, sent, was))+len(profile.Validate(use, values, true)) > 0 {
			return
		}
		profile.Apply(use, u, sent)
		if u.Username != "ada" || u.Email != "ada@example.test" || !u.EmailVerified || u.Attributes["tier"][0] != "iron" || len(u.Attributes) > 2 {
			t.Errorf("%s changes %+v", text, u)
		}
	})
}

// Whatever stands in the query: the page that is asked for stays within its
// bounds.
func FuzzPaging(f *testing.F) {
	for _, seed := range []string{"", "first=0&max=50", "max=101", "first=-1", "first=99999999999999999999", "max=&max=1", "x=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		if first, most, err := paging(query); err == nil && (first < 0 || most < 1 || most > activityMost) {
			t.Errorf("%q: first %d, max %d", raw, first, most)
		}
	})
}
