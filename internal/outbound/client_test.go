package outbound_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"latchkey/internal/outbound"
)

var ctx = context.Background()

// Addresses that lead inside, in every spelling that some parser reads as
// such, and addresses that are none, are refused before anything is dialled
//
func TestRefusedSpellings(t *testing.T) {
	c := outbound.New(outbound.Options{Purpose: outbound.PurposeKeys, Resolver: resolver(t, func(string) string { return "127.0.0.1" })})
	for _, address := range []string{
		"https://127.0.0.1/", "https://127.0.0.1./", "https://127.1/", "https://127.0.1/", "https://0177.0.0.1/", "https://0x7f.0.0.1/",
		"https://0x7f000001/", "https://2130706433/", "https://017700000001/", "https://127.0.0.1:443/", "https://127.255.255.254/",
		"https://0.0.0.0/", "https://0/", "https://0.1.2.3/", "https://10.0.0.1/", "https://10.255.255.255/", "https://100.64.0.1/",
		"https://169.254.169.254/latest/meta-data/", "https://169.254.169.254./", "https://2852039166/", "https://0xa9fea9fe/", "https://0251.0376.0251.0376/",
		"https://172.16.0.1/", "https://172.31.255.255/", "https://192.0.0.1/", "https://192.0.2.1/", "https://192.168.1.1/", "https://198.18.0.1/", "https://198.51.100.1/",
		"https://203.0.113.1/", "https://224.0.0.1/", "https://240.0.0.1/", "https://255.255.255.255/",
		"https://[::1]/", "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[0000:0000:0000:0000:0000:0000:0000:0001]/",
		"https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[0:0:0:0:0:ffff:7f00:0001]/", "https://[::127.0.0.1]/",
		"https://[fc00::1]/", "https://[fd12:3456:789a::1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fec0::1]/", "https://[ff02::1]/",
		"https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2001::1]/", "https://[2001:db8::1]/", "https://[100::1]/", "https://[3fff::1]/",
		"https://localhost/", "https://localhost./", "https://LOCALHOST/", "https://metadata.example/", "https://１２７.0.0.1/", "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/",
		"https://127.0.0.1%00.example.com/", "https://user@127.0.0.1/", "https://example.com@127.0.0.1/", "https://127.0.0.1\\@example.com/", "https://example.com:22/",
		"https://example.com:/", "https://example.com:0/", "https://example.com:443443/", "http://example.com/", "http://example.com:443/", "ftp://example.com/", "file:///etc/passwd",
		"gopher://example.com/", "https:/example.com/", "https:example.com", "https://", "//example.com/", "/certs", "", "https://exa mple.com/", "https://example.com/\r\nX: y",
		"https://{client_id}.example.com/", "https://example.com/{realm}/keys", "https://example.com/${user}", "https://-example.com/", "https://a..b/",
		"https://" + strings.Repeat("a", 2050) + ".example/",
	} {
		if _, _, err := c.Get(ctx, address); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := c.PostForm(ctx, address, url.Values{"logout_token": {"x"}}); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("POST %s: %v", address, err)
		}
	}
}

// server is an application with TLS whose certificate is for a name.
type server struct {
	*httptest.Server
	hits atomic.Int64
	last atomic.Pointer[http.Request]
}

func newServer(t *testing.T, plain bool, h http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		_ = r.ParseForm()
		s.last.Store(r)
		h(w, r)
	})
	if plain {
		s.Server = httptest.NewServer(handler)
	} else {
		s.Server = httptest.NewTLSServer(handler)
	}
	t.Cleanup(s.Close)
	return s
}

func (s *server) port() string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

func (s *server) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	if c := s.Certificate(); c != nil {
		pool.AddCert(c)
	}
	return pool
}

func allow(t *testing.T, list ...string) []outbound.Allowance {
	t.Helper()
	var out []outbound.Allowance
	for _, text := range list {
		a, err := outbound.ParseAllowance(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

// What an operator allows is reached: that host or network, at that port, by
// that scheme, for that purpose, and nothing beside it.
func TestAllowances(t *testing.T) {
	secure := newServer(t, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	plain := newServer(t, true, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	byName := resolver(t, func(string) string { return "127.0.0.1" })
	sp, pp := secure.port(), plain.port()
	for _, tt := range []struct {
		name     string
		allow    []string
		loopback bool
		url      string
		want     bool
	}{
		{"nothing allowed", nil, false, "https://example.com:" + sp, false},
		{"the host", []string{"example.com:" + sp}, false, "https://example.com:" + sp, true},
		{"the host in capitals", []string{"Example.COM:" + sp}, false, "https://EXAMPLE.com:" + sp, true},
		{"another host", []string{"other.example:" + sp}, false, "https://example.com:" + sp, false},
		{"a host below it", []string{"example:" + sp}, false, "https://example.com:" + sp, false},
		{"another port", []string{"example.com"}, false, "https://example.com:" + sp, false},
		{"the network", []string{"127.0.0.0/8:" + sp}, false, "https://example.com:" + sp, true},
		{"the address", []string{"127.0.0.1:" + sp}, false, "https://127.0.0.1:" + sp, true},
		{"another network", []string{"10.0.0.0/8:" + sp}, false, "https://example.com:" + sp, false},
		{"the purpose", []string{"jwks=127.0.0.1:" + sp}, false, "https://127.0.0.1:" + sp, true},
		{"another purpose", []string{"backchannel-logout=127.0.0.1:" + sp}, false, "https://127.0.0.1:" + sp, false},
		{"http where https is allowed", []string{"127.0.0.1:" + pp}, false, "http://127.0.0.1:" + pp, false},
		{"http that is allowed", []string{"http://app.internal:" + pp}, false, "http://app.internal:" + pp, true},
		{"https where http is allowed", []string{"http://example.com:" + sp}, false, "https://example.com:" + sp, false},
		{"loopback for dev", nil, true, "http://localhost:" + pp, true},
		{"loopback for dev by https", nil, true, "https://127.0.0.1:" + sp, true},
		{"loopback allows no private network", nil, true, "http://10.0.0.1:" + pp, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := secure.hits.Load() + plain.hits.Load()
			c := outbound.New(outbound.Options{Purpose: outbound.PurposeKeys, Allow: allow(t, tt.allow...), Loopback: tt.loopback, Resolver: byName, Roots: secure.roots()})
			body, status, err := c.Get(ctx, tt.url)
			if ok := err == nil && status == 200 && string(body) == "{}"; ok != tt.want || (!tt.want && !errors.Is(err, outbound.ErrRefused)) {
				t.Errorf("%q, %d, %v", body, status, err)
			}
			if hit := secure.hits.Load()+plain.hits.Load() > before; hit != tt.want {
				t.Errorf("reached: %v", hit)
			}
		})
	}
}

// What allowances are not is refused with the form that they have.
func TestParseAllowance(t *testing.T) {
	for _, text := range []string{"", "0.0.0.0/0", "::/0", "10.0.0.0/33", "mail=10.0.0.0/8", "=10.0.0.0/8", "app:0", "app:70000", "a b", "[fd00::/8", "[fd00::/8]x", "[fd00::1]:", "ftp://app", "http://app/path", "::ffff:10.0.0.0/104", "1.2.3"} {
		if a, err := outbound.ParseAllowance(text); err == nil || !strings.Contains(err.Error(), "10.0.0.0/8") {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
	for text, want := range map[string]string{"10.1.2.3/8": "10.0.0.0/8", "[fd00::/8]:8443": "fd00::/8", "fd00::1": "fd00::1/128", "::ffff:10.0.0.7": "10.0.0.7/32"} {
		if a, err := outbound.ParseAllowance(text); err != nil || a.Network.String() != want {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
}

// A name that changes what it stands for between two calls is looked at again
// when it is dialled (R-140: DNS rebinding).
func TestRebinding(t *testing.T) {
	s := newServer(t, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	var asked atomic.Int64
	c := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1:"+s.port()), Roots: s.roots(), Resolver: resolver(t, func(string) string {
		if asked.Add(1) <= 1 {
			return "127.0.0.1" // what the operator allows stands for a public address
		}
		return "127.0.0.2"
	})})
	if _, status, err := c.Get(ctx, "https://example.com:"+s.port()+"/"); err != nil || status != 200 {
		t.Fatal(status, err)
	}
	if _, _, err := c.Get(ctx, "https://example.com:"+s.port()+"/"); !errors.Is(err, outbound.ErrRefused) {
		t.Errorf("the second time: %v", err)
	}
	if s.hits.Load() != 1 {
		t.Errorf("%d calls arrived", s.hits.Load())
	}
}

// What comes back is bounded, and nothing of it is followed.
func TestAnswers(t *testing.T) {
	var secret atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/inside", http.StatusFound) })
	mux.HandleFunc("/inside", func(http.ResponseWriter, *http.Request) { secret.Add(1) })
	mux.HandleFunc("/most", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), outbound.MaxBody))
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), outbound.MaxBody+1))
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(make([]byte, 10<<20))
		_ = z.Close()
	})
	mux.HandleFunc("/header", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 64<<10)) })
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, _ *http.Request) { http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"}) })
	s := newServer(t, false, mux.ServeHTTP)
	c := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1:"+s.port()), Roots: s.roots(), Timeout: 300 * time.Millisecond})
	for path, want := range map[string]int{"/redirect": 302, "/most": 200, "/missing": 404, "/large": 0, "/bomb": 0, "/header": 0, "/drip": 0} {
		if _, status, err := c.Get(ctx, s.URL+path); status != want || (err == nil) != (want != 0) {
			t.Errorf("%s: %d, %v", path, status, err)
		}
	}
	if secret.Load() != 0 {
		t.Error("a redirect was followed")
	}
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	for range 2 {
		if _, status, err := c.Get(ctx, s.URL+"/cookie"); err != nil || status != 200 {
			t.Fatal(status, err)
		}
	}
	r := s.last.Load()
	if r.Header.Get("Cookie") != "" || r.Header.Get("Accept-Encoding") != "" || r.UserAgent() != "Latchkey" {
		t.Errorf("%v", r.Header)
	}
	if status, err := c.PostForm(ctx, s.URL+"/cookie", url.Values{"logout_token": {"a.b.c"}}); err != nil || status != 200 || s.last.Load().PostForm.Get("logout_token") != "a.b.c" {
		t.Error(status, err, s.last.Load().PostForm)
	}
	// A certificate that is not the host's, or of nobody that is known.
	if _, _, err := outbound.New(outbound.Options{Allow: allow(t, "127.0.0.1:"+s.port())}).Get(ctx, s.URL+"/most"); err == nil {
		t.Error("an unknown certificate was accepted")
	}
}

// resolver is a resolver that asks a name server of this test, which gives the
// address for every name.
func resolver(t *testing.T, address func(name string) string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if out := answerDNS(buf[:n], address); out != nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func answerDNS(query []byte, address func(name string) string) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(address(q.Name.String())).To4())}}}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}
