package login

import (
	"net/url"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/page"
	"latchkey/internal/store"
	"latchkey/internal/user"
	"latchkey/internal/web"
)

// mailAgain mails a new link to the address of one that is used, expired or
// ended: in the same login when that still waits, else in a new one for the
// same request. Only the browser that asked gets here.
func (d *Door) mailAgain(v *linkVisit) error {
	t := &turn{visit: v.visit}
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		l, err := tx.LockLogin(v.snap.Realm.ID, v.facts.Login.ID)
		if err != nil {
			return err
		}
		t.login, t.submit = l, nil
		if !l.Ended() && tx.Now().Before(l.ExpiresAt) && l.Mail.ProvenAt.IsZero() {
			t.submit = &flow.Submission{Step: l.Mail.Execution, Form: url.Values{"resend": {"on"}}}
			if _, err := flow.Advance(d.run(tx, v.visit, l, t.submit)); err != nil {
				return err
			}
			return tx.SaveLogin(l)
		}
		fresh := d.anew(tx, v.visit, l)
		if err := tx.CreateLogin(fresh); err != nil {
			return err
		}
		t.login = fresh
		t.submit = &flow.Submission{Step: l.Mail.Execution, Form: url.Values{"username": {actiontoken.TypedAddress(l)}}}
		if l.Entry == latchkey.EntryReset {
			fresh.SetNote(flow.NoteAttempted, l.Note(flow.NoteAttempted))
		}
		if l.Entry == latchkey.EntryRegistration {
			if err := takeDraft(tx, l, fresh); err != nil {
				return err
			}
			t.submit = nil // a form that was not typed has nothing but faults
			if len(fresh.Draft) > 0 {
				t.submit = &flow.Submission{Step: l.Mail.Execution, Form: url.Values{"resend": {"on"}}}
			}
		}
		if t.submit == nil {
			return tx.SaveLogin(fresh)
		}
		return d.resubmit(tx, t)
	})
	if err != nil {
		return err
	}
	return web.Redirect(v.w, v.r, d.stepURL(v.snap, t.login))
}

// takeDraft moves what was typed to register into the login that takes the
// place of one that is over, so that nobody types it twice.
func takeDraft(tx *store.Tx, from, to *latchkey.Login) error {
	draft := user.Kept(tx.Keyring(), from)
	if draft == nil {
		return nil
	}
	if err := draft.Keep(tx.Keyring(), to); err != nil {
		return err
	}
	from.Draft = nil
	return tx.SaveLogin(from)
}

// redeemAgain redeems a reusable link whose login is finished, in the browser
// that asked: in a login of its own, which ends at the application's start,
// since the application has had that login's one answer.
func (d *Door) redeemAgain(v *linkVisit) error {
	t := &turn{visit: v.visit}
	t.open = func(tx *store.Tx) (*latchkey.Login, answer, error) {
		before, now := v.facts.Login, tx.Now()
		l := d.anew(tx, v.visit, before)
		l.BrowserHash, l.Answer = v.browserHash, latchkey.AnswerStart
		l.Request.Prompt, l.Request.MaxAge = nil, nil
		l.Executions = map[string]latchkey.ExecutionStatus{before.Mail.Execution: latchkey.StatusSuccess}
		l.PassedAt = map[string]time.Time{before.Mail.Execution: now}
		res, err := actiontoken.Redeem(tx, v.snap, l, v.facts.Token, latchkey.ViaLink)
		if err != nil {
			return nil, nil, err
		}
		if res.Refused != "" {
			return nil, func() error { return d.refused(v, res.Refused) }, nil
		}
		return l, nil, nil
	}
	return d.take(t)
}

// redeemAPI redeems a link that was made by the API: a bearer link, which a
// button is enough for; where Latchkey mailed it, the full address is asked
// for, so that a machine that reads the mailbox's links alone gets nowhere.
func (d *Door) redeemAPI(v *linkVisit) error {
	token := v.facts.Token
	if v.client == nil || !v.client.Enabled || token.Request == nil {
		return d.showLinkState(v, linkEnded, nil) // the application is gone since
	}
	if token.Address != "" && latchkey.CanonicalAddress(v.form.Get("address")) != latchkey.CanonicalAddress(token.Address) {
		return d.showLinkState(v, linkAPI, []page.FieldError{{Field: "address", Message: "error.address.mismatch"}})
	}
	t := &turn{visit: v.visit}
	t.open = func(tx *store.Tx) (*latchkey.Login, answer, error) {
		d.ownBrowser(v.visit)
		l := d.openedBy(tx, v.visit, v.client, *token.Request)
		res, err := actiontoken.Redeem(tx, v.snap, l, token, latchkey.ViaAPI)
		if err != nil {
			return nil, nil, err
		}
		if res.Refused != "" {
			return nil, func() error { return d.refused(v, res.Refused) }, nil
		}
		if token.Kind == latchkey.TokenExecuteActions {
			l.Answer, l.Through = latchkey.AnswerPage, true // required actions are all there is to it
		}
		return l, nil, nil
	}
	return d.take(t)
}

// openedBy makes a login for a link that no login of this browser asked for:
// the link takes the place of the flow's first factor, and everything that
// comes after it is asked for as always.
func (d *Door) openedBy(tx *store.Tx, v *visit, client *latchkey.Client, req latchkey.AuthorizationRequest) *latchkey.Login {
	l := d.anew(tx, v, &latchkey.Login{RealmID: v.snap.Realm.ID, BrowserHash: v.browserHash, ClientID: client.ID,
		Request: req, Answer: latchkey.AnswerCode})
	flow.PassFirstFactor(v.snap, l, tx.Now())
	return l
}

// showVerify is the page of a link that proves an address (VERIFY_EMAIL).
func (d *Door) showVerify(v *linkVisit) error {
	s := v.facts.state()
	switch s {
	case linkSame, linkOtherUser, linkUsed, linkExpired, linkEnded, linkOpenStep:
		return d.showLinkState(v, s, nil)
	}
	return d.showLinkState(v, v.otherVerify(), nil)
}

// otherVerify is what a link that proves an address shows in a browser that
// did not ask: there a person can only go back to where they asked, and type
// the mail's code. The address would else be proven for a login that somebody
// else holds.
func (v *linkVisit) otherVerify() linkState {
	if l := v.facts.Login; l.Mail.CodeClosed || l.Mail.LinkOnly || l.CodeTries >= actiontoken.MaxCodeTries {
		return linkOtherRefused
	}
	return linkOtherCode
}

// submitVerify proves the address, in the browser that asked, and goes on.
func (d *Door) submitVerify(v *linkVisit) error {
	s := v.facts.state()
	switch {
	case s == linkOtherUser:
		return d.switchUser(v, v.form.Get("choice"))
	case s == linkOther || s == linkOtherClosed || s == linkOtherCode || s == linkOtherRefused:
		return d.leaveOther(v, v.form.Get("choice"))
	case s != linkSame:
		return d.showVerify(v)
	}
	t := &turn{visit: v.visit}
	t.before = func(tx *store.Tx, l *latchkey.Login) (answer, error) {
		res, err := d.redeemProof(tx, v, l)
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

// redeemProof uses up a link that proves an address, for the login that mailed
// it.
func (d *Door) redeemProof(tx *store.Tx, v *linkVisit, l *latchkey.Login) (actiontoken.Redemption, error) {
	p := actiontoken.AddressProof{Token: v.facts.Token, Session: v.session, From: v.browser}
	if v.facts.Token.Kind == latchkey.TokenUpdateEmail {
		return actiontoken.RedeemUpdateEmail(tx, v.snap, l, p)
	}
	return actiontoken.RedeemVerifyEmail(tx, v.snap, l, p)
}

// language chooses the language of this visit, once.
func (d *Door) language(v *visit) string {
	if v.lang == "" {
		asked := ""
		if v.login != nil {
			asked = v.login.Request.UILocales
		}
		v.lang = d.Pages.Language(v.w, v.r, v.snap.Realm, asked, v.user.Locale())
	}
	return v.lang
}

// choosesLanguage says whether somebody chose the language of the visit: the
// person below the page, or the application for them.
func (d *Door) choosesLanguage(v *visit) bool {
	return v.query.Get(page.LocaleParam) == d.language(v) || (v.login != nil && v.login.Request.UILocales == d.language(v))
}

// application is the client that the visit is about; nil when it is not known.
func (v *visit) application() *latchkey.Client {
	switch {
	case v.login != nil:
		return v.snap.ClientByID(v.login.ClientID)
	case v.client != nil:
		return v.client
	}
	return v.snap.ClientByClientID(v.query.Get("client_id"))
}

// meta is what the layout needs of this visit.
func (d *Door) meta(v *visit) page.Meta {
	return d.Pages.Meta(v.r, v.snap.Realm, v.application(), d.language(v), d.Now())
}
