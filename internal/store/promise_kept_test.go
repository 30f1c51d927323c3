package store_test

import (
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

var kept = latchkey.Kept{"a": []byte(`{"b":[1,"x",null]}`), "c": []byte(`true`)}

// keepAll makes one of every noun that something can be kept of.
func keepAll(tx *store.Tx, id string) error {
	for _, err := range []error{
		tx.CreateClient(&latchkey.Client{RealmID: id, ID: "kept", ClientID: "kept", Kept: kept}),
		tx.CreateClientScope(&latchkey.ClientScope{RealmID: id, ID: "kept", Name: "kept", Kept: kept,
			ProtocolMappers: []latchkey.ProtocolMapper{{ID: "m", Name: "n", Kept: kept}}}),
		tx.CreateRole(&latchkey.Role{RealmID: id, ID: "kept", Name: "kept", Kept: kept}),
		tx.CreateFlow(&latchkey.Flow{RealmID: id, ID: "kept", Alias: "kept", Kept: kept, Executions: []latchkey.Execution{{ID: "e", Kept: kept}}}),
		tx.CreateAuthenticatorConfig(&latchkey.AuthenticatorConfig{RealmID: id, ID: "kept", Alias: "kept", Kept: kept}),
		tx.PutRequiredAction(&latchkey.RequiredAction{RealmID: id, Alias: "kept", Kept: kept}),
		tx.CreateGroup(&latchkey.Group{RealmID: id, ID: "kept", Name: "kept", Kept: kept}),
		tx.CreateUser(&latchkey.User{RealmID: id, ID: "kept", Username: "kept", Kept: kept}),
		tx.PutIdentityProvider(&latchkey.IdentityProvider{RealmID: id, ID: "kept", Alias: "kept", Kept: kept}),
		tx.PutComponent(&latchkey.Component{RealmID: id, ID: "kept", ParentID: id, ProviderType: "t"}),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// What is kept of a noun comes back with it, is changed with it, and can be
// taken away.
func TestKept(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		w.update(func(tx *store.Tx) error {
			realm := *w.realm
			realm.Kept = kept
			if err := keepAll(tx, id); err != nil {
				return err
			}
			return tx.UpdateRealm(&realm)
		})
		read := func(want latchkey.Kept) (s *latchkey.Snapshot) {
			w.view(func(tx *store.Tx) (err error) {
				if s, err = tx.Snapshot(id); err != nil {
					return err
				}
				u, err := tx.User(id, "kept")
				if err != nil {
					return err
				}
				g, err := tx.Group(id, "kept")
				if err != nil {
					return err
				}
				for _, got := range []latchkey.Kept{s.Realm.Kept, s.Clients[0].Kept, s.Scopes[0].Kept, s.Roles[0].Kept,
					s.Flows[0].Kept, s.Configs[0].Kept, s.RequiredActions[0].Kept, u.Kept, g.Kept} {
					w.same(got, want)
				}
				return nil
			})
			return s
		}
		s := read(kept)
		w.same(s.Scopes[0].ProtocolMappers[0].Kept, kept)
		w.same(s.Flows[0].Executions[0].Kept, kept)
		w.update(func(tx *store.Tx) error {
			u, err := tx.User(id, "kept")
			if err != nil {
				return err
			}
			g, err := tx.Group(id, "kept")
			if err != nil {
				return err
			}
			s.Realm.Kept, s.Clients[0].Kept, s.Scopes[0].Kept, s.Roles[0].Kept, s.Flows[0].Kept = nil, nil, nil, nil, nil
			s.Configs[0].Kept, s.RequiredActions[0].Kept, u.Kept, g.Kept = nil, nil, nil, nil
			for _, err := range []error{tx.UpdateRealm(s.Realm), tx.UpdateClient(s.Clients[0]), tx.UpdateClientScope(s.Scopes[0]),
				tx.UpdateRole(s.Roles[0]), tx.UpdateFlow(s.Flows[0]), tx.UpdateAuthenticatorConfig(s.Configs[0]),
				tx.PutRequiredAction(s.RequiredActions[0]), tx.UpdateUser(u), tx.UpdateGroup(g)} {
				if err != nil {
					return err
				}
			}
			return nil
		})
		read(nil)
	})
}

func TestIdentityProviders(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		p := &latchkey.IdentityProvider{RealmID: id, Alias: "github", DisplayName: "GitHub", ProviderID: "github", Enabled: true,
			Config: map[string]string{"clientSecret": "s"}, Kept: kept,
			Mappers: []latchkey.IdentityProviderMapper{{ID: "m", Name: "n", Mapper: "github-user-attribute-mapper", Config: map[string]string{"a": "b"}, Kept: kept}}}
		other := &latchkey.IdentityProvider{RealmID: id, Alias: "acme", Config: map[string]string{}}
		read := func() (list []*latchkey.IdentityProvider) {
			w.view(func(tx *store.Tx) (err error) { list, err = tx.IdentityProviders(id); return err })
			return list
		}
		w.update(func(tx *store.Tx) error {
			if err := tx.PutIdentityProvider(p); err != nil {
				return err
			}
			return tx.PutIdentityProvider(other)
		})
		w.same(read(), []*latchkey.IdentityProvider{other, p})
		p.Alias, p.Enabled = "hub", false
		w.update(func(tx *store.Tx) error { return tx.PutIdentityProvider(p) })
		w.same(read(), []*latchkey.IdentityProvider{other, p})
		for _, taken := range []*latchkey.IdentityProvider{{RealmID: id, Alias: "hub"}, {RealmID: id, ID: p.ID, Alias: "acme"}} {
			w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.PutIdentityProvider(taken) })
		}
		w.update(func(tx *store.Tx) error {
			for _, alias := range []string{"hub", "acme"} {
				if err := tx.CreateFederatedIdentity(&latchkey.FederatedIdentity{RealmID: id, UserID: "u", IdentityProvider: alias, FederatedUserID: "1"}); err != nil {
					return err
				}
			}
			return tx.DeleteFederatedIdentities(id, "hub")
		})
		w.view(func(tx *store.Tx) error {
			list, err := tx.FederatedIdentities(id, "u")
			if len(list) != 1 || list[0].IdentityProvider != "acme" {
				w.Errorf("links that are left: %+v", list)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.DeleteIdentityProvider(id, p.ID) })
		w.same(read(), []*latchkey.IdentityProvider{other})
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.DeleteIdentityProvider(id, p.ID) })
	})
}

func TestComponents(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		c := &latchkey.Component{RealmID: id, ParentID: id, ProviderType: "org.keycloak.storage.UserStorageProvider", Name: "ldap", ProviderID: "ldap",
			SubType: "s", Config: map[string][]string{"bindCredential": {"x"}}}
		read := func() (list []*latchkey.Component) {
			w.view(func(tx *store.Tx) (err error) { list, err = tx.Components(id); return err })
			return list
		}
		w.update(func(tx *store.Tx) error { return tx.PutComponent(c) })
		w.same(read(), []*latchkey.Component{c})
		c.Name, c.Config = "ldap2", map[string][]string{"a": {"b", "c"}}
		w.update(func(tx *store.Tx) error { return tx.PutComponent(c) })
		w.same(read(), []*latchkey.Component{c})
		w.update(func(tx *store.Tx) error { return tx.DeleteComponent(id, c.ID) })
		w.same(len(read()), 0)
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.DeleteComponent(id, c.ID) })
	})
}
