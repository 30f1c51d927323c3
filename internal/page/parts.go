package page

import (
	"strconv"

	"github.com/a-h/templ"
)

// field is one labelled input.
type field struct {
	name, label, value string
	kind               string // the input's type; "text" when empty
	class              string
	autocomplete       string
	inputmode          string
	placeholder        string
	maxlength          int
	digits             bool // numbers that are read one by one
	ltr                bool // addresses and numbers run from left to right in every language
	optional           bool
	readonly           bool
	focus              bool
	hint               string // a key
	described          string // the id of what describes it, in place of hint and error
	least, most, step  string // of numbers and dates
	err                *FieldError
}

func (f field) attributes() templ.OrderedAttributes {
	kind := f.kind
	if kind == "" {
		kind = "text"
	}
	var a templ.OrderedAttributes
	add := func(key string, value any) { a = append(a, templ.KeyValue[string, any]{Key: key, Value: value}) }
	add("type", kind)
	if f.value != "" {
		add("value", f.value)
	}
	for _, kv := range [][2]string{{"autocomplete", f.autocomplete}, {"inputmode", f.inputmode}, {"placeholder", f.placeholder},
		{"min", f.least}, {"max", f.most}, {"step", f.step}} {
		if kv[1] != "" {
			add(kv[0], kv[1])
		}
	}
	if f.maxlength > 0 {
		add("maxlength", strconv.Itoa(f.maxlength))
	}
	if f.digits {
		add("class", "digits")
	}
	if f.ltr {
		add("dir", "ltr")
	}
	if f.kind == "email" || f.digits || f.kind == "password" || f.autocomplete == "username" {
		add("autocapitalize", "none")
		add("spellcheck", "false")
	}
	if f.readonly {
		add("readonly", true)
	} else if !f.optional {
		add("required", true)
	}
	if f.focus {
		add("autofocus", true)
	}
	if f.err != nil {
		add("aria-invalid", "true")
	}
	if by := f.describedBy(); by != "" {
		add("aria-describedby", by)
	}
	return a
}

// describedBy names what stands under the field: the error in place of the
// help when there is one.
func (f field) describedBy() string {
	switch {
	case f.described != "":
		return f.described
	case f.err != nil:
		return f.name + "-error"
	case f.hint != "":
		return f.name + "-hint"
	}
	return ""
}

// focusOn says whether the field is where the person goes on: the first one
// that is wrong, else the first of the form.
func focusOn(errs []FieldError, name string, first bool) bool {
	for _, e := range errs {
		if e.Field != "" {
			return e.Field == name
		}
	}
	return first
}

func waitAttribute(wait int) templ.OrderedAttributes {
	if wait <= 0 {
		return nil
	}
	return templ.OrderedAttributes{{Key: "data-wait", Value: strconv.Itoa(wait)}}
}
