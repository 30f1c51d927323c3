package realm

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"latchkey/internal/representation"
)

// Difference is one thing that is otherwise on the two sides of a comparison.
// A and B are JSON, clipped; empty where the side has nothing there. Secrets
// are not shown.
type Difference struct{ Path, A, B string }

// String is the difference as a line for people.
func (d Difference) String() string {
	switch {
	case d.A == "":
		return fmt.Sprintf("%s: only in B: %s", d.Path, d.B)
	case d.B == "":
		return fmt.Sprintf("%s: only in A: %s", d.Path, d.A)
	}
	return fmt.Sprintf("%s: A %s, B %s", d.Path, d.A, d.B)
}

// differ compares decoded JSON and hands over what differs.
type differ struct{ found func(Difference) }

// compare compares two values; absent values are nil. name is the member that
// they stand in.
func (d *differ) compare(path, name string, a, b any) {
	objA, okA := a.(map[string]any)
	objB, okB := b.(map[string]any)
	if okA && okB {
		d.objects(path, objA, objB)
		return
	}
	listA, okA := a.([]any)
	listB, okB := b.([]any)
	if okA && okB {
		d.lists(path, name, listA, listB)
		return
	}
	if equal(a, b) || isMask(a) || isMask(b) {
		return
	}
	d.found(Difference{path, shownValue(name, a), shownValue(name, b)})
}

// canonical is a value that is written in one way only: a text that holds a
// JSON object, as Keycloak keeps some settings, has the order of its members.
func canonical(v any) any {
	s, ok := v.(string)
	var object map[string]any
	if !ok || !strings.HasPrefix(s, "{") || json.Unmarshal([]byte(s), &object) != nil {
		return v
	}
	return text(object)
}

func equal(a, b any) bool {
	textA, errA := json.Marshal(canonical(a))
	textB, errB := json.Marshal(canonical(b))
	return errA == nil && errB == nil && string(textA) == string(textB)
}

// isMask says that a secret is not shown, so that nobody knows what it is.
func isMask(v any) bool {
	s, ok := v.(string)
	return ok && representation.IsMasked(s)
}

func (d *differ) objects(path string, a, b map[string]any) {
	names := sortedKeys(a)
	for _, name := range sortedKeys(b) {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		d.compare(representation.Path(path, name), name, a[name], b[name])
	}
}

// lists compares the elements that people know by the same name, and else those
// at the same place. The order of scalars counts for nothing.
func (d *differ) lists(path, name string, a, b []any) {
	byA, ordered, ok := labelled(a)
	byB, orderedB, okB := labelled(b)
	if !ok || !okB {
		if scalars(a) && scalars(b) {
			d.scalars(path, name, a, b)
			return
		}
		for i := range max(len(a), len(b)) {
			d.compare(fmt.Sprintf("%s[%d]", path, i), name, element0(a, i), element0(b, i))
		}
		return
	}
	for _, label := range orderedB {
		if _, there := byA[label]; !there {
			ordered = append(ordered, label)
		}
	}
	for _, label := range ordered {
		d.compare(at(path, label), name, byA[label], byB[label])
	}
}

func element0(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { return !isScalar(v) })
}

func (d *differ) scalars(path, name string, a, b []any) {
	texts := func(list []any) []string {
		var out []string
		for _, v := range list {
			out = append(out, shownValue(name, canonical(v)))
		}
		slices.Sort(out)
		return out
	}
	left, right := texts(a), texts(b)
	for len(left) > 0 || len(right) > 0 {
		switch {
		case len(right) == 0 || len(left) > 0 && left[0] < right[0]:
			d.found(Difference{Path: path, A: left[0]})
			left = left[1:]
		case len(left) == 0 || right[0] < left[0]:
			d.found(Difference{Path: path, B: right[0]})
			right = right[1:]
		default:
			left, right = left[1:], right[1:]
		}
	}
}

// labelled gives the elements of a list by what people know them by, when they
// all have such a name and no two the same.
func labelled(list []any) (by map[string]any, order []string, ok bool) {
	by = map[string]any{}
	for _, v := range list {
		obj, isObject := v.(map[string]any)
		if !isObject {
			return nil, nil, false
		}
		label := ""
		for _, member := range []string{"clientId", "alias", "username", "path", "name", "client", "clientScope", "providerId", "id"} {
			if s, isText := obj[member].(string); isText && s != "" {
				label = s
				break
			}
		}
		for _, member := range []string{"subType", "identityProviderAlias"} {
			if s, isText := obj[member].(string); isText && label != "" {
				label += " (" + s + ")"
			}
		}
		if _, twice := by[label]; twice || label == "" || obj["authenticatorFlow"] != nil {
			return nil, nil, false
		}
		by[label] = v
		order = append(order, label)
	}
	return by, order, true
}

// shownValue is a value for people. What may be a secret is not shown.
func shownValue(name string, v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok && (representation.MayBeSecret(name, s) || name == "credentialData") {
		return "[redacted]"
	}
	if obj, ok := v.(map[string]any); ok {
		return "{" + printable(strings.Join(sortedKeys(obj), ", ")) + "}"
	}
	text, err := json.Marshal(v)
	if err != nil || strings.Contains(string(text), "secretData") || name == "credentials" {
		return "[redacted]"
	}
	return printable(string(text))
}
