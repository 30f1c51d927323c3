package authenticator

import (
	"latchkey"
	"latchkey/internal/flow"
)

// chooseUser asks who forgot their password. It takes any name: whether there
// is such a user is not told, and what comes after it costs the same for both.
type chooseUser struct{}

func (chooseUser) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthChooseUser, DisplayName: "Choose User", Requirements: alwaysOn, Names: true,
		HelpText: "Asks for the username, or the e-mail address, of who forgot their password.",
	}
}

// Authenticate always asks, with what was typed before filled in: the way here
// is a link, and a link alone mails nothing.
func (chooseUser) Authenticate(c *flow.Context) (flow.Outcome, error) {
	typed := c.Login.Note(flow.NoteAttempted)
	if typed == "" {
		typed = hint(c)
	}
	return challenge(flow.ChooseUser{Username: typed})
}

func (chooseUser) Action(c *flow.Context) (flow.Outcome, error) {
	typed := typedUsername(c)
	if typed == "" {
		return refuse("user_not_found", flow.ChooseUser{Errors: []flow.FieldError{{Field: "username", Message: "error.username.missing"}}})
	}
	u, err := findTyped(c, typed)
	if err != nil {
		return flow.Outcome{}, err
	}
	c.SetUser(u)
	c.Login.SetNote(flow.NoteAttempted, typed)
	return passed, nil
}

// resetEmail mails a link and a code to the account of the name that an
// earlier step took, and waits. It looks the same for every name.
type resetEmail struct{ mailStep }

func (resetEmail) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthResetEmail, DisplayName: "Send Reset Email", Requirements: alwaysOn,
		HelpText: "Mails a link to the account's address and waits until the mailbox is proven.",
	}
}

func (r resetEmail) Authenticate(c *flow.Context) (flow.Outcome, error) {
	if mailed(c) {
		return r.wait(c, nil)
	}
	to, err := r.known(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if to == nil {
		return flow.Outcome{Kind: flow.Failure, Code: "user_not_found"}, nil // no step asked who it is
	}
	return r.send(c, to)
}

func (r resetEmail) Action(c *flow.Context) (flow.Outcome, error) {
	if !mailed(c) {
		return r.Authenticate(c)
	}
	return r.waited(c)
}

// resetPassword has the user set a new password before the login ends.
type resetPassword struct{}

func (resetPassword) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthResetPassword, DisplayName: "Reset Password", Requirements: onOrOff, NeedsUser: true,
		HelpText: "Asks for a new password before the sign-in goes on.",
	}
}

func (resetPassword) Authenticate(c *flow.Context) (flow.Outcome, error) {
	return ask(c, latchkey.ActionUpdatePassword)
}

func (r resetPassword) Action(c *flow.Context) (flow.Outcome, error) { return r.Authenticate(c) }

// resetOTP has the user set up their one-time passwords anew before the login
// ends. It takes none away: who has a second factor gives it first, in the flow
// that signs people in, since a mailbox alone must not get around it.
type resetOTP struct{}

func (resetOTP) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthResetOTP, DisplayName: "Reset OTP", Requirements: onOrOff, NeedsUser: true,
		HelpText: "Asks for new one-time passwords before the sign-in goes on; the old ones are asked for first where the flow of the sign-in does.",
	}
}

func (resetOTP) Authenticate(c *flow.Context) (flow.Outcome, error) {
	return ask(c, latchkey.ActionConfigureOTP)
}
func (r resetOTP) Action(c *flow.Context) (flow.Outcome, error) { return r.Authenticate(c) }

// ask has the login put a required action on the user when its flow is
// through, with every factor given, and passes.
func ask(c *flow.Context, alias string) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil || u == nil {
		return flow.Outcome{Kind: flow.Failure, Code: "user_not_found"}, err
	}
	c.Login.Ask(alias)
	return passed, nil
}
