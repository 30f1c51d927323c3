package page

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// TestTold: what the Admin REST API says is found by its English sentence, with
// what it is about; whatever is not known stays as it is.
func TestTold(t *testing.T) {
	all := catalogues(t)
	texts := map[string]*Texts{}
	for _, c := range all {
		texts[c.code] = &Texts{lang: c, fallback: all[0]}
	}
	for _, c := range []struct{ lang, text, want string }{
		{"de", "Update Password", "Passwort ändern"},
		{"en", "Update Password", "Update Password"},
		{"de", `"Cookie" is an alternative beside "my \"own\" flow", which is not: it is never run.`, `„Cookie“ ist eine Alternative neben „my \"own\" flow“, das keine ist: Dazu kommt es nie.`},
		{"ar", `No step of "forms" is switched on: nobody passes it.`, "لا خطوة مفعّلة في «\u2068forms\u2069»: لا يجتازه أحد."},
		{"de", `"Magic Link" is meant to be REQUIRED, not DISABLED.`, "„Magic Link“ ist als REQUIRED gedacht, nicht als DISABLED."},
		{"ar", `"Choose User" does not belong on this level: a sign-in that comes to it fails.`, "«اختيار المستخدم» ليس مكانه هذا المستوى: يفشل الدخول الذي يصل إليه."},
		{"de", "${role_view-users}", "Benutzer ansehen"},
		{"en", "${role_view-users}", "View users"},
		{"de", "${nobody_knows}", "nobody_knows"},
		{"de", "Somebody wrote this.", "Somebody wrote this."},
		{"de", "", ""},
	} {
		if got := texts[c.lang].Told(c.text); got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.lang, c.text, got, c.want)
		}
	}
}

// The languages say the same sentences, about the same.
func TestToldIsComplete(t *testing.T) {
	read := func(lang string) (texts map[string]string) {
		data, err := catalogueFiles.ReadFile("catalogue/told/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatal(err)
		}
		return texts
	}
	de, ar := read("de"), read("ar")
	if a, b := slices.Sorted(maps.Keys(de)), slices.Sorted(maps.Keys(ar)); !slices.Equal(a, b) {
		t.Errorf("%d sentences in German, %d in Arabic", len(a), len(b))
	}
	for english := range de {
		for _, said := range []string{de[english], ar[english]} {
			for _, place := range placeholder.FindAllString(said, -1) {
				if !slices.Contains(placeholder.FindAllString(english, -1), place) {
					t.Errorf("%q has %s, which %q has not", said, place, english)
				}
			}
		}
	}
}

func FuzzTold(f *testing.F) {
	all, err := loadCatalogues()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{`"a" is meant to be b, not c.`, "${", "${}", "'' is required", "{0}", " "} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		for _, c := range all {
			(&Texts{lang: c, fallback: all[0]}).Told(text)
		}
	})
}
