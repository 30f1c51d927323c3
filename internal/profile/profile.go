package profile

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey"
)

// Values are a user's attributes by name, or what was typed for them.
type Values map[string][]string

// Use is one use of a realm's profile: who fills in a form, and in which act.
type Use struct {
	Realm *latchkey.Realm
	// Role is who fills it in: [latchkey.ProfileUser] or [latchkey.ProfileAdmin].
	Role string
	// Scopes are the names of the client scopes that the sign-in asks for; nil
	// outside of a sign-in.
	Scopes []string
	// New says that the account is to be made.
	New bool
	// Locale is the language in which dates may be typed.
	Locale string
}

// Fields gives what the form shows, in its order, with the values; those of a
// new account that has none are the defaults.
func Fields(use Use, values Values) []latchkey.ProfileField {
	fields := []latchkey.ProfileField{}
	attributes := use.Realm.Profile.Attributes
	for i := range attributes {
		a := &attributes[i]
		if !a.SeenBy(use.Role) || !a.SelectedBy(use.Scopes) || use.hides(a) {
			continue
		}
		f := latchkey.ProfileField{Attribute: a, Values: slices.Clone(values[a.Name]),
			Required: a.RequiredOf(use.Role, use.Scopes), ReadOnly: !use.Edits(a)}
		if use.New && len(f.Values) == 0 && a.DefaultValue != "" {
			f.Values = []string{a.DefaultValue}
		}
		fields = append(fields, f)
	}
	return fields
}

// hides says that there is no field for the attribute: where the address is
// the username, nobody types one.
func (use Use) hides(a *latchkey.ProfileAttribute) bool {
	return a.Name == latchkey.ProfileUsername && use.Realm.RegistrationEmailAsUsername && (use.New || use.Role == latchkey.ProfileUser)
}

// Edits says whether the form changes the attribute.
func (use Use) Edits(a *latchkey.ProfileAttribute) bool {
	switch {
	case !a.EditedBy(use.Role):
		return false
	case use.New:
		return true
	case a.Name == latchkey.ProfileUsername:
		return use.Realm.EditUsernameAllowed && !use.Realm.RegistrationEmailAsUsername
	case a.Name == latchkey.ProfileEmail:
		return use.Role == latchkey.ProfileAdmin
	}
	return true
}

// unmanaged says whether the form sets attributes that the profile does not
// name.
func (use Use) unmanaged() bool {
	switch use.Realm.Profile.UnmanagedAttributePolicy {
	case latchkey.UnmanagedEnabled:
		return true
	case latchkey.UnmanagedAdminEdit:
		return use.Role == latchkey.ProfileAdmin
	}
	return false
}

// Unmanaged gives those of the values that the profile does not name and that
// the role sees.
func Unmanaged(use Use, values Values) Values {
	switch use.Realm.Profile.UnmanagedAttributePolicy {
	case "":
		return Values{}
	case latchkey.UnmanagedEnabled:
	default:
		if use.Role != latchkey.ProfileAdmin {
			return Values{}
		}
	}
	out := Values{}
	for name, v := range values {
		if !managed(use.Realm, name) {
			out[name] = v
		}
	}
	return out
}

// managed says whether the profile, or the user itself, has the attribute.
func managed(realm *latchkey.Realm, name string) bool {
	return latchkey.RootAttribute(name) || realm.Profile.Attribute(name) != nil
}

// ValuesOf reads all attributes of a user.
func ValuesOf(u *latchkey.User) Values {
	v := Values{}
	maps.Copy(v, u.Attributes)
	for name, value := range map[string]string{latchkey.ProfileUsername: u.Username, latchkey.ProfileEmail: u.Email,
		latchkey.ProfileFirstName: u.FirstName, latchkey.ProfileLastName: u.LastName} {
		delete(v, name)
		if value != "" {
			v[name] = []string{value}
		}
	}
	return v
}

// Typed reads a submitted form: of the fields that the form changes, what was
// typed, trimmed and without empty values. Several values of one attribute are
// named name~0, name~1, ... A field that was not sent at all is left out,
// unless it has to have a value: then it is as if it was sent empty.
func Typed(use Use, form map[string][]string) Values {
	v := Values{}
	for _, f := range Fields(use, nil) {
		name := f.Attribute.Name
		sent, ok := form[name]
		for i := range maxValues {
			more, is := form[name+"~"+strconv.Itoa(i)]
			sent, ok = append(slices.Clip(sent), more...), ok || is
		}
		if f.ReadOnly || !ok && !f.Required {
			continue
		}
		v[name] = clean(sent)
	}
	return v
}

// clean trims values and leaves out empty ones.
func clean(list []string) []string {
	out := []string{}
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Apply puts values that [Validate] found no fault with into the user, and
// names what changed, sorted. Attributes that values lacks stay as they are,
// as do those that the use may not change.
func Apply(use Use, u *latchkey.User, values Values) (changed []string) {
	was := ValuesOf(u)
	for name, list := range values {
		list = clean(list)
		a := use.Realm.Profile.Attribute(name)
		if a == nil {
			if managed(use.Realm, name) || !use.unmanaged() {
				continue
			}
		} else if !a.SelectedBy(use.Scopes) || use.hides(a) || !use.Edits(a) {
			continue
		}
		if slices.Equal(was[name], list) {
			continue
		}
		set(u, name, list)
		changed = append(changed, name)
	}
	if use.Realm.RegistrationEmailAsUsername && slices.Contains(changed, latchkey.ProfileEmail) && u.Email != "" {
		u.Username = strings.ToLower(u.Email)
	}
	slices.Sort(changed)
	return changed
}

func set(u *latchkey.User, name string, list []string) {
	first := ""
	if len(list) > 0 {
		first = list[0]
	}
	switch name {
	case latchkey.ProfileUsername:
		u.Username = strings.ToLower(first)
	case latchkey.ProfileEmail:
		if !latchkey.SameAddress(u.Email, first) {
			u.EmailVerified = false // nobody proved it
		}
		u.Email = first
	case latchkey.ProfileFirstName:
		u.FirstName = first
	case latchkey.ProfileLastName:
		u.LastName = first
	default:
		if len(list) == 0 {
			delete(u.Attributes, name)
			return
		}
		if u.Attributes == nil {
			u.Attributes = map[string][]string{}
		}
		u.Attributes[name] = list
	}
}

// Missing says whether the user has to look at their profile: something is
// required that they have not given, or what they gave is not valid (any
// more). What they cannot change is not asked for.
func Missing(use Use, u *latchkey.User) bool {
	return len(Validate(use, ValuesOf(u), true)) > 0
}
