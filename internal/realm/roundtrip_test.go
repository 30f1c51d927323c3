package realm_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/internal/realm"
	"latchkey/internal/store/storetest"
)

// What Keycloak exported comes out again as it went in, but for what
// docs/keycloak.md lists under "Bringing a realm over".
func TestRecordedExport(t *testing.T) {
	data, err := os.ReadFile("testdata/keycloak-26.json")
	if err != nil {
		t.Fatal(err)
	}
	db, _ := storetest.SQLite(t)
	if _, err := take(ctx, db, data); err != nil {
		t.Fatal(err)
	}
	before, err := realm.SideOfFiles(realm.Text("", data))
	if err != nil {
		t.Fatal(err)
	}
	after, err := realm.SideOfRealm(ctx, db, "bench")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	more, err := realm.Compare(before, after, true, func(d realm.Difference) { got = append(got, d.String()) })
	if err != nil || more > 0 {
		t.Fatal(more, err)
	}
	// The file shows the secret of bench-app masked: it has a new one.
	want := []string{`clients["bench-app"].attributes["client.secret.creation.time"]: only in B: "1772600767"`}
	if !slices.Equal(got, want) {
		t.Errorf("differences\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	once := written(t, db, "bench")
	if again := settled(t, []byte(once), "bench"); again != once {
		t.Errorf("exported again: %s", firstDifference(again, once))
	}
}

// Whatever a realm holds, an export of it, imported elsewhere and exported
// again, is the same text.
func TestRoundTrip(t *testing.T) {
	keys := keyComponents(t)
	a, _ := storetest.SQLite(t)
	b, _ := storetest.SQLite(t)
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		name := fmt.Sprintf("r%d", n)
		rep := drawRealm(r)
		rep["realm"], rep["id"] = name, name+"-id"
		components, _ := rep["components"].(map[string]any)
		maps.Copy(components, keys)
		data, err := json.Marshal(rep)
		if err != nil {
			r.Fatal(err)
		}
		results, err := take(ctx, a, data)
		if err != nil {
			r.Fatalf("%v: %s", err, data)
		}
		// Nothing is dropped without a word: what is not taken is named.
		for _, line := range results[0].Report.Lines() {
			if strings.Contains(line, "not taken") {
				r.Errorf("report: %s", line)
			}
		}
		once := written(t, a, name)
		if _, err := take(ctx, b, []byte(once)); err != nil {
			r.Fatalf("imported again: %v", err)
		}
		if again := written(t, b, name); again != once {
			r.Errorf("exported again: %s", firstDifference(again, once))
		}
		for _, text := range []string{`"latchkey-kept-`, `"deep-kept-`, `"sealed-`} {
			if was, is := strings.Count(string(data), text), strings.Count(once, text); was != is {
				r.Errorf("%d members of the export begin with %s, %d came out", was, text, is)
			}
		}
	})
}

// keyComponents are keys to begin with, because drawing RSA keys takes long.
func keyComponents(t *testing.T) map[string]any {
	db, _ := storetest.SQLite(t)
	if _, err := take(ctx, db, []byte(`{"realm":"keys"}`)); err != nil {
		t.Fatal(err)
	}
	var rep struct {
		Components map[string]any `json:"components"`
	}
	if err := json.Unmarshal([]byte(written(t, db, "keys")), &rep); err != nil {
		t.Fatal(err)
	}
	const kind = "org.keycloak.keys.KeyProvider"
	return map[string]any{kind: rep.Components[kind]}
}

// drawn draws parts of an export.
type drawn struct {
	*rapid.T
	n int
}

// text is a short text without control characters.
func (d *drawn) text(label string) string {
	return rapid.StringMatching(`[A-Za-z<&"\\äß€/ ._-]{1,12}`).Draw(d.T, label)
}

// name is a name that nothing else has.
func (d *drawn) name(prefix string) string { d.n++; return fmt.Sprintf("%s%d", prefix, d.n) }

func (d *drawn) flip(label string) bool { return rapid.Bool().Draw(d.T, label) }

// some calls f a few times.
func (d *drawn) some(label string, most int, f func(i int)) {
	for i := range rapid.IntRange(0, most).Draw(d.T, label) {
		f(i)
	}
}

func (d *drawn) one(label string, list []string) string {
	return rapid.SampledFrom(list).Draw(d.T, label)
}

// keep adds members that nobody knows.
func (d *drawn) keep(m map[string]any) map[string]any {
	d.some("kept", 2, func(int) {
		m[d.name("latchkey-kept-")] = rapid.SampledFrom([]any{true, 1.5, "text", []any{}, map[string]any{}, "",
			[]any{map[string]any{d.name("deep-kept-"): []any{nil, "x"}}}}).Draw(d.T, "value")
	})
	return m
}

func (d *drawn) texts() map[string]string {
	m := map[string]string{}
	d.some("texts", 3, func(int) { m[d.name("key.")] = d.text("value") })
	return m
}

// secrets are texts of which one is a secret.
func (d *drawn) secrets() map[string]string {
	m := d.texts()
	m["saml.signing.private.key"] = "sealed-" + d.text("secret")
	return m
}

func (d *drawn) lists() map[string][]string {
	m := map[string][]string{}
	d.some("lists", 2, func(int) { m[d.name("key ")] = []string{d.text("value"), d.text("value")} })
	return m
}

func (d *drawn) mappers(protocol string) []any {
	list := []any{}
	d.some("mappers", 2, func(int) {
		list = append(list, d.keep(map[string]any{"id": d.name("mapper-"), "name": d.name("m"), "protocol": protocol,
			"protocolMapper": "oidc-usermodel-attribute-mapper", "consentRequired": d.flip("old switch"), "config": d.texts()}))
	})
	return list
}
