package authenticator

import (
	"time"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
)

// passwordForm asks the password of whom an earlier step named. It does not
// say whether there is such a user, or whether they have a password at all.
type passwordForm struct{}

func (passwordForm) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthPasswordForm, DisplayName: "Password Form", Category: categoryPassword, Requirements: anyRequirement,
		HelpText: "Asks for the password of the user whom an earlier step named.",
		Label:    "way.auth-password-form",
	}
}

func (passwordForm) Authenticate(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil {
		return flow.Outcome{}, err
	}
	if u == nil && c.Login.Note(flow.NoteAttempted) == "" {
		return attempted, nil // nobody said who it is: nothing to ask for
	}
	return challenge(passwordScreen(c, u))
}

func (passwordForm) Prepare(c *flow.Context) (any, error) {
	u, err := c.User()
	if err != nil {
		return nil, err
	}
	return verify(c, u)
}

func (passwordForm) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil {
		return flow.Outcome{}, err
	}
	screen := passwordScreen(c, u)
	if c.Form.Get("password") == "" {
		screen.Errors = []flow.FieldError{{Field: "password", Message: "error.password.missing"}}
		return refuse(codeWrong, screen)
	}
	r, err := checked(c, u, screen.Username)
	if err != nil {
		return flow.Outcome{}, err
	}
	if r.code != "" {
		screen.Errors = []flow.FieldError{r.told("password", "error.credentials")}
		return refuse(r.code, screen)
	}
	return passed, nil
}

// passwordScreen shows the name as it was typed: who types a username is not
// shown the account's address.
func passwordScreen(c *flow.Context, u *latchkey.User) flow.PasswordForm {
	name := c.Login.Note(flow.NoteAttempted)
	if name == "" && u != nil {
		name = u.Username
	}
	return flow.PasswordForm{Username: name}
}

// usernamePasswordForm asks for both on one page.
type usernamePasswordForm struct{}

func (usernamePasswordForm) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthUsernamePasswordForm, DisplayName: "Username Password Form", Category: categoryPassword, Requirements: alwaysOn, Names: true,
		HelpText: "Asks for the username, or the e-mail address, and the password.",
		Label:    "way.auth-username-password-form",
	}
}

func (usernamePasswordForm) Authenticate(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil {
		return flow.Outcome{}, err
	}
	screen := bothScreen(c, u)
	if screen.Username == "" {
		if u, err = sessionUser(c); err != nil {
			return flow.Outcome{}, err
		}
		if u != nil {
			screen.Username = u.Username
		}
	}
	return challenge(screen)
}

func (usernamePasswordForm) Prepare(c *flow.Context) (any, error) {
	u, err := whoTyped(c)
	if err != nil {
		return nil, err
	}
	return verify(c, u)
}

func (usernamePasswordForm) Action(c *flow.Context) (flow.Outcome, error) {
	known, err := c.User()
	if err != nil {
		return flow.Outcome{}, err
	}
	screen := bothScreen(c, known)
	typed := typedUsername(c)
	if known == nil {
		screen.Username = typed
	}
	screen.Remembered = c.Form.Get("rememberMe") != ""
	if screen.Username == "" {
		screen.Errors = append(screen.Errors, flow.FieldError{Field: "username", Message: "error.username.missing"})
	}
	if c.Form.Get("password") == "" {
		screen.Errors = append(screen.Errors, flow.FieldError{Field: "password", Message: "error.password.missing"})
	}
	if len(screen.Errors) > 0 {
		return refuse(codeWrong, screen)
	}
	u, err := whoTyped(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	r, err := checked(c, u, screen.Username)
	if err != nil {
		return flow.Outcome{}, err
	}
	if r.code != "" {
		screen.Errors = []flow.FieldError{r.told("password", "error.credentials")}
		return refuse(r.code, screen)
	}
	c.SetUser(u)
	c.Login.SetNote(flow.NoteAttempted, screen.Username)
	rememberMe(c)
	return passed, nil
}

func bothScreen(c *flow.Context, known *latchkey.User) flow.UsernamePasswordForm {
	screen := flow.UsernamePasswordForm{
		Username:   hint(c),
		RememberMe: c.Realm.Realm.RememberMe, Remembered: c.Login.RememberMe,
	}
	if known != nil {
		screen.Fixed, screen.Username = true, passwordScreen(c, known).Username
	}
	return screen
}

// whoTyped is the user of an earlier step, else the one whose name is in the
// form; nil when there is none.
func whoTyped(c *flow.Context) (*latchkey.User, error) {
	u, err := c.User()
	if err != nil || u != nil {
		return u, err
	}
	return findTyped(c, typedUsername(c))
}

// verdict is what the slow work came to: whether the password is that of a
// credential, which the transaction looks at again.
type verdict struct {
	refused    refusal              // nothing was compared
	credential *latchkey.Credential // that the password is of; nil when it is of none
	renewed    *latchkey.Credential // the same password, hashed as passwords are now
}

// verify compares the password with the user's, or does as much work for a
// user who is not there or has none. For who has to wait it does nothing.
func verify(c *flow.Context, u *latchkey.User) (any, error) {
	ctx, password := c.Tx.Context(), latchkey.Secret(c.Form.Get("password"))
	who := guesser(c, u, attemptedName(c, u))
	hit, retry, err := ratelimit.Room(c.Tx, c.Login.RealmID, passwordLimits(c, who)...)
	if err != nil || hit != "" {
		return verdict{refused: refusal{flow.CodeLimited, retry}}, err
	}
	locked, err := ratelimit.Locked(c.Tx, c.Realm.Realm, who)
	if err != nil || locked {
		return verdict{refused: refusal{code: codeLocked}}, err
	}
	if u == nil {
		// The same statement as for a user who is there.
		if _, err := c.Tx.Credentials(c.Login.RealmID, ""); err != nil {
			return nil, err
		}
		return verdict{}, credential.VerifyNobody(ctx, password)
	}
	list, err := ofType(c.Tx, u, latchkey.CredentialPassword)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return verdict{}, credential.VerifyNobody(ctx, password)
	}
	// Keycloak's users have one password; an import may bring more, of which
	// only the first counts.
	var v verdict
	ok, err := credential.Verify(ctx, list[0], password)
	if err != nil || !ok {
		return v, err
	}
	v.credential = list[0]
	if credential.Outdated(v.credential) {
		v.renewed, err = credential.NewPassword(ctx, password)
	}
	return v, err
}

// attemptedName is the name that was typed, on this page or on one before it;
// else that of the user whom a step before named.
func attemptedName(c *flow.Context, u *latchkey.User) string {
	if name := c.Login.Note(flow.NoteAttempted); name != "" {
		return name
	}
	if name := typedUsername(c); name != "" || u == nil {
		return name
	}
	return u.Username
}

// refusal is what speaks against a guess; zero when it is right.
type refusal struct {
	code  string
	retry time.Duration // of flow.CodeLimited
}

// told is the refusal in words. What the realm's brute-force protection
// refuses is told like a wrong guess, as in Keycloak; what the limits refuse
// is said, since they go by what anybody may type.
func (r refusal) told(field, wrong string) flow.FieldError {
	if r.code == flow.CodeLimited {
		return flow.FieldError{Field: field, Message: "error.tries.many", Args: []any{int((r.retry + time.Second - 1) / time.Second)}}
	}
	return flow.FieldError{Field: field, Message: wrong}
}

func passwordLimits(c *flow.Context, who ratelimit.Guesser) []ratelimit.Limit {
	return ratelimit.Password(c.Tx.Keyring(), c.Login.RealmID, who.Name, who.IP, who.Known)
}

// checked says whether the password that was verified outside of the
// transaction still is the user's. The try is counted before, against the
// limits and the realm's brute-force protection, and a right one is taken back
// from both; the account itself is never locked.
func checked(c *flow.Context, u *latchkey.User, typed string) (refusal, error) {
	v, _ := c.Prepared.(verdict)
	if v.refused.code != "" {
		return v.refused, nil
	}
	who := guesser(c, u, typed)
	limits := passwordLimits(c, who)
	hit, retry, err := ratelimit.Take(c.Tx, c.Login.RealmID, limits...)
	if err != nil || hit != "" {
		return refusal{flow.CodeLimited, retry}, err
	}
	guess, err := ratelimit.BeginGuess(c.Tx, c.Realm.Realm, who)
	switch {
	case err != nil:
		return refusal{}, err
	case !guess.Allowed:
		return refusal{code: codeLocked}, nil
	}
	if u == nil || v.credential == nil {
		return refusal{code: codeWrong}, guess.Wrong()
	}
	list, err := ofType(c.Tx, u, latchkey.CredentialPassword)
	if err != nil {
		return refusal{}, err
	}
	if len(list) == 0 || list[0].ID != v.credential.ID || list[0].SecretData != v.credential.SecretData {
		return refusal{code: codeWrong}, guess.Wrong() // changed meanwhile
	}
	if v.renewed != nil {
		fresh := *list[0]
		fresh.SecretData, fresh.CredentialData = v.renewed.SecretData, v.renewed.CredentialData
		if err := c.Tx.UpdateCredential(&fresh); err != nil {
			return refusal{}, err
		}
	}
	c.Login.FromCookie = false
	c.Login.AddAMR(latchkey.AMRPassword)
	if err := ratelimit.Give(c.Tx, c.Login.RealmID, limits...); err != nil {
		return refusal{}, err
	}
	return refusal{}, guess.Right()
}

// ofType lists the user's credentials of a type, the preferred first.
func ofType(tx *store.Tx, u *latchkey.User, kind string) ([]*latchkey.Credential, error) {
	all, err := tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return nil, err
	}
	var list []*latchkey.Credential
	for _, cr := range all {
		if cr.Type == kind {
			list = append(list, cr)
		}
	}
	return list, nil
}
