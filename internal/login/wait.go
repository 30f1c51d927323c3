package login

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
)

// pollURL is what the waiting page asks: it names the step that the page
// shows, so that nothing is missed between page and poll.
func (d *Door) pollURL(v *visit) string {
	q := loginQuery(v.snap, v.login)
	q.Set("step", strconv.FormatInt(v.login.Step, 10))
	return d.url(v.snap, "wait", q)
}

// wait answers the waiting page: {"next": URL} as soon as its login moved on,
// {"next": null} after at most 25 s. The login is found by this browser's
// cookie, so nobody else can listen.
func (d *Door) wait(w http.ResponseWriter, r *http.Request) error {
	v, err := d.begin(w, r)
	if err != nil {
		return err
	}
	var next string
	if v.browserHash != nil {
		network, _ := ratelimit.Network(v.browser.IP)
		leave, ok := d.polls.enter(network)
		if !ok {
			return latchkey.Errorf(latchkey.CodeTooMany, "Many pages of your network wait already. Use the button on the page.")
		}
		defer leave()
		if next, err = d.await(r.Context(), v); err != nil {
			return err
		}
	} else {
		next = d.url(v.snap, "authenticate", only(v.query, "client_id", "tab_id"))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	body := map[string]any{"next": nil}
	if next != "" {
		body["next"] = next
	}
	return json.NewEncoder(w).Encode(body)
}

// maxPolls is how many long polls a node holds for one network: as many as it
// has connections from one address, since one connection may carry a
// hundred of them and a proxy everybody's.
const maxPolls = 512

// polls counts the long polls of each network that are held now. A
// page that is refused one asks again later; its button works all the same.
type polls struct {
	mu   sync.Mutex
	held map[string]int
}

// enter counts one more, unless the network has enough; leave gives it back.
func (p *polls) enter(network string) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[network] >= maxPolls {
		return nil, false
	}
	if p.held == nil {
		p.held = map[string]int{}
	}
	p.held[network]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.held[network]--; p.held[network] == 0 {
			delete(p.held, network)
		}
	}, true
}

// await holds the poll until the login has moved on from the step that the
// page shows.
func (d *Door) await(ctx context.Context, v *visit) (string, error) {
	shown, _ := strconv.ParseInt(v.query.Get("step"), 10, 64)
	next, err := d.moved(ctx, v, shown, true)
	if err != nil || next != "" || v.login == nil {
		return next, err
	}
	changed, stop := d.DB.Watch(store.TopicLogin(v.login.ID))
	defer stop()
	timeout := time.NewTimer(d.PollMax)
	defer timeout.Stop()
	for {
		// Looked at again after the watch began, so that nothing falls between.
		next, err := d.moved(ctx, v, shown, false)
		if err != nil || next != "" {
			return next, err
		}
		select {
		case <-changed:
		case <-timeout.C:
			return "", nil
		case <-ctx.Done():
			return "", nil
		}
	}
}

// moved gives where the page goes now, empty while nothing changed; see also
// notes that the asking page was heard of.
func (d *Door) moved(ctx context.Context, v *visit, shown int64, see bool) (next string, err error) {
	self := d.url(v.snap, "authenticate", only(v.query, "client_id", "tab_id"))
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		v.login, err = tx.LoginByTab(v.snap.Realm.ID, v.browserHash, v.query.Get("tab_id"))
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			next = self
			return nil
		}
		return err
	})
	if err != nil || v.login == nil {
		return next, err
	}
	l := v.login
	if l.Ended() || l.Step != shown || !d.Now().Before(l.ExpiresAt) {
		return self, nil
	}
	if see && d.Now().Sub(l.SeenAt) >= 10*time.Second {
		err = d.DB.Update(ctx, func(tx *store.Tx) error { return tx.SeeLogin(l.RealmID, l.ID) })
	}
	return "", err
}

func only(q url.Values, keys ...string) url.Values {
	out := url.Values{}
	for _, k := range keys {
		if q.Has(k) {
			out.Set(k, q.Get(k))
		}
	}
	return out
}
