package flow

import (
	"time"

	"latchkey"
)

// OTPForm asks for a one-time password of a device.
type OTPForm struct {
	Devices []OTPDevice // the preferred first
	Chosen  string      // id of the one whose code is asked for
	Errors  []FieldError
}

// OTPDevice is one device of a user; its label may be empty.
type OTPDevice struct{ ID, Label string }

// OTPSetup shows how to set a device up for one-time passwords.
type OTPSetup struct {
	URL    latchkey.Secret // what the picture holds (otpauth:)
	Key    latchkey.Secret // the same to be typed, in base32
	Policy latchkey.OTPPolicy
	Label  string // the device's name, as typed
	// Named says that it needs a name: there is another device already.
	Named        bool
	LogoutOthers bool // the box is ticked
	Errors       []FieldError
}

// DeleteAccount asks whether the account is to be deleted.
type DeleteAccount struct{ Account string }

// DeleteCredential asks whether a way to sign in is to be removed.
type DeleteCredential struct {
	Kind  string // its type: otp, webauthn, ...
	Label string
}

// AccountDeleted is the last page: the account is gone.
type AccountDeleted struct{}

// EmailUpdate asks for another address.
type EmailUpdate struct {
	Address      string // the one that the account has
	Typed        string
	LogoutOthers bool
	Errors       []FieldError
}

// EmailUpdateSent says that a mail to the new address was sent, whose link or
// code proves it.
type EmailUpdateSent struct {
	Address    string // the new one
	CodeClosed bool   // too many wrong codes: only the link is left
	Reported   bool   // someone said "It was not me" elsewhere
	ResendAt   time.Time
	Resent     bool
	Errors     []FieldError
}

// AccessDenied says that this account may not sign in here; Text is the
// operator's own, or empty.
type AccessDenied struct{ Text string }

func (AccessDenied) screen()     {}
func (OTPForm) screen()          {}
func (OTPSetup) screen()         {}
func (DeleteAccount) screen()    {}
func (DeleteCredential) screen() {}
func (AccountDeleted) screen()   {}
func (EmailUpdate) screen()      {}
func (EmailUpdateSent) screen()  {}
