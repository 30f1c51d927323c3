package login

import (
	"net/http"
	"net/url"

	"latchkey/internal/actiontoken"
	"latchkey/internal/page"
	"latchkey/internal/store"
)

// showRevert is the page of the link in the notice that an account's address
// was changed. It works in any browser: whoever reads the earlier
// mailbox is whom the account was taken from.
func (d *Door) showRevert(v *linkVisit) error {
	t := v.facts.Token
	if !t.RedeemedAt.IsZero() || !v.facts.Now.Before(t.ExpiresAt) || v.facts.Account == nil {
		return d.linkPage(v.visit, http.StatusGone, page.LinkOver{})
	}
	if !v.facts.Account.Enabled {
		return d.linkPage(v.visit, http.StatusForbidden, page.UserDisabled{})
	}
	if v.r.Method == http.MethodGet {
		if err := d.countOpening(v); err != nil {
			return err
		}
	}
	form := page.Form{Action: d.url(v.snap, "link/"+url.PathEscape(t.ID), nil), SessionCode: d.linkCode(v)}
	return d.linkPage(v.visit, http.StatusOK, page.EmailRevert{Form: form, Address: t.Address})
}

// submitRevert changes the address back.
func (d *Door) submitRevert(v *linkVisit) error {
	if v.form.Get("choice") != "revert" {
		return d.showRevert(v)
	}
	var res actiontoken.Redemption
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) (err error) {
		res, err = actiontoken.RedeemRevertEmail(tx, v.snap, v.facts.Token, v.browser)
		return err
	})
	switch {
	case err != nil:
		return err
	case res.Refused == actiontoken.RefusedUserDisabled:
		return d.linkPage(v.visit, http.StatusForbidden, page.UserDisabled{})
	case res.Refused != "":
		return d.linkPage(v.visit, http.StatusGone, page.LinkOver{})
	}
	if v.session != nil && v.session.UserID == res.User.ID {
		d.Site.ClearCookie(v.w, cookieSession, v.snap.Realm.Name)
	}
	return d.linkPage(v.visit, http.StatusOK, page.EmailReverted{Address: res.User.Email})
}
