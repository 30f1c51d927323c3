package servertest_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// a request that is under way when the server is told to stop is
// answered, and what it did stands.
func TestStopDrainsRequests(t *testing.T) {
	s := servertest.Start(t, servertest.OnPostgres(t))
	rp := s.RP("demo")
	b := s.Browser()
	p := rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	form := b.Get(s.Mail.Wait("ada@example.test").Link).Form(0)
	tab := p.URL.Query().Get("tab_id")

	// Somebody else's transaction holds the login, from a connection that the
	// server does not close.
	conn, err := pgx.Connect(t.Context(), s.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	holding, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if tag, err := holding.Exec(t.Context(), "SELECT 1 FROM login WHERE tab_id = $1 FOR UPDATE", tab); err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("%v %v", tag, err)
	}
	b.Follow = false
	answered := make(chan *servertest.Page, 1)
	go func() {
		page, err := b.Try(http.MethodPost, form.Action, form.Values)
		if err != nil {
			t.Errorf("the request was cut off: %v", err)
		}
		answered <- page
	}()
	s.Eventually("the request to wait for the login", func() bool {
		var n int
		err := holding.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted`).Scan(&n)
		return err == nil && n > 0
	})
	stopped := make(chan struct{})
	go func() { s.Stop(); close(stopped) }()
	s.Eventually("the server to take nobody in", func() bool {
		c, err := net.DialTimeout("tcp", s.Addr("public"), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	select {
	case <-answered:
		t.Fatal("it was answered before it could be")
	case <-stopped:
		t.Fatal("the server left a request behind")
	default:
	}
	if err := holding.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	page := <-answered
	<-stopped
	if page == nil || page.Status != http.StatusSeeOther || b.Jar.Get("session-demo") == "" {
		t.Fatalf("%+v", page)
	}
	again := s.Again(servertest.With(func(c *server.Config) { c.Hostname = s.Base }))
	b.Via(again).Follow = true
	if got := rp.Answer(b.Get(page.Header.Get("Location"))); got.Get("code") == "" {
		t.Errorf("the sign-in is lost: %v", got)
	}
}

// a mail that is being handed over when the server is told to
// stop is handed over, written down, and not sent again.
func TestStopDrainsMails(t *testing.T) {
	s := servertest.Start(t, servertest.RealmRelays())
	rp := s.RP("demo")
	box, relay := servertest.Inbox(t)
	h := newHole(t, relay, true)
	h.before(s, "demo")
	rp.Start(s.Browser()).FormWith("username").Set("username", "ada@example.test").Submit()
	<-h.inside
	stopped := make(chan struct{})
	go func() { s.Stop(); close(stopped) }()
	s.Eventually("the server to take nobody in", func() bool {
		c, err := net.DialTimeout("tcp", s.Addr("public"), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	h.letGo()
	<-stopped
	if n := box.Count("ada@example.test"); n != 1 {
		t.Fatalf("%d mails", n)
	}
	s.Clock.Advance(2 * time.Minute)
	again := s.Again(servertest.With(func(c *server.Config) { c.Dev = nil }))
	again.Settle("demo")
	again.View(func(tx *store.Tx) error {
		list, err := tx.Messages(rp.Client.RealmID, store.MessageFilter{Max: 10})
		if len(list) != 1 || list[0].State != latchkey.MessageHandedOver {
			t.Errorf("%+v", list)
		}
		return err
	})
	if n := box.Count("ada@example.test"); n != 1 {
		t.Errorf("%d mails after a restart", n)
	}
}

// trap is a log that breaks once, at the line that it is set for.
type trap struct {
	slog.Handler
	at atomic.Pointer[string]
}

func (h *trap) Handle(ctx context.Context, r slog.Record) error {
	if at := h.at.Load(); at != nil && r.Message == *at && h.at.CompareAndSwap(at, nil) {
		panic("canary-in-a-panic for " + r.Message)
	}
	return h.Handler.Handle(ctx, r)
}

func (h *trap) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *trap) WithGroup(string) slog.Handler      { return h }

func (h *trap) set(line string) { h.at.Store(&line) }

func (h *trap) sprung() bool { return h.at.Load() == nil }

// whatever panics, in a request, after it, or in a hand-over, the
// process goes on, what was under way is tried again, and what was panicked
// with is told to nobody.
func TestOnePanic(t *testing.T) {
	h := &trap{}
	s := servertest.Start(t, servertest.With(func(c *server.Config) { h.Handler = c.Log.Handler(); c.Log = slog.New(h) }))
	rp := s.RP("demo")
	alive := func() {
		t.Helper()
		if status, _ := s.Get("/realms/demo/.well-known/openid-configuration"); status != http.StatusOK {
			t.Errorf("discovery: %d", status)
		}
		if !h.sprung() {
			t.Error("nothing panicked")
		}
	}
	h.set("request") // after the answer
	_, _ = s.Browser().Try(http.MethodGet, s.Base+"/realms/demo", nil)
	s.Eventually("the log to break", h.sprung)
	alive()

	h.set("outbox: the relay took the mail") // after the relay took the mail, before that is written down
	b := s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	first := s.Mail.Wait("ada@example.test")
	s.Eventually("the log to break", h.sprung)
	alive()
	s.Clock.Advance(61 * time.Second)
	if second := s.Mail.Wait("ada@example.test"); string(second.Raw) != string(first.Raw) {
		t.Errorf("the second copy differs:\n%s\n---\n%s", first.Raw, second.Raw)
	}
	s.Settle("demo")
	rp.Finish(b.Get(first.Link).Form(0).Submit())

	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error { // a step that is not built
		f := *snap.FlowByAlias(snap.Realm.BrowserFlow)
		f.Executions = []latchkey.Execution{{ID: "x", Authenticator: "webauthn-authenticator", Requirement: latchkey.Required}}
		return tx.UpdateFlow(&f)
	})
	sofar := len(s.Log.String())
	h.set("a flow cannot be run to its end") // inside of a request
	p := rp.Start(s.Browser())
	if p.Status != http.StatusInternalServerError || p.Header.Get("Cache-Control") != "no-store" || strings.Contains(p.Body, "canary") {
		t.Errorf("%d %s", p.Status, p.Body)
	}
	alive()
	if log := s.Log.String()[sofar:]; !strings.Contains(log, `"panic":"a value of type string"`) || strings.Contains(log, "canary") {
		t.Errorf("the log tells of the panic too little or too much:\n%s", log)
	}
}
