package page

// PageExpired says that the page was left behind by the login: continue where
// the login is, or begin again. Form.RestartURL begins again.
type PageExpired struct {
	Form
	ContinueURL string
}

// AlreadySignedIn says that somebody is signed in in this browser already.
type AlreadySignedIn struct {
	Account     string
	ContinueURL string // empty: the application's start
}

// ActionsDone says that what an administrator asked for is done.
type ActionsDone struct{ ContinueURL string } // empty: the application's start

// CookiesOff says that the browser sent no cookie back.
type CookiesOff struct{ RetryURL string }

// Error is any other page that says why it does not go on. Heading and Text
// are keys of the catalogue, one of the pairs in errors.go, or plain
// sentences; both are given Args.
type Error struct {
	Heading, Text string
	Args          []any
	// LinkURL and LinkLabel are the way on; empty: the application's start
	// when it is known.
	LinkURL, LinkLabel string
	// Reference is the request's id, for the operator's log.
	Reference string
}

// NotFound says that there is no such page.
type NotFound struct{}

// LogoutConfirm asks whether to sign out.
type LogoutConfirm struct {
	Form
	Account string
	Fields  []FormPostField // hidden, handed on with the answer
}

// LoggedOut says that it was done, with the way back to the application when
// it is known.
type LoggedOut struct{}

// FormPost is an answer to the application by response_mode=form_post: a form
// that submits itself with Policy.Script, and has a button. Its Action must be
// among Policy.FormTargets.
type FormPost struct {
	Action string
	Fields []FormPostField
}

// FormPostField is one hidden field of a form.
type FormPostField struct{ Name, Value string }

// FirstAdmin asks for the address of the first administrator.
type FirstAdmin struct {
	Form
	Address string
	Errors  []FieldError
}

// FirstAdminUsed says that the one-time link of the first administrator was
// used or has ended.
type FirstAdminUsed struct{}
