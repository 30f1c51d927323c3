package store

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// The topics that can be watched.
const (
	// TopicRealms: the version of some realm has changed.
	TopicRealms = "realms"
	// TopicOutbox: a message waits to be handed over.
	TopicOutbox = "outbox"
	// TopicLogout: an application waits to be told of a logout.
	TopicLogout = "logout"

	loginTopic = "login:"
)

// TopicLogin is the topic of one login: its step has changed, it has ended or
// it has answered.
func TopicLogin(id string) string { return loginTopic + id }

// pollEvery is how late a change on another node is seen when its notice is
// lost.
const pollEvery = time.Second

// pollBatch bounds how many logins one statement asks for.
const pollBatch = 256

// Watch wakes ch whenever something may have happened to the topic: by a
// commit on this node at once, by a notice from another, or by the poll that
// makes it right when a notice is lost (realms and logins only). A wake-up is
// a hint to look again; several may become one. Call stop when done.
func (db *DB) Watch(topic string) (ch <-chan struct{}, stop func()) {
	return db.hub.watch(topic)
}

// hub knows who watches what on this node.
type hub struct {
	mu       sync.Mutex
	watchers map[string]map[chan struct{}]bool
	realms   map[string]int64  // versions at the last poll
	logins   map[string]string // states at the last poll, of watched logins
	forward  chan<- string     // to other nodes; nil on SQLite
}

func newHub() *hub {
	return &hub{watchers: map[string]map[chan struct{}]bool{}, logins: map[string]string{}}
}

func (h *hub) watch(topic string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[topic] == nil {
		h.watchers[topic] = map[chan struct{}]bool{}
	}
	h.watchers[topic][ch] = true
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers[topic], ch)
		if len(h.watchers[topic]) == 0 {
			delete(h.watchers, topic)
			delete(h.logins, strings.TrimPrefix(topic, loginTopic))
		}
	}
}

// committed wakes this node and tells the others.
func (h *hub) committed(topics map[string]bool) {
	for t := range topics {
		h.wake(t)
		if h.forward != nil {
			select {
			case h.forward <- t:
			default: // a hint: the poll makes it right
			}
		}
	}
}

func (h *hub) wake(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wakeLocked(topic)
}

func (h *hub) wakeLocked(topic string) {
	for ch := range h.watchers[topic] {
		select {
		case ch <- struct{}{}:
		default: // it has not looked since the last one
		}
	}
}

// wakeAll is for when notices may have been lost.
func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range h.watchers {
		h.wakeLocked(t)
	}
}

// watched says whether somebody watches the realms, and which logins are.
func (h *hub) watched() (realms bool, logins []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for t := range h.watchers {
		if id, ok := strings.CutPrefix(t, loginTopic); ok {
			logins = append(logins, id)
		}
	}
	return len(h.watchers[TopicRealms]) > 0, logins
}

func (h *hub) sawRealms(now map[string]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	// The first look wakes, too: who watches may have read before it.
	if h.realms == nil || !maps.Equal(h.realms, now) {
		h.wakeLocked(TopicRealms)
	}
	h.realms = now
}

func (h *hub) sawLogins(now map[string]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, state := range now {
		topic := TopicLogin(id)
		if len(h.watchers[topic]) == 0 {
			continue
		}
		if before, known := h.logins[id]; !known || before != state {
			h.wakeLocked(topic)
		}
		h.logins[id] = state
	}
}

// poll looks every second at the versions of the realms and at the steps of
// the logins that are watched, so that a lost notice costs a second and no
// more.
func (db *DB) poll(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := db.pollOnce(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			db.log.Warn("watching the database fails", "error", err)
		}
		failing = err != nil
	}
}

func (db *DB) pollOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	realms, logins := db.hub.watched()
	return db.View(ctx, func(tx *Tx) error {
		if realms {
			versions, err := tx.RealmVersions()
			if err != nil {
				return err
			}
			db.hub.sawRealms(versions)
		}
		for len(logins) > 0 {
			n := min(len(logins), pollBatch)
			states, err := tx.loginStates(logins[:n])
			if err != nil {
				return err
			}
			db.hub.sawLogins(states)
			logins = logins[n:]
		}
		return nil
	})
}

// loginStates reads what a watcher waits for, of logins of any realm.
func (tx *Tx) loginStates(ids []string) (map[string]string, error) {
	args := padded(ids)
	states := map[string]string{}
	err := tx.each(func(r row) error {
		var id string
		var step, ended, answered int64
		if err := r.Scan(&id, &step, &ended, &answered); err != nil {
			return err
		}
		states[id] = fmt.Sprint(step, ended, answered)
		return nil
	}, `SELECT id, step, CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, CASE WHEN answered_at IS NULL THEN 0 ELSE 1 END
		FROM login WHERE id IN (`+placeholders(1, len(args))+`)`, args...)
	return states, err
}
