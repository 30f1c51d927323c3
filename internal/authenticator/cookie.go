package authenticator

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/token"
)

// cookie passes a browser that is signed in already.
type cookie struct{}

func (cookie) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthCookie, DisplayName: "Cookie", Category: "cookie", Requirements: anyRequirement, Passes: flow.PassedOver,
		HelpText: "Lets a browser in that is signed in to the realm already, unless the application asks for a new sign-in.",
	}
}

// Authenticate passes by a live session that is young enough and strong enough
// for what the application asks (OpenID Connect Core 3.1.2.1: prompt, max_age,
// id_token_hint, acr_values; R-091). The step counts as passed when the session
// was, so that auth_time and a limit on old sign-ins go by that. Where the
// session falls short of the level that is asked for alone, the login goes on
// as its person's, with the levels that it has (step-up).
func (k cookie) Authenticate(c *flow.Context) (flow.Outcome, error) {
	s, l := c.Session, c.Login
	if s == nil {
		return attempted, nil
	}
	l.SessionID = s.ID
	r := &l.Request
	if r.Prompts("select_account") && c.Note(noteChosen) != s.ID {
		if c.Login.Note(noteOther) != "" {
			return attempted, nil
		}
		return k.ask(c)
	}
	switch {
	case r.Prompts("login"), tooOld(c):
		l.SetNote(noteAgain, "true")
		return attempted, nil
	case r.IDTokenHintSubject != "" && !expected(c, s.UserID), l.UserID != "" && l.UserID != s.UserID:
		return attempted, nil
	}
	u, err := found(c.Tx.User(s.RealmID, s.UserID))
	if err != nil || u == nil {
		return attempted, err
	}
	if waitsFor(c, u) {
		l.SetNote(noteAgain, "true")
		return attempted, nil
	}
	return k.pass(c, u)
}

// waitsFor says whether something waits for the user that needs a more recent
// proof than the session has: whoever sits at an open session is not asked to
// set up a way to sign in of their own.
func waitsFor(c *flow.Context, u *latchkey.User) bool {
	age := c.Now.Sub(c.Session.AuthTime)
	for _, alias := range u.RequiredActions {
		if limit, limited := actionMaxAge(c.Realm, alias); limited && age > limit && slices.Contains(guarded, alias) {
			return true
		}
	}
	return false
}

// guarded are the actions that give somebody a way into an account, or end it.
var guarded = []string{latchkey.ActionConfigureOTP, latchkey.ActionUpdateEmail, latchkey.ActionDeleteAccount, latchkey.ActionDeleteCredential, latchkey.ActionUpdatePassword}

// pass is the outcome for a session that may be used: all of it, or what it
// has of what is asked for.
func (cookie) pass(c *flow.Context, u *latchkey.User) (flow.Outcome, error) {
	s, l := c.Session, c.Login
	known := flow.KnownLevels(c.Realm, l.FlowID, s, c.Now)
	level := -1
	if !flow.HasLevels(c.Realm, l.FlowID) {
		level = 0 // an old session
	}
	for n := range known {
		level = max(level, n)
	}
	enough := flow.WantedLevel(c.Realm, l) <= level
	if !enough && len(known) == 0 {
		l.SetNote(noteAgain, "true")
		return attempted, nil
	}
	c.SetUser(u)
	for n, at := range known {
		l.Reach(n, at)
	}
	l.RememberMe = s.RememberMe
	if !enough {
		l.Carried = true
		for _, v := range s.AMRAt(c.Now) {
			l.AddAMR(v)
		}
		l.AMRUntil = maps.Clone(s.AMRUntil)
		return attempted, nil
	}
	l.FromCookie = true
	if l.PassedAt == nil {
		l.PassedAt = map[string]time.Time{}
	}
	l.PassedAt[c.Execution.ID] = s.AuthTime
	return passed, nil
}

// expected says whether the user is whom the application's id_token_hint names.
func expected(c *flow.Context, userID string) bool {
	client := c.Realm.ClientByID(c.Login.ClientID)
	return client != nil && c.Login.Request.IDTokenHintSubject == token.SubjectFor(c.Realm, client, userID)
}

// The notes of what the session's person, or its age, came to. noteAgain and
// noteOther are for the steps behind this one: whom they name.
const (
	noteChosen = "chosen"             // this step's: the session that the person picked
	noteOther  = "other_account"      // the person wants to sign in as somebody else
	noteAgain  = "authenticate_again" // the session's person is to prove themselves again
	keyMaxAge  = "max_auth_age"       // of a required action, seconds
	recent     = 5 * time.Minute      // where it does not say
)

// tooOld says whether the session's sign-in lies too long back for max_age, or
// for the action that the application asks for: what changes how somebody signs
// in needs a recent proof.
func tooOld(c *flow.Context) bool {
	age, r := c.Now.Sub(c.Session.AuthTime), &c.Login.Request
	if r.MaxAge != nil && (*r.MaxAge <= 0 || age > time.Duration(*r.MaxAge)*time.Second) {
		return true
	}
	limit, limited := actionMaxAge(c.Realm, r.Action)
	return limited && age > limit
}

// harmless are the actions that change nothing about who may sign in.
var harmless = []string{latchkey.ActionTerms, "update_user_locale", "VERIFY_PROFILE"}

// actionMaxAge is how long a sign-in may lie back for a required action that
// an application asks for.
func actionMaxAge(snap *latchkey.Snapshot, alias string) (limit time.Duration, limited bool) {
	ra := snap.RequiredAction(alias)
	if ra == nil || !ra.Enabled {
		return 0, false
	}
	if n, err := strconv.ParseInt(ra.Config[keyMaxAge], 10, 32); err == nil && n >= 0 {
		return time.Duration(n) * time.Second, true
	}
	return recent, !slices.Contains(harmless, alias)
}

// ask shows who is signed in and asks whether to go on (prompt=select_account).
func (cookie) ask(c *flow.Context) (flow.Outcome, error) {
	u, err := found(c.Tx.User(c.Session.RealmID, c.Session.UserID))
	if err != nil || u == nil {
		return attempted, err
	}
	account := u.Email
	if account == "" {
		account = u.Username
	}
	return challenge(flow.SelectAccount{Account: account})
}

func (k cookie) Action(c *flow.Context) (flow.Outcome, error) {
	switch {
	case c.Session == nil:
		return attempted, nil
	case c.Form.Get("account") == "this":
		c.SetNote(noteChosen, c.Session.ID)
		return k.Authenticate(c)
	case c.Form.Get("account") == "other":
		c.Login.SetNote(noteOther, "true")
		return attempted, nil
	}
	return k.ask(c)
}
