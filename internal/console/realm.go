package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

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
	create: makeRealm, blames: []blame{{"already exists", "realm", "console.error.taken"}},
	before: func(v *visit, rep map[string]any) *page.FieldError {
		if !v.who.CreateRealm {
			return &page.FieldError{Message: "console.closed.change"}
		}
		name := text(rep["realm"])
		if text(rep["file"]) != "" {
			file, err := jsonFile(text(rep["file"]))
			if err != nil {
				return &page.FieldError{Field: "file", Message: "console.error.no-object", Args: []any{err.Error()}}
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

// jsonFile reads a file that is an object.
func jsonFile(text string) (rep map[string]any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // what is passed on is passed on as it is
	err = d.Decode(&rep)
	return rep, err
}

// What a realm that is made here is like where nobody has said anything: as the
// one that `dev` makes.
const (
	newEventsKept   = 90 * 86400 // seconds
	newRememberIdle = 30 * 86400
	newRememberMost = 90 * 86400
)

func makeRealm(v *visit, typed map[string]any) (address string, err error) {
	rep := map[string]any{
		"enabled": true, "browserFlow": text(typed["signIn"]), "rememberMe": true,
		"eventsEnabled": true, "eventsExpiration": newEventsKept, "adminEventsEnabled": true,
		"ssoSessionIdleTimeoutRememberMe": newRememberIdle, "ssoSessionMaxLifespanRememberMe": newRememberMost,
	}
	if file := text(typed["file"]); file != "" {
		if rep, err = jsonFile(file); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"realm", "displayName"} {
		if text(typed[name]) != "" {
			rep[name] = typed[name]
		}
	}
	return v.realmURL(text(rep["realm"])), v.Call(http.MethodPost, "/realms", rep, nil)
}
