package oidc_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey"
	"latchkey/internal/authenticator"
	"latchkey/internal/flow"
	"latchkey/internal/oidc"
	"latchkey/internal/outbound"
	"latchkey/internal/realm"
	"latchkey/internal/requiredaction"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	storetest.Main(m)
}

var ctx = context.Background()

// plans are the realms of testdata, with their keys made once.
var plans = sync.OnceValues(func() ([]*realm.Plan, error) {
	data, err := os.ReadFile("testdata/realms.json")
	if err != nil {
		return nil, err
	}
	sources, err := realm.Parse(data)
	if err != nil {
		return nil, err
	}
	var out []*realm.Plan
	for _, s := range sources {
		p, err := s.Prepare(realm.Options{Now: storetest.NewClock().Now()})
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
})

// extraKey is a key for EdDSA that realm bench has besides its own.
var extraKey = sync.OnceValues(func() (*latchkey.Key, error) {
	return token.NewKey("", "EdDSA", storetest.NewClock().Now())
})

// realms reads the snapshot from the database each time, so that a test may
// change anything.
type realms struct{ db *store.DB }

func (r realms) Get(ctx context.Context, name string) (snap *latchkey.Snapshot, err error) {
	err = r.db.View(ctx, func(tx *store.Tx) error {
		found, err := tx.RealmByName(name)
		if err != nil {
			return err
		}
		snap, err = tx.Snapshot(found.ID)
		return err
	})
	return snap, err
}

func (realms) Invalidate(string) {}

// pages shows what the door wants shown as JSON.
type pages struct{}

type shown struct {
	Page    string
	Key     string            `json:",omitempty"`
	Client  string            `json:",omitempty"`
	User    string            `json:",omitempty"`
	Action  string            `json:",omitempty"`
	Fields  map[string]string `json:",omitempty"`
	Targets []string          `json:",omitempty"`
	Locales string            `json:",omitempty"`
}

func show(w http.ResponseWriter, status int, s shown, c *latchkey.Client, fields []oidc.Field) error {
	if c != nil {
		s.Client = c.ClientID
	}
	s.Fields = map[string]string{}
	for _, f := range fields {
		s.Fields[f.Name] = f.Value
	}
	return web.WriteJSON(w, status, s)
}

func (pages) Error(w http.ResponseWriter, _ *http.Request, p oidc.ErrorPage) error {
	return show(w, p.Status, shown{Page: "error", Key: p.Key}, p.Client, nil)
}

func (pages) LogoutConfirm(w http.ResponseWriter, _ *http.Request, p oidc.LogoutPage) error {
	s := shown{Page: "confirm", Action: p.Action, Targets: p.Targets, Locales: p.UILocales}
	if p.User != nil {
		s.User = p.User.Username
	}
	return show(w, http.StatusOK, s, p.Client, p.Fields)
}

func (pages) LoggedOut(w http.ResponseWriter, _ *http.Request, p oidc.LogoutPage) error {
	s := shown{Page: "logged-out", Locales: p.UILocales}
	if p.User != nil {
		s.User = p.User.Username
	}
	return show(w, http.StatusOK, s, p.Client, nil)
}

func (pages) FormPost(w http.ResponseWriter, _ *http.Request, p oidc.FormPostPage) error {
	return show(w, http.StatusOK, shown{Page: "form-post", Action: p.Action}, p.Client, p.Fields)
}

func (pages) Frame(w http.ResponseWriter, _ *http.Request, p oidc.FramePage) error {
	web.FrameHeaders(w, p.Ancestors...)
	return show(w, http.StatusOK, shown{Page: p.Kind}, nil, []oidc.Field{{Name: "cookie", Value: p.Cookie}, {Name: "next", Value: p.Next}, {Name: "result", Value: p.Result}})
}

// world is the door over real HTTP, on a real database.
type world struct {
	t      *testing.T
	db     *store.DB
	clock  *storetest.Clock
	site   *web.Site
	minter *token.Minter
	desk   *desk
	base   string
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	made, err := plans()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range made {
		if err := db.Update(ctx, func(tx *store.Tx) error { _, err := p.Apply(tx); return err }); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewUnstartedServer(nil)
	w := &world{t: t, db: db, clock: storetest.ClockOf(db), base: "http://" + server.Listener.Addr().String()}
	key, err := extraKey()
	if err != nil {
		t.Fatal(err)
	}
	k := *key
	k.RealmID = w.snapID("bench")
	w.update(func(tx *store.Tx) error { return tx.CreateKey(&k) })
	if w.site, err = web.NewSite(w.base); err != nil {
		t.Fatal(err)
	}
	w.minter = token.NewMinter(w.clock.Now)
	log := slog.New(slog.DiscardHandler)
	w.desk = &desk{w: w, ends: map[string]person{}}
	door := oidc.New(oidc.Deps{DB: db, Realms: realms{db}, Site: w.site, Minter: w.minter, People: w.desk, Pages: pages{},
		Registry: flow.NewRegistry(authenticator.All(authenticator.Deps{}), requiredaction.All()), Keys: outbound.New(outbound.Options{Purpose: outbound.PurposeKeys, Loopback: true}), Log: log, Now: w.clock.Now})
	w.desk.door = door
	server.Config.Handler = web.Mount(append(door.Routes(), w.desk.route()), web.Manners{Site: w.site, Log: log, Now: w.clock.Now})
	server.Start()
	t.Cleanup(server.Close)
	return w
}

func sqliteWorld(t *testing.T) *world {
	t.Helper()
	db, _ := storetest.SQLite(t)
	return newWorld(t, db)
}

func (w *world) update(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(ctx, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) snap(name string) *latchkey.Snapshot {
	w.t.Helper()
	s, err := realms{w.db}.Get(ctx, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// changeClient edits a client of realm bench.
func (w *world) changeClient(clientID string, edit func(c *latchkey.Client)) {
	w.t.Helper()
	c := w.snap("bench").ClientByClientID(clientID)
	edit(c)
	w.update(func(tx *store.Tx) error { return tx.UpdateClient(c) })
}

// changeRealm edits realm bench.
func (w *world) changeRealm(edit func(r *latchkey.Realm)) {
	w.t.Helper()
	r := w.snap("bench").Realm
	edit(r)
	w.update(func(tx *store.Tx) error { return tx.UpdateRealm(r) })
}

func (w *world) user(name string) *latchkey.User {
	w.t.Helper()
	realmID := w.snapID("bench")
	var u *latchkey.User
	w.update(func(tx *store.Tx) (err error) {
		u, err = tx.UserByUsername(realmID, name)
		return err
	})
	return u
}

func (w *world) snapID(name string) string { return w.snap(name).Realm.ID }

// events gives the types of the realm's events, the oldest first, each with its
// error behind a colon.
func (w *world) events() []string {
	w.t.Helper()
	var out []string
	for _, e := range w.eventList() {
		s := string(e.Type)
		if e.Error != "" {
			s += ":" + e.Error
		}
		out = append(out, s)
	}
	return out
}

func (w *world) eventList() []*latchkey.Event {
	w.t.Helper()
	realmID := w.snapID("bench")
	var list []*latchkey.Event
	if err := w.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Events(realmID, store.EventFilter{Max: 100})
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// endpoint is an address below protocol/openid-connect of a realm.
func (w *world) endpoint(realm, path string) string {
	return w.base + "/realms/" + realm + "/protocol/openid-connect/" + path
}

const redirectURI = "http://127.0.0.1:9999/cb"

// The verifier of the tests and its challenge.
const verifier = "1n36gOv2hp258ut3PwUCXdh09NHPI48hSb8sb8jzGyd0jpfzZ0FfkE0Q"

func challenge() string { return base64.RawURLEncoding.EncodeToString(secret.Hash(verifier)) }

// params makes an authorization request of the client; pairs add to it, and an
// empty value takes away.
func params(client string, pairs ...string) url.Values {
	v := url.Values{"client_id": {client}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"st-1"}, "nonce": {"nonce-1"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func (w *world) authURL(realm string, v url.Values) string {
	return w.endpoint(realm, "auth") + "?" + v.Encode()
}

// code signs in as golden in a fresh browser and gives the code.
func (w *world) code(client string, pairs ...string) string {
	w.t.Helper()
	code := w.browser().signIn("golden@example.test", params(client, pairs...)).Get("code")
	if code == "" {
		w.t.Fatal("no code")
	}
	return code
}

var clientSecrets = map[string]string{"bench-app": "bench-secret", "bench-pkce": "pkce secret+%41:ü", "bench-narrow": "narrow-secret", "bench-star": "star-secret"}

// as gives the header by which a client authenticates itself.
func as(client string) []string {
	text := url.QueryEscape(client) + ":" + url.QueryEscape(clientSecrets[client])
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(text))}
}

// token posts to the token endpoint: as the client, or, when it is public,
// with its id in the form.
func (w *world) token(client string, pairs ...string) *answer {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	if _, confidential := clientSecrets[client]; confidential {
		return w.browser().post(w.endpoint("bench", "token"), form, as(client)...)
	}
	form.Set("client_id", client)
	return w.browser().post(w.endpoint("bench", "token"), form)
}

func (w *world) redeem(client, code string, pairs ...string) *answer {
	w.t.Helper()
	return w.token(client, append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI, "code_verifier", verifier}, pairs...)...)
}

func (w *world) refresh(client, refresh string, pairs ...string) *answer {
	w.t.Helper()
	return w.token(client, append([]string{"grant_type", "refresh_token", "refresh_token", refresh}, pairs...)...)
}

// tokens signs in and redeems the code.
func (w *world) tokens(client string, pairs ...string) *answer {
	w.t.Helper()
	a := w.redeem(client, w.code(client, pairs...))
	if a.status != http.StatusOK {
		w.t.Fatalf("token: status %d: %s", a.status, a.body)
	}
	return a
}

func (w *world) userinfo(realm, raw string) *answer {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.endpoint(realm, "userinfo"), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+raw)
	return w.browser().do(r)
}

// decode reads header and claims of a token without checking it.
func decode(t *testing.T, raw string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("not a token: %q", raw)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// wantError checks an OAuth error.
func wantError(t *testing.T, a *answer, status int, code, description string) {
	t.Helper()
	if a.status != status || a.text("error") != code || a.text("error_description") != description {
		t.Errorf("got %d %s, want %d %s %q", a.status, a.body, status, code, description)
	}
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("an error may be cached: %q", a.header.Get("Cache-Control"))
	}
}
