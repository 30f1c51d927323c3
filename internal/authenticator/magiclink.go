package authenticator

import (
	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
)

// magicLink asks for an address, mails a link and a code to it, and waits.
//
// A request makes the same statements whatever is true of the address: known,
// unknown, disabled, throttled, suppressed, denied. It never looks the
// address up; the row of the mail is always written, and only its state
// differs. Who the mail goes to is decided when it is handed over (R-050,
//
type magicLink struct{ mailStep }

func (magicLink) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthMagicLink, DisplayName: "Magic Link", Category: "alternate-auth", Requirements: anyRequirement, Names: true,
		HelpText: "Asks for the e-mail address only and signs in by a link, or a code, that is mailed to it.",
		Label:    "way.ext-magic-form", Configurable: true, Properties: magicProperties,
	}
}

// The notes of the step.
const (
	noteShown = "shown" // what the waiting page calls the address
)

func (m magicLink) Authenticate(c *flow.Context) (flow.Outcome, error) {
	l := c.Login
	switch {
	case !l.Mail.ProvenAt.IsZero():
		// Another Magic Link of the flow has proven the mailbox in this login:
		// a second one would be the same proof, and the same code.
		return passed, nil
	case mailed(c):
		return m.wait(c, nil)
	case c.Passive:
		return challenge(m.form(c))
	}
	target, err := m.known(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if target == nil {
		return m.ask(c)
	}
	return m.send(c, target)
}

func (m magicLink) Action(c *flow.Context) (flow.Outcome, error) {
	if !mailed(c) {
		return m.submit(c)
	}
	return m.waited(c)
}

// ask shows the form: with the address of who is signed in, when the
// application asks them to prove themselves again, so that nothing is mailed
// unasked; else with what the application hints at.
func (m magicLink) ask(c *flow.Context) (flow.Outcome, error) {
	screen := m.form(c)
	u, err := sessionUser(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if u != nil && u.Email != "" && (screen.Address == "" || latchkey.SameAddress(screen.Address, u.Email)) {
		screen.Address, screen.Fixed = u.Email, true
	}
	return challenge(screen)
}

func (m magicLink) form(c *flow.Context) flow.EmailForm {
	screen := flow.EmailForm{
		RememberMe: c.Realm.Realm.RememberMe, Remembered: c.Login.RememberMe, RegisterToo: config(c).CreateUser,
	}
	if _, err := latchkey.ParseAddress(hint(c)); err == nil {
		screen.Address = hint(c)
	}
	return screen
}

// submit takes the form: exactly one address in its normal form (R-030,
// R-031), or a sentence that says what to do.
func (m magicLink) submit(c *flow.Context) (flow.Outcome, error) {
	target, err := m.known(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if target == nil {
		typed := c.Form.Get("username")
		address, err := latchkey.ParseAddress(typed)
		if err != nil || (address.NeedsUTF8() && !c.Realm.Realm.SMTP.AllowUTF8) {
			return m.refuseAddress(c, typed, err)
		}
		target = &recipient{address: address.Typed, shown: address.Typed}
	}
	rememberMe(c)
	return m.send(c, target)
}

func (m magicLink) refuseAddress(c *flow.Context, typed string, err error) (flow.Outcome, error) {
	screen := m.form(c)
	screen.Address = typed
	if len(typed) > maxUsername {
		screen.Address = ""
	}
	if normal, ok := latchkey.NormalAddress(typed); ok {
		screen.Address = normal // sending it again confirms it
	}
	screen.Remembered = c.Form.Get("rememberMe") != ""
	screen.Errors = []flow.FieldError{flow.AddressError("username", typed, err)}
	return refuse("invalid_email", screen)
}

// Weakens names the options of the mailed link that protect less than they
// could. A value that cannot be is named by the option's own bounds.
func (magicLink) Weakens(config map[string]string) (out []string) {
	for _, w := range actiontoken.Weakenings(config) {
		if w.Code != actiontoken.WeakLifespan {
			out = append(out, w.Text)
		}
	}
	return out
}
