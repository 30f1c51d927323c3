package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"
)

// who was taken in before the server was told to stop is answered, also
// when the request comes afterwards; who never asks holds nobody up for long.
func TestStopHearsWhoIsIn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{}
	h := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	s.add("public", l, h)
	accepted, saw := make(chan struct{}, 2), h.ConnState
	h.ConnState = func(c net.Conn, state http.ConnState) {
		if saw(c, state); state == http.StateNew {
			accepted <- struct{}{}
		}
	}
	served := make(chan error, 1)
	go func() { served <- s.parts[0].serve() }()
	var asks net.Conn
	for range 2 { // the first one never asks
		if asks, err = net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = asks.Close() }()
		<-accepted
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.parts[0].stop(context.Background()) }()
	if err := <-served; !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(asks, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(asks), nil)
	if err != nil || resp.StatusCode != http.StatusTeapot {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
	start := time.Now()
	if err := <-stopped; err != nil || time.Since(start) > 4*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
