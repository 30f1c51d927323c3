package servertest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// varying is what differs between any two sign-ins: ids, secrets, numbers.
var varying = regexp.MustCompile(`tab_id=[\w-]+|value="[\w-]{22}"|>\d{3}<|[\w-]{43}|step=\d+`)

// TestSameForEverybody: the answer to an address is the same to the byte,
// whatever is true of it, and so is the work: the same
// rows are written.
func TestSameForEverybody(t *testing.T) {
	for name, on := range map[string]func(*testing.T) []servertest.Option{
		"sqlite":   func(*testing.T) []servertest.Option { return nil },
		"postgres": func(t *testing.T) []servertest.Option { return []servertest.Option{servertest.OnPostgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, on(t)...)
			rp := s.RP("demo")
			realmID := rp.Client.RealmID
			s.AddUser("demo", "known@example.test", "", func(u *latchkey.User) { u.EmailVerified = true })
			s.AddUser("demo", "unprv@example.test", "a password that nobody proved", nil)
			s.AddUser("demo", "disab@example.test", "", func(u *latchkey.User) { u.Enabled = false })
			s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
				return configure(tx, snap, "latchkey-denied-domains", "deniedx.test")
			})
			s.Update(func(tx *store.Tx) error {
				return tx.MarkAddress(realmID, ratelimit.AddressKey(tx.Keyring(), realmID, "supps@example.test"), "550 no such user", tx.Now().AddDate(0, 0, 1))
			})
			for range 6 { // one more than an hour allows
				rp.Start(s.Browser()).FormWith("username").Set("username", "thrtl@example.test").Submit()
			}
			s.Settle("demo")
			want := ""
			for _, address := range []string{"known@example.test", "nobdy@example.test", "unprv@example.test", "disab@example.test",
				"thrtl@example.test", "supps@example.test", "someb@deniedx.test"} {
				got := typed(t, s, rp, address)
				if want == "" {
					want = got
				} else if got != want {
					t.Errorf("%s is answered differently:\n%s\n--- instead of\n%s", address, got, want)
				}
			}
		})
	}
}

// typed signs in with an address as far as the waiting page, and gives what
// could tell one address from another: every answer on the way with all its
// headers, and how many rows there are then.
func typed(t *testing.T, s *servertest.Server, rp *servertest.RP, address string) string {
	t.Helper()
	before := rows(s, rp.Client.RealmID)
	p := rp.Start(s.Browser()).FormWith("username").Set("username", address).Submit()
	text := varying.ReplaceAllString(strings.ReplaceAll(written(p), address, "ADDRESS"), "#")
	after := rows(s, rp.Client.RealmID)
	for i := range after {
		after[i] -= before[i]
	}
	return fmt.Sprintf("%s\nrows: %d", text, after)
}

// rows counts mails, and events that the request itself wrote: what a worker
// adds to a mail comes later and tells the browser nothing.
func rows(s *servertest.Server, realmID string) [2]int {
	var n [2]int
	s.View(func(tx *store.Tx) error {
		messages, err := tx.Messages(realmID, store.MessageFilter{Max: 1000})
		if err != nil {
			return err
		}
		events, err := tx.Events(realmID, store.EventFilter{Max: 1000})
		n[0] = len(messages)
		queued := map[string]bool{}
		for _, e := range events {
			if e.Type == latchkey.EventMailQueued {
				queued[e.Details["mail"]] = true
			}
		}
		for _, e := range events {
			if e.Type == latchkey.EventMailQueued || e.Type == latchkey.EventLimitHit || (e.Type == latchkey.EventMailWithheld && !queued[e.Details["mail"]]) {
				n[1]++
			}
		}
		return err
	})
	return n
}
