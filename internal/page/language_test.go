package page_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/page/sample"
)

// The choice of the language: kc_locale, then the cookie, ui_locales, the
// user's own, Accept-Language, the realm's default; only among what the realm
// offers.
func TestChooseLanguage(t *testing.T) {
	k := newKit(t)
	international := func(standard string, supported ...string) *latchkey.Realm {
		return &latchkey.Realm{Name: "acme", InternationalizationEnabled: true, SupportedLocales: supported, DefaultLocale: standard}
	}
	all := international("en", "en", "de", "ar")
	for name, c := range map[string]struct {
		realm *latchkey.Realm
		p     page.Preferences
		want  string
	}{
		"nothing said":              {all, page.Preferences{}, "en"},
		"the realm's default":       {international("de", "en", "de"), page.Preferences{}, "de"},
		"parameter first":           {all, page.Preferences{Param: "ar", Cookie: "de", UILocales: "en", User: "en", Accept: "en"}, "ar"},
		"then the cookie":           {all, page.Preferences{Cookie: "de", UILocales: "ar", User: "ar", Accept: "ar"}, "de"},
		"then ui_locales":           {all, page.Preferences{UILocales: "fr ar de", User: "de", Accept: "de"}, "ar"},
		"then the user":             {all, page.Preferences{User: "ar", Accept: "de"}, "ar"},
		"then the browser":          {all, page.Preferences{Accept: "fr;q=0.9, de-AT;q=0.8, en;q=0.1"}, "de"},
		"order of ui_locales":       {all, page.Preferences{UILocales: "de ar"}, "de"},
		"a region":                  {all, page.Preferences{Param: "de-CH"}, "de"},
		"an underscore":             {all, page.Preferences{User: "de_AT"}, "de"},
		"an unknown one is skipped": {all, page.Preferences{Param: "fr", Cookie: "xx", Accept: "ar"}, "ar"},
		"nonsense is skipped":       {all, page.Preferences{Param: "<script>", Cookie: "\x00", UILocales: ",,;q=", Accept: "de"}, "de"},
		"too long is skipped":       {all, page.Preferences{Accept: strings.Repeat("de,", 1000)}, "en"},
		"not offered":               {international("en", "en", "ar"), page.Preferences{Param: "de", Accept: "de"}, "en"},
		"not built":                 {international("fr", "fr"), page.Preferences{Accept: "de"}, "de"},
		"switched off":              {&latchkey.Realm{}, page.Preferences{Param: "de", Accept: "de"}, "en"},
		"switched off, own default": {&latchkey.Realm{DefaultLocale: "de"}, page.Preferences{Param: "ar"}, "de"},
		"no realm":                  {nil, page.Preferences{Accept: "ar"}, "ar"},
	} {
		if got := k.Choose(c.realm, c.p); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzChooseLanguage(f *testing.F) {
	f.Add("de", "ar;q=0.5")
	f.Add("zh-Hant-TW-x-private", "*")
	f.Add("\xff", "en-US-u-hc-h12,,;;q=nan")
	k := newKit(f)
	realm := sample.Realm()
	f.Fuzz(func(t *testing.T, param, accept string) {
		got := k.Choose(realm, page.Preferences{Param: param, UILocales: param, Accept: accept})
		if !slices.Contains(languages, got) {
			t.Errorf("%q, %q gave %q", param, accept, got)
		}
	})
}

// A choice is remembered in the browser, and only a choice.
func TestLanguageCookie(t *testing.T) {
	k, realm := newKit(t), sample.Realm()
	ask := func(target, cookie, accept string) (string, []*http.Cookie) {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		if cookie != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-locale-acme", Value: cookie})
		}
		r.Header.Set("Accept-Language", accept)
		w := httptest.NewRecorder()
		lang := k.Language(w, r, realm, "", "")
		return lang, w.Result().Cookies()
	}
	lang, set := ask("/x?kc_locale=de", "", "ar")
	if lang != "de" || len(set) != 1 || set[0].Value != "de" || !set[0].HttpOnly || !set[0].Secure || set[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("chosen: %s, %v", lang, set)
	}
	for name, c := range map[string][4]string{
		"remembered":    {"/x", "de", "ar", "de"},
		"chosen again":  {"/x?kc_locale=de", "de", "ar", "de"},
		"only asked":    {"/x", "", "ar", "ar"},
		"unknown":       {"/x?kc_locale=fr", "", "ar", "ar"},
		"header split":  {"/x?kc_locale=de%0d%0aSet-Cookie:x=y", "", "ar", "ar"},
		"not the realm": {"/x", "xx", "de", "de"},
	} {
		lang, set := ask(c[0], c[1], c[2])
		if lang != c[3] || len(set) != 0 {
			t.Errorf("%s: %s, %v", name, lang, set)
		}
	}
}

// The choice below a page keeps the page's address, and is there only where
// the realm speaks several languages.
func TestLanguageLinks(t *testing.T) {
	k, realm := newKit(t), sample.Realm()
	r := httptest.NewRequest(http.MethodGet, "/realms/acme/login-actions/authenticate?tab_id=q7&kc_locale=en&x=%26&key=id.secret", nil)
	m := k.Meta(r, realm, nil, "en", sample.Now)
	if len(m.Languages) != 3 {
		t.Fatalf("%d languages", len(m.Languages))
	}
	de := m.Languages[1]
	if de.Code != "de" || de.Label != "Deutsch" || de.Current || !m.Languages[0].Current ||
		de.URL != "/realms/acme/login-actions/authenticate?kc_locale=de&tab_id=q7&x=%26" {
		t.Errorf("%+v", de)
	}
	realm.InternationalizationEnabled = false
	if m := k.Meta(r, realm, nil, "en", sample.Now); len(m.Languages) != 0 {
		t.Error("a realm of one language offers several")
	}
	realm.InternationalizationEnabled, realm.SupportedLocales = true, []string{"de"}
	if m := k.Meta(r, realm, nil, "de", sample.Now); len(m.Languages) != 0 {
		t.Error("one language is no choice")
	}
}

func TestAppTitle(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct {
		client *latchkey.Client
		title  string
	}{
		{&latchkey.Client{ClientID: "shop"}, "shop"},
		{&latchkey.Client{ClientID: "shop", Name: "Shop\r\n\u202eX"}, "Shop X"},
		{&latchkey.Client{ClientID: "account", Name: "${client_account}"}, "Konto"},
		{&latchkey.Client{ClientID: "x", Name: "${no.such.key}"}, "x"},
	} {
		if got := k.AppTitle(c.client, "de"); got != c.title {
			t.Errorf("title %q, want %q", got, c.title)
		}
	}
}
