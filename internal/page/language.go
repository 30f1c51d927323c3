package page

import (
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"latchkey"
)

// fallbackLanguage is spoken when nothing else is asked for.
const fallbackLanguage = "en"

// LocaleParam is the query parameter that chooses a language.
const LocaleParam = "kc_locale"

// Preferences are the places where a person's language may be known from, in
// the order in which they count. Each may be empty.
type Preferences struct {
	Param     string // kc_locale of the request
	Cookie    string // what it was chosen to be before
	UILocales string // ui_locales of the authorization request, blanks between
	User      string // the user's attribute "locale"
	Accept    string // the Accept-Language header
}

// Locales gives the codes of the languages that people of the realm may
// choose: the realm's supported locales that there is a catalogue for, all
// catalogues when it names none, and only one when internationalization is
// off.
func (k *Kit) Locales(realm *latchkey.Realm) []string { return k.offer(realm).offered }

// Choose gives the code of the language to speak: the first preference that
// names a language the realm offers, else the realm's default.
func (k *Kit) Choose(realm *latchkey.Realm, p Preferences) string {
	c := k.offer(realm)
	for _, wish := range []string{p.Param, p.Cookie, strings.Join(strings.Fields(p.UILocales), ","), p.User, p.Accept} {
		if wish == "" || len(wish) > 1000 {
			continue
		}
		if code := c.match(wish); code != "" {
			return code
		}
	}
	return c.codes[0]
}

// offer is what a realm's settings leave to choose from.
type offer struct {
	offered []string
	codes   []string // the same, the standard language first
	matcher language.Matcher
}

// match gives the language that answers a wish, a list of tags with commas
// between; empty when none does.
func (c *offer) match(wish string) string {
	wanted, _, err := language.ParseAcceptLanguage(strings.ReplaceAll(wish, "_", "-"))
	if err != nil || len(wanted) == 0 {
		return ""
	}
	if _, i, confidence := c.matcher.Match(wanted...); confidence >= language.High {
		return c.codes[i]
	}
	return ""
}

// maxOffers bounds how many realms' offers are kept.
const maxOffers = 1000

// offers keeps what realms' settings came to: making a matcher takes longer
// than everything else about a language.
type offers struct {
	mu   sync.RWMutex
	kept map[string]*offer
}

// offer gives what there is to choose from of a realm, of everything when realm is nil.
func (k *Kit) offer(realm *latchkey.Realm) *offer {
	key := ""
	if realm != nil {
		key = strings.Join(append([]string{strconv.FormatBool(realm.InternationalizationEnabled), realm.DefaultLocale},
			realm.SupportedLocales...), "\n")
	}
	k.offers.mu.RLock()
	c := k.offers.kept[key]
	k.offers.mu.RUnlock()
	if c != nil {
		return c
	}
	c = k.newOffer(realm)
	k.offers.mu.Lock()
	defer k.offers.mu.Unlock()
	if k.offers.kept == nil || len(k.offers.kept) >= maxOffers {
		k.offers.kept = map[string]*offer{}
	}
	k.offers.kept[key] = c
	return c
}

func (k *Kit) newOffer(realm *latchkey.Realm) *offer {
	c := &offer{offered: k.offered(realm)}
	standard := k.defaultLocale(realm)
	if !contains(c.offered, standard) {
		standard = c.offered[0]
	}
	c.codes = []string{standard}
	tags := []language.Tag{language.Make(standard)}
	for _, code := range c.offered {
		if code != standard {
			tags, c.codes = append(tags, language.Make(code)), append(c.codes, code)
		}
	}
	c.matcher = language.NewMatcher(tags)
	return c
}

func (k *Kit) offered(realm *latchkey.Realm) []string {
	if realm == nil {
		return k.Codes()
	}
	if !realm.InternationalizationEnabled {
		return []string{k.defaultLocale(realm)}
	}
	var codes []string
	for _, wanted := range realm.SupportedLocales {
		if code := k.built(wanted); code != "" && !contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		return k.Codes()
	}
	return codes
}

// localeCookie remembers which language was chosen in a browser.
const localeCookie = "locale"

// Language chooses the language of a request. A choice by kc_locale is
// remembered in a cookie of the realm; a request's own wishes come in as
// uiLocales (of its authorization request) and userLocale (of the user's
// attribute), either empty when there is none.
func (k *Kit) Language(w http.ResponseWriter, r *http.Request, realm *latchkey.Realm, uiLocales, userLocale string) string {
	p := Preferences{
		Param: r.URL.Query().Get(LocaleParam), UILocales: uiLocales, User: userLocale,
		Accept: r.Header.Get("Accept-Language"),
	}
	name := ""
	if realm != nil {
		name = realm.Name
		p.Cookie, _ = k.site.Cookie(r, localeCookie, name)
	}
	lang := k.Choose(realm, p)
	if p.Param != "" && realm != nil && lang != p.Cookie && k.built(p.Param) == lang {
		k.site.SetCookie(w, localeCookie, name, lang, 0)
	}
	return lang
}

// RememberLanguage keeps a language that was chosen otherwise than by kc_locale
// in the same cookie, so that it holds in this browser from now on. One that is
// not spoken changes nothing.
func (k *Kit) RememberLanguage(w http.ResponseWriter, realm *latchkey.Realm, locale string) {
	if lang := k.built(locale); lang != "" && contains(k.Locales(realm), lang) {
		k.site.SetCookie(w, localeCookie, realm.Name, lang, 0)
	}
}

// Texts gives the texts of a language, of English when there is no catalogue
// for it.
func (k *Kit) Texts(lang string) *Texts {
	for _, c := range k.catalogues {
		if c.code == lang {
			return &Texts{lang: c, fallback: k.catalogues[0]}
		}
	}
	return &Texts{lang: k.catalogues[0], fallback: k.catalogues[0]}
}

// TextsOf are the texts of a language with the realm's own before them. realm
// may be nil.
func (k *Kit) TextsOf(realm *latchkey.Realm, lang string) *Texts {
	t := k.Texts(lang)
	if realm != nil {
		t.own = realm.Localization[t.lang.code]
	}
	return t
}

// languages are the entries of the choice below a page: links to the same
// page with kc_locale set. An answer to a POST offers them too, as a GET.
func (k *Kit) languages(r *http.Request, realm *latchkey.Realm, lang string) []Language {
	if r == nil || realm == nil || !realm.InternationalizationEnabled {
		return nil
	}
	codes := k.Locales(realm)
	if len(codes) < 2 {
		return nil
	}
	var all []Language
	for _, code := range codes {
		u := *r.URL
		q := u.Query()
		q.Del("key") // the secret of a mailed link stays out of pages
		q.Set(LocaleParam, code)
		all = append(all, Language{
			Code:    code,
			Label:   k.Texts(code).Say("language.name"),
			URL:     u.EscapedPath() + "?" + q.Encode(),
			Current: code == lang,
		})
	}
	return all
}

func (k *Kit) defaultLocale(realm *latchkey.Realm) string {
	if realm != nil {
		if code := k.built(realm.DefaultLocale); code != "" {
			return code
		}
	}
	return fallbackLanguage
}

// built gives the code of the catalogue that serves a locale, or "".
func (k *Kit) built(locale string) string {
	tag, err := language.Parse(strings.ReplaceAll(locale, "_", "-"))
	if locale == "" || err != nil {
		return ""
	}
	var tags []language.Tag
	for _, c := range k.catalogues {
		tags = append(tags, c.tag)
	}
	_, i, confidence := language.NewMatcher(tags).Match(tag)
	if confidence < language.High {
		return ""
	}
	return k.catalogues[i].code
}

// Codes are the languages that Latchkey speaks, English first.
func (k *Kit) Codes() []string {
	var codes []string
	for _, c := range k.catalogues {
		codes = append(codes, c.code)
	}
	return codes
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
