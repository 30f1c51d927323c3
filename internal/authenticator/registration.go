package authenticator

import (
	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/user"
)

// registrationPage is the page of a registration. What it asks for are the
// parts of its form-flow. When none of them finds a fault, what was typed is
// kept with the login, sealed, and a link is mailed: the account is made when
// the mailbox is proven (actiontoken.Redeem), so that the page says the same
// for every address. To an address that has an account the mail
// says so, and its link leads to the sign-in.
type registrationPage struct{ mailStep }

func (registrationPage) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthRegistrationPage, DisplayName: "Registration Page", Form: true, Requirements: onOrOff, Names: true,
		HelpText: "Shows one page with what the parts of the form ask for, and makes the account when the mailbox is proven.",
	}
}

func (p registrationPage) Authenticate(c *flow.Context) (flow.Outcome, error) {
	l := c.Login
	switch {
	case !l.Mail.ProvenAt.IsZero() && l.Mail.Execution == c.Execution.ID:
		// Proven, and not marked as passed: there was an account.
		return flow.Outcome{Kind: flow.Identified}, nil
	case mailed(c):
		return p.wait(c, nil)
	}
	return p.show(c, nil)
}

// show shows the page with what was typed and what is wrong with it.
func (p registrationPage) show(c *flow.Context, errs []flow.FieldError) (flow.Outcome, error) {
	screen := flow.RegistrationForm{Errors: errs}
	for _, part := range c.Parts {
		if part.Action == nil {
			return flow.Outcome{Kind: flow.Failure, Code: flow.CodeNotBuilt}, nil
		}
		if err := part.Action.Show(c.ForPart(part), &screen); err != nil {
			return flow.Outcome{}, err
		}
	}
	if len(errs) > 0 {
		return refuse("invalid_registration", screen)
	}
	return challenge(screen)
}

// Prepare lets every part do its slow work, when none has a fault.
func (p registrationPage) Prepare(c *flow.Context) (any, error) {
	if mailed(c) {
		return nil, nil
	}
	errs, err := p.validate(c)
	if err != nil || len(errs) > 0 {
		return nil, err
	}
	out := map[string]any{}
	for _, part := range c.Parts {
		if slow, ok := part.Action.(flow.Preparer); ok {
			if out[part.Execution.ID], err = slow.Prepare(c.ForPart(part)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// validate asks every part what is wrong.
func (p registrationPage) validate(c *flow.Context) ([]flow.FieldError, error) {
	var errs []flow.FieldError
	for _, part := range c.Parts {
		if part.Action == nil {
			return []flow.FieldError{{Message: "error.field.invalid"}}, nil
		}
		more, err := part.Action.Validate(c.ForPart(part))
		if err != nil {
			return nil, err
		}
		errs = append(errs, more...)
	}
	return errs, nil
}

func (p registrationPage) Action(c *flow.Context) (flow.Outcome, error) {
	if mailed(c) {
		return p.waited(c)
	}
	if !p.guard.Allow(c.Browser.IP, c.Now) {
		return flow.Outcome{}, latchkey.Errorf(latchkey.CodeTooMany, "Many requests come from your network. Try again in a minute.")
	}
	if kept := user.Kept(c.Tx.Keyring(), c.Login); kept != nil && c.Form.Get("resend") != "" {
		// It was typed in a login that is over, and goes on in this one.
		return p.send(c, &recipient{address: kept.Address(), shown: kept.Address()})
	}
	errs, err := p.validate(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if len(errs) > 0 {
		return p.show(c, errs)
	}
	draft := &user.Draft{Scopes: c.ProfileUse(true).Scopes}
	for _, part := range c.Parts {
		if err := part.Action.Success(c.ForPart(part), draft); err != nil {
			return flow.Outcome{}, err
		}
	}
	if c.Realm.Realm.ImmediateRegistration() {
		return p.make(c, draft)
	}
	address := draft.Address()
	if address == "" { // the form has no part that asks for one
		return flow.Outcome{Kind: flow.Failure, Code: flow.CodeNotBuilt}, nil
	}
	if err := draft.Keep(c.Tx.Keyring(), c.Login); err != nil {
		return flow.Outcome{}, err
	}
	return p.send(c, &recipient{address: address, shown: address})
}

// make makes the account at once, with an address that nobody has proven.
func (p registrationPage) make(c *flow.Context, draft *user.Draft) (flow.Outcome, error) {
	u := draft.User(c.Tx, c.Realm)
	u.Unclaimed = true
	e := latchkey.Event{IPAddress: c.Browser.IP, Details: map[string]string{"register_method": "form", "code_id": c.Login.ID}}
	if c.Client != nil {
		e.ClientID = c.Client.ClientID
	}
	err := user.Register(c.Tx, c.Realm, u, e, draft.Credentials()...)
	if latchkey.ErrorCode(err) == latchkey.CodeConflict {
		return p.show(c, []flow.FieldError{takenError(err)})
	}
	if err != nil {
		return flow.Outcome{}, err
	}
	c.SetUser(u)
	c.Login.NewUser, c.Login.FromCookie = true, false
	if len(draft.Credentials()) > 0 {
		c.Login.AddAMR(latchkey.AMRPassword)
	}
	return passed, nil
}
