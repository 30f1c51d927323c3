package oidc

import (
	"encoding/json"
	"slices"
	"testing"

	"latchkey"
)

// OpenID Connect Core 5.5: what the claims parameter asks for, and what is
// none.
func TestParseClaims(t *testing.T) {
	for text, want := range map[string]*claimsRequest{
		`{}`:                        {},
		`{"id_token":null}`:         {},
		`{"id_token":{"acr":null}}`: {},
		`{"id_token":{"name":{"essential":true}},"userinfo":{"given_name":null},"other":1}`: {},
		`{"id_token":{"acr":{"essential":true,"values":["a","b"]}}}`:                        {essential: []string{"a", "b"}},
		`{"id_token":{"acr":{"essential":true}}}`:                                           {},
		`{"id_token":{"acr":{"values":["a"]}}}`:                                             {voluntary: []string{"a"}},
		`{"id_token":{"acr":{"value":"a"}}}`:                                                {voluntary: []string{"a"}},
		`{"userinfo":{"acr":{"essential":true,"values":["a"]}}}`:                            {}, // it is no claim of that answer
		`{"id_token":{"sub":{"value":"u"}}}`:                                                {subject: "u"},
		`{"id_token":{"sub":{"value":"u"}},"userinfo":{"sub":{"value":"u"}}}`:               {subject: "u"},
		``: nil, `x`: nil, `[]`: nil, `null`: nil, `"{}"`: nil, `{`: nil, `{} {}`: nil,
		`{"id_token":1}`:                                                      nil,
		`{"id_token":{"acr":"a"}}`:                                            nil,
		`{"id_token":{"acr":{"values":"a"}}}`:                                 nil,
		`{"id_token":{"acr":{"values":[1]}}}`:                                 nil,
		`{"id_token":{"acr":{"values":[""]}}}`:                                nil,
		`{"id_token":{"acr":{"essential":"yes"}}}`:                            nil,
		`{"id_token":{"sub":{"value":1}}}`:                                    nil,
		`{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}`: nil,
	} {
		got, ok := parseClaims(text)
		if ok != (want != nil) {
			t.Errorf("%s: %v", text, ok)
			continue
		}
		if want != nil && (!slices.Equal(got.essential, want.essential) || !slices.Equal(got.voluntary, want.voluntary) || got.subject != want.subject) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// a level is named by what was asked for, else by the map, else by its
// number, and never by more than it is.
func TestACRNames(t *testing.T) {
	levels := map[string]int{"bronze": 1, "silver": 2, "argent": 2, "gold": 3}
	for _, c := range []struct {
		levels map[string]int
		asked  []string
		level  int
		want   string
	}{
		{nil, nil, 0, "0"}, {nil, nil, 1, "1"}, {nil, []string{"5"}, 1, "1"},
		{levels, nil, 3, "gold"}, {levels, nil, 2, "argent"}, {levels, nil, 9, "gold"}, {levels, nil, 0, "0"},
		{levels, []string{"silver"}, 2, "silver"}, {levels, []string{"silver"}, 3, "silver"},
		{levels, []string{"gold"}, 2, "argent"}, {levels, []string{"gold", "bronze"}, 2, "bronze"}, {levels, []string{"nope"}, 1, "bronze"},
	} {
		if got := latchkey.ACRName(c.levels, c.asked, c.level); got != c.want {
			t.Errorf("level %d of %v, asked for %v: %q, want %q", c.level, c.levels, c.asked, got, c.want)
		}
	}
	client := &latchkey.Client{Attributes: map[string]string{latchkey.AttributeLevels: `{"a":"1","b":2,"bad":-1,"worse":"x","":3,"far":99999999}`}}
	if got := latchkey.LevelMap(&latchkey.Realm{}, client); len(got) != 2 || got["a"] != 1 || got["b"] != 2 {
		t.Errorf("the map: %v", got)
	}
	for _, text := range []string{"", "{}", "x", `{"a":{}}`, `[1]`} {
		if got := latchkey.LevelMap(&latchkey.Realm{Attributes: map[string]string{latchkey.AttributeLevels: text}}, &latchkey.Client{}); got != nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzClaims: nothing that a stranger sends as claims panics, and what is taken
// is JSON.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{`{}`, `{"id_token":{"acr":{"essential":true,"values":["a"]}}}`, `{"id_token":{"sub":{"value":"u"}}}`, `{"a":[[[[[[`, "{\"id_token\":{\"acr\":{\"value\":\"\\ud800\"}}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseClaims(text)
		if ok && !json.Valid([]byte(text)) {
			t.Errorf("took %q", text)
		}
		if slices.Contains(append(c.essential, c.voluntary...), "") {
			t.Errorf("an empty acr of %q", text)
		}
	})
}
