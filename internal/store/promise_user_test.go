package store_test

import (
	"fmt"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// user makes a user of the realm.
func (w *world) user(username, email string) *latchkey.User {
	w.Helper()
	u := &latchkey.User{RealmID: w.realm.ID, Username: username, Email: email, Enabled: true}
	w.update(func(tx *store.Tx) error { return tx.CreateUser(u) })
	return u
}

func TestUser(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		u := &latchkey.User{RealmID: id, Username: "Ann@Example.com", Email: "Ann@Example.com", EmailVerified: true, Enabled: true,
			NotBefore: 12, FirstName: "Ann", RequiredActions: []string{"VERIFY_EMAIL"}, Attributes: map[string][]string{"a": {"b", "c"}}}
		w.update(func(tx *store.Tx) error { return tx.CreateUser(u) })
		if u.ID == "" || u.Username != "ann@example.com" || !u.CreatedAt.Equal(w.clock.Now()) {
			w.Errorf("not filled in: %+v", u)
		}
		w.view(func(tx *store.Tx) error {
			for name, read := range map[string]func() (*latchkey.User, error){
				"id":       func() (*latchkey.User, error) { return tx.User(id, u.ID) },
				"username": func() (*latchkey.User, error) { return tx.UserByUsername(id, "ANN@example.com") },
				"email":    func() (*latchkey.User, error) { return tx.UserByEmail(id, "aNN@EXAMPLE.com") },
			} {
				got, err := read()
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				w.same(got, u)
			}
			for name, read := range map[string]func() (*latchkey.User, error){
				"id":            func() (*latchkey.User, error) { return tx.User(id, "x") },
				"username":      func() (*latchkey.User, error) { return tx.UserByUsername(id, "x") },
				"email":         func() (*latchkey.User, error) { return tx.UserByEmail(id, "x@example.com") },
				"no email":      func() (*latchkey.User, error) { return tx.UserByEmail(id, "") },
				"no client":     func() (*latchkey.User, error) { return tx.ServiceAccountUser(id, "") },
				"other's realm": func() (*latchkey.User, error) { return tx.User("other", u.ID) },
			} {
				if _, err := read(); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
					w.Errorf("%s: %v", name, err)
				}
			}
			return nil
		})
		u.Email, u.EmailVerified, u.Enabled, u.LastName = "", false, false, "B"
		w.update(func(tx *store.Tx) error { return tx.UpdateUser(u) })
		w.view(func(tx *store.Tx) error {
			got, err := tx.User(id, u.ID)
			w.same(got, u)
			return err
		})
	})
}

// addresses are compared in canonical form, dots and plus parts
// are other accounts; nobody has an address that another has.
func TestUserConflicts(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.user("ann", "ann@exämple.com")
		b := w.user("bob", "ann+b@exämple.com")
		w.user("nomail", "")
		w.user("nomail2", "")
		for _, c := range []struct{ field, username, email string }{
			{"username", "ANN", "x@example.com"},
			{"email", "carl", "ANN@xn--exmple-cua.com"},
			{"username", "ann", "ann@exämple.com"},
		} {
			u := latchkey.User{RealmID: id, Username: c.username, Email: c.email}
			if field := w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateUser(&u) }); field != c.field {
				w.Errorf("creating %+v: field %q", c, field)
			}
			u.ID = b.ID
			if field := w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.UpdateUser(&u) }); field != c.field {
				w.Errorf("changing %+v: field %q", c, field)
			}
		}
		if field := w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { u := *b; u.Username, u.Email = "n", ""; return tx.CreateUser(&u) }); field != "id" {
			w.Errorf("the same id: field %q", field)
		}
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error {
			return tx.UpdateUser(&latchkey.User{RealmID: id, ID: "x", Username: "ann"})
		})
		// Keeping one's own names is no conflict.
		w.update(func(tx *store.Tx) error { return tx.UpdateUser(b) })
	})
}

func TestDuplicateEmails(t *testing.T) {
	promise(t, func(w *world) {
		first := w.user("a", "same@example.com")
		w.realm.DuplicateEmailsAllowed = true
		w.update(func(tx *store.Tx) error { return tx.UpdateRealm(w.realm) })
		w.clock.Advance(1e9)
		second := w.user("b", "Same@example.com")
		w.view(func(tx *store.Tx) error {
			u, err := tx.UserByEmail(w.realm.ID, "same@example.com")
			w.same(u, first) // the oldest
			return err
		})
		w.realm.DuplicateEmailsAllowed = false
		field := w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.UpdateRealm(w.realm) })
		if field != "duplicateEmailsAllowed" {
			w.Errorf("field %q", field)
		}
		second.Email = "other@example.com"
		w.update(func(tx *store.Tx) error {
			if err := tx.UpdateUser(second); err != nil {
				return err
			}
			return tx.UpdateRealm(w.realm)
		})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error {
			return tx.CreateUser(&latchkey.User{RealmID: w.realm.ID, Username: "c", Email: "same@example.com"})
		})
	})
}

// what signs a user in goes with them, and waiting mail is not sent.
func TestDeleteUser(t *testing.T) {
	promise(t, func(w *world) {
		w.fill()
		var u *latchkey.User
		w.update(func(tx *store.Tx) (err error) {
			if u, err = tx.UserByUsername(w.realm.ID, "ann"); err != nil {
				return err
			}
			return tx.DeleteUser(w.realm.ID, u.ID)
		})
		for _, table := range []string{"users", "user_role", "credential", "login_failure", "user_session", "client_session", "authorization_code", "action_token"} {
			if left := w.strings("SELECT realm_id FROM " + table); len(left) > 0 {
				w.Errorf("a row is left in %s", table)
			}
		}
		w.view(func(tx *store.Tx) error {
			list, err := tx.Messages(w.realm.ID, store.MessageFilter{})
			if len(list) != 1 || list[0].State != latchkey.MessageWithheld || list[0].Secret != "" {
				w.Errorf("messages: %+v", list)
			}
			return err
		})
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.DeleteUser(w.realm.ID, u.ID) })
	})
}

func TestUserRoles(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		ann, bob := w.user("ann", ""), w.user("bob", "")
		c := newConfiguration(w)
		w.update(c.create)
		roles := func(userID string) (out []string) {
			w.view(func(tx *store.Tx) (err error) { out, err = tx.UserRoles(id, userID); return err })
			return out
		}
		w.update(func(tx *store.Tx) error {
			for _, u := range []string{ann.ID, ann.ID, bob.ID} { // twice is once
				if err := tx.AddUserRole(id, u, c.role.ID); err != nil {
					return err
				}
			}
			return nil
		})
		w.same(roles(ann.ID), []string{c.role.ID})
		w.view(func(tx *store.Tx) error {
			list, err := tx.RoleUsers(id, c.role.ID, 0, 10)
			if len(list) != 2 {
				w.Errorf("%d users have the role", len(list))
			}
			list, _ = tx.RoleUsers(id, c.role.ID, 0, 1)
			if len(list) != 1 {
				w.Errorf("the limit gives %d", len(list))
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.RemoveUserRole(id, ann.ID, c.role.ID) })
		w.update(func(tx *store.Tx) error { return tx.RemoveUserRole(id, ann.ID, c.role.ID) })
		if got := roles(ann.ID); len(got) != 0 {
			w.Errorf("roles left: %v", got)
		}
		w.update(func(tx *store.Tx) error { return tx.DeleteRole(id, c.role.ID) })
		if got := roles(bob.ID); len(got) != 0 {
			w.Errorf("a deleted role is left: %v", got)
		}
	})
}

func TestDeleteClientTakesWhatIsIts(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		c := newConfiguration(w)
		w.update(c.create)
		w.update(func(tx *store.Tx) error {
			account := &latchkey.User{RealmID: id, Username: "service-account-app", ServiceAccountClientID: c.client.ID}
			if err := tx.CreateUser(account); err != nil {
				return err
			}
			got, err := tx.ServiceAccountUser(id, c.client.ID)
			w.same(got, account)
			role := &latchkey.Role{RealmID: id, ClientID: c.client.ID, Name: "r"}
			if err == nil {
				err = tx.CreateRole(role)
			}
			if err == nil {
				err = tx.AddUserRole(id, "someone", role.ID)
			}
			if err == nil {
				err = tx.PutClientSession(&latchkey.ClientSession{RealmID: id, SessionID: "s", ClientID: c.client.ID})
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.DeleteClient(id, c.client.ID) })
		for _, table := range []string{"client", "users", "user_role", "client_session"} {
			if left := w.strings("SELECT realm_id FROM " + table); len(left) > 0 {
				w.Errorf("a row is left in %s", table)
			}
		}
		if left := w.strings("SELECT name FROM role"); len(left) != 1 || left[0] != "admin" {
			w.Errorf("roles left: %v", left)
		}
	})
}

func TestUsersList(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		yes, no := true, false
		w.update(func(tx *store.Tx) error {
			for _, u := range []latchkey.User{
				{Username: "ann", Email: "ann@example.com", FirstName: "Ännchen", LastName: "Smith", Enabled: true, EmailVerified: true},
				{Username: "bob", Email: "bob_100%@example.com", FirstName: "Bob", LastName: "ann", Enabled: true},
				{Username: "carl", Email: "carl@example.org", LastName: `back\slash`},
				{Username: "service-account-app", ServiceAccountClientID: "app"},
			} {
				u.RealmID = id
				if err := tx.CreateUser(&u); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range []struct {
			filter store.UserFilter
			want   string
		}{
			{store.UserFilter{}, "[ann bob carl]"},
			{store.UserFilter{Search: "ANN"}, "[ann bob]"},
			{store.UserFilter{Search: "ann smith"}, "[ann]"},
			{store.UserFilter{Search: "ännchen"}, "[ann]"},
			{store.UserFilter{Search: "*_100%"}, "[bob]"},
			{store.UserFilter{Search: "x%y"}, "[]"},
			{store.UserFilter{Search: "mith"}, "[]"}, // words begin where the value begins
			{store.UserFilter{Search: "*mith"}, "[ann]"},
			{store.UserFilter{Search: "s*th"}, "[ann]"},
			{store.UserFilter{Search: `"ann"`}, "[ann bob]"},
			{store.UserFilter{Search: `"an"`}, "[]"},
			{store.UserFilter{Search: `*k\s`}, "[carl]"},
			{store.UserFilter{Username: "ann"}, "[ann]"},
			{store.UserFilter{LastName: "ann"}, "[bob]"},
			{store.UserFilter{Email: "example.com"}, "[ann bob]"},
			{store.UserFilter{Email: "example.com", Exact: true}, "[]"},
			{store.UserFilter{Email: "Ann@example.com", Exact: true}, "[ann]"},
			{store.UserFilter{FirstName: "b", LastName: "a"}, "[bob]"},
			{store.UserFilter{Enabled: &no}, "[carl]"},
			{store.UserFilter{EmailVerified: &yes}, "[ann]"},
			{store.UserFilter{First: 1, Max: 1}, "[bob]"},
			{store.UserFilter{First: -1, Max: 2}, "[ann bob]"},
		} {
			w.view(func(tx *store.Tx) error {
				list, err := tx.Users(id, c.filter)
				names := []string{}
				for _, u := range list {
					names = append(names, u.Username)
				}
				if fmt.Sprint(names) != c.want {
					w.Errorf("%+v: %v, want %s", c.filter, names, c.want)
				}
				n, err2 := tx.CountUsers(id, c.filter)
				if c.filter.Max == 0 && n != len(list) {
					w.Errorf("%+v: counted %d", c.filter, n)
				}
				if err == nil {
					err = err2
				}
				return err
			})
		}
	})
}

func TestCredentials(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		u := w.user("ann", "")
		second := &latchkey.Credential{RealmID: id, UserID: u.ID, Type: "otp", SecretData: `{"value":"seed"}`, CredentialData: "{}", Priority: 20}
		first := &latchkey.Credential{RealmID: id, UserID: u.ID, Type: latchkey.CredentialPassword, UserLabel: "mine", SecretData: "{}", Priority: 10}
		w.update(func(tx *store.Tx) error {
			if err := tx.CreateCredential(second); err != nil {
				return err
			}
			return tx.CreateCredential(first)
		})
		list := func() (out []*latchkey.Credential) {
			w.view(func(tx *store.Tx) (err error) { out, err = tx.Credentials(id, u.ID); return err })
			return out
		}
		w.same(list(), []*latchkey.Credential{first, second})
		first.UserLabel, first.Priority, first.SecretData = "yours", 30, "changed"
		w.update(func(tx *store.Tx) error { return tx.UpdateCredential(first) })
		w.same(list(), []*latchkey.Credential{second, first})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateCredential(first) })
		w.update(func(tx *store.Tx) error { return tx.DeleteCredential(id, first.ID) })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.DeleteCredential(id, first.ID) })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.UpdateCredential(first) })
		w.update(func(tx *store.Tx) error { return tx.DeleteCredentials(id, u.ID) })
		if left := list(); len(left) != 0 {
			w.Errorf("left: %v", left)
		}
	})
}

func TestKnownBrowsers(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.update(func(tx *store.Tx) error {
			for _, a := range []string{"a1", "a2", "a1"} {
				if err := tx.SaveKnownBrowser(id, []byte("browser"), []byte(a)); err != nil {
					return err
				}
			}
			return nil
		})
		w.view(func(tx *store.Tx) error {
			got, err := tx.KnownAddresses(id, []byte("browser"))
			w.same(got, [][]byte{[]byte("a1"), []byte("a2")})
			none, err2 := tx.KnownAddresses(id, nil)
			if len(none) != 0 || err2 != nil {
				w.Errorf("no browser knows %v, %v", none, err2)
			}
			return err
		})
	})
}
