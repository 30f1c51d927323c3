package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"latchkey"
	"latchkey/internal/page"
)

// realmList are the realms that the person may administer.
var realmList = list{
	path: "realms", menu: "-", whole: true, search: "console.realm.search",
	columns: []string{"console.realm.name", "console.realm.displayName"},
	empty:   [2]string{"console.realm.none", ""},
	top: func(v *visit) top {
		t := top{Title: "console.realms", Intro: "console.realms.intro"}
		if v.who.CreateRealm {
			t.Acts = []link{{Text: "console.create-realm", URL: v.URL("create-realm")}}
		}
		return t
	},
	api: func(*visit) string { return "/ui-ext/realms/names" },
	row: func(v *visit, rep map[string]any) tableRow {
		name, title := text(rep["name"]), text(rep["displayName"])
		return tableRow{Cells: []cell{{Text: name, URL: v.realmURL(name)}, {Text: title}}, keys: name + " " + title}
	},
}

// The ways in which people of a new realm sign in.
const (
	signInByLink     = "magic link"
	signInByPassword = "browser"
)

// createRealm makes a realm whose people sign in by a mailed link, unless
// something else is chosen, or what a file of JSON says.
var createRealm = form{
	path: "create-realm", menu: "-", prefix: "console.new-realm", body: uploadBody,
	top: func(*visit, map[string]any) top {
		return top{Title: "console.create-realm", Intro: "console.create-realm.intro"}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "realm", Kind: kindText, LTR: true},
			{At: "displayName", Kind: kindText},
			{At: "signIn", Kind: kindChoice, Fallback: signInByLink, Options: []option{
				{signInByLink, "console.new-realm.by-link"}, {signInByPassword, "console.new-realm.by-password"}}},
		}}, {Title: "console.new-realm.from-file", Settings: []setting{{At: "file", Kind: kindFile}}}}
	},
	button: "console.create", send: makeRealm, file: "file", blames: []blame{{"already exists", "realm", "console.error.taken"}},
	before: func(v *visit, rep map[string]any) *page.FieldError {
		if !v.who.CreateRealm {
			return &page.FieldError{Message: "console.closed.change"}
		}
		name := text(rep["realm"])
		if text(rep["file"]) != "" {
			file, fault := jsonFile("file", text(rep["file"]))
			if fault != nil {
				return fault
			}
			name = cmp.Or(name, text(file["realm"]))
		}
		if name == "" {
			return &page.FieldError{Field: "realm", Message: "console.error.required"}
		}
		var no *latchkey.Error
		if errors.As(latchkey.ValidateRealmName(name), &no) {
			return &page.FieldError{Field: "realm", Message: no.Message}
		}
		return nil
	},
}

// uploadBody is the most bytes of a file of JSON that is sent.
const uploadBody = 64 << 20

// jsonFile reads a file that is an object. What is wrong is a fault of the field,
// which says where.
func jsonFile(field, text string) (rep map[string]any, fault *page.FieldError) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // what is passed on is passed on as it is
	err := d.Decode(&rep)
	var wrong *json.SyntaxError
	at := len(text)
	switch {
	case err == nil && rep != nil:
		return rep, nil
	case errors.As(err, &wrong):
		at = min(max(int(wrong.Offset)-1, 0), len(text))
	case !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &page.FieldError{Field: field, Message: "console.error.no-object"}
	}
	line := strings.LastIndexByte(text[:at], '\n') + 1
	return nil, &page.FieldError{Field: field, Message: "console.error.json-at",
		Args: []any{strings.Count(text[:at], "\n") + 1, utf8.RuneCountInString(text[line:at]) + 1}}
}

// What a realm that is made here is like where nobody has said anything: as the
// one that `dev` makes.
const (
	newEventsKept   = 90 * 86400 // seconds
	newRememberIdle = 30 * 86400
	newRememberMost = 90 * 86400
)

func makeRealm(v *visit, typed map[string]any) (sent, error) {
	rep := map[string]any{
		"enabled": true, "browserFlow": text(typed["signIn"]), "rememberMe": true,
		"eventsEnabled": true, "eventsExpiration": newEventsKept, "adminEventsEnabled": true,
		"ssoSessionIdleTimeoutRememberMe": newRememberIdle, "ssoSessionMaxLifespanRememberMe": newRememberMost,
	}
	if file := text(typed["file"]); file != "" {
		rep, _ = jsonFile("file", file) // which was looked at before
	}
	for _, name := range []string{"realm", "displayName"} {
		if text(typed[name]) != "" {
			rep[name] = typed[name]
		}
	}
	var items []struct {
		Field, Fate, Value, Why string
		Names                   []string
		More                    int
	}
	address := v.realmURL(text(rep["realm"]))
	if err := v.Call(http.MethodPost, "/realms?report=true", rep, &items); err != nil {
		return sent{}, err
	}
	if len(items) == 0 || text(typed["file"]) == "" {
		return sent{address: address, notice: "created"}, nil
	}
	p := listPage{Frame: v.frame("-"), Top: top{Title: "console.new-realm.report", Intro: "console.new-realm.report.intro", Tags: []string{text(rep["realm"])},
		Acts: []link{{Text: "console.new-realm.open", URL: address}}},
		Table: table{Label: "console.new-realm.report", Columns: []string{"console.new-realm.item", "console.new-realm.fate", "console.new-realm.which", "console.new-realm.why"}}}
	for _, i := range items {
		which := cmp.Or(i.Value, strings.Join(i.Names, ", "))
		if i.More > 0 {
			which += ", …"
		}
		p.Table.Rows = append(p.Table.Rows, tableRow{Cells: []cell{{Text: i.Field, Mono: true},
			{Text: said("console.fate.", strings.ReplaceAll(i.Fate, " ", "-"), fates), Say: true}, {Text: which}, {Text: i.Why, Say: true}}})
	}
	return sent{page: p}, nil
}

// fates are the API's words for what became of something in an export.
var fates = []string{"not-taken", "kept", "changed", "added", "missing"}
