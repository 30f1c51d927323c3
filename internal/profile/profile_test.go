package profile_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/profile"
)

// realm gives a realm whose profile is the text's.
func realm(t testing.TB, text string) *latchkey.Realm {
	t.Helper()
	r := &latchkey.Realm{Profile: latchkey.DefaultUserProfile()}
	if text != "" {
		var p latchkey.UserProfile
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		r.Profile.Attributes = append(r.Profile.Attributes, p.Attributes...)
		r.Profile.Groups = append(r.Profile.Groups, p.Groups...)
		r.Profile.UnmanagedAttributePolicy = p.UnmanagedAttributePolicy
	}
	return r
}

func user(r *latchkey.Realm) profile.Use { return profile.Use{Realm: r, Role: latchkey.ProfileUser} }

// show names the fields: "name*" is required, "name-" is read-only.
func show(fields []latchkey.ProfileField) string {
	var out []string
	for _, f := range fields {
		s := f.Attribute.Name
		if f.Required {
			s += "*"
		}
		if f.ReadOnly {
			s += "-"
		}
		if len(f.Values) > 0 {
			s += "=" + strings.Join(f.Values, "|")
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

const own = `{"attributes": [
	{"name": "team", "permissions": {"view": ["user"], "edit": ["admin"]}, "required": {"roles": ["admin"]}},
	{"name": "secret", "permissions": {"view": ["admin"], "edit": ["admin"]}},
	{"name": "nobody"},
	{"name": "shoe", "permissions": {"view": [], "edit": ["user"]}, "selector": {"scopes": ["shoes"]}, "required": {"scopes": ["sport"]}, "defaultValue": "42"}]}`

// Who sees and edits what, and of whom it is required, is Keycloak's.
func TestFields(t *testing.T) {
	for name, test := range map[string]struct {
		use    profile.Use
		change func(*latchkey.Realm)
		want   string
	}{
		"a person outside of a sign-in": {profile.Use{Role: "user"}, nil, "username*- email*- firstName lastName team- shoe"},
		"a person in one without scopes": {profile.Use{Role: "user", Scopes: []string{}}, nil,
			"username*- email*- firstName lastName team-"},
		"in one that asks for it": {profile.Use{Role: "user", Scopes: []string{"shoes"}}, nil,
			"username*- email*- firstName lastName team- shoe"},
		"and requires it": {profile.Use{Role: "user", Scopes: []string{"shoes", "sport"}}, nil,
			"username*- email*- firstName lastName team- shoe*"},
		"a new person": {profile.Use{Role: "user", New: true}, nil, "username* email* firstName lastName team- shoe=42"},
		"a new person, whose address is the name": {profile.Use{Role: "user", New: true},
			func(r *latchkey.Realm) { r.RegistrationEmailAsUsername = true }, "email* firstName lastName team- shoe=42"},
		"editUsernameAllowed": {profile.Use{Role: "user"}, func(r *latchkey.Realm) { r.EditUsernameAllowed = true },
			"username* email*- firstName lastName team- shoe"},
		"an administrator": {profile.Use{Role: "admin"}, nil, "username*- email firstName lastName team* secret nobody"},
		"an administrator, where the address is the name": {profile.Use{Role: "admin"},
			func(r *latchkey.Realm) { r.RegistrationEmailAsUsername, r.EditUsernameAllowed = true, true }, "username*- email firstName lastName team* secret nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			test.use.Realm = realm(t, own)
			if test.change != nil {
				test.change(test.use.Realm)
			}
			if got := show(profile.Fields(test.use, nil)); got != test.want {
				t.Errorf("the form is %q, want %q", got, test.want)
			}
		})
	}
}

func TestApply(t *testing.T) {
	r := realm(t, own)
	u := &latchkey.User{Username: "ada", Email: "ada@example.test", EmailVerified: true, Attributes: map[string][]string{"secret": {"s"}, "old": {"o"}}}
	use := user(r)
	// what a person may not change is not, whatever is sent.
	changed := profile.Apply(use, u, profile.Values{"firstName": {" Ada "}, "email": {"x@example.test"}, "username": {"root"},
		"team": {"red"}, "secret": {"x"}, "unknown": {"x"}, "shoe": {"43"}})
	want := &latchkey.User{Username: "ada", Email: "ada@example.test", EmailVerified: true, FirstName: "Ada",
		Attributes: map[string][]string{"secret": {"s"}, "old": {"o"}, "shoe": {"43"}}}
	if !reflect.DeepEqual(u, want) || !slices.Equal(changed, []string{"firstName", "shoe"}) {
		t.Errorf("the user is %+v, changed %v", u, changed)
	}
	if changed := profile.Apply(use, u, profile.Values{"firstName": {"Ada"}, "shoe": {""}}); !slices.Equal(changed, []string{"shoe"}) || len(u.Attributes["shoe"]) > 0 {
		t.Errorf("emptied: %v, %+v", changed, u)
	}
	// An administrator's change of the address makes it unproven, and the
	// username follows where it is the address.
	use.Role, r.RegistrationEmailAsUsername = latchkey.ProfileAdmin, true
	profile.Apply(use, u, profile.Values{"email": {"ADA@example.test"}})
	if !u.EmailVerified {
		t.Error("another way to write the address made it unproven")
	}
	profile.Apply(use, u, profile.Values{"email": {"Countess@example.test"}, "unknown": {"x"}})
	if u.EmailVerified || u.Username != "countess@example.test" || u.Attributes["unknown"] != nil {
		t.Errorf("the user is %+v", u)
	}
	r.Profile.UnmanagedAttributePolicy = latchkey.UnmanagedAdminEdit
	profile.Apply(use, u, profile.Values{"unknown": {"x", "y"}})
	profile.Apply(user(r), u, profile.Values{"more": {"x"}})
	if !slices.Equal(u.Attributes["unknown"], []string{"x", "y"}) || u.Attributes["more"] != nil {
		t.Errorf("unmanaged: %+v", u.Attributes)
	}
}

func TestUnmanaged(t *testing.T) {
	r := realm(t, "")
	values := profile.Values{"firstName": {"Ada"}, "old": {"o"}}
	for policy, want := range map[latchkey.UnmanagedPolicy][2]int{"": {0, 0}, latchkey.UnmanagedEnabled: {1, 1},
		latchkey.UnmanagedAdminView: {0, 1}, latchkey.UnmanagedAdminEdit: {0, 1}} {
		r.Profile.UnmanagedAttributePolicy = policy
		admin := profile.Use{Realm: r, Role: latchkey.ProfileAdmin}
		if got := [2]int{len(profile.Unmanaged(user(r), values)), len(profile.Unmanaged(admin, values))}; got != want {
			t.Errorf("%q: %v, want %v", policy, got, want)
		}
	}
}

// Several values of an attribute have names of their own, since a parameter
// may stand in a form once.
func TestTyped(t *testing.T) {
	r := realm(t, `{"attributes": [{"name": "phones", "multivalued": true, "permissions": {"view": [], "edit": ["user"]}},
		{"name": "must", "required": {}, "permissions": {"view": [], "edit": ["user"]}}]}`)
	got := profile.Typed(user(r), map[string][]string{"phones": {""}, "phones~1": {" 2 "}, "phones~0": {"1"}, "phones~99": {"3"}, "phones~100": {"4"},
		"email": {"x@example.test"}, "other": {"x"}, "firstName": {" Ada "}})
	want := profile.Values{"phones": {"1", "2", "3"}, "must": {}, "firstName": {"Ada"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("typed %v, want %v", got, want)
	}
	if got := profile.Typed(user(r), map[string][]string{"phones": {""}}); got["phones"] == nil || len(got["phones"]) > 0 {
		t.Errorf("no box ticked: %v", got)
	}
}

// Who gave what is required, or cannot change what is wrong, is not asked.
func TestMissing(t *testing.T) {
	r := realm(t, `{"attributes": [{"name": "must", "required": {"roles": ["user"]}, "permissions": {"view": ["user"], "edit": ["user"]}},
		{"name": "team", "required": {}, "permissions": {"view": ["user"], "edit": ["admin"]}}]}`)
	u := &latchkey.User{Username: "o'neil & co", Email: "not an address"}
	if !profile.Missing(user(r), u) {
		t.Error("what is required is not missed")
	}
	u.Attributes = map[string][]string{"must": {"x"}}
	if profile.Missing(user(r), u) {
		t.Errorf("asked for what nobody can change: %v", profile.Validate(user(r), profile.ValuesOf(u), true))
	}
	r.EditUsernameAllowed = true
	if !profile.Missing(user(r), u) {
		t.Error("a username that is not valid can be put right")
	}
	// An account that was made by mail is called as its address is.
	u.Username, u.Email = "o'neil@example.test", "O'Neil@example.test"
	if profile.Missing(user(r), u) {
		t.Error("the username is the address")
	}
}
