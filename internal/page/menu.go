package page

import (
	"context"
	"io"
	"time"

	"github.com/a-h/templ"

	"latchkey"
)

// Menu stands beside the pages of a console: where one can go, who is signed
// in, and the way out.
type Menu struct {
	Label   string // a key: what the menu is of
	Items   []MenuItem
	Account string // who is signed in
	// SignOut is the form that signs out.
	SignOut Form
	// Back leads to the application that the person came from; empty when it
	// is not known.
	BackURL, BackTo string
	// Head stands above the menu in place of the realm's name, and the page has
	// the whole width: a working desk rather than a form; nil for a form.
	Head templ.Component
	// Notice is a key: what was just done; empty for nothing. Its kind is that
	// of a note.
	Notice, NoticeKind string
}

// MenuItem is a page of a console. Text is a key. Group is the key of the
// heading that it stands under; items of one group follow each other.
type MenuItem struct {
	Text, URL, Group string
	Current          bool
}

// groups are the items by their headings, in their order.
func (m *Menu) groups() (list [][]MenuItem) {
	for _, item := range m.Items {
		if n := len(list); n > 0 && list[n-1][0].Group == item.Group {
			list[n-1] = append(list[n-1], item)
		} else {
			list = append(list, []MenuItem{item})
		}
	}
	return list
}

// menued is a Page with a menu beside it.
type menued interface{ Beside() *Menu }

func (v *view) menu() *Menu {
	if m, ok := v.page.(menued); ok {
		return m.Beside()
	}
	return nil
}

// Fields are the fields of a user profile, with their errors, for a form of
// another package that stands among other things: nothing has the focus until
// something is wrong.
func Fields(fields []ProfileField, errs []FieldError) templ.Component {
	return profileFields(fields, errs, -1)
}

// Hidden is the synchroniser token of a form of another package.
func Hidden(f Form) templ.Component { return hidden(f) }

// Note is a sentence that must be seen; kind is warn, bad or good.
func Note(kind, key string, args ...any) templ.Component { return note(kind, key, args...) }

// Wrong is the sentence under the field with the id; nothing when err is nil.
func Wrong(id string, err *FieldError) templ.Component { return wrong(id, err) }

// When says when something was, in UTC, and how long ago that is when it is
// not longer than a day.
func When(ctx context.Context, at time.Time) templ.Component {
	v := from(ctx)
	text := stamped(at.UTC().Format("2006-01-02 15:04"), v.texts.Dir())
	if d := v.meta.Now.Sub(at); d >= 0 && d < 24*time.Hour {
		return moment(at, Say(ctx, "asked.at", text, v.texts.ago(d)))
	}
	return moment(at, Say(ctx, "time.at", text))
}

// Day says on which day something was.
func Day(ctx context.Context, at time.Time) templ.Component {
	day := string(stamped(at.UTC().Format(time.DateOnly), from(ctx).texts.Dir()))
	return moment(at, templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, templ.EscapeString(day))
		return err
	}))
}

// BrowserName names a browser from the fixed lists: "Firefox on Linux".
func BrowserName(ctx context.Context, b latchkey.Browser) string {
	return string(from(ctx).texts.browser(b))
}

// Label resolves "${key}" in the catalogue; any other text stays as it is.
func Label(ctx context.Context, text string) string { return label(ctx, text) }

// Clean makes a text that a person or an operator chose fit for one line.
func Clean(text string) string { return clean(text) }

// Icon is one of the icons by its name; nothing when there is none.
func Icon(name string) templ.Component { return icon(name) }

// Has says whether the catalogue, or the realm, has a text for the key.
func Has(ctx context.Context, key string) bool { return from(ctx).texts.Has(key) }

// Faults is what is wrong with a form as a whole, above it.
func Faults(errs []FieldError) templ.Component { return formErrors(errs) }
