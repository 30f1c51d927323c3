package servertest_test

import (
	"net/http"
	"sort"
	"strings"
	"sync"
	"testing"

	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// TestEntriesAreTheSame: a registration and a forgotten password answer every
// address with the same bytes, and write the same rows: nobody learns who has
// an account.
func TestEntriesAreTheSame(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo")
	realmID := rp.Client.RealmID
	s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.RegistrationAllowed, r.RegistrationEmailAsUsername, r.ResetPasswordAllowed, r.LoginWithEmailAllowed = true, true, true, true
		return tx.UpdateRealm(&r)
	})
	s.AddUser("demo", "known@example.test", "the old password", func(u *latchkey.User) { u.EmailVerified = true })
	s.AddUser("demo", "unprv@example.test", "a password that nobody proved", nil)
	s.AddUser("demo", "disab@example.test", "", func(u *latchkey.User) { u.Enabled = false })
	s.Update(func(tx *store.Tx) error {
		return tx.MarkAddress(realmID, ratelimit.AddressKey(tx.Keyring(), realmID, "supps@example.test"), "550 no such user", tx.Now().AddDate(0, 0, 1))
	})
	for range 6 { // one more than an hour allows
		rp.Start(s.Browser()).FormWith("username").Set("username", "thrtl@example.test").Submit()
	}
	s.Settle("demo")
	for name, entry := range map[string]struct {
		path string
		fill func(f *servertest.Form, address string)
	}{
		"registration": {"registrations", func(f *servertest.Form, address string) {
			f.Set("email", address).Set("password", "correct horse battery").Set("password-confirm", "correct horse battery")
		}},
		"forgotten password": {"forgot-credentials", func(f *servertest.Form, address string) { f.Set("username", address) }},
	} {
		t.Run(name, func(t *testing.T) {
			want := ""
			for _, address := range []string{"known@example.test", "nobdy@example.test", "unprv@example.test", "disab@example.test",
				"thrtl@example.test", "supps@example.test"} {
				before := rows(s, realmID)
				b := s.Browser()
				p := b.Get(strings.Replace(rp.URL(), "/auth?", "/"+entry.path+"?", 1))
				f := p.Form(0)
				entry.fill(f, address)
				p = f.Submit()
				if p.Status != http.StatusOK || !p.Has("Check your email") {
					t.Fatalf("%s: %d %s", address, p.Status, p.Text())
				}
				got := varying.ReplaceAllString(strings.ReplaceAll(written(p), address, "ADDRESS"), "#")
				after := rows(s, realmID)
				if mails, events := after[0]-before[0], after[1]-before[1]; mails != 1 || events != 1 {
					t.Errorf("%s: %d mails, %d events", address, mails, events)
				}
				if want == "" {
					want = got
				} else if got != want {
					t.Errorf("%s is answered differently:\n%s\n--- instead of\n%s", address, got, want)
				}
			}
		})
	}
}

// written is all that a browser gets on the way to a page.
func written(p *servertest.Page) string {
	var b strings.Builder
	for _, hop := range p.Hops {
		b.WriteString(hop.Method + " " + http.StatusText(hop.Status) + "\n")
		var lines []string
		for k, v := range hop.Header {
			if k != "Date" && k != "X-Request-Id" {
				lines = append(lines, k+": "+strings.Join(v, "; "))
			}
		}
		sort.Strings(lines)
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return b.String() + p.Body
}

// However many open the link of one registration at once, and however many
// registered the address, there is one account.
func TestOneRegistrationOneAccount(t *testing.T) {
	for name, opts := range map[string]func(*testing.T) []servertest.Option{
		"sqlite":   func(*testing.T) []servertest.Option { return nil },
		"postgres": func(t *testing.T) []servertest.Option { return []servertest.Option{servertest.OnPostgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, opts(t)...)
			rp := s.RP("demo")
			s.Update(func(tx *store.Tx) error {
				r, err := tx.Realm(rp.Client.RealmID)
				if err != nil {
					return err
				}
				r.RegistrationAllowed, r.RegistrationEmailAsUsername = true, true
				return tx.UpdateRealm(r)
			})
			s.Realms().Invalidate(rp.Client.RealmID)
			const registrations = 3
			type press struct {
				b *servertest.Browser
				f *servertest.Form
			}
			var ready []press
			for range registrations {
				b := s.Browser()
				b.Get(strings.Replace(rp.URL(), "/auth?", "/registrations?", 1)).Form(0).Set("email", "ada@example.test").
					Set("password", "correct horse battery").Set("password-confirm", "correct horse battery").Submit()
				link := s.Mail.Wait("ada@example.test").Link
				for range 15 {
					c := b.Copy()
					ready = append(ready, press{c, c.Get(link).Form(0)})
				}
			}
			var mu sync.Mutex
			var all sync.WaitGroup
			signedIn := 0
			for _, r := range ready {
				all.Go(func() {
					p, err := r.b.Try(r.f.Method, r.f.Action, r.f.Values)
					if err != nil {
						t.Error(err)
						return
					}
					if strings.HasPrefix(p.URL.String(), rp.OAuth.RedirectURL) {
						mu.Lock()
						signedIn++
						mu.Unlock()
					}
				})
			}
			all.Wait()
			if signedIn == 0 || signedIn > registrations {
				t.Errorf("%d of %d logins answered the application", signedIn, registrations)
			}
			var accounts []*latchkey.User
			s.View(func(tx *store.Tx) (err error) {
				accounts, err = tx.Users(rp.Client.RealmID, store.UserFilter{Search: "ada@example.test"})
				return err
			})
			if len(accounts) != 1 || !accounts[0].EmailVerified {
				t.Errorf("accounts %v", accounts)
			}
		})
	}
}
