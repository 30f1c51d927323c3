package requiredaction_test

import (
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/flow"
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

var plan = sync.OnceValues(func() (*realm.Plan, error) {
	name, on := "acme", true
	return realm.Prepare(&representation.Realm{Realm: &name, Enabled: &on}, realm.Options{MagicLink: true, Events: true, Now: storetest.NewClock().Now()})
})

// world is a realm in which one user's login has passed its flow.
type world struct {
	t     testing.TB
	db    *store.DB
	clock *storetest.Clock
	snap  *latchkey.Snapshot
	user  *latchkey.User
	login *latchkey.Login
	known [][]byte
	// session is the one of the user's browser.
	session *latchkey.UserSession
	result  flow.Result
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
	w := &world{t: t, db: db, clock: storetest.ClockOf(db)}
	w.update(func(tx *store.Tx) error {
		r, err := p.Apply(tx)
		if err != nil {
			return err
		}
		w.snap, err = tx.Snapshot(r.ID)
		return err
	})
	w.user = w.person("ada")
	w.again()
	return w
}

func (w *world) person(name string) *latchkey.User {
	w.t.Helper()
	u := &latchkey.User{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Username: name, Email: name + "@example.test", EmailVerified: true, Enabled: true}
	w.update(func(tx *store.Tx) error { return tx.CreateUser(u) })
	return u
}

// again begins another login, whose flow has nothing left to ask.
func (w *world) again() {
	w.t.Helper()
	now := w.clock.Now()
	browser := w.snap.FlowByAlias(w.snap.Realm.BrowserFlow)
	w.login = &latchkey.Login{
		RealmID: w.snap.Realm.ID, BrowserHash: secret.Random(32), TabID: secret.TabID(), ClientID: w.snap.ClientByClientID("account").ID,
		CreatedAt: now, ExpiresAt: now.Add(30 * time.Minute), FlowID: browser.ID, UserID: w.user.ID,
	}
	flow.PassFirstFactor(w.snap, w.login, now)
	w.update(func(tx *store.Tx) error { return tx.CreateLogin(w.login) })
}

func (w *world) update(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// change changes the realm and reads it anew.
func (w *world) change(f func(tx *store.Tx, r *latchkey.Realm) error) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		r := *w.snap.Realm
		if err := f(tx, &r); err != nil {
			return err
		}
		if err := tx.UpdateRealm(&r); err != nil {
			return err
		}
		snap, err := tx.Snapshot(r.ID)
		w.snap = snap
		return err
	})
}

// ask puts an action on the user and begins another login.
func (w *world) ask(aliases ...string) {
	w.t.Helper()
	w.changeUser(func(u *latchkey.User) { u.RequiredActions = aliases })
	w.again()
}

func (w *world) changeUser(f func(*latchkey.User)) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		u, err := tx.User(w.user.RealmID, w.user.ID)
		if err != nil {
			return err
		}
		f(u)
		w.user = u
		return tx.UpdateUser(u)
	})
}

func (w *world) getUser() (u *latchkey.User) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		u, err = tx.User(w.user.RealmID, w.user.ID)
		return err
	})
	return u
}

func (w *world) get() flow.Result { return w.turn(nil) }

func (w *world) post(form ...string) flow.Result {
	v := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		v.Add(form[i], form[i+1])
	}
	return w.turn(v)
}

// turn is a turn as the login door makes it.
func (w *world) turn(form url.Values) flow.Result {
	w.t.Helper()
	registry := flow.NewRegistry(nil, requiredaction.All())
	run := func(tx *store.Tx, l *latchkey.Login, s *flow.Submission) *flow.Run {
		return &flow.Run{Registry: registry, Realm: w.snap, Login: l, Tx: tx, Browser: latchkey.Browser{IP: "192.0.2.1"},
			KnownAddresses: w.known, Session: w.session, Submit: s, Now: tx.Now()}
	}
	var submit *flow.Submission
	if form != nil {
		submit = &flow.Submission{Step: flow.CurrentStep(w.login), Form: form}
		err := w.db.View(w.t.Context(), func(tx *store.Tx) (err error) {
			submit.Prepared, err = flow.Prepare(run(tx, w.login, submit))
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	w.update(func(tx *store.Tx) error {
		l, err := tx.LockLogin(w.login.RealmID, w.login.ID)
		if err != nil {
			return err
		}
		if w.result, err = flow.Advance(run(tx, l, submit)); err != nil {
			return err
		}
		w.login = l
		return tx.SaveLogin(l)
	})
	return w.result
}

// screen is the page of the last turn.
func screen[S flow.Screen](w *world) S {
	w.t.Helper()
	s, ok := w.result.Screen.(S)
	if !ok || w.result.Kind != flow.Show {
		var want S
		w.t.Fatalf("the page is %T (%+v), want %T", w.result.Screen, w.result, want)
	}
	return s
}

func errorKeys(errs []flow.FieldError) (out []string) {
	for _, e := range errs {
		out = append(out, e.Field+" "+e.Message)
	}
	return out
}

func (w *world) messages() (list []*latchkey.Message) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		list, err = tx.MessagesOfLogin(w.login.RealmID, w.login.ID)
		return err
	})
	return list
}

// events are the realm's, the oldest first.
func (w *world) events() (list []*latchkey.Event) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		events, err := tx.Events(w.snap.Realm.ID, store.EventFilter{Max: 1000})
		for i := len(events) - 1; i >= 0; i-- {
			list = append(list, events[i])
		}
		return err
	})
	return list
}

func (w *world) eventTypes() (types []string) {
	w.t.Helper()
	for _, e := range w.events() {
		types = append(types, string(e.Type))
	}
	return types
}

// sessions gives the user sessions, the first of which is this browser's.
func (w *world) sessions(n int) {
	w.t.Helper()
	for i := range n {
		s := &latchkey.UserSession{RealmID: w.user.RealmID, ID: secret.NewID(), UserID: w.user.ID, CookieHash: secret.Random(32)}
		w.update(func(tx *store.Tx) error { return tx.CreateUserSession(s) })
		if i == 0 {
			w.session = s
		}
	}
}

func (w *world) sessionsLeft() (n int) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		list, err := tx.UserSessions(w.user.RealmID, w.user.ID)
		n = len(list)
		return err
	})
	return n
}

func (w *world) credentials() (list []*latchkey.Credential) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		list, err = tx.Credentials(w.user.RealmID, w.user.ID)
		return err
	})
	return list
}
