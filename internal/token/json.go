package token

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// appendJSON writes claims, whose types are few and known, without looking each
// of them up; whatever else comes goes through encoding/json.
func appendJSON(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case json.RawMessage:
		return append(b, v...), nil
	case []string:
		return appendList(b, v, appendText)
	case []any:
		return appendList(b, v, appendJSON)
	case map[string]any:
		return appendObject(b, v)
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}

func appendList[T any](b []byte, list []T, add func([]byte, T) ([]byte, error)) ([]byte, error) {
	var err error
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = add(b, v); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendObject writes the members by name, so that the same claims are always
// the same bytes.
func appendObject(b []byte, members map[string]any) ([]byte, error) {
	var space [40]string
	names := slices.AppendSeq(space[:0], maps.Keys(members))
	slices.Sort(names)
	var err error
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(b, name); err != nil {
			return b, err
		}
		b = append(b, ':')
		if b, err = appendJSON(b, members[name]); err != nil {
			return b, fmt.Errorf("claim %s: %w", name, err)
		}
	}
	return append(b, '}'), nil
}

func appendText(b []byte, s string) ([]byte, error) {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] != '"' && s[i] != '\\'
	}
	if plain {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"'), nil
	}
	text, err := json.Marshal(s)
	return append(b, text...), err
}
