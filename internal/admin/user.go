package admin

import (
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/profile"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

func (d *Door) userRoutes() []route {
	var all []route
	for _, group := range [][]route{
		{
			{method: "GET", path: "/users", may: mayQueryUsers, act: d.users, summary: "List and search users",
				query: with(userQuery, paging), gives: []representation.User{}},
			{method: "POST", path: "/users", may: mayManageUsers, act: d.createUser, summary: "Create a user",
				body: representation.User{}, status: http.StatusCreated},
			{method: "GET", path: "/users/count", may: mayQueryUsers, act: d.countUsers, summary: "Count users", query: userQuery, gives: 0},
			{method: "GET", path: "/users/{id}", may: mayQueryUsers, act: d.user, summary: "Read a user",
				query: []param{{"userProfileMetadata", flag, "with what a form for the user is drawn from"}}, gives: representation.User{}},
			{method: "PUT", path: "/users/{id}", may: mayManageUsers, act: d.updateUser, summary: "Change a user: what is given",
				body: representation.User{}},
			{method: "DELETE", path: "/users/{id}", may: mayManageUsers, act: d.deleteUser, summary: "Delete a user"},
		},
		d.profileRoutes(),
		d.credentialRoutes(),
		d.federatedRoutes(),
		d.userGroupRoutes(),
		d.userSessionRoutes(),
		d.userMailRoutes(),
		d.impersonationRoutes(),
		d.attackRoutes(),
	} {
		all = append(all, group...)
	}
	return all
}

// userNotFound is Keycloak's sentence.
const userNotFound = "User not found"

// person finds the user of the request's path.
func (c *call) person(tx *store.Tx) (*latchkey.User, error) {
	u, err := tx.User(c.snap.Realm.ID, c.path("id"))
	return u, notFound(err, userNotFound)
}

// lockPerson is person for who changes the user.
func (c *call) lockPerson(tx *store.Tx) (*latchkey.User, error) {
	u, err := tx.LockUser(c.snap.Realm.ID, c.path("id"))
	return u, notFound(err, userNotFound)
}

// shown shows a user as the profile lets administrators see them.
func (c *call) shown(u *latchkey.User, brief bool) representation.User {
	r := representation.UserOf(u, brief)
	if brief {
		return r
	}
	r.Kept = u.Kept
	if u.ServiceAccountClientID != "" {
		if client := c.snap.ClientByID(u.ServiceAccountClientID); client != nil {
			r.ServiceAccountClientID = new(client.ClientID)
		}
		return r // no form is made of it, and no profile holds for it
	}
	use := c.use(false)
	values := profile.Unmanaged(use, u.Attributes)
	for _, f := range profile.Fields(use, u.Attributes) {
		if len(f.Values) > 0 && !latchkey.RootAttribute(f.Attribute.Name) {
			values[f.Attribute.Name] = f.Values
		}
	}
	r.Attributes = nil
	if len(values) > 0 {
		r.Attributes = values
	}
	return r
}

// access says what the caller may do with a user.
func (c *call) access(u *latchkey.User) map[string]bool {
	manage := c.may(mayManageUsers...)
	return map[string]bool{"view": c.may(mayViewUsers...), "manage": manage, "mapRoles": manage, "manageGroupMembership": manage,
		"resetPassword": manage, "impersonate": c.may(impersonation) && u.ServiceAccountClientID == ""}
}

func (d *Door) user(c *call) error {
	var out representation.User
	err := c.view(func(tx *store.Tx) error {
		u, err := c.person(tx)
		if err != nil {
			return err
		}
		if err := c.need(mayViewUsers...); err != nil {
			return err
		}
		out = c.shown(u, false)
		otp, err := tx.UsersWithCredential(u.RealmID, latchkey.CredentialOTP, []string{u.ID})
		*out.TOTP = otp[u.ID]
		out.Access = c.access(u)
		if c.flag("userProfileMetadata", false) {
			out.UserProfileMetadata = c.metadata(u)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) createUser(c *call) error {
	var body representation.User
	if err := c.read(&body); err != nil {
		return err
	}
	n, err := c.newUser(&body)
	if err != nil {
		return err
	}
	var id string
	if err := c.update(func(tx *store.Tx) (err error) { id, err = n.create(tx); return err }); err != nil {
		return err
	}
	return c.created("users", id)
}

func (d *Door) updateUser(c *call) error {
	var body representation.User
	if err := c.read(&body); err != nil {
		return err
	}
	var as *latchkey.User // for the policy of passwords
	err := c.view(func(tx *store.Tx) (err error) {
		as, err = c.person(tx)
		return err
	})
	if err != nil {
		return err
	}
	fresh, err := c.credentialsOf(&body, as)
	if err != nil {
		return err
	}
	err = c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		return c.changeUser(tx, u, &body, fresh)
	})
	if err != nil {
		return err
	}
	return c.done()
}

// changeUser changes a user who is locked.
func (c *call) changeUser(tx *store.Tx, before *latchkey.User, body *representation.User, fresh []*latchkey.Credential) error {
	u := before.Clone()
	if err := c.takeOver(u, body, false); err != nil {
		return err
	}
	other := u.Email != "" && !latchkey.SameAddress(before.Email, u.Email)
	if other || len(fresh) > 0 || u.Username != before.Username {
		if err := c.mayBecome(tx, before); err != nil {
			return err
		}
	}
	if err := user.Change(tx, c.snap, before, u); err != nil {
		return userTaken(err)
	}
	for _, credential := range fresh {
		if err := user.SetCredential(tx, c.snap.Realm, u, credential); err != nil {
			return err
		}
	}
	return c.record(tx, act{operationUpdate, "USER", "users/" + u.ID, body})
}

// userTaken gives Keycloak's sentences for names that are another's.
func userTaken(err error) error {
	if latchkey.ErrorCode(err) != latchkey.CodeConflict {
		return err
	}
	switch errorField(err) {
	case latchkey.ProfileUsername:
		return tellError(http.StatusConflict, "User exists with same username")
	case latchkey.ProfileEmail:
		return tellError(http.StatusConflict, "User exists with same email")
	}
	return tellError(http.StatusConflict, "User exists with same username or email")
}

func (d *Door) deleteUser(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		if err := user.Delete(tx, c.snap, u); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "USER", "users/" + u.ID, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// lower is a name as it is compared.
func lower(s *string) string { return strings.ToLower(strings.TrimSpace(representation.Value(s))) }
