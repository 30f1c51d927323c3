package account

import (
	"errors"
	"latchkey/internal/relyingparty"
	"net/http"
	"net/url"

	"latchkey/internal/page"
)

// Frame is what every page of the console has: the menu beside it.
type Frame struct{ Menu page.Menu }

// Beside gives the menu.
func (f Frame) Beside() *page.Menu { return &f.Menu }

// entries are the pages of the menu.
var entries = []struct{ path, text string }{
	{pathInfo, "account.info"},
	{pathSigningIn, "account.signing-in"},
	{pathDevices, "account.devices"},
	{pathApplications, "account.applications"},
	{pathGroups, "account.groups"},
	{pathActivity, "account.activity"},
}

// frame makes the menu, with the page at path marked.
func (v *visit) frame(path string) Frame {
	m := page.Menu{Label: "account.menu", Account: v.Held.Who, SignOut: v.form("sign-out")}
	for _, e := range entries {
		m.Items = append(m.Items, page.MenuItem{Text: e.text, URL: v.URL(e.path), Current: e.path == path})
	}
	if client := v.Snap.ClientByClientID(v.Held.From); client != nil && v.Held.FromAt != "" {
		m.BackURL, m.BackTo = v.Held.FromAt, v.Kit.AppTitle(client, v.Lang())
	}
	m.Notice, m.NoticeKind = v.Said()
	return Frame{Menu: m}
}

// form is a form that posts to a page of the console.
func (v *visit) form(path string) page.Form {
	return page.Form{Action: v.URL(path), SessionCode: v.Held.Code}
}

// beginURL is the address that begins an action.
func (v *visit) beginURL(action string) string {
	return v.URL("begin?action=" + url.QueryEscape(action))
}

// show answers with a page, once what it asks the account REST for is there;
// what the realm does not let the person see is said instead.
func (v *visit) show(path string, ask func() (page.Page, error)) error {
	p, err := ask()
	var no *relyingparty.Refusal
	if errors.As(err, &no) && (no.Status == http.StatusForbidden || no.Status == http.StatusUnauthorized) {
		return v.write(http.StatusForbidden, Closed{Frame: v.frame(path)})
	}
	if err != nil {
		return err
	}
	return v.write(http.StatusOK, p)
}

// back goes to a page of the console, which says what was done.
func (v *visit) back(path, notice string) error {
	v.Say(notice)
	return v.seeOther(path)
}

func (c *Console) missing(v *visit) error {
	return v.write(http.StatusNotFound, Missing{Frame: v.frame("-")})
}
