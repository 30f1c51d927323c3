package outbox

import (
	"context"
	"sync"

	"latchkey"
	"latchkey/internal/store"
)

// take has the worker given what this node promises, from the transaction that
// promised it: such a mail is claimed in the row that is written for it, and
// needs neither a look into the outbox nor a claim of its own. A node that dies
// before it was handed over costs it the lease, as every claimed mail. It gives
// what ends that.
func (w *Worker) take(ctx, work context.Context, flights *sync.WaitGroup) (stop func()) {
	var mu sync.Mutex
	ended := false
	w.DB.SetCourier(func(m *latchkey.Message) {
		if m.State != latchkey.MessageQueued {
			return // it is withheld
		}
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			select {
			case w.inFlight <- struct{}{}:
				w.fly(ctx, work, m, flights)
				return
			default: // there are as many as may be
			}
		}
		go w.giveBack(m)
	})
	return func() {
		w.DB.SetCourier(nil)
		mu.Lock()
		defer mu.Unlock()
		ended = true
	}
}

// giveBack lets any worker claim a mail that was given to this one. When that
// fails the lease ends it.
func (w *Worker) giveBack(m *latchkey.Message) {
	ctx, cancel := context.WithTimeout(context.Background(), recordIn)
	defer cancel()
	if err := w.DB.Update(ctx, func(tx *store.Tx) error { return tx.UnclaimMessage(m.RealmID, m.ID) }); err != nil {
		w.failed(ctx, "a mail could not be given back", err)
	}
}
