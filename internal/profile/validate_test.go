package profile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"latchkey"
	"latchkey/internal/profile"
)

// The validators are Keycloak's, with its messages and parameters.
func TestValidators(t *testing.T) {
	for _, test := range []struct {
		rules string
		value string
		want  string // message and parameters behind the name; empty: valid
	}{
		{`"length": {"min": 3, "max": 5}`, "abcd", ""},
		{`"length": {"min": 3, "max": 5}`, "äöü", ""},
		{`"length": {"min": 3, "max": 5}`, "ab", "error-invalid-length 3 5"},
		{`"length": {"min": "3", "max": "5"}`, "abcdef", "error-invalid-length 3 5"},
		{`"length": {"min": 3}`, "ab", "error-invalid-length-too-short 3 "},
		{`"length": {"max": 5}`, "abcdef", "error-invalid-length-too-long  5"},
		{`"length": {"min": 1}`, strings.Repeat("a", 2049), "error-invalid-length-too-long  2048"},
		{``, strings.Repeat("a", 2049), "error-invalid-length-too-long  2048"},
		{`"length": {"max": 3000}`, strings.Repeat("a", 2049), ""},
		{`"integer": {"min": 1, "max": 10}`, "10", ""},
		{`"integer": {}`, "1.5", "error-invalid-number 1.5"},
		{`"integer": {"min": 1, "max": 10}`, "11", "error-number-out-of-range 1 10"},
		{`"integer": {"min": 1}`, "0", "error-number-out-of-range-too-small 1 "},
		{`"integer": {"max": 1}`, "2", "error-number-out-of-range-too-big  1"},
		{`"double": {"min": 1.5}`, "1.5", ""},
		{`"double": {"max": 1.5}`, "1.6", "error-number-out-of-range-too-big  1.5"},
		{`"double": {}`, "NaN", "error-invalid-number NaN"},
		{`"double": {}`, "1e999", "error-invalid-number 1e999"},
		{`"email": {}`, "ada@example.test", ""},
		{`"email": {}`, "Ada <ada@example.test>", "error-invalid-email Ada <ada@example.test>"},
		{`"email": {"max-local-length": 3}`, "ada2@example.test", "error-invalid-email ada2@example.test"},
		{`"uri": {}`, "https://example.com/#x", ""},
		{`"uri": {}`, "javascript:alert(1)", "error-invalid-uri-scheme javascript:alert(1) javascript"},
		{`"uri": {"allowedSchemes": ["urn"]}`, "urn:a:b", ""},
		{`"uri": {"allowFragment": false}`, "https://example.com/#x", "error-invalid-uri-fragment https://example.com/#x x"},
		{`"uri": {}`, "example", "error-invalid-uri example"},
		{`"uri": {}`, "https:example", "error-invalid-uri https:example"},
		{`"pattern": {"pattern": "[a-z]+|b1"}`, "abc", ""},
		{`"pattern": {"pattern": "a|b"}`, "ab", "error-pattern-no-match a|b"},
		{`"pattern": {"pattern": "a", "error-message": "Type an a"}`, "b", "Type an a a"},
		{`"pattern": {"pattern": "(?!x)a"}`, "anything", ""}, // RE2 does not know it: named, not held against anybody
		{`"pattern": {"pattern": "(a+)+b"}`, strings.Repeat("a", 2000), "error-pattern-no-match (a+)+b"},
		{`"options": {"options": ["a", 1]}`, "1", ""},
		{`"options": {"options": ["a"]}`, "b", "error-invalid-value b"},
		{`"options": {}`, "b", "error-invalid-value b"},
		{`"local-date": {}`, "2026-11-25", ""},
		{`"local-date": {}`, "25.11.2026", ""},
		{`"local-date": {}`, "25.13.2026", "error-invalid-date 25.13.2026"},
		{`"iso-date": {}`, "2026-02-29", "error-invalid-date 2026-02-29"},
		{`"person-name-prohibited-characters": {}`, "O'Neil-Łukasz Jr.", ""},
		{`"person-name-prohibited-characters": {}`, "<b>", "error-person-name-invalid-character <b>"},
		{`"person-name-prohibited-characters": {"error-message": "No"}`, "{x}", "No {x}"},
		{`"username-prohibited-characters": {}`, "ada.l+x@y-_", ""},
		{`"username-prohibited-characters": {}`, "a b", "error-username-invalid-character a b"},
		{`"username-prohibited-characters": {}`, "a'b", "error-username-invalid-character a'b"},
		{`"up-username-not-idn-homograph": {}`, "zoë-1", ""},
		{`"up-username-not-idn-homograph": {}`, "аda", "error-username-invalid-character аda"},
		{`"unheard-of": {}`, "x", ""},
		{``, "a\u202eb", "error-invalid-value"},
		{``, "a\nb", "error-invalid-value"},
		{``, "a\x00b", "error-invalid-value"},
		{``, "\xff", "error-invalid-value"},
	} {
		r := realm(t, `{"attributes": [{"name": "x", "permissions": {"view": [], "edit": ["user"]}, "validations": {`+test.rules+`}}]}`)
		use := user(r)
		use.Locale = "de"
		got := faults(profile.Validate(use, profile.Values{"x": {test.value}}, false))
		want := ""
		if test.want != "" {
			message, params, _ := strings.Cut(test.want+" ", " ")
			if strings.HasPrefix(test.want, "Type an a") {
				message, params = "Type an a", "a "
			}
			want = "x: " + message + " x"
			if params != "" {
				want += " " + strings.TrimSuffix(params, " ")
			}
		}
		if got != want {
			t.Errorf("%s with %.40q: %q, want %q", test.rules, test.value, got, want)
		}
	}
}

func faults(list []profile.Fault) string {
	var out []string
	for _, f := range list {
		params := fmt.Sprintln(f.Params...)
		out = append(out, f.Attribute+": "+f.Message+" "+strings.TrimSuffix(params, "\n"))
	}
	return strings.Join(out, "; ")
}

func TestValidate(t *testing.T) {
	r := realm(t, `{"attributes": [
		{"name": "must", "displayName": "${must}", "required": {}, "permissions": {"view": [], "edit": ["user"]}},
		{"name": "some", "multivalued": true, "validations": {"multivalued": {"min": 2, "max": 3}, "length": {"max": 2}}, "permissions": {"view": [], "edit": ["user"]}},
		{"name": "text", "annotations": {"inputType": "textarea"}, "permissions": {"view": [], "edit": ["user"]}},
		{"name": "team", "required": {}, "permissions": {"view": ["user"], "edit": ["admin"]}}]}`)
	for name, test := range map[string]struct {
		values profile.Values
		whole  bool
		want   string
	}{
		"nothing at all":       {profile.Values{}, true, "must: error-user-attribute-required ${must}"},
		"nothing given":        {profile.Values{}, false, ""},
		"blanks":               {profile.Values{"must": {" "}}, false, "must: error-user-attribute-required ${must}"},
		"two of one":           {profile.Values{"must": {"a", "b"}}, true, "must: error-invalid-multivalued-size ${must}  1"},
		"too few":              {profile.Values{"some": {"a"}}, false, "some: error-invalid-multivalued-size some 2 3"},
		"too many":             {profile.Values{"some": {"a", "b", "c", "d"}}, false, "some: error-invalid-multivalued-size some 2 3"},
		"none is not too few":  {profile.Values{"some": {}}, false, ""},
		"one of them is wrong": {profile.Values{"some": {"a", "long"}}, false, "some: error-invalid-length-too-long some  2"},
		"lines":                {profile.Values{"text": {"a\nb"}}, false, ""},
		"not theirs":           {profile.Values{"team": {}, "email": {"x"}, "unknown": {"\x00"}}, false, ""},
	} {
		if got := faults(profile.Validate(user(r), test.values, test.whole)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	use := profile.Use{Realm: r, Role: latchkey.ProfileUser, New: true}
	for address, want := range map[string]string{"ada@example.test": "", "a@b@c.test": "error-invalid-email", "": "error-user-attribute-required"} {
		got := profile.Validate(use, profile.Values{"email": {address}}, false)
		if (want == "") != (len(got) == 0) || want != "" && got[0].Message != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

// what the profile does not name is bounded too.
func TestValidateUnmanaged(t *testing.T) {
	r := realm(t, "")
	r.Profile.UnmanagedAttributePolicy = latchkey.UnmanagedEnabled
	many := profile.Values{}
	for i := range 101 {
		many[fmt.Sprint("a", i)] = []string{"x"}
	}
	for name, values := range map[string]profile.Values{"many": many, "long": {"x": {strings.Repeat("x", 2049)}},
		"name": {strings.Repeat("x", 256): {"x"}}, "values": {"x": make([]string, 101)}, "control": {"x": {"\x1b"}}} {
		if len(profile.Validate(user(r), values, false)) == 0 {
			t.Errorf("%s: no fault", name)
		}
	}
	delete(many, "a0")
	if got := profile.Validate(user(r), many, false); len(got) > 0 {
		t.Errorf("a hundred: %v", got)
	}
}

func TestUnknownRules(t *testing.T) {
	r := realm(t, `{"attributes": [{"name": "x", "validations": {"mine": {}, "pattern": {"pattern": "(?=x)"}, "length": {}, "multivalued": {}}}, {"name": "y", "validations": {"pattern": {}}}]}`)
	if got := strings.Join(profile.UnknownRules(&r.Profile), ", "); got != "x (mine), x (pattern, which cannot be read), y (pattern, which cannot be read)" {
		t.Error(got)
	}
}

func TestOptions(t *testing.T) {
	var a latchkey.ProfileAttribute
	if err := json.Unmarshal([]byte(`{"name": "x", "validations": {"options": {"options": ["a", "b"]}, "mine": {"options": ["c"]}}}`), &a); err != nil {
		t.Fatal(err)
	}
	for annotations, want := range map[string]string{
		`{}`: "[{a a} {b b}]", `{"inputOptionsFromValidation": "mine"}`: "[{c c}]", `{"inputOptionLabelsI18nPrefix": "x"}`: "[{a ${x.a}} {b ${x.b}}]",
		`{"inputOptionLabels": {"a": "Ah"}}`: "[{a Ah} {b b}]", `{"inputOptionLabels": 1, "inputOptionsFromValidation": 2}`: "[{a a} {b b}]",
	} {
		a.Annotations = nil
		if err := json.Unmarshal([]byte(annotations), &a.Annotations); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(a.Options()); got != want {
			t.Errorf("%s: %s, want %s", annotations, got, want)
		}
	}
}

// What is typed never breaks a validator, whatever a profile says.
func FuzzValidate(f *testing.F) {
	f.Add("2026-11-25", `{"length": {"min": 1e400}, "pattern": {"pattern": "(((("}}`)
	f.Add("x", `{"uri": {"allowedSchemes": [null, 1, {}]}, "options": {"options": 1}, "double": {"min": "x"}}`)
	f.Add("a@b.test", `{"email": {"max-local-length": -1}, "multivalued": {"max": {}}, "integer": {"max": []}}`)
	f.Fuzz(func(t *testing.T, value, rules string) {
		var validations map[string]latchkey.ProfileSettings
		if json.Unmarshal([]byte(rules), &validations) != nil {
			return
		}
		r := &latchkey.Realm{Profile: latchkey.UserProfile{Attributes: []latchkey.ProfileAttribute{{Name: "x", Validations: validations,
			Multivalued: true, Permissions: &latchkey.ProfilePermissions{Edit: []string{"user"}}}}}}
		if got := profile.Validate(user(r), profile.Values{"x": {value}}, true); len(got) == 0 && !utf8.ValidString(value) && strings.TrimSpace(value) != "" {
			t.Errorf("%q is no text", value)
		}
	})
}
