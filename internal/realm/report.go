package realm

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"latchkey/internal/representation"
)

// Fate says what became of something in a representation.
type Fate string

// The fates that a report names.
const (
	NotTaken Fate = "not taken" // it is not in the realm
	Kept     Fate = "kept"      // it is in the realm and comes out of an export, but is not acted on as it says
	Changed  Fate = "changed"   // it is in the realm, otherwise
	Added    Fate = "added"     // it is in the realm, and was not in the representation
	Missing  Fate = "missing"   // it is needed, and not in the realm
)

// Item is one thing that a report names.
type Item struct {
	Field string // the member of the representation: identityProviders, clients.authorizationSettings
	Fate  Fate
	Names []string // which ones, the first thousand; empty when Field says it all
	More  int      // how many more there are, which may be counted twice
	Value string   // of a single setting
	Why   string
}

// Report names, item by item, what a realm does not have as its
// representation said.
type Report struct {
	Items []Item
	seen  map[[4]string]bool // field, fate, reason and name of what is named
}

// shownNames is how many names a line has, keptNames how many an item: an
// export may have a hundred thousand people.
const (
	shownNames = 100
	keptNames  = 1000
)

// Empty says that everything was taken as it is.
func (r Report) Empty() bool { return len(r.Items) == 0 }

// Lines gives the report for people, one line an item:
// "identityProviders: 2 not taken (github, google): not supported yet".
func (r Report) Lines() []string {
	var out []string
	for _, i := range r.Items {
		line := printable(i.Field) + ": " + string(i.Fate)
		if i.Value != "" {
			line += " (" + printable(i.Value) + ")"
		}
		if n := len(i.Names) + i.More; n > 0 {
			names := make([]string, 0, shownNames+1)
			for _, name := range i.Names[:min(len(i.Names), shownNames)] {
				names = append(names, printable(name))
			}
			if n > shownNames {
				names = append(names, fmt.Sprintf("and %d more", n-shownNames))
			}
			line = fmt.Sprintf("%s: %d %s (%s)", printable(i.Field), n, i.Fate, strings.Join(names, ", "))
		}
		out = append(out, line+": "+i.Why)
	}
	return out
}

// printable makes text of a stranger's file fit for a terminal and a log: one
// line, no control characters, not too long.
func printable(s string) string {
	const most = 120
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

// add names one thing; things of the same field, fate and reason share an
// item. A name is given at most once.
func (r *Report) add(field string, fate Fate, why string, names ...string) {
	at := slices.IndexFunc(r.Items, func(i Item) bool {
		return i.Field == field && i.Fate == fate && i.Why == why && len(i.Names) > 0 == (len(names) > 0)
	})
	if at < 0 {
		at = len(r.Items)
		r.Items = append(r.Items, Item{Field: field, Fate: fate, Why: why})
	}
	if r.seen == nil {
		r.seen = map[[4]string]bool{}
	}
	for _, name := range names {
		key := [4]string{field, string(fate), why, name}
		switch {
		case r.seen[key]:
		case len(r.Items[at].Names) >= keptNames:
			r.Items[at].More++
		default:
			r.seen[key] = true
			r.Items[at].Names = append(r.Items[at].Names, name)
		}
	}
}

// sort orders the items by field, those of one field as they were found.
func (r *Report) sort() {
	slices.SortStableFunc(r.Items, func(a, b Item) int { return strings.Compare(a.Field, b.Field) })
}

// value names one setting with what the representation says of it.
func (r *Report) value(field string, fate Fate, value, why string) {
	r.Items = append(r.Items, Item{Field: field, Fate: fate, Value: value, Why: why})
}

// at is the path of an element of a list, as in the errors of Decode.
func at(list, name string) string { return list + "[" + strconv.Quote(name) + "]" }

var element = regexp.MustCompile(`\[(?:"(?:[^"\\]|\\.)*"|\d+)\]`)

// unknown names what the representation has no place for.
func (r *Report) unknown(list []representation.Unknown) {
	for _, u := range list {
		field := element.ReplaceAllString(u.Path, "")
		if isNothing(u.Value) || representation.IsFixed(u.Path, u.Value) || u.Value == false && off[field] {
			continue
		}
		label := element.FindString(u.Path)
		fate := NotTaken
		if u.Kept && !(slices.Contains(unbuiltSwitches, u.Path) && u.Value != false) {
			fate = Kept
		}
		switch {
		case quiet[field]:
		case label != "":
			r.add(field, fate, reason(field), unquote(label))
		case representation.IsSetting(u.Path) && isScalar(u.Value):
			r.value(field, fate, fmt.Sprint(u.Value), reason(field))
		default:
			r.add(field, fate, reason(field), namesIn(u.Value)...)
		}
	}
}

// isNothing says that leaving the value out loses nothing.
func isNothing(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, inner := range v {
			if !isNothing(inner) {
				return false
			}
		}
		return true
	}
	return false
}

func isScalar(value any) bool {
	switch value.(type) {
	case []any, map[string]any:
		return false
	}
	return true
}

// namesIn gives what people know the parts of a member by. A scalar has none:
// its value is shown only when it is a setting of Keycloak, because old
// exports hold private keys at the top.
func namesIn(value any) []string {
	var names []string
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			names = append(names, nameOf(item, i))
		}
	case map[string]any:
		names = sortedKeys(v)
	}
	return names
}

func nameOf(item any, index int) string {
	switch v := item.(type) {
	case string:
		return v
	case map[string]any:
		for _, key := range []string{"alias", "name", "clientId", "username", "id"} {
			if s, ok := v[key].(string); ok && s != "" {
				return s
			}
		}
	}
	return strconv.Itoa(index)
}

func unquote(label string) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(label, "["), "]")
	if s, err := strconv.Unquote(inner); err == nil {
		return s
	}
	return inner
}
