package login

import (
	"net/http"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/store"
)

// confirmHere asks, by the account's name, before a login that was opened by
// "Sign in here instead" redeems its link and goes on; where somebody else is
// signed in, it names both. Until then nothing is used up: the asking
// browser goes on as it was.
func (d *Door) confirmHere(v *visit) error {
	as := v.login.Note(noteConfirmAs)
	if v.r.Method == http.MethodGet || v.r.Method == http.MethodHead {
		f := d.form(v, flow.Result{Step: flow.CurrentStep(v.login)})
		f.RestartURL = ""
		if v.user != nil && !latchkey.SameAddress(v.user.Email, as) {
			return d.page(v, http.StatusOK, page.OtherUser{Form: f, SignedIn: account(v.user), Account: as}, false)
		}
		return d.page(v, http.StatusOK, page.ConfirmHere{Form: f, Account: as}, false)
	}
	if choice := v.form.Get("choice"); choice != "yes" && choice != "switch" {
		return d.cancelHere(v)
	}
	t := &turn{visit: v}
	t.before = func(tx *store.Tx, l *latchkey.Login) (answer, error) {
		link, err := tx.ActionToken(l.RealmID, l.Note(noteConfirm))
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return func() error { return d.refusedHere(v, actiontoken.RefusedExpired) }, nil
		}
		if err != nil {
			return nil, err
		}
		res, err := actiontoken.Redeem(tx, v.snap, l, link, latchkey.ViaHere)
		if err != nil {
			return nil, err
		}
		if res.Refused != "" {
			return func() error { return d.refusedHere(v, res.Refused) }, nil
		}
		l.SetNote(noteConfirm, "")
		l.SetNote(noteConfirmAs, "")
		return nil, nil
	}
	return d.take(t)
}

// cancelHere ends this browser's login: nobody signs in here, and nothing else
// has changed.
func (d *Door) cancelHere(v *visit) error {
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		_, err := tx.EndLogin(v.login.RealmID, v.login.ID, latchkey.EndReported)
		return err
	})
	if err != nil {
		return err
	}
	return d.page(v, http.StatusOK, page.ErrorPage(page.ErrorCancelled, ""), false)
}
