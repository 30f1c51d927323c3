package user_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/user"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// plan makes the keys of the test's realm once: that takes long.
var plan = sync.OnceValues(func() (*realm.Plan, error) {
	name, on := "acme", true
	return realm.Prepare(&representation.Realm{Realm: &name, Enabled: &on}, realm.Options{Events: true, Now: storetest.NewClock().Now()})
})

type world struct {
	t     testing.TB
	db    *store.DB
	snap  *latchkey.Snapshot
	group *latchkey.Group
}

// each runs the test with a realm that asks every new user for terms, and puts
// them into a group, on both databases.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p, err := plan()
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, db: db}
		w.update(func(tx *store.Tx) error {
			r, err := p.Apply(tx)
			if err != nil {
				return err
			}
			w.group = &latchkey.Group{RealmID: r.ID, Name: "new"}
			if err := tx.CreateGroup(w.group); err != nil {
				return err
			}
			r.DefaultGroups = []string{w.group.ID}
			if err := tx.UpdateRealm(r); err != nil {
				return err
			}
			snap, err := tx.Snapshot(r.ID)
			w.snap = snap
			return err
		})
		terms := w.snap.RequiredAction(latchkey.ActionTerms)
		terms.Enabled, terms.DefaultAction = true, true
		f(t, w)
	})
}

func (w *world) update(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func TestRegister(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		password, err := credential.NewPassword(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		w.update(func(tx *store.Tx) error {
			u := user.Blank(tx, w.snap, "Ada@Example.test")
			err := user.Register(tx, w.snap, u, latchkey.Event{ClientID: "shop", Details: map[string]string{"register_method": "form"}}, password)
			if err != nil {
				return err
			}
			got, err := tx.User(u.RealmID, u.ID)
			if err != nil {
				return err
			}
			if got.EmailVerified || !got.Enabled || got.Username != "ada@example.test" || got.Email != "Ada@Example.test" ||
				!slices.Equal(got.RequiredActions, []string{latchkey.ActionTerms}) {
				t.Errorf("the account is %+v", got)
			}
			roles, _ := tx.UserRoles(u.RealmID, u.ID)
			groups, _ := tx.UserGroups(u.RealmID, u.ID)
			credentials, _ := tx.Credentials(u.RealmID, u.ID)
			if !slices.Equal(roles, []string{w.snap.Realm.DefaultRoleID}) || len(groups) != 1 || len(credentials) != 1 || credentials[0].SecretData != password.SecretData {
				t.Errorf("roles %v, groups %v, credentials %v", roles, groups, credentials)
			}
			events, err := tx.Events(u.RealmID, store.EventFilter{})
			if len(events) != 1 || events[0].Type != latchkey.EventRegister || events[0].UserID != u.ID || events[0].ClientID != "shop" ||
				events[0].Details["username"] != u.Username || events[0].Details["email"] != u.Email || events[0].Details["register_method"] != "form" {
				t.Errorf("events %+v", events)
			}
			return err
		})
	})
}

func TestCreateTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.update(func(tx *store.Tx) error {
			named := user.Blank(tx, w.snap, "")
			named.Username = "ada@example.test"
			if err := user.Create(tx, w.snap, named); err != nil {
				return err
			}
			// Somebody is called as the address is: that opens nothing.
			u := user.Blank(tx, w.snap, "Ada@example.test")
			if err := user.Create(tx, w.snap, u); err != nil || u.Username == named.Username {
				t.Errorf("%+v, %v", u, err)
			}
			return nil
		})
		for field, change := range map[string]func(u *latchkey.User){
			"email":    func(u *latchkey.User) { u.Email, u.Username = "ADA@example.test", "bob" },
			"username": func(u *latchkey.User) { u.Email, u.Username = "bob@example.test", "ada@example.test" },
		} {
			err := w.db.Update(t.Context(), func(tx *store.Tx) error {
				u := user.Blank(tx, w.snap, "bob@example.test")
				change(u)
				return user.Create(tx, w.snap, u)
			})
			var e *latchkey.Error
			if !errors.As(err, &e) || e.Code != latchkey.CodeConflict || e.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

// who is disabled or deleted has no session, no link and no mail on its
// way, in the same transaction.
func TestClose(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, shut := range map[string]func(*store.Tx, *latchkey.Snapshot, *latchkey.User) error{"disable": user.Disable, "delete": user.Delete} {
			w.update(func(tx *store.Tx) error {
				u := user.Blank(tx, w.snap, name+"@example.test")
				if err := user.Create(tx, w.snap, u); err != nil {
					return err
				}
				s := &latchkey.UserSession{RealmID: u.RealmID, ID: "s-" + name, UserID: u.ID, StartedAt: tx.Now(), LastAccess: tx.Now(), CookieHash: secret.Hash(name)}
				link := &latchkey.ActionToken{RealmID: u.RealmID, ID: "t-" + name, SecretHash: secret.Hash(name), Kind: latchkey.TokenAPILink, UserID: u.ID,
					CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour)}
				mail := &latchkey.Message{RealmID: u.RealmID, ID: "m-" + name, Kind: latchkey.MailAPILink, State: latchkey.MessageQueued, UserID: u.ID,
					CreatedAt: tx.Now(), NextAttemptAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour)}
				for _, err := range []error{tx.CreateUserSession(s), tx.CreateActionToken(link), tx.CreateMessage(mail), shut(tx, w.snap, u)} {
					if err != nil {
						return err
					}
				}
				if _, err := tx.UserSession(u.RealmID, s.ID); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
					t.Errorf("%s: the session: %v", name, err)
				}
				if m, err := tx.Message(u.RealmID, mail.ID); err != nil || m.State != latchkey.MessageWithheld {
					t.Errorf("%s: the mail is %+v, %v", name, m, err)
				}
				if k, err := tx.ActionToken(u.RealmID, link.ID); err == nil && k.RedeemedAt.IsZero() && tx.Now().Before(k.ExpiresAt) {
					t.Errorf("%s: the link is %+v", name, k)
				}
				got, err := tx.User(u.RealmID, u.ID)
				if name == "delete" && latchkey.ErrorCode(err) != latchkey.CodeNotFound || name == "disable" && (err != nil || got.Enabled) {
					t.Errorf("%s: %+v, %v", name, got, err)
				}
				return nil
			})
		}
	})
}
