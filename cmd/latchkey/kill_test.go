package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// the program is killed at random points, again and
// again, while people sign in and mails go out; the first time while it makes
// its realms. Afterwards a server on the same database has every mail that was
// promised delivered, each copy of one like the other; links that were redeemed
// are dead, all others work once; and no link made two sessions.
func TestKill(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			random := seeded(t)
			for range rounds(1, 25) {
				k := &killing{random: random, sink: newSink(t)}
				k.world = newWorld(t, database(t), k.sink.addr, "--trusted-proxies", "127.0.0.1")
				k.beforeItIsThere()
				for range 8 {
					k.round()
				}
				k.afterwards()
				if t.Failed() {
					return
				}
			}
		})
	}
}

// killing is a world whose server is killed.
type killing struct {
	*world
	sink   *sink
	random *rand.Rand

	mu    sync.Mutex
	all   []*person
	names atomic.Int64
}

// person signs in, as far as they come.
type person struct {
	address string
	browser *servertest.Browser
	asked   bool   // they were shown that a mail is on its way
	link    string // of the mail, as far as they saw it
	tried   bool   // they pressed the button of the link's page
	passed  bool   // and were answered that they are signed in
}

// beforeItIsThere kills the program while it makes its realms.
func (k *killing) beforeItIsThere() {
	p := k.spawn()
	late := time.NewTimer(time.Duration(k.random.IntN(1500)) * time.Millisecond)
	defer late.Stop()
	select {
	case <-late.C:
	case <-p.listens:
	}
	p.kill()
}

// round starts the program, lets people sign in, and kills it at a random
// point: after so many steps of browsers and of mails, and a moment.
func (k *killing) round() {
	p := k.run()
	var steps atomic.Int64
	last, moment := int64(1+k.random.IntN(150)), time.Duration(k.random.IntN(12_000))*time.Microsecond
	step := func() {
		if steps.Add(1) == last {
			time.AfterFunc(moment, func() { _ = p.cmd.Process.Kill() })
		}
	}
	k.sink.mu.Lock()
	k.sink.point = step
	k.sink.mu.Unlock()
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			for !p.ended() {
				k.signIn(p, step)
			}
		})
	}
	group.Wait()
	<-p.gone
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// signIn is a person who signs in until the program is gone.
func (k *killing) signIn(p *process, step func()) {
	n := k.names.Add(1)
	who := &person{address: fmt.Sprintf("ada%d@example.test", n), browser: p.visit()}
	who.browser.Headers = []string{fmt.Sprintf("X-Forwarded-For: 10.%d.%d.7", n/250, n%250)}
	k.mu.Lock()
	k.all = append(k.all, who)
	k.mu.Unlock()
	page, err := who.browser.Try(http.MethodGet, authorize(), nil)
	step()
	if err != nil || page.Status != http.StatusOK {
		return
	}
	form := page.FormWith("username")
	form.Values.Set("username", who.address)
	who.browser.Follow = false
	page, err = who.browser.Try(http.MethodPost, form.Action, form.Values)
	who.browser.Follow = true
	step()
	if err != nil {
		return
	}
	who.asked = page.Status == http.StatusSeeOther
	if who.link = k.sink.wait(who.address, p.gone); who.link == "" {
		return
	}
	step()
	if page, err = who.browser.Try(http.MethodGet, who.link, nil); err != nil {
		return
	}
	step()
	who.tried = true
	form = page.Form(0)
	o := send(who.browser, http.MethodPost, form.Action, form.Values)
	who.passed = o.session || o.code != ""
	step()
}

// afterwards starts a server on the database, a minute later: what the killed
// ones were about to hand over is nobody's by then.
func (k *killing) afterwards() {
	t, clock := k.t, storetest.NewClock()
	k.sink.mu.Lock()
	k.sink.point = func() {}
	k.sink.mu.Unlock()
	clock.Advance(time.Since(clock.Now()) + 61*time.Second)
	s := servertest.Start(t, servertest.On(k.database, storetest.Keyring()), servertest.WithClock(clock),
		servertest.With(func(c *server.Config) { c.Dev, c.Hostname = nil, "http://"+hostOfAll }))
	s.Settle("acme")
	count := map[string]int{}
	for _, who := range k.all {
		k.check(s, who, count)
	}
	t.Logf("people by how far they came: %v", count)
	if count["asked"] == 0 || count["passed"] == 0 || count["not redeemed"] == 0 {
		t.Error("too little was under way for this to show anything")
	}
}

func (k *killing) check(s *servertest.Server, who *person, count map[string]int) {
	t := k.t
	t.Helper()
	copies := k.sink.of(who.address)
	if who.asked && len(copies) == 0 {
		t.Errorf("%s was promised a mail and got none", who.address)
	}
	for _, c := range copies {
		if !bytes.Equal(c, copies[0]) {
			t.Errorf("two mails to %s differ:\n%s\n---\n%s", who.address, copies[0], c)
		}
	}
	before := k.rows(s, who.address)
	if who.passed && before.sessions != 1 {
		t.Errorf("%s was signed in, and has %d sessions", who.address, before.sessions)
	}
	if !who.tried && before.redeemed != 0 {
		t.Errorf("nobody redeemed the link of %s, and it is redeemed", who.address)
	}
	who.count(count, len(copies), before)
	if len(copies) == 0 {
		return
	}
	first, second := k.open(s, who, linkIn(copies[0])), k.open(s, who, linkIn(copies[0]))
	if want := before.redeemed == 0; (first.code != "") != want {
		t.Errorf("%s (tried %v, passed %v) opens the link: it is redeemed %d times, and ends at %s", who.address, who.tried, who.passed, before.redeemed, first.end())
	}
	if second.code != "" || second.session {
		t.Errorf("the link of %s works again", who.address)
	}
	if got := k.rows(s, who.address); got.redeemed != 1 || got.sessions != 1 {
		t.Errorf("%s has %d sessions from %d redemptions", who.address, got.sessions, got.redeemed)
	}
}

// count keeps how far people came.
func (who *person) count(count map[string]int, copies int, found rows) {
	for what, is := range map[string]bool{"begun": true, "asked": who.asked, "mailed twice": copies > 1, "tried": who.tried,
		"passed": who.passed, "cut off": who.tried && !who.passed, "passed unheard": found.redeemed == 1 && !who.passed,
		"not redeemed": copies > 0 && found.redeemed == 0} {
		if is {
			count[what]++
		}
	}
}

// open opens a link in the browser that asked, and presses its first button.
func (k *killing) open(s *servertest.Server, who *person, link string) outcome {
	b := who.browser.Via(s)
	page, err := b.Try(http.MethodGet, link, nil)
	if err != nil {
		return outcome{err: err}
	}
	forms := page.Forms()
	if len(forms) == 0 || len(forms[0].Values["session_code"]) == 0 {
		return outcome{page: page}
	}
	values := url.Values{"session_code": forms[0].Values["session_code"]}
	return send(b, http.MethodPost, forms[0].Action, values)
}

// rows is what the database has of a person.
type rows struct{ sessions, redeemed int }

func (k *killing) rows(s *servertest.Server, address string) (n rows) {
	id := s.Snapshot("acme").Realm.ID
	s.View(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(id, address)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := tx.UserSessions(id, u.ID)
		if err != nil {
			return err
		}
		events, err := tx.Events(id, store.EventFilter{UserID: u.ID, Types: []latchkey.EventType{latchkey.EventLinkRedeemed}})
		n = rows{len(list), len(events)}
		return err
	})
	return n
}
