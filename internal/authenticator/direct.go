package authenticator

import (
	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
)

// The steps of a token request with a name and a password (RFC 6749 4.3):
// they take what they ask for from the form of that request, and have no
// pages. What is wrong is told to the application alike, whatever it is; the
// codes are for events.

// directUsername finds whom the form names. A name that is nobody's goes on
// to the password like any other, so that its answer is the same.
type directUsername struct{}

func (directUsername) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthDirectUsername, DisplayName: "Username Validation", Category: "Username Validation", Requirements: alwaysOn, Passes: flow.ByRequest, Names: true,
		HelpText: "Takes the user whom the form parameter \"username\" of a token request names.",
	}
}

func (directUsername) Authenticate(c *flow.Context) (flow.Outcome, error) {
	typed := typedUsername(c)
	if typed == "" {
		return flow.Outcome{Kind: flow.Failure, Code: "user_not_found"}, nil
	}
	u, err := findTyped(c, typed)
	if err != nil {
		return flow.Outcome{}, err
	}
	c.SetUser(u)
	c.Login.SetNote(flow.NoteAttempted, typed)
	return passed, nil
}

func (a directUsername) Action(c *flow.Context) (flow.Outcome, error) { return a.Authenticate(c) }

// directPassword compares the form's password.
type directPassword struct{}

func (directPassword) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthDirectPassword, DisplayName: "Password", Category: "Password", Requirements: onOrOff, Passes: flow.ByRequest,
		HelpText: "Compares the form parameter \"password\" of a token request.",
	}
}

func (directPassword) Prepare(c *flow.Context) (any, error) {
	u, err := whoTyped(c)
	if err != nil {
		return nil, err
	}
	return verify(c, u)
}

func (directPassword) Authenticate(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil {
		return flow.Outcome{}, err
	}
	r, err := checked(c, u, c.Login.Note(flow.NoteAttempted))
	switch {
	case err != nil:
		return flow.Outcome{}, err
	case r.code == "":
		return passed, nil
	case u == nil && r.code == codeWrong:
		r.code = "user_not_found"
	}
	return flow.Outcome{Kind: flow.Failure, Code: r.code, Retry: r.retry}, nil
}

func (a directPassword) Action(c *flow.Context) (flow.Outcome, error) { return a.Authenticate(c) }

// directOTP compares the form's one-time password, with every device that the
// user has.
type directOTP struct{}

func (directOTP) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthDirectOTP, DisplayName: "OTP", Category: "OTP", Requirements: onOrOff, NeedsUser: true, Passes: flow.ByRequest,
		HelpText: "Compares the form parameter \"totp\" (or \"otp\") of a token request with the user's devices.",
	}
}

// ConfiguredFor says whether the user has a device.
func (directOTP) ConfiguredFor(c *flow.Context, u *latchkey.User) (bool, error) { return hasOTP(c, u) }

func (directOTP) Authenticate(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil || u == nil {
		return flow.Outcome{Kind: flow.Failure, Code: "user_not_found"}, err
	}
	list, err := devices(c, u)
	if err != nil {
		return flow.Outcome{}, err
	}
	code := c.Form.Get("totp")
	if code == "" {
		code = c.Form.Get("otp")
	}
	if code == "" {
		return flow.Outcome{Kind: flow.Failure, Code: codeWrong}, nil // nothing was guessed
	}
	r, err := checkOTP(c, u, list, code)
	switch {
	case err != nil:
		return flow.Outcome{}, err
	case r.code != "":
		return flow.Outcome{Kind: flow.Failure, Code: r.code, Retry: r.retry}, nil
	}
	return passed, nil
}

func (a directOTP) Action(c *flow.Context) (flow.Outcome, error) { return a.Authenticate(c) }

// guesser is who tries a password or a code at the user's, or at the name. Who
// proved the mailbox in this login is no stranger: others who guess do not keep
// them from their second factor.
func guesser(c *flow.Context, u *latchkey.User, typed string) ratelimit.Guesser {
	g := ratelimit.Guesser{Name: typed, IP: c.Browser.IP}
	if u != nil {
		g.UserID, g.Known = u.ID, knows(c, u.Email) || !c.Login.Mail.ProvenAt.IsZero()
	}
	return g
}
