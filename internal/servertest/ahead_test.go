package servertest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/internal/servertest"
	"latchkey/internal/store/storetest"
)

// TestSpeculativeLoads: a browser that looks ahead has the cookies of the one
// that asked, and nobody has clicked.
func TestSpeculativeLoads(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	b := s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	link := s.Mail.Wait("ada@example.test").Link
	clean := b.Get(link).URL.String()
	if p := b.Get(clean); !strings.Contains(p.Body, "submit.js") {
		t.Fatal("the page of the browser that asked has its module")
	}
	for _, header := range []string{"Sec-Purpose: prefetch", "Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "X-Moz: prefetch"} {
		if p := b.Do(http.MethodGet, clean, nil, header); strings.Contains(p.Body, "<script") || b.Jar.Get("session-demo") != "" {
			t.Errorf("%s gets a page that submits itself", header)
		}
	}
	// In a fresh browser such a load is no opening either.
	rp.Start(b).FormWith("username").Set("username", "bob@example.test").Submit()
	link = s.Mail.Wait("bob@example.test").Link
	before := strings.Count(strings.Join(s.EventTypes("demo"), " "), "LINK_OPENED")
	b.Follow = false
	at := b.Get(link).Header.Get("Location")
	b.Do(http.MethodGet, at, nil, "Sec-Purpose: prefetch")
	if now := strings.Count(strings.Join(s.EventTypes("demo"), " "), "LINK_OPENED"); now != before {
		t.Error("a prefetch counts as an opening")
	}
}

// TestNodesWithClocksThatDiffer: a link of a node that is 55 s ahead, or
// behind, works at once on the other, and no longer than a minute beyond its
// time.
func TestNodesWithClocksThatDiffer(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"the node that mails is ahead": 55 * time.Second, "behind": -55 * time.Second} {
		t.Run(name, func(t *testing.T) {
			other := storetest.NewClock()
			nodes := servertest.Nodes(t, 1)
			mails := nodes[0]
			redeems := mails.Again(servertest.WithClock(other), servertest.NoDev(mails))
			mails.Clock.Advance(ahead + 5*time.Minute)
			other.Advance(5 * time.Minute)
			rp := mails.RP("demo")
			signIn := func(later time.Duration) *servertest.Page {
				b := mails.Browser()
				address := strings.ReplaceAll(later.String(), ".", "") + "@example.test"
				rp.Start(b).FormWith("username").Set("username", address).Submit()
				link := mails.Mail.Wait(address).Link
				mails.Clock.Advance(later)
				other.Advance(later)
				return b.Via(redeems).Get(link)
			}
			if p := signIn(0); !strings.Contains(p.Title(), "Signing you in") {
				t.Errorf("at once: %q", p.Title())
			}
			if p := signIn(11*time.Minute + time.Second); strings.Contains(p.Title(), "Signing you in") {
				t.Errorf("a minute beyond its time: %q", p.Title())
			}
		})
	}
}
