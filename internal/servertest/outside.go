package servertest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
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
