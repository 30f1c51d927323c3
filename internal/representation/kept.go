package representation

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"latchkey"
)

// keptType is what a shape has a field of that keeps the members it has no
// place for.
var keptType = reflect.TypeFor[latchkey.Kept]()

// keep puts a member that the shape has no place for into its field Kept, and
// says whether it has one. Null says that the member is not given.
func keep(dst reflect.Value, name string, value any) bool {
	field := dst.FieldByName("Kept")
	if !field.IsValid() || field.Type() != keptType || value == nil {
		return false
	}
	text, err := json.Marshal(value)
	if err != nil {
		return false
	}
	if field.IsNil() {
		field.Set(reflect.ValueOf(latchkey.Kept{}))
	}
	field.Interface().(latchkey.Kept)[name] = text
	return true
}

// merge gives what is kept with the members that are given, which win. What is
// always shown needs no keeping.
func merge(kept, given, always latchkey.Kept) latchkey.Kept {
	if len(given) == 0 {
		return kept
	}
	next := latchkey.Kept{}
	maps.Copy(next, kept)
	maps.Copy(next, given)
	maps.DeleteFunc(next, func(name string, value json.RawMessage) bool { return bytes.Equal(always[name], value) })
	if len(next) == 0 {
		return nil
	}
	return next
}

// shownOf gives the members that are always shown, as they are kept or else as
// they are by themselves.
func shownOf(always, kept latchkey.Kept) latchkey.Kept {
	out := latchkey.Kept{}
	for name, value := range always {
		out[name] = value
		if given, ok := kept[name]; ok {
			out[name] = given
		}
	}
	return out
}

// withKept writes a shape, and behind its own members those that it keeps, in
// the order of their names. plain is the shape without its MarshalJSON. What
// was kept before the shape had a place for it is left out.
func withKept(plain any, kept latchkey.Kept) ([]byte, error) {
	out, err := json.Marshal(plain)
	if err != nil || len(kept) == 0 {
		return out, err
	}
	own := fieldsOf(reflect.TypeOf(plain))
	out = out[:len(out)-1]
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		if _, ok := own[name]; ok {
			continue
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), kept[name]...)
	}
	return append(out, '}'), nil
}

// MarshalJSON writes the client with what it keeps.
func (r Client) MarshalJSON() ([]byte, error) {
	type plain Client
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the client scope with what it keeps.
func (r ClientScope) MarshalJSON() ([]byte, error) {
	type plain ClientScope
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the protocol mapper with what it keeps.
func (r ProtocolMapper) MarshalJSON() ([]byte, error) {
	type plain ProtocolMapper
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the role with what it keeps.
func (r Role) MarshalJSON() ([]byte, error) {
	type plain Role
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the group with what it keeps.
func (r Group) MarshalJSON() ([]byte, error) {
	type plain Group
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the user with what they keep.
func (r User) MarshalJSON() ([]byte, error) {
	type plain User
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the flow with what it keeps.
func (r Flow) MarshalJSON() ([]byte, error) {
	type plain Flow
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the execution with what it keeps.
func (r Execution) MarshalJSON() ([]byte, error) {
	type plain Execution
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the configuration with what it keeps.
func (r AuthenticatorConfig) MarshalJSON() ([]byte, error) {
	type plain AuthenticatorConfig
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the required action with what it keeps.
func (r RequiredAction) MarshalJSON() ([]byte, error) {
	type plain RequiredAction
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the identity provider with what it keeps.
func (r IdentityProvider) MarshalJSON() ([]byte, error) {
	type plain IdentityProvider
	return withKept(plain(r), r.Kept)
}

// MarshalJSON writes the mapper with what it keeps.
func (r IdentityProviderMapper) MarshalJSON() ([]byte, error) {
	type plain IdentityProviderMapper
	return withKept(plain(r), r.Kept)
}
