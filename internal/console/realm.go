package console

import (
	"net/http"
	"net/url"

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
// something else is chosen.
var createRealm = form{
	path: "create-realm", menu: "-", prefix: "console.new-realm",
	top: func(*visit, map[string]any) top {
		return top{Title: "console.create-realm", Intro: "console.create-realm.intro"}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "realm", Kind: kindText, Required: true, LTR: true},
			{At: "displayName", Kind: kindText},
			{At: "signIn", Kind: kindChoice, Fallback: signInByLink, Options: []option{
				{signInByLink, "console.new-realm.by-link"}, {signInByPassword, "console.new-realm.by-password"}}},
		}}}
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		name := text(rep["realm"])
		flow := text(rep["signIn"])
		delete(rep, "signIn")
		rep["enabled"] = true
		if err := v.Call(http.MethodPost, "/realms", rep, nil); err != nil {
			return "", err
		}
		err := v.Call(http.MethodPut, "/realms/"+url.PathEscape(name), map[string]any{"browserFlow": flow}, nil)
		return v.realmURL(name), err
	},
	before: func(v *visit, _ map[string]any) *page.FieldError {
		if !v.who.CreateRealm {
			return &page.FieldError{Message: "console.closed.text"}
		}
		return nil
	},
}
