package login

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"unicode"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/event"
	"latchkey/internal/page"
	"latchkey/internal/ratelimit"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// linkCode binds the forms of a link's page to the link and its secret, which
// only this browser's cookie holds.
func (d *Door) linkCode(v *linkVisit) string {
	t := v.facts.Token
	mac := d.DB.Keyring().MAC("link-form", t.RealmID, t.ID, string(t.SecretHash))
	return base64.RawURLEncoding.EncodeToString(mac[:16])
}

// submitLink takes what was pressed on the page of a link. Which buttons do
// anything is decided by the truth table, never by the form.
func (d *Door) submitLink(w http.ResponseWriter, r *http.Request) error {
	v, err := d.beginLink(w, r)
	if v == nil || err != nil {
		return err
	}
	if !equal([]byte(v.form.Get("session_code")), []byte(d.linkCode(v))) {
		return web.Redirect(w, r, d.url(v.snap, "link/"+r.PathValue("id"), nil))
	}
	switch v.facts.Token.Kind {
	case latchkey.TokenVerifyEmail, latchkey.TokenUpdateEmail:
		return d.submitVerify(v)
	case latchkey.TokenRevertEmail:
		return d.submitRevert(v)
	}
	s := v.facts.state()
	choice := v.form.Get("choice")
	switch s {
	case linkSame, linkAgain:
		switch {
		case choice == "notme":
			return d.reportOwn(v)
		case s == linkAgain:
			return d.redeemAgain(v)
		}
		return d.redeemSame(v)
	case linkOther:
		switch choice {
		case "continue", "here":
			return d.redeemOther(v, choice == "here")
		}
		return d.leaveOther(v, choice)
	case linkOtherClosed, linkOtherCode, linkOtherRefused:
		return d.leaveOther(v, choice)
	case linkAPI:
		return d.redeemAPI(v)
	case linkOtherUser:
		return d.switchUser(v, choice)
	case linkUsed, linkExpired, linkEnded:
		if v.facts.SameBrowser && v.form.Get("resend") != "" {
			return d.mailAgain(v)
		}
	}
	return d.showLinkState(v, s, nil)
}

// redeemSame redeems the link in the browser that asked, in this tab: the tab
// that waits learns that the sign-in went on here.
func (d *Door) redeemSame(v *linkVisit) error {
	t := &turn{visit: v.visit}
	t.before = func(tx *store.Tx, l *latchkey.Login) (answer, error) {
		res, err := actiontoken.Redeem(tx, v.snap, l, v.facts.Token, latchkey.ViaLink)
		if err != nil {
			return nil, err
		}
		if res.Refused != "" {
			return func() error { return d.refused(v, res.Refused) }, nil
		}
		d.moveTab(l)
		return nil, nil
	}
	return d.take(t)
}

// moveTab gives the login to the tab of this request.
func (d *Door) moveTab(l *latchkey.Login) {
	l.SetNote(noteMovedFrom+l.TabID, "1")
	l.TabID = secret.TabID()
}

// refused is the page of a redemption that was refused in the end: somebody
// was faster, or the account was switched off.
func (d *Door) refused(v *linkVisit, why string) error {
	switch why {
	case actiontoken.RefusedUserDisabled, actiontoken.RefusedNoAccount:
		return d.refusedHere(v.visit, why)
	case actiontoken.RefusedExpired:
		return d.showLinkState(v, linkExpired, nil)
	case actiontoken.RefusedEnded:
		return d.showLinkState(v, linkEnded, nil)
	}
	return d.showLinkState(v, linkUsed, nil)
}

// refusedHere is the same where the page of the link is no longer shown.
func (d *Door) refusedHere(v *visit, why string) error {
	switch why {
	case actiontoken.RefusedUserDisabled:
		return d.linkPage(v, http.StatusForbidden, page.UserDisabled{})
	case actiontoken.RefusedNoAccount:
		return d.linkPage(v, http.StatusForbidden, page.ErrorPage(page.ErrorNoAccount, ""))
	}
	return d.linkPage(v, http.StatusGone, page.LinkOver{})
}

// redeemOther redeems the link in a browser that did not ask, for the one who
// typed the number of the asking screen.
func (d *Door) redeemOther(v *linkVisit, here bool) error {
	t := &turn{visit: v.visit}
	var moved *latchkey.Login
	var wrong bool
	typed := digitsOf(v.form.Get("number"))
	if len(typed) != 3 {
		// No number that could be one: nothing was tried.
		return d.showLinkState(v, linkOther, []page.FieldError{{Field: "number", Message: "error.number.missing"}})
	}
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		t.answer, moved, wrong = nil, nil, false
		l, err := tx.LockLogin(v.snap.Realm.ID, v.facts.Login.ID)
		if err != nil {
			return err
		}
		v.login, v.facts.Login = l, l
		if s := v.facts.state(); s != linkOther {
			t.answer = func() error { return d.showLinkState(v, s, nil) }
			return nil
		}
		if wrong, err = d.wrongNumber(tx, v, l); err != nil || wrong {
			return err
		}
		if here {
			moved = d.openHere(tx, v, l)
			return tx.CreateLogin(moved)
		}
		res, err := actiontoken.Redeem(tx, v.snap, l, v.facts.Token, latchkey.ViaContinue)
		if err != nil {
			return err
		}
		if res.Refused != "" {
			t.answer = func() error { return d.refused(v, res.Refused) }
			return nil
		}
		e := d.event(v.visit, latchkey.EventLinkApproved)
		e.UserID = res.User.ID
		if err := event.Record(tx, v.snap.Realm, e); err != nil {
			return err
		}
		return tx.SaveLogin(l)
	})
	switch {
	case err != nil:
		return err
	case t.answer != nil:
		return t.answer()
	case wrong:
		return d.showLinkState(v, v.facts.state(), []page.FieldError{{Field: "number", Message: "error.number.wrong",
			Args: []any{max(0, actiontoken.MaxNumberTries-v.facts.Login.NumberTries)}}})
	case here:
		d.tellBrowser(v.visit)
		return web.Redirect(v.w, v.r, d.stepURL(v.snap, moved))
	}
	return d.linkPage(v.visit, http.StatusOK, page.ContinueThereDone{})
}

// wrongNumber counts the try before it compares. A filled field that
// people do not see marks a machine: no try is counted, and nothing matches.
func (d *Door) wrongNumber(tx *store.Tx, v *linkVisit, l *latchkey.Login) (bool, error) {
	if v.form.Get("reference") != "" {
		return true, nil
	}
	ok, err := tx.CountNumberTry(l.RealmID, l.ID, actiontoken.MaxNumberTries)
	if err != nil {
		return false, err
	}
	if ok {
		l.NumberTries++
	}
	if ok && actiontoken.CheckNumber(tx.Keyring(), l.ID, l.Mail.NumberGeneration, v.form.Get("number")) {
		return false, nil
	}
	e := d.event(v.visit, latchkey.EventLinkRefused)
	e.Error = "wrong_number"
	return true, event.Record(tx, v.snap.Realm, e)
}

// noteConfirm holds the id of the link that a login was opened by, until its
// person has confirmed the account, which noteConfirmAs names: only then is the
// link redeemed.
const (
	noteConfirm   = "confirm-here"
	noteConfirmAs = "confirm-as"
)

// openHere makes a login of its own in this browser for the same client, which
// gets the mail's step and no other: what else was proven, a password for one,
// was proven in the asking browser. It asks once more, by the account's name,
// before any session starts, and ends at the application's start. Redeeming
// ends the asking login.
func (d *Door) openHere(tx *store.Tx, v *linkVisit, asking *latchkey.Login) *latchkey.Login {
	d.ownBrowser(v.visit)
	l := d.anew(tx, v.visit, asking)
	l.BrowserHash, l.Answer = v.browserHash, latchkey.AnswerStart
	l.Request.Prompt, l.Request.MaxAge = nil, nil
	l.UserID = asking.UserID
	l.SetNote(noteConfirm, v.facts.Token.ID)
	l.SetNote(noteConfirmAs, v.account())
	return l
}

// digitsOf gives the digits of what was typed, in whatever script.
func digitsOf(typed string) string {
	var b strings.Builder
	for _, r := range typed {
		if unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ownBrowser gives this browser a login cookie when it has none.
func (d *Door) ownBrowser(v *visit) {
	if v.browserHash == nil {
		v.browserCookie, v.freshBrowser = secret.Token(), true
		v.browserHash = secret.Hash(v.browserCookie)
	}
}

// tellBrowser gives a browser the login cookie that was made for it.
func (d *Door) tellBrowser(v *visit) {
	if v.freshBrowser {
		d.Site.SetCookie(v.w, cookieLogin, v.snap.Realm.Name, v.browserCookie, 0)
	}
}

// leaveOther is "It was not me" and "I no longer have that screen", in a
// browser that did not ask. Neither ends the asking browser's own link.
func (d *Door) leaveOther(v *linkVisit, choice string) error {
	switch choice {
	case "notme":
		if err := d.report(v); err != nil {
			return err
		}
		return d.linkPage(v.visit, http.StatusOK, page.NotMeDone{})
	case "lost":
		return d.linkPage(v.visit, http.StatusOK, page.LostScreen{})
	}
	if v.facts.Token.Kind == latchkey.TokenMagicLink || v.facts.Token.Kind == latchkey.TokenReset {
		return d.showLinkState(v, v.facts.state(), nil)
	}
	return d.showVerify(v)
}

// report closes number and code of the login, tells the asking browser, and
// slows the origin of the request. Doing it again changes
// nothing more.
func (d *Door) report(v *linkVisit) error {
	return d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		l, err := tx.LockLogin(v.snap.Realm.ID, v.facts.Login.ID)
		if err != nil || l.Ended() || (l.Mail.NumberClosed && l.Mail.CodeClosed) {
			return err
		}
		l.Mail.NumberClosed, l.Mail.CodeClosed, l.Mail.ReportedAt = true, true, tx.Now()
		if err := tx.SaveLogin(l); err != nil {
			return err
		}
		if err := ratelimit.Slow(tx, l); err != nil {
			return err
		}
		return event.Record(tx, v.snap.Realm, d.event(v.visit, latchkey.EventLinkReported))
	})
}

// reportOwn is "It was not me" in the browser that asked: the login ends.
func (d *Door) reportOwn(v *linkVisit) error {
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		l, err := tx.LockLogin(v.snap.Realm.ID, v.facts.Login.ID)
		if err != nil {
			return err
		}
		ended, err := d.end(tx, l, latchkey.EndReported)
		if err != nil {
			return err
		}
		if err := tx.VoidActionTokens(l.RealmID, l.ID, ""); err != nil || !ended {
			return err
		}
		return event.Record(tx, v.snap.Realm, d.event(v.visit, latchkey.EventLinkReported))
	})
	if err != nil {
		return err
	}
	return d.linkPage(v.visit, http.StatusOK, page.NotMeDone{Ended: true})
}

// switchUser ends the session of the one who is signed in, as a logout does,
// and shows the link again; or leaves everything as it is.
func (d *Door) switchUser(v *linkVisit, choice string) error {
	if choice != "switch" {
		return web.Redirect(v.w, v.r, orElse(d.startURL(v.snap, v.client), d.Site.URL("")))
	}
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		return session.End(tx, v.snap, v.session, "user_switched")
	})
	if err != nil {
		return err
	}
	d.Site.ClearSession(v.w, v.snap.Realm)
	return web.Redirect(v.w, v.r, d.url(v.snap, "link/"+v.facts.Token.ID, nil))
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
