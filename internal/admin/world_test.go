package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/oauth2/clientcredentials"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is a server with an application and two services: one that may manage
// users, and one that may not.
type world struct {
	t       testing.TB
	s       *servertest.Server
	rp      *servertest.RP
	manager string // access tokens
	nobody  string
}

func newWorld(t *testing.T, opts ...servertest.Option) *world {
	s := servertest.Start(t, opts...)
	w := &world{t: t, s: s, rp: s.RP("demo")}
	w.manager = w.service("demo", "manage-users")
	w.nobody = w.service("demo")
	return w
}

// service makes a client with a service account that has roles of
// realm-management, and gives an access token of it.
func (w *world) service(realmName string, roles ...string) string {
	w.t.Helper()
	rp := w.s.RP(realmName, func(c *representation.Client) {
		c.PublicClient, c.ServiceAccountsEnabled = new(false), new(true)
	})
	w.s.Update(func(tx *store.Tx) error {
		snap, err := tx.Snapshot(rp.Client.RealmID)
		if err != nil {
			return err
		}
		u, err := tx.ServiceAccountUser(rp.Client.RealmID, rp.Client.ID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			u = realm.NewServiceAccount(rp.Client, tx.Now())
			err = tx.CreateUser(u)
		}
		if err != nil {
			return err
		}
		for _, name := range roles {
			container := ""
			if name != latchkey.RoleAdmin && name != "create-realm" {
				container = snap.ClientByClientID(latchkey.ClientRealmManagement).ID
			}
			if err := tx.AddUserRole(u.RealmID, u.ID, snap.RoleNamed(container, name).ID); err != nil {
				return err
			}
		}
		return nil
	})
	cfg := clientcredentials.Config{ClientID: rp.Client.ClientID, ClientSecret: rp.Client.Secret.Reveal(), TokenURL: rp.Provider.Endpoint().TokenURL}
	token, err := cfg.Token(rp.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return token.AccessToken
}

// answer is what a call got.
type answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Text   string
}

// into reads the answer's JSON.
func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.Text), v); err != nil {
		a.t.Fatalf("%d %s: %v", a.Status, a.Text, err)
	}
}

// id is the last part of the address of what was made.
func (a answer) id() string {
	a.t.Helper()
	at := a.Header.Get("Location")
	if a.Status != http.StatusCreated || at == "" {
		a.t.Fatalf("nothing was made: %d %s", a.Status, a.Text)
	}
	return at[strings.LastIndex(at, "/")+1:]
}

// rest calls the API below /admin/realms with a token. A body that is a string
// is sent as it is, every other one as JSON.
func (w *world) rest(token, method, path string, body any) answer {
	w.t.Helper()
	sent, ok := body.(string)
	if !ok && body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		sent = string(text)
	}
	var headers []string
	if token != "" {
		headers = append(headers, "Authorization: Bearer "+token)
	}
	if body != nil {
		headers = append(headers, "Content-Type: application/json")
	}
	status, header, text := w.s.Ask(method, "/admin/realms"+path, sent, headers...)
	return answer{w.t, status, header, strings.TrimSuffix(text, "\n")}
}

// must is rest that has to be answered so.
func (w *world) must(status int, token, method, path string, body any) answer {
	w.t.Helper()
	a := w.rest(token, method, path, body)
	if a.Status != status {
		w.t.Fatalf("%s %s: %d, expected %d: %s", method, path, a.Status, status, a.Text)
	}
	return a
}

// admin is the token of an administrator of everything: of realm master with
// the role admin.
func (w *world) admin() string { return w.service(latchkey.MasterRealm, latchkey.RoleAdmin) }

// address gives every service account of a realm an address.
func (w *world) address(realmName, address string) {
	w.t.Helper()
	w.s.Change(realmName, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		for _, c := range snap.Clients {
			if !c.ServiceAccountsEnabled {
				continue
			}
			u, err := tx.ServiceAccountUser(snap.Realm.ID, c.ID)
			if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
				continue
			}
			if err != nil {
				return err
			}
			u.Email, u.EmailVerified = address, true
			if err := tx.UpdateUser(u); err != nil {
				return err
			}
		}
		return nil
	})
}
