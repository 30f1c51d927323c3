package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"latchkey"
)

// validator holds one value against a rule.
type validator func(v *validation, s string, settings latchkey.ProfileSettings) []Fault

// validators are Keycloak's built-in ones, by their names.
var validators = map[string]validator{
	"length":                            length,
	"integer":                           number(func(s string) (float64, error) { n, err := strconv.ParseInt(s, 10, 64); return float64(n), err }),
	"double":                            number(double),
	"email":                             email,
	"uri":                               uri,
	"pattern":                           pattern,
	"options":                           options,
	"local-date":                        localDate,
	"iso-date":                          isoDate,
	"person-name-prohibited-characters": without(personName, NameCharacter),
	"username-prohibited-characters":    without(userName, UserCharacter),
	"up-username-not-idn-homograph":     notHomograph,
}

// length counts characters; a value is trimmed already.
func length(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
	least, hasLeast := wholeNumber(settings["min"])
	most, hasMost := wholeNumber(settings["max"])
	if n := utf8.RuneCountInString(s); (!hasLeast || n >= least) && (!hasMost || n <= most) {
		if hasMost || n <= maxValue {
			return nil
		}
		return v.fault(TooLong, "", maxValue)
	}
	message := TooLong
	switch {
	case hasLeast && hasMost:
		message = InvalidLength
	case hasLeast:
		message = TooShort
	}
	return v.fault(message, shown(settings["min"]), shown(settings["max"]))
}

func double(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return 0, errNoNumber
	}
	return n, err
}

var errNoNumber = errors.New("no number")

func number(parse func(string) (float64, error)) validator {
	return func(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
		n, err := parse(s)
		if err != nil {
			return v.fault(InvalidNumber, s)
		}
		least, hasLeast := decimal(settings["min"])
		most, hasMost := decimal(settings["max"])
		if (!hasLeast || n >= least) && (!hasMost || n <= most) {
			return nil
		}
		message := TooBig
		switch {
		case hasLeast && hasMost:
			message = OutOfRange
		case hasLeast:
			message = TooSmall
		}
		return v.fault(message, shown(settings["min"]), shown(settings["max"]))
	}
}

// email takes what the address grammar of the house takes.
func email(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
	a, err := latchkey.ParseAddress(s)
	most, ok := wholeNumber(settings["max-local-length"])
	if err != nil || ok && utf8.RuneCountInString(a.Local) > most {
		return v.fault(InvalidEmail, s)
	}
	return nil
}

func uri(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Opaque == "" && u.Host == "" && u.Path == "" {
		return v.fault(InvalidURI, s)
	}
	schemes := texts(settings["allowedSchemes"])
	if len(schemes) == 0 {
		schemes = []string{"http", "https"}
	}
	if !slices.Contains(schemes, u.Scheme) {
		return v.fault(InvalidScheme, s, u.Scheme)
	}
	if u.Host == "" && (u.Scheme == "http" || u.Scheme == "https") {
		return v.fault(InvalidURI, s)
	}
	if allowed, ok := truth(settings["allowFragment"]); ok && !allowed && u.Fragment != "" {
		return v.fault(InvalidFrag, s, u.Fragment)
	}
	return nil
}

// maxPattern bounds a pattern; RE2 bounds the work that it makes.
const maxPattern = 1000

func compile(settings latchkey.ProfileSettings) (*regexp.Regexp, error) {
	text, _ := settings["pattern"].(string)
	if text == "" || len(text) > maxPattern {
		return nil, latchkey.Invalid("pattern", "A pattern has 1 to %d characters.", maxPattern)
	}
	return regexp.Compile(`\A(?:` + text + `)\z`)
}

// pattern matches the whole value. A pattern that RE2 does not know matches
// everything: [UnknownRules] names it.
func pattern(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
	re, err := compile(settings)
	if err != nil || re.MatchString(s) {
		return nil //nolint:nilerr // named elsewhere
	}
	return v.fault(own(settings, NoMatch), settings["pattern"])
}

// own is the operator's message, where the rule has one.
func own(settings latchkey.ProfileSettings, message string) string {
	if text, ok := settings["error-message"].(string); ok && text != "" {
		return text
	}
	return message
}

func options(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
	if list := texts(settings["options"]); !slices.Contains(list, s) {
		return v.fault(InvalidValue, s)
	}
	return nil
}

// shortDates are the short forms of dates in the languages of the pages.
var shortDates = map[string][]string{
	"en": {"1/2/06", "1/2/2006"}, "de": {"2.1.06", "2.1.2006"}, "ar": {"2/1/2006"},
}

// localDate takes a date as it is written where the person lives, and the one
// form that browsers' date fields send.
func localDate(v *validation, s string, _ latchkey.ProfileSettings) []Fault {
	language, _, _ := strings.Cut(v.use.Locale, "-")
	layouts := shortDates[language]
	if layouts == nil {
		layouts = shortDates["en"]
	}
	for _, layout := range append([]string{time.DateOnly}, layouts...) {
		if _, err := time.Parse(layout, s); err == nil {
			return nil
		}
	}
	return v.fault(InvalidDate, s)
}

func isoDate(v *validation, s string, _ latchkey.ProfileSettings) []Fault {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return v.fault(InvalidDate, s)
	}
	return nil
}

// The characters that Keycloak keeps out of names of people and of users.
const (
	personName = `<>&"$%!#?§;*~/\|^=[]{}()`
	userName   = `<>&"'$%!#?§,;:*~/\|^=[]{}()` + "`"
)

// without refuses the characters, and those that print nothing; in usernames
// white space too.
func without(characters, message string) validator {
	return func(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
		bad := func(r rune) bool {
			return strings.ContainsRune(characters, r) || unicode.IsControl(r) || message == UserCharacter && unicode.IsSpace(r)
		}
		if strings.ContainsFunc(s, bad) {
			return v.fault(own(settings, message), s)
		}
		return nil
	}
}

// notHomograph takes Latin letters and characters that are in no script:
// usernames that look like another's are made of other scripts.
func notHomograph(v *validation, s string, settings latchkey.ProfileSettings) []Fault {
	for _, r := range s {
		if !unicode.In(r, unicode.Latin, unicode.Common) {
			return v.fault(own(settings, UserCharacter), s)
		}
	}
	return nil
}

// wholeNumber reads a setting that is a number or the text of one, as the
// console writes them.
func wholeNumber(v any) (int, bool) {
	f, ok := decimal(v)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<31 {
		return 0, false
	}
	return int(f), true
}

func decimal(v any) (float64, bool) {
	text := ""
	switch n := v.(type) {
	case json.Number:
		text = n.String()
	case string:
		text = strings.TrimSpace(n)
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	f, err := double(text)
	return f, err == nil
}

func truth(v any) (value, ok bool) {
	switch b := v.(type) {
	case bool:
		return b, true
	case string:
		value, err := strconv.ParseBool(b)
		return value, err == nil
	}
	return false, false
}

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, one := range list {
		switch s := one.(type) {
		case string:
			out = append(out, s)
		case json.Number, bool, float64:
			out = append(out, fmt.Sprint(s))
		}
	}
	return out
}

// shown is a bound as a message says it; empty when there is none.
func shown(v any) any {
	if n, ok := wholeNumber(v); ok {
		return n
	}
	if f, ok := decimal(v); ok {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return ""
}
