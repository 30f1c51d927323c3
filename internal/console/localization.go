package console

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// textsParts are the parts of the localization tab.
var textsParts = []string{"locales", "texts"}

func localizationRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "realm-settings/localization",
			handle: func(v *visit) error { return v.to("realm-settings", "localization", "locales") }}},
		localesForm().rows(), ownTexts.rows(), textForm("add-text").rows(), textForm("{locale}/{key}").rows(), deleteText.rows())
}

// localesForm is in which languages the realm speaks.
func localesForm() form {
	f := realmForm("localization/locales", func(v *visit, rep map[string]any) []section {
		languages := v.server().languages()
		return []section{{Settings: []setting{
			{At: "internationalizationEnabled", Kind: kindFlag},
			{At: "supportedLocales", Kind: kindChecks, Options: languageChoices(union(languages, texts(rep["supportedLocales"], ""))), When: "internationalizationEnabled=on"},
			{At: "defaultLocale", Kind: kindChoice, Options: languageChoices(union(languages, texts(rep["defaultLocale"], ""))), Fallback: "en"},
		}}}
	})
	f.top = func(v *visit, _ map[string]any) top { return realmPart(v, "localization", "locales", textsParts...) }
	f.before = nil
	return f
}

// languageNames are the names that languages have for themselves.
var languageNames = map[string]string{"en": "English", "de": "Deutsch", "ar": "العربية"}

// languageChoices are languages by their own names; others by their codes.
func languageChoices(codes []string) (list []option) {
	for _, c := range codes {
		list = append(list, option{c, cmp.Or(languageNames[c], c)})
	}
	return list
}

// union is every one once, in their order.
func union(lists ...[]string) (all []string) {
	for _, list := range lists {
		for _, one := range list {
			if one != "" && !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all
}

// textLocales are the languages that the realm has texts of, or could have.
func (v *visit) textLocales() []string {
	var has []string
	_ = v.api(http.MethodGet, "/localization", nil, &has) // the page's own call says what is wrong
	return union(v.server().languages(), has)
}

// textLocale is the language whose texts are looked at.
func (v *visit) textLocale() string {
	rep, _ := v.realm() // the page's own call says what is wrong
	return cmp.Or(v.query.Get("locale"), text(rep["defaultLocale"]), "en")
}

// ownTexts are the realm's own texts in a language.
var ownTexts = list{
	path: "realm-settings/localization/texts", menu: "realm-settings", search: "console.texts.search",
	columns: []string{"console.text.key", "console.text.value"},
	empty:   [2]string{"console.texts.none", "console.texts.none.help"},
	top: func(v *visit) top {
		t := realmPart(v, "localization", "texts", textsParts...)
		t.Intro = "console.texts.intro"
		if v.may(mayManageRealm...) {
			t.Acts = []link{{Text: "console.text.add", URL: v.path("realm-settings", "localization", "texts", "add-text") + "?locale=" + url.QueryEscape(v.textLocale())}}
		}
		return t
	},
	narrow: func(v *visit) []filter {
		options := languageChoices(v.textLocales())
		// The one that is looked at comes first: it is what no choice means.
		slices.SortStableFunc(options, func(a, b option) int {
			return cmp.Compare(bit(b.Value == v.textLocale()), bit(a.Value == v.textLocale()))
		})
		return []filter{{name: "locale", label: "console.text.locale", options: options}}
	},
	things: func(v *visit) (list []map[string]any, err error) {
		var all map[string]string
		if err := v.api(http.MethodGet, "/localization/"+url.PathEscape(v.textLocale()), nil, &all); err != nil {
			return nil, err
		}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			list = append(list, map[string]any{"key": key, "value": all[key]})
		}
		return list, nil
	},
	row: func(v *visit, rep map[string]any) tableRow {
		key := text(rep["key"])
		at := v.path("realm-settings", "localization", "texts", v.textLocale(), key)
		r := tableRow{Cells: []cell{{Text: key, URL: at, Mono: true}, {Text: text(rep["value"])}}, keys: key + " " + text(rep["value"])}
		if v.may(mayManageRealm...) {
			r.Acts = []link{{Text: sayDelete, URL: at + "/delete", Bad: true}}
		}
		return r
	},
}

func bit(is bool) int {
	if is {
		return 1
	}
	return 0
}

// textForm is one of the realm's texts; its last part says which, or that it is
// new.
func textForm(last string) form {
	fresh := last == "add-text"
	f := form{
		path: "realm-settings/localization/texts/" + last, menu: "realm-settings", prefix: "console.text", may: mayManageRealm,
		top: func(v *visit, _ map[string]any) top {
			title := "console.text.add"
			if !fresh {
				title = v.R.PathValue("key")
			}
			return top{Title: title, Crumbs: crumbsTo(v, "localization", link{Text: "console.realm-settings.localization.texts",
				URL: textsURL(v, v.R.PathValue("locale"))})}
		},
		sections: func(v *visit, _ map[string]any) []section {
			name := []setting{
				{At: "locale", Kind: kindChoice, Options: languageChoices(union([]string{v.textLocale()}, v.textLocales()))},
				{At: "key", Kind: kindText, Required: true, LTR: true},
			}
			if !fresh {
				name = []setting{{At: "locale", Kind: kindShown}, {At: "key", Kind: kindShown}}
			}
			return []section{{Settings: append(name, setting{At: "value", Kind: kindArea, Required: true})}}
		},
		send: func(v *visit, rep map[string]any) (sent, error) {
			locale := text(rep["locale"])
			err := v.api(http.MethodPost, "/localization/"+url.PathEscape(locale), map[string]any{text(rep["key"]): rep["value"]}, nil)
			return sent{address: textsURL(v, locale), notice: "saved"}, err
		},
	}
	if !fresh {
		f.load = func(v *visit) (map[string]any, error) {
			var raw []byte
			err := v.api(http.MethodGet, "/localization/"+v.value("locale")+"/"+v.value("key"), nil, &raw)
			return map[string]any{"locale": v.R.PathValue("locale"), "key": v.R.PathValue("key"), "value": string(raw)}, err
		}
	} else {
		f.button = "console.create"
	}
	return f
}

// textsURL is the page of the realm's texts in a language.
func textsURL(v *visit, locale string) string {
	at := v.path("realm-settings", "localization", "texts")
	if locale == "" {
		return at
	}
	return at + "?locale=" + url.QueryEscape(locale)
}

var deleteText = act{
	path: "realm-settings/localization/texts/{locale}/{key}/delete", menu: "realm-settings",
	ask:   [3]string{"console.text.delete.heading", "console.text.delete.text", sayDelete},
	thing: func(v *visit) (string, error) { return v.R.PathValue("key"), nil },
	do: func(v *visit) (address, notice string, err error) {
		err = v.api(http.MethodDelete, "/localization/"+v.value("locale")+"/"+v.value("key"), nil, nil)
		return textsURL(v, v.R.PathValue("locale")), "deleted", err
	},
	no: func(v *visit) string { return textsURL(v, v.R.PathValue("locale")) },
}
