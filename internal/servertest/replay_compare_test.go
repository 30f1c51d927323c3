package servertest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"latchkey/internal/servertest"
)

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// differences says how an answer differs from the recorded one.
func (w *replay) differences(p *servertest.Page) []string {
	want := w.r.Answer
	var out []string
	if p.Status != want.Status {
		out = append(out, fmt.Sprintf("%d, not %d", p.Status, want.Status))
	}
	for _, name := range []string{"Access-Control-Allow-Credentials", "Access-Control-Allow-Origin", "Cache-Control", "Content-Type", "Location", "WWW-Authenticate"} {
		if d := headerDifference(name, p.Header.Get(name), want.Headers[name]); d != "" {
			out = append(out, d)
		}
	}
	if want.Page {
		return out
	}
	if want.JSON == nil {
		if strings.TrimSpace(p.Body) != "" && p.Status < 300 {
			out = append(out, "has a body")
		}
		return out
	}
	var got any
	if err := json.Unmarshal([]byte(p.Body), &got); err != nil {
		return append(out, "no JSON")
	}
	lacks, adds, others := shapeDifferences("", got, want.JSON)
	if len(lacks) > 0 {
		out = append(out, "lacks "+strings.Join(lacks, ", "))
	}
	if len(adds) > 0 {
		out = append(out, "adds "+strings.Join(adds, ", "))
	}
	return append(out, others...)
}

// headerDifference compares what clients read of a header.
func headerDifference(name, got, want string) string {
	switch name {
	case "Content-Type":
		got, _, _ = strings.Cut(got, ";")
		want, _, _ = strings.Cut(want, ";")
	case "Cache-Control":
		// To keep an answer that Keycloak forbids to keep would be wrong, not
		// the other way round.
		if strings.Contains(got, "no-store") || !strings.Contains(want, "no-store") {
			return ""
		}
	case "Location":
		got, want = place(got), place(want)
	case "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials":
		if want == "" {
			return ""
		}
	}
	if got == want {
		return ""
	}
	if got == "" {
		return "no " + name
	}
	return fmt.Sprintf("%s: %s, not %q", name, got, want)
}

// place is what matters of an address that a browser is sent to: what its
// parameters are called, and the values of errors.
func place(address string) string {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(address))
	if err != nil || address == "" {
		return address
	}
	mark := "?"
	q := u.Query()
	if u.Fragment != "" {
		mark = "#"
		q, _ = url.ParseQuery(u.Fragment)
	}
	var params []string
	for k := range q {
		if strings.HasPrefix(k, "error") || k == "state" {
			k += "=" + q.Get(k)
		}
		params = append(params, k)
	}
	sort.Strings(params)
	return u.Scheme + "://" + u.Host + u.Path + mark + strings.Join(params, "&")
}

// shapeDifferences compares keys and types: what is lacking, what is there in
// addition, and what is of another kind.
func shapeDifferences(at string, got, want any) (lacks, adds, others []string) {
	switch want := want.(type) {
	case map[string]any:
		if inner, ok := want["jwt"].(map[string]any); ok {
			jwt, _ := got.(string)
			if strings.Count(jwt, ".") != 2 {
				return nil, nil, []string{at + " is no JWT"}
			}
			parts := strings.Split(jwt, ".")
			lacks, adds, others = shapeDifferences(at+" header ", decoded(parts[0]), inner["header"])
			l, a, o := shapeDifferences(at+" claim ", decoded(parts[1]), inner["claims"])
			return append(lacks, l...), append(adds, a...), append(others, o...)
		}
		obj, ok := got.(map[string]any)
		if !ok {
			return nil, nil, []string{at + " is no object"}
		}
		for _, k := range sortedKeys(want) {
			if _, ok := obj[k]; !ok {
				lacks = append(lacks, strings.TrimSpace(at+k))
				continue
			}
			l, a, o := shapeDifferences(at+k, obj[k], want[k])
			lacks, adds, others = append(lacks, l...), append(adds, a...), append(others, o...)
		}
		for _, k := range sortedKeys(obj) {
			if _, ok := want[k]; !ok {
				adds = append(adds, strings.TrimSpace(at+k))
			}
		}
		return lacks, adds, others
	case []any:
		list, ok := got.([]any)
		if !ok {
			return nil, nil, []string{at + " is no list"}
		}
		if len(list) > 0 && len(want) > 0 {
			return shapeDifferences(at+"[] ", list[0], want[0])
		}
		return nil, nil, nil
	}
	return nil, nil, scalarDifference(at, got, want)
}

func scalarDifference(at string, got, want any) []string {
	text, _ := want.(string)
	if value, ok := strings.CutPrefix(text, "="); ok {
		if got != value {
			return []string{fmt.Sprintf("%s is %q, not %q", strings.TrimSpace(at), got, value)}
		}
		return nil
	}
	kind := map[string]string{"string": "text", "float64": "number", "bool": "bool", "<nil>": ""}[fmt.Sprintf("%T", got)]
	if kind != text && got != want {
		return []string{fmt.Sprintf("%s is %s, not %s", strings.TrimSpace(at), kind, text)}
	}
	return nil
}

func decoded(part string) any {
	var out any
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || json.Unmarshal(data, &out) != nil {
		return nil
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var update = flag.Bool("update", false, "write docs/keycloak.md's table of differences anew")

const (
	tableStart = "<!-- differences of recorded answers: written by go test ./internal/servertest -run TestDifferencesAreDocumented -update -->\n"
	tableEnd   = "<!-- end -->\n"
)

// TestDifferencesAreDocumented: docs/keycloak.md has every difference with its
// reason.
func TestDifferencesAreDocumented(t *testing.T) {
	const path = "../../docs/keycloak.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	byWhat := map[[2]string][]string{}
	all := maps.Clone(differences)
	maps.Copy(all, adminDifferences)
	for name, d := range all {
		byWhat[[2]string{d.what, d.why}] = append(byWhat[[2]string{d.what, d.why}], name)
	}
	var rows []string
	for d, names := range byWhat {
		slices.Sort(names)
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", strings.Join(names, ", "), strings.ReplaceAll(d[0], "|", `\|`), d[1]))
	}
	slices.Sort(rows)
	table := "| recorded | here | why |\n|---|---|---|\n" + strings.Join(rows, "")
	before, rest, ok := strings.Cut(string(data), tableStart)
	old, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("docs/keycloak.md has no place for the table")
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+tableStart+table+tableEnd+after), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
		return
	}
	if old != table {
		t.Error("docs/keycloak.md does not have the differences as they are: run with -update")
	}
}
