package servertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"testing"
	"time"

	"latchkey/internal/mailbox"
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
		if to == host || to == host+":443" || to == host+":80" {
			to = addr
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}, MaxIdleConnsPerHost: 16, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Database is the URL of the server's database, for whoever looks at it from
// outside.
func (s *Server) Database() string { return s.url }
