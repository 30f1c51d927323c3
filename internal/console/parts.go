package console

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"latchkey/internal/page"
)

func current(is bool) string {
	if is {
		return "page"
	}
	return "false"
}

// help is what is said beneath a field, a key or a text; empty when nothing is.
func (s shown) help(ctx context.Context) string {
	if s.Help != "" {
		return s.Help
	}
	if key := s.Label + ".help"; page.Has(ctx, key) {
		return key
	}
	return ""
}

// described ties a field to its help and to what is wrong with it.
func (s shown) described(ctx context.Context) (a templ.OrderedAttributes) {
	var by []string
	if s.Error != nil {
		a = append(a, templ.KeyValue[string, any]{Key: "aria-invalid", Value: "true"})
		by = append(by, s.Name+"-error")
	}
	if s.help(ctx) != "" {
		by = append(by, s.Name+"-hint")
	}
	if len(by) > 0 {
		a = append(a, templ.KeyValue[string, any]{Key: "aria-describedby", Value: strings.Join(by, " ")})
	}
	if s.LTR {
		a = append(a, templ.KeyValue[string, any]{Key: "dir", Value: "ltr"})
	}
	return a
}

// suggested ties a field to what it suggests.
func (s shown) suggested() (a templ.OrderedAttributes) {
	if len(s.Options) > 0 {
		a = append(a, templ.KeyValue[string, any]{Key: "list", Value: s.Name + "-list"})
	}
	return a
}

// inputType is the browser's widget for one line.
func (s shown) inputType() string { return cmp.Or(s.Input, "text") }

// kept says in the empty field of a secret that there is one.
func (s shown) kept(ctx context.Context) string {
	if s.Required || !s.Kept {
		return ""
	}
	return page.SayText(ctx, "console.secret.kept")
}

// moment is the time of one that is shown: unix milliseconds.
func (s shown) moment() time.Time {
	ms, err := strconv.ParseInt(s.Value, 10, 64)
	if err != nil || ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// moment reads a time of the API: unix milliseconds. It is zero where the API
// says none.
func moment(value any) time.Time {
	if ms, ok := value.(float64); ok && ms > 0 {
		return time.UnixMilli(int64(ms))
	}
	return time.Time{}
}

// since is a cell that says when something was; a dash when it never was.
func since(value any) cell {
	if at := moment(value); !at.IsZero() {
		return cell{At: at}
	}
	return cell{Text: "–"}
}

// conditional tells the script when the field is seen.
func (s shown) conditional() templ.OrderedAttributes {
	if s.When == "" || s.Error != nil {
		return nil
	}
	return templ.OrderedAttributes{templ.KeyValue[string, any]{Key: "data-when", Value: s.When}}
}

// enctype is how the form is sent.
func (p formPage) enctype() string {
	if p.Files {
		return "multipart/form-data"
	}
	return "application/x-www-form-urlencoded"
}

func (s shown) has(value string) bool { return slices.Contains(s.Values, value) }

// rowsOf is how many lines are seen of what has several.
func (s shown) rowsOf() int {
	return min(max(strings.Count(s.Value, "\n")+2, 3), 16)
}

func (t table) acts() bool {
	return slices.ContainsFunc(t.Rows, func(r tableRow) bool { return len(r.Acts) > 0 })
}

// box is the kind of the boxes beside the rows.
func (t table) box() string {
	if t.Picks[0].one {
		return "radio"
	}
	return "checkbox"
}

// name is what the row's thing is called.
func (r tableRow) name() string {
	if len(r.Cells) == 0 {
		return ""
	}
	return r.Cells[0].Text
}

// labelOf says a key, or a name.
func labelOf(ctx context.Context, text string) string {
	if page.Has(ctx, text) {
		return page.SayText(ctx, text)
	}
	return text
}

// contains looks for words without regard to case.
func contains(in, search string) bool {
	return strings.Contains(strings.ToLower(in), strings.ToLower(strings.TrimSpace(search)))
}

// typedFrom is the direction of a field: what has an example is a path or the
// like, which runs from left to right in every language.
func typedFrom(example string) string {
	if example != "" {
		return "ltr"
	}
	return "auto"
}
