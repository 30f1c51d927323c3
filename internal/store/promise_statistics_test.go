package store_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// Events are counted by their time, type and error, and only those asked for.
func TestCountEvents(t *testing.T) {
	promise(t, func(w *world) {
		id, begin := w.realm.ID, w.clock.Now()
		const other = "other"
		add := func(realmID string, kind latchkey.EventType, reason string, after time.Duration) {
			w.Helper()
			w.update(func(tx *store.Tx) error {
				return tx.CreateEvent(&latchkey.Event{RealmID: realmID, Type: kind, Error: reason, Time: begin.Add(after)})
			})
		}
		add(id, latchkey.EventLogin, "", 0)
		add(id, latchkey.EventLogin, "", time.Hour-time.Millisecond)
		add(id, latchkey.EventLogin, "", time.Hour)
		add(id, latchkey.EventLoginError, "a", time.Hour)
		add(id, latchkey.EventLoginError, "b", time.Hour)
		add(id, latchkey.EventLoginError, "b", 90*time.Minute)
		add(id, latchkey.EventLogout, "", time.Hour)
		add(id, latchkey.EventLogin, "", 2*time.Hour)
		add(id, latchkey.EventLogin, "", -time.Millisecond)
		add(other, latchkey.EventLogin, "", time.Hour)
		w.view(func(tx *store.Tx) error {
			list, err := tx.CountEvents(id, begin, begin.Add(2*time.Hour), time.Hour, []latchkey.EventType{latchkey.EventLogin, latchkey.EventLoginError, latchkey.EventRegister})
			got := ""
			for _, c := range list {
				got += fmt.Sprintf("%v %s %s %d; ", c.At.Sub(begin), c.Type, c.Error, c.Count)
			}
			if want := "0s LOGIN  2; 1h0m0s LOGIN  1; 1h0m0s LOGIN_ERROR a 1; 1h0m0s LOGIN_ERROR b 2; "; got != want {
				w.Errorf("counted %q, want %q", got, want)
			}
			return err
		})
	})
}

// What mails waited for a relay, and why some were not sent.
func TestMailTimesAndCauses(t *testing.T) {
	promise(t, func(w *world) {
		id, begin := w.realm.ID, w.clock.Now()
		for i := 1; i <= 20; i++ {
			w.message(func(m *latchkey.Message) {
				m.State, m.HandedOverAt = latchkey.MessageHandedOver, begin.Add(map[bool]time.Duration{true: 1234 * time.Millisecond, false: 12999 * time.Millisecond}[i <= 10])
			})
		}
		w.message(func(m *latchkey.Message) {
			m.CreatedAt = begin.Add(3 * time.Hour)
			m.State, m.HandedOverAt = latchkey.MessageHandedOver, begin.Add(3*time.Hour+time.Minute)
		})
		for state, reason := range map[latchkey.MessageState]string{latchkey.MessageFailed: "RCPT: 550 no such user",
			latchkey.MessageExpired: "no relay took it before its link ended", latchkey.MessageWithheld: "no_account"} {
			w.message(func(m *latchkey.Message) { m.State, m.Reason = state, reason })
		}
		w.message(func(m *latchkey.Message) { m.State, m.Reason = latchkey.MessageWithheld, "limit:address" })
		late := w.message(nil)
		late.State, late.Reason = latchkey.MessageWithheld, "no_account"
		w.update(func(tx *store.Tx) error { return tx.UpdateMessage(late) })
		w.message(nil) // waits
		w.view(func(tx *store.Tx) error {
			list, err := tx.CountMessages(id, begin, begin.Add(4*time.Hour), time.Hour)
			got := ""
			for _, c := range list {
				got += fmt.Sprintf("%v %s %s %v %d; ", c.At.Sub(begin), c.State, c.Cause, c.Waited, c.Count)
			}
			if want := "0s expired expired -1ms 1; 0s failed relay -1ms 1; 0s handed_over  1.2s 10; 0s handed_over  12s 10; 0s queued  -1ms 1; " +
				"0s withheld limit -1ms 1; 0s withheld no_account -1ms 2; 3h0m0s handed_over  1m0s 1; "; got != want {
				w.Errorf("counted %q, want %q", got, want)
			}
			return err
		})
		w.view(func(tx *store.Tx) error {
			found, err := tx.Messages(id, store.MessageFilter{Search: "NN@exam"})
			if err != nil || len(found) != 27 {
				w.Errorf("%d mails are found by a part of their address", len(found))
			}
			none, err := tx.Messages(id, store.MessageFilter{Search: "a%n"})
			if len(none) != 0 {
				w.Errorf("%d mails are found by a sign that stands for any", len(none))
			}
			return err
		})
	})
}
