package realm_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// checkAdministered says that master's admin may do everything in the realm,
// through a client <realm>-realm of master.
func checkAdministered(t *testing.T, db *store.DB, name string) {
	t.Helper()
	master := snapshot(t, db, latchkey.MasterRealm)
	client := master.ClientByClientID(realm.AdminClientID(name))
	if client == nil {
		t.Fatalf("master has no client for %s", name)
	}
	if !client.BearerOnly || !client.Enabled || client.PublicClient || client.Name != name+" Realm" {
		t.Errorf("client for %s: %+v", name, client)
	}
	var roles []string
	for _, r := range master.ExpandRoles([]string{master.RoleNamed("", latchkey.RoleAdmin).ID}) {
		if r.ClientID == client.ID {
			roles = append(roles, r.Name)
		}
	}
	slices.Sort(roles)
	want := []string{"create-client", "impersonation", "manage-authorization", "manage-clients", "manage-events", "manage-identity-providers",
		"manage-organizations", "manage-realm", "manage-users", "query-clients", "query-groups", "query-organizations", "query-realms",
		"query-users", "view-authorization", "view-clients", "view-events", "view-identity-providers", "view-organizations", "view-realm", "view-users"}
	if !slices.Equal(roles, want) {
		t.Errorf("admin has in %s the roles %v, want %v", name, roles, want)
	}
	view := master.RoleNamed(client.ID, "view-users")
	if got := roleNames(master.ExpandRoles([]string{view.ID})); !slices.Equal(got, []string{"query-groups", "query-users", "view-users"}) {
		t.Errorf("view-users of %s amounts to %v", name, got)
	}
}

// Master is made on an empty database, without any account, and has
// the administrative roles of every realm: those from before it, itself, and
// those after it.
func TestMaster(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		made(t, db, named("before"), options())
		created, err := realm.EnsureMaster(ctx, db, options())
		if err != nil || !created {
			t.Fatalf("created %v, %v", created, err)
		}
		made(t, db, named("after"), options())
		for _, name := range []string{"before", "master", "after"} {
			checkAdministered(t, db, name)
		}
		s := snapshot(t, db, latchkey.MasterRealm)
		if !s.Realm.Enabled || s.Realm.BrowserFlow != latchkey.FlowMagicLink || !s.Realm.EventsEnabled || s.Realm.AccessTokenLifespan != 60 {
			t.Errorf("master: %+v", s.Realm)
		}
		if s.ClientByClientID(latchkey.ClientRealmManagement) != nil {
			t.Error("master has a client realm-management")
		}
		admin := s.RoleNamed("", latchkey.RoleAdmin)
		if !slices.Contains(roleNames(s.ExpandRoles([]string{admin.ID})), "create-realm") {
			t.Error("admin may not create realms")
		}
		err = db.View(ctx, func(tx *store.Tx) error {
			n, err := tx.CountUsers(s.Realm.ID, store.UserFilter{})
			if n != 0 {
				t.Errorf("master was made with %d users", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}

		created, err = realm.EnsureMaster(ctx, db, options())
		if err != nil || created {
			t.Errorf("again: created %v, %v", created, err)
		}
		if again := snapshot(t, db, latchkey.MasterRealm); again.Realm.Version != s.Realm.Version {
			t.Error("master was changed by making it again")
		}
	})
}

// Nodes that start at once make one master (and dev's realm) between them.
func TestNodesStartAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const nodes = 4
		var wg sync.WaitGroup
		errs, made := make([]error, nodes), make([]bool, nodes)
		for i := range nodes {
			wg.Go(func() { made[i], errs[i] = realm.EnsureMaster(ctx, db, options()) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, m := range made {
			if m {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%d nodes made master", count)
		}
		checkAdministered(t, db, latchkey.MasterRealm)
	})
}

// Realms that are made at the same time all come under master's admin: none
// overwrites what the other added to the role.
func TestRealmsMadeAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := realm.EnsureMaster(ctx, db, options()); err != nil {
			t.Fatal(err)
		}
		names := []string{"a", "b", "c", "d", "e", "f"}
		var plans []*realm.Plan
		for _, name := range names {
			plan, err := realm.Prepare(named(name), options())
			if err != nil {
				t.Fatal(err)
			}
			plans = append(plans, plan)
		}
		var wg sync.WaitGroup
		begin, errs := make(chan struct{}), make([]error, len(plans))
		for i, plan := range plans {
			wg.Go(func() {
				<-begin
				errs[i] = db.Update(ctx, func(tx *store.Tx) error { _, err := plan.Apply(tx); return err })
			})
		}
		close(begin)
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			checkAdministered(t, db, name)
		}
	})
}

// Deleting a realm takes its roles out of master; master itself stays.
func TestDelete(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := realm.EnsureMaster(ctx, db, options()); err != nil {
			t.Fatal(err)
		}
		before := snapshot(t, db, latchkey.MasterRealm)
		shop, _ := made(t, db, named("shop"), options())
		remove := func(r *latchkey.Realm) error {
			return realm.Delete(ctx, db, r.ID, realm.DeleteOptions{})
		}
		if err := remove(shop.Realm); err != nil {
			t.Fatal(err)
		}
		after := snapshot(t, db, latchkey.MasterRealm)
		if len(after.Roles) != len(before.Roles) || len(after.Clients) != len(before.Clients) {
			t.Errorf("%d roles and %d clients are left, were %d and %d", len(after.Roles), len(after.Clients), len(before.Roles), len(before.Clients))
		}
		was, is := before.RoleNamed("", latchkey.RoleAdmin).Composites, after.RoleNamed("", latchkey.RoleAdmin).Composites
		if !slices.Equal(was, is) {
			t.Errorf("admin is composed of %d roles, was of %d", len(is), len(was))
		}
		if err := remove(after.Realm); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("deleting master: %v", err)
		}
	})
}

// A realm with another name has its built-in clients and its place in master
// under that name.
func TestRename(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := realm.EnsureMaster(ctx, db, options()); err != nil {
			t.Fatal(err)
		}
		shop, _ := made(t, db, &representation.Realm{Realm: new("shop"), Clients: []representation.Client{
			{ClientID: new("own"), RedirectURIs: []string{"https://own.example/realms/shop/x"}}}}, options())
		made(t, db, named("taken"), options())
		rename := func(name string) error {
			return db.Update(ctx, func(tx *store.Tx) error {
				r, err := tx.Realm(shop.Realm.ID)
				if err != nil {
					return err
				}
				return realm.Rename(tx, r, name)
			})
		}
		for name, code := range map[string]latchkey.Code{"taken": latchkey.CodeConflict, "master": latchkey.CodeConflict, "a/b": latchkey.CodeInvalid} {
			if err := rename(name); latchkey.ErrorCode(err) != code {
				t.Errorf("renamed to %s: %v", name, err)
			}
		}
		if err := rename("store"); err != nil {
			t.Fatal(err)
		}
		s := snapshot(t, db, "store")
		if s.Realm.ID != shop.Realm.ID {
			t.Error("another realm")
		}
		for id, want := range map[string]string{"account-console": "/realms/store/account/*", "security-admin-console": "/admin/store/console/*", "own": "https://own.example/realms/shop/x"} {
			if c := s.ClientByClientID(id); !slices.Equal(c.RedirectURIs, []string{want}) {
				t.Errorf("redirect URIs of %s: %v", id, c.RedirectURIs)
			}
		}
		checkAdministered(t, db, "store")
		if snapshot(t, db, latchkey.MasterRealm).ClientByClientID("shop-realm") != nil {
			t.Error("the old client is still in master")
		}
	})
}
