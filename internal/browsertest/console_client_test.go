package browsertest_test

import (
	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// clientPages are those of clients and client scopes, of a client that has all
// that a client can have.
func (d *desk) clientPages() (paths []string) {
	d.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		made, err := realm.CreateClient(tx, snap, &representation.Client{ClientID: new("shop"), Name: new("Shop"), PublicClient: new(false),
			ServiceAccountsEnabled: new(true), RedirectURIs: []string{"https://shop.example.test/callback"}})
		if err != nil {
			return err
		}
		return tx.CreateRole(&latchkey.Role{RealmID: snap.Realm.ID, ID: "3d5b4c0e-7a1f-4f0e-9b6a-2d1c8e5f7a90", ClientID: made.ID, Name: "buyer", Description: "Buys things"})
	})
	d.s.AddUser(realm.DemoRealm, "ada@example.test", "", nil)
	snap := d.s.Snapshot(realm.DemoRealm)
	shop, email := snap.ClientByClientID("shop"), snap.ScopeByName("email")
	paths = []string{"clients", "clients/create", "clients/create/web", "clients/create/spa", "clients/initial-access", "clients/initial-access/create"}
	for _, p := range []string{"settings", "connect", "credentials", "keys", "keys/import", "roles", "client-scopes", "sessions", "service-account", "advanced", "delete",
		"client-scopes/add", "client-scopes/evaluate?user=ada", "client-scopes/dedicated", "client-scopes/dedicated-scope",
		"roles/" + snap.RoleNamed(shop.ID, "buyer").ID + "/details", "service-account/assign"} {
		paths = append(paths, "clients/"+shop.ID+"/"+p)
	}
	paths = append(paths, "client-scopes", "client-scopes/create")
	for _, p := range []string{"settings", "mappers", "scope", "mappers/add", "mappers/predefined", "mappers/add/oidc-usermodel-attribute-mapper",
		"mappers/mapper/" + email.ProtocolMappers[0].ID} {
		paths = append(paths, "client-scopes/"+email.ID+"/"+p)
	}
	return paths
}
