package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/servertest"
	"latchkey/internal/store/storetest"
)

// while people sign in, each of three processes is stopped and
// replaced in turn, as an upgrade does it. Nobody's sign-in fails: what a
// process has taken in it answers, and the others know all that it knew.
func TestRollingRestart(t *testing.T) {
	k := newSink(t)
	w := newWorld(t, storetest.PostgresURL(t), k.addr, "--trusted-proxies", "127.0.0.1")
	b := &balancer{world: w}
	limit, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3 {
		b.nodes = append(b.nodes, w.run())
	}
	var names, done atomic.Int64
	over := make(chan struct{})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for {
				b.signIn(k, int(names.Add(1)), limit.Done())
				done.Add(1)
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	for i := range b.nodes {
		k.wait(fmt.Sprintf("ada%d@example.test", names.Load()+16), limit.Done()) // some more have come by
		fresh := w.run()
		old := b.swap(i, fresh)
		if err := old.stop(); err != nil {
			t.Errorf("a process that was told to stop: %v\n%s", err, old.text())
		}
	}
	close(over)
	group.Wait()
	t.Logf("%d people signed in", done.Load())
}

// balancer sends requests to processes that take them.
type balancer struct {
	*world
	mu    sync.Mutex
	nodes []*process
	next  int
}

func (b *balancer) swap(i int, fresh *process) (old *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, b.nodes[i] = b.nodes[i], fresh
	return old
}

// pick gives the next process.
func (b *balancer) pick() *process {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return b.nodes[b.next%len(b.nodes)]
}

// send sends one request of a browser, and to the next process when it finds
// none any more at the other end. A process that closes a connection which it
// has taken, without an answer, fails the sign-in.
func (b *balancer) send(v *servertest.Browser, method, address string, values url.Values) *servertest.Page {
	for range 10 {
		p, err := v.Through(b.pick().visit()).Try(method, address, values)
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
			continue
		}
		if err != nil || p.Status >= 500 {
			b.t.Errorf("%s %s: %v %v", method, address, err, p)
			return nil
		}
		return p
	}
	b.t.Errorf("%s %s: no process takes it", method, address)
	return nil
}

// follow sends a request and follows redirects to ourselves, each to another
// process.
func (b *balancer) follow(v *servertest.Browser, method, address string, values url.Values) *servertest.Page {
	v.Follow = false
	for range 6 {
		p := b.send(v, method, address, values)
		if p == nil {
			return nil
		}
		to := p.Header.Get("Location")
		if to == "" || strings.HasPrefix(to, redirectURI) {
			return p
		}
		method, address, values = http.MethodGet, to, nil
	}
	return nil
}

// signIn is one person's whole sign-in.
func (b *balancer) signIn(k *sink, n int, limit <-chan struct{}) {
	address := fmt.Sprintf("ada%d@example.test", n)
	v := b.pick().visit()
	v.Headers = []string{fmt.Sprintf("X-Forwarded-For: 10.%d.%d.7", n/250, n%250), "Connection: close"}
	p := b.follow(v, http.MethodGet, authorize(), nil)
	if p == nil {
		return
	}
	form := p.FormWith("username")
	form.Values.Set("username", address)
	if p = b.follow(v, http.MethodPost, form.Action, form.Values); p == nil {
		return
	}
	if p = b.follow(v, http.MethodGet, k.wait(address, limit), nil); p == nil {
		return
	}
	form = p.Form(0)
	if p = b.follow(v, http.MethodPost, form.Action, form.Values); p == nil {
		return
	}
	to, err := url.Parse(p.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		b.t.Errorf("%s is not signed in but at %d %s", address, p.Status, p.Title())
	}
}
