package page

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"latchkey"
)

// Say writes the text for the key, escaped. An argument that is a string is
// put into <bdi>, so that a name or an address cannot disturb the direction
// of the sentence; one that is a component is rendered in its place.
func Say(ctx context.Context, key string, args ...any) templ.Component {
	t := from(ctx).texts
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		text, ok := t.lookup(key, args)
		if !ok {
			_, err := io.WriteString(w, templ.EscapeString(t.Told(key)))
			return err
		}
		at := 0
		for _, p := range placeholder.FindAllStringIndex(text, -1) {
			if _, err := io.WriteString(w, templ.EscapeString(text[at:p[0]])); err != nil {
				return err
			}
			at = p[1]
			if i := int(text[p[0]+1] - '0'); i < len(args) {
				if err := writeArg(ctx, w, args[i]); err != nil {
					return err
				}
			}
		}
		_, err := io.WriteString(w, templ.EscapeString(text[at:]))
		return err
	})
}

func writeArg(ctx context.Context, w io.Writer, arg any) error {
	var err error
	switch a := arg.(type) {
	case templ.Component:
		err = a.Render(ctx, w)
	case phrase:
		_, err = io.WriteString(w, templ.EscapeString(string(a)))
	case string:
		_, err = io.WriteString(w, "<bdi>"+templ.EscapeString(a)+"</bdi>")
	case int:
		_, err = io.WriteString(w, strconv.Itoa(a))
	}
	return err
}

// SayText gives the text for the key for an attribute or a title.
func SayText(ctx context.Context, key string, args ...any) string {
	return from(ctx).texts.Say(key, args...)
}

// App gives the application's name, or the realm's where there is no
// application.
func App(ctx context.Context) string {
	m := from(ctx).meta
	if m.AppTitle != "" {
		return m.AppTitle
	}
	return m.Realm
}

// AdminCommand is what is typed on the host for the one-time link of an
// administrator.
func AdminCommand(ctx context.Context) string { return from(ctx).meta.AdminCommand }

// label resolves "${key}" in the catalogue; any other text stays as it is.
func label(ctx context.Context, text string) string {
	t := from(ctx).texts
	if _, ok := catalogueKey(text); ok {
		return t.Told(text)
	}
	if t.Has(text) {
		return t.Say(text)
	}
	return clean(text)
}

// errorOf gives the first error of a field, nil when there is none.
func errorOf(errs []FieldError, field string) *FieldError {
	for i := range errs {
		if errs[i].Field == field {
			return &errs[i]
		}
	}
	return nil
}

// span says a length of time in a unit that fits, rounded up: "24 seconds",
// "2 minutes", "3 hours", "5 days".
func (t *Texts) span(d time.Duration) phrase {
	round := func(unit time.Duration) int { return int((max(d, 0) + unit - 1) / unit) }
	switch {
	case d <= 90*time.Second:
		return phrase(t.Say("time.seconds", round(time.Second)))
	case d <= 90*time.Minute && d%time.Hour != 0:
		return phrase(t.Say("time.minutes", round(time.Minute)))
	case d <= 36*time.Hour:
		return phrase(t.Say("time.hours", round(time.Hour)))
	}
	return phrase(t.Say("time.days", round(24*time.Hour)))
}

// ago says how long something is past: "just now", "2 minutes ago".
func (t *Texts) ago(d time.Duration) phrase {
	if d < time.Minute {
		return phrase(t.Say("time.just-now"))
	}
	if d < 90*time.Minute {
		return phrase(t.Say("time.minutes-ago", int(d/time.Minute)))
	}
	return phrase(t.Say("time.hours-ago", int(d/time.Hour)))
}

// browser names a browser from the fixed lists: "Firefox on Linux".
func (t *Texts) browser(b latchkey.Browser) phrase {
	name, system := clean(b.Name), clean(b.OS)
	switch {
	case name != "" && system != "":
		return phrase(t.Say("browser.on", name, system))
	case name != "" || system != "":
		return phrase(isolate(name+system, t.Dir()))
	}
	return phrase(t.Say("browser.unknown"))
}

// seconds until a moment, never below 0.
func seconds(now, then time.Time) int {
	return int(max(then.Sub(now)+time.Second-1, 0) / time.Second)
}
