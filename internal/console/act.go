package console

import (
	"context"
	"io"
	"net/http"

	"latchkey/internal/page"
)

// act is something that is done to a thing. One that destroys is asked first,
// on a page of its own that names the thing: GET path asks, POST path does.
type act struct {
	path, menu string
	// ask are the keys of the question: heading, text, and the button. The
	// arguments are what thing gives. Empty: it is done without a question.
	ask   [3]string
	thing func(*visit) (string, error)
	// warn is a key: what whoever does it loses themselves; empty: nothing. May be nil.
	warn func(*visit) string
	// do does it, and says where to go on and with which notice.
	do func(*visit) (address, notice string, err error)
	// no is where somebody goes who says no.
	no func(*visit) string
}

// rows are the act's pages.
func (a act) rows() []row {
	list := []row{{method: http.MethodPost, path: a.path, handle: a.post}}
	if a.ask[0] != "" {
		list = append(list, row{method: http.MethodGet, path: a.path, handle: func(v *visit) error { return a.question(v, http.StatusOK, nil) }})
	}
	return list
}

// confirm is the question before something that cannot be taken back.
type confirm struct {
	Frame
	Ask    [3]string
	Thing  string
	Warn   string // a key; empty: nobody stands on it
	Form   page.Form
	NoURL  string
	Sent   []option // what is sent besides: names and values
	Errors []page.FieldError
}

// Title names the page.
func (p confirm) Title(t *page.Texts) string { return t.Say(p.Ask[0], p.Thing) }

// Render writes the page's main part.
func (p confirm) Render(ctx context.Context, w io.Writer) error {
	return confirmView(p).Render(ctx, w)
}

func (a act) question(v *visit, status int, errs []page.FieldError) error {
	if !v.manages(a.menu) {
		return v.closed()
	}
	p := confirm{Frame: v.frame(a.menu), Ask: a.ask, Form: v.Post(v.R.URL.RequestURI()), NoURL: a.no(v), Errors: errs}
	if a.thing != nil {
		var err error
		if p.Thing, err = a.thing(v); err != nil {
			return err
		}
	}
	if a.warn != nil {
		p.Warn = a.warn(v)
	}
	return v.write(status, p)
}

// isMe says whether the user with the id is who is signed in.
func (v *visit) isMe(user string) bool { return v.of == v.Snap.Realm.Name && user == v.who.UserID }

// Warnings of what takes somebody's own access away.
const (
	losesAccount = "console.yours.account"
	losesSession = "console.yours.session"
	losesRoles   = "console.yours.roles"
	losesConsole = "console.yours.console"
)

// mine gives a warning where the page is about the account of who is signed in.
func mine(key string) func(*visit) string {
	return func(v *visit) string {
		if v.isMe(v.R.PathValue("id")) {
			return key
		}
		return ""
	}
}

func (a act) post(v *visit) error {
	if !v.manages(a.menu) {
		return v.closed()
	}
	address, notice, err := a.do(v)
	if faults := faultsOf(err, nil); faults != nil && a.ask[0] != "" {
		return a.question(v, http.StatusBadRequest, faults)
	} else if faults != nil {
		return v.write(http.StatusBadRequest, refused{Frame: v.frame(a.menu), Errors: faults, BackURL: a.no(v)})
	}
	if err != nil {
		return err
	}
	return v.back(address, notice)
}

// refused says why something was not done.
type refused struct {
	Frame
	Errors  []page.FieldError
	BackURL string
}

// Title names the page.
func (refused) Title(t *page.Texts) string { return t.Say("console.refused.heading") }

// Render writes the page's main part.
func (p refused) Render(ctx context.Context, w io.Writer) error {
	return refusedView(p).Render(ctx, w)
}

// What acts on things of many kinds are called.
const (
	sayEnable  = "console.enable"
	sayDisable = "console.disable"
	sayDelete  = "console.delete"
)
