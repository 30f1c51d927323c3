package servertest_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2/clientcredentials"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// hole stands before a mail server and holds every conversation until it is
// let go: a black hole from the first moment on (it accepts, and never says a
// word), a slow server when the mail's text is through.
type hole struct {
	host   string
	port   int
	slow   bool          // it holds at the end of the text
	inside chan struct{} // has one for every conversation that is held
	open   atomic.Int64  // conversations under way
	cut    atomic.Int64  // conversations that the other side gave up while they were held
	free   chan struct{}
	letGo  func()
}

func newHole(t *testing.T, behind string, slow bool) *hole {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(l.Addr().String())
	h := &hole{host: host, slow: slow, inside: make(chan struct{}, 1000), free: make(chan struct{})}
	if h.port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	h.letGo = sync.OnceFunc(func() { close(h.free) })
	t.Cleanup(func() { h.letGo(); _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go h.talk(c, behind)
		}
	}()
	return h
}

// talk is one conversation, with the mail server behind the hole.
func (h *hole) talk(c net.Conn, behind string) {
	defer func() { _ = c.Close() }()
	h.open.Add(1)
	defer h.open.Add(-1)
	if !h.slow {
		h.hold(c)
	}
	onward, err := net.Dial("tcp", behind)
	if err != nil {
		return
	}
	defer func() { _ = onward.Close() }()
	go func() { _, _ = io.Copy(c, onward); _ = c.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if h.slow && bytes.HasSuffix(buf[:n], []byte("\r\n.\r\n")) {
			h.hold(nil)
		}
		if _, err := onward.Write(buf[:n]); err != nil {
			return
		}
	}
}

// hold waits until the hole lets go, or the other side gives up.
func (h *hole) hold(c net.Conn) {
	h.inside <- struct{}{}
	if c != nil {
		go func() {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				select {
				case <-h.free:
				default:
					h.cut.Add(1)
				}
			}
		}()
	}
	<-h.free
}

// before puts the hole before a realm's mail.
func (h *hole) before(s *servertest.Server, realmName string) {
	s.Change(realmName, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		// The longest times that a relay may have: who waits for one waits.
		r.SMTP.Relays = []latchkey.Relay{{Host: h.host, Port: h.port, ConnectionTimeout: 30_000, Timeout: 30_000}}
		return tx.UpdateRealm(&r)
	})
}

// inUse is the number of connections to the database that are doing something
// or hold a transaction; SQLite has one writer, which shows by itself.
func inUse(t *testing.T, s *servertest.Server) func() int {
	t.Helper()
	if s.DB().Dialect() != "postgres" {
		return func() int { return 0 }
	}
	conn, err := pgx.Connect(t.Context(), s.Database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return func() int {
		n := -1
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`).Scan(&n)
		if err != nil {
			t.Error(err)
		}
		return n
	}
}

// A mail server that hangs holds up mails of its own realm and nothing else:
// the form is answered while it hangs, and so is everybody else; no connection
// to the database is held; and when it speaks again the mails arrive (R-179,
// R-214, DESIGN 7 and 8). Keycloak holds the form for 10 s, and all of the
// server with 64 people.
func TestMailServerHangs(t *testing.T) {
	for name, opts := range map[string]func(*testing.T) []servertest.Option{
		"sqlite":   func(*testing.T) []servertest.Option { return nil },
		"postgres": func(t *testing.T) []servertest.Option { return []servertest.Option{servertest.OnPostgres(t)} },
	} {
		for how, slow := range map[string]bool{"never speaks": false, "slow at the end of the text": true} {
			t.Run(name+"/"+how, func(t *testing.T) {
				// Fewer connections than conversations that hang.
				few := servertest.With(func(c *server.Config) { c.MaxConns = 4 })
				s := servertest.Start(t, append(opts(t), few, behindProxy(), servertest.RealmRelays())...)
				hang(t, s, slow)
			})
		}
	}
}

func hang(t *testing.T, s *servertest.Server, slow bool) {
	s.Realm("working")
	demo, working := s.RP("demo"), s.RP("working")
	robot := service(s, "demo")
	h, busy := newHole(t, s.Addr("smtp"), slow), inUse(t, s)
	h.before(s, "demo")

	const people = 20 // more than a relay has connections
	ask := func(i int) *servertest.Page {
		b := from(s.Browser(), fmt.Sprintf("10.1.%d.7", i))
		return demo.Start(b).FormWith("username").Set("username", fmt.Sprintf("ada%d@example.test", i)).Submit()
	}
	for i := range people {
		if p := ask(i); !p.Has("Check your email") {
			t.Fatalf("%d %s", p.Status, p.Text())
		}
		if i == 0 {
			<-h.inside // from here on one conversation hangs, or more
		}
		if h.open.Load() == 0 || h.cut.Load() > 0 {
			t.Fatalf("%d conversations are open and %d were given up when the form was answered", h.open.Load(), h.cut.Load())
		}
	}
	for range 7 { // as many as there may be at one relay
		<-h.inside
	}
	s.Eventually("no connection to the database to be in use", func() bool { return busy() == 0 })
	others(t, s, robot, working)
	if n := s.Mail.Count("ada0@example.test"); n != 0 || h.open.Load() < 8 || h.cut.Load() != 0 {
		t.Fatalf("it does not hang any more: %d conversations, %d given up, %d mails", h.open.Load(), h.cut.Load(), n)
	}
	h.letGo()
	tries := 0
	s.Eventually("the mails to arrive", func() bool {
		if tries++; tries < 300 {
			s.Clock.Advance(time.Second) // for those that wait to be tried again
		}
		for i := range people {
			if s.Mail.Count(fmt.Sprintf("ada%d@example.test", i)) != 1 {
				return false
			}
		}
		return true
	})
}

// service makes an application that signs in as itself.
func service(s *servertest.Server, realmName string) *servertest.RP {
	rp := s.RP(realmName, func(c *representation.Client) { c.PublicClient, c.ServiceAccountsEnabled = new(false), new(true) })
	s.Update(func(tx *store.Tx) error { return tx.CreateUser(realm.NewServiceAccount(rp.Client, tx.Now())) })
	return rp
}

// others is what goes on while one realm's mail server hangs.
func others(t *testing.T, s *servertest.Server, robot, working *servertest.RP) {
	t.Helper()
	for _, path := range []string{"/realms/demo/.well-known/openid-configuration", "/realms/demo/protocol/openid-connect/certs", "/realms/demo"} {
		if status, _ := s.Get(path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
	credentials := clientcredentials.Config{ClientID: robot.OAuth.ClientID, ClientSecret: robot.OAuth.ClientSecret, TokenURL: robot.OAuth.Endpoint.TokenURL}
	if token, err := credentials.Token(robot.Context()); err != nil || token.AccessToken == "" {
		t.Errorf("client credentials: %v", err)
	}
	b := from(s.Browser(), "10.2.0.7")
	working.Start(b).FormWith("username").Set("username", "bob@example.test").Submit()
	tokens := working.Finish(b.Get(s.Mail.Wait("bob@example.test").Link).Form(0).Submit())
	if _, err := working.Refresh(tokens.RefreshToken); err != nil {
		t.Errorf("refresh: %v", err)
	}
}

// what the hole held until the link was over is not sent any more.
func TestMailServerHangsTooLong(t *testing.T) {
	s := servertest.Start(t, servertest.RealmRelays())
	demo := s.RP("demo")
	h := newHole(t, s.Addr("smtp"), false)
	h.before(s, "demo")
	b := s.Browser()
	demo.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	<-h.inside
	s.Clock.Advance(10 * time.Minute)
	h.letGo()
	s.Settle("demo")
	if n := s.Mail.Count("ada@example.test"); n != 0 {
		t.Errorf("%d mails with a link that is over", n)
	}
	s.View(func(tx *store.Tx) error {
		list, err := tx.Messages(demo.Client.RealmID, store.MessageFilter{Max: 10})
		for _, m := range list {
			if m.State != latchkey.MessageExpired || m.Secret != "" {
				t.Errorf("the mail is %s, its secret is wiped: %v", m.State, m.Secret == "")
			}
		}
		return err
	})
}
