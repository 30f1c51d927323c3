package page

import (
	"time"

	"latchkey"
)

// Form is what every page with a form of a login has.
type Form struct {
	// Action is the URL that the form posts to.
	Action string
	// SessionCode goes into the hidden field session_code: the synchroniser
	// token of R-072. Empty leaves the field out.
	SessionCode string
	// RestartURL begins the login again (posted, with session_code); empty
	// leaves the icon out.
	RestartURL string
	// RegisterURL, ForgotURL and BackURL lead to the page that makes an account,
	// to the one for a forgotten password, and from both back to the sign-in;
	// each is empty where the realm does not have it.
	RegisterURL, ForgotURL, BackURL string
	// TryAnotherURL leads to the list of other ways to sign in (a link); empty
	// when there are none.
	TryAnotherURL string
	// Cancel says that the application asked for this page, and offers to leave
	// it: the form is posted with cancel-aia.
	Cancel bool
}

// FieldError is a sentence under a field. Message is a key of the catalogue,
// one of those in errors.go, with its arguments; a text that is no key is
// shown as it is. An empty Field puts it above the form.
type FieldError struct {
	Field   string
	Message string
	Args    []any
}

// Provider is one social button: another place to sign in at.
type Provider struct {
	Alias string
	Label string // "GitHub"
	URL   string
}

// EmailForm asks for an e-mail address: "Sign in or register".
type EmailForm struct {
	Form
	Address     string // what was typed, or the login_hint
	Fixed       bool   // the address is known (prompt=login, max_age): shown, and asked before it is mailed
	RememberMe  bool   // offer the box
	Remembered  bool   // it is ticked
	RegisterToo bool   // accounts are made on the way
	Providers   []Provider
	Errors      []FieldError
}

// UsernameForm asks who it is.
type UsernameForm struct {
	Form
	Username               string
	RememberMe, Remembered bool
	Providers              []Provider
	Errors                 []FieldError
}

// PasswordForm asks the password of a known user.
type PasswordForm struct {
	Form
	Username string // shown above, with the restart icon
	Errors   []FieldError
}

// UsernamePasswordForm asks for both.
type UsernamePasswordForm struct {
	Form
	Username               string
	Fixed                  bool // the user is known: shown, not asked
	RememberMe, Remembered bool
	Providers              []Provider
	Errors                 []FieldError
}

// Waiting says that a mail is on its way. It looks the same for every address.
type Waiting struct {
	Form
	Address    string
	Number     string // three digits, for the page that the link opens; empty when other browsers are refused
	Code       bool   // ask for the code of the mail
	CodeClosed bool   // too many wrong codes: only the link is left
	SentAt     time.Time
	ResendAt   time.Time
	ExpiresAt  time.Time
	Reported   bool // someone said "It was not me" elsewhere: offers Send again
	Failed     bool // the mail could not be delivered; only in a browser that proved the address before
	Resent     bool // a new mail was just sent
	// PollURL answers {"next": URL or null} within 25 s; the page's module
	// asks it and goes on by itself. Empty leaves the module out.
	PollURL string
	Errors  []FieldError
}

// ProfileForm asks for what the realm's user profile has (UPDATE_PROFILE,
// VERIFY_PROFILE).
type ProfileForm struct {
	Form
	Fields []ProfileField
	New    bool // a new person: "Tell us who you are"
	Verify bool // something is missing, or not valid any more
	Errors []FieldError
}

// ProfileField is one field of a user profile. A text such as "${firstName}"
// is a key of the catalogue. A field that holds several values, and one of
// boxes, is sent as name~0, name~1, ...
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

// RegistrationForm is the page that makes an account.
type RegistrationForm struct {
	Form
	Fields   []ProfileField
	Password bool // asked for, twice
	Terms    bool // a yes to them is asked for
	Text     string
	Agreed   bool // the box is ticked
	Errors   []FieldError
}

// ChooseUser asks who forgot their password.
type ChooseUser struct {
	Form
	Username string
	Errors   []FieldError
}

// VerifyEmail says that a mail was sent whose link, or code, proves the address.
type VerifyEmail struct {
	Form
	Address    string
	CodeClosed bool // only the link is left
	Reported   bool // someone said "It was not me" elsewhere
	ResendAt   time.Time
	Resent     bool
	Errors     []FieldError
}

// PasswordUpdate asks for a new password, twice.
type PasswordUpdate struct {
	Form
	Username string
	Stay     bool // the box "Sign out my other devices" was taken off
	Errors   []FieldError
}

// Terms asks for a yes to the realm's terms.
type Terms struct {
	Form
	Text string
}

// TryAnother lists the other ways to sign in.
type TryAnother struct {
	Form
	Ways []Way
}

// Way is one other way to sign in. A Label that is a key of the catalogue
// ("way.ext-magic-form") is translated.
type Way struct {
	Execution string // its id
	Label     string
}
