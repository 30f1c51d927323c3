package browsertest_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// The JavaScript admin client of Keycloak makes a realm that signs people in by
// mail; then somebody new does, and is among its users.
func TestAdminClient(t *testing.T) {
	const password = "correct horse battery"
	s := servertest.Start(t, servertest.With(func(c *server.Config) {
		c.Bootstrap = server.Bootstrap{Username: "admin", Password: password}
	}))
	s.Change(latchkey.MasterRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		root, err := tx.UserByUsername(snap.Realm.ID, "admin")
		if err != nil {
			return err
		}
		root.Email = "admin@example.test"
		return tx.UpdateUser(root)
	})
	rp := s.RP("demo") // whose callback the new realm's application takes
	relay := s.Snapshot("demo").Realm.SMTP.Relays[0]
	cmd := browsertest.Node(t, "admin-client.mjs", s.Base, password, relay.Host, strconv.Itoa(relay.Port), rp.OAuth.RedirectURL,
		strconv.FormatInt(s.Clock.Now().Unix(), 10))
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &complaints)
	}
	var got struct {
		Made, SMTPServer, Requirement, Client, User, Server, Exported string
		SMTP, Keys                                                    bool
		Flows, Options, Scopes, Roles, Texts                          []string
		Config                                                        map[string]string
		Nobody                                                        any
		Found, Actions                                                int
		Imported                                                      []int
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Made != "garden" || !got.SMTP || got.SMTPServer != relay.Host || got.Requirement != "ALTERNATIVE" || got.Client != "shop" || got.Found != 1 ||
		got.User != "ada" || got.Nobody != nil || got.Server != "26" || !got.Keys || got.Exported != "garden" ||
		!slices.Contains(got.Flows, "magic link") || !slices.Contains(got.Options, "ext-magic-create-nonexistent-user") || !slices.Contains(got.Scopes, "basic") ||
		!slices.Contains(got.Roles, "reader") || !slices.Contains(got.Texts, "en") || got.Config["ext-magic-create-nonexistent-user"] != "true" ||
		!slices.Equal(got.Imported, []int{1, 1}) {
		t.Errorf("the client saw %s", out)
	}
	rp.OAuth.ClientID = "shop"
	b := s.Browser()
	q := url.Values{"client_id": {"shop"}, "redirect_uri": {rp.OAuth.RedirectURL}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}
	b.Get(s.Site().Issuer("garden")+"/protocol/openid-connect/auth?"+q.Encode()).FormWith("username").Set("username", "new@example.test").Submit()
	page := b.Get(s.Mail.Wait("new@example.test").Link).Form(0).Submit()
	if page.URL.Query().Get("code") == "" {
		t.Fatalf("not signed in: %s %s", page.URL, page.Text())
	}
	s.View(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(s.Snapshot("garden").Realm.ID, "new@example.test")
		if err == nil && !u.EmailVerified {
			t.Error("the new person's address is not proven")
		}
		return err
	})
}
