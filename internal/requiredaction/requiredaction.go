package requiredaction

import (
	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
)

// All gives every required action that is built.
func All() []flow.RequiredAction {
	return []flow.RequiredAction{terms{}, updateProfile{}, verifyProfile{}, verifyEmail{guard: ratelimit.NewGuard()}, updatePassword{}}
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
