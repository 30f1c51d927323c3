package authenticator

import (
	"errors"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/profile"
	"latchkey/internal/user"
)

// userCreation is the part of a registration that asks for the user profile.
type userCreation struct{}

func (userCreation) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.FormUserCreation, DisplayName: "Registration User Profile Creation", Requirements: onOrOff,
		HelpText: "Asks for what the realm's user profile has, and makes the account of it.",
	}
}

// use is the profile's for a new account. Where the mailbox is to be proven an
// address has to be there, whatever the profile says.
func (userCreation) use(c *flow.Context) profile.Use { return c.ProfileUse(true) }

func (u userCreation) Show(c *flow.Context, page *flow.RegistrationForm) error {
	values := profile.Values{}
	if c.Form == nil {
		if h := hint(c); h != "" {
			if _, err := latchkey.ParseAddress(h); err == nil {
				values[latchkey.ProfileEmail] = []string{h}
			} else if !strings.Contains(h, "@") {
				values[latchkey.ProfileUsername] = []string{h}
			}
		}
	} else {
		values = profile.Typed(u.use(c), c.Form)
	}
	page.Fields = append(page.Fields, flow.ProfileFields(u.use(c), values)...)
	for i := range page.Fields {
		if page.Fields[i].Name == latchkey.ProfileEmail {
			page.Fields[i].Required = page.Fields[i].Required || !c.Realm.Realm.ImmediateRegistration()
		}
	}
	return nil
}

func (u userCreation) Validate(c *flow.Context) ([]flow.FieldError, error) {
	use := u.use(c)
	values := profile.Typed(use, c.Form)
	errs := flow.ProfileErrors(profile.Validate(use, values, true))
	email := first(values[latchkey.ProfileEmail])
	address, err := latchkey.ParseAddress(email)
	switch {
	case email == "" && c.Realm.Realm.ImmediateRegistration():
	case err != nil || address.NeedsUTF8() && !c.Realm.Realm.SMTP.AllowUTF8:
		errs = append(without(errs, latchkey.ProfileEmail), flow.AddressError(latchkey.ProfileEmail, email, err))
	}
	name := first(values[latchkey.ProfileUsername])
	if name == "" || email != "" && latchkey.SameAddress(name, email) {
		return errs, nil
	}
	if strings.Contains(name, "@") {
		// It could be the name of an account that was made by mail: whether
		// there is one is not told.
		return append(without(errs, latchkey.ProfileUsername), flow.FieldError{Field: latchkey.ProfileUsername, Message: profile.UserCharacter}), nil
	}
	_, err = c.Tx.UserByUsername(c.Login.RealmID, name)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return errs, nil
	case err != nil:
		return nil, err
	}
	return append(without(errs, latchkey.ProfileUsername), flow.FieldError{Field: latchkey.ProfileUsername, Message: profile.UsernameExists}), nil
}

// without leaves out the errors of a field.
func without(errs []flow.FieldError, field string) []flow.FieldError {
	var out []flow.FieldError
	for _, e := range errs {
		if e.Field != field {
			out = append(out, e)
		}
	}
	return out
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (u userCreation) Success(c *flow.Context, draft *user.Draft) error {
	draft.Values = profile.Typed(u.use(c), c.Form)
	return nil
}

// takenError says which of the names of an account that was to be made at once
// is another's.
func takenError(err error) flow.FieldError {
	var e *latchkey.Error
	if errors.As(err, &e) && e.Field == latchkey.ProfileUsername {
		return flow.FieldError{Field: latchkey.ProfileUsername, Message: profile.UsernameExists}
	}
	return flow.FieldError{Field: latchkey.ProfileEmail, Message: profile.EmailExists}
}

// registrationPassword is the part of a registration that asks for a password,
// twice. It is hashed in Prepare.
type registrationPassword struct{}

func (registrationPassword) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.FormPassword, DisplayName: "Password Validation", Category: categoryPassword, Requirements: onOrOff,
		HelpText: "Asks for a password, twice, and holds it against the realm's policy.",
	}
}

func (registrationPassword) Show(_ *flow.Context, page *flow.RegistrationForm) error {
	page.Password = true
	return nil
}

// Validate holds the password against the policy, for the names that were
// typed.
func (registrationPassword) Validate(c *flow.Context) ([]flow.FieldError, error) {
	u := &latchkey.User{Username: strings.TrimSpace(c.Form.Get(latchkey.ProfileUsername)), Email: strings.TrimSpace(c.Form.Get(latchkey.ProfileEmail))}
	return c.PasswordErrors("password", "password-confirm", u), nil
}

func (registrationPassword) Prepare(c *flow.Context) (any, error) {
	return credential.NewPassword(c.Tx.Context(), latchkey.Secret(c.Form.Get("password")))
}

func (registrationPassword) Success(c *flow.Context, draft *user.Draft) error {
	fresh, ok := c.Prepared.(*latchkey.Credential)
	if !ok || fresh == nil {
		return latchkey.Errorf(latchkey.CodeUnavailable, "The page has changed meanwhile. Send it once more.")
	}
	draft.SecretData, draft.CredentialData = fresh.SecretData, fresh.CredentialData
	return nil
}

// registrationTerms is the part of a registration that asks for a yes to the
// realm's terms.
type registrationTerms struct{}

func (registrationTerms) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.FormTerms, DisplayName: "Terms and conditions", Requirements: onOrOff,
		HelpText: "Asks for a yes to the realm's terms before the page can be sent.",
	}
}

func (registrationTerms) Show(c *flow.Context, page *flow.RegistrationForm) error {
	page.Terms, page.Text, page.Agreed = true, c.TermsText(), c.Form.Get("termsAccepted") != ""
	return nil
}

func (registrationTerms) Validate(c *flow.Context) ([]flow.FieldError, error) {
	if c.Form.Get("termsAccepted") == "" {
		return []flow.FieldError{{Field: "termsAccepted", Message: "error.terms.required"}}, nil
	}
	return nil, nil
}

func (registrationTerms) Success(c *flow.Context, draft *user.Draft) error {
	if draft.Attributes == nil {
		draft.Attributes = map[string][]string{}
	}
	draft.Attributes[flow.AttributeTerms] = []string{strconv.FormatInt(c.Now.Unix(), 10)}
	draft.Done = append(draft.Done, latchkey.ActionTerms)
	return nil
}
