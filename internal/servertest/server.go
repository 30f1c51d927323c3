package servertest

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/server"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// Clock is the servers' clock: it stands still until Advance moves it.
type Clock = storetest.Clock

// Server is a server that runs until its test ends.
type Server struct {
	*server.Server
	// Base is the address that browsers know, without a slash at the end.
	Base  string
	Mail  *Mailbox
	Clock *Clock
	// Log is everything that was logged, at every level.
	Log *Log

	t     testing.TB
	peers []*Server // every node of its database, itself among them
	url   string    // of the database
	ring  *secret.Keyring
	roots *x509.CertPool // of the server's own certificate; nil on http
	see   func(Exchange)
	ended func() error // stops the server and waits

	calls  sync.Once
	caller *http.Client // of Send
}

// Option changes what is started.
type Option func(*options)

type options struct {
	database string
	ring     *secret.Keyring
	clock    *Clock
	change   []func(*server.Config)
	roots    *x509.CertPool
	see      func(Exchange)
}

// OnPostgres puts the server on a fresh PostgreSQL database.
func OnPostgres(t testing.TB) Option {
	url := storetest.PostgresURL(t)
	return func(o *options) { o.database = url }
}

// On puts the server on a database that is there already, sealed with a
// keyring: for restarts.
func On(url string, ring *secret.Keyring) Option {
	return func(o *options) { o.database, o.ring = url, ring }
}

// WithClock gives the server a clock that others have too.
func WithClock(c *Clock) Option { return func(o *options) { o.clock = c } }

// With changes the configuration of the server.
func With(change func(*server.Config)) Option {
	return func(o *options) { o.change = append(o.change, change) }
}

// Start starts a server as `latchkey dev` does, with realm demo and the demo
// application, on SQLite unless an option says otherwise.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	o := &options{ring: storetest.Keyring(), clock: storetest.NewClock()}
	for _, opt := range opts {
		opt(o)
	}
	if o.database == "" {
		o.database = storetest.SQLiteURL(t)
	}
	log := newLog(t)
	cfg := server.Config{Listen: "127.0.0.1:0", Management: "127.0.0.1:0", Database: o.database, Keyring: o.ring,
		Dev: &server.Dev{SMTP: "127.0.0.1:0", Mailbox: "127.0.0.1:0", Demo: "127.0.0.1:0"},
		Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: o.clock.Now}
	for _, change := range o.change {
		change(&cfg)
	}
	s := &Server{Clock: o.clock, Log: log, t: t, url: cfg.Database, ring: o.ring, roots: o.roots, see: o.see}
	var err error
	if s.Server, err = server.New(t.Context(), cfg); err != nil {
		t.Fatalf("starting the server: %v", err)
	}
	s.Base = s.Site().URL()
	s.Mail = &Mailbox{t: t, box: s.Mailbox(), seen: map[string]bool{}}
	s.peers = []*Server{s}
	s.run()
	return s
}

// run runs the server until the test ends or Stop is called.
func (s *Server) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.ended = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(40 * time.Second):
			return errors.New("the server does not stop")
		}
	})
	s.t.Cleanup(func() {
		if err := s.ended(); err != nil {
			s.t.Errorf("the server ended: %v", err)
		}
		if s.t.Failed() && testing.Verbose() {
			s.t.Logf("log of the server:\n%s", s.Log)
		}
	})
}

// Stop stops the server as a signal does, and waits for it.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.ended(); err != nil {
		s.t.Errorf("stopping the server: %v", err)
	}
}

// Again starts a second server on the same database, with the same key and
// clock: after Stop it is a restart.
func (s *Server) Again(opts ...Option) *Server {
	s.t.Helper()
	return Start(s.t, append([]Option{On(s.url, s.ring), WithClock(s.Clock)}, opts...)...)
}

// RealmRelays lets mail go to the relays that realms have, as "latchkey dev
// --mail relays" does, and not to the mailbox alone.
func RealmRelays() Option { return With(func(c *server.Config) { c.Dev.RealmRelays = true }) }

// NoDev makes a further node of the first server's hostname, with nothing of
// dev's beside it.
func NoDev(first *Server) Option {
	return With(func(c *server.Config) {
		c.Hostname = first.Base
		// Mail goes to the first node's mailbox; realms stay as they are.
		c.Dev = nil
	})
}

// Nodes starts n servers on one PostgreSQL database, all of one hostname, that
// of the first. Browsers of a node talk to that node alone (Browser), and
// Browser.Via sends one to another node.
func Nodes(t testing.TB, n int, opts ...Option) []*Server {
	t.Helper()
	first := Start(t, append([]Option{OnPostgres(t)}, opts...)...)
	nodes := []*Server{first}
	for len(nodes) < n {
		same := append(append([]Option{}, opts...), NoDev(first), WithClock(first.Clock), On(first.url, first.ring))
		s := Start(t, same...)
		s.Mail = first.Mail
		nodes = append(nodes, s)
	}
	for _, s := range nodes {
		s.peers = nodes
	}
	return nodes
}

// Update changes the store in one transaction.
func (s *Server) Update(f func(*store.Tx) error) {
	s.t.Helper()
	if err := s.DB().Update(context.Background(), f); err != nil {
		s.t.Fatalf("update: %v", err)
	}
}

// View reads the store.
func (s *Server) View(f func(*store.Tx) error) {
	s.t.Helper()
	if err := s.DB().View(context.Background(), f); err != nil {
		s.t.Fatalf("view: %v", err)
	}
}

// Snapshot reads a realm as it is in the database now.
func (s *Server) Snapshot(name string) *latchkey.Snapshot {
	s.t.Helper()
	var snap *latchkey.Snapshot
	s.View(func(tx *store.Tx) error {
		r, err := tx.RealmByName(name)
		if err != nil {
			return err
		}
		snap, err = tx.Snapshot(r.ID)
		return err
	})
	return snap
}

// Realm makes a realm bound to "magic link" whose mail goes to the mailbox.
func (s *Server) Realm(name string, change ...func(*representation.Realm)) *latchkey.Snapshot {
	s.t.Helper()
	demo := s.Snapshot(realm.DemoRealm)
	rep := &representation.Realm{Realm: &name, Enabled: new(true)}
	for _, c := range change {
		c(rep)
	}
	plan, err := realm.Prepare(rep, realm.Options{Now: s.Clock.Now(), MagicLink: true, Events: true})
	if err != nil {
		s.t.Fatalf("realm %s: %v", name, err)
	}
	s.Update(func(tx *store.Tx) error {
		r, err := plan.Apply(tx)
		if err == nil && !r.SMTP.Configured() {
			r.SMTP = demo.Realm.SMTP
			err = tx.UpdateRealm(r)
		}
		return err
	})
	s.know(name)
	return s.Snapshot(name)
}

// know makes every node look at the realm's version before it answers the next
// request: what a door does after it changed something.
func (s *Server) know(realmName string) {
	s.t.Helper()
	id := s.Snapshot(realmName).Realm.ID
	for _, node := range s.peers {
		node.Realms().Invalidate(id)
	}
}

// Change changes the realm's configuration in one transaction; every node has
// seen it when Change returns.
func (s *Server) Change(realmName string, f func(*store.Tx, *latchkey.Snapshot) error) {
	s.t.Helper()
	snap := s.Snapshot(realmName)
	s.Update(func(tx *store.Tx) error { return f(tx, snap) })
	s.know(realmName)
}

// Events gives the realm's events, oldest first.
func (s *Server) Events(realmName string) []*latchkey.Event {
	s.t.Helper()
	var list []*latchkey.Event
	snap := s.Snapshot(realmName)
	s.View(func(tx *store.Tx) (err error) {
		list, err = tx.Events(snap.Realm.ID, store.EventFilter{Max: 1000})
		return err
	})
	return oldestFirst(list)
}

// EventTypes gives the types of the realm's events, oldest first, a failed one
// with its reason behind it: "LINK_REFUSED expired".
func (s *Server) EventTypes(realmName string) []string {
	s.t.Helper()
	var out []string
	for _, e := range s.Events(realmName) {
		why := e.Error
		if why == "" {
			why = e.Details["reason"]
		}
		out = append(out, strings.TrimSpace(string(e.Type)+" "+why))
	}
	return out
}

// oldestFirst orders by id, which grows with time.
func oldestFirst(list []*latchkey.Event) []*latchkey.Event {
	for i := 1; i < len(list); i++ {
		for j := i; j > 0 && list[j].ID < list[j-1].ID; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	return list
}

// Get asks the server for a path as a program does, without cookies.
func (s *Server) Get(path string, headers ...string) (status int, body string) {
	s.t.Helper()
	return s.Send(http.MethodGet, path, "", headers...)
}

// Send sends the server a request as a program does, without cookies.
func (s *Server) Send(method, path, content string, headers ...string) (status int, body string) {
	s.t.Helper()
	status, _, body = s.Ask(method, path, content, headers...)
	return status, body
}

// Ask is Send that gives the answer's headers, too.
func (s *Server) Ask(method, path, content string, headers ...string) (status int, header http.Header, body string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.Base+path, strings.NewReader(content))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Add(k, v)
	}
	s.calls.Do(func() { s.caller = s.client() })
	resp, err := s.caller.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(data)
}
