package representation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"latchkey"
)

// maxDepth bounds how deep objects and lists may be nested.
// Keycloak's own exports stay below 10.
const maxDepth = 32

// Unknown is a member of the input that the shape has no place for.
type Unknown struct {
	// Path says where it stands, as errors do: clients["shop"].foo.
	Path string
	// Value is the decoded JSON: nil, bool, json.Number, string, []any or
	// map[string]any.
	Value any
	// Kept says that the shape keeps it all the same.
	Kept bool
}

// Decode reads one JSON value into v, a pointer to one of the shapes of this
// package. It coerces scalars as Keycloak does (text, numbers and booleans
// for each other where the meaning is clear) and gives back, sorted by path,
// what the shape has no place for. An error is a [latchkey.Error] of
// CodeInvalid whose Field is the path of the wrong member, or [Faults] of them.
func Decode(data []byte, v any) ([]Unknown, error) {
	tree, err := parse(data)
	if err != nil {
		return nil, err
	}
	return assignTree(tree, v)
}

// DecodeEach reads a JSON object, or a list of objects: a Keycloak export
// holds one realm, or all of them. newValue gives the place for the next one.
func DecodeEach(data []byte, newValue func() any) ([][]Unknown, error) {
	tree, err := parse(data)
	if err != nil {
		return nil, err
	}
	list, ok := tree.([]any)
	if !ok {
		list = []any{tree}
	}
	var all [][]Unknown
	var faults []error
	for _, item := range list {
		unknown, err := assignTree(item, newValue())
		if err != nil && len(faults) < MaxFaults {
			faults = append(faults, err)
		}
		all = append(all, unknown)
	}
	return all, Join(faults...)
}

// parse reads one JSON value whole, bounded in depth; an object that names a
// member twice is refused, because readers differ in which of the two counts.
func parse(data []byte) (any, error) {
	p := parser{dec: json.NewDecoder(bytes.NewReader(data)), data: data}
	p.dec.UseNumber()
	tree, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, p.fail("there is something after the end of the JSON", nil)
	}
	return tree, nil
}

type parser struct {
	dec  *json.Decoder
	data []byte
}

func (p *parser) fail(what string, cause error) error {
	at := int(min(p.dec.InputOffset(), int64(len(p.data))))
	line := 1 + bytes.Count(p.data[:at], []byte("\n"))
	column := len([]rune(string(p.data[bytes.LastIndexByte(p.data[:at], '\n')+1 : at])))
	return &latchkey.Error{Code: latchkey.CodeInvalid, Err: cause,
		Message: fmt.Sprintf("The JSON cannot be read (line %d, after character %d): %s.", line, column, what)}
}

func (p *parser) value(depth int) (any, error) {
	tok, err := p.dec.Token()
	if err != nil {
		return nil, p.fail("it is incomplete or malformed", err)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		if text, is := tok.(string); is && strings.ContainsRune(text, 0) {
			return nil, p.fail("a text holds a NUL character", nil) // which PostgreSQL keeps in no text
		}
		return tok, nil
	}
	if depth >= maxDepth {
		return nil, p.fail("it is nested too deeply", nil)
	}
	if delim == '{' {
		return p.object(depth)
	}
	list := []any{}
	for p.dec.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, p.end()
}

func (p *parser) object(depth int) (any, error) {
	obj := map[string]any{}
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return nil, p.fail("it is incomplete or malformed", err)
		}
		name, ok := tok.(string)
		if !ok {
			return nil, p.fail("a member has no name", nil)
		}
		if _, twice := obj[name]; twice {
			return nil, p.fail("the member "+strconv.Quote(clip(name))+" is given twice", nil)
		}
		if obj[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return obj, p.end()
}

func (p *parser) end() error {
	if _, err := p.dec.Token(); err != nil {
		return p.fail("it is incomplete or malformed", err)
	}
	return nil
}

// clip bounds what an error or a report repeats of the input.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func sortUnknown(list []Unknown) []Unknown {
	sort.Slice(list, func(i, j int) bool { return list[i].Path < list[j].Path })
	return list
}
