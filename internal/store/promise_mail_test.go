package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// message makes a message that is due now.
func (w *world) message(change func(*latchkey.Message)) *latchkey.Message {
	w.Helper()
	m := &latchkey.Message{RealmID: w.realm.ID, Kind: latchkey.MailMagicLink, Address: "Ann@example.com", LoginID: "login", TokenID: "sel",
		Secret: "message-link-secret", ExpiresAt: w.clock.Now().Add(10 * time.Minute), MessageID: "<a@example.com>", WithCode: true}
	if change != nil {
		change(m)
	}
	w.update(func(tx *store.Tx) error { return tx.CreateMessage(m) })
	return m
}

func (w *world) readMessage(id string) (m *latchkey.Message) {
	w.Helper()
	w.view(func(tx *store.Tx) (err error) { m, err = tx.Message(w.realm.ID, id); return err })
	return m
}

func (w *world) claim(limit int, lease time.Duration) (list []*latchkey.Message) {
	w.Helper()
	w.update(func(tx *store.Tx) (err error) { list, err = tx.ClaimMessages(limit, lease); return err })
	return list
}

func (w *world) nextDue() (at time.Time, ok bool) {
	w.Helper()
	w.view(func(tx *store.Tx) (err error) { at, ok, err = tx.NextDue(); return err })
	return at, ok
}

func TestBacklog(t *testing.T) {
	promise(t, func(w *world) {
		backlog := func() (n int, oldest time.Time) {
			w.view(func(tx *store.Tx) (err error) { n, oldest, err = tx.Backlog(); return err })
			return n, oldest
		}
		if n, oldest := backlog(); n != 0 || !oldest.IsZero() {
			w.Errorf("an empty outbox: %d, %v", n, oldest)
		}
		first := w.message(nil)
		w.clock.Advance(time.Minute)
		w.message(nil)
		w.message(func(m *latchkey.Message) { m.State = latchkey.MessageWithheld })
		if n, oldest := backlog(); n != 2 || !oldest.Equal(first.CreatedAt) {
			w.Errorf("%d wait, the oldest since %v", n, oldest)
		}
	})
}

func TestMessage(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		if _, ok := w.nextDue(); ok {
			w.Error("an empty outbox has something due")
		}
		m := w.message(nil)
		if m.ID == "" || m.State != latchkey.MessageQueued || !m.CreatedAt.Equal(w.clock.Now()) || !m.NextAttemptAt.Equal(w.clock.Now()) {
			w.Errorf("not filled in: %+v", m)
		}
		w.same(w.readMessage(m.ID), m)
		w.clock.Advance(time.Second)
		other := w.message(func(m *latchkey.Message) {
			m.LoginID, m.Address, m.State = "", "bob@example.com", latchkey.MessageWithheld
		})
		if other.Secret != "" {
			w.Error("a message that does not wait keeps its secret")
		}
		w.view(func(tx *store.Tx) error {
			list, err := tx.MessagesOfLogin(id, "login")
			w.same(list, []*latchkey.Message{m})
			for _, c := range []struct {
				filter store.MessageFilter
				want   []*latchkey.Message
			}{
				{store.MessageFilter{}, []*latchkey.Message{other, m}},
				{store.MessageFilter{Max: 1}, []*latchkey.Message{other}},
				{store.MessageFilter{State: latchkey.MessageQueued}, []*latchkey.Message{m}},
				{store.MessageFilter{Address: "aNN@Example.com"}, []*latchkey.Message{m}},
				{store.MessageFilter{Address: "ann@example.com", State: latchkey.MessageFailed}, nil},
			} {
				list, err := tx.Messages(id, c.filter)
				w.same(list, c.want)
				if err != nil {
					return err
				}
			}
			return err
		})
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.Message(id, "x"); return err })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { return tx.UpdateMessage(&latchkey.Message{RealmID: id, ID: "x"}) })
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateMessage(m) })
	})
}

func TestClaimMessages(t *testing.T) {
	promise(t, func(w *world) {
		now := w.clock.Now()
		late := w.message(func(m *latchkey.Message) { m.NextAttemptAt = now.Add(-time.Second) })
		due := w.message(nil)
		w.message(func(m *latchkey.Message) { m.NextAttemptAt = now.Add(time.Minute) })
		w.message(func(m *latchkey.Message) { m.State = latchkey.MessageFailed })
		first := w.claim(1, 30*time.Second)
		late.ClaimedUntil = now.Add(30 * time.Second)
		w.same(first, []*latchkey.Message{late})
		if second := w.claim(10, 30*time.Second); len(second) != 1 || second[0].ID != due.ID {
			w.Errorf("the second claim got %v", second)
		}
		if at, ok := w.nextDue(); !ok || !at.Equal(now.Add(30*time.Second)) {
			w.Errorf("next due %v, when the claims end", at)
		}
		w.clock.Advance(30 * time.Second) // their worker died
		if again := w.claim(10, time.Second); len(again) != 2 {
			w.Errorf("after the lease %d", len(again))
		}
		// Deferred: the claim ends, the time is the worker's.
		late.Attempts, late.NextAttemptAt = 1, w.clock.Now().Add(5*time.Second)
		w.update(func(tx *store.Tx) error { return tx.UpdateMessage(late) })
		w.same(w.readMessage(late.ID), late)
		w.clock.Advance(5 * time.Second)
		if again := w.claim(10, time.Second); len(again) != 2 {
			w.Errorf("after the pause %d", len(again))
		}
	})
}

// the secret is wiped with the last attempt, and what is decided
// stays, but a hand-over has happened whatever was decided meanwhile.
func TestUpdateMessage(t *testing.T) {
	promise(t, func(w *world) {
		m := w.message(nil)
		stale := *m
		handedOver := *m
		m.State, m.Reason, m.UserID = latchkey.MessageWithheld, "suppressed", "ann"
		w.update(func(tx *store.Tx) error { return tx.UpdateMessage(m) })
		if m.Secret != "" || len(w.strings("SELECT id FROM message WHERE secret IS NOT NULL")) != 0 {
			w.Error("the secret is not wiped")
		}
		w.same(w.readMessage(m.ID), m)
		stale.NextAttemptAt = w.clock.Advance(time.Second)
		w.update(func(tx *store.Tx) error { return tx.UpdateMessage(&stale) })
		if stale.State != latchkey.MessageWithheld || stale.Secret != "" {
			w.Errorf("a decided message waits again: %s", stale.State)
		}
		w.same(w.readMessage(m.ID), m)
		handedOver.State, handedOver.HandedOverAt = latchkey.MessageHandedOver, w.clock.Now()
		w.update(func(tx *store.Tx) error { return tx.UpdateMessage(&handedOver) })
		w.same(w.readMessage(m.ID), &handedOver)
	})
}

func TestWithholdUserMessages(t *testing.T) {
	promise(t, func(w *world) {
		u := w.user("ann", "ann@example.com")
		byAddress := w.message(nil)
		byUser := w.message(func(m *latchkey.Message) { m.Address, m.UserID = "old@example.com", u.ID })
		sent := w.message(func(m *latchkey.Message) { m.State = latchkey.MessageHandedOver })
		others := w.message(func(m *latchkey.Message) { m.Address = "bob@example.com" })
		w.update(func(tx *store.Tx) error { return tx.WithholdUserMessages(w.realm.ID, u.ID) })
		for _, c := range []struct {
			m    *latchkey.Message
			want latchkey.MessageState
		}{{byAddress, "withheld"}, {byUser, "withheld"}, {sent, "handed_over"}, {others, "queued"}} {
			if got := w.readMessage(c.m.ID); got.State != c.want {
				w.Errorf("to %s: %s", got.Address, got.State)
			}
		}
	})
}

func TestDeliveryAttempts(t *testing.T) {
	promise(t, func(w *world) {
		m := w.message(nil)
		second := &latchkey.DeliveryAttempt{RealmID: w.realm.ID, MessageID: m.ID, Number: 2, Relay: "b:25", Outcome: "accepted",
			Reply: "250 \x00\xff" + strings.Repeat("ä", 300), Duration: 1500 * time.Millisecond}
		first := &latchkey.DeliveryAttempt{RealmID: w.realm.ID, MessageID: m.ID, Number: 1, Relay: "a:25", Outcome: "deferred", Reply: "451 later"}
		w.update(func(tx *store.Tx) error {
			if err := tx.RecordAttempt(second); err != nil {
				return err
			}
			return tx.RecordAttempt(first)
		})
		if len(second.Reply) > 500 || !strings.HasPrefix(second.Reply, "250 ä") {
			w.Errorf("reply %q", second.Reply)
		}
		w.view(func(tx *store.Tx) error {
			list, err := tx.Attempts(w.realm.ID, m.ID)
			w.same(list, []*latchkey.DeliveryAttempt{first, second})
			return err
		})
	})
}

func TestAddressMark(t *testing.T) {
	promise(t, func(w *world) {
		id, key := w.realm.ID, []byte("key")
		until := w.clock.Now().Add(time.Hour)
		read := func() (reason string, got time.Time, ok bool) {
			w.view(func(tx *store.Tx) (err error) { reason, got, ok, err = tx.AddressMark(id, key); return err })
			return reason, got, ok
		}
		if _, _, ok := read(); ok {
			w.Error("a mark out of nowhere")
		}
		w.update(func(tx *store.Tx) error { return tx.MarkAddress(id, key, "complaint", until.Add(-time.Minute)) })
		w.update(func(tx *store.Tx) error { return tx.MarkAddress(id, key, "bounced", until) })
		if reason, got, ok := read(); reason != "bounced" || !got.Equal(until) || !ok {
			w.Errorf("%q, %v, %v", reason, got, ok)
		}
		w.clock.Advance(time.Hour)
		if _, _, ok := read(); ok {
			w.Error("the mark is over")
		}
	})
}

// take takes from one bucket.
func take(tx *store.Tx, realmID string, b store.Bucket) (ok bool, retry time.Duration, err error) {
	taken, err := tx.Take(realmID, b)
	return err == nil && taken[0].OK, taken[0].RetryAfter, err
}

// a bucket gives burst at once and one every interval, and refusing
// takes nothing.
func TestTake(t *testing.T) {
	promise(t, func(w *world) {
		one := func(key string) (ok bool, retry time.Duration) {
			w.update(func(tx *store.Tx) (err error) {
				ok, retry, err = take(tx, w.realm.ID, store.Bucket{Name: "mail", Key: []byte(key), Interval: time.Minute, Burst: 3})
				return err
			})
			return ok, retry
		}
		for i := range 3 {
			if ok, _ := one("ann"); !ok {
				w.Errorf("refused the %d. of the burst", i+1)
			}
		}
		for range 2 {
			if ok, retry := one("ann"); ok || retry != time.Minute {
				w.Errorf("%v, %v", ok, retry)
			}
		}
		if ok, _ := one("bob"); !ok {
			w.Error("another's bucket is empty")
		}
		w.clock.Advance(time.Minute - time.Millisecond)
		if ok, retry := one("ann"); ok || retry != time.Millisecond {
			w.Errorf("%v, %v", ok, retry)
		}
		w.clock.Advance(time.Millisecond)
		if ok, _ := one("ann"); !ok {
			w.Error("nothing came back")
		}
		if ok, _ := one("ann"); ok {
			w.Error("two came back")
		}
		w.clock.Advance(time.Hour) // full, and not fuller
		n := 0
		for ok := true; ok && n < 10; n++ {
			ok, _ = one("ann")
		}
		if n != 4 {
			w.Errorf("%d from a full bucket of 3", n-1)
		}
		w.update(func(tx *store.Tx) error {
			ok, _, err := take(tx, w.realm.ID, store.Bucket{Name: "odd", Key: []byte("k"), Interval: 0, Burst: 0})
			if !ok {
				w.Error("the first of an odd limit is refused")
			}
			return err
		})
	})
}

// Several limits at once are one statement, each with its own answer.
func TestTakeSeveral(t *testing.T) {
	promise(t, func(w *world) {
		limits := []store.Bucket{
			{Name: "wide", Key: []byte("k"), Interval: time.Second, Burst: 10},
			{Name: "narrow", Key: []byte("k"), Interval: time.Minute, Burst: 1},
			{Name: "other", Key: []byte("x"), Interval: time.Hour, Burst: 2},
		}
		for i, want := range [][]store.Taken{
			{{OK: true}, {OK: true}, {OK: true}},
			{{OK: true}, {RetryAfter: time.Minute}, {OK: true}},
			{{OK: true}, {RetryAfter: time.Minute}, {RetryAfter: time.Hour}},
		} {
			w.update(func(tx *store.Tx) error {
				got, err := tx.Take(w.realm.ID, limits...)
				if !slices.Equal(got, want) {
					w.Errorf("%d. time: %v", i+1, got)
				}
				return err
			})
		}
	})
}

func TestEvents(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		begin := w.clock.Now()
		var all []*latchkey.Event
		for i, e := range []latchkey.Event{
			{Type: latchkey.EventLogin, ClientID: "app", UserID: "ann", SessionID: "s", IPAddress: "192.0.2.1", Details: map[string]string{"a": "b"}},
			{Type: latchkey.EventLoginError, ClientID: "app", Error: "user_disabled"},
			{Type: latchkey.EventLogout, UserID: "ann"},
		} {
			e.RealmID = id
			w.update(func(tx *store.Tx) error { return tx.CreateEvent(&e) })
			if e.ID == "" || !e.Time.Equal(w.clock.Now()) {
				w.Errorf("%d. not filled in: %+v", i, e)
			}
			all = append([]*latchkey.Event{&e}, all...)
			w.clock.Advance(time.Second)
		}
		for _, c := range []struct {
			filter store.EventFilter
			want   []*latchkey.Event
		}{
			{store.EventFilter{}, all},
			{store.EventFilter{Max: 1}, all[:1]},
			{store.EventFilter{First: 1, Max: 1}, all[1:2]},
			{store.EventFilter{UserID: "ann"}, []*latchkey.Event{all[0], all[2]}},
			{store.EventFilter{ClientID: "app"}, all[1:]},
			{store.EventFilter{IPAddress: "192.0.2.1"}, all[2:]},
			{store.EventFilter{Types: []latchkey.EventType{latchkey.EventLogin, latchkey.EventLogout, latchkey.EventRestart}}, []*latchkey.Event{all[0], all[2]}},
			{store.EventFilter{From: begin.Add(time.Second), To: begin.Add(2 * time.Second)}, all[1:2]},
		} {
			w.view(func(tx *store.Tx) error {
				list, err := tx.Events(id, c.filter)
				w.same(list, c.want)
				return err
			})
		}
		a := &latchkey.AdminEvent{RealmID: id, AuthRealmID: "master", AuthClientID: "cli", AuthUserID: "root", AuthIPAddress: "192.0.2.9",
			OperationType: "CREATE", ResourceType: "USER", ResourcePath: "users/1", Representation: "{}", Error: "e"}
		w.update(func(tx *store.Tx) error { return tx.CreateAdminEvent(a) })
		w.view(func(tx *store.Tx) error {
			for filter, want := range map[*store.AdminEventFilter]int{
				{}: 1, {ResourcePath: "users/*"}: 1, {ResourcePath: "user"}: 0, {Operations: []string{"CREATE", "UPDATE"}}: 1, {Resources: []string{"CLIENT"}}: 0,
				{AuthUserID: "root", AuthIPAddress: "192.0.2.9"}: 1, {AuthUserID: "nobody"}: 0, {AuthRealmID: "master", First: 1}: 0,
				{From: a.Time.Add(time.Millisecond)}: 0, {To: a.Time.Add(time.Millisecond), OldestFirst: true}: 1,
			} {
				list, err := tx.AdminEvents(id, *filter)
				if err != nil || len(list) != want {
					w.Errorf("%+v: %d admin events, %v", *filter, len(list), err)
				}
			}
			list, err := tx.AdminEvents(id, store.AdminEventFilter{})
			w.same(list, []*latchkey.AdminEvent{a})
			return err
		})
		w.update(func(tx *store.Tx) error {
			if err := tx.DeleteEvents(id); err != nil {
				return err
			}
			return tx.DeleteAdminEvents(id)
		})
		w.view(func(tx *store.Tx) error {
			events, err := tx.Events(id, store.EventFilter{})
			admin, err2 := tx.AdminEvents(id, store.AdminEventFilter{})
			if len(events)+len(admin) != 0 || err2 != nil {
				w.Error("events are left", err2)
			}
			return err
		})
	})
}
