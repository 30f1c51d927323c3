package session_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	storetest.Main(m)
}

var ctx = context.Background()

// world is a realm with one client and one user.
type world struct {
	t      *testing.T
	db     *store.DB
	clock  *storetest.Clock
	snap   *latchkey.Snapshot
	client *latchkey.Client
	user   *latchkey.User
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, clock: storetest.ClockOf(db)}
	w.update(func(tx *store.Tx) error {
		realm := &latchkey.Realm{ID: "r", Name: "bench", Enabled: true, RememberMe: true, EventsEnabled: true,
			SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000, OfflineSessionIdleTimeout: 86400}
		if err := tx.CreateRealm(realm); err != nil {
			return err
		}
		w.client = &latchkey.Client{RealmID: "r", ID: "c", ClientID: "app", Enabled: true}
		if err := tx.CreateClient(w.client); err != nil {
			return err
		}
		w.user = &latchkey.User{RealmID: "r", ID: "u", Username: "alice", Email: "alice@example.test", Enabled: true}
		if err := tx.CreateUser(w.user); err != nil {
			return err
		}
		var err error
		w.snap, err = tx.Snapshot("r")
		return err
	})
	return w
}

func (w *world) update(f func(tx *store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(ctx, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start(l *latchkey.Login) (s *latchkey.UserSession, cookie latchkey.Secret) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		s, cookie, err = session.Start(tx, w.snap, w.user, l, latchkey.Browser{Name: "Firefox", OS: "Linux", IP: "192.0.2.1"})
		return err
	})
	return s, cookie
}

func (w *world) find(cookie latchkey.Secret) (s *latchkey.UserSession) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		s, _, err = session.Find(tx, w.snap, cookie)
		return err
	})
	return s
}

func (w *world) attach(s *latchkey.UserSession) (c *latchkey.ClientSession) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		c, err = session.AttachClient(tx, w.snap, s, w.client, latchkey.AuthorizationRequest{Scope: "openid"})
		return err
	})
	return c
}

// A session begins with what the login proved, is found by its cookie alone,
// and a renewed one by the new cookie alone.
func TestStartFindRenewEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		s, cookie := w.start(&latchkey.Login{LoA: 1, AMR: []string{"email"}})
		if s.ACR != "1" || !slices.Equal(s.AMR, []string{"email"}) || !s.AuthTime.Equal(w.clock.Now()) || s.Browser != "Firefox" || s.OS != "Linux" || s.RememberMe {
			t.Errorf("%+v", s)
		}
		if len(cookie.Reveal()) != 43 || len(s.ID) != 24 {
			t.Errorf("cookie of %d, id of %d", len(cookie.Reveal()), len(s.ID))
		}
		if got := w.find(cookie); got == nil || got.ID != s.ID {
			t.Errorf("found %+v", got)
		}
		for _, c := range []latchkey.Secret{"", "x", latchkey.Secret(s.ID), cookie[:42], cookie + "x"} {
			if got := w.find(c); got != nil {
				t.Errorf("found by %q", c.Reveal())
			}
		}
		w.clock.Advance(10 * time.Minute)
		var second latchkey.Secret
		w.update(func(tx *store.Tx) (err error) {
			second, err = session.Renew(tx, w.snap, s, &latchkey.Login{LoA: 2, Levels: map[int]time.Time{2: w.clock.Now()}, AMR: []string{"pwd"}, RememberMe: true})
			return err
		})
		if w.find(cookie) != nil {
			t.Error("the old cookie still works")
		}
		got := w.find(second)
		if got == nil || got.ID != s.ID || got.ACR != "2" || !slices.Equal(got.AMR, []string{"pwd"}) || !got.AuthTime.Equal(w.clock.Now()) || !got.RememberMe {
			t.Errorf("renewed: %+v", got)
		}
		w.update(func(tx *store.Tx) error { return session.End(tx, w.snap, s, "user_switched") })
		w.update(func(tx *store.Tx) error { return session.End(tx, w.snap, s, "again") })
		if w.find(second) != nil {
			t.Error("found after its end")
		}
		var events []*latchkey.Event
		w.update(func(tx *store.Tx) (err error) { events, err = tx.Events("r", store.EventFilter{Max: 9}); return err })
		if len(events) != 1 || events[0].Type != latchkey.EventLogout || events[0].Details["reason"] != "user_switched" {
			t.Errorf("events %+v", events)
		}
	})
}

// Idle and maximum times are the realm's, to the instant; remembered and
// offline sessions have their own.
func TestLive(t *testing.T) {
	realm := &latchkey.Realm{SSOSessionIdleTimeout: 100, SSOSessionMaxLifespan: 1000, SSOSessionIdleTimeoutRememberMe: 300,
		SSOSessionMaxLifespanRememberMe: 3000, OfflineSessionIdleTimeout: 5000, OfflineSessionMaxLifespan: 9000}
	begun := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	at := func(sec float64) time.Time { return begun.Add(time.Duration(sec * float64(time.Second))) }
	for name, c := range map[string]struct {
		realm func(r *latchkey.Realm)
		s     latchkey.UserSession
		used  float64 // last use, seconds after the start
		dies  float64
	}{
		"idle":                          {dies: 100},
		"idle after use":                {used: 500, dies: 600},
		"maximum":                       {used: 950, dies: 1000},
		"remembered, idle":              {s: latchkey.UserSession{RememberMe: true}, dies: 300},
		"remembered, maximum":           {s: latchkey.UserSession{RememberMe: true}, used: 2900, dies: 3000},
		"remembered, realm says less":   {s: latchkey.UserSession{RememberMe: true}, realm: func(r *latchkey.Realm) { r.SSOSessionIdleTimeoutRememberMe = 0 }, dies: 100},
		"offline, idle":                 {s: latchkey.UserSession{Offline: true}, dies: 5000},
		"offline, no maximum":           {s: latchkey.UserSession{Offline: true}, used: 20000, dies: 25000},
		"offline, maximum":              {s: latchkey.UserSession{Offline: true}, realm: func(r *latchkey.Realm) { r.OfflineSessionMaxLifespanEnabled = true }, used: 8000, dies: 9000},
		"remembered does not reach off": {s: latchkey.UserSession{Offline: true, RememberMe: true}, dies: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			r := *realm
			if c.realm != nil {
				c.realm(&r)
			}
			s := c.s
			s.StartedAt, s.LastAccess = begun, at(c.used)
			if !session.Live(&r, &s, at(c.dies-0.001)) {
				t.Error("dead before its end")
			}
			if session.Live(&r, &s, at(c.dies)) {
				t.Error("alive at its end")
			}
		})
	}
}

// A client's own times are counted beside the session's, and a refresh token
// ends with the first of them.
func TestClientTimes(t *testing.T) {
	begun := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, c := range map[string]struct {
		realm      latchkey.Realm
		attributes map[string]string
		offline    bool
		after      int // seconds from the start to now
		expires    int // seconds from the start; 0: none
		live       bool
	}{
		"the session's idle time":                      {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000}, after: 10, expires: 1810, live: true},
		"the session's maximum":                        {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 2000}, after: 500, expires: 2000, live: true},
		"the realm's for clients":                      {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000, ClientSessionIdleTimeout: 60}, after: 10, expires: 70, live: true},
		"the client's own":                             {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000, ClientSessionIdleTimeout: 60}, attributes: map[string]string{"client.session.idle.timeout": "90"}, after: 10, expires: 100, live: true},
		"a longer one does not help":                   {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000}, attributes: map[string]string{"client.session.idle.timeout": "9999"}, after: 10, expires: 1810, live: true},
		"the client's maximum":                         {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000}, attributes: map[string]string{"client.session.max.lifespan": "300"}, after: 10, expires: 300, live: true},
		"the client's maximum passed":                  {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000}, attributes: map[string]string{"client.session.max.lifespan": "300"}, after: 300, expires: 300},
		"the client's idle passed":                     {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000}, attributes: map[string]string{"client.session.idle.timeout": "60"}, after: 60, expires: 120},
		"no number":                                    {realm: latchkey.Realm{SSOSessionIdleTimeout: 1800, SSOSessionMaxLifespan: 36000}, attributes: map[string]string{"client.session.idle.timeout": "x"}, after: 10, expires: 1810, live: true},
		"offline without end":                          {realm: latchkey.Realm{OfflineSessionIdleTimeout: 500}, offline: true, after: 10, live: true},
		"offline, the realm's idle time for clients":   {realm: latchkey.Realm{OfflineSessionIdleTimeout: 500, OfflineSessionMaxLifespanEnabled: true, OfflineSessionMaxLifespan: 9000, ClientOfflineSessionIdleTimeout: 60}, offline: true, after: 10, expires: 70, live: true},
		"offline, the same among attributes":           {realm: latchkey.Realm{OfflineSessionIdleTimeout: 500, OfflineSessionMaxLifespanEnabled: true, OfflineSessionMaxLifespan: 9000, Attributes: map[string]string{"clientOfflineSessionIdleTimeout": "60"}}, offline: true, after: 10, expires: 70, live: true},
		"offline, the realm's maximum for clients":     {realm: latchkey.Realm{OfflineSessionIdleTimeout: 500, OfflineSessionMaxLifespanEnabled: true, OfflineSessionMaxLifespan: 9000, ClientOfflineSessionMaxLifespan: 100}, offline: true, after: 100, expires: 100},
		"offline, a maximum that is not switched on":   {realm: latchkey.Realm{OfflineSessionIdleTimeout: 500, ClientOfflineSessionMaxLifespan: 100}, offline: true, after: 100, live: true},
		"offline, an idle time that the client passed": {realm: latchkey.Realm{OfflineSessionIdleTimeout: 500}, attributes: map[string]string{"client.offline.session.idle.timeout": "60"}, offline: true, after: 60},
		"offline with the client's":                    {realm: latchkey.Realm{OfflineSessionIdleTimeout: 500}, attributes: map[string]string{"client.offline.session.max.lifespan": "100"}, offline: true, after: 10, expires: 100, live: true},
	} {
		t.Run(name, func(t *testing.T) {
			client := &latchkey.Client{Attributes: c.attributes}
			s := &latchkey.UserSession{StartedAt: begun, LastAccess: begun, Offline: c.offline}
			part := &latchkey.ClientSession{StartedAt: begun, LastAccess: begun}
			now := begun.Add(time.Duration(c.after) * time.Second)
			want := time.Time{}
			if c.expires != 0 {
				want = begun.Add(time.Duration(c.expires) * time.Second)
			}
			if got := session.RefreshExpiry(&c.realm, client, s, part, now); !got.Equal(want) {
				t.Errorf("expires %v, want %v", got, want)
			}
			if got := session.ClientLive(&c.realm, client, s, part, now); got != c.live {
				t.Errorf("live %v", got)
			}
		})
	}
}

// Nobody is found whose session has run out, or who was disabled, deleted or
// called back since.
func TestFindRefuses(t *testing.T) {
	for name, spoil := range map[string]func(w *world, s *latchkey.UserSession){
		"expired": func(w *world, _ *latchkey.UserSession) { w.clock.Advance(1800 * time.Second) },
		"disabled": func(w *world, _ *latchkey.UserSession) {
			w.user.Enabled = false
			w.update(func(tx *store.Tx) error { return tx.UpdateUser(w.user) })
		},
		"deleted": func(w *world, _ *latchkey.UserSession) {
			w.update(func(tx *store.Tx) error { return tx.DeleteUser("r", "u") })
		},
		"the realm's not-before": func(w *world, s *latchkey.UserSession) { w.snap.Realm.NotBefore = s.StartedAt.Unix() + 1 },
		"the user's not-before": func(w *world, s *latchkey.UserSession) {
			w.user.NotBefore = s.StartedAt.Unix() + 1
			w.update(func(tx *store.Tx) error { return tx.UpdateUser(w.user) })
		},
		"all ended": func(w *world, _ *latchkey.UserSession) {
			w.update(func(tx *store.Tx) error {
				n, err := session.EndAll(tx, w.snap, "u", "")
				if err == nil && n != 1 {
					err = fmt.Errorf("%d sessions ended", n)
				}
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := storetest.SQLite(t)
			w := newWorld(t, db)
			s, cookie := w.start(&latchkey.Login{LoA: 1})
			if w.find(cookie) == nil {
				t.Fatal("not found before")
			}
			spoil(w, s)
			if w.find(cookie) != nil {
				t.Error("found")
			}
		})
	}
}

// A client session is shared by the tabs of an application, and one that has
// expired begins anew.
func TestAttachClient(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.client.Attributes = map[string]string{"client.session.max.lifespan": "300"}
		s, _ := w.start(&latchkey.Login{LoA: 1})
		first := w.attach(s)
		w.clock.Advance(time.Second)
		if again := w.attach(s); !again.StartedAt.Equal(first.StartedAt) || again.RefreshID != first.RefreshID {
			t.Errorf("%+v, then %+v", first, again)
		}
		w.clock.Advance(300 * time.Second)
		w.attach(s)
		var kept *latchkey.ClientSession
		w.update(func(tx *store.Tx) (err error) { kept, err = session.ClientOf(tx, w.snap, s, w.client); return err })
		if kept == nil || !kept.StartedAt.Equal(w.clock.Now()) {
			t.Errorf("after its end: %+v", kept)
		}
	})
}

// Rotation: the successor, the same one again within the grace, and what is
// reuse.
func TestRotate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		s, _ := w.start(&latchkey.Login{LoA: 1})
		c := w.attach(s)
		var family string
		w.update(func(tx *store.Tx) (err error) { family, err = session.OpenFamily(tx, c, "one"); return err })
		rotate := func(family, presented string) (r session.Rotation) {
			t.Helper()
			w.update(func(tx *store.Tx) error {
				c, err := tx.ClientSession("r", s.ID, "c")
				if err != nil {
					return err
				}
				r, err = session.Rotate(tx, w.snap.Realm, c, family, presented)
				return err
			})
			return r
		}
		first := rotate(family, "one")
		if first.Successor == "" || first.Reused || first.Refused || first.Family != family {
			t.Fatalf("%+v", first)
		}
		at := w.clock.Now()
		w.clock.Advance(10 * time.Second)
		if again := rotate(family, "one"); again.Successor != first.Successor || !again.IssuedAt.Equal(at) || again.Reused {
			t.Errorf("within the grace: %+v, want %+v", again, first)
		}
		w.clock.Advance(time.Millisecond)
		if late := rotate(family, "one"); !late.Reused {
			t.Errorf("past the grace: %+v", late)
		}
		second := rotate(family, first.Successor)
		if again := rotate(family, first.Successor); again.Successor != second.Successor {
			t.Errorf("%+v, then %+v", second, again)
		}
		if r := rotate(family, "one"); !r.Reused {
			t.Errorf("two back: %+v", r)
		}
		if r := rotate("unknown", "x"); !r.Refused || r.Reused {
			t.Errorf("an unknown line: %+v", r)
		}
		// A token from before rotation was switched on begins a line.
		if r := rotate("", "old"); r.Refused || r.Reused || r.Family != "old" {
			t.Errorf("a token without a line: %+v", r)
		}
		w.clock.Advance(time.Minute)
		if r := rotate("", "old"); !r.Reused {
			t.Errorf("it again: %+v", r)
		}
		// Keycloak's refreshTokenMaxReuse is honoured.
		w.snap.Realm.RefreshTokenMaxReuse = 1
		third := rotate(family, second.Successor)
		w.clock.Advance(time.Minute)
		if r := rotate(family, second.Successor); r.Reused || r.Successor != third.Successor {
			t.Errorf("an allowed reuse: %+v", r)
		}
		if r := rotate(family, second.Successor); !r.Reused {
			t.Errorf("one more: %+v", r)
		}
	})
}

// Tabs of one application do not end each other's lines, and the number of
// lines is bounded.
func TestFamiliesAreApart(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	s, _ := w.start(&latchkey.Login{LoA: 1})
	c := w.attach(s)
	var families []string
	for i := range 25 {
		w.update(func(tx *store.Tx) error {
			f, err := session.OpenFamily(tx, c, fmt.Sprint("token-", i))
			families = append(families, f)
			return err
		})
	}
	for i, f := range families {
		w.update(func(tx *store.Tx) error {
			r, err := session.Rotate(tx, w.snap.Realm, c, f, fmt.Sprint("token-", i))
			if err == nil && r.Refused != (i < 5) {
				t.Errorf("line %d: %+v", i, r)
			}
			return err
		})
	}
}

// However many rotate at once, on however many connections, there is one
// successor, and no line is lost.
func TestParallelRotation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		s, _ := w.start(&latchkey.Login{LoA: 1})
		c := w.attach(s)
		lines := make([]string, 4)
		for i := range lines {
			w.update(func(tx *store.Tx) (err error) {
				lines[i], err = session.OpenFamily(tx, c, fmt.Sprint("t", i))
				return err
			})
		}
		var mu sync.Mutex
		successors := make([]map[string]bool, len(lines))
		var all sync.WaitGroup
		for n := range 48 {
			i := n % len(lines)
			all.Go(func() {
				err := db.Update(ctx, func(tx *store.Tx) error {
					c, err := tx.ClientSession("r", s.ID, "c")
					if err != nil {
						return err
					}
					r, err := session.Rotate(tx, w.snap.Realm, c, lines[i], fmt.Sprint("t", i))
					if err != nil {
						return err
					}
					if r.Reused || r.Refused {
						t.Errorf("line %d: %+v", i, r)
					}
					tx.AfterCommit(func() {
						mu.Lock()
						defer mu.Unlock()
						if successors[i] == nil {
							successors[i] = map[string]bool{}
						}
						successors[i][r.Successor] = true
					})
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i, s := range successors {
			if len(s) != 1 {
				t.Errorf("line %d has %d successors", i, len(s))
			}
		}
	})
}

// An offline session outlives the sign-in that it came from, and no cookie
// finds it.
func TestOffline(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		s, cookie := w.start(&latchkey.Login{LoA: 1})
		var off, other *latchkey.UserSession
		w.update(func(tx *store.Tx) (err error) { off, err = session.StartOffline(tx, s); return err })
		w.update(func(tx *store.Tx) (err error) { other, err = session.StartOffline(tx, s); return err })
		if off.ID == s.ID || off.ID == other.ID || off.Notes[session.NoteSignIn] != s.ID || s.Notes[session.NoteSignIn] != "" {
			t.Errorf("%+v of %+v", off, s)
		}
		w.update(func(tx *store.Tx) error { return session.End(tx, w.snap, s, "logout") })
		if w.find(cookie) != nil {
			t.Error("the cookie finds something")
		}
		w.clock.Advance(23 * time.Hour)
		w.update(func(tx *store.Tx) error {
			got, user, err := session.ByID(tx, w.snap, off.ID)
			if err == nil && (got == nil || user.ID != "u" || !got.Offline) {
				t.Errorf("%+v", got)
			}
			return err
		})
	})
}

// What a login proved: nothing by an old session, else at least level 1
//
func TestACR(t *testing.T) {
	for _, c := range []struct {
		l    latchkey.Login
		want string
	}{{latchkey.Login{}, "1"}, {latchkey.Login{LoA: 1}, "1"}, {latchkey.Login{LoA: 3, Levels: map[int]time.Time{3: {}}}, "3"}, {latchkey.Login{FromCookie: true}, "0"}} {
		if got := session.ACR(&c.l); got != c.want {
			t.Errorf("%+v: %q, want %q", c.l, got, c.want)
		}
	}
}
