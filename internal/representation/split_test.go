package representation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"latchkey"
)

// split runs Split and gives what it handed over: "realm:line:text".
func split(text string) (settings string, users []string, err error) {
	out, err := Split(strings.NewReader(text), func(realm, line int, text []byte) error {
		users = append(users, fmt.Sprintf("%d:%d:%s", realm, line, text))
		return nil
	})
	return string(out), users, err
}

func TestSplit(t *testing.T) {
	for _, row := range []struct {
		name, in, settings string
		users              []string
	}{
		{"none", `{"realm":"r"}`, `{"realm":"r"}`, nil},
		{"empty", `{"users":[ ],"realm":"r"}`, `{"users":[],"realm":"r"}`, nil},
		{"two", "{\"a\":[1],\n\"users\" : [{\"x\":\"]}\\\"{\"},\n\n{\"y\":[{}]}]\n,\"b\":{}}", "{\"a\":[1],\n\"users\" : [\n\n]\n,\"b\":{}}",
			[]string{`0:2:{"x":"]}\"{"}`, `0:4:{"y":[{}]}`}},
		{"list of realms", `[{"users":[{"a":1}]},{"realm":"s","users":[{"b":1},{"c":1}]}]`, `[{"users":[]},{"realm":"s","users":[]}]`,
			[]string{`0:1:{"a":1}`, `1:1:{"b":1}`, `1:1:{"c":1}`}},
		{"deeper down", `{"roles":{"users":[{"a":1}]},"x":["users",[{"users":[{}]}]]}`, `{"roles":{"users":[{"a":1}]},"x":["users",[{"users":[{}]}]]}`, nil},
		{"a value of that name", `{"x":"users","y":[{"a":1}],"users":null}`, `{"x":"users","y":[{"a":1}],"users":null}`, nil},
		{"cut off", `{"users":[{"a":`, `{"users":[`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			settings, users, err := split(row.in)
			if err != nil || settings != row.settings || !reflect.DeepEqual(users, row.users) {
				t.Errorf("settings %q, users %q, %v", settings, users, err)
			}
		})
	}
	large := `{"users":[` + "\n\n" + `{"a":"` + strings.Repeat("x", MaxUser) + `"}]}`
	for text, says := range map[string]string{
		`{"users":[{} {}]}`: "line 1", "{\"users\":[\n{},]}": "line 2", `{"users":[,{}]}`: "line 1", `{"users":[7]}`: "line 1",
		large: "The user that begins at line 3 has more than 4 MiB",
		`{"a":"` + strings.Repeat("x", MaxSettings): "more than 32 MiB beside its users",
	} {
		if _, _, err := split(text); latchkey.ErrorCode(err) != latchkey.CodeInvalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: %v, want an error that says %q", text, err, says)
		}
	}
}

// What Split takes apart is what was there: with the users back in their places
// the text means the same.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		`{"realm":"r","users":[{"username":"a"},{"username":"b","x":[{}]}],"y":"\"users\":["}`,
		`[{"realm":"r","users":[{}]},{"users":[],"realm":"s"}]`, `{"users":[{"a":"\\"},{"b":"\u0022"}]}`, `[[{"users":[{}]}]]`, `"users":[{}]`,
		`{"users":{"a":[{}]}}`, `{"users":[{}],"users":[{}]}`, `{"users":[{]}]}`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		users := map[int][]any{}
		broken := false
		settings, err := Split(strings.NewReader(string(data)), func(realm, _ int, text []byte) error {
			user, err := parse(text)
			broken = broken || err != nil
			users[realm] = append(users[realm], user)
			return nil
		})
		whole, wholeErr := parse(data)
		apart, apartErr := parse(settings)
		if whole == nil || wholeErr != nil {
			if err == nil && apartErr == nil && !broken && wholeErr != nil && !strings.Contains(wholeErr.Error(), "deeply") {
				t.Errorf("%q: %q was made of what is no JSON: %v", data, settings, wholeErr)
			}
			return
		}
		if err != nil {
			if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
				t.Errorf("%q: %v", data, err)
			}
			return // a user that is no object
		}
		if apartErr != nil || broken {
			t.Fatalf("%q: %q, %v", data, settings, apartErr)
		}
		realms, isList := apart.([]any)
		if !isList {
			realms = []any{apart}
		}
		number := -1
		for _, realm := range realms {
			if obj, ok := realm.(map[string]any); ok {
				if number++; len(users[number]) > 0 {
					obj["users"] = users[number]
				}
			}
		}
		a, errA := json.Marshal(whole)
		b, errB := json.Marshal(apart)
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%q: %s, want %s", data, b, a)
		}
	})
}
