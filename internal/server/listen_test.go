package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey"
)

// no more connections than the bounds, and a place comes back once.
func TestBounded(t *testing.T) {
	b := bound(nil, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::1/128")}, 5, 2)
	one, proxy := netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("10.1.2.3")
	for i, want := range []bool{true, true, false} {
		if b.enter(one) != want {
			t.Errorf("connection %d of one address", i+1)
		}
	}
	for range 3 {
		if !b.enter(proxy) {
			t.Error("a trusted proxy is held to the bound of one address")
		}
	}
	if b.enter(netip.MustParseAddr("203.0.113.2")) {
		t.Error("more than the bound for all")
	}
	b.leave(one)
	if !b.enter(one) || len(b.byAddr) != 2 {
		t.Errorf("no place came back: %v", b.byAddr)
	}
	for addr, want := range map[string]string{"203.0.113.1": "203.0.113.1", "::ffff:203.0.113.1": "203.0.113.1", "2001:db8::1": "2001:db8::", "2001:db8::ffff": "2001:db8::"} {
		if got := network(&net.TCPAddr{IP: net.ParseIP(addr)}); got.String() != want {
			t.Errorf("%s counts as %s", addr, got)
		}
	}
	if !b.isTrusted(netip.MustParseAddr("2001:db8:1::")) {
		t.Error("the network of a trusted IPv6 proxy is not trusted")
	}
}

func TestBoundedListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := bound(l, nil, 10, 1)
	defer func() { _ = b.Close() }()
	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			c, err := b.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	first := dial(t, l)
	held := <-accepted
	if n, err := dial(t, l).Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the second connection was not closed: %v", err)
	}
	_, _ = held.Close(), held.Close() // twice, as net/http may
	_ = first.Close()
	_ = dial(t, l)
	_ = (<-accepted).Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != 0 || len(b.byAddr) != 0 {
		t.Errorf("%d open, %v", b.open, b.byAddr)
	}
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestListenErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for address, want := range map[string]string{
		l.Addr().String(): "Another program listens on " + l.Addr().String() + " already. Stop it, or choose another address with --listen.",
		"203.0.113.1:80":  "This machine has no address 203.0.113.1:80. Choose another with --listen.",
		"nonsense":        "Latchkey cannot listen on nonsense.",
	} {
		_, err := listen("listen", address)
		var e *latchkey.Error
		if !errors.As(err, &e) || e.Message != want || e.Field != "listen" {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// writePair writes a certificate for a name, and its key.
func writePair(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// a certificate that changes is loaded without a restart; one that
// cannot be used leaves the old one in place.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir, "first.example.test")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c, err := loadCertificate(cert, key, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf.DNSNames[0]
	}
	writePair(t, dir, "second.example.test")
	if got := name(); got != "first.example.test" {
		t.Errorf("%s before its time", got)
	}
	now = now.Add(certCheck)
	if got := name(); got != "second.example.test" {
		t.Errorf("still %s", got)
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(certCheck)
	if got := name(); got != "second.example.test" {
		t.Errorf("%s after a broken file", got)
	}
	writePair(t, dir, "third.example.test")
	now = now.Add(certCheck)
	if got := name(); got != "third.example.test" {
		t.Errorf("still %s", got)
	}
	if cfg := c.config(); cfg.MinVersion < 0x0303 {
		t.Errorf("TLS %x", cfg.MinVersion)
	}
	if _, err := loadCertificate(cert, "nowhere", slog.Default(), time.Now); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Error(err)
	}
}

// a worker that ends or panics is started again, and readiness knows.
func TestCrew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		c := newCrew(slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		c.run(ctx, "mail", func(ctx context.Context) error {
			switch runs++; runs {
			case 1:
				return errors.New("no database")
			case 2:
				panic("hunter2")
			}
			<-ctx.Done()
			return nil
		})
		synctest.Wait()
		if name, down := c.ended(); !down || name != "mail" {
			t.Error("it ended, and nobody knows")
		}
		time.Sleep(restartAfter)
		synctest.Wait()
		time.Sleep(restartAfter)
		synctest.Wait()
		if _, down := c.ended(); down || runs != 3 {
			t.Errorf("%d runs, down %v", runs, down)
		}
		cancel()
		c.wait(t.Context())
		if s := log.String(); strings.Count(s, "started again") != 2 || strings.Contains(s, "hunter2") || !strings.Contains(s, "no database") {
			t.Error(s)
		}
	})
}

// events are counted whatever is logged, and nothing that a
// stranger wrote becomes a label.
func TestCountEvents(t *testing.T) {
	m := newMetrics(&Server{})
	stop := m.listen()
	var out strings.Builder
	log := slog.New(CountEvents(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelError})))
	log.Info("event", "type", "LOGIN")
	log.With("realm", "demo").Info("event", "type", "LOGIN")
	log.WithGroup("g").Warn("event", "type", "LINK_REFUSED", "error", "expired")
	log.Warn("event", "type", "LINK_REFUSED", "error", "ada@example.test was here")
	log.Info("something else", "type", "LOGIN")
	stop()
	log.Info("event", "type", "LOGIN")
	m.registry.Unregister(&queue{}) // there is no database
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`{error="",type="LOGIN"} 2`, `{error="expired",type="LINK_REFUSED"} 1`, `{error="other",type="LINK_REFUSED"} 1`} {
		if !strings.Contains(w.Body.String(), "latchkey_events_total"+want+"\n") {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
	if out.String() != "" {
		t.Errorf("logged below its level: %s", out.String())
	}
}
