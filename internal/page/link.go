package page

import (
	"time"

	"latchkey"
)

// Policies for a link that is opened in a browser that did not ask, as the
// setting latchkey-other-browser has them.
const (
	OtherNumber = "number"
	OtherCode   = "code"
	OtherRefuse = "refuse"
)

// LinkSameBrowser is the page of a mailed link in the browser that asked for
// it: one button. With Policy.Script it submits itself, so a door sets that
// only when the request carried the login's cookie and nobody else is signed
// in.
type LinkSameBrowser struct {
	Form
	Account string
	Verify  bool // the link confirms an address, and signs nobody in by itself
	Reset   bool // the link leads to a new password
}

func (p LinkSameBrowser) heading() string {
	switch {
	case p.Verify:
		return "verify.heading"
	case p.Reset:
		return "link.reset.heading"
	}
	return "link.same.heading"
}

// LinkOtherBrowser is the page of a mailed link in any other browser.
type LinkOtherBrowser struct {
	Form
	Policy       string // OtherNumber when empty
	Masked       string // the masked address
	From         latchkey.Browser
	AskedAt      time.Time
	Lost         bool // the asking page has not been heard of for 30 s: the way back is offered first
	NumberClosed bool // the tries are used up
	Reset        bool // the link leads to a new password
	TriesLeft    int  // shown with the error of a wrong number
	Errors       []FieldError
}

// ConfirmHere asks before a session starts in a browser that did not ask:
// "Sign in here as ...?".
type ConfirmHere struct {
	Form
	Account string
}

// Why a mailed link leads nowhere any more.
const (
	OverUsed    = "used"
	OverExpired = "expired"
	OverEnded   = "ended"
)

// LinkOver is the page of a link that is used, expired or ended. In the
// browser that asked (Own) it says which, and sends a new mail with one
// click; in any other it is one page that leads to the application's start
//
type LinkOver struct {
	Form
	Own     bool
	Why     string // only shown when Own
	Address string // only shown when Own
}

// LinkInvalid is the page of a link that was damaged on its way.
type LinkInvalid struct{}

// CookieMissing says that this browser kept no cookie: to open the link in
// the usual browser, or to type the code.
type CookieMissing struct{}

// OtherUser says that someone else is signed in here, and asks which of the
// two it shall be.
type OtherUser struct {
	Form
	SignedIn string // who is
	Account  string // whose link it is
}

// UserDisabled says that the account is disabled.
type UserDisabled struct{}

// WentOnThere says that the sign-in went on in another tab or browser.
type WentOnThere struct{}

// ContinueThereDone follows "Continue there".
type ContinueThereDone struct{}

// NotMeDone follows "It was not me". Ended says that the login itself is over
// (it was said in the asking browser).
type NotMeDone struct{ Ended bool }

// LostScreen follows "I no longer have that screen": the way to the
// application's start.
type LostScreen struct{}

// APILink is the page of a link that was made by the API: it names
// application and account and has a button. AskAddress asks for the full
// address that the mail went to.
type APILink struct {
	Form
	Account    string
	AskAddress bool
	Actions    bool   // an administrator asks for something; it signs nobody in
	Address    string // what was typed
	Errors     []FieldError
}
