package representation

import (
	"encoding/json"
	"unicode/utf8"

	"latchkey"
)

// The most characters that a text may have: those of Keycloak's columns, so
// that what is taken here is taken there, too.
const (
	maxText   = 255   // names, titles, one value of a list
	maxPolicy = 2550  // a password policy
	maxMarkup = 4_000 // a title with markup
)

// Check refuses a component whose texts are too long.
func (r *Component) Check() error { return checkLength("name", Value(r.Name), maxText) }

// checkLength refuses a text of more characters than most. The error names the
// field.
func checkLength(field, text string, most int) error {
	if len(text) > most && utf8.RuneCountInString(text) > most {
		return latchkey.Invalid(field, "This has more than %d characters.", most)
	}
	return nil
}

// checkLengths refuses texts of a realm that are too long.
func (r *Realm) checkLengths() error {
	faults := []error{
		checkLength("displayName", Value(r.DisplayName), maxText),
		checkLength("displayNameHtml", Value(r.DisplayNameHTML), maxMarkup),
		checkLength("passwordPolicy", Value(r.PasswordPolicy), maxPolicy),
		checkLength("defaultLocale", Value(r.DefaultLocale), maxText),
	}
	for _, locale := range r.SupportedLocales {
		faults = append(faults, checkLength("supportedLocales", locale, maxText))
	}
	for name := range r.Attributes {
		faults = append(faults, checkLength(join("attributes", name), name, maxText))
	}
	for _, name := range fixed.Kept {
		var text string
		if json.Unmarshal(r.Kept[name], &text) == nil {
			faults = append(faults, checkLength(name, text, maxText))
		}
	}
	return Join(faults...)
}
