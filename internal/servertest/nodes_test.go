package servertest_test

import (
	"fmt"
	"html"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// behindProxy makes servers believe what this machine says of where requests
// come from: so a test has as many networks as it wants.
func behindProxy() servertest.Option {
	return servertest.With(func(c *server.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
}

// from makes the browser's requests come from a network.
func from(b *servertest.Browser, ip string) *servertest.Browser {
	b.Headers = []string{"X-Forwarded-For: " + ip}
	return b
}

// cluster is three nodes on one database, with an application.
type cluster struct {
	t     *testing.T
	nodes []*servertest.Server
	rp    *servertest.RP
	realm string // id of realm demo
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, nodes: servertest.Nodes(t, 3, behindProxy())}
	c.rp = c.nodes[0].RP("demo")
	c.realm = c.rp.Client.RealmID
	return c
}

// TestOverNodes is what limits and single use promise, on three nodes at once.
func TestOverNodes(t *testing.T) {
	c := newCluster(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, *cluster)
	}{
		{"guesses at once", guessesAtOnce},
		{"wrong codes of an address", wrongCodesOfAddress},
		{"wrong codes of a network", wrongCodesOfNetwork},
		{"mails to an address and from a network", mailLimits},
		{"tabs of one browser", tabs},
		{"the limits are gone", limitsAreGone}, // last: they do not come back
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, c) })
	}
}

// browser opens a browser at the nth node, in the nth network.
func (c *cluster) browser(n int) *servertest.Browser {
	return from(c.nodes[n%len(c.nodes)].Browser(), fmt.Sprintf("10.%d.%d.7", n/250, n%250))
}

// ask begins a sign-in with an address; it gives the waiting page.
func (c *cluster) ask(b *servertest.Browser, address string) *servertest.Page {
	return c.rp.Start(b).FormWith("username").Set("username", address).Submit()
}

// atOnce runs n at the same time, and gives what each came to.
func atOnce[T any](t *testing.T, n int, one func(i int) (T, error)) []T {
	t.Helper()
	start, out := make(chan struct{}), make([]T, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			got, err := one(i)
			if err != nil {
				t.Errorf("the one with the number %d: %v", i, err)
			}
			out[i] = got
		})
	}
	close(start)
	group.Wait()
	return out
}

// guess types codes into the waiting page, all at once, each over another node
// and from another network or all from one (ip), and gives the pages.
func (c *cluster) guess(p *servertest.Page, b *servertest.Browser, codes []string, ip string) []*servertest.Page {
	f := p.FormWith("code")
	return atOnce(c.t, len(codes), func(i int) (*servertest.Page, error) {
		one := b.Copy().Via(c.nodes[i%len(c.nodes)])
		if from(one, ip); ip == "" {
			from(one, fmt.Sprintf("10.200.%d.9", i))
		}
		values := url.Values{"session_code": f.Values["session_code"], "code": {codes[i]}}
		return one.Try(http.MethodPost, f.Action, values)
	})
}

// wrongCodes gives n codes, none of them the right one.
func wrongCodes(right string, n int) []string {
	var out []string
	for i := 0; len(out) < n; i++ {
		if code := fmt.Sprintf("%06d", 100+i); code != right {
			out = append(out, code)
		}
	}
	return out
}

// of a hundred guesses at once over three nodes five are compared, and
// then none: not the right code either. The link lives on.
func guessesAtOnce(t *testing.T, c *cluster) {
	for round := range 3 {
		address := fmt.Sprintf("guess%d@example.test", round)
		b := c.browser(round)
		p := c.ask(b, address)
		mail := c.nodes[0].Mail.Wait(address)
		for _, page := range c.guess(p, b, wrongCodes(mail.Code, 100), "") {
			if page.Status != 200 || strings.Contains(page.URL.String(), "callback") {
				t.Fatalf("a wrong code: %d %s", page.Status, page.URL)
			}
		}
		l := c.login(b, p)
		if l.CodeTries != 5 || !l.Mail.CodeClosed {
			t.Errorf("%d guesses were compared; the code is closed: %v", l.CodeTries, l.Mail.CodeClosed)
		}
		for _, page := range c.guess(p, b, slices.Repeat([]string{mail.Code}, 10), "") {
			if !page.Has("wrong too often") {
				t.Errorf("the right code, too late: %s", page.Text())
			}
		}
		if tokens := c.rp.Finish(b.Get(mail.Link).Form(0).Submit()); tokens.Claims["email"] != address {
			t.Errorf("%v", tokens.Claims)
		}
	}
}

// login reads the login of a waiting page.
func (c *cluster) login(b *servertest.Browser, p *servertest.Page) (l *latchkey.Login) {
	c.nodes[0].View(func(tx *store.Tx) (err error) {
		l, err = tx.LoginByTab(c.realm, secret.Hash(b.Jar.Get("login-demo")), p.URL.Query().Get("tab_id"))
		return err
	})
	return l
}

// ten wrong codes for an address, spread over logins, nodes and
// networks, and the mails that strangers ask for carry the link only; nine,
// and they carry the code. The owner's browser keeps its codes.
func wrongCodesOfAddress(t *testing.T, c *cluster) {
	const address = "owner@example.test"
	owner := c.browser(0)
	c.ask(owner, address)
	c.rp.Finish(owner.Get(c.nodes[0].Mail.Wait(address).Link).Form(0).Submit())
	next := func(b *servertest.Browser) (*servertest.Page, string) {
		for _, n := range c.nodes {
			n.Clock.Advance(4 * time.Minute) // one clock: the limit of mails is another test's
		}
		p := c.ask(b, address)
		return p, c.nodes[0].Mail.Wait(address).Code
	}
	first, second := c.browser(1), c.browser(2)
	p, code := next(first)
	c.guess(p, first, wrongCodes(code, 5), "")
	p, code = next(second)
	c.guess(p, second, wrongCodes(code, 4), "")
	third := c.browser(3)
	if p, code = next(third); code == "" {
		t.Fatal("nine wrong codes, and the mail has none")
	}
	c.guess(p, third, wrongCodes(code, 3), "")
	if _, code = next(c.browser(4)); code != "" {
		t.Error("twelve wrong codes, and a mail that a stranger asked for has one")
	}
	if _, code = next(from(owner.Copy(), "10.9.9.9")); code == "" {
		t.Error("the owner's browser has no code any more (R-014)")
	}
}

// a hundred wrong codes from one network, over twenty logins and three
// nodes: then no code of that network is compared, and elsewhere all goes on.
func wrongCodesOfNetwork(t *testing.T, c *cluster) {
	const network = "192.0.2.7"
	type waiting struct {
		b    *servertest.Browser
		p    *servertest.Page
		code string
	}
	list := atOnce(t, 23, func(i int) (w waiting, err error) {
		w.b = c.browser(i)
		address := fmt.Sprintf("many%d@example.test", i)
		w.p = c.ask(w.b, address)
		return w, nil
	})
	for i := range list {
		list[i].code = c.nodes[0].Mail.Wait(fmt.Sprintf("many%d@example.test", i)).Code
	}
	wrong := 0
	guess := func(n int) { // n wrong codes at once, of as many logins as it takes
		atOnce(t, n, func(i int) (*servertest.Page, error) {
			w := list[(wrong+i)/5]
			one := from(w.b.Copy().Via(c.nodes[i%3]), network)
			f := w.p.FormWith("code")
			return one.Try(http.MethodPost, f.Action, url.Values{"session_code": f.Values["session_code"], "code": wrongCodes(w.code, 5)[(wrong+i)%5 : (wrong+i)%5+1]})
		})
		wrong += n
		c.nodes[0].Clock.Advance(6 * time.Second) // so many tries a second are refused anyway
	}
	passes := func(w waiting, ip string) bool {
		f := w.p.FormWith("code").Set("code", w.code)
		p, err := from(w.b.Copy(), ip).Try(http.MethodPost, f.Action, f.Values)
		if err != nil {
			t.Fatal(err)
		}
		return strings.HasPrefix(p.URL.String(), c.rp.OAuth.RedirectURL)
	}
	guess(45)
	guess(45)
	guess(9)
	if !passes(list[20], network) {
		t.Fatal("after 99 wrong codes the right one of another login does not pass")
	}
	guess(1)
	if passes(list[21], network) {
		t.Error("after 100 wrong codes the right one of another login passes")
	}
	if !passes(list[22], "192.0.3.7") {
		t.Error("another network is held up too")
	}
}

// whichever node is asked, and in however many spellings, an
// address is mailed to five times an hour, and the others see the same page.
func mailLimits(t *testing.T, c *cluster) {
	ask := func(n, offset int, address func(i int) string, ip string) map[string]int {
		titles := map[string]int{}
		for _, p := range atOnce(t, n, func(i int) (*servertest.Page, error) {
			b := c.browser(i + offset)
			if ip != "" {
				from(b, ip)
			}
			return c.ask(b, address(i)), nil
		}) {
			titles[fmt.Sprint(p.Status, " ", p.Title())]++
		}
		c.nodes[0].Settle("demo")
		return titles
	}
	spelled := func(i int) string {
		return []string{"spel.l@example.test", "spell@example.test", "s.pell+news@example.test", "SPELL+x@Example.Test"}[i%4]
	}
	mails := func(to string) int {
		n := 0
		for _, m := range c.nodes[0].Mail.All() {
			if strings.HasPrefix(strings.ToLower(m.To), to) {
				n++
			}
		}
		return n
	}
	// Twelve at first, and few later: refused ones count for the day's limit.
	if got := ask(12, 0, spelled, ""); len(got) != 1 {
		t.Errorf("pages differ: %v", got)
	}
	if n := mails("s"); n != 5 {
		t.Errorf("%d mails in the first moment, want 5", n)
	}
	c.nodes[0].Clock.Advance(12*time.Minute - time.Second)
	ask(4, 100, spelled, "")
	if n := mails("s"); n != 5 {
		t.Errorf("%d mails before twelve minutes are over, want 5", n)
	}
	c.nodes[0].Clock.Advance(time.Second)
	ask(4, 200, spelled, "")
	if n := mails("s"); n != 6 {
		t.Errorf("%d mails after twelve minutes, want 6", n)
	}
	// One network: a hundred at once, to whomever.
	if got := ask(130, 300, func(i int) string { return fmt.Sprintf("network%d@example.test", i) }, "198.51.100.7"); len(got) != 1 {
		t.Errorf("pages differ: %v", got)
	}
	if n := mails("network"); n != 100 {
		t.Errorf("%d mails from one network, want 100", n)
	}
}

// without the limits' table nothing is mailed to anybody, and a link
// that is out already signs in.
func limitsAreGone(t *testing.T, c *cluster) {
	b := c.browser(0)
	c.ask(b, "early@example.test")
	mail := c.nodes[0].Mail.Wait("early@example.test")
	conn, err := pgx.Connect(t.Context(), c.nodes[0].Database())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "ALTER TABLE rate_limit RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if p := c.ask(c.browser(i+1), "late@example.test"); p.Status < 500 || p.Has("Check your email") {
			t.Errorf("%d %s", p.Status, p.Text())
		}
	}
	c.nodes[0].Settle("demo")
	if n := c.nodes[0].Mail.Count("late@example.test"); n != 0 {
		t.Errorf("%d mails without limits", n)
	}
	if tokens := c.rp.Finish(b.Get(mail.Link).Form(0).Submit()); tokens.Claims["email"] != "early@example.test" {
		t.Errorf("%v", tokens.Claims)
	}
}

// the tab that asked waits at one node, the link is opened at another:
// the tab is told, says so wherever it asks next, and the application is
// answered once.
func tabs(t *testing.T, c *cluster) {
	b, before := c.browser(0), len(c.rp.Calls())
	p := c.ask(b, "tabs@example.test")
	mail := c.nodes[0].Mail.Wait("tabs@example.test")
	polled := make(chan string, 1)
	waits := b.Copy().Via(c.nodes[1])
	go func() {
		answer, err := waits.Try(http.MethodGet, pollURL(p), nil)
		if err != nil {
			polled <- err.Error()
			return
		}
		polled <- answer.Body
	}()
	tab := b.Copy().Via(c.nodes[2])
	if c.rp.Finish(tab.Get(mail.Link).Form(0).Submit()).Claims["email"] != "tabs@example.test" {
		t.Error("somebody else is signed in")
	}
	select {
	case <-polled:
	case <-time.After(20 * time.Second):
		t.Fatal("the tab that asked was not told")
	}
	b.Jar = tab.Jar // one browser has one jar
	for _, n := range c.nodes {
		if again := b.Via(n).Get(p.URL.String()); !again.Has("went on elsewhere") {
			t.Errorf("%d %s", again.Status, again.Text())
		}
	}
	if n := len(c.rp.Calls()) - before; n != 1 {
		t.Errorf("the application was answered %d times", n)
	}
}

var polls = regexp.MustCompile(`data-poll="([^"]+)"`)

// pollURL is what a waiting page asks.
func pollURL(p *servertest.Page) string {
	found := polls.FindStringSubmatch(p.Body)
	if found == nil {
		return ""
	}
	u, err := p.URL.Parse(html.UnescapeString(found[1]))
	if err != nil {
		return ""
	}
	return u.String()
}
