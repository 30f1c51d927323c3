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
	maxValue  = 2048  // a value of an attribute of a client scope
	maxMarkup = 4_000 // a title with markup
)

// Check refuses a component whose texts are too long.
func (r *Component) Check() error { return checkLength("name", Value(r.Name), maxText) }

// Check refuses a flow whose texts are too long.
func (r *Flow) Check() error {
	return checkAll(member{"alias", r.Alias}, member{"description", r.Description})
}

// Check refuses a mapper whose name, or an option's, is too long.
func (r *ProtocolMapper) Check() error {
	return Join(checkLength("name", r.Name, maxText), checkNames("config", r.Config))
}

// Check refuses a mapper whose name, or an option's, is too long.
func (r *IdentityProviderMapper) Check() error {
	return Join(checkLength("name", Value(r.Name), maxText), checkNames("config", r.Config))
}

// member is a text of a representation.
type member struct {
	field string
	text  *string
}

// checkAll refuses texts of more characters than a name may have.
func checkAll(list ...member) error {
	var faults []error
	for _, m := range list {
		faults = append(faults, checkLength(m.field, Value(m.text), maxText))
	}
	return Join(faults...)
}

// checkNames refuses names in a map that are too long.
func checkNames[T any](field string, m map[string]T) error {
	var faults []error
	for name := range m {
		faults = append(faults, checkLength(join(field, clip(name)), name, maxText))
	}
	return Join(faults...)
}

// checkEach refuses values of a list that are too long.
func checkEach(field string, list []string) error {
	for _, value := range list {
		if err := checkLength(field, value, maxText); err != nil {
			return err
		}
	}
	return nil
}

// checkMappers refuses protocol mappers whose texts are too long.
func checkMappers(list []ProtocolMapper) error {
	var faults []error
	for i := range list {
		faults = append(faults, Under(join("protocolMappers", clip(list[i].Name)), list[i].Check()))
	}
	return Join(faults...)
}

// checkLengths refuses texts of a client that are too long.
func (r *Client) checkLengths() error {
	faults := []error{checkAll(member{"clientId", r.ClientID}, member{"secret", r.Secret}), checkEach("redirectUris", r.RedirectURIs),
		checkEach("webOrigins", r.WebOrigins), checkNames("attributes", r.Attributes), checkMappers(r.ProtocolMappers)}
	for _, b := range r.texts(&latchkey.Client{}) {
		faults = append(faults, checkLength(b.name, Value(*b.rep), maxText))
	}
	return Join(faults...)
}

// checkLengths refuses texts of a client scope that are too long.
func (r *ClientScope) checkLengths() error {
	faults := []error{checkAll(member{"name", r.Name}, member{"description", r.Description}, member{"protocol", r.Protocol}),
		checkNames("attributes", r.Attributes), checkMappers(r.ProtocolMappers)}
	for name, value := range r.Attributes {
		faults = append(faults, checkLength(join("attributes", clip(name)), value, maxValue))
	}
	return Join(faults...)
}

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
