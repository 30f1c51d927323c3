package requiredaction

import (
	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/user"
)

// updatePassword asks for a new password, twice. It is hashed in Prepare.
type updatePassword struct{}

func (updatePassword) Alias() string                        { return latchkey.ActionUpdatePassword }
func (updatePassword) Evaluate(*flow.Context) (bool, error) { return false, nil }

func (updatePassword) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: flow.PasswordUpdate{Username: u.Username}}, nil
}

// Prepare hashes a password that may be taken.
func (updatePassword) Prepare(c *flow.Context) (any, error) {
	u, err := c.User()
	if err != nil || u == nil || len(wrong(c, u)) > 0 {
		return nil, err
	}
	return credential.NewPassword(c.Tx.Context(), latchkey.Secret(c.Form.Get("password-new")))
}

func (updatePassword) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	screen := flow.PasswordUpdate{Username: u.Username, Errors: wrong(c, u)}
	fresh, _ := c.Prepared.(*latchkey.Credential)
	if len(screen.Errors) > 0 || fresh == nil {
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: "invalid_user_credentials"}, nil
	}
	if err := replacePassword(c, u, fresh); err != nil {
		return flow.Outcome{}, err
	}
	if err := record(c, latchkey.EventUpdatePassword, map[string]string{"credential_type": latchkey.CredentialPassword}); err != nil {
		return flow.Outcome{}, err
	}
	if c.Login.NewUser {
		return done, nil // their first
	}
	return done, user.Notify(c.Tx, c.Realm, u, latchkey.MailPasswordChanged, actOf(c))
}

// replacePassword puts the new password in the place of the old ones.
func replacePassword(c *flow.Context, u *latchkey.User, fresh *latchkey.Credential) error {
	old, err := c.Tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return err
	}
	for _, cr := range old {
		if cr.Type != latchkey.CredentialPassword {
			continue
		}
		if err := c.Tx.DeleteCredential(u.RealmID, cr.ID); err != nil {
			return err
		}
	}
	p := *fresh
	p.RealmID, p.UserID, p.CreatedAt = u.RealmID, u.ID, c.Now
	return c.Tx.CreateCredential(&p)
}

// wrong says what speaks against the password that was typed.
func wrong(c *flow.Context, u *latchkey.User) []flow.FieldError {
	password := c.Form.Get("password-new")
	at := func(field, message string, args ...any) []flow.FieldError {
		return []flow.FieldError{{Field: field, Message: message, Args: args}}
	}
	if password == "" {
		return at("password-new", "error.password.missing")
	}
	breach, broken := credential.CheckPolicy(c.Realm.Realm.PasswordPolicy, latchkey.Secret(password), u)
	switch {
	case broken && breach.Rule == "length":
		return at("password-new", "error.password.short", breach.Least)
	case broken && breach.Rule == "maxLength":
		return at("password-new", "error.field.long", breach.Least)
	case broken:
		return at("password-new", "error.password.policy")
	case password != c.Form.Get("password-confirm"):
		return at("password-confirm", "error.password.mismatch")
	}
	return nil
}
