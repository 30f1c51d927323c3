package outbox

import (
	"testing"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// What an operator cancels is not sent, and its link is void; what is over
// cannot be cancelled.
func TestCancel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, nil)
		h := newHouse(t, db, s.relay())
		m := h.queue("ada@example.test", nil)
		cancel := func(id string) error {
			return db.Update(t.Context(), func(tx *store.Tx) error { return Cancel(tx, h.realm, id) })
		}
		if err := cancel(m.ID); err != nil {
			t.Fatal(err)
		}
		h.round(h.worker)
		if r := h.status(m); len(s.got()) != 0 || r.Message.State != latchkey.MessageWithheld || r.Message.Reason != "cancelled" {
			t.Errorf("%d mails, %+v", len(s.got()), r.Message)
		}
		h.update(func(tx *store.Tx) error {
			ok, err := tx.RedeemActionToken(m.RealmID, m.TokenID)
			if ok {
				t.Error("the link of a cancelled mail still works")
			}
			return err
		})
		if err := cancel(m.ID); latchkey.ErrorCode(err) != latchkey.CodeConflict {
			t.Errorf("once more: %v", err)
		}
		if err := cancel("none"); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("no such mail: %v", err)
		}
	})
}
