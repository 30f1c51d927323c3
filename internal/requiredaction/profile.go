package requiredaction

import (
	"errors"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/profile"
)

// updateProfile asks for what the realm's user profile has.
//
// The address is shown and never changed here. An address comes to an account
// by proof of its mailbox or by an administrator; taking a typed one would
// either put an unproven address on a proven account or tell
// whether somebody else has it. A change of address is a flow of its
// own, with proof of the new one and a notice to the old.
type updateProfile struct{}

func (updateProfile) Provider() flow.Provider {
	return described(latchkey.ActionUpdateProfile, "Update Profile")
}
func (updateProfile) Evaluate(*flow.Context) (bool, error) { return false, nil }

func (updateProfile) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: profileForm(c, profile.ValuesOf(u))}, nil
}

func (a updateProfile) Action(c *flow.Context) (flow.Outcome, error) {
	return takeProfile(c, a.Provider().ID, profileForm)
}

// verifyProfile is shown when the profile lacks something that it has to have,
// or holds what is not valid (any more).
type verifyProfile struct{}

func (verifyProfile) Provider() flow.Provider {
	return described(latchkey.ActionVerifyProfile, "Verify Profile")
}

// Evaluate leaves those alone who are asked for their whole profile anyway.
func (verifyProfile) Evaluate(c *flow.Context) (bool, error) {
	u, err := c.User()
	if err != nil || u == nil || u.HasRequiredAction(latchkey.ActionUpdateProfile) {
		return false, err
	}
	return profile.Missing(c.ProfileUse(false), u), nil
}

func (verifyProfile) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if !profile.Missing(c.ProfileUse(false), u) {
		return done, nil // given meanwhile
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: verifyForm(c, profile.ValuesOf(u))}, nil
}

func (a verifyProfile) Action(c *flow.Context) (flow.Outcome, error) {
	return takeProfile(c, a.Provider().ID, verifyForm)
}

// takeProfile puts what was typed into the user, when nothing is wrong with it.
func takeProfile(c *flow.Context, alias string, form func(*flow.Context, profile.Values) flow.ProfileForm) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	use, values := c.ProfileUse(false), profile.ValuesOf(u)
	typed := profile.Typed(use, c.Form)
	for name, list := range typed {
		values[name] = list
	}
	faults := flow.ProfileErrors(profile.Validate(use, values, true))
	var changed []string
	if len(faults) == 0 {
		if changed = profile.Apply(use, u, typed); len(changed) > 0 {
			var e *latchkey.Error
			err := c.Tx.UpdateUser(u)
			switch {
			case errors.As(err, &e) && e.Code == latchkey.CodeConflict && e.Field == "username":
				faults = []flow.FieldError{{Field: latchkey.ProfileUsername, Message: profile.UsernameExists}}
			case err != nil:
				return flow.Outcome{}, err
			}
		}
	}
	if len(faults) > 0 {
		screen := form(c, values)
		screen.Errors = faults
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: "invalid_registration"}, nil
	}
	return done, record(c, latchkey.EventUpdateProfile, map[string]string{"context": alias, "updated": strings.Join(changed, " ")})
}

func profileForm(c *flow.Context, values profile.Values) flow.ProfileForm {
	form := flow.ProfileForm{New: c.Login.NewUser}
	for _, f := range flow.ProfileFields(c.ProfileUse(false), values) {
		if f.Name == latchkey.ProfileUsername && f.ReadOnly {
			continue // nothing that the person could do with it
		}
		form.Fields = append(form.Fields, f)
	}
	return form
}

func verifyForm(c *flow.Context, values profile.Values) flow.ProfileForm {
	form := profileForm(c, values)
	form.New, form.Verify = false, true
	return form
}
