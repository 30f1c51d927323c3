package requiredaction

import (
	"errors"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey"
	"latchkey/internal/flow"
)

// updateProfile asks for what the realm's user profile has.
//
// The address is shown and never changed here. An address comes to an account
// by proof of its mailbox or by an administrator; taking a typed one would
// either put an unproven address on a proven account or tell
// whether somebody else has it. A change of address is a flow of its
// own, with proof of the new one and a notice to the old.
type updateProfile struct{}

func (updateProfile) Alias() string                        { return latchkey.ActionUpdateProfile }
func (updateProfile) Evaluate(*flow.Context) (bool, error) { return false, nil }

func (updateProfile) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: profileForm(c, u)}, nil
}

func (updateProfile) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	screen := profileForm(c, u)
	changed := take(c, u, &screen)
	if len(screen.Errors) == 0 && len(changed) > 0 {
		var e *latchkey.Error
		err := c.Tx.UpdateUser(u)
		switch {
		case errors.As(err, &e) && e.Code == latchkey.CodeConflict && e.Field == "username":
			screen.Errors = []flow.FieldError{{Field: "username", Message: "error.username.taken"}}
		case err != nil:
			return flow.Outcome{}, err
		}
	}
	if len(screen.Errors) > 0 {
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: "invalid_registration"}, nil
	}
	sort.Strings(changed)
	return done, record(c, latchkey.EventUpdateProfile, map[string]string{"context": latchkey.ActionUpdateProfile, "updated": strings.Join(changed, " ")})
}

func profileForm(c *flow.Context, u *latchkey.User) flow.ProfileForm {
	form := flow.ProfileForm{New: c.Login.NewUser}
	for _, a := range c.Realm.Realm.Profile.Attributes {
		f := flow.ProfileField{
			Name: a.Name, Label: a.DisplayName, Value: valueOf(u, a.Name), Required: a.Required, ReadOnly: a.ReadOnly,
			Autocomplete: autocomplete[a.Name],
		}
		if f.Label == "" {
			f.Label = a.Name
		}
		switch a.Name {
		case "username":
			if !c.Realm.Realm.EditUsernameAllowed || c.Realm.Realm.RegistrationEmailAsUsername {
				continue // nothing that the person could do with it
			}
		case "email":
			f.ReadOnly = true
		}
		if f.ReadOnly {
			f.Required = false
		}
		form.Fields = append(form.Fields, f)
	}
	return form
}

var autocomplete = map[string]string{
	"username": "username", "email": "email", "firstName": "given-name", "lastName": "family-name",
	"phoneNumber": "tel", "locale": "language",
}

// take puts what was typed into the form, and, where it is valid, into the
// user. It names what changed.
func take(c *flow.Context, u *latchkey.User, form *flow.ProfileForm) (changed []string) {
	longest := map[string]int{}
	for _, a := range c.Realm.Realm.Profile.Attributes {
		longest[a.Name] = a.MaxLength
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.ReadOnly || (!f.Required && !c.Form.Has(f.Name)) {
			continue
		}
		was := f.Value
		f.Value = strings.TrimSpace(c.Form.Get(f.Name))
		if message, args := invalid(f, longest[f.Name]); message != "" {
			form.Errors = append(form.Errors, flow.FieldError{Field: f.Name, Message: message, Args: args})
			continue
		}
		if f.Value != was {
			setValue(u, f.Name, f.Value)
			changed = append(changed, f.Name)
		}
	}
	return changed
}

// defaultLongest is how many characters a value may have when its attribute
// does not say.
const defaultLongest = 255

func invalid(f *flow.ProfileField, longest int) (message string, args []any) {
	if longest <= 0 {
		longest = defaultLongest
	}
	switch {
	case f.Value == "" && f.Required && f.Name == "username":
		return "error.username.missing", nil
	case f.Value == "" && f.Required:
		return "error.field.required", nil
	case utf8.RuneCountInString(f.Value) > longest:
		return "error.field.long", []any{longest}
	case !utf8.ValidString(f.Value) || strings.ContainsFunc(f.Value, unprintable):
		return "error.field.invalid", nil
	case f.Name == "username" && strings.ContainsFunc(f.Value, unicode.IsSpace):
		return "error.field.invalid", nil
	}
	return "", nil
}

// unprintable are characters that change what stands around them, and those
// that only mark-up needs.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '<' || r == '>'
}

func valueOf(u *latchkey.User, name string) string {
	switch name {
	case "username":
		return u.Username
	case "email":
		return u.Email
	case "firstName":
		return u.FirstName
	case "lastName":
		return u.LastName
	}
	if v := u.Attributes[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func setValue(u *latchkey.User, name, value string) {
	switch name {
	case "username":
		u.Username = strings.ToLower(value)
	case "firstName":
		u.FirstName = value
	case "lastName":
		u.LastName = value
	default:
		if u.Attributes == nil {
			u.Attributes = map[string][]string{}
		}
		if value == "" {
			delete(u.Attributes, name)
			return
		}
		u.Attributes[name] = []string{value}
	}
}
