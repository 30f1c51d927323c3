package login

import (
	"net/http"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/store"
)

// securityScreen turns the screens of what changes how a person signs in into
// their pages; see screen.
func securityScreen(screen flow.Screen, f page.Form) (page.Page, bool) {
	switch s := screen.(type) {
	case flow.OTPForm:
		p := page.OTPForm{Form: f, Chosen: s.Chosen, Errors: fieldErrors(s.Errors)}
		for _, d := range s.Devices {
			p.Devices = append(p.Devices, page.OTPDevice(d))
		}
		return p, false
	case flow.OTPSetup:
		return page.OTPSetup{Form: f, URL: s.URL, Key: s.Key, Policy: s.Policy, Label: s.Label, Named: s.Named,
			LogoutOthers: s.LogoutOthers, Errors: fieldErrors(s.Errors)}, false
	case flow.DeleteAccount:
		return page.DeleteAccount{Form: f, Account: s.Account}, false
	case flow.DeleteCredential:
		return page.DeleteCredential{Form: f, Kind: s.Kind, Label: s.Label}, false
	case flow.AccessDenied:
		return page.AccessDenied{Form: f, Text: s.Text}, false
	case flow.AccountDeleted:
		return page.AccountDeleted{}, false
	case flow.EmailUpdate:
		return page.EmailUpdate{Form: f, Address: s.Address, Typed: s.Typed, LogoutOthers: s.LogoutOthers, Errors: fieldErrors(s.Errors)}, false
	case flow.EmailUpdateSent:
		return page.EmailUpdateSent{Form: f, Address: s.Address, CodeClosed: s.CodeClosed, Reported: s.Reported,
			ResendAt: s.ResendAt, Resent: s.Resent, Errors: fieldErrors(s.Errors)}, true
	}
	return nil, false
}

// overLocked ends a login whose account is gone: the application, when it asks
// again, is told that nobody signed in.
func (d *Door) overLocked(tx *store.Tx, l *latchkey.Login) error {
	l.Error, l.EndedAt, l.EndReason = "access_denied", tx.Now(), latchkey.EndRefused
	return keep(tx, l)
}

// over is the last page of such a login.
func (d *Door) over(t *turn) error {
	d.Site.ClearCookie(t.w, cookieSession, t.snap.Realm.Name)
	p, _ := securityScreen(t.result.Screen, page.Form{})
	return d.page(t.visit, http.StatusOK, p, false)
}
