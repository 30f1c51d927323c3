package account

import (
	"errors"
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
	m := page.Menu{Label: "account.menu", Account: v.held.Who, SignOut: v.form("sign-out")}
	for _, e := range entries {
		m.Items = append(m.Items, page.MenuItem{Text: e.text, URL: v.url(v.snap.Realm.Name, e.path), Current: e.path == path})
	}
	if client := v.snap.ClientByClientID(v.held.From); client != nil && v.held.FromAt != "" {
		m.BackURL, m.BackTo = v.held.FromAt, v.Kit.AppTitle(client, v.lang())
	}
	m.Notice, m.NoticeKind = v.said()
	return Frame{Menu: m}
}

// form is a form that posts to a page of the console.
func (v *visit) form(path string) page.Form {
	return page.Form{Action: v.url(v.snap.Realm.Name, path), SessionCode: v.held.Code}
}

// beginURL is the address that begins an action.
func (v *visit) beginURL(action string) string {
	return v.url(v.snap.Realm.Name, "begin?action="+url.QueryEscape(action))
}

// show answers with a page, once what it asks the account REST for is there;
// what the realm does not let the person see is said instead.
func (v *visit) show(path string, ask func() (page.Page, error)) error {
	p, err := ask()
	var no *refusal
	if errors.As(err, &no) && (no.status == http.StatusForbidden || no.status == http.StatusUnauthorized) {
		return v.write(http.StatusForbidden, Closed{Frame: v.frame(path)})
	}
	if err != nil {
		return err
	}
	return v.write(http.StatusOK, p)
}

// back goes to a page of the console, which says what was done.
func (v *visit) back(path, notice string) error {
	v.say(notice)
	return v.seeOther(path)
}

func (c *Console) missing(v *visit) error {
	return v.write(http.StatusNotFound, Missing{Frame: v.frame("-")})
}
