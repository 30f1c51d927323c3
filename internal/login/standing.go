package login

import (
	"crypto/subtle"
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// standing answers requests that are not a step of a login that goes on: no
// cookie, no login, one that ended, a form of another step. It gives true
// when it answered.
func (d *Door) standing(v *visit, submitted bool) (bool, error) {
	switch {
	case v.browserHash == nil:
		return true, d.page(v, http.StatusBadRequest, page.CookiesOff{RetryURL: d.applicationStart(v)}, false)
	case v.login == nil:
		return true, d.missing(v)
	case v.login.Ended() || !d.Now().Before(v.login.ExpiresAt):
		return true, d.ended(v)
	case d.signedInMeanwhile(v):
		// First: a sign-in in another tab makes the forms of all others stale.
		return true, d.alreadySignedIn(v)
	case submitted && !d.codeMatches(v, d.sessionCode(v.login)):
		return true, d.stale(v)
	}
	return false, nil
}

// codeMatches says whether the form carries the code.
func (d *Door) codeMatches(v *visit, code string) bool {
	sent := v.form.Get("session_code")
	return subtle.ConstantTimeCompare([]byte(sent), []byte(code)) == 1
}

// stale answers a form that the login has left behind: the back button, a
// second tab, a double click. The page that asks for the address is taken
// back as people mean it: the same address again leads to where the login is,
// another one begins anew.
func (d *Door) stale(v *visit) error {
	l := v.login
	if step := d.typedBefore(v, l); step != "" {
		typed, before := v.form.Get("username"), l.Mail.Address
		switch l.Entry {
		case latchkey.EntryRegistration:
			typed = v.form.Get(latchkey.ProfileEmail)
		case latchkey.EntryReset:
			before = l.Note(flow.NoteAttempted) // an address, or a username
		}
		if latchkey.CanonicalAddress(typed) == latchkey.CanonicalAddress(before) {
			return web.Redirect(v.w, v.r, d.stepURL(v.snap, l))
		}
		return d.restartWith(v, &flow.Submission{Step: step, Form: v.form, Prepared: v.again})
	}
	return d.page(v, http.StatusBadRequest, page.PageExpired{
		Form:        page.Form{RestartURL: d.url(v.snap, "restart", loginQuery(v.snap, l)), SessionCode: d.sessionCode(l)},
		ContinueURL: d.stepURL(v.snap, l),
	}, false)
}

// typedBefore gives the step whose page asked for the address which the login
// has mailed to, when the form is of that page: the step that waits now, or,
// in a reset, the one that asked who it is.
func (d *Door) typedBefore(v *visit, l *latchkey.Login) (step string) {
	if l.Mail.Sent == 0 || l.Current != l.Mail.Execution || l.Action != "" {
		return ""
	}
	asked := *l
	if l.Entry == latchkey.EntryReset {
		e := flow.FindExecution(v.snap, l.FlowID, v.query.Get("execution"))
		if e == nil || e.Authenticator != latchkey.AuthChooseUser {
			return ""
		}
		asked.Current = e.ID
	}
	if !d.codeMatches(v, d.codeOfStage(&asked, 0)) {
		return ""
	}
	return asked.Current
}

// missing is the page where this browser has cookies but no such login: the
// tab went on elsewhere, or it was swept.
func (d *Door) missing(v *visit) error {
	moved, err := d.movedOn(v)
	if err != nil {
		return err
	}
	if moved {
		return d.page(v, http.StatusOK, page.WentOnThere{}, false)
	}
	return d.page(v, http.StatusBadRequest, page.ErrorPage(page.ErrorExpired, ""), false)
}

// movedOn says whether the tab's login was taken on in another tab of this
// browser.
func (d *Door) movedOn(v *visit) (moved bool, err error) {
	tab := v.query.Get("tab_id")
	if v.browserHash == nil || tab == "" {
		return false, nil
	}
	err = d.DB.View(v.r.Context(), func(tx *store.Tx) error {
		logins, err := tx.RecentLoginsOfBrowser(v.snap.Realm.ID, v.browserHash)
		for _, l := range logins {
			moved = moved || l.Note(noteMovedFrom+tab) != ""
		}
		return err
	})
	return moved, err
}

// noteMovedFrom, with a tab's id behind it, marks a login that another tab of
// the same browser took on.
const noteMovedFrom = "moved-from:"

// ended is the page of a login that is over, for the tab that it was in.
func (d *Door) ended(v *visit) error {
	l := v.login
	switch l.EndReason {
	case latchkey.EndFinished, latchkey.EndElsewhere:
		return d.page(v, http.StatusOK, page.WentOnThere{}, false)
	case latchkey.EndReported:
		return d.page(v, http.StatusOK, page.NotMeDone{Ended: true}, false)
	case latchkey.EndRefused:
		return d.refusedBefore(v)
	}
	return d.page(v, http.StatusBadRequest, page.ErrorPage(page.ErrorExpired, ""), false)
}

// answerWithin is how long after its end a login that was refused without an
// answer still answers.
const answerWithin = 5 * time.Minute

// refusedBefore is where a login leads that was refused. Where its last page
// was the person's own, as after an account was deleted, the application is
// answered now, once.
func (d *Door) refusedBefore(v *visit) error {
	var first bool
	var to web.Handler
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) (err error) {
		l := v.login
		first, to = false, nil
		if !l.AnsweredAt.IsZero() || !tx.Now().Before(l.EndedAt.Add(answerWithin)) {
			return nil
		}
		if first, err = tx.AnswerLogin(l.RealmID, l.ID); err == nil && first {
			to, err = d.Applications.Answer(tx, v.snap, l, nil, nil)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case to != nil:
		return to(v.w, v.r)
	case first:
		return d.page(v, http.StatusOK, page.ErrorPage(page.ErrorCancelled, ""), false)
	}
	return d.page(v, http.StatusConflict, page.ErrorPage(page.ErrorAnswered, ""), false)
}

// signedInMeanwhile says whether somebody signed in in another tab after this
// login was begun, so that its page asks for nothing any more.
func (d *Door) signedInMeanwhile(v *visit) bool {
	l := v.login
	return v.session != nil && v.session.StartedAt.After(l.CreatedAt) && l.UserID == "" && l.Action == "" &&
		l.Mail.ProvenAt.IsZero() && !l.Request.Prompts("login") && v.query.Get("continue") == ""
}

// alreadySignedIn offers to go on as the one who is signed in: the login is
// begun again, and the cookie's step passes.
func (d *Door) alreadySignedIn(v *visit) error {
	q := loginQuery(v.snap, v.login)
	q.Set("continue", "on")
	return d.page(v, http.StatusOK, page.AlreadySignedIn{Account: account(v.user),
		ContinueURL: d.url(v.snap, "restart", q)}, false)
}

// signedInHere is the page at the end of a login that no application waits
// for.
func (d *Door) signedInHere(v *visit) error {
	return d.page(v, http.StatusOK, page.AlreadySignedIn{Account: account(v.user)}, false)
}

// account is how a person's own account is named to them.
func account(u *latchkey.User) string {
	switch {
	case u == nil:
		return ""
	case u.Email != "":
		return u.Email
	}
	return u.Username
}

// applicationStart is where the application of this visit begins; empty when
// it is not known.
func (d *Door) applicationStart(v *visit) string { return d.startURL(v.snap, v.application()) }

// another shows the other ways to sign in, or takes the one that was picked.
func (d *Door) another(v *visit) error {
	if pick := v.form.Get("authenticationExecution"); pick != "" {
		return d.step(v, nil, pick)
	}
	return web.Redirect(v.w, v.r, d.url(v.snap, "authenticate", withKey(v.query, "tryAnotherWay", "on")))
}

// showOthers is the page of the other ways.
func (d *Door) showOthers(v *visit, res flow.Result) error {
	f := d.form(v, res)
	p := page.TryAnother{Form: f}
	for _, o := range res.Others {
		p.Ways = append(p.Ways, page.Way{Execution: o.Execution, Label: o.Label})
	}
	return d.page(v, http.StatusOK, p, false)
}
