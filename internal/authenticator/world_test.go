package authenticator_test

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/authenticator"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/requiredaction"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	storetest.Main(m)
}

// plan makes the keys of the test's realm once: that takes long.
var plan = sync.OnceValues(func() (*realm.Plan, error) {
	name, on := "acme", true
	return realm.Prepare(&representation.Realm{Realm: &name, Enabled: &on}, realm.Options{MagicLink: true, Events: true, Now: storetest.NewClock().Now()})
})

// password is everybody's, hashed once.
const password = "correct horse battery"

var hashed = sync.OnceValues(func() (*latchkey.Credential, error) { return credential.NewPassword(context.Background(), password) })

// world is a realm with an application, people, and their browsers.
type world struct {
	t        testing.TB
	db       *store.DB
	clock    *storetest.Clock
	snap     *latchkey.Snapshot
	client   *latchkey.Client
	registry *flow.Registry
	flow     string // alias of the flow that logins run
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	p, err := plan()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, clock: storetest.ClockOf(db), flow: latchkey.FlowMagicLink,
		registry: flow.NewRegistry(authenticator.All(authenticator.Deps{}), requiredaction.All(), authenticator.Forms()...)}
	w.update(func(tx *store.Tx) error {
		r, err := p.Apply(tx)
		if err != nil {
			return err
		}
		w.snap, err = tx.Snapshot(r.ID)
		return err
	})
	w.client = w.snap.ClientByClientID("account")
	return w
}

func (w *world) update(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// change changes the realm and reads it anew.
func (w *world) change(f func(tx *store.Tx) error) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		snap, err := tx.Snapshot(w.snap.Realm.ID)
		w.snap = snap
		return err
	})
}

func (w *world) realm(f func(*latchkey.Realm)) {
	w.t.Helper()
	w.change(func(tx *store.Tx) error {
		r := *w.snap.Realm
		f(&r)
		return tx.UpdateRealm(&r)
	})
}

// step is one execution of a flow that a test makes.
type step struct {
	id, provider string
	requirement  latchkey.Requirement
	config       map[string]string
	sub          []step
}

// flows makes a flow of steps and lets logins run it.
func (w *world) flows(steps ...step) {
	w.t.Helper()
	w.change(func(tx *store.Tx) error {
		f, err := w.makeFlow(tx, "test", steps)
		w.flow = f.Alias
		return err
	})
}

func (w *world) makeFlow(tx *store.Tx, alias string, steps []step) (*latchkey.Flow, error) {
	f := &latchkey.Flow{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Alias: alias + secret.TabID(), ProviderID: "basic-flow", TopLevel: alias == "test"}
	for i, s := range steps {
		e := latchkey.Execution{ID: s.id, Authenticator: s.provider, Requirement: s.requirement, Priority: i}
		if e.ID == "" {
			e.ID = secret.NewID()
		}
		if len(s.sub) > 0 {
			sub, err := w.makeFlow(tx, "sub", s.sub)
			if err != nil {
				return f, err
			}
			e.FlowID = sub.ID
		}
		if s.config != nil {
			c := &latchkey.AuthenticatorConfig{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Alias: secret.TabID(), Config: s.config}
			if err := tx.CreateAuthenticatorConfig(c); err != nil {
				return f, err
			}
			e.ConfigID = c.ID
		}
		f.Executions = append(f.Executions, e)
	}
	return f, tx.CreateFlow(f)
}

// user makes an account; with a password when hasPassword is set.
func (w *world) user(address string, hasPassword bool, change func(*latchkey.User)) *latchkey.User {
	w.t.Helper()
	u := &latchkey.User{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Username: address, Email: address, EmailVerified: true, Enabled: true}
	if change != nil {
		change(u)
	}
	w.update(func(tx *store.Tx) error {
		if err := tx.CreateUser(u); err != nil || !hasPassword {
			return err
		}
		c, err := hashed()
		if err != nil {
			return err
		}
		own := *c
		own.RealmID, own.UserID, own.ID = u.RealmID, u.ID, secret.NewID()
		return tx.CreateCredential(&own)
	})
	return u
}

// tab is a login in a browser.
type tab struct {
	w       *world
	login   *latchkey.Login
	browser latchkey.Browser
	session *latchkey.UserSession
	known   [][]byte
	result  flow.Result
}

// open begins a login for a request, in a browser of its own.
func (w *world) open(req latchkey.AuthorizationRequest) *tab {
	w.t.Helper()
	now := w.clock.Now()
	alias := w.flow
	l := &latchkey.Login{
		RealmID: w.snap.Realm.ID, BrowserHash: secret.Random(32), TabID: secret.TabID(), ClientID: w.client.ID, CreatedAt: now,
		ExpiresAt: now.Add(30 * time.Minute), SeenAt: now, FlowID: w.snap.FlowByAlias(alias).ID, Request: req, Answer: latchkey.AnswerCode,
	}
	w.update(func(tx *store.Tx) error { return tx.CreateLogin(l) })
	return &tab{w: w, login: l, browser: latchkey.Browser{Name: "Firefox", OS: "Linux", IP: "192.0.2.1"}}
}

// get comes to the page of the open step.
func (b *tab) get() flow.Result {
	b.w.t.Helper()
	return b.turn(nil, "")
}

// post sends the form of the open step.
func (b *tab) post(form ...string) flow.Result {
	b.w.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		v.Add(form[i], form[i+1])
	}
	return b.turn(v, "")
}

func (b *tab) turn(form url.Values, choose string) flow.Result {
	b.w.t.Helper()
	res, err := b.try(form, choose)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return res
}

// try is a turn as the login door makes it: Prepare in a View, Advance in an
// Update on the locked login, which is saved.
func (b *tab) try(form url.Values, choose string) (flow.Result, error) {
	w := b.w
	run := func(tx *store.Tx, l *latchkey.Login, s *flow.Submission) *flow.Run {
		return &flow.Run{Registry: w.registry, Realm: w.snap, Login: l, Tx: tx, Browser: b.browser, Session: b.session,
			KnownAddresses: b.known, Submit: s, Choose: choose, Now: tx.Now()}
	}
	var submit *flow.Submission
	if form != nil {
		submit = &flow.Submission{Step: flow.CurrentStep(b.login), Form: form}
		err := w.db.View(w.t.Context(), func(tx *store.Tx) (err error) {
			submit.Prepared, err = flow.Prepare(run(tx, b.login, submit))
			return err
		})
		if err != nil {
			return flow.Result{}, err
		}
	}
	err := w.db.Update(w.t.Context(), func(tx *store.Tx) error {
		l, err := tx.LockLogin(b.login.RealmID, b.login.ID)
		if err != nil {
			return err
		}
		if b.result, err = flow.Advance(run(tx, l, submit)); err != nil {
			return err
		}
		b.login = l
		return tx.SaveLogin(l)
	})
	return b.result, err
}

// signIn gives the browser a session of the user.
func (b *tab) signIn(u *latchkey.User, authTime time.Time) *tab {
	b.w.t.Helper()
	b.session = &latchkey.UserSession{RealmID: u.RealmID, ID: secret.NewID(), UserID: u.ID, CookieHash: secret.Random(32), AuthTime: authTime,
		StartedAt: authTime, LastAccess: authTime}
	b.w.update(func(tx *store.Tx) error { return tx.CreateUserSession(b.session) })
	return b
}

// knows makes the browser one that signed in as the address before.
func (b *tab) knows(address string) *tab {
	b.known = append(b.known, ratelimit.AddressKey(storetest.Keyring(), b.login.RealmID, address))
	return b
}

// screen is the page of the last turn.
func screen[S flow.Screen](b *tab) S {
	b.w.t.Helper()
	s, ok := b.result.Screen.(S)
	if !ok || b.result.Kind != flow.Show {
		var want S
		b.w.t.Fatalf("the page is %T (%+v), want %T", b.result.Screen, b.result, want)
	}
	return s
}

// errorKeys are the message keys of a page's errors, "field key".
func errorKeys(errs []flow.FieldError) (out []string) {
	for _, e := range errs {
		out = append(out, e.Field+" "+e.Message)
	}
	return out
}

// messages are the mails that a login promised, the oldest first.
func (b *tab) messages() (list []*latchkey.Message) {
	b.w.t.Helper()
	b.w.update(func(tx *store.Tx) (err error) {
		list, err = tx.MessagesOfLogin(b.login.RealmID, b.login.ID)
		return err
	})
	return list
}

// mail is the one mail of the login.
func (b *tab) mail() *latchkey.Message {
	b.w.t.Helper()
	list := b.messages()
	if len(list) != 1 {
		b.w.t.Fatalf("%d mails, want one", len(list))
	}
	return list[0]
}

func (w *world) events() (types []string) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		list, err := tx.Events(w.snap.Realm.ID, store.EventFilter{Max: 1000})
		for i := len(list) - 1; i >= 0; i-- {
			types = append(types, string(list[i].Type))
		}
		return err
	})
	return types
}

func guarded(g *ratelimit.Guard) *flow.Registry {
	return flow.NewRegistry(authenticator.All(authenticator.Deps{Guard: g}), requiredaction.All(), authenticator.Forms()...)
}
