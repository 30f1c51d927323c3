package authenticator

import (
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
)

// magicLink asks for an address, mails a link and a code to it, and waits.
//
// A request makes the same statements whatever is true of the address: known,
// unknown, disabled, throttled, suppressed, denied. It never looks the
// address up; the row of the mail is always written, and only its state
// differs. Who the mail goes to is decided when it is handed over (R-050,
//
type magicLink struct{ guard *ratelimit.Guard }

func (magicLink) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthMagicLink, DisplayName: "Magic Link", Category: "alternate-auth", Requirements: anyRequirement,
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
	switch {
	case c.Form.Get("resend") != "":
		return m.resend(c)
	case c.Form.Has("code"):
		return m.code(c)
	}
	return m.wait(c, nil) // "I have opened the link": the page shows where the login stands
}

// mailed says whether this execution has mailed and waits.
func mailed(c *flow.Context) bool {
	return c.Login.Mail.Execution == c.Execution.ID && c.Login.Mail.Sent > 0
}

func config(c *flow.Context) actiontoken.MagicConfig {
	return actiontoken.ParseMagicConfig(c.Config, c.Realm.Realm.Name)
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

// recipient is whom a mail is asked for.
type recipient struct {
	address string // where it is promised to; may be no address at all
	userID  string // when an earlier step named the user
	shown   string // what the page calls it
	reason  string // why nothing is mailed, when that is known
}

// known is the recipient that an earlier step of this login named; nil when
// none did. A name that is nobody's gets the same treatment as one that is
// somebody's.
func (m magicLink) known(c *flow.Context) (*recipient, error) {
	u, err := c.User()
	if err != nil {
		return nil, err
	}
	typed := c.Login.Note(noteAttempted)
	switch {
	case u != nil:
		r := &recipient{address: u.Email, userID: u.ID, shown: typed}
		if typed == "" {
			r.shown = latchkey.MaskAddress(u.Email)
		}
		if _, err := latchkey.ParseAddress(u.Email); err != nil {
			r.reason = "no_address"
		}
		return r, nil
	case typed != "":
		r := &recipient{address: typed, shown: typed}
		if _, err := latchkey.ParseAddress(typed); err != nil {
			r.reason = "no_account"
		}
		return r, nil
	}
	return nil, nil
}

// wait is the waiting page. It looks the same for every address.
func (m magicLink) wait(c *flow.Context, change func(*flow.Waiting)) (flow.Outcome, error) {
	l, cfg := c.Login, config(c)
	screen := flow.Waiting{
		Address: c.Note(noteShown), Code: cfg.Code, CodeClosed: l.Mail.CodeClosed || l.CodeTries >= actiontoken.MaxCodeTries,
		ResendAt: l.Mail.LastAt.Add(cfg.Resend), ExpiresAt: earlier(l.Mail.LastAt.Add(cfg.Lifespan), l.ExpiresAt),
		Reported: !l.Mail.ReportedAt.IsZero(),
	}
	screen.Resent = l.Mail.Sent > 1 && c.Now.Before(screen.ResendAt)
	if cfg.OtherBrowser == actiontoken.OtherBrowserNumber && !l.Mail.NumberClosed && l.NumberTries < actiontoken.MaxNumberTries {
		screen.Number = actiontoken.Number(c.Tx.Keyring(), l.ID, l.Mail.NumberGeneration)
	}
	if l.From.Known {
		var err error
		if screen.Failed, err = failed(c); err != nil {
			return flow.Outcome{}, err
		}
	}
	out := flow.Outcome{Kind: flow.Challenge}
	if change != nil {
		change(&screen)
		if len(screen.Errors) > 0 {
			out.Kind = flow.Failure
		}
	}
	out.Screen = screen
	return out, nil
}

// failed says whether the last mail could not be delivered. It is told only
// to a browser that has proven the address before.
func failed(c *flow.Context) (bool, error) {
	messages, err := c.Tx.MessagesOfLogin(c.Login.RealmID, c.Login.ID)
	if err != nil {
		return false, err
	}
	var last *latchkey.Message
	for _, msg := range messages {
		if last == nil || msg.CreatedAt.After(last.CreatedAt) {
			last = msg
		}
	}
	return last != nil && (last.State == latchkey.MessageFailed || last.State == latchkey.MessageExpired), nil
}

// resend mails once more. It replaces nothing: every mail of the login works
// until one of them does. After "It was not me" in another browser it
// brings a new number; the tries that were used up stay used up.
func (m magicLink) resend(c *flow.Context) (flow.Outcome, error) {
	l, cfg := c.Login, config(c)
	if wait := l.Mail.LastAt.Add(cfg.Resend).Sub(c.Now); wait > 0 {
		return m.wait(c, func(w *flow.Waiting) {
			w.Errors = []flow.FieldError{{Message: "error.resend.early", Args: []any{int((wait + time.Second - 1) / time.Second)}}}
		})
	}
	target, err := m.known(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if target == nil {
		target = &recipient{address: actiontoken.TypedAddress(l), shown: c.Note(noteShown)}
	}
	if !l.Mail.ReportedAt.IsZero() {
		l.Mail.NumberGeneration++
		l.Mail.NumberClosed, l.Mail.ReportedAt = false, time.Time{}
	}
	if err := m.mail(c, target); err != nil {
		return flow.Outcome{}, err
	}
	return m.wait(c, nil)
}

// code takes what was typed for the code of the mail.
func (m magicLink) code(c *flow.Context) (flow.Outcome, error) {
	typed := c.Form.Get("code")
	if strings.TrimSpace(typed) == "" {
		return m.wait(c, func(w *flow.Waiting) {
			w.Errors = []flow.FieldError{{Field: "code", Message: "error.code.missing"}}
		})
	}
	r, err := actiontoken.RedeemCode(c.Tx, c.Realm, c.Login, typed, c.Browser.IP)
	if err != nil {
		return flow.Outcome{}, err
	}
	switch r.Refused {
	case "":
		c.SetUser(r.User)
		return passed, nil
	case actiontoken.RefusedUserDisabled, actiontoken.RefusedNoAccount:
		// The mailbox is theirs: they may be told.
		return flow.Outcome{Kind: flow.Failure, Code: r.Refused}, nil
	case actiontoken.RefusedEnded, actiontoken.RefusedExpired:
		return flow.Outcome{Kind: flow.Restart, Code: r.Refused}, nil
	}
	out, err := m.wait(c, func(w *flow.Waiting) {
		w.Errors = []flow.FieldError{{Field: "code", Message: "error.code.wrong", Args: []any{max(0, actiontoken.MaxCodeTries-c.Login.CodeTries)}}}
	})
	out.Code = r.Refused
	return out, err
}

// knows says whether this browser signed in as that address before.
func knows(c *flow.Context, address string) bool {
	return ratelimit.Knows(c.Tx.Keyring(), c.Login.RealmID, address, c.KnownAddresses)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
