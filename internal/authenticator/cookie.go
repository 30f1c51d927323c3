package authenticator

import (
	"time"

	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/token"
)

// cookie passes a browser that is signed in already.
type cookie struct{}

func (cookie) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthCookie, DisplayName: "Cookie", Category: "cookie", Requirements: anyRequirement,
		HelpText: "Lets a browser in that is signed in to the realm already, unless the application asks for a new sign-in.",
	}
}

// Authenticate passes by a live session that is young enough for what the
// application asks (OpenID Connect Core 3.1.2.1: prompt, max_age,
// id_token_hint; R-091). The step counts as passed when the session was, so
// that auth_time and a limit on old sign-ins go by that.
func (cookie) Authenticate(c *flow.Context) (flow.Outcome, error) {
	s, l := c.Session, c.Login
	if s == nil {
		return attempted, nil
	}
	l.SessionID = s.ID
	r := &l.Request
	switch {
	case r.Prompts("login"), r.Prompts("select_account"):
		return attempted, nil
	case r.MaxAge != nil && (*r.MaxAge <= 0 || c.Now.Sub(s.AuthTime) > time.Duration(*r.MaxAge)*time.Second):
		return attempted, nil
	case r.IDTokenHintSubject != "" && !expected(c, s.UserID), l.UserID != "" && l.UserID != s.UserID:
		return attempted, nil
	}
	u, err := c.Tx.User(s.RealmID, s.UserID)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return attempted, nil
	case err != nil:
		return flow.Outcome{}, err
	case !u.Enabled:
		return attempted, nil
	}
	c.SetUser(u)
	l.FromCookie, l.RememberMe = true, s.RememberMe
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

func (cookie) Action(*flow.Context) (flow.Outcome, error) { return attempted, nil }
