package admin

import (
	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

const attackPath = "/attack-detection/brute-force/users"

func (d *Door) attackRoutes() []route {
	return []route{
		{method: "GET", path: attackPath + "/{id}", may: mayViewUsers, act: d.attack, summary: "Read what is known of wrong passwords and codes of a user",
			gives: representation.BruteForceStatus{}},
		{method: "DELETE", path: attackPath + "/{id}", may: mayManageUsers, act: d.clearAttack, summary: "Forget the wrong passwords and codes of a user"},
		{method: "DELETE", path: attackPath, may: mayManageUsers, act: d.clearAttacks, summary: "Forget the wrong passwords and codes of all users"},
		{method: "GET", path: "/ui-ext/brute-force-user", may: mayQueryUsers, act: d.usersWithAttacks,
			summary: "List and search users, with what is known of wrong passwords", query: with(userQuery, paging), gives: []representation.User{}},
	}
}

// never is what is shown for an address from which nothing came.
const never = "n/a"

// bruteForce shows the failures of a user.
func bruteForce(realm *latchkey.Realm, f *latchkey.LoginFailure, tx *store.Tx) representation.BruteForceStatus {
	r := representation.BruteForceStatus{LastIPFailure: never}
	if f == nil {
		return r
	}
	r.NumFailures, r.Disabled = f.Failures, realm.BruteForce.Protected && f.Locked(tx.Now())
	if f.LastIP != "" {
		r.LastIPFailure = f.LastIP
	}
	if !f.LastFailure.IsZero() {
		r.LastFailure = f.LastFailure.UnixMilli()
	}
	return r
}

func (d *Door) attack(c *call) error {
	var out representation.BruteForceStatus
	err := c.view(func(tx *store.Tx) error {
		all, err := ratelimit.Failures(tx, c.snap.Realm.ID, c.path("id"))
		f := all[c.path("id")]
		out = bruteForce(c.snap.Realm, f, tx)
		out.FailedLoginNotBefore, out.NumTemporaryLockouts, out.NumSecondaryAuthFailures = new(int64(0)), new(0), new(0)
		if f != nil {
			*out.NumTemporaryLockouts = f.Lockouts
			if !f.NotBefore.IsZero() {
				*out.FailedLoginNotBefore = f.NotBefore.Unix()
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) clearAttack(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		had, err := ratelimit.ForgetFailures(tx, c.snap.Realm.ID, c.path("id"))
		if err != nil || !had {
			return err
		}
		return c.record(tx, act{operationDelete, "USER_LOGIN_FAILURE", attackPath[1:] + "/" + c.path("id"), nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) clearAttacks(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		if err := tx.DeleteLoginFailures(c.snap.Realm.ID); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "USER_LOGIN_FAILURE", attackPath[1:], nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) usersWithAttacks(c *call) error {
	return c.listUsers(func(tx *store.Tx, out []representation.User) error {
		ids := make([]string, len(out))
		for i := range out {
			ids[i] = *out[i].ID
		}
		failures, err := ratelimit.Failures(tx, c.snap.Realm.ID, ids...)
		for i, id := range ids {
			out[i].BruteForceStatus = new(bruteForce(c.snap.Realm, failures[id], tx))
		}
		return err
	})
}
