package admin

import (
	"net/http"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func (d *Door) federatedRoutes() []route {
	const path = "/users/{id}/federated-identity"
	return []route{
		{method: "GET", path: path, may: mayQueryUsers, act: d.federatedIdentities, summary: "List a user's accounts at identity providers",
			gives: []representation.FederatedIdentity{}},
		{method: "POST", path: path + "/{provider}", may: mayManageUsers, act: d.linkIdentity,
			summary: "Link a user with an account at an identity provider", body: representation.FederatedIdentity{}},
		{method: "DELETE", path: path + "/{provider}", may: mayManageUsers, act: d.unlinkIdentity,
			summary: "Take away a user's link with an identity provider"},
	}
}

func (d *Door) federatedIdentities(c *call) error {
	out := []representation.FederatedIdentity{}
	err := c.view(func(tx *store.Tx) error {
		u, err := c.person(tx)
		if err != nil {
			return err
		}
		if err := c.need(mayViewUsers...); err != nil {
			return err
		}
		list, err := tx.FederatedIdentities(u.RealmID, u.ID)
		for _, f := range list {
			out = append(out, representation.FederatedIdentityOf(f))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) linkIdentity(c *call) error {
	var body representation.FederatedIdentity
	if err := c.read(&body); err != nil {
		return err
	}
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		if err := c.mayBecome(tx, u); err != nil {
			return err
		}
		if err := link(tx, u, c.path("provider"), body); err != nil {
			return conflict(err, "User is already linked with provider")
		}
		return c.record(tx, act{operationCreate, "USER", "users/" + u.ID + "/federated-identity/" + c.path("provider"), body})
	})
	if err != nil {
		return err
	}
	return c.done()
}

// link links the user with an account at the identity provider.
func link(tx *store.Tx, u *latchkey.User, alias string, f representation.FederatedIdentity) error {
	if alias == "" || f.UserID == "" {
		return latchkey.Invalid("userId", "A linked account needs its identity provider and its userId there.")
	}
	return tx.CreateFederatedIdentity(&latchkey.FederatedIdentity{RealmID: u.RealmID, UserID: u.ID,
		IdentityProvider: alias, FederatedUserID: f.UserID, FederatedUsername: f.UserName})
}

func (d *Door) unlinkIdentity(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		u, err := c.lockPerson(tx)
		if err != nil {
			return err
		}
		had, err := tx.DeleteFederatedIdentity(u.RealmID, u.ID, c.path("provider"))
		switch {
		case err != nil:
			return err
		case !had:
			return answerError(http.StatusNotFound, "Link not found")
		}
		return c.record(tx, act{operationDelete, "USER", "users/" + u.ID + "/federated-identity/" + c.path("provider"), nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
