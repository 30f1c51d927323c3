package accountrest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const ada = "ada@example.test"

// world is a server with an application that a person is signed in to.
type world struct {
	t      *testing.T
	s      *servertest.Server
	rp     *servertest.RP
	tokens *servertest.Tokens
}

func newWorld(t *testing.T, change ...func(*representation.Client)) *world {
	s := servertest.Start(t)
	w := &world{t: t, s: s, rp: s.RP("demo", change...)}
	w.tokens = w.signIn(s.Browser(), ada)
	return w
}

// signIn signs the address in with the browser, by the code of the mail.
func (w *world) signIn(b *servertest.Browser, address string) *servertest.Tokens {
	w.t.Helper()
	return w.rp.Finish(w.rp.Start(b).Form(0).Set("username", address).Submit().FormWith("code").Set("code", w.s.Mail.Wait(address).Code).Press("Continue"))
}

// call sends a request with the person's token, or the one that is given.
func (w *world) call(method, path, body string, token ...string) (int, string) {
	w.t.Helper()
	bearer := w.tokens.AccessToken
	if len(token) > 0 {
		bearer = token[0]
	}
	headers := []string{"Accept: application/json"}
	if body != "" {
		headers = append(headers, "Content-Type: application/json")
	}
	if bearer != "" {
		headers = append(headers, "Authorization: Bearer "+bearer)
	}
	return w.s.Send(method, "/realms/demo/account"+path, body, headers...)
}

// get reads a resource, which must be there.
func get[T any](w *world, path string, token ...string) (v T) {
	w.t.Helper()
	status, body := w.call(http.MethodGet, path, "", token...)
	if err := json.Unmarshal([]byte(body), &v); status != http.StatusOK || err != nil {
		w.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	return v
}

// does sends a request that must have the status.
func (w *world) does(want int, method, path, body string, token ...string) string {
	w.t.Helper()
	status, got := w.call(method, path, body, token...)
	if status != want {
		w.t.Errorf("%s %s: %d %s, want %d", method, path, status, got, want)
	}
	return got
}

// user is the person.
func (w *world) user() (u *latchkey.User) {
	w.t.Helper()
	w.s.View(func(tx *store.Tx) (err error) {
		u, err = tx.UserByEmail(w.rp.Client.RealmID, ada)
		return err
	})
	return u
}

func (w *world) update(f func(*store.Tx) error) { w.t.Helper(); w.s.Update(f) }

// types gives the types of the events since the number of them.
func (w *world) types(since int) string {
	w.t.Helper()
	return strings.Join(w.s.EventTypes("demo")[since:], ", ")
}
