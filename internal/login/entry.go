package login

import (
	"net/http"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// entryPath is the route of a flow that a login is entered by.
func entryPath(entry latchkey.Entry) string {
	if entry == latchkey.EntrySignIn {
		return "authenticate"
	}
	return string(entry)
}

// enter shows the open step of a login, after it put a login that is still at
// its beginning into the flow that the route is of: from the sign-in to the
// registration, to the reset of a password, and back.
func (d *Door) enter(entry latchkey.Entry) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := d.begin(w, r)
		if err != nil {
			return err
		}
		if err := d.find(v, nil); err != nil {
			return err
		}
		switch {
		case v.login == nil && entry == latchkey.EntryReset && v.query.Get("tab_id") == "":
			return d.openReset(v)
		case v.login == nil || v.login.Entry == entry || v.login.Note(noteConfirm) != "":
		case v.login.Ended() || !d.Now().Before(v.login.ExpiresAt):
		case !allowed(v.snap.Realm, entry):
			return d.notAllowed(v, entry)
		default:
			if err := d.change(v, entry); err != nil {
				return err
			}
		}
		return d.stepFound(v, nil, "")
	}
}

// change puts the login into the flow of the entry, where that still goes.
func (d *Door) change(v *visit, entry latchkey.Entry) error {
	id := v.login.ID
	v.shown = nil // of the flow that it leaves
	return d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		l, err := tx.LockLogin(v.snap.Realm.ID, id)
		if err != nil {
			return err
		}
		v.login = l
		if l.Ended() || !flow.Enter(v.snap, l, entry) {
			return nil
		}
		return tx.SaveLogin(l)
	})
}

// allowed says whether the realm lets people in by the entry.
func allowed(realm *latchkey.Realm, entry latchkey.Entry) bool {
	switch entry {
	case latchkey.EntryRegistration:
		return realm.RegistrationAllowed
	case latchkey.EntryReset:
		return realm.ResetPasswordAllowed
	}
	return true
}

func (d *Door) notAllowed(v *visit, entry latchkey.Entry) error {
	name := page.ErrorNoRegistration
	if entry == latchkey.EntryReset {
		name = page.ErrorNoReset
	}
	return d.page(v, http.StatusBadRequest, page.ErrorPage(name, ""), false)
}

// openReset begins the reset of a password without a login: from a link on an
// application's own page. It ends at the application's start, which asked for
// nothing.
func (d *Door) openReset(v *visit) error {
	client := v.application()
	switch {
	case client == nil || !client.Enabled || client.BearerOnly || !client.StandardFlowEnabled:
		return d.page(v, http.StatusBadRequest, page.ErrorPage(page.ErrorClient, ""), false)
	case !allowed(v.snap.Realm, latchkey.EntryReset):
		return d.notAllowed(v, latchkey.EntryReset)
	}
	d.ownBrowser(v)
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		v.login = d.anew(tx, v, &latchkey.Login{RealmID: v.snap.Realm.ID, BrowserHash: v.browserHash, ClientID: client.ID,
			Request: latchkey.AuthorizationRequest{ClientID: client.ClientID}, Answer: latchkey.AnswerStart})
		if !flow.Enter(v.snap, v.login, latchkey.EntryReset) {
			return latchkey.Errorf(latchkey.CodeInternal, "realm %s has no flow to reset credentials", v.snap.Realm.Name)
		}
		return tx.CreateLogin(v.login)
	})
	if err != nil {
		return err
	}
	d.tellBrowser(v)
	return web.Redirect(v.w, v.r, d.stepURL(v.snap, v.login))
}

// entries are the links from the page of a step to the other flows that a
// login can be entered by.
func (d *Door) entries(v *visit, screen flow.Screen, f *page.Form) {
	l, realm := v.login, v.snap.Realm
	q := loginQuery(v.snap, l)
	q.Del("execution")
	link := func(entry latchkey.Entry) string { return d.url(v.snap, entryPath(entry), q) }
	switch l.Entry {
	case latchkey.EntrySignIn:
		if l.Action != "" || l.Mail.Sent > 0 {
			return
		}
		if allowed(realm, latchkey.EntryRegistration) {
			f.RegisterURL = link(latchkey.EntryRegistration)
		}
		if allowed(realm, latchkey.EntryReset) {
			f.ForgotURL = link(latchkey.EntryReset)
		}
	default:
		switch screen.(type) {
		case flow.RegistrationForm, flow.ChooseUser:
			f.BackURL = link(latchkey.EntrySignIn)
		}
	}
}
