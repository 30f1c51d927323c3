package accountrest

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/profile"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// localeAttribute is the person's language; every realm with several has it.
const localeAttribute = "locale"

func (c *call) use() profile.Use {
	return profile.Use{Realm: c.snap.Realm, Role: latchkey.ProfileUser, Locale: c.language()}
}

// account shows the person's own account, as far as the realm's profile lets
// them see it; with what a form for it is drawn from, unless that is declined.
func (d *Door) account(c *call) error {
	query, err := web.Query(c.r)
	if err != nil {
		return err
	}
	var out representation.Account
	err = c.view(func(_ *store.Tx, b *token.Bearer) error {
		u, use := b.User, c.use()
		values := profile.ValuesOf(u)
		fields := profile.Fields(use, values)
		shown := profile.Unmanaged(use, values)
		for _, f := range fields {
			if len(f.Values) > 0 {
				shown[f.Attribute.Name] = f.Values
			}
		}
		if l := u.Attributes[localeAttribute]; c.snap.Realm.InternationalizationEnabled && len(l) > 0 {
			shown[localeAttribute] = l
		}
		out = representation.Account{ID: u.ID, Username: u.Username, FirstName: taken(shown, latchkey.ProfileFirstName),
			LastName: taken(shown, latchkey.ProfileLastName), Email: u.Email, EmailVerified: u.EmailVerified}
		taken(shown, latchkey.ProfileUsername)
		taken(shown, latchkey.ProfileEmail)
		if len(shown) > 0 {
			out.Attributes = shown
		}
		if query.Get("userProfileMetadata") != "false" {
			out.UserProfileMetadata = representation.ProfileMetadataOf(&c.snap.Realm.Profile, fields)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// taken takes the one value of an attribute out of the values.
func taken(values profile.Values, name string) string {
	list := values[name]
	delete(values, name)
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// accountBody is what a person sends of their account. Fields that are not
// sent stay as they are; attributes are replaced as a whole.
type accountBody struct {
	Username   *string             `json:"username"`
	Email      *string             `json:"email"`
	FirstName  *string             `json:"firstName"`
	LastName   *string             `json:"lastName"`
	Attributes map[string][]string `json:"attributes"`
}

// sent gives what was sent, by the names of attributes.
func (b *accountBody) sent(use profile.Use) profile.Values {
	values := profile.Values{}
	if b.Attributes != nil {
		for _, f := range profile.Fields(use, nil) {
			if !f.ReadOnly && !latchkey.RootAttribute(f.Attribute.Name) {
				values[f.Attribute.Name] = []string{}
			}
		}
	}
	for name, list := range b.Attributes {
		values[name] = list
	}
	delete(values, localeAttribute)
	for name, text := range map[string]*string{latchkey.ProfileUsername: b.Username, latchkey.ProfileEmail: b.Email,
		latchkey.ProfileFirstName: b.FirstName, latchkey.ProfileLastName: b.LastName} {
		if text != nil {
			values[name] = []string{strings.TrimSpace(*text)}
		}
	}
	return values
}

// updateAccount changes the person's own account by the rules of the realm's
// profile. The address is not changed here: sending another one than
// it is is a fault.
func (d *Door) updateAccount(c *call) error {
	var body accountBody
	if err := web.ReadJSON(c.r, &body); err != nil {
		return cannotParse()
	}
	var faults []profile.Fault
	err := c.update(func(tx *store.Tx, b *token.Bearer) error {
		use := c.use()
		u, err := tx.LockUser(b.User.RealmID, b.User.ID)
		if err != nil {
			return err
		}
		sent, was := body.sent(use), profile.ValuesOf(u)
		values := profile.ValuesOf(u)
		for name, list := range sent {
			values[name] = list
		}
		faults = slices.Concat(fixed(use, sent, was), profile.Validate(use, values, true), c.locale(body.Attributes))
		if len(faults) > 0 {
			return nil
		}
		changed := profile.Apply(use, u, sent)
		if c.setLocale(u, body.Attributes) {
			changed = append(changed, localeAttribute)
		}
		if len(changed) == 0 {
			return nil
		}
		var e *latchkey.Error
		if err := tx.UpdateUser(u); errors.As(err, &e) && e.Code == latchkey.CodeConflict && e.Field == latchkey.ProfileUsername {
			faults = []profile.Fault{{Attribute: latchkey.ProfileUsername, Message: profile.UsernameExists, Params: []any{"${username}"}}}
			return nil
		} else if err != nil {
			return err
		}
		return c.record(tx, b, latchkey.EventUpdateProfile, "", map[string]string{"context": "ACCOUNT", "updated": strings.Join(changed, " ")})
	})
	switch {
	case err != nil:
		return err
	case len(faults) > 0:
		return web.WriteJSON(c.w, http.StatusBadRequest, shownFaults(faults))
	}
	return c.done()
}

// fixed finds fields that the person may not change and sent with another
// value than they have.
func fixed(use profile.Use, sent, was profile.Values) (faults []profile.Fault) {
	for _, f := range profile.Fields(use, nil) {
		name := f.Attribute.Name
		list, given := sent[name]
		if !given || !f.ReadOnly || same(name, list, was[name]) {
			continue
		}
		fault := profile.Fault{Attribute: name, Message: profile.ReadOnly, Params: []any{f.Attribute.DisplayName}}
		if name == latchkey.ProfileEmail && len(list) == 1 {
			if _, err := latchkey.ParseAddress(list[0]); err != nil {
				fault = profile.Fault{Attribute: name, Message: profile.InvalidEmail, Params: []any{f.Attribute.DisplayName, list[0]}}
			}
		}
		faults = append(faults, fault)
	}
	return faults
}

func same(name string, a, b []string) bool {
	full := func(s string) bool { return s != "" }
	a, b = slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !full(s) }), slices.DeleteFunc(slices.Clone(b), func(s string) bool { return !full(s) })
	if name == latchkey.ProfileUsername || name == latchkey.ProfileEmail {
		return len(a) == len(b) && (len(a) == 0 || strings.EqualFold(a[0], b[0]))
	}
	return slices.Equal(a, b)
}

// locale finds a language that the realm does not speak.
func (c *call) locale(attributes map[string][]string) []profile.Fault {
	l := attributes[localeAttribute]
	if !c.snap.Realm.InternationalizationEnabled || len(l) == 0 || l[0] == "" || slices.Contains(c.door.Pages.Locales(c.snap.Realm), l[0]) {
		return nil
	}
	return []profile.Fault{{Attribute: localeAttribute, Message: profile.InvalidValue, Params: []any{"${locale}"}}}
}

func (c *call) setLocale(u *latchkey.User, attributes map[string][]string) bool {
	l, given := attributes[localeAttribute]
	if !c.snap.Realm.InternationalizationEnabled || !given || slices.Equal(l, u.Attributes[localeAttribute]) {
		return false
	}
	if u.Attributes == nil {
		u.Attributes = map[string][]string{}
	}
	delete(u.Attributes, localeAttribute)
	if len(l) > 0 && l[0] != "" {
		u.Attributes[localeAttribute] = l[:1]
	}
	return true
}

func shownFaults(faults []profile.Fault) representation.ProfileFaults {
	out := representation.ProfileFaults{Errors: []representation.ProfileFault{}}
	for _, f := range faults {
		params := f.Params
		if params == nil {
			params = []any{}
		}
		out.Errors = append(out.Errors, representation.ProfileFault{Field: f.Attribute, ErrorMessage: f.Message, Params: params})
	}
	out.ProfileFault = out.Errors[0]
	return out
}
