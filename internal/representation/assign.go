package representation

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"

	"latchkey"
)

// assigner puts a decoded JSON tree into a shape.
type assigner struct {
	unknown []Unknown
	faults  []error
}

func assignTree(tree, v any) ([]Unknown, error) {
	var a assigner
	a.note(a.assign(reflect.ValueOf(v).Elem(), tree, ""))
	if err := Join(a.faults...); err != nil {
		return nil, err
	}
	return sortUnknown(a.unknown), nil
}

// note keeps a fault, so that the others are found too, and says whether there
// is one.
func (a *assigner) note(err error) bool {
	if err != nil && len(a.faults) < MaxFaults {
		a.faults = append(a.faults, err)
	}
	return err != nil
}

func expected(path, what string) error { return latchkey.Invalid(path, "Expected %s.", what) }

func (a *assigner) assign(dst reflect.Value, src any, path string) error {
	if src == nil {
		return nil
	}
	switch dst.Kind() {
	case reflect.Pointer:
		// An empty text for a number or a switch means "not given"; the
		// console sends it for a field that was left empty.
		if k := dst.Type().Elem().Kind(); src == "" && k != reflect.String {
			return nil
		}
		dst.Set(reflect.New(dst.Type().Elem()))
		return a.assign(dst.Elem(), src, path)
	case reflect.Struct:
		return a.assignStruct(dst, src, path)
	case reflect.Slice:
		return a.assignSlice(dst, src, path)
	case reflect.Map:
		return a.assignMap(dst, src, path)
	case reflect.Interface:
		dst.Set(reflect.ValueOf(src))
		return nil
	}
	return assignScalar(dst, src, path)
}

func assignScalar(dst reflect.Value, src any, path string) error {
	switch dst.Kind() {
	case reflect.String:
		s, ok := textOf(src)
		if !ok {
			return expected(path, "text")
		}
		dst.SetString(s)
	case reflect.Bool:
		b, ok := boolOf(src)
		if !ok {
			return expected(path, "true or false")
		}
		dst.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, ok := intOf(src)
		if !ok || dst.OverflowInt(n) {
			return expected(path, "a whole number")
		}
		dst.SetInt(n)
	default:
		return expected(path, "nothing here")
	}
	return nil
}

func textOf(src any) (string, bool) {
	switch v := src.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

func boolOf(src any) (value, ok bool) {
	switch v := src.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			return true, true
		case "false", "":
			return false, true
		}
	}
	return false, false
}

func intOf(src any) (int64, bool) {
	var text string
	switch v := src.(type) {
	case json.Number:
		text = v.String()
	case string:
		if text = strings.TrimSpace(v); text == "" {
			return 0, true
		}
	default:
		return 0, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

func (a *assigner) assignStruct(dst reflect.Value, src any, path string) error {
	obj, ok := src.(map[string]any)
	if !ok {
		return expected(path, "an object")
	}
	fields := fieldsOf(dst.Type())
	for _, name := range sortedKeys(obj) {
		at := join(path, name)
		i, known := fields[name]
		if !known {
			a.unknown = append(a.unknown, Unknown{Path: at, Value: obj[name], Kept: keep(dst, name, obj[name])})
			continue
		}
		value := obj[name]
		if dst.Type().Field(i).Tag.Get("null") == "absent" {
			value = withoutNulls(value)
		}
		a.note(a.assign(dst.Field(i), value, at))
	}
	return nil
}

// withoutNulls is an object without its members that are null, for maps in
// which null removes a text; in others it empties it.
func withoutNulls(value any) any {
	obj, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := maps.Clone(obj)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}

func (a *assigner) assignSlice(dst reflect.Value, src any, path string) error {
	list, ok := src.([]any)
	if !ok {
		return expected(path, "a list")
	}
	out := reflect.MakeSlice(dst.Type(), 0, len(list))
	for i, item := range list {
		if item == nil {
			continue
		}
		elem := reflect.New(dst.Type().Elem()).Elem()
		if a.note(a.assign(elem, item, path+"["+labelOf(item, i)+"]")) {
			continue
		}
		out = reflect.Append(out, elem)
	}
	dst.Set(out)
	return nil
}

func (a *assigner) assignMap(dst reflect.Value, src any, path string) error {
	obj, ok := src.(map[string]any)
	if !ok {
		return expected(path, "an object")
	}
	out := reflect.MakeMapWithSize(dst.Type(), len(obj))
	elemType := dst.Type().Elem()
	for _, name := range sortedKeys(obj) {
		value, at := obj[name], join(path, name)
		if value == nil && elemType.Kind() != reflect.String {
			continue
		}
		if elemType.Kind() == reflect.Slice {
			if _, scalar := textOf(value); scalar {
				value = []any{value} // {"team":"x"} for {"team":["x"]}, as Keycloak reads it
			}
		}
		elem := reflect.New(elemType).Elem()
		if a.note(a.assign(elem, value, at)) {
			continue
		}
		out.SetMapIndex(reflect.ValueOf(name).Convert(dst.Type().Key()), elem)
	}
	dst.Set(out)
	return nil
}

// labelOf names an element of a list by what people know it by, so that an
// error says clients["shop"] and not clients[17].
func labelOf(item any, index int) string {
	if obj, ok := item.(map[string]any); ok {
		for _, key := range []string{"clientId", "alias", "username", "name", "realm", "flowAlias", "authenticator"} {
			if s, ok := obj[key].(string); ok && s != "" {
				return strconv.Quote(clip(s))
			}
		}
	}
	return strconv.Itoa(index)
}

// Path is the path of a member of the object at the path, as errors have it.
func Path(path, name string) string { return join(path, name) }

func join(path, name string) string {
	if name == "" || strings.ContainsAny(name, `."[] `) || len(name) > 80 {
		return path + "[" + strconv.Quote(clip(name)) + "]"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func sortedKeys(obj map[string]any) []string {
	keys := make([]string, 0, len(obj))
	for k := range obj {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

var fieldCache sync.Map // reflect.Type -> map[string]int

// fieldsOf gives the JSON names of a struct's fields.
func fieldsOf(t reflect.Type) map[string]int {
	if m, ok := fieldCache.Load(t); ok {
		return m.(map[string]int)
	}
	m := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if t.Field(i).IsExported() && name != "" && name != "-" {
			m[name] = i
		}
	}
	fieldCache.Store(t, m)
	return m
}
