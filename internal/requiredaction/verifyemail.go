package requiredaction

import (
	"strconv"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/outbox"
	"latchkey/internal/ratelimit"
)

// verifyEmail mails a link and a code that prove the account's address, and
// waits. Either takes the action off the user (actiontoken.RedeemVerifyEmail),
// so the flow goes on by itself: the link in this browser, the code for who
// reads mail elsewhere.
type verifyEmail struct{ guard *ratelimit.Guard }

// resendAfter is the time between two mails.
const resendAfter = actiontoken.DefaultResend

// The notes of the action: when the last mail was promised, in unix
// milliseconds, and that it was not the first.
const (
	noteSentAt = "sent_at"
	noteResent = "resent"
)

func (verifyEmail) Provider() flow.Provider {
	return described(latchkey.ActionVerifyEmail, "Verify Email")
}

// Evaluate asks for it where the realm wants proven addresses and this one is
// not.
func (verifyEmail) Evaluate(c *flow.Context) (bool, error) {
	if !c.Realm.Realm.VerifyEmail {
		return false, nil
	}
	u, err := c.User()
	return u != nil && u.Email != "" && !u.EmailVerified, err
}

func (a verifyEmail) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if u.EmailVerified || u.Email == "" {
		return done, nil // proven meanwhile, or nothing to prove
	}
	if sentAt(c).IsZero() {
		if err := a.mail(c, u); err != nil {
			return flow.Outcome{}, err
		}
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: verifyScreen(c, u)}, nil
}

func (a verifyEmail) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if u.EmailVerified || u.Email == "" {
		return done, nil
	}
	screen := verifyScreen(c, u)
	switch wait := screen.ResendAt.Sub(c.Now); {
	case c.Form.Get("resend") == "" && c.Form.Has("code"):
		return verifyCode(c, u)
	case c.Form.Get("resend") == "":
		return flow.Outcome{Kind: flow.Challenge, Screen: screen}, nil
	case wait > 0:
		screen.Errors = []flow.FieldError{{Message: "error.resend.early", Args: []any{int((wait + time.Second - 1) / time.Second)}}}
		return flow.Outcome{Kind: flow.Failure, Screen: screen}, nil
	}
	if err := a.mail(c, u); err != nil {
		return flow.Outcome{}, err
	}
	c.SetNote(noteResent, "1")
	return flow.Outcome{Kind: flow.Challenge, Screen: verifyScreen(c, u)}, nil
}

// verifyCode takes the code of the mail.
func verifyCode(c *flow.Context, u *latchkey.User) (flow.Outcome, error) {
	typed := c.Form.Get("code")
	if strings.TrimSpace(typed) == "" {
		screen := verifyScreen(c, u)
		screen.Errors = []flow.FieldError{{Field: "code", Message: "error.code.missing"}}
		return flow.Outcome{Kind: flow.Failure, Screen: screen}, nil
	}
	r, err := actiontoken.RedeemVerifyEmail(c.Tx, c.Realm, c.Login, actiontoken.AddressProof{Code: typed, Session: c.Session, From: knownAs(c, u)})
	switch {
	case err != nil:
		return flow.Outcome{}, err
	case r.Refused != "":
		screen := verifyScreen(c, u) // the tries that are left
		screen.Errors = []flow.FieldError{{Field: "code", Message: "error.code.wrong.proof"}}
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: actiontoken.RefusedWrongCode}, nil
	}
	return done, nil
}

// knownAs is this browser, which may have signed in as the user before.
func knownAs(c *flow.Context, u *latchkey.User) latchkey.Browser {
	from := c.Browser
	from.Known = ratelimit.Knows(c.Tx.Keyring(), u.RealmID, u.Email, c.KnownAddresses)
	return from
}

// codeClosed says that the login's mails have no code that is still good.
func codeClosed(l *latchkey.Login) bool {
	return l.Mail.CodeClosed || l.CodeTries >= actiontoken.MaxCodeTries
}

func verifyScreen(c *flow.Context, u *latchkey.User) flow.VerifyEmail {
	screen := flow.VerifyEmail{Address: u.Email, ResendAt: sentAt(c).Add(resendAfter),
		CodeClosed: codeClosed(c.Login) || c.Login.Mail.LinkOnly, Reported: !c.Login.Mail.ReportedAt.IsZero()}
	screen.Resent = c.Note(noteResent) != "" && c.Now.Before(screen.ResendAt)
	return screen
}

func sentAt(c *flow.Context) time.Time {
	ms, err := strconv.ParseInt(c.Note(noteSentAt), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// mail promises the mail, within the limits of every mail.
func (a verifyEmail) mail(c *flow.Context, u *latchkey.User) error {
	if !a.guard.Allow(c.Browser.IP, c.Now) {
		return latchkey.Errorf(latchkey.CodeTooMany, "Many requests come from your network. Try again in a minute.")
	}
	l, realm, from := c.Login, c.Realm.Realm, knownAs(c, u)
	linkOnly, err := ratelimit.LinkOnly(c.Tx, realm.ID, u.Email)
	if err != nil {
		return err
	}
	l.Mail.LinkOnly = linkOnly && !from.Known
	hit, _, err := ratelimit.Take(c.Tx, realm.ID, ratelimit.Mail(c.Tx.Keyring(), l, u.Email, from)...)
	if err != nil {
		return err
	}
	ends := c.Now.Add(actiontoken.UserLifespan(realm, "verify-email"))
	if l.ExpiresAt.Before(ends) {
		l.ExpiresAt = ends
	}
	token := &latchkey.ActionToken{
		RealmID: realm.ID, Kind: latchkey.TokenVerifyEmail, LoginID: l.ID, UserID: u.ID, ClientID: l.ClientID,
		ExpiresAt: ends, Address: u.Email, Locale: l.Locale,
	}
	s, err := actiontoken.Issue(c.Tx, token)
	if err != nil {
		return err
	}
	message := &latchkey.Message{
		RealmID: realm.ID, Kind: latchkey.MailVerifyEmail, State: latchkey.MessageQueued, Address: u.Email, LoginID: l.ID,
		TokenID: token.ID, Secret: s, ExpiresAt: ends, UserID: u.ID, ClientID: l.ClientID, Locale: l.Locale, From: from,
		WithCode: !l.Mail.LinkOnly && !codeClosed(l),
	}
	if hit != "" {
		message.State, message.Reason = latchkey.MessageWithheld, "limit:"+hit
	}
	if err := outbox.Queue(c.Tx, realm, message); err != nil {
		return err
	}
	c.SetNote(noteSentAt, strconv.FormatInt(c.Now.UnixMilli(), 10))
	return record(c, latchkey.EventSendVerifyEmail, map[string]string{"email": u.Email, "username": u.Username})
}
