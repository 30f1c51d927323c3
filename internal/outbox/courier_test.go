package outbox

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// until looks again and again whether something has come to be.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func (h *house) takes() bool {
	takes := false
	h.view(func(tx *store.Tx) error { takes = tx.Courier() != nil; return nil })
	return takes
}

// A mail that is promised on the node that hands it over costs two
// transactions: the one that promised it and the one that writes its outcome
// down. What is rolled back is nobody's.
func TestCourierTakesFromTheTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, nil)
		h := newHouse(t, db, s.relay())
		stop := h.start(h.worker)
		until(t, "the worker takes", h.takes)
		handOver := func(n int) {
			m := h.queue("ada@example.test", nil)
			if got := m.ClaimedUntil; !got.Equal(h.clock.Now().Add(lease)) {
				t.Errorf("claimed until %v", got)
			}
			arrived(t, s, n, pollEvery*9/10)
			until(t, "the outcome", func() bool { return h.status(m).Message.State == latchkey.MessageHandedOver })
		}
		handOver(1)
		before := db.Work().Transactions
		handOver(2)
		if n := db.Work().Transactions - before; n != 2 {
			t.Errorf("%d transactions", n)
		}
		_ = h.db.Update(t.Context(), func(tx *store.Tx) error {
			_ = Queue(tx, h.realm, &latchkey.Message{Kind: latchkey.MailMagicLink, Address: "x@example.test", ExpiresAt: tx.Now().Add(time.Hour)})
			return errors.New("no")
		})
		stop()
		if h.takes() {
			t.Error("a worker that has ended takes")
		}
		if mails, _ := s.look(); len(mails) != 2 {
			t.Errorf("%d mails", len(mails))
		}
	})
}

// What a worker has no room for it gives back at once, for any worker to claim.
func TestCourierGivesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, nil)
		h := newHouse(t, db, s.relay())
		h.start(h.worker)
		until(t, "the worker takes", h.takes)
		for range maxInFlight {
			h.worker.inFlight <- struct{}{}
		}
		m := h.queue("ada@example.test", nil)
		until(t, "it is given back", func() bool {
			free := false
			h.view(func(tx *store.Tx) error {
				row, err := tx.Message(m.RealmID, m.ID)
				free = err == nil && row.ClaimedUntil.IsZero() && row.State == latchkey.MessageQueued
				return err
			})
			return free
		})
		for range maxInFlight {
			<-h.worker.inFlight
		}
		arrived(t, s, 1, 3*pollEvery)
	})
}
