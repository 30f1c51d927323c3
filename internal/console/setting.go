package console

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/page"
)

// kind is how a setting is typed.
type kind string

const (
	kindText     kind = "text"
	kindArea     kind = "area"     // several lines
	kindCode     kind = "code"     // several lines that a machine reads
	kindNumber   kind = "number"   // a whole number
	kindDuration kind = "duration" // seconds, typed as a number and a unit
	kindFlag     kind = "flag"     // on or off
	kindChoice   kind = "choice"   // one of the options
	kindChecks   kind = "checks"   // several of the options: a list of texts
	kindLines    kind = "lines"    // a list of texts, one a line
	kindMap      kind = "map"      // names and their values, one "name=value" a line
	kindSecret   kind = "secret"   // kept when nothing is typed
	kindShown    kind = "shown"    // is only shown
	kindWhen     kind = "when"     // a time in unix milliseconds, which is only shown
	kindFile     kind = "file"     // a text file, or its text in a field beside it
)

// setting is one setting of a representation of the Admin REST API.
type setting struct {
	// At is its place in the representation: names, with "/" between them. A
	// place below attributes or config holds texts, as the API has them there.
	At   string
	Kind kind
	// Label is a key; "": the form's prefix and the last name of the place. The
	// key with ".help" behind it, when there is one, is said beneath the field.
	Label string
	// Help is said beneath the field in place of the catalogue's text for the
	// label: what a provider says of its own options. A key, or a text.
	Help    string
	Input   string   // the browser's widget for a text: "date", "email"
	Options []option // of choices and checks; of a text: what is suggested
	// Fallback is what holds when the representation says nothing.
	Fallback string
	Required bool
	// Least and Most bound numbers; Most 0: not said. Of a duration in seconds.
	Least, Most int
	// Joined says that a list is kept as one text with this between its parts
	// ("##" in attributes of clients); empty: as a list.
	Joined string
	// JSON says that a map is kept as one text of JSON, one value a name.
	JSON bool
	// KeyValue says that a map is kept as one text of JSON: a list of
	// {"key": ..., "value": ...}, as providers have theirs.
	KeyValue bool
	// Wrong says what is wrong with a text that was typed, or with one of a list
	// that is not there already: a key, whose argument is the text; empty when
	// nothing is. May be nil.
	Wrong func(typed string) string
	// AsText says that flags and numbers are kept as texts.
	AsText bool
	LTR    bool // addresses and ids run from left to right in every language
	// When is "place=value" or "place=one|another", several with "&" between
	// them: the field is only seen while that one is typed at the place; a flag
	// that is on is "on". Where no scripts run it always is.
	When string
}

// only says that the setting is only shown.
func (s setting) only() bool { return s.Kind == kindShown || s.Kind == kindWhen }

// option is one that can be chosen. Label is a key, or a text.
type option struct{ Value, Label string }

// choices are options whose labels are the prefix and the value.
func choices(prefix string, values ...string) (list []option) {
	for _, v := range values {
		list = append(list, option{v, prefix + v})
	}
	return list
}

// plainChoices are options that are called by their values.
func plainChoices(values ...string) (list []option) {
	for _, v := range values {
		list = append(list, option{v, v})
	}
	return list
}

// section is settings that belong together, under a heading (a key; "" for none).
type section struct {
	Title    string
	Settings []setting
}

// isText says that the value is kept as a text whatever its kind.
func (s setting) isText() bool {
	first, _, below := strings.Cut(s.At, "/")
	return s.AsText || below && (first == "attributes" || first == "config" || first == "smtpServer" || first == "browserSecurityHeaders")
}

// place gives the names of the place: what stands below a map of texts is one
// name, with all its dots and slashes.
func (s setting) place() []string {
	first, rest, below := strings.Cut(s.At, "/")
	if below && s.isText() {
		return []string{first, rest}
	}
	return strings.Split(s.At, "/")
}

// read gives what the representation says; ok is false when it says nothing.
func (s setting) read(rep map[string]any) (value any, ok bool) {
	names := s.place()
	for i, name := range names {
		value, ok = rep[name]
		if !ok || value == nil || i == len(names)-1 {
			break
		}
		if rep, ok = value.(map[string]any); !ok {
			return nil, false
		}
	}
	if list, is := value.([]any); is && s.isText() && s.Kind != kindLines && s.Kind != kindChecks {
		// Configurations of components and attributes of users: lists of one.
		if len(list) == 0 {
			return nil, false
		}
		value = list[0]
	}
	return value, ok && value != nil
}

// write puts a value in its place; nil takes it away, by null where the API
// keeps what is not said.
func (s setting) write(rep map[string]any, value any) {
	names := s.place()
	for _, name := range names[:len(names)-1] {
		next, ok := rep[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			rep[name] = next
		}
		rep = next
	}
	last := names[len(names)-1]
	if _, was := rep[last].([]any); was && s.isText() && s.Joined == "" {
		if text, ok := value.(string); ok {
			value = []any{text}
		}
	}
	rep[last] = value
}

// shown is a setting as a page shows it.
type shown struct {
	setting
	Name   string // of the input
	Label  string // a key
	Value  string
	Values []string // of checks
	Unit   int      // of a duration: how many seconds its number counts
	Error  *page.FieldError
	Locked bool // the person may only look
	Kept   bool // there is a secret, which is kept when nothing is typed
}

// fileField is what stands behind the place in the name of a file.
const fileField = "~file"

// units are those of durations, by their seconds.
var units = []struct {
	seconds int
	text    string
}{{1, "console.unit.seconds"}, {60, "console.unit.minutes"}, {3600, "console.unit.hours"}, {86400, "console.unit.days"}}

func unitOf(seconds int) int {
	for _, u := range slices.Backward(units) {
		if seconds != 0 && seconds%u.seconds == 0 {
			return u.seconds
		}
	}
	return 60
}

// show reads the setting for a page.
func (s setting) show(rep map[string]any) shown {
	out := shown{setting: s, Name: s.At}
	value, ok := s.read(rep)
	if !ok {
		out.Value = s.Fallback
		if s.Kind == kindChecks && s.Fallback != "" {
			out.Values = strings.Split(s.Fallback, ",")
		}
	} else {
		switch s.Kind {
		case kindLines, kindChecks:
			out.Values = texts(value, s.Joined)
			out.Value = strings.Join(out.Values, "\n")
		case kindMap:
			switch {
			case s.KeyValue:
				value = keyValues(text(value))
			case s.JSON:
				var m map[string]any
				_ = json.Unmarshal([]byte(text(value)), &m) // what is no map is shown as none
				value = m
			}
			out.Value = lines(value)
		case kindSecret:
			out.Value, out.Kept = "", text(value) != ""
		case kindShown:
			out.Value = readable(value)
		default:
			out.Value = text(value)
		}
	}
	if s.Kind == kindDuration {
		n, _ := strconv.Atoi(out.Value) // what is no number is shown as none
		out.Unit = unitOf(n)
		out.Value = ""
		if n != 0 { // none says nothing
			out.Value = strconv.Itoa(n / out.Unit)
		}
	}
	return out
}

// readable gives a value that is only shown: lists on one line, maps on several.
func readable(value any) string {
	switch value.(type) {
	case []any:
		return strings.Join(texts(value, ""), ", ")
	case map[string]any:
		return lines(value)
	}
	return text(value)
}

// text gives a value of JSON as a text.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	b, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(b)
}

func texts(value any, joined string) (list []string) {
	if s, ok := value.(string); ok {
		if s == "" {
			return nil
		}
		if joined == "" {
			return []string{s}
		}
		return strings.Split(s, joined)
	}
	all, is := value.([]any)
	if !is && value != nil {
		return []string{text(value)}
	}
	for _, v := range all {
		list = append(list, text(v))
	}
	return list
}

// lines writes a map as lines of "name=value", in order.
func lines(value any) string {
	m, _ := value.(map[string]any)
	var list []string
	for name, v := range m {
		for _, one := range texts(v, "") {
			list = append(list, name+"="+one)
		}
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// typed gives the setting as it was typed, for a page that shows it again.
func (s setting) typed(form url.Values) shown {
	out := shown{setting: s, Name: s.At, Value: s.sent(form), Values: form[s.At], Unit: 1}
	if s.Kind == kindDuration {
		if out.Unit, _ = strconv.Atoi(form.Get(s.At + "~unit")); out.Unit <= 0 {
			out.Unit = 60
		}
	}
	return out
}

// sent is what a form says of the setting: what was typed, or the file that was
// chosen.
func (s setting) sent(form url.Values) string {
	if file := form.Get(s.At + fileField); s.Kind == kindFile && strings.TrimSpace(file) != "" {
		return strings.TrimPrefix(file, "\ufeff")
	}
	return form.Get(s.At)
}
