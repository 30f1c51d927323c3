package admin

import (
	"encoding/json"
	"reflect"
	"strings"

	"latchkey"
)

// schemas collects the JSON schemas of the shapes that the API takes and
// gives, by name.
type schemas struct {
	all   object
	names map[reflect.Type]string
}

func newSchemas() *schemas { return &schemas{all: object{}, names: map[reflect.Type]string{}} }

// content is the content of a body of v's shape. Text is what it is.
func (s *schemas) content(v any) object {
	t := reflect.TypeOf(v)
	kind := "application/json"
	switch {
	case t.Kind() == reflect.String:
		kind = "text/plain"
	case t == reflect.TypeFor[uploadedKey]():
		kind = "multipart/form-data"
	}
	return object{kind: object{"schema": s.of(t)}}
}

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	keptType = reflect.TypeFor[latchkey.Kept]()
)

// of is the schema of a type.
func (s *schemas) of(t reflect.Type) object {
	if t == rawType {
		return object{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Uint32, reflect.Uint64, reflect.Uint:
		return object{"type": "integer"}
	case reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Float64, reflect.Float32:
		return object{"type": "number"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Slice, reflect.Array:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.ref(t)
	}
	return object{}
}

// ref refers to the schema of a struct, which is made the first time.
func (s *schemas) ref(t reflect.Type) object {
	name, known := s.names[t]
	if !known && t.Name() == "" {
		return s.shape(t)
	}
	if !known {
		name = s.name(t)
		s.names[t] = name
		s.all[name] = object{} // it may contain itself
		s.all[name] = s.shape(t)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// name is Keycloak's for a representation, and the type's own for others.
func (s *schemas) name(t reflect.Type) string {
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if strings.HasSuffix(t.PkgPath(), "/representation") {
		name += "Representation"
	}
	for _, taken := s.all[name]; taken; _, taken = s.all[name] {
		name += "_"
	}
	return name
}

func (s *schemas) shape(t reflect.Type) object {
	properties := object{}
	shape := object{"type": "object", "properties": properties}
	s.members(t, properties, shape)
	return shape
}

// members adds the members of a struct, those of embedded ones too. One that
// keeps what it does not know takes any.
func (s *schemas) members(t reflect.Type, properties, shape object) {
	for f := range t.Fields() {
		if f.Type == keptType {
			shape["additionalProperties"] = true
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				s.members(inner, properties, shape)
			}
		case name == "-" || !f.IsExported():
		case name == "":
			properties[f.Name] = s.of(f.Type)
		default:
			properties[name] = s.of(f.Type)
		}
	}
}
