package authenticator

import (
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
)

// mailStep mails a link and a code and waits until the mailbox is proven: what
// the mailed link, a registration and a reset of credentials have in common.
type mailStep struct{ guard *ratelimit.Guard }

// waited takes what is submitted on the waiting page.
func (m mailStep) waited(c *flow.Context) (flow.Outcome, error) {
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
	return actiontoken.ConfigFor(c.Realm.Realm, c.Execution.Authenticator, c.Config)
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
func (m mailStep) known(c *flow.Context) (*recipient, error) {
	u, err := c.User()
	if err != nil {
		return nil, err
	}
	typed := c.Login.Note(flow.NoteAttempted)
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
func (m mailStep) wait(c *flow.Context, change func(*flow.Waiting)) (flow.Outcome, error) {
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
func (m mailStep) resend(c *flow.Context) (flow.Outcome, error) {
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
func (m mailStep) code(c *flow.Context) (flow.Outcome, error) {
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
		if c.Login.Executions[c.Execution.ID] != latchkey.StatusSuccess {
			return flow.Outcome{Kind: flow.Identified}, nil
		}
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
