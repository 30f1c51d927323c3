package requiredaction

import (
	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/session"
	"latchkey/internal/user"
)

// updatePassword asks for a new password, twice. It is hashed in Prepare. With
// the box that Keycloak has, too, it ends the person's sessions elsewhere.
type updatePassword struct{}

func (updatePassword) Provider() flow.Provider {
	return described(latchkey.ActionUpdatePassword, "Update Password")
}
func (updatePassword) Evaluate(*flow.Context) (bool, error) { return false, nil }

func (updatePassword) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: flow.PasswordUpdate{Username: u.Username}}, nil
}

// Prepare hashes a password that may be taken; one that the user had not long ago
// is a credential.Breach.
func (updatePassword) Prepare(c *flow.Context) (any, error) {
	u, err := c.User()
	if err != nil || u == nil || len(wrong(c, u)) > 0 {
		return nil, err
	}
	password := latchkey.Secret(c.Form.Get("password-new"))
	last, err := user.LastPasswords(c.Tx, c.Realm.Realm, u)
	if err != nil {
		return nil, err
	}
	if breach, broken, err := credential.CheckHistory(c.Tx.Context(), c.Realm.Realm.PasswordPolicy, password, last); err != nil || broken {
		return breach, err
	}
	return credential.NewPassword(c.Tx.Context(), password)
}

func (updatePassword) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	screen := flow.PasswordUpdate{Username: u.Username, Stay: c.Form.Get("logout-sessions") == "", Errors: wrong(c, u)}
	fresh, _ := c.Prepared.(*latchkey.Credential)
	if breach, is := c.Prepared.(credential.Breach); is {
		screen.Errors = []flow.FieldError{{Field: "password-new", Message: "error.password.used", Args: []any{breach.Least}}}
	}
	if len(screen.Errors) > 0 || fresh == nil {
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: "invalid_user_credentials"}, nil
	}
	if err := user.SetCredential(c.Tx, c.Realm.Realm, u, fresh); err != nil {
		return flow.Outcome{}, err
	}
	if c.Form.Get("logout-sessions") != "" {
		own := ""
		if c.Session != nil && c.Session.UserID == u.ID {
			own = c.Session.ID
		}
		if _, err := session.EndAll(c.Tx, c.Realm, u.ID, own); err != nil {
			return flow.Outcome{}, err
		}
	}
	if err := record(c, latchkey.EventUpdatePassword, map[string]string{"credential_type": latchkey.CredentialPassword}); err != nil {
		return flow.Outcome{}, err
	}
	if c.Login.NewUser {
		return done, nil // their first
	}
	return done, user.Notify(c.Tx, c.Realm, u, latchkey.MailPasswordChanged, actOf(c))
}

// wrong says what speaks against the password that was typed.
func wrong(c *flow.Context, u *latchkey.User) []flow.FieldError {
	return c.PasswordErrors("password-new", "password-confirm", u)
}
