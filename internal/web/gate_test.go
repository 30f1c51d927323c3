package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// a bounded queue, a short wait, and always a place for programs.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(4) // three for people
		var leave []func()
		for range 3 {
			l, ok := g.enter(t.Context(), ClassPage)
			if !ok {
				t.Fatal("no place")
			}
			leave = append(leave, l)
		}
		start := time.Now()
		if _, ok := g.enter(t.Context(), ClassPage); ok || time.Since(start) != queueTime {
			t.Errorf("a fourth page after %v", time.Since(start))
		}
		l, ok := g.enter(t.Context(), ClassJSON)
		if !ok {
			t.Error("people took the place of programs")
		}
		got := make(chan bool)
		for range 5 {
			go func() {
				_, ok := g.enter(t.Context(), ClassPage)
				got <- ok
			}()
		}
		synctest.Wait()
		if n := g.waiting.Load(); n != 4 {
			t.Errorf("%d wait", n)
		}
		if <-got {
			t.Error("the fifth was not refused at once")
		}
		leave[0]()
		l()
		if !<-got {
			t.Error("a place was free and nobody got it")
		}
		for range 3 {
			<-got
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		start = time.Now()
		if _, ok := g.enter(cancelled, ClassPage); ok || time.Since(start) != 0 {
			t.Error("a request that went away waits")
		}
	})
}

func TestMountSheds(t *testing.T) {
	inside, goOn := make(chan bool), make(chan bool)
	h := Mount([]Route{{Pattern: "GET /slow", Class: ClassJSON, Handler: func(http.ResponseWriter, *http.Request) error {
		inside <- true
		<-goOn
		return nil
	}}, {Pattern: "GET /poll", Class: ClassJSON, Waits: true, Handler: fails(nil)}}, Manners{Site: site(t, here), Now: clock(), InFlight: 1})
	go h.ServeHTTP(httptest.NewRecorder(), ask("GET", here+"/slow"))
	<-inside
	for path, want := range map[string]int{"/slow": 503, "/poll": 200} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, ask("GET", here+path))
		if w.Code != want || (want == 503) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	close(goOn)
}
