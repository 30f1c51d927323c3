package realm

import (
	"strings"

	"golang.org/x/text/language"
)

// localeCodes are the languages that pages are spoken in; the first is spoken
// when nothing else fits.
var localeCodes = []string{"en", "ar", "de"}

var localeMatcher = func() language.Matcher {
	var tags []language.Tag
	for _, code := range localeCodes {
		tags = append(tags, language.Make(code))
	}
	return language.NewMatcher(tags)
}()

// Locale gives the code of the language that a locale of a realm is spoken
// in, the empty string when there is none.
func Locale(locale string) string {
	tag, err := language.Parse(strings.ReplaceAll(locale, "_", "-"))
	if locale == "" || err != nil {
		return ""
	}
	_, i, confidence := localeMatcher.Match(tag)
	if confidence < language.High {
		return ""
	}
	return localeCodes[i]
}

// LocalesOf gives the codes of the languages that a realm's supported locales
// are spoken in, each once.
func LocalesOf(supported []string) []string {
	var codes []string
	for _, locale := range supported {
		if code := Locale(locale); code != "" {
			codes = union(codes, []string{code})
		}
	}
	return codes
}
