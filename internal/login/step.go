package login

import (
	"net/http"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/event"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// showStep shows the step that is open. A GET runs the flow as far as it goes
// without the person, and changes nothing else.
func (d *Door) showStep(w http.ResponseWriter, r *http.Request) error {
	v, err := d.begin(w, r)
	if err != nil {
		return err
	}
	return d.step(v, nil, "")
}

// submitStep takes what the person sent: a step's form, or a choice of
// another way.
func (d *Door) submitStep(w http.ResponseWriter, r *http.Request) error {
	v, err := d.begin(w, r)
	if err != nil {
		return err
	}
	execution := v.query.Get("execution")
	if v.form.Get("tryAnotherWay") != "" || v.form.Get("authenticationExecution") != "" {
		return d.another(v)
	}
	return d.step(v, &flow.Submission{Step: execution, Form: v.form}, "")
}

// step is one turn at the login of this tab.
func (d *Door) step(v *visit, submit *flow.Submission, choose string) error {
	if err := d.find(v, submit); err != nil {
		return err
	}
	return d.stepFound(v, submit, choose)
}

// stepFound is the same where the login has been read.
func (d *Door) stepFound(v *visit, submit *flow.Submission, choose string) error {
	if done, err := d.standing(v, submit != nil || choose != ""); done || err != nil {
		return err
	}
	if !allowed(v.snap.Realm, v.login.Entry) {
		return d.notAllowed(v, v.login.Entry)
	}
	if v.login.Note(noteConfirm) != "" {
		return d.confirmHere(v)
	}
	t := turn{visit: v, submit: submit, choose: choose}
	if v.shown != nil && choose == "" {
		t.result = *v.shown
		return d.respond(&t)
	}
	return d.take(&t)
}

// find reads the login of this tab, who is signed in, and does the slow work
// of the step, outside of any transaction.
func (d *Door) find(v *visit, submit *flow.Submission) error {
	return d.DB.View(v.r.Context(), func(tx *store.Tx) error {
		if err := d.findPerson(tx, v); err != nil || v.browserHash == nil {
			return err
		}
		l, err := tx.LoginByTab(v.snap.Realm.ID, v.browserHash, v.query.Get("tab_id"))
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		v.login = l
		switch {
		case submit == nil && v.r.Method == http.MethodGet:
			return d.lookAhead(tx, v)
		case submit == nil || l.Ended():
			return nil
		case d.codeMatches(v, d.sessionCode(l)):
		case l.Entry == latchkey.EntryRegistration && d.typedBefore(v, l) != "":
			// The page before the one that waits, with another address perhaps:
			// it is submitted to a login that begins anew (see stale).
			left := *l
			left.Mail = latchkey.MailStep{}
			v.again, err = flow.Prepare(d.run(tx, v, &left, submit))
			return err
		default:
			return nil // nothing slow is done for a form that is not of this step
		}
		submit.Prepared, err = flow.Prepare(d.run(tx, v, l, submit))
		return err
	})
}

// lookAhead lets the flow of a login whose step is open run without writing:
// most visits only come to look, and what they see needs no transaction. When
// anything would be written, what came of it is dropped, and the turn is taken
// as every other.
func (d *Door) lookAhead(tx *store.Tx, v *visit) error {
	l := v.login
	if flow.CurrentStep(l) == "" || l.Ended() || !tx.Now().Before(l.ExpiresAt) || l.FromCookie || l.Note(noteConfirm) != "" ||
		l.Locale != d.language(v) || (!l.LocaleChosen && d.choosesLanguage(v)) {
		return nil
	}
	var res flow.Result
	if tx.LookAhead(func() bool {
		var err error
		res, err = flow.Advance(d.run(tx, v, l, nil))
		return err == nil && res.Kind == flow.Show && res.Code == "" && !res.Refused && !tx.LoginChanged(l)
	}) {
		v.shown = &res
		return nil
	}
	var err error
	v.login, err = tx.Login(l.RealmID, l.ID) // as it stands
	return err
}

// findPerson reads who is signed in in this browser, and which addresses it
// knows.
func (d *Door) findPerson(tx *store.Tx, v *visit) error {
	if c, ok := d.Site.Cookie(v.r, cookieSession, v.snap.Realm.Name); ok {
		s, u, err := session.Find(tx, v.snap, latchkey.Secret(c))
		if err != nil {
			return err
		}
		v.session, v.user = s, u
	}
	if c, ok := d.Site.Cookie(v.r, cookieKnown, v.snap.Realm.Name); ok {
		known, err := tx.KnownAddresses(v.snap.Realm.ID, secret.Hash(c))
		if err != nil {
			return err
		}
		v.known = known
	}
	return nil
}

func (d *Door) run(tx *store.Tx, v *visit, l *latchkey.Login, submit *flow.Submission) *flow.Run {
	return &flow.Run{
		Registry: d.Registry, Realm: v.snap, Login: l, Tx: tx, Browser: v.browser,
		Session: v.session, KnownAddresses: v.known, Submit: submit, Now: tx.Now(),
	}
}

// turn is a turn at a login inside its one transaction, and what came of it.
type turn struct {
	*visit
	submit *flow.Submission
	choose string
	// open makes the login, in place of locking the one of this tab. It is not
	// kept yet: see Door.keep.
	open func(tx *store.Tx) (*latchkey.Login, answer, error)
	// before runs inside the transaction, on the locked login, before the flow
	// goes on: a redeemed link marks its step there. A page that it gives is
	// the answer.
	before func(tx *store.Tx, l *latchkey.Login) (answer, error)

	result flow.Result
	finish *finished
	answer answer
}

// answer shows a page of its own in place of the flow's.
type answer func() error

// take locks the login, lets the flow go on, saves it, and finishes it when
// everything passed; then it answers.
func (d *Door) take(t *turn) error {
	err := d.DB.Update(t.r.Context(), func(tx *store.Tx) error {
		t.result, t.finish, t.answer = flow.Result{}, nil, nil
		l, a, err := d.lock(tx, t)
		if err != nil || a != nil {
			t.answer = a
			return err
		}
		t.login = l
		if l.Ended() || !tx.Now().Before(l.ExpiresAt) {
			t.answer = func() error { return d.ended(t.visit) }
			return nil
		}
		return d.takeLocked(tx, t)
	})
	if err != nil {
		return err
	}
	if t.answer != nil {
		return t.answer()
	}
	return d.respond(t)
}

func (d *Door) lock(tx *store.Tx, t *turn) (*latchkey.Login, answer, error) {
	if t.open != nil {
		return t.open(tx)
	}
	l, err := tx.LockLogin(t.snap.Realm.ID, t.login.ID)
	return l, nil, err
}

func (d *Door) takeLocked(tx *store.Tx, t *turn) error {
	l := t.login
	if t.before != nil {
		a, err := t.before(tx, l)
		if err != nil || a != nil {
			t.answer = a
			return err
		}
	}
	if gone, err := d.sessionGone(tx, t); err != nil {
		return err
	} else if gone {
		t.submit, t.result = nil, flow.Result{Kind: flow.Restarted}
		return d.restartLocked(tx, t)
	}
	l.Locale = d.language(t.visit)
	l.LocaleChosen = l.LocaleChosen || d.choosesLanguage(t.visit)
	run := d.run(tx, t.visit, l, t.submit)
	run.Choose = t.choose
	res, err := flow.Advance(run)
	if err != nil {
		return err
	}
	t.result = res
	if err := d.recordResult(tx, t); err != nil {
		return err
	}
	switch res.Kind {
	case flow.Done, flow.NeedsPage, flow.Denied:
		return d.finishLogin(tx, t)
	case flow.Restarted:
		return d.restartLocked(tx, t)
	case flow.Over:
		return d.overLocked(tx, l)
	}
	return keep(tx, l)
}

// keep writes a login if the turn changed it, or adds one that was made in it.
func keep(tx *store.Tx, l *latchkey.Login) error {
	if l.Step == 0 {
		return tx.CreateLogin(l)
	}
	return tx.SaveChangedLogin(l)
}

// sessionGone reads again who is signed in, and says whether the login passed
// by a session that has ended since, or that is not this browser's any more:
// nothing of it may go on, neither a required action nor a new session.
func (d *Door) sessionGone(tx *store.Tx, t *turn) (bool, error) {
	if t.session != nil {
		var err error
		if t.session, t.user, err = session.ByID(tx, t.snap, t.session.ID); err != nil {
			return false, err
		}
	}
	l := t.login
	return (l.FromCookie || l.Carried) && (t.session == nil || t.session.ID != l.SessionID), nil
}

// recordResult records a refused or failed turn with Keycloak's error codes.
func (d *Door) recordResult(tx *store.Tx, t *turn) error {
	switch {
	case t.result.Kind == flow.NeedsPage && t.result.Code == "":
		t.result.Code = t.login.PassiveError()
	case t.result.Code == "", t.result.Kind == flow.Show && !t.result.Refused:
		return nil
	case t.result.Code == actiontoken.RefusedWrongCode:
		return nil // CODE_REFUSED says it
	}
	e := d.event(t.visit, latchkey.EventLoginError)
	e.Error = t.result.Code
	switch {
	case t.result.Step == flow.StepConsent && t.result.Kind == flow.Denied:
		e.Error = "rejected_by_user"
	case e.Error == "consent_required":
		e.Error = "consent_denied"
	}
	return event.Record(tx, t.snap.Realm, e)
}

// event makes an event of this visit.
func (d *Door) event(v *visit, typ latchkey.EventType) latchkey.Event {
	e := latchkey.Event{Type: typ, IPAddress: v.browser.IP, Details: map[string]string{}}
	if l := v.login; l != nil {
		e.UserID = l.UserID
		if c := v.snap.ClientByID(l.ClientID); c != nil {
			e.ClientID = c.ClientID
		}
		e.Details["code_id"] = l.ID
	}
	return e
}
