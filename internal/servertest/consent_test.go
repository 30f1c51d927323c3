package servertest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

const adasPassword = "correct horse battery"

// byPassword is a server whose demo realm signs Ada in by a password, and an
// application of it.
func byPassword(t *testing.T, change ...func(*representation.Client)) (*servertest.Server, *servertest.RP) {
	t.Helper()
	s := servertest.Start(t)
	passwords(s)
	return s, s.RP("demo", change...)
}

// passwords makes that server of a server.
func passwords(s *servertest.Server) {
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.BrowserFlow = "browser"
		return tx.UpdateRealm(&r)
	})
	s.AddUser("demo", "ada@example.test", adasPassword, func(u *latchkey.User) { u.EmailVerified = true })
}

// signIn answers the password form.
func signIn(p *servertest.Page) *servertest.Page {
	return p.FormWith("password").Set("username", "ada@example.test").Set("password", adasPassword).Submit()
}

func consentEvents(s *servertest.Server) (out []string) {
	for _, e := range s.Events("demo") {
		switch e.Type {
		case latchkey.EventGrantConsent, latchkey.EventUpdateConsent, latchkey.EventRevokeGrant:
			out = append(out, string(e.Type)+" "+e.Details["scope"])
		case latchkey.EventLogin:
			out = append(out, "LOGIN "+e.Details["consent"])
		case latchkey.EventLoginError:
			out = append(out, "LOGIN_ERROR "+e.Error)
		}
	}
	return out
}

// an application that needs a consent gets it once; what is new is
// asked for, and nothing else; a no is access_denied; what is taken
// back is over with all that hangs on it.
func TestConsent(t *testing.T) {
	s, rp := byPassword(t, func(c *representation.Client) { c.ConsentRequired = new(true) })
	b := s.Browser()
	rp.OAuth.Scopes = []string{"openid", "offline_access"}
	p := signIn(rp.Start(b))
	if !p.Has("Test application") || !p.Has("ada@example.test") || !p.Has("Your email address") || !strings.Contains(p.URL.Path, "/login-actions/consent") {
		t.Fatalf("no question at %s:\n%s", p.URL, p.Text())
	}
	if p = p.Reload(); !p.Has("Your email address") {
		t.Fatalf("after a reload: %s", p.Text())
	}
	if q := rp.Answer(p.Press("No, cancel")); q.Get("error") != "access_denied" || q.Get("state") == "" {
		t.Errorf("a no: %v", q)
	}
	// Nobody was signed in by that.
	p = signIn(rp.Start(b)).Press("Yes, allow")
	tokens := rp.Finish(p)
	again := rp.Finish(rp.Start(b)) // nothing is asked
	if again.ID.Subject != tokens.ID.Subject {
		t.Error("somebody else")
	}
	// A new scope asks for itself alone; silently it cannot.
	rp.OAuth.Scopes = []string{"openid", "phone"}
	if q := rp.Answer(rp.Start(b, "prompt", "none")); q.Get("error") != "consent_required" {
		t.Errorf("silently: %v", q)
	}
	p = rp.Start(b)
	if !p.Has("Your phone number") || p.Has("Your email address") {
		t.Fatalf("the new question: %s", p.Text())
	}
	rp.Finish(p.Press("Yes, allow"))
	// Asked for, all of it is shown again.
	if p = rp.Start(b, "prompt", "consent"); !p.Has("Your phone number") || !p.Has("Your email address") {
		t.Fatalf("prompt=consent: %s", p.Text())
	}
	rp.Finish(p.Press("Yes, allow"))
	if _, err := rp.Refresh(tokens.RefreshToken); err != nil {
		t.Errorf("the offline token: %v", err)
	}
	snap := s.Snapshot("demo")
	s.Update(func(tx *store.Tx) error {
		had, err := session.RevokeConsent(tx, snap, tokens.ID.Subject, rp.Client, latchkey.Event{})
		if !had {
			t.Error("nothing was taken back")
		}
		return err
	})
	if _, err := rp.Refresh(tokens.RefreshToken); err == nil {
		t.Error("the offline token outlived the consent")
	}
	if p = rp.Start(b); !p.Has("Your email address") {
		t.Errorf("after it was taken back: %s", p.Text())
	}
	want := []string{
		"LOGIN_ERROR rejected_by_user",
		"GRANT_CONSENT acr", "LOGIN consent_granted",
		"LOGIN persistent_consent",
		"LOGIN_ERROR consent_denied",
		"UPDATE_CONSENT", "LOGIN consent_granted",
		"UPDATE_CONSENT", "LOGIN consent_granted",
		"REVOKE_GRANT",
	}
	got := consentEvents(s)
	if !slices.EqualFunc(got, want, func(g, w string) bool { return strings.HasPrefix(g, strings.TrimSuffix(w, " acr")) }) {
		t.Errorf("events %q", got)
	}
}

// An application can have a required action run (kc_action), whether it waits
// for the person or not; they may give it up; what changes how they sign in
// needs a recent proof.
func TestActionOfTheApplication(t *testing.T) {
	s, rp := byPassword(t)
	b := s.Browser()
	rp.Finish(signIn(rp.Start(b)))

	p := rp.Start(b, "kc_action", "UPDATE_PASSWORD")
	if !p.Has("Cancel and go back to Test application") {
		t.Fatalf("no way out: %s", p.Text())
	}
	p = p.Press("Cancel and go back")
	if q := rp.Answer(p); q.Get("kc_action_status") != "cancelled" || q.Get("kc_action") != "UPDATE_PASSWORD" {
		t.Errorf("given up: %v", q)
	}
	rp.Finish(p)
	p = rp.Start(b, "kc_action", "UPDATE_PASSWORD").FormWith("password-new").Set("password-new", "another horse battery").
		Set("password-confirm", "another horse battery").Submit()
	if q := rp.Answer(p); q.Get("kc_action_status") != "success" || q.Get("code") == "" {
		t.Errorf("done: %v", q)
	}
	if q := rp.Answer(rp.Start(b, "kc_action", "NOPE:with-parameter")); q.Get("kc_action_status") != "error" || q.Get("code") == "" {
		t.Errorf("an action that there is none of: %v", q)
	}
	if q := rp.Answer(rp.Start(b, "kc_action", "UPDATE_PASSWORD", "prompt", "none")); q.Get("error") != "interaction_required" {
		t.Errorf("silently: %v", q)
	}
	s.Clock.Advance(6 * time.Minute)
	if p = rp.Start(b, "kc_action", "UPDATE_PASSWORD"); p.FormWith("password") == nil || p.Has("Cancel and go back") {
		t.Errorf("an old sign-in was enough: %s", p.Text())
	}
	// Nothing is asked of who has it waiting, but once; then nobody can give it up.
	s.Update(func(tx *store.Tx) error {
		snap := s.Snapshot("demo")
		u, err := tx.UserByEmail(snap.Realm.ID, "ada@example.test")
		if err != nil {
			return err
		}
		u.AddRequiredAction(latchkey.ActionUpdatePassword)
		return tx.UpdateUser(u)
	})
	p = p.FormWith("password").Set("username", "ada@example.test").Set("password", "another horse battery").Submit()
	if p.Has("Cancel and go back") {
		t.Errorf("what waits for the person can be given up: %s", p.Text())
	}
	form := p.FormWith("password-new")
	form.Values.Set("cancel-aia", "true") // somebody's own button
	if p = form.Submit(); p.FormWith("password-new") == nil {
		t.Fatalf("it was given up all the same: %s", p.Text())
	}
	p = p.FormWith("password-new").Set("password-new", adasPassword).Set("password-confirm", adasPassword).Submit()
	if q := rp.Answer(p); q.Get("kc_action_status") != "success" {
		t.Errorf("done once: %v", q)
	}
}
