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

// Answer makes the answer of the application that a login was made for: the
// error that the login ended with, or a code. The person's door calls it once
// in the transaction in which the login ends, with the session that it
// ended in and whose that is; nil where nobody signed in. What it gives answers
// the browser after the commit. It is nil when the login leads to the
// application's start and the application has none.
func (d *Door) Answer(tx *store.Tx, snap *latchkey.Snapshot, l *latchkey.Login, s *latchkey.UserSession, user *latchkey.User) (web.Handler, error) {
	client := snap.ClientByID(l.ClientID)
	if l.Answer == latchkey.AnswerStart {
		start := ""
		if client != nil {
			start = client.StartURL(d.Site.URL(), d.Site.Issuer(snap.Realm.Name))
		}
		if start == "" {
			return nil, nil
		}
		return func(w http.ResponseWriter, r *http.Request) error { return web.Redirect(w, r, start) }, nil
	}
	req := &l.Request
	// The client may have changed since the request was made.
	if client == nil || !client.Enabled || client.BearerOnly || !client.StandardFlowEnabled || !client.AllowsRedirect(req.RedirectURI, d.Site.URL()) {
		return func(http.ResponseWriter, *http.Request) error {
			return latchkey.Errorf(latchkey.CodeForbidden, "This application may not be answered any more.")
		}, nil
	}
	fields, err := d.answerFields(tx, snap, client, l, signedIn{s, user})
	if err != nil {
		return nil, err
	}
	p := reply{snap: snap, client: client, to: req.RedirectURI, mode: modeFor(req.ResponseType, req.ResponseMode), fields: fields}
	return func(w http.ResponseWriter, r *http.Request) error { return d.respond(w, r, p) }, nil
}

// signedIn is who signed in, and in which session.
type signedIn struct {
	session *latchkey.UserSession
	user    *latchkey.User
}

// answerFields are what the application is told.
func (d *Door) answerFields(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client, l *latchkey.Login, who signedIn) ([]Field, error) {
	req, s := &l.Request, who.session
	if l.EndReason == latchkey.EndRefused {
		code := l.Error
		if code == "" {
			code = "access_denied"
		}
		return d.errorFields(snap, code, "", req.State), nil
	}
	refusal := "login_required"
	if s != nil && honours(snap, client, l, s) {
		var err error
		if refusal, err = withheld(tx, snap, client, l); err != nil {
			return nil, err
		}
	}
	if refusal != "" {
		return d.errorFields(snap, refusal, "", req.State), nil
	}
	if _, err := session.AttachClient(tx, snap, s, client, *req); err != nil {
		return nil, err
	}
	code, hash := newCode(s.ID, client.ID)
	amr := l.AMR
	if l.FromCookie || len(amr) == 0 {
		amr = s.AMRAt(tx.Now())
	}
	err := tx.CreateCode(&latchkey.AuthorizationCode{
		RealmID: snap.Realm.ID, Hash: hash, SessionID: s.ID, ClientID: client.ID, ExpiresAt: tx.Now().Add(codeLifespan(snap.Realm)),
		UserID: who.user.ID, RedirectURI: req.RedirectURI, Scope: req.Scope, Nonce: req.Nonce,
		CodeChallenge: req.CodeChallenge, CodeChallengeMethod: req.CodeChallengeMethod,
		AuthTime: s.AuthTime, ACR: acrOf(snap, client, l), AMR: amr,
	})
	fields := d.codeFields(snap, code, s.ID, req.State)
	if l.ActionStatus != "" {
		fields = append(fields, Field{"kc_action_status", l.ActionStatus}, Field{"kc_action", req.Action})
	}
	return fields, err
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
