package ratelimit_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const realmID = "realm"

// nodes opens the database of the test on three nodes, with one clock.
func nodes(t *testing.T, f func(t *testing.T, nodes []*store.DB, clock *storetest.Clock)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) (*store.DB, string){"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			db, url := open(t)
			clock := storetest.ClockOf(db)
			all := []*store.DB{db}
			if name == "postgres" { // a SQLite file has one node
				all = append(all, storetest.Open(t, url, clock), storetest.Open(t, url, clock))
			}
			update(t, db, func(tx *store.Tx) error {
				return tx.CreateRealm(&latchkey.Realm{ID: realmID, Name: "acme", Enabled: true})
			})
			f(t, all, clock)
		})
	}
}

func update(t testing.TB, db *store.DB, f func(*store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func TestKeys(t *testing.T) {
	k := storetest.Keyring()
	same := func(a, b string) bool {
		return bytes.Equal(ratelimit.AddressKey(k, realmID, a), ratelimit.AddressKey(k, realmID, b))
	}
	folded := func(a, b string) bool {
		return bytes.Equal(ratelimit.FoldedKey(k, realmID, a), ratelimit.FoldedKey(k, realmID, b))
	}
	// one key for what is one account, one folded key for what may be
	// one mailbox.
	if !same("Ada@Example.test", "ada@example.TEST") || same("a.da@example.test", "ada@example.test") || same("ada+x@example.test", "ada@example.test") {
		t.Error("AddressKey does not go by the canonical address")
	}
	if !folded("a.da+x@example.test", "ada@example.test") || folded("bob@example.test", "ada@example.test") {
		t.Error("FoldedKey does not fold dots and plus parts")
	}
	key := ratelimit.AddressKey(k, realmID, "ada@example.test")
	if bytes.Equal(key, ratelimit.AddressKey(k, "other", "ada@example.test")) || bytes.Contains(key, []byte("ada")) || len(key) != 32 {
		t.Error("a key is of one realm and hides the address")
	}
	if bytes.Equal(key, ratelimit.FoldedKey(k, realmID, "ada@example.test")) || bytes.Equal(key, ratelimit.LinkOnlyKey(k, realmID, "ada@example.test")) {
		t.Error("keys of different purposes are the same")
	}
	if !ratelimit.Knows(k, realmID, "ADA@example.test", [][]byte{[]byte("x"), key}) || ratelimit.Knows(k, realmID, "bob@example.test", [][]byte{key}) {
		t.Error("Knows")
	}
}

// R-053: /32 and /24, /64 and /48; an IPv4 address is the same however it is
// written.
func TestNetwork(t *testing.T) {
	for ip, want := range map[string][2]string{
		"192.0.2.77":                 {"192.0.2.77/32", "192.0.2.0/24"},
		"::ffff:192.0.2.77":          {"192.0.2.77/32", "192.0.2.0/24"},
		"::ffff:c000:24d":            {"192.0.2.77/32", "192.0.2.0/24"},
		"2001:db8:1:2:3:4:5:6":       {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"2001:0DB8:1:2:ffff::1":      {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::1%eth0":               {"fe80::/64", "fe80::/48"},
		"":                           {"unknown", "unknown"},
		"192.0.2.77, 10.0.0.1":       {"unknown", "unknown"},
		"192.0.2.077":                {"unknown", "unknown"},
		"[2001:db8::1]":              {"unknown", "unknown"},
		"0xc000024d":                 {"unknown", "unknown"},
		"192.0.2.77\x00":             {"unknown", "unknown"},
		"::ffff:0:192.0.2.77.1":      {"unknown", "unknown"},
		"1:2:3:4:5:6:7:8:9":          {"unknown", "unknown"},
		"2001:db8:1:2:3:4:5:6%zone1": {"2001:db8:1:2::/64", "2001:db8:1::/48"},
	} {
		narrow, wide := ratelimit.Network(ip)
		if narrow != want[0] || wide != want[1] {
			t.Errorf("Network(%q) = %s, %s, want %v", ip, narrow, wide, want)
		}
	}
}

func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1%a", "x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ip string) {
		narrow, wide := ratelimit.Network(ip)
		if narrow == "unknown" {
			return
		}
		n, err := netip.ParsePrefix(narrow)
		if err != nil {
			t.Fatalf("narrow %q of %q: %v", narrow, ip, err)
		}
		w, err := netip.ParsePrefix(wide)
		if err != nil || !w.Overlaps(n) || w.Bits() >= n.Bits() {
			t.Fatalf("wide %q does not hold narrow %q of %q: %v", wide, narrow, ip, err)
		}
	})
}

// Take takes from every bucket, so that a refusal costs what a pass costs
// and names the first that refused.
func TestTake(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, clock *storetest.Clock) {
		one := ratelimit.Limit{Name: "one", Key: []byte("k"), Interval: time.Minute, Burst: 1}
		three := ratelimit.Limit{Name: "three", Key: []byte("k"), Interval: 10 * time.Second, Burst: 3}
		take := func(limits ...ratelimit.Limit) (hit string, retry time.Duration) {
			update(t, all[0], func(tx *store.Tx) (err error) {
				hit, retry, err = ratelimit.Take(tx, realmID, limits...)
				return err
			})
			return hit, retry
		}
		for i, want := range []string{"", "one", "one", "one"} {
			if hit, _ := take(one, three); hit != want {
				t.Fatalf("take %d: hit %q, want %q", i, hit, want)
			}
		}
		// The third bucket was taken from behind the refused one; the time is
		// the longest.
		if hit, retry := take(three, one); hit != "three" || retry != time.Minute {
			t.Errorf("hit %q after %v, want three after a minute", hit, retry)
		}
		clock.Advance(time.Minute)
		if hit, retry := take(one, three); hit != "" || retry != 0 {
			t.Errorf("a minute later: hit %q, %v", hit, retry)
		}
	})
}

// mails asks for n mails and says how many the limits let through.
func mails(t *testing.T, all []*store.DB, n int, login func(i int) *latchkey.Login, address func(i int) string, known bool) (through int, hits map[string]int) {
	t.Helper()
	hits = map[string]int{}
	for i := range n {
		update(t, all[i%len(all)], func(tx *store.Tx) error {
			l := login(i)
			b := l.From
			b.Known = known
			hit, _, err := ratelimit.Take(tx, realmID, ratelimit.Mail(tx.Keyring(), l, address(i), b)...)
			if hit == "" {
				through++
			}
			hits[hit]++
			return err
		})
	}
	return through, hits
}

func login(browser, ip string) *latchkey.Login {
	return &latchkey.Login{RealmID: realmID, ID: "login-" + browser, ClientID: "client", BrowserHash: []byte(browser), From: latchkey.Browser{IP: ip}}
}

// one address, however it is written and whoever asks, gets five
// mails an hour and twenty a day over all nodes; the owner's known browser has
// a bucket of its own.
func TestMailRecipient(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, clock *storetest.Clock) {
		stranger := func(i int) *latchkey.Login {
			return login(fmt.Sprint("b", i), fmt.Sprintf("198.51.%d.%d", i, i))
		}
		victim := func(i int) string {
			return []string{"ada@example.test", "a.da@example.test", "ada+1@example.test", "ADA@Example.test"}[i%4]
		}
		if n, hits := mails(t, all, 40, stranger, victim, false); n != 5 || hits["mail.recipient.hour"] != 35 {
			t.Fatalf("%d mails at once, %v, want 5", n, hits)
		}
		owner := func(int) *latchkey.Login { return login("owner", "203.0.113.9") }
		if n, hits := mails(t, all, 3, owner, func(int) string { return "ada@example.test" }, true); n != 3 {
			t.Errorf("the owner's known browser got %d mails, %v, want 3", n, hits)
		}
		if n, _ := mails(t, all, 1, stranger, func(int) string { return "bob@example.test" }, false); n != 1 {
			t.Error("another address has another bucket")
		}
		total := 5
		for range 48 { // two days, each half hour as many as there may be
			clock.Advance(30 * time.Minute)
			n, _ := mails(t, all, 5, stranger, victim, false)
			total += n
		}
		// Twenty at once and twenty a day over two days minus what had passed:
		// no more than burst plus rate.
		if most := 20 + 20; total > most {
			t.Errorf("%d mails in a day, want at most %d", total, most)
		}
	})
}

// a browser that asks for many addresses, and a network.
func TestMailOrigin(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, _ *storetest.Clock) {
		address := func(i int) string { return fmt.Sprintf("user%d@example.test", i) }
		one := func(int) *latchkey.Login { return login("one", "192.0.2.1") }
		if n, hits := mails(t, all, 30, one, address, false); n != 10 || hits["mail.browser"] != 20 {
			t.Errorf("one browser: %d mails, %v, want 10", n, hits)
		}
		many := func(i int) *latchkey.Login { return login(fmt.Sprint("m", i), "192.0.2.2") }
		if n, hits := mails(t, all, 120, many, address, false); n != 100 || hits["mail.network.narrow"] != 20 {
			t.Errorf("one network: %d mails, %v, want 100", n, hits)
		}
	})
}

// "It was not me" slows the browser that asked, and its network a
// little.
func TestSlow(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, clock *storetest.Clock) {
		attacker := login("attacker", "192.0.2.3")
		address := func(i int) string { return fmt.Sprintf("user%d@example.test", i) }
		mails(t, all, 1, func(int) *latchkey.Login { return attacker }, address, false)
		update(t, all[0], func(tx *store.Tx) error { return ratelimit.Slow(tx, attacker) })
		if n, _ := mails(t, all, 5, func(int) *latchkey.Login { return attacker }, address, false); n != 1 {
			t.Errorf("the browser got %d mails, want one more", n)
		}
		neighbour := func(i int) *latchkey.Login { return login(fmt.Sprint("n", i), "192.0.2.3") }
		if n, _ := mails(t, all, 50, neighbour, address, false); n != 50 {
			t.Errorf("its network got %d of 50 mails", n)
		}
		clock.Advance(2 * time.Minute)
		if n, _ := mails(t, all, 5, func(int) *latchkey.Login { return attacker }, address, false); n != 1 {
			t.Errorf("two minutes later the browser got %d mails, want 1", n)
		}
	})
}

// guess is one wrong code, and says whether it was compared.
func guess(t testing.TB, db *store.DB, c ratelimit.Codes) (compared bool) {
	t.Helper()
	update(t, db, func(tx *store.Tx) (err error) {
		if compared, err = c.Allowed(tx, realmID); err != nil {
			return err
		}
		return c.Wrong(tx, realmID)
	})
	return compared
}

// ten wrong codes for an address in a day, over all nodes and networks;
// then codes are off in browsers that it does not know, for a day, and mails
// that such browsers ask for carry none. The owner's browser goes on.
func TestWrongCodesOfAddress(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, clock *storetest.Clock) {
		stranger := func(i int) ratelimit.Codes {
			return ratelimit.Codes{Address: "ada@example.test", IP: fmt.Sprintf("198.51.100.%d", i)}
		}
		linkOnly := func(address string) (yes bool) {
			update(t, all[0], func(tx *store.Tx) (err error) {
				yes, err = ratelimit.LinkOnly(tx, realmID, address)
				return err
			})
			return yes
		}
		compared := 0
		for i := range 50 {
			if i == 9 && linkOnly("ada@example.test") {
				t.Error("link only after nine wrong codes")
			}
			if guess(t, all[i%len(all)], stranger(i)) {
				compared++
			}
		}
		if compared != 10 || !linkOnly("Ada@example.test") || linkOnly("bob@example.test") {
			t.Errorf("%d codes were compared, want 10; link only: %v", compared, linkOnly("ada@example.test"))
		}
		owner := ratelimit.Codes{Address: "ada@example.test", Known: true, IP: "203.0.113.9"}
		if !guess(t, all[0], owner) {
			t.Error("the owner's known browser is locked out")
		}
		clock.Advance(24*time.Hour - time.Second)
		if guess(t, all[0], stranger(60)) {
			t.Error("compared before the day was over")
		}
		clock.Advance(25 * time.Hour)
		if !guess(t, all[0], stranger(61)) {
			t.Error("not compared after the day")
		}
	})
}

// a hundred wrong codes an hour from a network, whatever they are for.
func TestWrongCodesOfNetwork(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, clock *storetest.Clock) {
		compared := 0
		for i := range 160 {
			clock.Advance(200 * time.Millisecond) // slower than the limit on tries
			if guess(t, all[i%len(all)], ratelimit.Codes{Address: fmt.Sprintf("user%d@example.test", i), IP: "192.0.2.7"}) {
				compared++
			}
		}
		if compared != 100 {
			t.Errorf("%d codes were compared, want 100", compared)
		}
		for range 720 { // an hour more, one every five seconds
			clock.Advance(5 * time.Second)
			if guess(t, all[0], ratelimit.Codes{Address: "x@example.test", Known: true, IP: "192.0.2.7"}) {
				compared++
			}
		}
		if compared > 100+105 {
			t.Errorf("%d codes were compared in an hour more", compared-100)
		}
		if !guess(t, all[0], ratelimit.Codes{Address: "y@example.test", IP: "192.0.2.8"}) {
			t.Error("another network has another bucket")
		}
	})
}

// the limit is not overrun by guessing in parallel.
func TestWrongCodesInParallel(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, _ *storetest.Clock) {
		var compared atomic.Int64
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				if guess(t, all[i%len(all)], ratelimit.Codes{Address: "ada@example.test", IP: "192.0.2.7"}) {
					compared.Add(1)
				}
			})
		}
		wg.Wait()
		if n := compared.Load(); n != 10 {
			t.Errorf("%d codes were compared, want 10", n)
		}
	})
}

func TestPasswordLimits(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, clock *storetest.Clock) {
		try := func(subject, ip string, known bool) (hit string) {
			update(t, all[0], func(tx *store.Tx) (err error) {
				hit, _, err = ratelimit.Take(tx, realmID, ratelimit.Password(tx.Keyring(), realmID, subject, ip, known)...)
				return err
			})
			return hit
		}
		for i := range 10 {
			if hit := try("user:1", fmt.Sprintf("198.51.100.%d", i), false); hit != "" {
				t.Fatalf("try %d: %s", i, hit)
			}
		}
		if hit := try("user:1", "198.51.100.99", false); hit != "password.name" {
			t.Errorf("the eleventh: %q", hit)
		}
		if hit := try("user:1", "198.51.100.99", true); hit != "" {
			t.Errorf("R-014: the known browser is refused: %s", hit)
		}
		clock.Advance(30 * time.Second)
		if hit := try("user:1", "198.51.100.99", false); hit != "" {
			t.Errorf("half a minute later: %q", hit)
		}
	})
}

// What is given back was never taken; to look takes nothing.
func TestGive(t *testing.T) {
	nodes(t, func(t *testing.T, all []*store.DB, clock *storetest.Clock) {
		limits := func(tx *store.Tx) []ratelimit.Limit {
			return ratelimit.Password(tx.Keyring(), realmID, "ada", "198.51.100.1", false)
		}
		ask := func(f func(*store.Tx, string, ...ratelimit.Limit) (string, time.Duration, error)) (hit string, retry time.Duration) {
			update(t, all[0], func(tx *store.Tx) (err error) {
				hit, retry, err = f(tx, realmID, limits(tx)...)
				return err
			})
			return hit, retry
		}
		for range 30 {
			update(t, all[0], func(tx *store.Tx) error {
				if hit, _, err := ratelimit.Take(tx, realmID, limits(tx)...); hit != "" || err != nil {
					t.Fatal(hit, err)
				}
				return ratelimit.Give(tx, realmID, limits(tx)...)
			})
		}
		for i := range 10 {
			if hit, _ := ask(ratelimit.Room); hit != "" {
				t.Fatalf("no room for the %d. wrong one: %s", i+1, hit)
			}
			if hit, _ := ask(ratelimit.Take); hit != "" {
				t.Fatalf("the %d. wrong one: %s", i+1, hit)
			}
		}
		for range 3 {
			if hit, retry := ask(ratelimit.Room); hit != "password.name" || retry != 30*time.Second {
				t.Errorf("room: %q, %v", hit, retry)
			}
		}
		clock.Advance(30 * time.Second)
		if hit, _ := ask(ratelimit.Room); hit != "" {
			t.Errorf("half a minute later: %q", hit)
		}
	})
}

// what a limit refuses may be told, since it goes by what was typed and
// never by whose it is; spellings of one name are one.
func TestPasswordLimitsGoByTheName(t *testing.T) {
	k := storetest.Keyring()
	key := func(name string) string {
		return string(ratelimit.Password(k, realmID, name, "192.0.2.1", false)[0].Key)
	}
	for _, same := range [][2]string{{"ada", "ADA"}, {"Ada@Example.test", "ada@example.TEST"}, {"ada@b\u00fccher.test", "ada@xn--bcher-kva.test"}, {"\u00c9lan", "\u00e9lan"}} {
		if key(same[0]) != key(same[1]) {
			t.Errorf("%q and %q have a bucket each", same[0], same[1])
		}
	}
	if key("ada") == key("bob") {
		t.Error("two names share a bucket")
	}
}

// The guard refuses a flood from one network and not its neighbours, and
// remembers a bounded number of networks.
func TestGuard(t *testing.T) {
	g := ratelimit.NewGuard()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	passed := 0
	for range 3000 {
		if g.Allow("192.0.2.1", now) {
			passed++
		}
	}
	if passed != 1000 {
		t.Errorf("%d of a flood passed, want 1000", passed)
	}
	if !g.Allow("192.0.2.2", now) {
		t.Error("a neighbour is refused")
	}
	if !g.Allow("192.0.2.1", now.Add(time.Second)) {
		t.Error("a second later still refused")
	}
	for i := range 20000 {
		g.Allow(fmt.Sprintf("2001:db8:%x:%x::1", i/256, i%256), now)
	}
	if n := ratelimit.Remembered(g); n > 8192 {
		t.Errorf("remembers %d networks", n)
	}
}

// Whatever comes, a bucket never lets through more than its burst and its rate.
func TestTakeProperty(t *testing.T) {
	db, _ := storetest.SQLite(t)
	clock := storetest.ClockOf(db)
	update(t, db, func(tx *store.Tx) error {
		return tx.CreateRealm(&latchkey.Realm{ID: realmID, Name: "acme", Enabled: true})
	})
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		limit := ratelimit.Limit{
			Name: "property", Key: []byte(fmt.Sprint(n)), Interval: time.Duration(rapid.IntRange(1, 100).Draw(rt, "interval")) * time.Second,
			Burst: rapid.IntRange(1, 10).Draw(rt, "burst"),
		}
		start, through := clock.Now(), 0
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 120), 1, 40).Draw(rt, "gaps") {
			clock.Advance(time.Duration(gap) * time.Second)
			update(t, db, func(tx *store.Tx) error {
				hit, retry, err := ratelimit.Take(tx, realmID, limit)
				if hit == "" {
					through++
				} else if retry <= 0 || retry > limit.Interval {
					rt.Fatalf("refused for %v", retry)
				}
				return err
			})
		}
		most := limit.Burst + int(clock.Now().Sub(start)/limit.Interval)
		if through > most {
			rt.Fatalf("%d passed, want at most %d", through, most)
		}
	})
}
