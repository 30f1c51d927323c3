package realm_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/internal/realm"
)

// Two exports are compared path by path: elements by what people know them by,
// the order of scalars and of members counts for nothing, that of steps does,
// and no secret is shown.
func TestCompare(t *testing.T) {
	const a = `{"realm":"r","enabled":true,"accessTokenLifespan":5,"supportedLocales":["de","en"],
		"clients":[{"clientId":"a","secret":"one","redirectUris":["x","y"]},{"clientId":"b"}],
		"authenticationFlows":[{"alias":"f","authenticationExecutions":[{"authenticator":"p","authenticatorFlow":false},{"authenticator":"q","authenticatorFlow":false}]}],
		"components":{"k":[{"name":"n","subType":"s","config":{"json":["{\"a\":1,\"b\":2}"]}}]},
		"users":[{"username":"u","credentials":[{"id":"1","type":"password","secretData":"hush"}]},{"username":"v","firstName":"V"},{"username":"w"}]}`
	b := strings.NewReplacer(`"accessTokenLifespan":5`, `"accessTokenLifespan":6`, `["de","en"]`, `["en","de"]`, `"one"`, `"two"`, `["x","y"]`, `["z","x"]`,
		`{"clientId":"b"}`, `{"clientId":"c"}`, `"authenticator":"p"`, `"authenticator":"q"`, `{\"a\":1,\"b\":2}`, `{\"b\":2,\"a\":1}`,
		`"firstName":"V"`, `"firstName":"W"`, `"hush"`, `"hush2"`, `{"username":"w"}`, `{"username":"x"}`).Replace(a)
	compare := func(x, y string) (lines []string) {
		left, err := realm.SideOfFiles(realm.Text("", []byte(x)))
		if err != nil {
			t.Fatal(err)
		}
		right, err := realm.SideOfFiles(realm.Text("", []byte(y)))
		if err != nil {
			t.Fatal(err)
		}
		more, err := realm.Compare(left, right, true, func(d realm.Difference) { lines = append(lines, d.String()) })
		if err != nil || more > 0 {
			t.Fatal(more, err)
		}
		return lines
	}
	want := []string{
		`accessTokenLifespan: A 5, B 6`,
		`authenticationFlows["f"].authenticationExecutions[0].authenticator: A "p", B "q"`,
		`clients["a"].redirectUris: only in A: "y"`,
		`clients["a"].redirectUris: only in B: "z"`,
		`clients["a"].secret: A [redacted], B [redacted]`,
		`clients["b"]: only in A: {clientId}`,
		`clients["c"]: only in B: {clientId}`,
		`users["u"].credentials["1"].secretData: A [redacted], B [redacted]`,
		`users["v"].firstName: A "V", B "W"`,
		`users["w"]: only in A: {}`,
		`users["x"]: only in B: {}`,
	}
	if got := compare(a, b); !slices.Equal(got, want) {
		t.Errorf("differences\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := compare(a, a); got != nil {
		t.Errorf("a realm differs from itself: %v", got)
	}
	if got := compare(a, strings.Replace(a, `"one"`, `"**********"`, 1)); got != nil {
		t.Errorf("a masked secret is another: %v", got)
	}
}
