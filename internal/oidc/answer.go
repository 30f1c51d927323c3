package oidc

import (
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// answer is where a login goes that is over: it answers the application, once,
// whichever tab comes first.
func (d *Door) answer(w http.ResponseWriter, r *http.Request) error {
	snap, err := d.realmPage(w, r)
	if err != nil || snap == nil {
		return err
	}
	page := func(client *latchkey.Client, status int, key string) error {
		return d.Pages.Error(w, r, ErrorPage{Realm: snap, Client: client, Status: status, Key: key})
	}
	query, err := web.Query(r)
	if err != nil {
		return page(nil, http.StatusBadRequest, PageInvalid)
	}
	client := snap.ClientByClientID(query.Get("client_id"))
	_, hash := d.browserCookie(r, cookieLogin, snap)
	if client == nil || hash == nil || query.Get("tab_id") == "" {
		return page(client, http.StatusBadRequest, PageExpired)
	}
	var l *latchkey.Login
	var p reply
	var first bool
	err = d.DB.Update(r.Context(), func(tx *store.Tx) error {
		var err error
		first, p = false, reply{}
		if l, err = tx.LoginByTab(snap.Realm.ID, hash, query.Get("tab_id")); err != nil {
			return err
		}
		if l.ClientID != client.ID || !answerable(l, tx.Now()) {
			return nil
		}
		if first, err = tx.AnswerLogin(l.RealmID, l.ID); err != nil || !first {
			return err
		}
		p, err = d.replyFor(tx, snap, client, l)
		return err
	})
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound, err == nil && l.ClientID != client.ID:
		return page(client, http.StatusBadRequest, PageExpired)
	case err != nil:
		return err
	case first:
		return d.respond(w, r, p)
	case !l.Ended():
		return web.Redirect(w, r, d.stepURL(snap, client, l))
	case answerable(l, d.Now()):
		return page(client, http.StatusConflict, PageAnswered)
	}
	return page(client, http.StatusBadRequest, PageExpired)
}

// answerWithin is how long after its end a login still answers the
// application: the browser is led here at once.
const answerWithin = 5 * time.Minute

// answerable says whether a login is one that is over and has an answer.
func answerable(l *latchkey.Login, now time.Time) bool {
	return l.Ended() && l.Answer == latchkey.AnswerCode && now.Before(l.EndedAt.Add(answerWithin)) &&
		(l.EndReason == latchkey.EndFinished || l.EndReason == latchkey.EndRefused)
}

// replyFor makes the application's answer of a login that is over: the error
// that it ended with, or a code.
func (d *Door) replyFor(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client, l *latchkey.Login) (reply, error) {
	req := &l.Request
	p := reply{snap: snap, client: client, to: req.RedirectURI, mode: modeFor(req.ResponseType, req.ResponseMode)}
	// The client may have changed since the request was made.
	if !client.Enabled || client.BearerOnly || !client.StandardFlowEnabled || !client.AllowsRedirect(req.RedirectURI, d.Site.URL()) {
		return p, latchkey.Errorf(latchkey.CodeForbidden, "This application may not be answered any more.")
	}
	if l.EndReason == latchkey.EndRefused {
		code := l.Error
		if code == "" {
			code = "access_denied"
		}
		p.fields = d.errorFields(snap, code, "", req.State)
		return p, nil
	}
	s, user, err := session.ByID(tx, snap, l.SessionID)
	if err != nil {
		return p, err
	}
	var refusal string
	if s == nil || !honours(snap, client, l, s) {
		refusal = "login_required"
	} else if refusal, err = withheld(tx, snap, client, l); err != nil {
		return p, err
	}
	if refusal != "" {
		p.fields = d.errorFields(snap, refusal, "", req.State)
		return p, nil
	}
	if _, err := session.AttachClient(tx, snap, s, client, *req); err != nil {
		return p, err
	}
	code, hash := newCode(s.ID, client.ID)
	amr := l.AMR
	if l.FromCookie || len(amr) == 0 {
		amr = s.AMRAt(tx.Now())
	}
	err = tx.CreateCode(&latchkey.AuthorizationCode{
		RealmID: snap.Realm.ID, Hash: hash, SessionID: s.ID, ClientID: client.ID, ExpiresAt: tx.Now().Add(codeLifespan(snap.Realm)),
		UserID: user.ID, RedirectURI: req.RedirectURI, Scope: req.Scope, Nonce: req.Nonce,
		CodeChallenge: req.CodeChallenge, CodeChallengeMethod: req.CodeChallengeMethod,
		AuthTime: s.AuthTime, ACR: acrOf(snap, client, l), AMR: amr,
	})
	p.fields = d.codeFields(snap, code, s.ID, req.State)
	if l.ActionStatus != "" {
		p.fields = append(p.fields, Field{"kc_action_status", l.ActionStatus}, Field{"kc_action", req.Action})
	}
	return p, err
}

// withheld says why the sign-in alone is no yes to the application: what it
// requires was not reached, or the person has not consented to what it may
// have. The person's door sees to both; here it is said once
// more, where the answer is given.
func withheld(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client, l *latchkey.Login) (string, error) {
	if must := l.Request.RequiredLevel; must != nil && l.Level() < *must {
		return flow.CodeUnmet, nil
	}
	if !client.ConsentRequired {
		return "", nil
	}
	_, missing, err := flow.Unconsented(tx, snap, client, l, false)
	if err == nil && missing {
		return "consent_required", nil
	}
	return "", err
}

// honours says whether the sign-in is what the request asked for: the person
// that the application expects, and, where an old session was used, one that
// is young enough and that it did not ask to be made anew. The
// person's door sees to all of that; here it is said once more, where the
// answer is given.
func honours(snap *latchkey.Snapshot, client *latchkey.Client, l *latchkey.Login, s *latchkey.UserSession) bool {
	if want := l.Request.IDTokenHintSubject; want != "" && want != token.SubjectFor(snap, client, s.UserID) {
		return false
	}
	if !l.FromCookie {
		return true
	}
	if l.Request.Prompts("login") {
		return false
	}
	age := l.Request.MaxAge
	return age == nil || !l.CreatedAt.After(s.AuthTime.Add(time.Duration(*age)*time.Second))
}

func codeLifespan(realm *latchkey.Realm) time.Duration {
	if d := time.Duration(realm.AccessCodeLifespan) * time.Second; d > 0 && d < maxCodeLife {
		return d
	}
	return maxCodeLife
}
