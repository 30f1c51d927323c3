package requiredaction

import (
	"slices"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/outbox"
	"latchkey/internal/ratelimit"
)

// updateEmail gives the account another address: it mails to the new
// one, and the link or the code of that mail changes it. Whether somebody has
// that address is not looked at here: the answer is the same.
type updateEmail struct{ guard *ratelimit.Guard }

func (updateEmail) Provider() flow.Provider {
	return described(latchkey.ActionUpdateEmail, "Update Email")
}
func (updateEmail) Evaluate(*flow.Context) (bool, error) { return false, nil }

func (a updateEmail) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	switch {
	case c.Login.Note(actiontoken.NoteAddressProven) != "":
		a.forget(c)
		return done, nil
	case !mayChangeAddress(c.Realm.Realm):
		return flow.Outcome{Kind: flow.Failure, Code: "not_allowed"}, nil
	case c.Login.Note(actiontoken.NoteNewAddress) != "":
		return flow.Outcome{Kind: flow.Challenge, Screen: a.sentScreen(c)}, nil
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: flow.EmailUpdate{Address: u.Email}}, nil
}

// mayChangeAddress says whether the realm's user profile lets people change
// their address.
func mayChangeAddress(realm *latchkey.Realm) bool {
	a := realm.Profile.Attribute(latchkey.ProfileEmail)
	return a == nil || a.Permissions == nil || slices.Contains(a.Permissions.Edit, latchkey.ProfileUser)
}

// forget drops what the login knows of the change.
func (updateEmail) forget(c *flow.Context) {
	for _, note := range []string{actiontoken.NoteNewAddress, actiontoken.NoteOldAddress, actiontoken.NoteEndOthers, actiontoken.NoteAddressProven} {
		c.Login.SetNote(note, "")
	}
	c.SetNote(noteSentAt, "")
	c.SetNote(noteResent, "")
}

func (a updateEmail) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	waiting := c.Login.Note(actiontoken.NoteNewAddress) != ""
	switch {
	case c.Login.Note(actiontoken.NoteAddressProven) != "", !mayChangeAddress(c.Realm.Realm):
		return a.Challenge(c)
	case waiting && c.Form.Get("again") != "":
		a.forget(c)
		return a.Challenge(c)
	case waiting && c.Form.Get("resend") != "":
		return a.resend(c, u)
	case waiting && c.Form.Has("code"):
		return a.code(c)
	case waiting:
		return a.Challenge(c)
	}
	return a.begin(c, u)
}

// begin takes the new address and mails to it.
func (a updateEmail) begin(c *flow.Context, u *latchkey.User) (flow.Outcome, error) {
	typed := c.Form.Get("email")
	screen := flow.EmailUpdate{Address: u.Email, Typed: typed, LogoutOthers: c.Form.Get(fieldLogoutOthers) != ""}
	address, err := latchkey.ParseAddress(typed)
	switch {
	case err != nil:
		screen.Errors = []flow.FieldError{flow.AddressError("email", typed, err)}
	case latchkey.SameAddress(address.Typed, u.Email) && u.EmailVerified:
		screen.Errors = []flow.FieldError{{Field: "email", Message: "error.address.same"}}
	case !fresh(c):
		return flow.Outcome{Kind: flow.Restart}, nil
	}
	if len(screen.Errors) > 0 {
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: "invalid_email"}, nil
	}
	c.Login.SetNote(actiontoken.NoteNewAddress, address.Typed)
	c.Login.SetNote(actiontoken.NoteOldAddress, u.Email)
	if screen.LogoutOthers {
		c.Login.SetNote(actiontoken.NoteEndOthers, "1")
	}
	if err := a.mail(c, u); err != nil {
		return flow.Outcome{}, err
	}
	return a.Challenge(c)
}

func (a updateEmail) resend(c *flow.Context, u *latchkey.User) (flow.Outcome, error) {
	screen := a.sentScreen(c)
	if wait := screen.ResendAt.Sub(c.Now); wait > 0 {
		screen.Errors = []flow.FieldError{{Message: "error.resend.early", Args: []any{int((wait + time.Second - 1) / time.Second)}}}
		return flow.Outcome{Kind: flow.Failure, Screen: screen}, nil
	}
	if err := a.mail(c, u); err != nil {
		return flow.Outcome{}, err
	}
	c.SetNote(noteResent, "1")
	return a.Challenge(c)
}

// code takes the code of the mail.
func (a updateEmail) code(c *flow.Context) (flow.Outcome, error) {
	screen := a.sentScreen(c)
	typed := c.Form.Get("code")
	if typed == "" {
		screen.Errors = []flow.FieldError{{Field: "code", Message: "error.code.missing"}}
		return flow.Outcome{Kind: flow.Failure, Screen: screen}, nil
	}
	r, err := actiontoken.RedeemUpdateEmail(c.Tx, c.Realm, c.Login, actiontoken.AddressProof{Code: typed, Session: c.Session, From: c.Browser})
	switch {
	case err != nil:
		return flow.Outcome{}, err
	case r.Refused != "":
		screen = a.sentScreen(c) // the tries that are left
		screen.Errors = []flow.FieldError{{Field: "code", Message: "error.code.wrong.proof"}}
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: actiontoken.RefusedWrongCode}, nil
	}
	return a.Challenge(c)
}

func (updateEmail) sentScreen(c *flow.Context) flow.EmailUpdateSent {
	screen := flow.EmailUpdateSent{Address: c.Login.Note(actiontoken.NoteNewAddress), ResendAt: sentAt(c).Add(resendAfter),
		CodeClosed: codeClosed(c.Login), Reported: !c.Login.Mail.ReportedAt.IsZero()}
	screen.Resent = c.Note(noteResent) != "" && c.Now.Before(screen.ResendAt)
	return screen
}

// mail promises the mail to the new address, within the limits of every mail
// . Mails to another one that was typed before are of no use any more.
func (a updateEmail) mail(c *flow.Context, u *latchkey.User) error {
	if !a.guard.Allow(c.Browser.IP, c.Now) {
		return latchkey.Errorf(latchkey.CodeTooMany, "Many requests come from your network. Try again in a minute.")
	}
	l, realm, address := c.Login, c.Realm.Realm, c.Login.Note(actiontoken.NoteNewAddress)
	from := c.Browser
	from.Known = false // the browser signed in as the earlier address
	hit, _, err := ratelimit.Take(c.Tx, realm.ID, ratelimit.Mail(c.Tx.Keyring(), l, address, from)...)
	if err != nil {
		return err
	}
	ends := c.Now.Add(actiontoken.UserLifespan(realm, "update-email"))
	if l.ExpiresAt.Before(ends) {
		l.ExpiresAt = ends
	}
	token := &latchkey.ActionToken{RealmID: realm.ID, Kind: latchkey.TokenUpdateEmail, LoginID: l.ID, UserID: u.ID, ClientID: l.ClientID,
		ExpiresAt: ends, Address: address, Locale: l.Locale}
	s, err := actiontoken.Issue(c.Tx, token)
	if err != nil {
		return err
	}
	message := &latchkey.Message{Kind: latchkey.MailUpdateEmail, State: latchkey.MessageQueued, Address: address, LoginID: l.ID,
		TokenID: token.ID, Secret: s, ExpiresAt: ends, UserID: u.ID, ClientID: l.ClientID, Locale: l.Locale, From: from, WithCode: !codeClosed(l)}
	if hit != "" {
		message.State, message.Reason = latchkey.MessageWithheld, "limit:"+hit
	}
	if err := outbox.Queue(c.Tx, realm, message); err != nil {
		return err
	}
	c.SetNote(noteSentAt, strconv.FormatInt(c.Now.UnixMilli(), 10))
	return nil
}
