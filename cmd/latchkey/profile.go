//go:build profile

package main

import (
	"net/http"
	_ "net/http/pprof" // the handlers of the Go profiler
	"os"
	"time"
)

// A binary that is built with the tag "profile" serves Go's profiler at the
// address that LATCHKEY_PROFILE_LISTEN names. Nobody runs such a binary in
// production; bench -profile builds on it.
func init() {
	address := os.Getenv("LATCHKEY_PROFILE_LISTEN")
	if address == "" {
		return
	}
	s := &http.Server{Addr: address, ReadHeaderTimeout: time.Second}
	go func() { _ = s.ListenAndServe() }()
}
