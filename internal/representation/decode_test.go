package representation

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"latchkey"
)

type shape struct {
	Text    *string             `json:"text,omitzero"`
	Plain   string              `json:"plain"`
	Switch  *bool               `json:"switch,omitzero"`
	Number  *int                `json:"number,omitzero"`
	Long    *int64              `json:"long,omitzero"`
	List    []string            `json:"list,omitzero"`
	Map     map[string]string   `json:"map,omitzero"`
	Lists   map[string][]string `json:"lists,omitzero"`
	Inner   *shape              `json:"inner,omitzero"`
	Inners  []shape             `json:"inners,omitzero"`
	Any     any                 `json:"any,omitzero"`
	Ignored string              `json:"-"`
}

// Scalars stand for each other as in Keycloak, null means absent (trap 3 of
// the surface: string maps arrive with booleans, numbers and null).
func TestDecode(t *testing.T) {
	for _, row := range []struct {
		in   string
		want shape
	}{
		{`{}`, shape{}},
		{`{"text":"x","switch":true,"number":3,"long":1700000000123}`, shape{Text: new("x"), Switch: new(true), Number: new(3), Long: new(int64(1700000000123))}},
		{`{"text":3,"switch":"TRUE","number":"3"}`, shape{Text: new("3"), Switch: new(true), Number: new(3)}},
		{`{"text":false,"number":3.0,"long":1e3}`, shape{Text: new("false"), Number: new(3), Long: new(int64(1000))}},
		{`{"text":null,"switch":null,"number":null,"list":null,"map":null,"inner":null}`, shape{}},
		{`{"text":"","switch":"","number":"","long":""}`, shape{Text: new("")}},
		{`{"list":[]}`, shape{List: []string{}}},
		{`{"list":["a",null,1]}`, shape{List: []string{"a", "1"}}},
		{`{"map":{"a":true,"b":587,"c":null,"d":"x"}}`, shape{Map: map[string]string{"a": "true", "b": "587", "c": "", "d": "x"}}},
		{`{"lists":{"a":["x","y"],"b":"z","c":7,"d":null,"e":[]}}`, shape{Lists: map[string][]string{"a": {"x", "y"}, "b": {"z"}, "c": {"7"}, "e": {}}}},
		{`{"inner":{"inners":[{"plain":"x"},null]}}`, shape{Inner: &shape{Inners: []shape{{Plain: "x"}}}}},
		{`{"any":{"x":[1]}}`, shape{Any: map[string]any{"x": []any{json.Number("1")}}}},
	} {
		var got shape
		unknown, err := Decode([]byte(row.in), &got)
		if err != nil || len(unknown) > 0 || !reflect.DeepEqual(got, row.want) {
			g, _ := json.Marshal(got)
			t.Errorf("%s: %s, unknown %v, error %v", row.in, g, unknown, err)
		}
	}
}

// An error names the member by its path, elements of lists by what people
// know them by.
func TestDecodeErrors(t *testing.T) {
	for in, field := range map[string]string{
		`[]`:                                   "",
		`{"text":{}}`:                          "text",
		`{"text":[]}`:                          "text",
		`{"switch":"maybe"}`:                   "switch",
		`{"switch":1}`:                         "switch",
		`{"number":"many"}`:                    "number",
		`{"number":1.5}`:                       "number",
		`{"number":true}`:                      "number",
		`{"long":99999999999999999999}`:        "long",
		`{"list":"a"}`:                         "list",
		`{"list":[[]]}`:                        "list[0]",
		`{"map":[]}`:                           "map",
		`{"map":{"a b":{}}}`:                   `map["a b"]`,
		`{"lists":{"a":{"x":1}}}`:              "lists.a",
		`{"inner":{"inners":[{},{"list":3}]}}`: "inner.inners[1].list",
		`{"inners":[{"alias":"my \"flow\"","list":3}]}`:                     `inners["my \"flow\""].list`,
		`{"inners":[{"name":"` + strings.Repeat("x", 500) + `","list":3}]}`: `inners["` + strings.Repeat("x", 80) + `…"].list`,
	} {
		_, err := Decode([]byte(in), new(shape))
		var e *latchkey.Error
		if !errors.As(err, &e) || e.Code != latchkey.CodeInvalid || e.Field != field {
			t.Errorf("%s: %v, want an error of %q", in, err, field)
		}
	}
}

// What the shape has no place for is handed back, not lost; names are compared
// exactly.
func TestDecodeUnknown(t *testing.T) {
	unknown, err := Decode([]byte(`{"Text":1,"zebra":null,"inners":[{"name":"n","list":[]}],"-":2,"Ignored":"x","inner":{"more":{"a":1}}}`), new(shape))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, u := range unknown {
		paths = append(paths, u.Path)
	}
	if want := []string{"-", "Ignored", "Text", "inner.more", `inners["n"].name`, "zebra"}; !reflect.DeepEqual(paths, want) {
		t.Errorf("unknown %q, want %q", paths, want)
	}
}

// Whatever a client sends, decoding answers with a value or with an error that
// may be shown, and a value that was read is written and read again as the
// same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"realm":"r","enabled":"true","smtpServer":{"port":587,"ssl":false,"x":null},"attributes":{"a":1}}`,
		`{"clientId":"a","redirectUris":["https://a.example/*"],"attributes":{"oidc.ciba.grant.enabled":false}}`,
		`{"username":"a","attributes":{"team":"x"},"credentials":[{"type":"password","value":1}]}`,
		`[{"realm":"a"},{"realm":"b"}]`, `{"a":{"a":{"a":[[[[]]]]}}}`, `{"realm":"\ud800"}`, `{"accessTokenLifespan":1e400}`, "\x00", `"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, v := range []any{new(Realm), new(Client), new(User), new(Flow), new(Profile)} {
			_, err := Decode(data, v)
			if err != nil {
				if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
					t.Fatalf("%T: %v", v, err)
				}
				continue
			}
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%T: %v", v, err)
			}
			again := reflect.New(reflect.TypeOf(v).Elem()).Interface()
			lost := func(u Unknown) bool { return !u.Kept }
			if unknown, err := Decode(text, again); err != nil || slices.ContainsFunc(unknown, lost) {
				t.Fatalf("%T: %s read again: %v, %v", v, text, unknown, err)
			}
			if !reflect.DeepEqual(v, again) {
				t.Fatalf("%T: %s is another when read again", v, text)
			}
		}
	})
}
