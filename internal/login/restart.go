package login

import (
	"maps"
	"net/http"
	"net/url"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

func withKey(q url.Values, key, value string) url.Values {
	out := maps.Clone(q)
	out.Set(key, value)
	return out
}

// restart ends the login of this tab and begins it anew, for the same
// application and request: the way to another address. Links that it mailed
// end with it.
func (d *Door) restart(w http.ResponseWriter, r *http.Request) error {
	v, err := d.begin(w, r)
	if err != nil {
		return err
	}
	if err := d.find(v, nil); err != nil {
		return err
	}
	if v.browserHash == nil || v.login == nil {
		_, err := d.standing(v, false)
		return err
	}
	if v.login.Ended() && v.login.EndReason != latchkey.EndRestarted {
		return d.ended(v)
	}
	return d.restartWith(v, nil)
}

// restartWith begins the login anew and, when a form is given, submits it
// there.
func (d *Door) restartWith(v *visit, submit *flow.Submission) error {
	t := &turn{visit: v, submit: submit}
	id := v.login.ID
	err := d.DB.Update(v.r.Context(), func(tx *store.Tx) error {
		l, err := tx.LockLogin(v.snap.Realm.ID, id)
		if err != nil {
			return err
		}
		t.login, t.result = l, flow.Result{Kind: flow.Restarted}
		return d.restartLocked(tx, t)
	})
	if err != nil {
		return err
	}
	return d.respond(t)
}

// restartLocked ends the locked login and makes a new one in its place. A
// form that asked for it (another address, typed after the back button) is
// submitted to the new login at once.
func (d *Door) restartLocked(tx *store.Tx, t *turn) error {
	old := t.login
	if _, err := d.end(tx, old, latchkey.EndRestarted); err != nil {
		return err
	}
	if err := tx.VoidActionTokens(old.RealmID, old.ID, ""); err != nil {
		return err
	}
	fresh := d.anew(tx, t.visit, old)
	if err := tx.CreateLogin(fresh); err != nil {
		return err
	}
	e := d.event(t.visit, latchkey.EventRestart)
	t.login = fresh
	if err := event.Record(tx, t.snap.Realm, e); err != nil {
		return err
	}
	if t.submit == nil {
		return nil
	}
	return d.resubmit(tx, t)
}

// end ends the locked login, and with it what was typed to register.
func (d *Door) end(tx *store.Tx, l *latchkey.Login, reason latchkey.EndReason) (bool, error) {
	if len(l.Draft) > 0 {
		l.Draft = nil
		if err := tx.SaveLogin(l); err != nil {
			return false, err
		}
	}
	return tx.EndLogin(l.RealmID, l.ID, reason)
}

// anew makes a login for the same request as an old one, with nothing of what
// happened in it, in the flow that is bound now; a trial stays in its own for as
// long as there is one.
func (d *Door) anew(tx *store.Tx, v *visit, old *latchkey.Login) *latchkey.Login {
	now, flowID := tx.Now(), old.FlowID
	trial := old.Trial && v.snap.Flow(flowID) != nil
	if f := v.snap.EntryFlow(v.snap.ClientByID(old.ClientID), old.Entry); f != nil && !trial {
		flowID = f.ID
	}
	return &latchkey.Login{
		RealmID: old.RealmID, ID: secret.NewID(), BrowserHash: old.BrowserHash, TabID: secret.TabID(),
		ClientID: old.ClientID, CreatedAt: now, ExpiresAt: now.Add(v.snap.Realm.LoginTimeout()), SeenAt: now,
		Request: old.Request, Answer: old.Answer, FlowID: flowID, Trial: trial, Entry: old.Entry, Locale: old.Locale, From: v.browser,
	}
}

// resubmit runs the new login up to its first page and hands it the form that
// was meant for the old one.
func (d *Door) resubmit(tx *store.Tx, t *turn) error {
	step := t.submit.Step
	if _, err := flow.Advance(d.run(tx, t.visit, t.login, nil)); err != nil {
		return err
	}
	if flow.CurrentStep(t.login) != step {
		return tx.SaveLogin(t.login)
	}
	res, err := flow.Advance(d.run(tx, t.visit, t.login, t.submit))
	if err != nil {
		return err
	}
	if res.Kind == flow.Show {
		t.result = res
	}
	return tx.SaveLogin(t.login)
}
