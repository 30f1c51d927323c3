package profile

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey"
)

// Keycloak's message keys for what is wrong with an attribute's value. The
// first parameter is the attribute's display name.
const (
	Required       = "error-user-attribute-required"
	InvalidValue   = "error-invalid-value"
	InvalidLength  = "error-invalid-length"           // least, most
	TooShort       = "error-invalid-length-too-short" // least
	TooLong        = "error-invalid-length-too-long"  // least (empty), most
	InvalidEmail   = "error-invalid-email"            // value
	InvalidNumber  = "error-invalid-number"           // value
	OutOfRange     = "error-number-out-of-range"      // least, most
	TooSmall       = "error-number-out-of-range-too-small"
	TooBig         = "error-number-out-of-range-too-big"
	InvalidURI     = "error-invalid-uri"
	InvalidScheme  = "error-invalid-uri-scheme"
	InvalidFrag    = "error-invalid-uri-fragment"
	NoMatch        = "error-pattern-no-match" // pattern
	InvalidDate    = "error-invalid-date"
	NameCharacter  = "error-person-name-invalid-character"
	UserCharacter  = "error-username-invalid-character"
	InvalidSize    = "error-invalid-multivalued-size" // least, most
	ReadOnly       = "error-user-attribute-read-only"
	UsernameExists = "error-username-exists"
	EmailExists    = "error-email-exists"
)

// Fault is one thing that is wrong with an attribute.
type Fault struct {
	Attribute string
	// Message is Keycloak's message key, one of those above, or the operator's
	// own text (the option error-message of a validator).
	Message string
	// Params begin with the attribute's display name, as Keycloak's do.
	Params []any
}

// AsError makes the fault an error that names the field; its message is the key.
func (f Fault) AsError() *latchkey.Error {
	return &latchkey.Error{Code: latchkey.CodeInvalid, Field: f.Attribute, Message: f.Message}
}

// The bounds that hold whatever a profile says, so that nothing that a
// stranger sends grows.
const (
	maxValue  = 2048 // characters of a value without a rule for its length
	maxValues = 100  // values of an attribute
	maxOwn    = 100  // attributes that the profile does not name
	maxName   = 255  // bytes of the name of one
)

// Validate says what is wrong with the values. Fields that the use may not
// change are not looked at. Whole says that values is all that the user has:
// a required attribute that it lacks is a fault; else only those are looked at
// that it names.
func Validate(use Use, values Values, whole bool) []Fault {
	var faults []Fault
	for _, f := range Fields(use, nil) {
		list, given := values[f.Attribute.Name]
		if f.ReadOnly || !given && !whole {
			continue
		}
		if f.Attribute.Name == latchkey.ProfileUsername && ownAddress(list, values[latchkey.ProfileEmail]) {
			continue
		}
		faults = append(faults, validateField(use, &f, clean(list))...)
	}
	if use.unmanaged() {
		faults = append(faults, validateOwn(use, values)...)
	}
	return faults
}

// ownAddress says that the username is the user's own address: then the
// grammar of addresses is its rule.
func ownAddress(username, email []string) bool {
	return len(username) == 1 && len(email) == 1 && latchkey.SameAddress(username[0], email[0])
}

func validateField(use Use, f *latchkey.ProfileField, list []string) []Fault {
	a := f.Attribute
	v := validation{use: use, attribute: a}
	switch {
	case len(list) == 0 && f.Required:
		return v.fault(Required)
	case len(list) == 0:
		return nil
	case !a.Multivalued && len(list) > 1:
		return v.fault(InvalidSize, "", 1)
	case len(list) > maxValues:
		return v.fault(InvalidSize, "", maxValues)
	}
	for _, s := range list {
		if faults := v.value(s); len(faults) > 0 {
			return faults
		}
	}
	if settings, ok := a.Validations["multivalued"]; ok && a.Multivalued {
		return v.size(len(list), settings)
	}
	return nil
}

// validateOwn bounds attributes that the profile does not name.
func validateOwn(use Use, values Values) []Fault {
	own := 0
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if managed(use.Realm, name) {
			continue
		}
		own++
		v := validation{use: use, attribute: &latchkey.ProfileAttribute{Name: name, Multivalued: true}}
		switch {
		case own > maxOwn, len(name) > maxName, name == "", !utf8.ValidString(name), len(values[name]) > maxValues:
			return v.fault(InvalidValue)
		}
		for _, s := range values[name] {
			if faults := v.value(s); len(faults) > 0 {
				return faults
			}
		}
	}
	return nil
}

// validation holds the values of one attribute against its rules.
type validation struct {
	use       Use
	attribute *latchkey.ProfileAttribute
}

func (v *validation) fault(message string, params ...any) []Fault {
	name := v.attribute.DisplayName
	if name == "" {
		name = v.attribute.Name
	}
	return []Fault{{Attribute: v.attribute.Name, Message: message, Params: append([]any{name}, params...)}}
}

// value holds one value against what holds for all, then against the rules in
// the order of their names.
func (v *validation) value(s string) []Fault {
	a := v.attribute
	if !utf8.ValidString(s) || strings.ContainsFunc(s, v.unprintable) {
		return v.fault(InvalidValue)
	}
	if _, ok := a.Validations["length"]; !ok && utf8.RuneCountInString(s) > maxValue {
		return v.fault(TooLong, "", maxValue)
	}
	switch a.Name {
	case latchkey.ProfileEmail:
		if _, err := latchkey.ParseAddress(s); err != nil {
			return v.fault(InvalidEmail, s)
		}
	case latchkey.ProfileUsername:
		if strings.ContainsFunc(s, unicode.IsSpace) {
			return v.fault(UserCharacter)
		}
		if utf8.RuneCountInString(s) > 255 {
			return v.fault(TooLong, "", 255)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(a.Validations)) {
		if run := validators[rule]; run != nil {
			if faults := run(v, s, a.Validations[rule]); len(faults) > 0 {
				return faults
			}
		}
	}
	return nil
}

// unprintable are characters that change what stands around them. Lines may
// only be broken in a field that has several.
func (v *validation) unprintable(r rune) bool {
	if r == '\n' || r == '\r' || r == '\t' {
		return InputType(v.attribute) != "textarea"
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// size holds the number of values against the rule "multivalued".
func (v *validation) size(n int, settings latchkey.ProfileSettings) []Fault {
	least, hasLeast := wholeNumber(settings["min"])
	most, hasMost := wholeNumber(settings["max"])
	if hasLeast && n < least || hasMost && n > most {
		return v.fault(InvalidSize, shown(settings["min"]), shown(settings["max"]))
	}
	return nil
}

// InputType is the attribute's annotation inputType: how a form asks for it.
// It is empty where the operator did not say.
func InputType(a *latchkey.ProfileAttribute) string {
	s, _ := a.Annotations["inputType"].(string)
	return s
}

// attributeName is what Keycloak takes for the name of an attribute.
var attributeName = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)

// Odd says what of the profile means nothing: names that no attribute can have,
// and roles that nobody who fills in a form has ([latchkey.ProfileUser],
// [latchkey.ProfileAdmin]). The errors have the code "invalid", the field
// "attributes" and Keycloak's sentences.
func Odd(p *latchkey.UserProfile) []error {
	var out []error
	wrong := func(format string, args ...any) {
		out = append(out, latchkey.Invalid("attributes", format, args...))
	}
	for i := range p.Attributes {
		a := &p.Attributes[i]
		if len(a.Name) > 255 || !attributeName.MatchString(a.Name) {
			wrong("Invalid attribute name (only letters, numbers and '.' '_' '-' special characters allowed): %.80s", a.Name)
		}
		roles := map[string][]string{}
		if a.Permissions != nil {
			roles["permissions.view"], roles["permissions.edit"] = a.Permissions.View, a.Permissions.Edit
		}
		if a.Required != nil {
			roles["required.roles"] = a.Required.Roles
		}
		for _, member := range slices.Sorted(maps.Keys(roles)) {
			for _, role := range roles[member] {
				if role != latchkey.ProfileUser && role != latchkey.ProfileAdmin {
					wrong("'%s' configuration for attribute '%.80s' contains unsupported role '%.80s'", member, a.Name, role)
				}
			}
		}
		oddRules(a, wrong)
	}
	return out
}

// UnknownRules names the rules of the profile that no value is held against:
// validators that are not built, and patterns that cannot be read.
func UnknownRules(p *latchkey.UserProfile) []string {
	var out []string
	for i := range p.Attributes {
		a := &p.Attributes[i]
		for _, rule := range slices.Sorted(maps.Keys(a.Validations)) {
			switch {
			case rule == "multivalued":
			case validators[rule] == nil:
				out = append(out, a.Name+" ("+rule+")")
			case rule == "pattern":
				if _, err := compile(a.Validations[rule]); err != nil {
					out = append(out, a.Name+" (pattern, which cannot be read)")
				}
			}
		}
	}
	return out
}
