package realm_test

import (
	"slices"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func demo(url string, port int) realm.DemoOptions {
	return realm.DemoOptions{Options: options(), URL: url, MailHost: "127.0.0.1", MailPort: port}
}

// The realm of dev is strict: PKCE, exact redirect URIs (DESIGN section 13),
// and bound to "magic link".
func TestDemo(t *testing.T) {
	db, _ := storetest.SQLite(t)
	created, err := realm.EnsureDemo(ctx, db, demo("http://127.0.0.1:8081", 2525))
	if err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	s := snapshot(t, db, "demo")
	r := s.Realm
	if r.BrowserFlow != "magic link" || r.DisplayName != "Demo" || !r.RememberMe || !r.EventsEnabled || !r.InternationalizationEnabled ||
		!slices.Equal(r.SupportedLocales, []string{"en", "de", "ar"}) {
		t.Errorf("realm %+v", r)
	}
	// "Keep me signed in" means more than a working day.
	if idle, longest := 30*24*3600, 90*24*3600; r.SSOSessionIdleTimeoutRememberMe != idle || r.SSOSessionMaxLifespanRememberMe != longest {
		t.Errorf("a remembered session rests %d s and lives %d s", r.SSOSessionIdleTimeoutRememberMe, r.SSOSessionMaxLifespanRememberMe)
	}
	if want := (latchkey.Relay{Host: "127.0.0.1", Port: 2525}); !r.SMTP.Configured() || r.SMTP.Relays[0] != want || r.SMTP.From != "no-reply@demo.example.test" {
		t.Errorf("smtp %+v", r.SMTP)
	}
	c := s.ClientByClientID("demo-app")
	if c == nil || !c.PublicClient || c.Secret != "" || c.DirectAccessGrantsEnabled || c.Attribute("pkce.code.challenge.method") != "S256" {
		t.Fatalf("client %+v", c)
	}
	checkDemoClient(t, c, "http://127.0.0.1:8081")
}

func checkDemoClient(t *testing.T, c *latchkey.Client, url string) {
	t.Helper()
	if !slices.Equal(c.RedirectURIs, []string{url + "/callback", url + "/login"}) || c.BaseURL != url+"/" || c.RootURL != url ||
		c.Attribute("initiate.login.uri") != url+"/login" || c.Attribute("post.logout.redirect.uris") != url+"/" {
		t.Errorf("addresses %v %q %q %v", c.RedirectURIs, c.BaseURL, c.RootURL, c.Attributes)
	}
}

// When dev is started with other addresses, the demo follows, and an
// operator's own changes stay.
func TestDemoFollows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ensure := func(url string, port int) *latchkey.Snapshot {
			t.Helper()
			if _, err := realm.EnsureDemo(ctx, db, demo(url, port)); err != nil {
				t.Fatal(err)
			}
			return snapshot(t, db, "demo")
		}
		first := ensure("http://127.0.0.1:8081", 2525)
		if same := ensure("http://127.0.0.1:8081", 2525); same.Realm.Version != first.Realm.Version {
			t.Error("the same addresses changed the realm")
		}
		change(t, db, func(tx *store.Tx, s *latchkey.Snapshot) error {
			c := *s.ClientByClientID("demo-app")
			c.Name = "Mine"
			c.Attributes["access.token.lifespan"] = "60"
			r := *s.Realm
			r.SMTP.FromDisplayName = "Me"
			if err := tx.UpdateRealm(&r); err != nil {
				return err
			}
			return tx.UpdateClient(&c)
		})
		s := ensure("http://127.0.0.1:9000", 2526)
		c := s.ClientByClientID("demo-app")
		checkDemoClient(t, c, "http://127.0.0.1:9000")
		if c.Name != "Mine" || c.Attribute("access.token.lifespan") != "60" {
			t.Errorf("the operator's changes are gone: %+v", c)
		}
		if s.Realm.SMTP.Relays[0].Port != 2526 || s.Realm.SMTP.FromDisplayName != "Me" {
			t.Errorf("smtp %+v", s.Realm.SMTP)
		}
		change(t, db, func(tx *store.Tx, s *latchkey.Snapshot) error {
			r := *s.Realm
			r.SMTP.Relays = []latchkey.Relay{{Host: "relay.example", Port: 587}}
			if err := tx.UpdateRealm(&r); err != nil {
				return err
			}
			return tx.DeleteClient(r.ID, s.ClientByClientID("demo-app").ID)
		})
		s = ensure("http://127.0.0.1:9001", 2527)
		if s.Realm.SMTP.Relays[0].Host != "relay.example" {
			t.Errorf("the operator's relay is gone: %+v", s.Realm.SMTP)
		}
		if s.ClientByClientID("demo-app") != nil {
			t.Error("the client that the operator deleted is back")
		}
	})
}

func change(t *testing.T, db *store.DB, f func(*store.Tx, *latchkey.Snapshot) error) {
	t.Helper()
	s := snapshot(t, db, "demo")
	if err := db.Update(ctx, func(tx *store.Tx) error { return f(tx, s) }); err != nil {
		t.Fatal(err)
	}
}

// A realm without mail, such as a fresh master, gets dev's mailbox.
func TestFollowMailOfMaster(t *testing.T) {
	db, _ := storetest.SQLite(t)
	if _, err := realm.EnsureMaster(ctx, db, options()); err != nil {
		t.Fatal(err)
	}
	err := realm.FollowMail(ctx, db, "master", map[string]string{"host": "127.0.0.1", "port": "2525", "from": "no-reply@latchkey.example.test"})
	if err != nil {
		t.Fatal(err)
	}
	if s := snapshot(t, db, "master"); !s.Realm.SMTP.Configured() || s.Realm.SMTP.Relays[0].Port != 2525 {
		t.Errorf("smtp %+v", s.Realm.SMTP)
	}
}
