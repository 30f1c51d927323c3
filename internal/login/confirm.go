package login

import (
	"net/http"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/store"
)

// confirmHere asks, by the account's name, before a login that was opened by
// "Sign in here instead" goes on.
func (d *Door) confirmHere(v *visit) error {
	if v.r.Method == http.MethodGet {
		f := d.form(v, flow.Result{Step: flow.CurrentStep(v.login)})
		return d.page(v, http.StatusOK, page.ConfirmHere{Form: f, Account: v.login.Mail.Address}, false)
	}
	if v.form.Get("choice") != "yes" {
		return d.cancelHere(v)
	}
	t := &turn{visit: v}
	t.before = func(tx *store.Tx, l *latchkey.Login) (answer, error) {
		// If somebody else is signed in here, finishing ends that session.
		l.SetNote(noteConfirm, "")
		return nil, nil
	}
	return d.take(t)
}

// cancelHere ends the login: nobody signs in here.
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
