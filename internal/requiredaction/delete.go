package requiredaction

import (
	"latchkey"
	"latchkey/internal/flow"
	"latchkey/internal/user"
)

// deleteAccount deletes the person's own account, where they have the role
// that Keycloak asks for: delete-account of the client "account".
type deleteAccount struct{}

const (
	accountClient     = "account"
	roleDeleteAccount = "delete-account"
)

func (deleteAccount) Provider() flow.Provider {
	return described(latchkey.ActionDeleteAccount, "Delete Account")
}
func (deleteAccount) Evaluate(*flow.Context) (bool, error) { return false, nil }

// may says whether the user has the role.
func (deleteAccount) may(c *flow.Context, u *latchkey.User) (bool, error) {
	client := c.Realm.ClientByClientID(accountClient)
	if client == nil {
		return false, nil
	}
	role := c.Realm.RoleNamed(client.ID, roleDeleteAccount)
	if role == nil {
		return false, nil
	}
	held, err := c.Tx.Holdings(u.RealmID, u.ID)
	if err != nil {
		return false, err
	}
	for _, r := range c.Realm.ExpandRoles(held.RoleIDs()) {
		if r.ID == role.ID {
			return true, nil
		}
	}
	return false, nil
}

func (a deleteAccount) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if may, err := a.may(c, u); !may || err != nil {
		return flow.Outcome{Kind: flow.Failure, Code: "not_allowed"}, err
	}
	name := u.Email
	if name == "" {
		name = u.Username
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: flow.DeleteAccount{Account: name}}, nil
}

func (a deleteAccount) Action(c *flow.Context) (flow.Outcome, error) {
	out, err := a.Challenge(c) // the role may be gone since
	if err != nil || out.Kind != flow.Challenge || c.Form.Get("confirm") == "" {
		return out, err
	}
	if !fresh(c) {
		return flow.Outcome{Kind: flow.Restart}, nil
	}
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if err := record(c, latchkey.EventDeleteAccount, map[string]string{"username": u.Username}); err != nil {
		return flow.Outcome{}, err
	}
	by := actOf(c)
	if by.Locale == "" {
		by.Locale = u.Locale()
	}
	if err := user.Delete(c.Tx, c.Realm, u); err != nil {
		return flow.Outcome{}, err
	}
	return flow.Outcome{Kind: flow.Finished, Screen: flow.AccountDeleted{}}, user.Notify(c.Tx, c.Realm, u, latchkey.MailAccountDeleted, by)
}

// deleteCredential removes the way to sign in that the application names
// (kc_action=delete_credential:<id>). A password is changed, never removed.
type deleteCredential struct{}

func (deleteCredential) Provider() flow.Provider {
	return described(latchkey.ActionDeleteCredential, "Delete Credential")
}
func (deleteCredential) Evaluate(*flow.Context) (bool, error) { return false, nil }

// target finds what is to be removed; nil when it is none of the user's, or
// may not be removed.
func (deleteCredential) target(c *flow.Context, u *latchkey.User) (*latchkey.Credential, error) {
	list, err := c.Tx.Credentials(u.RealmID, u.ID)
	for _, cr := range list {
		if cr.ID == c.Login.Request.ActionParameter && cr.Type != latchkey.CredentialPassword {
			return cr, nil
		}
	}
	return nil, err
}

func (a deleteCredential) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	cr, err := a.target(c, u)
	if err != nil || cr == nil {
		return flow.Outcome{Kind: flow.Failure, Code: "credential_not_found"}, err
	}
	return flow.Outcome{Kind: flow.Challenge, Screen: flow.DeleteCredential{Kind: cr.Type, Label: cr.UserLabel}}, nil
}

func (a deleteCredential) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	cr, err := a.target(c, u)
	switch {
	case err != nil:
		return flow.Outcome{}, err
	case cr == nil:
		return done, nil // removed meanwhile
	case c.Form.Get("accept") == "":
		return a.Challenge(c)
	}
	return done, user.RemoveCredential(c.Tx, c.Realm, u, cr, actOf(c))
}
