package token

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// claim is where, and as what type, a mapper writes.
type claim struct {
	path        []string
	kind        string // jsonType.label: String (default), long, int, boolean, JSON
	multivalued bool
}

// claimOf reads the configuration's claim.name and type; nil when it names no
// claim or one that no configuration may write.
func claimOf(config map[string]string) *claim {
	return newClaim(config["claim.name"], config["jsonType.label"], config["multivalued"] == "true")
}

func newClaim(name, kind string, multivalued bool) *claim {
	if name == "" {
		return nil
	}
	path := splitPath(name)
	if reserved[path[0]] {
		return nil
	}
	return &claim{path: path, kind: kind, multivalued: multivalued}
}

// reserved are the claims that no mapper may write by configuration: what the
// verifiers go by, and what must be true of the sign-in.
var reserved = map[string]bool{
	"iss": true, "sub": true, "aud": true, "exp": true, "iat": true, "nbf": true, "jti": true, "typ": true,
	"azp": true, "sid": true, "scope": true, "nonce": true, "acr": true, "amr": true, "at_hash": true, "cnf": true,
	"active": true, "events": true, "cst": true, "reuse_id": true,
}

// set writes values in the claim's type: the first, or all where it has many.
func (c *claim) set(claims map[string]any, values ...string) {
	if len(values) == 0 {
		return
	}
	if !c.multivalued {
		if v, ok := typed(c.kind, values[0]); ok {
			put(claims, c.path, v)
		}
		return
	}
	list := make([]any, 0, len(values))
	for _, text := range values {
		if v, ok := typed(c.kind, text); ok {
			list = append(list, v)
		}
	}
	put(claims, c.path, list)
}

// put sets a claim by its path. Where the path is taken by something that is no
// object, nothing is set, and two lists at one place become one.
func put(claims map[string]any, path []string, value any) {
	at := claims
	for _, name := range path[:len(path)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			if at[name] != nil {
				return
			}
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	last := path[len(path)-1]
	if old, ok := listOf(at[last]); ok {
		if list, ok := listOf(value); ok {
			value = union(old, list)
		}
	}
	at[last] = value
}

// listOf gives a claim's list, of texts or of anything.
func listOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out, true
	}
	return nil, false
}

func union(a, b []any) []any {
	out := slices.Clone(a)
	for _, v := range b {
		if s, ok := v.(string); !ok || !slices.ContainsFunc(out, func(o any) bool { t, ok := o.(string); return ok && t == s }) {
			out = append(out, v)
		}
	}
	return out
}

// splitPath reads the name of a claim: "a.b" is b inside of a, and a backslash
// makes what follows it a part of the name: "a\.b" is one name.
func splitPath(path string) []string {
	var names []string
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			i++
			name.WriteByte(path[i])
		case path[i] == '.':
			names = append(names, name.String())
			name.Reset()
		default:
			name.WriteByte(path[i])
		}
	}
	return append(names, name.String())
}

// escapePath makes a name one part of a path.
func escapePath(name string) string {
	return strings.NewReplacer(`\`, `\\`, `.`, `\.`).Replace(name)
}

// typed turns a text into the JSON type that a mapper is configured with; a
// text that is not of the type is left out.
func typed(kind, text string) (any, bool) {
	switch kind {
	case "long", "int":
		bits := 64
		if kind == "int" {
			bits = 32
		}
		n, err := strconv.ParseInt(text, 10, bits)
		return n, err == nil
	case "boolean":
		b, err := strconv.ParseBool(text)
		return b, err == nil
	case "JSON":
		return json.RawMessage(text), json.Valid([]byte(text))
	}
	return text, true
}
