package servertest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/mailbox"
	"latchkey/internal/server"
)

// Visit opens a profile of a browser for a server that runs in a process of
// its own: requests for host (with its port), whatever machine that is, go to
// the listener at addr. Its clock is the real one.
func Visit(t testing.TB, host, addr string) *Browser {
	return &Browser{Jar: &Jar{now: time.Now}, UserAgent: firefox, Language: "en", Follow: true, t: t, client: dialing(t, host, addr, nil)}
}

// Through lets the browser talk to where the other one talks to from now on.
func (b *Browser) Through(other *Browser) *Browser {
	b.client = other.client
	return b
}

// Inbox is a mailbox for servers that run elsewhere, and the address of its
// mail server.
func Inbox(t testing.TB) (*Mailbox, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box := mailbox.New(mailbox.Options{Now: time.Now})
	go func() { _ = box.Serve(l) }()
	t.Cleanup(func() { _ = box.Close() })
	return &Mailbox{t: t, box: box, seen: map[string]bool{}}, l.Addr().String()
}

// dialing makes a client that takes requests for one host to one listener,
// whatever node or machine the name belongs to. On https the listener's
// certificate has to be of the roots.
func dialing(t testing.TB, host, addr string, roots *x509.CertPool) *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
		if at := strings.ToLower(to); at == host || at == host+":443" || at == host+":80" {
			to = addr
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}, MaxIdleConnsPerHost: 16, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Exchange is one request of a browser or of an application, and its answer.
type Exchange struct {
	Method, URL string
	Status      int
	Header      http.Header
	Body        string
}

// Watched tells of every exchange with the server, also of those that a
// foreign library has. It is called by many goroutines.
func Watched(see func(Exchange)) Option { return func(o *options) { o.see = see } }

// watching is a transport that tells what went through it.
type watching struct {
	http.RoundTripper
	see func(Exchange)
}

func (w watching) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	w.see(Exchange{r.Method, r.URL.String(), resp.StatusCode, resp.Header.Clone(), string(body)})
	return resp, err
}

// Database is the URL of the server's database, for whoever looks at it from
// outside.
func (s *Server) Database() string { return s.url }

// OnTLS gives the server the name of a host on https, and a certificate for
// it, which its browsers and applications trust.
func OnTLS(t testing.TB, host string) Option {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(certificate)
	files := []string{filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")}
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(files[i], pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(o *options) {
		o.roots = roots
		o.change = append(o.change, func(c *server.Config) { c.Hostname, c.TLSCert, c.TLSKey = "https://"+host, files[0], files[1] })
	}
}
