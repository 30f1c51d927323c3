package outbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// from the promise to the relay: what stands in the mail, in
// the row, in the attempts and in the events.
func TestHandOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, nil)
		h := newHouse(t, db, s.relay())
		m := h.queue("ADA@example.test", nil)
		h.round(h.worker)
		mails := s.got()
		if len(mails) != 1 || mails[0].to != "TO:<Ada@example.test>" || mails[0].from != "FROM:<login@acme.example> BODY=8BITMIME" {
			t.Fatalf("%+v", mails)
		}
		want := "kind magic-link to Ada@example.test in \"de\"\nlink https://id.acme.example/auth/realms/acme/login-actions/action-token?key=" + m.TokenID + ".s3cret\ncode 000036"
		if got := bodyOf(t, mails[0]); got != want {
			t.Errorf("the mail says\n%s\nwant\n%s", got, want)
		}
		r := h.status(m)
		if r.Message.State != latchkey.MessageHandedOver || !r.Message.HandedOverAt.Equal(h.clock.Now()) || r.Message.Recipient != "Ada@example.test" ||
			r.Message.UserID != h.ada.ID || r.Message.Attempts != 1 || r.Message.MessageID != m.ID+"@acme.example" {
			t.Errorf("%+v", r.Message)
		}
		if len(r.Attempts) != 1 || r.Attempts[0].Relay != s.addr || r.Attempts[0].Outcome != OutcomeAccepted || r.Attempts[0].Number != 1 ||
			r.Attempts[0].Reply != "250 2.0.0 taken as 4711" {
			t.Errorf("%+v", r.Attempts)
		}
		h.view(func(tx *store.Tx) error {
			row, err := tx.Message(m.RealmID, m.ID)
			if row.Secret != "" {
				t.Error("the secret is not wiped")
			}
			return err
		})
		if got := h.events(); !slices.Equal(got, []latchkey.EventType{latchkey.EventMailQueued, latchkey.EventMailHandedOver}) {
			t.Errorf("events %v", got)
		}
		h.round(h.worker)
		if len(s.got()) != 1 {
			t.Error("it was sent again")
		}
	})
}

// whom a mail goes to, and whether it goes, is
// decided at the hand-over.
func TestDecide(t *testing.T) {
	const unknown = "eve@example.test"
	type change = func(h *house, m *latchkey.Message)
	user := func(f func(u *latchkey.User)) change {
		return func(h *house, _ *latchkey.Message) {
			h.update(func(tx *store.Tx) error { f(h.ada); return tx.UpdateUser(h.ada) })
		}
	}
	tests := []struct {
		name    string
		address string
		queue   func(h *house, m *latchkey.Message) // before it is promised
		then    change                              // before it is due
		state   latchkey.MessageState
		reason  string
		body    string // what is sent; empty: nothing
	}{
		{"unknown, accounts are made", unknown, nil, nil, latchkey.MessageHandedOver, "", "kind magic-link to " + unknown + " in \"\"\nlink https"},
		{"unknown, no accounts", unknown, func(_ *house, m *latchkey.Message) { m.CreateUser = false }, nil, latchkey.MessageWithheld, ReasonNoAccount, ""},
		{"unknown, told so", unknown, func(_ *house, m *latchkey.Message) { m.CreateUser, m.NoticeUnknown = false, true }, nil,
			latchkey.MessageHandedOver, ReasonNoAccount, "kind no-account to " + unknown + " in \"\"\nlink \ncode "},
		{"the mail's language wins", "ada@example.test", func(_ *house, m *latchkey.Message) { m.Locale = "fr" }, nil, latchkey.MessageHandedOver, "", "kind magic-link to Ada@example.test in \"fr\""},
		{"no code", "ada@example.test", func(_ *house, m *latchkey.Message) { m.WithCode = false }, nil, latchkey.MessageHandedOver, "", "kind magic-link to Ada@example.test in \"de\"\nlink https"},
		{"disabled", "ada@example.test", nil, user(func(u *latchkey.User) { u.Enabled = false }), latchkey.MessageWithheld, ReasonUserDisabled, ""},
		{"named user without an address", "ada@example.test", func(h *house, m *latchkey.Message) { m.UserID = h.ada.ID }, user(func(u *latchkey.User) { u.Email = "" }), latchkey.MessageWithheld, ReasonNoAddress, ""},
		{"named user with another address", "ada@example.test", func(h *house, m *latchkey.Message) { m.UserID = h.ada.ID }, user(func(u *latchkey.User) { u.Email = "ada@new.test" }), latchkey.MessageWithheld, ReasonAddressChanged, ""},
		{"named user", "ada@example.test", func(h *house, m *latchkey.Message) { m.UserID = h.ada.ID }, nil, latchkey.MessageHandedOver, "", "kind magic-link to Ada@example.test"},
		{"another address of the user (R-038)", "ada@new.test", func(h *house, m *latchkey.Message) { m.Kind, m.UserID = latchkey.MailUpdateEmail, h.ada.ID }, nil,
			latchkey.MessageHandedOver, "", "kind update-email to ada@new.test in \"de\"\nlink https"},
		{"that somebody else has (R-052)", "bob@example.test", func(h *house, m *latchkey.Message) {
			m.Kind, m.UserID = latchkey.MailUpdateEmail, h.ada.ID
		}, func(h *house, _ *latchkey.Message) {
			h.update(func(tx *store.Tx) error {
				return tx.CreateUser(&latchkey.User{RealmID: h.realm.ID, Username: "bob", Email: "Bob@example.test", Enabled: true})
			})
		}, latchkey.MessageHandedOver, ReasonAddressTaken, "kind address-taken to bob@example.test in \"de\"\nlink \ncode "},
		{"the earlier address of the user", "ada@old.test", func(h *house, m *latchkey.Message) { m.Kind, m.UserID = latchkey.MailEmailChanged, h.ada.ID }, nil,
			latchkey.MessageHandedOver, "", "kind email-changed to ada@old.test"},
		{"a notice", "ada@example.test", func(h *house, m *latchkey.Message) {
			m.Kind, m.UserID, m.LoginID, m.TokenID, m.Secret = latchkey.MailOTPAdded, h.ada.ID, "", "", ""
		}, nil, latchkey.MessageHandedOver, "", "kind otp-added to Ada@example.test in \"de\"\nlink \ncode "},
		{"named user is deleted", unknown, func(_ *house, m *latchkey.Message) { m.UserID = secret.NewID() }, nil, latchkey.MessageWithheld, ReasonUserGone, ""},
		{"deleted while it waits", "ada@example.test", func(h *house, m *latchkey.Message) { m.UserID = h.ada.ID }, func(h *house, _ *latchkey.Message) {
			h.update(func(tx *store.Tx) error { return tx.DeleteUser(h.realm.ID, h.ada.ID) })
		}, latchkey.MessageWithheld, "user_disabled", ""},
		{"the login ended", "ada@example.test", nil, func(h *house, m *latchkey.Message) {
			h.update(func(tx *store.Tx) error {
				_, err := tx.EndLogin(m.RealmID, m.LoginID, latchkey.EndRestarted)
				return err
			})
		}, latchkey.MessageWithheld, ReasonEnded, ""},
		{"the link was used", "ada@example.test", nil, func(h *house, m *latchkey.Message) {
			h.update(func(tx *store.Tx) error { _, err := tx.RedeemActionToken(m.RealmID, m.TokenID); return err })
		}, latchkey.MessageWithheld, ReasonEnded, ""},
		{"the realm is disabled", "ada@example.test", nil, func(h *house, _ *latchkey.Message) {
			h.update(func(tx *store.Tx) error { h.realm.Enabled = false; return tx.UpdateRealm(h.realm) })
		}, latchkey.MessageWithheld, ReasonRealmDisabled, ""},
		{"the application is disabled", "ada@example.test", nil, func(h *house, _ *latchkey.Message) {
			h.update(func(tx *store.Tx) error { h.client.Enabled = false; return tx.UpdateClient(h.client) })
		}, latchkey.MessageWithheld, ReasonClientDisabled, ""},
		{"it expired (R-181)", "ada@example.test", nil, func(h *house, _ *latchkey.Message) { h.clock.Advance(10 * time.Minute) }, latchkey.MessageExpired, "no relay took it before its link ended", ""},
		{"a moment before", "ada@example.test", nil, func(h *house, _ *latchkey.Message) { h.clock.Advance(10*time.Minute - time.Millisecond) }, latchkey.MessageHandedOver, "", "kind magic-link"},
		{"an address that is none", "ada@example.test, eve@evil.test", nil, nil, latchkey.MessageFailed, ReasonBadAddress, ""},
		{"no secret", "ada@example.test", func(_ *house, m *latchkey.Message) { m.Secret = "" }, nil, latchkey.MessageFailed, ReasonNoSecret, ""},
		{"withheld by who asked", "ada@example.test", func(_ *house, m *latchkey.Message) { m.State, m.Reason = latchkey.MessageWithheld, "limit" }, nil, latchkey.MessageWithheld, "limit", ""},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if db.Dialect() == "postgres" && i%4 != 0 { // what differs by database is tested by the store
					t.SkipNow()
				}
				db, _ := db, ""
				if db.Dialect() == "sqlite" {
					db, _ = storetest.SQLite(t)
				} else {
					db, _ = storetest.Postgres(t)
				}
				s := newScripted(t, nil)
				h := newHouse(t, db, s.relay())
				m := h.queue(tt.address, func(m *latchkey.Message) {
					if tt.queue != nil {
						tt.queue(h, m)
					}
				})
				if tt.then != nil {
					tt.then(h, m)
				}
				h.round(h.worker)
				r := h.status(m)
				if r.Message.State != tt.state || r.Message.Reason != tt.reason {
					t.Errorf("%s %q, want %s %q", r.Message.State, r.Message.Reason, tt.state, tt.reason)
				}
				mails := s.got()
				if tt.body == "" {
					if len(mails) != 0 || len(r.Attempts) != 0 {
						t.Errorf("it was sent: %+v", mails)
					}
					return
				}
				if len(mails) != 1 || !strings.HasPrefix(bodyOf(t, mails[0]), tt.body) {
					t.Errorf("%+v", mails)
				}
			})
		}
	})
}

// a node that dies after the relay's 250 sends the mail again when its
// lease is over, byte for byte.
func TestCrashAfterAccepted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, nil)
		h := newHouse(t, db, s.relay())
		m := h.queue("ada@example.test", nil)
		claimed, err := h.worker.claim(t.Context(), 10)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("%v %v", claimed, err)
		}
		if _, r := h.worker.tryOnce(t.Context(), t.Context(), claimed[0]); r.state != latchkey.MessageHandedOver {
			t.Fatalf("%+v", r)
		}
		// The node is gone before it could write that down.
		other := h.newWorker()
		h.clock.Advance(lease - time.Millisecond)
		h.round(other)
		if len(s.got()) != 1 {
			t.Error("the lease was not kept")
		}
		h.clock.Advance(time.Millisecond)
		h.round(other)
		mails := s.got()
		if len(mails) != 2 || mails[0] != mails[1] {
			t.Errorf("%d mails, the same: %v", len(mails), len(mails) == 2 && mails[0] == mails[1])
		}
		if r := h.status(m); r.Message.State != latchkey.MessageHandedOver {
			t.Errorf("%+v", r.Message)
		}
	})
}

// tried at 5, 15, 30, 60, 60... seconds until the link ends, and
// then dropped with an event; its secret is wiped.
func TestRetryUntilExpiry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, map[string]string{"RCPT": "450 4.2.0 greylisted"})
		h := newHouse(t, db, s.relay())
		m := h.queue("ada@example.test", nil)
		begun := h.clock.Now()
		var waits []int
		for h.status(m).Message.State == latchkey.MessageQueued {
			h.round(h.worker)
			row := h.status(m).Message
			if row.State != latchkey.MessageQueued {
				break
			}
			if row.Reason != "RCPT: 450 4.2.0 greylisted" {
				t.Errorf("the reason in between is %q", row.Reason)
			}
			wait := row.NextAttemptAt.Sub(h.clock.Now())
			waits = append(waits, int(wait.Seconds()))
			h.clock.Advance(wait - time.Millisecond)
			h.round(h.worker)
			if h.status(m).Message.Attempts != len(waits) {
				t.Fatal("tried too early")
			}
			h.clock.Advance(time.Millisecond)
		}
		for i, want := range []int{5, 15, 30, 60, 60} {
			if waits[i] < want*4/5-1 || waits[i] > want*6/5 {
				t.Errorf("waits %v", waits)
			}
		}
		r := h.status(m)
		if r.Message.State != latchkey.MessageExpired || h.clock.Now().Sub(begun) != 10*time.Minute || s.count("RCPT") != len(waits) || len(r.Attempts) != len(waits) {
			t.Errorf("%+v after %v, %d tries", r.Message, h.clock.Now().Sub(begun), s.count("RCPT"))
		}
		for i, a := range r.Attempts {
			if a.Number != i+1 || a.Outcome != OutcomeDeferred {
				t.Errorf("attempt %d: %+v", i, a)
			}
		}
		if got := h.events(); !slices.Equal(got, []latchkey.EventType{latchkey.EventMailQueued, latchkey.EventMailFailed}) {
			t.Errorf("events %v", got)
		}
	})
}

// a mailbox that a relay says does not exist gets no more mail for a
// day; nobody who asks can tell.
func TestMark(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, map[string]string{"RCPT": "550 5.1.1 no such user"})
		h := newHouse(t, db, s.relay())
		first := h.queue("eve@example.test", nil)
		h.round(h.worker)
		if r := h.status(first); r.Message.State != latchkey.MessageFailed || r.Message.Reason != "RCPT: 550 5.1.1 no such user" {
			t.Errorf("%+v", r.Message)
		}
		s.set("RCPT", "250 ok")
		second := h.queue("EVE@EXAMPLE.test", nil)
		h.round(h.worker)
		if r := h.status(second); r.Message.State != latchkey.MessageWithheld || r.Message.Reason != ReasonSuppressed || len(s.got()) != 0 {
			t.Errorf("%+v", r.Message)
		}
		h.clock.Advance(MarkFor)
		third := h.queue("eve@example.test", nil)
		h.round(h.worker)
		if r := h.status(third); r.Message.State != latchkey.MessageHandedOver {
			t.Errorf("%+v", r.Message)
		}
		if got := h.events(); !slices.Equal(got, []latchkey.EventType{latchkey.EventMailQueued, latchkey.EventMailFailed,
			latchkey.EventMailQueued, latchkey.EventMailWithheld, latchkey.EventMailQueued, latchkey.EventMailHandedOver}) {
			t.Errorf("events %v", got)
		}
	})
}

// a user who is disabled while the relay is being spoken to: a mail
// that it took was taken, one that it did not stays withheld.
func TestDisabledInConversation(t *testing.T) {
	tests := map[string]latchkey.MessageState{"250 ok": latchkey.MessageHandedOver, "450 later": latchkey.MessageWithheld,
		"550 5.1.1 no such user": latchkey.MessageWithheld}
	for answer, want := range tests {
		t.Run(answer, func(t *testing.T) {
			db, _ := storetest.SQLite(t)
			s := newScripted(t, map[string]string{"RCPT": answer})
			h := newHouse(t, db, s.relay())
			m := h.queue("ada@example.test", func(m *latchkey.Message) { m.UserID = h.ada.ID })
			s.before(func(step string) {
				if step == "RCPT" {
					if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.WithholdUserMessages(h.realm.ID, h.ada.ID) }); err != nil {
						t.Error(err)
					}
				}
			})
			h.round(h.worker)
			if r := h.status(m); r.Message.State != want || len(r.Attempts) != 1 {
				t.Errorf("%+v", r.Message)
			}
			if got := h.events(); slices.Contains(got, latchkey.EventMailFailed) || slices.Contains(got, latchkey.EventMailHandedOver) != (want == latchkey.MessageHandedOver) {
				t.Errorf("events %v", got)
			}
		})
	}
}

// a promise stands or falls with its transaction.
func TestQueueRollsBack(t *testing.T) {
	db, _ := storetest.SQLite(t)
	s := newScripted(t, nil)
	h := newHouse(t, db, s.relay())
	no := errors.New("no")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		m := &latchkey.Message{Kind: latchkey.MailMagicLink, Address: "ada@example.test", ExpiresAt: tx.Now().Add(time.Minute)}
		if err := Queue(tx, h.realm, m); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error { return Queue(tx, h.realm, &latchkey.Message{Kind: latchkey.MailMagicLink}) })
	if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("a mail without an end: %v", err)
	}
	h.round(h.worker)
	if len(s.got()) != 0 || len(h.events()) != 0 {
		t.Error("a mail that was never promised was sent")
	}
}

// A mail that cannot be written waits, visibly, and does not end the worker.
func TestComposeFails(t *testing.T) {
	for name, compose := range map[string]ComposeFunc{
		"error": func(Facts) (Content, error) { return Content{}, errors.New("no catalogue") },
		"panic": func(Facts) (Content, error) { panic("nil map") },
		"empty": func(Facts) (Content, error) { return Content{Subject: "x", Text: " ", HTML: "y"}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			db, _ := storetest.SQLite(t)
			s := newScripted(t, nil)
			h := newHouse(t, db, s.relay())
			m := h.queue("ada@example.test", nil)
			h.worker.Compose = compose
			h.round(h.worker)
			if r := h.status(m); r.Message.State != latchkey.MessageQueued || r.Message.Reason != "the mail could not be written" || r.Message.Attempts != 1 {
				t.Errorf("%+v", r.Message)
			}
			h.worker.Compose = composeForTest
			h.clock.Advance(6 * time.Second)
			h.round(h.worker)
			if r := h.status(m); r.Message.State != latchkey.MessageHandedOver {
				t.Errorf("%+v", r.Message)
			}
		})
	}
}

// the hand-over follows the commit, not a poll.
func TestDeliverAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, nil)
		h := newHouse(t, db, s.relay())
		stop := h.start(h.worker)
		for i := range 3 {
			h.queue("ada@example.test", nil)
			arrived(t, s, i+1, pollEvery*9/10)
		}
		stop()
		if s.count("GREET") > 3 || s.count("QUIT") != s.count("GREET") {
			t.Errorf("%d connections, %d good-byes", s.count("GREET"), s.count("QUIT"))
		}
	})
}

// what is under way when the worker is told to end is finished and
// written down.
func TestStopFinishes(t *testing.T) {
	db, _ := storetest.SQLite(t)
	s := newScripted(t, nil)
	h := newHouse(t, db, s.relay())
	there, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.before(func(step string) {
		if step == "END" {
			once.Do(func() { close(there); <-goOn })
		}
	})
	stop := h.start(h.worker)
	m := h.queue("ada@example.test", nil)
	<-there
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	select {
	case <-ended:
		t.Error("it ended in the middle of a conversation")
	case <-h.worker.ending:
	}
	close(goOn)
	<-ended
	if r := h.status(m); r.Message.State != latchkey.MessageHandedOver {
		t.Errorf("%+v", r.Message)
	}
}

// the relay of one realm that swallows mail does not hold up another's.
func TestRealmsDoNotWait(t *testing.T) {
	db, _ := storetest.SQLite(t)
	hole, good := newScripted(t, map[string]string{"GREET": hang}), newScripted(t, nil)
	relay := hole.relay()
	relay.ConnectionTimeout = 3_000
	h := newHouse(t, db, good.relay())
	other, client := h.newRealm("hole", relay)
	for range maxWaiting + 3*defaultConns { // more than may wait for one relay
		h.queueIn(other, client, "eve@example.test", nil)
	}
	stop := h.start(h.worker)
	h.queue("ada@example.test", nil)
	arrived(t, good, 1, 2500*time.Millisecond)
	if n := hole.count("GREET"); n > defaultConns {
		t.Errorf("%d connections to one relay", n)
	}
	stop()
}

// several nodes on one database send each mail once.
func TestTwoWorkers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, nil)
		h := newHouse(t, db, s.relay())
		const n = 60
		for i := range n {
			h.queue(fmt.Sprintf("p%d@example.test", i), nil)
		}
		a, b := h.start(h.worker), h.start(h.newWorker())
		mails := arrived(t, s, n, 20*time.Second)
		a()
		b()
		seen := map[string]bool{}
		for _, m := range append(mails, s.got()[len(mails):]...) {
			if seen[m.to] {
				t.Errorf("%s got two", m.to)
			}
			seen[m.to] = true
		}
		if len(seen) != n {
			t.Errorf("%d of %d arrived", len(seen), n)
		}
	})
}

// relays that are cut off in turn lose nothing; a mail arrives twice
// only when it was in flight.
func TestRelaysCutInTurn(t *testing.T) {
	db, _ := storetest.SQLite(t)
	one, two := newScripted(t, nil), newScripted(t, nil)
	h := newHouse(t, db, one.relay(), two.relay())
	var mu sync.Mutex
	cuts := 0
	for _, s := range []*scripted{one, two} {
		s.before(func(step string) {
			mu.Lock()
			defer mu.Unlock()
			if cuts++; step == "RCPT" && cuts%17 == 0 {
				s.cut()
			}
		})
	}
	const n = 80
	for i := range n {
		h.queue(fmt.Sprintf("p%d@example.test", i), nil)
	}
	for range 20 {
		h.round(h.worker)
		h.clock.Advance(20 * time.Second)
	}
	to := map[string]int{}
	for _, m := range append(one.got(), two.got()...) {
		to[m.to]++
	}
	mu.Lock()
	defer mu.Unlock()
	twice := 0
	for _, times := range to {
		twice += times - 1
	}
	if len(to) != n || twice > cuts/17*defaultConns {
		t.Errorf("%d of %d arrived, %d twice", len(to), n, twice)
	}
}
