package authenticator

import (
	"strings"

	"latchkey"
	"latchkey/internal/flow"
)

// maxUsername is how long a typed name may be, in bytes.
const maxUsername = 255

// usernameForm asks who it is. It takes any name: whether there is such a
// user is not told, and what comes after it costs the same for both.
type usernameForm struct{}

func (usernameForm) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthUsernameForm, DisplayName: "Username Form", Category: categoryPassword, Requirements: alwaysOn, Names: true,
		HelpText: "Asks for the username, or the e-mail address, and nothing else.",
		Label:    "way.auth-username-form",
	}
}

func (usernameForm) Authenticate(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil || u != nil {
		return passed, err // an earlier step says who it is
	}
	screen := usernameScreen(c)
	if u, err = sessionUser(c); err != nil {
		return flow.Outcome{}, err
	}
	if u != nil && screen.Username == "" {
		screen.Username = u.Username
	}
	return challenge(screen)
}

func (usernameForm) Action(c *flow.Context) (flow.Outcome, error) {
	typed := typedUsername(c)
	if typed == "" {
		screen := usernameScreen(c)
		screen.Username = ""
		screen.Errors = []flow.FieldError{{Field: "username", Message: "error.username.missing"}}
		return refuse("user_not_found", screen)
	}
	u, err := findTyped(c, typed)
	if err != nil {
		return flow.Outcome{}, err
	}
	c.SetUser(u)
	c.Login.SetNote(flow.NoteAttempted, typed)
	rememberMe(c)
	return passed, nil
}

func usernameScreen(c *flow.Context) flow.UsernameForm {
	return flow.UsernameForm{
		Username:   hint(c),
		RememberMe: c.Realm.Realm.RememberMe, Remembered: c.Login.RememberMe,
	}
}

// hint is the application's login_hint, for a field; it never says more than
// what was in the request.
func hint(c *flow.Context) string {
	h := strings.TrimSpace(c.Login.Request.LoginHint)
	if len(h) > maxUsername {
		return ""
	}
	return h
}

// typedUsername is the name that was typed, empty when there is none or it
// is too long to be one.
func typedUsername(c *flow.Context) string {
	typed := strings.TrimSpace(c.Form.Get("username"))
	if len(typed) > maxUsername {
		return ""
	}
	return typed
}

// findTyped finds the person whose username, or, where the realm allows it,
// whose address was typed; nil when there is none who may sign in. Both
// look-ups are made whatever the first one finds.
func findTyped(c *flow.Context, typed string) (*latchkey.User, error) {
	realm := c.Realm.Realm
	byName, err := found(c.Tx.UserByUsername(realm.ID, typed))
	if err != nil {
		return nil, err
	}
	var byEmail *latchkey.User
	if realm.LoginWithEmailAllowed && !realm.DuplicateEmailsAllowed {
		if byEmail, err = found(c.Tx.UserByEmail(realm.ID, typed)); err != nil {
			return nil, err
		}
	}
	if byName != nil {
		return byName, nil
	}
	return byEmail, nil
}

// found leaves out who is not there, is no person, or may not sign in.
func found(u *latchkey.User, err error) (*latchkey.User, error) {
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	case !u.Enabled, u.ServiceAccountClientID != "":
		return nil, nil
	}
	return u, nil
}
