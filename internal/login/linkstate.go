package login

import (
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
)

// linkState is what the page of a mailed link shows: one row of the truth
// table in docs/mailed-link.md.
type linkState int

// The rows of the truth table.
const (
	linkInvalid      linkState = iota // no such link, or a wrong secret
	linkSame                          // the browser that asked: one button
	linkOpenStep                      // the browser that asked, used already, steps remain
	linkOther                         // another browser: the number
	linkOtherClosed                   // another browser, the number is used up
	linkOtherCode                     // another browser, by policy: type the code there
	linkOtherRefused                  // another browser, by policy: only where it was asked for
	linkOtherUser                     // somebody else is signed in here
	linkUsed                          // redeemed
	linkExpired                       // too late
	linkEnded                         // its login was begun again, or finished another way
	linkDisabled                      // the account is switched off
	linkAPI                           // a link made by the API: a button
	linkAgain                         // the browser that asked, a reusable link whose login is finished: one button
)

// linkFacts is all that the state of a link depends on.
type linkFacts struct {
	Token   *latchkey.ActionToken
	Login   *latchkey.Login // the login that mailed it; nil when it is gone
	Account *latchkey.User  // the account of its address; nil when there is none yet
	// SameBrowser says that the request carries the cookie of the browser
	// that asked.
	SameBrowser bool
	Session     *latchkey.UserSession // who is signed in in this browser
	Config      actiontoken.MagicConfig
	Now         time.Time
}

// state reads the truth table from top to bottom; the first row that fits
// decides. It looks at nothing but the facts.
func (f linkFacts) state() linkState {
	t, l := f.Token, f.Login
	if !t.Kind.ByAPI() && l == nil {
		return linkExpired // the login is swept an hour after its end
	}
	used := !t.RedeemedAt.IsZero() && !t.Reusable
	switch {
	case f.again() && f.Account != nil && !f.Account.Enabled:
		return linkDisabled
	case f.again():
		return f.orOtherUser(linkAgain)
	case !t.RedeemedAt.IsZero() && l != nil && f.SameBrowser && !l.Ended() && l.Mail.TokenID == t.ID:
		return linkOpenStep
	case used:
		return linkUsed
	// What became of the login says more than the time: its other links are
	// void from the moment that it went on.
	case l != nil && l.Ended() && (l.EndReason == latchkey.EndFinished || l.EndReason == latchkey.EndElsewhere):
		return linkUsed
	case l != nil && (l.Ended() || t.Kind != latchkey.TokenUpdateEmail && !l.Mail.ProvenAt.IsZero()):
		return linkEnded
	case !f.Now.Before(t.ExpiresAt):
		return linkExpired
	case l != nil && !f.Now.Before(l.ExpiresAt):
		return linkEnded
	case f.Account != nil && !f.Account.Enabled && (f.SameBrowser || t.Kind.ByAPI()):
		return linkDisabled
	case t.Kind.ByAPI():
		return f.orOtherUser(linkAPI)
	case f.SameBrowser:
		return f.orOtherUser(linkSame)
	}
	switch {
	case f.Config.OtherBrowser == actiontoken.OtherBrowserRefuse:
		return linkOtherRefused
	case f.Config.OtherBrowser == actiontoken.OtherBrowserCode:
		return linkOtherCode
	case l.Mail.NumberClosed, l.NumberTries >= actiontoken.MaxNumberTries:
		return linkOtherClosed
	}
	return linkOther
}

// again says that a reusable link is opened once more, in the browser that
// asked, after its login was finished. The number of that login stands on no
// screen any more, so in other browsers it is used.
func (f linkFacts) again() bool {
	l := f.Login
	return f.Token.Reusable && f.SameBrowser && l != nil && l.EndReason == latchkey.EndFinished && f.Now.Before(f.Token.ExpiresAt)
}

// orOtherUser gives the state, unless somebody else than the link's account
// is signed in here.
func (f linkFacts) orOtherUser(s linkState) linkState {
	if f.Session == nil || (f.Account != nil && f.Account.ID == f.Session.UserID) {
		return s
	}
	return linkOtherUser
}
