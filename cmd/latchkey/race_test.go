package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// soak says whether the long statistics are asked for (make soak).
var soak = os.Getenv("LK_SOAK") != ""

// rounds is the number of rounds: a few in the suite, and the whole number in
// the soak.
func rounds(few, all int) int {
	if soak {
		return all
	}
	return few
}

// seeded draws the same in every run of the suite; the soak draws anew and
// says from what.
func seeded(t *testing.T) *rand.Rand {
	seed := uint64(1)
	if soak {
		seed = uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
	}
	return rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // which round is which is no secret
}

const contestants = 200

// one link is redeemed 200 times at once, over three processes on one
// PostgreSQL database, and over one on SQLite: one passes, 199 are refused,
// and there are one account, one session and one answer to the application.
// In every third round half of them type the code of the same mail instead; in
// every other third there are a few, and two browsers that did not ask and know
// the number.
func TestRaceOfProcesses(t *testing.T) {
	for name, kind := range map[string]struct {
		nodes     int
		few, most int
		database  func(testing.TB) string
	}{
		"postgres": {3, 6, 1000, storetest.PostgresURL},
		"sqlite":   {1, 3, 200, storetest.SQLiteURL},
	} {
		t.Run(name, func(t *testing.T) {
			box, relay := servertest.Inbox(t)
			w := newWorld(t, kind.database(t), relay, "--trusted-proxies", "127.0.0.1")
			r := &race{world: w, box: box, db: w.open(), random: seeded(t), ends: map[string]int{}}
			for range kind.nodes {
				r.nodes = append(r.nodes, w.run().visit())
			}
			for round := range rounds(kind.few, kind.most) {
				r.round(round)
				if t.Failed() {
					t.Fatalf("in round %d", round)
				}
			}
			t.Logf("what came of it: %v", r.ends)
		})
	}
}

// open opens the processes' database in the test.
func (w *world) open() *store.DB {
	w.t.Helper()
	db, err := store.Open(w.t.Context(), store.Options{URL: w.database, Keyring: storetest.Keyring(), Now: time.Now, MaxConns: 2})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

// race is rounds of a race over nodes.
type race struct {
	*world
	box    *servertest.Mailbox
	db     *store.DB
	nodes  []*servertest.Browser // a browser that talks to each
	random *rand.Rand
	ends   map[string]int // of all rounds
}

// entry is one who takes part: a browser with the form that it sends.
type entry struct {
	browser *servertest.Browser
	action  string
	values  url.Values
}

func (r *race) round(n int) {
	// An address and a network for every round: limits are another test's.
	address := fmt.Sprintf("ada%d@example.test", n)
	network := fmt.Sprintf("X-Forwarded-For: 10.%d.%d.7", n/250, n%250)
	b := r.nodes[r.random.IntN(len(r.nodes))].Copy()
	b.Jar, b.Headers = r.nodes[0].Jar.Copy(), []string{network}
	waiting := b.Get(authorize()).FormWith("username").Set("username", address).Submit()
	mail := r.box.Wait(address)
	link := b.Get(mail.Link)

	list := r.entries(b, link.Form(0), contestants)
	switch n % 3 {
	case 1: // half of them type the code
		form := waiting.FormWith("code").Set("code", mail.Code)
		list = append(list[:contestants/2], r.entries(b, form, contestants/2)...)
	case 2: // a few, and two who know the number: one goes on there, one here
		list = append(list[:2], r.elsewhere(mail.Link, waiting, "continue", network), r.elsewhere(mail.Link, waiting, "here", network))
	}
	r.random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	out := r.run(list)
	if slices.ContainsFunc(out, func(o outcome) bool { return o.page != nil && o.end() == passedThere }) &&
		!slices.ContainsFunc(out, func(o outcome) bool { return o.code != "" }) {
		out = append(out, send(b, http.MethodGet, waiting.URL.String(), nil)) // the way is open: the asking tab goes on
	}
	r.judge(address, out)
}

// entries gives n copies of a browser, over all nodes in turn, that send a form.
func (r *race) entries(b *servertest.Browser, f *servertest.Form, n int) []entry {
	list := make([]entry, n)
	for i := range list {
		list[i] = entry{b.Copy().Through(r.nodes[i%len(r.nodes)]), f.Action, f.Values}
	}
	return list
}

// elsewhere opens the link in another browser and fills in the right number;
// who signs in there has come as far as the question that names the account.
func (r *race) elsewhere(link string, waiting *servertest.Page, choice, network string) entry {
	b := r.nodes[r.random.IntN(len(r.nodes))].Copy()
	b.Jar, b.Headers = r.nodes[0].Jar.Copy(), []string{network}
	f := b.Get(link).FormWith("number").Set("number", number(r.t, waiting))
	f.Values.Set("choice", choice)
	if choice == "here" {
		f = f.Press("choice=here").Form(0)
		f.Values.Set("choice", "yes")
	}
	return entry{b, f.Action, f.Values}
}

// outcome is what a browser came to.
type outcome struct {
	page    *servertest.Page
	code    string // of the answer to the application
	session bool   // whether it was given a session's cookie on the way
	err     error
}

// run lets all send at once.
func (r *race) run(list []entry) []outcome {
	start, out := make(chan struct{}), make([]outcome, len(list))
	var group sync.WaitGroup
	for i, e := range list {
		group.Go(func() {
			<-start
			out[i] = send(e.browser, http.MethodPost, e.action, e.values)
		})
	}
	close(start)
	group.Wait()
	return out
}

// end is where the browser came to, in words.
func (o *outcome) end() string {
	if o.code != "" {
		return passedAnswer
	}
	return fmt.Sprintf("%d %s", o.page.Status, strings.TrimSuffix(o.page.Title(), " · acme"))
}

// send sends a request and follows the redirects as far as the application's.
func send(b *servertest.Browser, method, at string, values url.Values) (o outcome) {
	b.Follow = false
	defer func() { b.Follow = true }()
	for range 6 {
		if o.page, o.err = b.Try(method, at, values); o.err != nil {
			return o
		}
		for _, line := range o.page.Header.Values("Set-Cookie") {
			o.session = o.session || (strings.HasPrefix(line, "session-acme=") && !strings.HasPrefix(line, "session-acme=;"))
		}
		to := o.page.Header.Get("Location")
		if to == "" {
			return o
		}
		if strings.HasPrefix(to, redirectURI) {
			u, err := url.Parse(to)
			o.err = err
			if err == nil {
				o.code = u.Query().Get("code")
			}
			return o
		}
		method, at, values = http.MethodGet, to, nil
	}
	o.err = fmt.Errorf("redirects without end, the last to %s", at)
	return o
}

// judge looks at what everybody came to, and what is in the database.
func (r *race) judge(address string, out []outcome) {
	t := r.t
	t.Helper()
	ends := map[string]int{}
	codes, sessions := 0, 0
	for _, o := range out {
		if o.err != nil {
			t.Errorf("a browser got no answer: %v", o.err)
			continue
		}
		ends[o.end()]++
		if o.code != "" {
			codes++
		}
		if o.session {
			sessions++
		}
	}
	for _, end := range slices.Sorted(maps.Keys(ends)) {
		r.ends[end] += ends[end]
		if !slices.Contains(passes, end) && !slices.Contains(refusals, end) {
			t.Errorf("%d browsers ended at %q", ends[end], end)
		}
	}
	// Who goes on there only opens the way for the browser that asked: that one
	// may have taken it already.
	here, there, answered := ends[passedHere], ends[passedThere], ends[passedAnswer]
	if there > 1 || here+answered != 1 || here+there > 1 || codes != answered || sessions != answered+here {
		t.Errorf("more than one passed, or none; %d codes, %d sessions: %v", codes, sessions, ends)
	}
	r.count(address, sessions)
}

// The ends of a race. One browser passes; all others are refused.
const (
	passedAnswer = "answered"
	passedThere  = "200 Go back to the other screen"
	passedHere   = "200 You are signed in already" // the client names no page to begin at
)

var (
	passes   = []string{passedAnswer, passedThere, passedHere}
	refusals = []string{"410 This link no longer works", "410 This link was used already", "410 This link has ended", "200 This sign-in went on elsewhere",
		"400 This sign-in took too long"} // a tab whose browser's cookies are others by now
)

// count looks at the rows: one account, one redemption, and one session.
func (r *race) count(address string, sessions int) {
	t := r.t
	t.Helper()
	err := r.db.View(t.Context(), func(tx *store.Tx) error {
		realm, err := tx.RealmByName("acme")
		if err != nil {
			return err
		}
		users, err := tx.Users(realm.ID, store.UserFilter{Search: address})
		if err != nil || len(users) != 1 {
			t.Errorf("%d accounts for %s", len(users), address)
			return err
		}
		list, err := tx.UserSessions(realm.ID, users[0].ID)
		if len(list) != sessions {
			t.Errorf("%d sessions, %d browsers were given one", len(list), sessions)
		}
		if err != nil {
			return err
		}
		events, err := tx.Events(realm.ID, store.EventFilter{UserID: users[0].ID, Max: 1000})
		seen := map[latchkey.EventType]int{}
		for _, e := range events {
			seen[e.Type]++
		}
		if seen[latchkey.EventLinkRedeemed] != 1 || seen[latchkey.EventRegister] != 1 || seen[latchkey.EventLogin] != sessions {
			t.Errorf("what happened: %v", seen)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// number reads the number on the waiting page.
func number(t *testing.T, p *servertest.Page) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.Text(), "number, it is ")
	if !ok || len(rest) < 3 {
		t.Fatalf("no number on the page: %s", p.Text())
	}
	return rest[:3]
}
