package store

import (
	"strings"

	"latchkey"
)

// CreatePerson adds a user with all that belongs to the account, with the ids
// and times that are given; see CreateUser.
func (tx *Tx) CreatePerson(p *latchkey.Person) error {
	if err := tx.CreateUser(p.User); err != nil {
		return err
	}
	return tx.createBelongings(p)
}

// ReplacePerson changes a user, and what belongs to the account, to what is
// given; a list that is nil stays as it is. See UpdateUser. Sessions stay.
func (tx *Tx) ReplacePerson(p *latchkey.Person) error {
	if err := tx.UpdateUser(p.User); err != nil {
		return err
	}
	for _, one := range []struct {
		given bool
		text  string
	}{
		{p.Credentials != nil, `DELETE FROM credential WHERE realm_id = $1 AND user_id = $2`},
		{p.Roles != nil, `DELETE FROM user_role WHERE realm_id = $1 AND user_id = $2`},
		{p.Groups != nil, `DELETE FROM group_member WHERE realm_id = $1 AND user_id = $2`},
		{p.Consents != nil, `DELETE FROM user_consent WHERE realm_id = $1 AND user_id = $2`},
		{p.FederatedIdentities != nil, `DELETE FROM federated_identity WHERE realm_id = $1 AND user_id = $2`},
	} {
		if one.given {
			if _, err := tx.exec(one.text, p.User.RealmID, p.User.ID); err != nil {
				return err
			}
		}
	}
	return tx.createBelongings(p)
}

func (tx *Tx) createBelongings(p *latchkey.Person) error {
	realmID, id := p.User.RealmID, p.User.ID
	for _, c := range p.Credentials {
		c.RealmID, c.UserID = realmID, id
		if err := tx.CreateCredential(c); err != nil {
			return err
		}
	}
	for _, role := range p.Roles {
		if err := tx.AddUserRole(realmID, id, role); err != nil {
			return err
		}
	}
	for _, group := range p.Groups {
		if err := tx.JoinGroup(realmID, id, group); err != nil {
			return err
		}
	}
	for _, f := range p.FederatedIdentities {
		f.RealmID, f.UserID = realmID, id
		if err := tx.CreateFederatedIdentity(f); err != nil {
			return err
		}
	}
	for _, c := range p.Consents {
		c.RealmID, c.UserID = realmID, id
		text, err := body(c)
		if err != nil {
			return err
		}
		_, err = tx.exec(`INSERT INTO user_consent (`+consentColumns+`) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			c.RealmID, c.UserID, c.ClientID, millis(c.CreatedAt), millis(c.UpdatedAt), text)
		if err != nil {
			return err
		}
	}
	return nil
}

// People gives users with all that belongs to their accounts, service accounts
// too, in the order of their usernames, at most limit from the one behind
// after on. The order is that of bytes, on every database.
func (tx *Tx) People(realmID, after string, limit int) ([]*latchkey.Person, error) {
	name := `username` + tx.db.dialect.bytewise
	users, err := many(tx, (*Tx).scanUser, `SELECT `+userColumns+` FROM users
		WHERE realm_id = $1 AND `+name+` > $2 ORDER BY `+name+` LIMIT $3`, realmID, after, limit)
	if err != nil || len(users) == 0 {
		return nil, err
	}
	people, byID, ids := make([]*latchkey.Person, len(users)), map[string]*latchkey.Person{}, make([]string, len(users))
	for i, u := range users {
		people[i] = &latchkey.Person{User: u}
		byID[u.ID], ids[i] = people[i], u.ID
	}
	args := append([]any{realmID}, padded(ids)...)
	of := ` WHERE realm_id = $1 AND user_id IN (` + placeholders(2, len(args)-1) + `) `
	credentials, err := many(tx, (*Tx).scanCredential, credentialSelect+of+`ORDER BY priority, created_at, id`, args...)
	if err != nil {
		return nil, err
	}
	for _, c := range credentials {
		byID[c.UserID].Credentials = append(byID[c.UserID].Credentials, c)
	}
	consents, err := many(tx, (*Tx).scanConsent, `SELECT `+consentColumns+` FROM user_consent`+of+`ORDER BY created_at, client_id`, args...)
	if err != nil {
		return nil, err
	}
	for _, c := range consents {
		byID[c.UserID].Consents = append(byID[c.UserID].Consents, c)
	}
	federated, err := many(tx, scanFederatedIdentity, `SELECT `+federatedColumns+` FROM federated_identity`+of+`ORDER BY identity_provider`, args...)
	if err != nil {
		return nil, err
	}
	for _, f := range federated {
		byID[f.UserID].FederatedIdentities = append(byID[f.UserID].FederatedIdentities, f)
	}
	pair := func(r row) (person *latchkey.Person, other string, err error) {
		var id string
		err = r.Scan(&id, &other)
		return byID[id], other, err
	}
	err = tx.each(func(r row) error {
		p, role, err := pair(r)
		if err == nil {
			p.Roles = append(p.Roles, role)
		}
		return err
	}, `SELECT user_id, role_id FROM user_role`+of+`ORDER BY role_id`, args...)
	if err != nil {
		return nil, err
	}
	err = tx.each(func(r row) error {
		p, group, err := pair(r)
		if err == nil {
			p.Groups = append(p.Groups, group)
		}
		return err
	}, `SELECT user_id, group_id FROM group_member`+of+`ORDER BY group_id`, args...)
	return people, err
}

// UserNamed finds, for an import, the user who has the id or else the username.
func (tx *Tx) UserNamed(realmID, id, username string) (*latchkey.User, error) {
	u, err := tx.User(realmID, id)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		u, err = tx.UserByUsername(realmID, strings.ToLower(username))
	}
	return u, err
}
