package admin

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

func (d *Door) credentialRoutes() []route {
	const path = "/users/{id}/credentials"
	return []route{
		{method: "GET", path: path, may: mayQueryUsers, act: d.credentials, summary: "List what a user can sign in with, without the secrets",
			gives: []representation.Credential{}},
		{method: "DELETE", path: path + "/{credential}", may: mayManageUsers, act: d.deleteCredential, summary: "Take a credential from a user"},
		{method: "PUT", path: path + "/{credential}/userLabel", may: mayManageUsers, act: d.labelCredential, summary: "Name a credential", body: ""},
		{method: "POST", path: path + "/{credential}/moveToFirst", may: mayManageUsers, act: d.moveCredential, summary: "Make a credential the preferred one"},
		{method: "POST", path: path + "/{credential}/moveAfter/{previous}", may: mayManageUsers, act: d.moveCredential,
			summary: "Put a credential behind another one in the order of preference"},
		{method: "PUT", path: "/users/{id}/reset-password", may: mayManageUsers, act: d.resetPassword, summary: "Set a user's password",
			body: representation.Credential{}},
		{method: "PUT", path: "/users/{id}/disable-credential-types", may: mayManageUsers, act: d.disableCredentials,
			summary: "Take all credentials of some types from a user", body: []string{}},
		{method: "GET", path: "/users/{id}/configured-user-storage-credential-types", may: mayQueryUsers, act: d.storageCredentials,
			summary: "List the types of credentials that an external store holds of a user: none", gives: []string{}},
	}
}

func (d *Door) credentials(c *call) error {
	out := []representation.Credential{}
	err := c.view(func(tx *store.Tx) error {
		u, err := c.person(tx)
		if err != nil {
			return err
		}
		if err := c.need(mayViewUsers...); err != nil {
			return err
		}
		list, err := tx.Credentials(u.RealmID, u.ID)
		for _, one := range list {
			out = append(out, representation.CredentialOf(one))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) storageCredentials(c *call) error {
	err := c.view(func(tx *store.Tx) error {
		_, err := c.person(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.answer([]string{})
}

// changeCredentials calls change with the request's user, who is locked, and
// with their credentials.
func (c *call) changeCredentials(change func(tx *store.Tx, u *latchkey.User, own []*latchkey.Credential) error) error {
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		own, err := tx.Credentials(u.RealmID, u.ID)
		if err != nil {
			return err
		}
		return change(tx, u, own)
	})
	if err != nil {
		return err
	}
	return c.done()
}

// among finds a credential of the user by its id.
func among(own []*latchkey.Credential, id string) (int, error) {
	at := slices.IndexFunc(own, func(one *latchkey.Credential) bool { return one.ID == id })
	if at < 0 {
		return 0, answerError(http.StatusNotFound, "Credential not found")
	}
	return at, nil
}

// byAdministrator is who changes an account here, for its owner's notice and
// for the record.
func (c *call) byAdministrator() user.Act {
	return user.Act{Detail: map[string]string{"by": "administrator"}}
}

func (d *Door) deleteCredential(c *call) error {
	return c.changeCredentials(func(tx *store.Tx, u *latchkey.User, own []*latchkey.Credential) error {
		at, err := among(own, c.path("credential"))
		if err != nil {
			return err
		}
		if err := user.RemoveCredential(tx, c.snap, u, own[at], c.byAdministrator()); err != nil {
			return err
		}
		return c.record(tx, act{operationAction, "USER", "users/" + u.ID + "/credentials/" + own[at].ID, nil})
	})
}

// maxLabel is how many characters the name of a credential has.
const maxLabel = 255

func (d *Door) labelCredential(c *call) error {
	body, err := c.bytes()
	if err != nil {
		return err
	}
	label := strings.TrimSpace(string(body))
	if strings.HasPrefix(label, `"`) { // as JSON
		if err := decode(body, &label); err != nil {
			return err
		}
	}
	if utf8.RuneCountInString(label) > maxLabel || strings.ContainsFunc(label, unicode.IsControl) || !utf8.ValidString(label) {
		return latchkey.Invalid("userLabel", "A name has at most %d characters, on one line.", maxLabel)
	}
	return c.changeCredentials(func(tx *store.Tx, u *latchkey.User, own []*latchkey.Credential) error {
		at, err := among(own, c.path("credential"))
		if err != nil {
			return err
		}
		own[at].UserLabel = label
		if err := tx.UpdateCredential(own[at]); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "USER", "users/" + u.ID + "/credentials/" + own[at].ID + "/userLabel", nil})
	})
}

// moveCredential puts a credential behind the one that the path names, or in
// front of all.
func (d *Door) moveCredential(c *call) error {
	return c.changeCredentials(func(tx *store.Tx, u *latchkey.User, own []*latchkey.Credential) error {
		from, err := among(own, c.path("credential"))
		if err != nil {
			return err
		}
		moved, to, path := own[from], 0, "moveToFirst"
		rest := slices.Delete(slices.Clone(own), from, from+1)
		if previous := c.path("previous"); previous != "" {
			at, err := among(rest, previous)
			if err != nil {
				return err
			}
			to, path = at+1, "moveAfter/"+previous
		}
		for i, one := range slices.Insert(rest, to, moved) {
			if one.Priority == 10*(i+1) {
				continue
			}
			one.Priority = 10 * (i + 1)
			if err := tx.UpdateCredential(one); err != nil {
				return err
			}
		}
		return c.record(tx, act{operationUpdate, "USER", "users/" + u.ID + "/credentials/" + moved.ID + "/" + path, nil})
	})
}

func (d *Door) resetPassword(c *call) error {
	var body representation.Credential
	if err := c.read(&body); err != nil {
		return err
	}
	switch {
	case body.Value == nil:
		return answerError(http.StatusBadRequest, "No password provided")
	case strings.TrimSpace(*body.Value) == "":
		return answerError(http.StatusBadRequest, "Empty password not allowed")
	case representation.Value(body.Type) != latchkey.CredentialPassword && body.Type != nil:
		return latchkey.Invalid("type", "Only a password is set here.")
	}
	var as *latchkey.User
	err := c.view(func(tx *store.Tx) (err error) {
		as, err = c.person(tx)
		return err
	})
	if err != nil {
		return err
	}
	password := latchkey.Secret(*body.Value)
	if err := c.checkPassword(password, as); err != nil {
		return err
	}
	fresh, err := credential.NewPassword(c.r.Context(), password)
	if err != nil {
		return err
	}
	err = c.update(func(tx *store.Tx) error { return c.setPassword(tx, fresh, &body) })
	if err != nil {
		return err
	}
	return c.done()
}

// checkPassword holds a password against the realm's policy, for a user who is
// there or is to be made. It is slow.
func (c *call) checkPassword(password latchkey.Secret, u *latchkey.User) error {
	policy := c.snap.Realm.PasswordPolicy
	if breach, broken := credential.CheckPolicy(policy, password, u); broken {
		return policyError(breach)
	}
	var last []*latchkey.Credential
	err := c.view(func(tx *store.Tx) (err error) {
		last, err = user.LastPasswords(tx, c.snap.Realm, u)
		return err
	})
	if err != nil {
		return err
	}
	if breach, broken, err := credential.CheckHistory(c.r.Context(), policy, password, last); err != nil || broken {
		return cmp.Or(err, policyError(breach))
	}
	return nil
}

// setPassword gives the request's user the password; a temporary one is to be
// changed at the next sign-in.
func (c *call) setPassword(tx *store.Tx, fresh *latchkey.Credential, body *representation.Credential) error {
	u, err := c.lockPerson(tx)
	if err != nil {
		return err
	}
	if err := c.mayBecome(tx, u); err != nil {
		return err
	}
	one := *fresh
	one.UserLabel = representation.Value(body.UserLabel)
	if err := user.SetCredential(tx, c.snap.Realm, u, &one); err != nil {
		return err
	}
	u.RemoveRequiredAction(latchkey.ActionUpdatePassword)
	if representation.Value(body.Temporary) {
		u.AddRequiredAction(latchkey.ActionUpdatePassword)
	}
	if err := tx.UpdateUser(u); err != nil {
		return err
	}
	if err := user.Notify(tx, c.snap, u, latchkey.MailPasswordChanged, c.byAdministrator()); err != nil {
		return err
	}
	return c.record(tx, act{operationAction, "USER", "users/" + u.ID + "/reset-password", nil})
}

// policySentences say which rule of the realm's policy a password breaks:
// Keycloak's message key and its sentence.
var policySentences = map[string][2]string{
	"length":              {"invalidPasswordMinLengthMessage", "Invalid password: minimum length %d."},
	"maxLength":           {"invalidPasswordMaxLengthMessage", "Invalid password: maximum length %d."},
	"digits":              {"invalidPasswordMinDigitsMessage", "Invalid password: must contain at least %d numerical digits."},
	"upperCase":           {"invalidPasswordMinUpperCaseCharsMessage", "Invalid password: must contain at least %d upper case characters."},
	"lowerCase":           {"invalidPasswordMinLowerCaseCharsMessage", "Invalid password: must contain at least %d lower case characters."},
	"specialChars":        {"invalidPasswordMinSpecialCharsMessage", "Invalid password: must contain at least %d special characters."},
	"notUsername":         {"invalidPasswordNotUsernameMessage", "Invalid password: must not be equal to the username."},
	"notContainsUsername": {"invalidPasswordNotContainsUsernameMessage", "Invalid password: Can not contain the username."},
	"regexPattern":        {"invalidPasswordRegexPatternMessage", "Invalid password: fails to match regex pattern(s)."},
	"passwordHistory":     {"invalidPasswordHistoryMessage", "Invalid password: must not be equal to any of last %d passwords."},
	"notEmail":            {"invalidPasswordNotEmailMessage", "Invalid password: must not be equal to the email."},
}

func policyError(b credential.Breach) error {
	s := policySentences[b.Rule]
	return &restError{status: http.StatusBadRequest, Message: s[0], Detail: strings.ReplaceAll(s[1], "%d", strconv.Itoa(b.Least))}
}

// disableCredentials takes all credentials of the types from the user.
func (d *Door) disableCredentials(c *call) error {
	var types []string
	if err := c.read(&types); err != nil {
		return err
	}
	return c.changeCredentials(func(tx *store.Tx, u *latchkey.User, own []*latchkey.Credential) error {
		for _, one := range own {
			if !slices.Contains(types, one.Type) {
				continue
			}
			if err := user.RemoveCredential(tx, c.snap, u, one, c.byAdministrator()); err != nil {
				return err
			}
		}
		return c.record(tx, act{operationAction, "USER", "users/" + u.ID + "/disable-credential-types", types})
	})
}
