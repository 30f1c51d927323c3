package console_test

import (
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// world is a server with somebody who is signed in to its console.
type world struct {
	t testing.TB
	s *servertest.Server
	b *servertest.Browser
	// home is the realm that they signed in at, of the one that they administer.
	home, of string
}

// root is the address of the administrator of everything.
const root = "root@example.test"

// newWorld has the first administrator signed in.
func newWorld(t testing.TB, opts ...servertest.Option) *world {
	t.Helper()
	w := &world{t: t, s: servertest.Start(t, opts...), home: latchkey.MasterRealm, of: realm.DemoRealm}
	link, err := w.s.FirstAdminLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.b = w.s.Browser()
	w.b.Get(link.Reveal()).FormWith("email").Set("email", root).Submit()
	if p := w.b.Get(w.s.Base + "/admin/"); p.URL.Path != "/admin/master/console/realms/master/" {
		t.Fatalf("%s: %s", p.URL, p.Text())
	}
	return w
}

// as is the world of somebody of realm demo who holds roles of its
// realm-management.
func (w *world) as(roles ...string) *world {
	w.t.Helper()
	address := roles[0] + "@example.test"
	u := w.s.AddUser(realm.DemoRealm, address, "", func(u *latchkey.User) { u.EmailVerified = true })
	w.s.Update(func(tx *store.Tx) error {
		snap, err := tx.Snapshot(u.RealmID)
		if err != nil {
			return err
		}
		container := snap.ClientByClientID(latchkey.ClientRealmManagement).ID
		for _, name := range roles {
			if err := tx.AddUserRole(u.RealmID, u.ID, snap.RoleNamed(container, name).ID); err != nil {
				return err
			}
		}
		return nil
	})
	out := &world{t: w.t, s: w.s, b: w.s.Browser(), home: realm.DemoRealm, of: realm.DemoRealm}
	p := out.b.Get(w.s.Base+"/admin/demo/console/").FormWith("username").Set("username", address).Submit()
	if p.Status != 200 {
		w.t.Fatal(p.Text())
	}
	p = out.b.Get(w.s.Mail.Wait(address).Link).Form(0).Submit()
	if p.Status != 200 || p.URL.Path != "/admin/demo/console/realms/demo/" {
		w.t.Fatalf("%d %s: %s", p.Status, p.URL, p.Text())
	}
	return out
}

// at is the address of a page of the realm that is administered: demo, as a
// rule.
func (w *world) at(path string) string {
	return w.s.Base + "/admin/" + w.home + "/console/realms/" + w.of + "/" + path
}

// open opens a page of the realm, which has to be there.
func (w *world) open(path string) *servertest.Page {
	w.t.Helper()
	p := w.b.Get(w.at(path))
	if p.Status != 200 {
		w.t.Fatalf("%s: %d %s", path, p.Status, p.Text())
	}
	return p
}
