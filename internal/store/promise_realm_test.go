package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// fullRealm is a realm with a value in every kind of column.
func fullRealm(name string) *latchkey.Realm {
	return &latchkey.Realm{
		Name: name, Enabled: true, DisplayName: "Größe", AccessTokenLifespan: 300, BrowserFlow: "magic link",
		EnabledEventTypes: []string{"LOGIN"}, Attributes: map[string]string{"a.b": "c"}, Profile: latchkey.DefaultUserProfile(),
		SMTP: latchkey.SMTP{From: "a@example.com", Relays: []latchkey.Relay{
			{Host: "one", Port: 587, StartTLS: true, Auth: true, User: "u", Password: "relay-password-1"},
			{Host: "two"},
			{Host: "three", AuthType: "token", AuthTokenClientSecret: "relay-token-secret-3"},
		}},
	}
}

func TestRealm(t *testing.T) {
	promise(t, func(w *world) {
		r := fullRealm("full")
		w.update(func(tx *store.Tx) error { return tx.CreateRealm(r) })
		if r.ID == "" || r.Version != 1 || !r.CreatedAt.Equal(w.clock.Now()) {
			w.Errorf("not filled in: %q, %d, %v", r.ID, r.Version, r.CreatedAt)
		}
		w.view(func(tx *store.Tx) error {
			for _, read := range []func() (*latchkey.Realm, error){
				func() (*latchkey.Realm, error) { return tx.Realm(r.ID) },
				func() (*latchkey.Realm, error) { return tx.RealmByName("full") },
			} {
				got, err := read()
				if err != nil {
					return err
				}
				w.same(got, r)
			}
			return nil
		})
		r.DisplayName, r.Enabled, r.Name = "Other", false, "renamed"
		r.SMTP.Relays = r.SMTP.Relays[2:]
		w.update(func(tx *store.Tx) error { return tx.UpdateRealm(r) })
		w.view(func(tx *store.Tx) error {
			got, err := tx.Realm(r.ID)
			w.same(got, r)
			if r.Version != 2 {
				w.Errorf("version %d after one change", r.Version)
			}
			all, _ := tx.Realms()
			if len(all) != 2 {
				w.Errorf("%d realms", len(all))
			}
			versions, _ := tx.RealmVersions()
			w.same(versions, map[string]int64{w.realm.ID: 1, r.ID: 2})
			return err
		})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateRealm(&latchkey.Realm{Name: "demo"}) })
		r.Name = "demo"
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.UpdateRealm(r) })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.UpdateRealm(&latchkey.Realm{ID: "x", Name: "x"}) })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.BumpRealm("x") })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Realm("x"); return err })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.RealmByName("x"); return err })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Snapshot("x"); return err })
	})
}

// A conflict is an answer, not a broken transaction: what was written before
// and after it in the same Update commits.
func TestConflictLeavesTheTransactionUsable(t *testing.T) {
	promise(t, func(w *world) {
		w.update(func(tx *store.Tx) error {
			if err := tx.SetMeta("before", "1"); err != nil {
				return err
			}
			if err := tx.CreateRealm(&latchkey.Realm{Name: "demo"}); latchkey.ErrorCode(err) != latchkey.CodeConflict {
				w.Error(err)
			}
			return tx.SetMeta("after", "1")
		})
		w.view(func(tx *store.Tx) error {
			_, err := tx.Meta("before")
			if err == nil {
				_, err = tx.Meta("after")
			}
			return err
		})
	})
}

// configuration is one of everything that a realm is configured with.
type configuration struct {
	client *latchkey.Client
	scope  *latchkey.ClientScope
	role   *latchkey.Role
	flow   *latchkey.Flow
	config *latchkey.AuthenticatorConfig
	action *latchkey.RequiredAction
	key    *latchkey.Key
}

func newConfiguration(w *world) configuration {
	id := w.realm.ID
	return configuration{
		client: &latchkey.Client{RealmID: id, ClientID: "app", Enabled: true, Secret: "client-secret-value", RotatedSecret: "client-secret-before", Name: "App",
			RedirectURIs: []string{"https://app/*"}, Attributes: map[string]string{"k": "v"}},
		scope:  &latchkey.ClientScope{RealmID: id, Name: "profile", ProtocolMappers: []latchkey.ProtocolMapper{{ID: "m", Name: "n", Config: map[string]string{"a": "b"}}}},
		role:   &latchkey.Role{RealmID: id, Name: "admin", Composites: []string{"x"}},
		flow:   &latchkey.Flow{RealmID: id, Alias: "browser", TopLevel: true, Executions: []latchkey.Execution{{Authenticator: "auth-cookie", Requirement: latchkey.Alternative}}},
		config: &latchkey.AuthenticatorConfig{RealmID: id, Alias: "magic", Config: map[string]string{"a": "b"}},
		action: &latchkey.RequiredAction{RealmID: id, Alias: "VERIFY_EMAIL", Name: "Verify", Enabled: true, Priority: 5},
		key: &latchkey.Key{RealmID: id, ID: "kid", Algorithm: "RS256", Use: "sig", Status: latchkey.KeyActive, Priority: 100,
			Certificate: []byte("DER"), Private: []byte("private-key-bytes"), ActiveFrom: time.UnixMilli(1_800_000_000_123).UTC(),
			ComponentID: "component", Name: "rsa", Provider: "rsa-generated"},
	}
}

func (c configuration) create(tx *store.Tx) error {
	for _, f := range []func() error{
		func() error { return tx.CreateClient(c.client) },
		func() error { return tx.CreateClientScope(c.scope) },
		func() error { return tx.CreateRole(c.role) },
		func() error { return tx.CreateFlow(c.flow) },
		func() error { return tx.CreateAuthenticatorConfig(c.config) },
		func() error { return tx.PutRequiredAction(c.action) },
		func() error { return tx.CreateKey(c.key) },
	} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func TestSnapshot(t *testing.T) {
	promise(t, func(w *world) {
		c := newConfiguration(w)
		w.update(c.create)
		read := func() (s *latchkey.Snapshot) {
			w.view(func(tx *store.Tx) (err error) {
				s, err = tx.Snapshot(w.realm.ID)
				return err
			})
			return s
		}
		s := read()
		// However many changes one transaction makes, it is one version.
		if s.Realm.Version != 2 {
			w.Errorf("version %d after one transaction", s.Realm.Version)
		}
		w.same(s.Clients, []*latchkey.Client{c.client})
		w.same(s.Scopes, []*latchkey.ClientScope{c.scope})
		w.same(s.Roles, []*latchkey.Role{c.role})
		w.same(s.Flows, []*latchkey.Flow{c.flow})
		w.same(s.Configs, []*latchkey.AuthenticatorConfig{c.config})
		w.same(s.RequiredActions, []*latchkey.RequiredAction{c.action})
		w.same(s.Keys, []*latchkey.Key{c.key})
		if s.ClientByClientID("app") == nil || s.Flow(c.flow.ID) == nil || c.flow.Executions[0].ID == "" {
			w.Error("the snapshot is not indexed, or ids are missing")
		}
		version := s.Realm.Version
		for name, change := range map[string]func(tx *store.Tx) error{
			"client":     func(tx *store.Tx) error { c.client.Secret = ""; return tx.UpdateClient(c.client) },
			"scope":      func(tx *store.Tx) error { c.scope.Name = "s2"; return tx.UpdateClientScope(c.scope) },
			"role":       func(tx *store.Tx) error { c.role.Name = "r2"; return tx.UpdateRole(c.role) },
			"flow":       func(tx *store.Tx) error { c.flow.Alias = "f2"; return tx.UpdateFlow(c.flow) },
			"config":     func(tx *store.Tx) error { c.config.Alias = "c2"; return tx.UpdateAuthenticatorConfig(c.config) },
			"action":     func(tx *store.Tx) error { c.action.Enabled = false; return tx.PutRequiredAction(c.action) },
			"key status": func(tx *store.Tx) error { return tx.SetKeyStatus(w.realm.ID, "kid", latchkey.KeyPassive) },
			"bump":       func(tx *store.Tx) error { return tx.BumpRealm(w.realm.ID) },
		} {
			w.update(change)
			version++
			if s = read(); s.Realm.Version != version {
				w.Errorf("%s: version %d, want %d", name, s.Realm.Version, version)
			}
		}
		c.key.Status = latchkey.KeyPassive
		w.same(s.Clients, []*latchkey.Client{c.client})
		w.same(s.Scopes, []*latchkey.ClientScope{c.scope})
		w.same(s.Roles, []*latchkey.Role{c.role})
		w.same(s.Flows, []*latchkey.Flow{c.flow})
		w.same(s.Configs, []*latchkey.AuthenticatorConfig{c.config})
		w.same(s.RequiredActions, []*latchkey.RequiredAction{c.action})
		w.same(s.Keys, []*latchkey.Key{c.key})

		id := w.realm.ID
		w.update(func(tx *store.Tx) error {
			for _, f := range []func() error{
				func() error { return tx.DeleteClient(id, c.client.ID) },
				func() error { return tx.DeleteClientScope(id, c.scope.ID) },
				func() error { return tx.DeleteRole(id, c.role.ID) },
				func() error { return tx.DeleteFlow(id, c.flow.ID) },
				func() error { return tx.DeleteAuthenticatorConfig(id, c.config.ID) },
				func() error { return tx.DeleteRequiredAction(id, c.action.Alias) },
			} {
				if err := f(); err != nil {
					return err
				}
				if err := f(); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
					return fmt.Errorf("deleted twice: %w", err)
				}
			}
			return nil
		})
		s = read()
		if len(s.Clients)+len(s.Scopes)+len(s.Roles)+len(s.Flows)+len(s.Configs)+len(s.RequiredActions) != 0 {
			w.Errorf("something is left: %+v", s)
		}
	})
}

func TestConfigurationConflicts(t *testing.T) {
	promise(t, func(w *world) {
		first, second := newConfiguration(w), newConfiguration(w)
		second.client.ClientID, second.scope.Name, second.role.Name, second.flow.Alias, second.key.ID = "b", "b", "b", "b", "b"
		w.update(first.create)
		w.update(second.create)
		for name, f := range map[string]func(tx *store.Tx) error{
			"client":   func(tx *store.Tx) error { return tx.CreateClient(newConfiguration(w).client) },
			"scope":    func(tx *store.Tx) error { return tx.CreateClientScope(newConfiguration(w).scope) },
			"role":     func(tx *store.Tx) error { return tx.CreateRole(newConfiguration(w).role) },
			"flow":     func(tx *store.Tx) error { return tx.CreateFlow(newConfiguration(w).flow) },
			"key":      func(tx *store.Tx) error { return tx.CreateKey(newConfiguration(w).key) },
			"config":   func(tx *store.Tx) error { return tx.CreateAuthenticatorConfig(first.config) },
			"client 2": func(tx *store.Tx) error { c := *second.client; c.ClientID = "app"; return tx.UpdateClient(&c) },
			"scope 2":  func(tx *store.Tx) error { c := *second.scope; c.Name = "profile"; return tx.UpdateClientScope(&c) },
			"role 2":   func(tx *store.Tx) error { c := *second.role; c.Name = "admin"; return tx.UpdateRole(&c) },
			"flow 2":   func(tx *store.Tx) error { c := *second.flow; c.Alias = "browser"; return tx.UpdateFlow(&c) },
		} {
			if err := w.db.Update(w.Context(), f); latchkey.ErrorCode(err) != latchkey.CodeConflict {
				w.Errorf("%s: %v", name, err)
			}
		}
		for name, f := range map[string]func(tx *store.Tx) error{
			"client": func(tx *store.Tx) error { c := *first.client; c.ID = "x"; return tx.UpdateClient(&c) },
			"scope":  func(tx *store.Tx) error { c := *first.scope; c.ID = "x"; return tx.UpdateClientScope(&c) },
			"role":   func(tx *store.Tx) error { c := *first.role; c.ID = "x"; return tx.UpdateRole(&c) },
			"flow":   func(tx *store.Tx) error { c := *first.flow; c.ID = "x"; return tx.UpdateFlow(&c) },
			"config": func(tx *store.Tx) error { c := *first.config; c.ID = "x"; return tx.UpdateAuthenticatorConfig(&c) },
			"key":    func(tx *store.Tx) error { return tx.SetKeyStatus(w.realm.ID, "x", latchkey.KeyActive) },
		} {
			// Another's name does not make a thing exist.
			if err := w.db.Update(w.Context(), f); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				w.Errorf("%s that does not exist: %v", name, err)
			}
		}
		// The same names in another realm and for another client are others.
		w.update(func(tx *store.Tx) error {
			other := &latchkey.Realm{Name: "other"}
			if err := tx.CreateRealm(other); err != nil {
				return err
			}
			c := newConfiguration(w)
			c.client.RealmID, c.scope.RealmID, c.role.RealmID, c.flow.RealmID = other.ID, other.ID, other.ID, other.ID
			c.config.RealmID, c.action.RealmID, c.key.RealmID = other.ID, other.ID, other.ID
			if err := c.create(tx); err != nil {
				return err
			}
			return tx.CreateRole(&latchkey.Role{RealmID: w.realm.ID, ClientID: first.client.ID, Name: "admin"})
		})
	})
}

// A snapshot is of one version, however often the realm changes meanwhile.
func TestSnapshotIsNotTorn(t *testing.T) {
	promise(t, func(w *world) {
		c := newConfiguration(w)
		w.update(c.create)
		var all sync.WaitGroup
		done := make(chan struct{})
		all.Go(func() {
			defer close(done)
			for i := range 40 {
				err := w.db.Update(w.Context(), func(tx *store.Tx) error {
					client, flow := *c.client, *c.flow
					client.Name, flow.Description = fmt.Sprint(i), fmt.Sprint(i)
					if err := tx.UpdateClient(&client); err != nil {
						return err
					}
					return tx.UpdateFlow(&flow)
				})
				if err != nil {
					w.Error(err)
				}
			}
		})
		for reading := true; reading; {
			select {
			case <-done:
				reading = false
			default:
			}
			var s *latchkey.Snapshot
			err := w.db.View(w.Context(), func(tx *store.Tx) (err error) {
				s, err = tx.Snapshot(w.realm.ID)
				return err
			})
			if latchkey.ErrorCode(err) == latchkey.CodeUnavailable {
				continue // changed each time it was read
			}
			if err != nil {
				w.Fatal(err)
			}
			if s.Clients[0].Name != s.Flows[0].Description && s.Realm.Version > 2 {
				w.Fatalf("torn at version %d: %q and %q", s.Realm.Version, s.Clients[0].Name, s.Flows[0].Description)
			}
		}
		all.Wait()
	})
}

// fill puts a row of the realm into every table.
func (w *world) fill() {
	w.Helper()
	id, now := w.realm.ID, w.clock.Now()
	c := newConfiguration(w)
	w.update(func(tx *store.Tx) error {
		if err := c.create(tx); err != nil {
			return err
		}
		u := &latchkey.User{RealmID: id, Username: "ann", Email: "ann@example.com", Enabled: true, Attributes: map[string][]string{"team": {"x"}}}
		if err := tx.CreateUser(u); err != nil {
			return err
		}
		s := &latchkey.UserSession{RealmID: id, UserID: u.ID, CookieHash: []byte("cookie")}
		if err := tx.CreateUserSession(s); err != nil {
			return err
		}
		m := &latchkey.Message{RealmID: id, Address: "ann@example.com", ExpiresAt: now, Secret: "x"}
		if err := tx.CreateMessage(m); err != nil {
			return err
		}
		for _, f := range []func() error{
			func() error { return tx.AddUserRole(id, u.ID, c.role.ID) },
			func() error {
				return tx.CreateCredential(&latchkey.Credential{RealmID: id, UserID: u.ID, Type: "password"})
			},
			func() error {
				return tx.CreateFederatedIdentity(&latchkey.FederatedIdentity{RealmID: id, UserID: u.ID, IdentityProvider: "github"})
			},
			func() error { return tx.SaveKnownBrowser(id, []byte("b"), []byte("a")) },
			func() error { _, err := tx.LockLoginFailure(id, u.ID); return err },
			func() error {
				return tx.PutConsent(&latchkey.Consent{RealmID: id, UserID: u.ID, ClientID: c.client.ID})
			},
			func() error { return tx.CreateGroup(&latchkey.Group{RealmID: id, ID: "g", Name: "staff"}) },
			func() error { return tx.JoinGroup(id, u.ID, "g") },
			func() error { return tx.PutIdentityProvider(&latchkey.IdentityProvider{RealmID: id, Alias: "github"}) },
			func() error { return tx.CreateRealmImport(&latchkey.RealmImport{RealmID: id, Digest: []byte("d")}) },
			func() error {
				return tx.PutComponent(&latchkey.Component{RealmID: id, ParentID: id, ProviderType: "storage"})
			},
			func() error {
				return tx.PutClientSession(&latchkey.ClientSession{RealmID: id, SessionID: s.ID, ClientID: c.client.ID})
			},
			func() error {
				if _, err := tx.UseJTI(id, c.client.ID, "jti", now); err != nil {
					return err
				}
				return tx.CreateCode(&latchkey.AuthorizationCode{RealmID: id, Hash: []byte("h"), SessionID: s.ID, ClientID: c.client.ID, ExpiresAt: now})
			},
			func() error {
				return tx.CreateLogin(&latchkey.Login{RealmID: id, BrowserHash: []byte("b"), TabID: "t", ExpiresAt: now})
			},
			func() error {
				return tx.CreateActionToken(&latchkey.ActionToken{RealmID: id, ID: "sel", SecretHash: []byte("h"), UserID: u.ID, ExpiresAt: now})
			},
			func() error {
				return tx.RecordAttempt(&latchkey.DeliveryAttempt{RealmID: id, MessageID: m.ID, Number: 1})
			},
			func() error {
				return tx.CreateLogoutNotice(&latchkey.LogoutNotice{RealmID: id, ClientID: c.client.ID, ExpiresAt: now})
			},
			func() error { return tx.CreateInitialAccess(&latchkey.InitialAccess{RealmID: id, Count: 1}) },
			func() error { return tx.MarkAddress(id, []byte("a"), "bounced", now) },
			func() error {
				_, _, err := take(tx, id, store.Bucket{Name: "mail", Key: []byte("k"), Interval: 1, Burst: 1})
				return err
			},
			func() error {
				return tx.CreateEvent(&latchkey.Event{RealmID: id, Type: latchkey.EventLogin, UserID: u.ID})
			},
			func() error { return tx.CreateAdminEvent(&latchkey.AdminEvent{RealmID: id}) },
		} {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestDeleteRealmLeavesNothing(t *testing.T) {
	promise(t, func(w *world) {
		w.fill()
		for _, table := range store.RealmTables() {
			if len(w.strings("SELECT realm_id FROM "+table)) == 0 {
				w.Errorf("the test puts nothing into %s", table)
			}
		}
		other := &latchkey.Realm{Name: "other"}
		w.update(func(tx *store.Tx) error { return tx.CreateRealm(other) })
		w.update(func(tx *store.Tx) error { return tx.DeleteRealm(w.realm.ID) })
		for _, table := range store.RealmTables() {
			for _, id := range w.strings("SELECT realm_id FROM " + table) {
				if id == w.realm.ID {
					w.Errorf("a row is left in %s", table)
				}
			}
		}
		w.view(func(tx *store.Tx) error { _, err := tx.Realm(other.ID); return err })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.DeleteRealm(w.realm.ID) })
	})
}
