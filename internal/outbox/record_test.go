package outbox

import (
	"slices"
	"testing"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// What was withheld while it was on its way stays withheld, unless a relay has
// taken it: that has happened, and is what the operator is told.
func TestWithheldOnItsWay(t *testing.T) {
	for name, test := range map[string]struct {
		answer map[string]string
		state  latchkey.MessageState
		reason string
	}{
		"taken":   {nil, latchkey.MessageHandedOver, ""},
		"refused": {map[string]string{"RCPT": "550 5.1.1 no such user"}, latchkey.MessageWithheld, "cancelled"},
		"not yet": {map[string]string{"RCPT": "450 4.2.0 greylisted"}, latchkey.MessageWithheld, "cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				h := newHouse(t, db, newScripted(t, test.answer).relay())
				m := h.queue("ada@example.test", nil)
				claimed, err := h.worker.claim(t.Context(), 1)
				if err != nil || len(claimed) != 1 {
					t.Fatalf("%v %v", claimed, err)
				}
				d, r := h.worker.tryOnce(t.Context(), t.Context(), claimed[0])
				h.update(func(tx *store.Tx) error { return Cancel(tx, h.realm, m.ID) })
				if err := h.worker.record(t.Context(), d, r); err != nil {
					t.Fatal(err)
				}
				got := h.status(m)
				if got.Message.State != test.state || got.Message.Reason != test.reason || got.Message.HandedOverAt.IsZero() == (name == "taken") {
					t.Errorf("%+v", got.Message)
				}
				if events := h.events(); slices.Contains(events, latchkey.EventMailFailed) || slices.Contains(events, latchkey.EventMailHandedOver) != (name == "taken") {
					t.Errorf("events %v", events)
				}
				if len(got.Attempts) != 1 || got.Attempts[0].Number != 1 {
					t.Errorf("attempts %+v", got.Attempts)
				}
			})
		})
	}
}

// A mail whose realm is deleted while it is on its way has nowhere to be
// written down, and its attempts are not left behind.
func TestRealmDeletedOnItsWay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db, newScripted(t, nil).relay())
		m := h.queue("ada@example.test", nil)
		claimed, err := h.worker.claim(t.Context(), 1)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("%v %v", claimed, err)
		}
		d, r := h.worker.tryOnce(t.Context(), t.Context(), claimed[0])
		h.update(func(tx *store.Tx) error { return tx.DeleteRealm(h.realm.ID) })
		if err := h.worker.record(t.Context(), d, r); err != nil {
			t.Fatal(err)
		}
		h.update(func(tx *store.Tx) error {
			left, err := tx.Attempts(m.RealmID, m.ID)
			if len(left) != 0 {
				t.Errorf("left: %+v", left)
			}
			return err
		})
	})
}
