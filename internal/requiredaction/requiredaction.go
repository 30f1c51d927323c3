package requiredaction

import (
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
	"latchkey/internal/session"
	"latchkey/internal/user"
)

// All gives every required action that is built.
func All() []flow.RequiredAction {
	guard := ratelimit.NewGuard()
	return []flow.RequiredAction{terms{}, updateProfile{}, verifyProfile{}, verifyEmail{guard: guard}, updatePassword{},
		configureOTP{}, updateEmail{guard: guard}, deleteAccount{}, deleteCredential{}, updateLocale{}}
}

// maxAge is the option of every action that an application asks for.
var maxAge = flow.Property{Name: "max_auth_age", Label: "Maximum age of the sign-in", Type: "String", Number: &flow.Range{},
	HelpText: "How many seconds the sign-in may lie back when an application asks for the action (kc_action). Empty: 300, and no limit for what changes nothing about who may sign in."}

// described says what an action is called and which options it has.
func described(alias, name string, options ...flow.Property) flow.Provider {
	return flow.Provider{ID: alias, DisplayName: name, Configurable: true, Properties: append(options, maxAge)}
}

var done = flow.Outcome{Kind: flow.Success}

// userOf gives the user, who is known by the time that actions are asked for.
// One who was deleted meanwhile ends the login.
func userOf(c *flow.Context) (*latchkey.User, error) {
	u, err := c.User()
	if err == nil && u == nil {
		err = latchkey.Errorf(latchkey.CodeNotFound, "This account does not exist any more.")
	}
	return u, err
}

// actOf says who does it, for events and notices.
func actOf(c *flow.Context) user.Act {
	return user.Act{Client: c.Client, From: c.Browser, Locale: c.Login.Locale, Detail: map[string]string{"code_id": c.Login.ID}}
}

// fresh says whether the person proved themselves within the last five minutes:
// what cannot be taken back is not done by whoever finds the page open.
func fresh(c *flow.Context) bool {
	var last time.Time
	for _, at := range c.Login.PassedAt {
		if at.After(last) {
			last = at
		}
	}
	return c.Now.Sub(last) <= freshFor
}

const freshFor = 5 * time.Minute

// fieldLogoutOthers is the box that signs out everywhere else, as Keycloak's
// pages have it.
const fieldLogoutOthers = "logout-sessions"

// endOthers ends the user's sessions but the one of this browser.
func endOthers(c *flow.Context, u *latchkey.User) error {
	own := ""
	if c.Session != nil && c.Session.UserID == u.ID {
		own = c.Session.ID
	}
	_, err := session.EndAll(c.Tx, c.Realm, u.ID, own)
	return err
}

// record writes down what the user did.
func record(c *flow.Context, t latchkey.EventType, details map[string]string) error {
	e := latchkey.Event{Type: t, UserID: c.Login.UserID, IPAddress: c.Browser.IP, Details: map[string]string{"code_id": c.Login.ID}}
	if c.Client != nil {
		e.ClientID = c.Client.ClientID
	}
	for k, v := range details {
		e.Details[k] = v
	}
	return event.Record(c.Tx, c.Realm.Realm, e)
}
