package flow

import (
	"fmt"
	"strconv"

	"latchkey"
	"latchkey/internal/profile"
	"latchkey/internal/token"
)

// ProfileUse is the use of the realm's user profile in this login; isNew says
// that its account is to be made.
func (c *Context) ProfileUse(isNew bool) profile.Use {
	use := profile.Use{Realm: c.Realm.Realm, Role: latchkey.ProfileUser, Scopes: []string{}, New: isNew, Locale: c.Login.Locale}
	if c.Client != nil {
		scope, _ := token.ResolveScope(c.Realm, c.Client, c.Login.Request.Scope)
		for _, s := range scope.Scopes {
			use.Scopes = append(use.Scopes, s.Name)
		}
	}
	return use
}

var autocomplete = map[string]string{
	latchkey.ProfileUsername: "username", latchkey.ProfileEmail: "email", latchkey.ProfileFirstName: "given-name", latchkey.ProfileLastName: "family-name",
	"phoneNumber": "tel", "phone": "tel", "locale": "language", "street": "street-address", "postal_code": "postal-code", "country": "country-name",
}

// ProfileFields gives the fields of a page, with the values.
func ProfileFields(use profile.Use, values profile.Values) []ProfileField {
	list := profile.Fields(use, values)
	out := make([]ProfileField, 0, len(list))
	for _, f := range list {
		a := f.Attribute
		text := func(key string) string {
			if v := a.Annotations[key]; v != nil {
				return fmt.Sprint(v)
			}
			return ""
		}
		count := func(v any) int {
			n, err := strconv.Atoi(fmt.Sprint(v))
			if err != nil || n < 0 || n > 1<<20 {
				return 0
			}
			return n
		}
		p := ProfileField{
			Name: a.Name, Label: a.DisplayName, Values: f.Values, Required: f.Required && !f.ReadOnly, ReadOnly: f.ReadOnly,
			Multivalued: a.Multivalued, Autocomplete: autocomplete[a.Name], Input: profile.InputType(a), Options: a.Options(),
			Before: text("inputHelperTextBefore"), After: text("inputHelperTextAfter"), Placeholder: text("inputTypePlaceholder"),
			MaxLength: count(a.Annotations["inputTypeMaxlength"]), Rows: count(a.Annotations["inputTypeRows"]),
			Least: text("inputTypeMin"), Most: text("inputTypeMax"), Step: text("inputTypeStep"), Group: a.Group,
		}
		if p.Label == "" {
			p.Label = a.Name
		}
		if p.MaxLength == 0 {
			p.MaxLength = count(a.Validations["length"]["max"])
		}
		if g := use.Realm.Profile.Group(a.Group); a.Group != "" && g != nil {
			p.GroupTitle, p.GroupHelp = g.DisplayHeader, g.DisplayDescription
			if p.GroupTitle == "" {
				p.GroupTitle = g.Name
			}
		}
		out = append(out, p)
	}
	return out
}

// ProfileErrors are the sentences under the fields with faults.
func ProfileErrors(faults []profile.Fault) []FieldError {
	out := make([]FieldError, 0, len(faults))
	for _, f := range faults {
		out = append(out, FieldError{Field: f.Attribute, Message: f.Message, Args: f.Params})
	}
	return out
}
