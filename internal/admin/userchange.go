package admin

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/profile"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

// use is the use of the realm's profile by an administrator.
func (c *call) use(isNew bool) profile.Use {
	return profile.Use{Realm: c.snap.Realm, Role: latchkey.ProfileAdmin, New: isNew}
}

// takeOver puts what was sent into the user, by the rules of the realm's
// profile. What is absent stays as it is; attributes are replaced as a whole
// when they are given. Attributes that the profile knows nothing of are passed
// over, as in Keycloak.
func (c *call) takeOver(u *latchkey.User, body *representation.User, isNew bool) error {
	if u.ServiceAccountClientID != "" {
		takeAttributes(u, body)
	} else if err := c.takeProfile(u, body, isNew); err != nil {
		return err
	}
	state := representation.User{EmailVerified: body.EmailVerified, Enabled: body.Enabled}
	if body.RequiredActions != nil {
		state.RequiredActions = c.knownActions(u, body.RequiredActions, isNew)
	}
	if n := representation.Value(body.NotBefore); n > u.NotBefore { // it is never taken back by who read it earlier
		state.NotBefore = &n
	}
	return state.Apply(u)
}

// takeAttributes is for accounts of clients, which have no profile.
func takeAttributes(u *latchkey.User, body *representation.User) {
	if body.Attributes != nil {
		u.Attributes = body.Attributes
	}
	if body.Email != nil {
		u.Email = strings.TrimSpace(*body.Email)
	}
	if body.FirstName != nil {
		u.FirstName = *body.FirstName
	}
	if body.LastName != nil {
		u.LastName = *body.LastName
	}
}

func (c *call) takeProfile(u *latchkey.User, body *representation.User, isNew bool) error {
	use, was := c.use(isNew), profile.ValuesOf(u)
	sent := sentValues(use, body, u)
	values := profile.ValuesOf(u)
	for name, list := range sent {
		values[name] = list
	}
	faults := slices.Concat(fixed(use, sent, was), profile.Validate(use, values, true))
	if len(faults) > 0 {
		return profileFaults(faults)
	}
	profile.Apply(use, u, sent)
	return nil
}

// sentValues gives what was sent, by the names of attributes: of those that
// were left out, the ones that may be changed are to go.
func sentValues(use profile.Use, body *representation.User, u *latchkey.User) profile.Values {
	values := profile.Values{}
	if body.Attributes != nil {
		for name := range u.Attributes {
			if a := use.Realm.Profile.Attribute(name); a == nil || use.Edits(a) {
				values[name] = []string{}
			}
		}
	}
	for name, list := range body.Attributes {
		if !latchkey.RootAttribute(name) {
			values[name] = list
		}
	}
	for name, text := range map[string]*string{latchkey.ProfileUsername: body.Username, latchkey.ProfileEmail: body.Email,
		latchkey.ProfileFirstName: body.FirstName, latchkey.ProfileLastName: body.LastName} {
		if text != nil {
			values[name] = []string{strings.TrimSpace(*text)}
		}
	}
	return values
}

// fixed finds attributes that administrators may not change and that were sent
// with another value than they have.
func fixed(use profile.Use, sent, was profile.Values) (faults []profile.Fault) {
	for _, f := range profile.Fields(use, nil) {
		name := f.Attribute.Name
		list, given := sent[name]
		list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
		if given && f.ReadOnly && !slices.EqualFunc(list, was[name], strings.EqualFold) {
			faults = append(faults, profile.Fault{Attribute: name, Message: profile.ReadOnly, Params: []any{name}})
		}
	}
	return faults
}

// knownActions are the required actions that the realm has, those that every
// new user has among them, and those that the user has already; others are
// passed over, as in Keycloak.
func (c *call) knownActions(u *latchkey.User, given []string, isNew bool) []string {
	out := []string{}
	if isNew {
		out = append(out, u.RequiredActions...)
	}
	for _, alias := range given {
		if alias != "" && (c.snap.RequiredAction(alias) != nil || u.HasRequiredAction(alias)) {
			out = append(out, alias)
		}
	}
	return out
}

// newUser is a user that is to be made, with what is looked up and hashed
// beforehand.
type newUser struct {
	*call
	body        *representation.User
	credentials []*latchkey.Credential
}

func (c *call) newUser(body *representation.User) (*newUser, error) {
	name := lower(body.Username)
	if c.snap.Realm.RegistrationEmailAsUsername {
		name = lower(body.Email)
		body.Username = nil
	}
	if name == "" {
		return nil, tellError(http.StatusBadRequest, "User name is missing")
	}
	n := &newUser{call: c, body: body}
	var err error
	n.credentials, err = c.credentialsOf(body, &latchkey.User{Username: name, Email: representation.Value(body.Email)})
	return n, err
}

// create makes the user, and gives the id.
func (n *newUser) create(tx *store.Tx) (string, error) {
	u := user.Blank(tx, n.snap, "")
	u.Enabled = false // as in Keycloak: enabled where the call says so
	if err := n.takeOver(u, n.body, true); err != nil {
		return "", err
	}
	if u.Username == "" {
		u.Username = strings.ToLower(u.Email)
	}
	if err := n.free(tx, u); err != nil {
		return "", err
	}
	if err := user.Create(tx, n.snap, u, n.credentials...); err != nil {
		return "", userTaken(err)
	}
	if err := n.join(tx, u); err != nil {
		return "", err
	}
	for _, f := range n.body.FederatedIdentities {
		if err := link(tx, u, f.IdentityProvider, f); err != nil {
			return "", err
		}
	}
	return u.ID, n.record(tx, act{operationCreate, "USER", "users/" + u.ID, n.body})
}

// free says that nobody has the username: [user.Create] would give another one
// to who is called by their address.
func (n *newUser) free(tx *store.Tx, u *latchkey.User) error {
	_, err := tx.UserByUsername(u.RealmID, u.Username)
	switch {
	case err == nil:
		return tellError(http.StatusConflict, "User exists with same username")
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return nil
	}
	return err
}

// join puts the user into the groups that are given by their paths.
func (n *newUser) join(tx *store.Tx, u *latchkey.User) error {
	for _, path := range n.body.Groups {
		m, err := tx.GroupByPath(u.RealmID, path)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return latchkey.Invalid("groups", "There is no group with the path %q.", path)
		}
		if err == nil {
			err = n.mayJoin(n.snap, m)
		}
		if err == nil {
			err = tx.JoinGroup(u.RealmID, u.ID, m.Group.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// credentialsOf makes the credentials that were sent; passwords in clear are
// held against the realm's policy and hashed. It is slow.
func (c *call) credentialsOf(body *representation.User, u *latchkey.User) ([]*latchkey.Credential, error) {
	for i := range body.Credentials {
		given := &body.Credentials[i]
		if given.Value == nil || representation.Value(given.Type) != latchkey.CredentialPassword && given.Type != nil {
			continue
		}
		if err := c.checkPassword(latchkey.Secret(*given.Value), u); err != nil {
			return nil, err
		}
	}
	fresh, temporary, err := realm.NewCredentials(c.r.Context(), body.Credentials, u.Username, c.door.Now())
	if temporary {
		body.RequiredActions = append(slices.Clone(orElse(body.RequiredActions, u.RequiredActions)), latchkey.ActionUpdatePassword)
	}
	return fresh, err
}

// orElse is the first list that is given.
func orElse(a, b []string) []string {
	if a != nil {
		return a
	}
	return b
}

// errorField is the field that an error is about.
func errorField(err error) string {
	var e *latchkey.Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}
