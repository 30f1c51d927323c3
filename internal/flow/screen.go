package flow

import (
	"time"

	"latchkey"
)

// Screen is what a step wants shown, as data; the login door turns it into a
// page. Texts are keys of the message catalogue.
type Screen interface{ screen() }

// FieldError is a sentence under a field: a message key with its arguments.
type FieldError struct {
	Field   string
	Message string
	Args    []any
}

// EmailForm asks for an e-mail address: "Sign in or register".
type EmailForm struct {
	Address     string // what was typed, or the login_hint
	Fixed       bool   // the address is known (prompt=login, max_age): shown, with a button to mail
	RememberMe  bool   // offer the box
	Remembered  bool   // it is ticked
	RegisterToo bool   // accounts are made on the way
	Errors      []FieldError
}

// UsernameForm asks who it is.
type UsernameForm struct {
	Username               string
	RememberMe, Remembered bool
	Errors                 []FieldError
}

// PasswordForm asks the password of a known user.
type PasswordForm struct {
	Username string // shown above, with the restart icon
	Errors   []FieldError
}

// UsernamePasswordForm asks for both.
type UsernamePasswordForm struct {
	Username               string
	Fixed                  bool
	RememberMe, Remembered bool
	Errors                 []FieldError
}

// Waiting says that a mail is on its way. It looks the same for every address.
type Waiting struct {
	Address    string
	Number     string // three digits, for the page that the link opens; empty when other browsers are refused
	Code       bool   // ask for the code of the mail
	CodeClosed bool   // too many wrong codes: only the link is left
	ResendAt   time.Time
	ExpiresAt  time.Time
	Reported   bool // someone said "It was not me" elsewhere: offers Send again
	Failed     bool // the relay refused the mail, or it could not be sent before it expired; known browser only
	Resent     bool // a new mail was just sent
	Errors     []FieldError
}

// ProfileForm asks for what the realm's user profile has (UPDATE_PROFILE,
// VERIFY_PROFILE).
type ProfileForm struct {
	Fields []ProfileField
	New    bool // a new person: "Tell us who you are"
	Verify bool // something is missing, or not valid any more: the page says so
	Errors []FieldError
}

// ProfileField is one field of a user profile on a page. Texts that are
// "${key}" are keys of the catalogue. A field that holds several values, and
// one of boxes, is sent as name~0, name~1, ...; see profile.Typed.
type ProfileField struct {
	Name, Label           string
	Values                []string
	Required, ReadOnly    bool
	Multivalued           bool
	Autocomplete          string
	Input                 string // Keycloak's inputType; empty: a line of text
	Options               []latchkey.ProfileOption
	Before, After         string // help above and beneath
	Placeholder           string
	MaxLength, Rows       int    // 0: not said
	Least, Most, Step     string // of numbers and dates
	Group                 string // its name; fields of one group stand together
	GroupTitle, GroupHelp string
}

// RegistrationForm is the page of a registration: what its parts ask for.
type RegistrationForm struct {
	Fields   []ProfileField
	Password bool // asked for, twice
	Terms    bool // a yes to them is asked for
	Text     string
	Agreed   bool // the box is ticked
	Errors   []FieldError
}

// ChooseUser asks who forgot their password.
type ChooseUser struct {
	Username string
	Errors   []FieldError
}

// VerifyEmail says that a mail was sent whose link, or code, proves the address.
type VerifyEmail struct {
	Address    string
	CodeClosed bool // too many wrong codes, or none was mailed: only the link is left
	Reported   bool // someone said "It was not me" elsewhere
	ResendAt   time.Time
	Resent     bool
	Errors     []FieldError
}

// PasswordUpdate asks for a new password, twice.
type PasswordUpdate struct {
	Username string
	Stay     bool // the box "Sign out my other devices" was taken off
	Errors   []FieldError
}

// Terms asks for a yes to the realm's terms.
type Terms struct{ Text string }

// SelectAccount shows who is signed in, and asks to go on or to use another
// account (prompt=select_account).
type SelectAccount struct{ Account string }

// Consent asks whether an application may have what it asks for.
// Items are texts, which may be message keys in ${}.
type Consent struct {
	Account string
	Items   []string
}

func (SelectAccount) screen()        {}
func (Consent) screen()              {}
func (EmailForm) screen()            {}
func (UsernameForm) screen()         {}
func (PasswordForm) screen()         {}
func (UsernamePasswordForm) screen() {}
func (Waiting) screen()              {}
func (ProfileForm) screen()          {}
func (RegistrationForm) screen()     {}
func (ChooseUser) screen()           {}
func (VerifyEmail) screen()          {}
func (PasswordUpdate) screen()       {}
func (Terms) screen()                {}
