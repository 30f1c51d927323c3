package page

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// The shapes of a profile's field.
const (
	shapeLine   = iota // one line of text, or of what a browser has a widget for
	shapeArea          // several lines
	shapeSelect        // one of a list
	shapeRadios        // one of a few
	shapeBoxes         // some of a few
	shapeLines         // several values, a line each
)

// shape follows Keycloak's inputType. A list of which several may be chosen is
// always boxes: a browser's own widget for it needs a keyboard.
func (f ProfileField) shape() int {
	some := len(f.Options) > 0
	switch {
	case some && (f.Multivalued || strings.HasPrefix(f.Input, "multiselect")):
		return shapeBoxes
	case some && f.Input == "select-radiobuttons":
		return shapeRadios
	case some && f.Input == "select":
		return shapeSelect
	case f.Multivalued:
		return shapeLines
	case f.Input == "textarea":
		return shapeArea
	}
	return shapeLine
}

// inputTypes are the widgets of browsers that Keycloak's html5-* names.
var inputTypes = []string{"color", "date", "datetime-local", "email", "month", "number", "range", "tel", "time", "url", "week"}

func (f ProfileField) value() string {
	if len(f.Values) == 0 {
		return ""
	}
	return f.Values[0]
}

func (f ProfileField) holds(value string) bool { return slices.Contains(f.Values, value) }

// nth names the i-th value of several.
func (f ProfileField) nth(i int) string { return f.Name + "~" + strconv.Itoa(i) }

// lines are the values of a field that holds several, and two lines for more.
func (f ProfileField) lines() []string {
	if f.ReadOnly {
		return f.Values
	}
	return append(slices.Clone(f.Values), "", "")
}

func (f ProfileField) rows() string {
	if f.Rows == 0 {
		return "4"
	}
	return strconv.Itoa(min(f.Rows, 40))
}

// describedBy names what stands under the field.
func (f ProfileField) describedBy(err *FieldError) string {
	switch {
	case err != nil:
		return f.Name + "-error"
	case f.After != "":
		return f.Name + "-hint"
	}
	return ""
}

// line is one line of a field that holds several.
func (f ProfileField) line(value string, focus bool) field {
	return field{name: f.Name, value: value, maxlength: f.most(), optional: true, readonly: f.ReadOnly, focus: focus}
}

func (f ProfileField) most() int {
	if f.MaxLength > 0 {
		return f.MaxLength
	}
	return 2048
}

// one is the input of a field that is one line.
func (f ProfileField) one(ctx context.Context, focus bool, err *FieldError) field {
	in := field{name: f.Name, value: f.value(), autocomplete: f.Autocomplete, maxlength: f.most(), optional: !f.Required,
		readonly: f.ReadOnly, focus: focus, err: err, described: f.describedBy(err), least: f.Least, most: f.Most, step: f.Step}
	if f.Placeholder != "" {
		in.placeholder = label(ctx, f.Placeholder)
	}
	if kind := strings.TrimPrefix(f.Input, "html5-"); kind != f.Input && slices.Contains(inputTypes, kind) {
		in.kind = kind
		in.ltr = kind == "tel" || kind == "url" || kind == "email"
	}
	if f.Name == "email" {
		in.kind, in.ltr, in.maxlength = "email", true, 254
	}
	return in
}

// area are the attributes of a field of several lines, and of a list.
func (f ProfileField) area(focus bool, err *FieldError) templ.OrderedAttributes {
	var a templ.OrderedAttributes
	add := func(key string, value any) { a = append(a, templ.KeyValue[string, any]{Key: key, Value: value}) }
	list := f.shape() == shapeSelect
	if !list {
		add("maxlength", strconv.Itoa(f.most()))
	}
	switch {
	case f.ReadOnly && list:
		add("disabled", true)
	case f.ReadOnly:
		add("readonly", true)
	case f.Required:
		add("required", true)
	}
	if focus {
		add("autofocus", true)
	}
	if err != nil {
		add("aria-invalid", "true")
	}
	if by := f.describedBy(err); by != "" {
		add("aria-describedby", by)
	}
	return a
}

// firstOpen is the index of the first field that can be filled in.
func firstOpen(fields []ProfileField) int {
	for i, f := range fields {
		if !f.ReadOnly {
			return i
		}
	}
	return -1
}
