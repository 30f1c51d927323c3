package backchannel

import (
	"context"
	"log/slog"
	"net/url"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

const (
	// lease is how long a claimed notice is this node's. A node that dies in
	// between costs the notice that long.
	lease = 30 * time.Second
	// onceIn is the one deadline over all that is done with a claimed notice
	// before its outcome is written down; it ends well before the lease does.
	onceIn = 15 * time.Second
	// recordIn is how long writing an outcome down may take.
	recordIn = 5 * time.Second
	// drain is how long calls may go on after Deliver was told to end.
	drain = 10 * time.Second
	// pollEvery is how late a notice is seen whose hint was lost.
	pollEvery = time.Second
	// retryFirst is the pause after the first failure; each further one doubles
	// it up to retryMax.
	retryFirst = time.Second
	retryMax   = time.Minute

	claimBatch  = 32
	maxInFlight = 64
)

// The outcomes of an attempt that Observe is told of.
const (
	OutcomeTaken    = "taken"    // the application answered 2xx
	OutcomeFailed   = "failed"   // it did not; it is tried again
	OutcomeGivenUp  = "given_up" // its time is over
	OutcomeUnwanted = "unwanted" // the application is gone, or wants to be told no more
)

// Poster sends a form to an address that an application chose, follows no
// redirect, and gives the status of the answer.
type Poster interface {
	PostForm(ctx context.Context, address string, form url.Values) (status int, err error)
}

// Worker tells applications. Its fields are set before Deliver and not
// changed.
type Worker struct {
	DB *store.DB
	// Realms gives a realm's snapshot; it is asked for every notice.
	Realms func(ctx context.Context, realmID string) (*latchkey.Snapshot, error)
	Issuer func(realm string) string // of a realm by its name
	Minter *token.Minter
	Client Poster
	Log    *slog.Logger
	Now    func() time.Time
	// Observe, when set, is told of every outcome, and how old the notice was.
	Observe func(outcome string, age time.Duration)

	breakers breakers
}

// Deliver tells applications until the context ends. Calls that are under way
// are then finished, for a while. It gives nil: whatever fails is tried again.
func (w *Worker) Deliver(ctx context.Context) error {
	hints, stop := w.DB.Watch(store.TopicLogout)
	defer stop()
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var flights sync.WaitGroup
	slots := make(chan struct{}, maxInFlight)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(w.round(ctx, work, slots, &flights))
		select {
		case <-ctx.Done():
		case <-hints:
		case <-timer.C:
		}
	}
	over := time.AfterFunc(drain, cancel)
	defer over.Stop()
	flights.Wait()
	return nil
}

// round claims and starts what is due, and says how long to wait for the next
// look. It reads before it writes: an idle node writes nothing.
func (w *Worker) round(ctx, work context.Context, slots chan struct{}, flights *sync.WaitGroup) time.Duration {
	w.breakers.sweep(w.Now())
	for ctx.Err() == nil {
		wait, err := w.nextDue(ctx)
		if err != nil {
			w.failed(ctx, "notices of logouts could not be read", err)
			return pollEvery
		}
		room := min(maxInFlight-len(slots), claimBatch)
		if wait > 0 || room == 0 {
			return min(max(wait, pollEvery/10), pollEvery)
		}
		var claimed []*latchkey.LogoutNotice
		err = w.DB.Update(ctx, func(tx *store.Tx) (err error) {
			claimed, err = tx.ClaimLogoutNotices(room, lease)
			return err
		})
		if err != nil {
			w.failed(ctx, "notices of logouts could not be claimed", err)
			return pollEvery
		}
		for _, n := range claimed {
			slots <- struct{}{}
			flights.Go(func() {
				w.guarded(work, n)
				<-slots
			})
		}
		if len(claimed) == 0 {
			return pollEvery
		}
	}
	return pollEvery
}

func (w *Worker) nextDue(ctx context.Context) (wait time.Duration, err error) {
	err = w.DB.View(ctx, func(tx *store.Tx) error {
		at, ok, err := tx.NextLogoutDue()
		wait = pollEvery
		if ok {
			wait = at.Sub(w.Now())
		}
		return err
	})
	return wait, err
}

func (w *Worker) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		w.Log.ErrorContext(ctx, "backchannel: "+what, "error", err)
	}
}

// guarded is tell for a goroutine of its own: a panic there would end the
// process. The notice is told again when its claim is over.
func (w *Worker) guarded(work context.Context, n *latchkey.LogoutNotice) {
	defer func() {
		if p := recover(); p != nil {
			w.Log.Error("backchannel: telling of a logout panicked", "notice", n.ID, "panic", secret.PanicText(p), "stack", string(debug.Stack()))
		}
	}()
	if err := w.tell(work, n); err != nil {
		w.failed(work, "a logout could not be told", err)
	}
}

// tell does all that is done with one claimed notice.
func (w *Worker) tell(work context.Context, n *latchkey.LogoutNotice) error {
	snap, err := w.Realms(work, n.RealmID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil // the realm is gone, and its notices with it
	}
	if err != nil {
		return err
	}
	client, now := snap.ClientByID(n.ClientID), w.Now()
	switch {
	case client == nil, !client.Enabled, client.Attribute(latchkey.AttributeBackchannelURL) == "":
		return w.done(work, snap, n, OutcomeUnwanted)
	case !now.Before(n.ExpiresAt):
		return w.done(work, snap, n, OutcomeGivenUp)
	}
	if ok, at := w.breakers.enter(n.ClientID, now); !ok {
		n.NextAttemptAt = at
		return w.postpone(work, n)
	}
	if n.Reason = w.post(work, snap, client, n); n.Reason == "" {
		return w.done(work, snap, n, OutcomeTaken)
	}
	n.Attempts++
	n.NextAttemptAt = w.Now().Add(min(retryFirst<<min(n.Attempts-1, 10), retryMax))
	w.observe(OutcomeFailed, n)
	return w.postpone(work, n)
}

// post makes the token and posts it, and says in a word why that was in vain;
// empty when the application took it. The caller has entered the breaker.
func (w *Worker) post(work context.Context, snap *latchkey.Snapshot, client *latchkey.Client, n *latchkey.LogoutNotice) (reason string) {
	ctx, cancel := context.WithTimeout(work, onceIn)
	defer cancel()
	signed, err := w.Minter.MintLogout(ctx, token.Logout{Realm: snap, Issuer: w.Issuer(snap.Realm.Name), Client: client,
		UserID: n.UserID, Session: n.SessionID})
	if err != nil {
		w.breakers.release(client.ID)
		w.failed(work, "a logout token could not be made", err)
		return "token"
	}
	worked := false
	defer func() { w.breakers.leave(client.ID, w.Now(), worked) }()
	status, err := w.Client.PostForm(ctx, client.Attribute(latchkey.AttributeBackchannelURL), url.Values{"logout_token": {signed}})
	worked = err == nil && status >= 200 && status <= 299
	switch {
	case worked:
		return ""
	case err != nil:
		w.Log.InfoContext(work, "backchannel: an application did not answer", "realm", snap.Realm.Name, "client", client.ClientID, "error", err)
		return "unreachable"
	}
	return "status_" + strconv.Itoa(status)
}

func (w *Worker) observe(outcome string, n *latchkey.LogoutNotice) {
	if w.Observe != nil {
		w.Observe(outcome, w.Now().Sub(n.CreatedAt))
	}
}

// postpone gives the claim back until the next attempt; what would come after
// the notice's end comes at its end, to say so.
func (w *Worker) postpone(work context.Context, n *latchkey.LogoutNotice) error {
	if n.NextAttemptAt.After(n.ExpiresAt) {
		n.NextAttemptAt = n.ExpiresAt
	}
	return w.write(work, func(tx *store.Tx) error { return tx.PostponeLogoutNotice(n) })
}

// done takes the notice away and records what became of it; only the first of
// several workers does.
func (w *Worker) done(work context.Context, snap *latchkey.Snapshot, n *latchkey.LogoutNotice, outcome string) error {
	w.observe(outcome, n)
	return w.write(work, func(tx *store.Tx) error {
		gone, err := tx.DeleteLogoutNotice(n.RealmID, n.ID)
		if err != nil || !gone || outcome == OutcomeUnwanted {
			return err
		}
		e := latchkey.Event{Type: latchkey.EventBackchannelLogout, UserID: n.UserID, SessionID: n.SessionID, Details: map[string]string{}}
		if client := snap.ClientByID(n.ClientID); client != nil {
			e.ClientID = client.ClientID
		}
		if n.Attempts > 0 {
			e.Details["failed_attempts"] = strconv.Itoa(n.Attempts)
		}
		if outcome == OutcomeGivenUp {
			e.Type, e.Error = latchkey.EventBackchannelLogoutError, "not_taken"
			e.Details["reason"] = n.Reason
		}
		return event.Record(tx, snap.Realm, e)
	})
}

// write writes an outcome down even when the worker is to end.
func (w *Worker) write(work context.Context, f func(*store.Tx) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(work), recordIn)
	defer cancel()
	return w.DB.Update(ctx, f)
}
