package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The bounds of a call.
const (
	Timeout   = 5 * time.Second // over the whole of it
	MaxBody   = 64 << 10        // bytes of an answer
	maxURL    = 2048            // bytes
	maxHeader = 16 << 10        // bytes of an answer's headers
)

// ErrRefused is an address that may not be called: it will not be later either,
// unless what its name stands for changes.
var ErrRefused = errors.New("this address may not be called")

// Options say what a client may do.
type Options struct {
	Purpose Purpose
	// Allow is what the operator allows; what is of another purpose does not
	// count.
	Allow []Allowance
	// Loopback lets calls go to this machine, at any port and by http too: for
	// dev, where applications run beside the server.
	Loopback bool
	// Resolver resolves names; nil: the system's.
	Resolver *net.Resolver
	// Roots are the authorities that certificates are checked by; nil: the
	// system's.
	Roots *x509.CertPool
	// Timeout over a whole call; 0 means [Timeout].
	Timeout time.Duration
}

// Client calls addresses that somebody else chose. It is safe for concurrent
// use.
type Client struct{ opts Options }

// New makes a client.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = Timeout
	}
	return &Client{opts: o}
}

// Get gives body and status of what is at the address. A redirect is an answer
// like others. The error wraps [ErrRefused] when the address may not be called.
func (c *Client) Get(ctx context.Context, address string) (body []byte, status int, err error) {
	return c.call(ctx, http.MethodGet, address, nil)
}

// PostForm posts the form to the address and gives the status. The error wraps
// [ErrRefused] when the address may not be called.
func (c *Client) PostForm(ctx context.Context, address string, form url.Values) (status int, err error) {
	_, status, err = c.call(ctx, http.MethodPost, address, form)
	return status, err
}

func (c *Client) call(ctx context.Context, method, address string, form url.Values) ([]byte, int, error) {
	t, err := c.target(address)
	if err != nil {
		return nil, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, t.url.String(), body)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	req.Header.Set("User-Agent", "Latchkey")
	req.Header.Set("Accept", "application/json, */*;q=0.5")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	hc := &http.Client{Transport: c.transport(t),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := hc.Do(req) //nolint:gosec // the address is looked at when it is dialled
	if err != nil {
		return nil, 0, fmt.Errorf("call %s: %w", t.url.Host, err)
	}
	defer func() { _ = res.Body.Close() }()
	if e := res.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, 0, fmt.Errorf("call %s: the answer is encoded as %q, which was not asked for", t.url.Host, e)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, MaxBody+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("call %s: %w", t.url.Host, err)
	case len(data) > MaxBody:
		return nil, 0, fmt.Errorf("call %s: the answer is larger than %d bytes", t.url.Host, MaxBody)
	}
	return data, res.StatusCode, nil
}

// target is an address that may be called, as far as it can be told before it
// is dialled.
type target struct {
	url   *url.URL
	plain bool
	host  string // lower case; a name or an IP address
	port  uint16
}

func (c *Client) target(address string) (*target, error) {
	refused := func(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }
	// Characters that no URI has are what templates are written with, or what
	// is read in two ways.
	if len(address) > maxURL || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\\\"<>^`{|}", r) }) {
		return nil, refused("it is no URI")
	}
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.User != nil || u.Hostname() == "" {
		return nil, refused("it is no plain URI")
	}
	t := &target{url: u, host: strings.ToLower(u.Hostname()), port: 443}
	switch u.Scheme {
	case "https":
	case "http":
		t.plain, t.port = true, 80
	default:
		return nil, refused("its scheme is not https")
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return nil, refused("its port is none")
		}
		t.port = uint16(n)
	} else if strings.HasSuffix(u.Host, ":") {
		return nil, refused("its port is none")
	}
	ip, err := netip.ParseAddr(t.host)
	switch {
	case err == nil && ip.Zone() != "":
		return nil, refused("its address has a zone")
	case err == nil:
		return t, c.mayDial(t, ip)
	case !hostName(t.host):
		return nil, refused("its host is no plain name")
	}
	return t, nil
}

// mayDial says whether the address may be dialled for the target; nil: it may.
func (c *Client) mayDial(t *target, ip netip.Addr) error {
	ip = ip.Unmap()
	if (public(ip) && !t.plain && t.port == 443) || (c.opts.Loopback && ip.IsLoopback()) {
		return nil
	}
	for _, a := range c.opts.Allow {
		if (a.Purpose == "" || a.Purpose == c.opts.Purpose) && a.Plain == t.plain && a.Port == t.port &&
			(a.Host == t.host && a.Host != "" || a.Host == "" && a.Network.Contains(ip)) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s is not to be reached from here", ErrRefused, ip)
}

// transport makes the connection of one call. Nothing of it is kept: what was
// looked at for one call never serves another.
func (c *Client) transport(t *target) *http.Transport {
	dialer := &net.Dialer{Resolver: c.opts.Resolver,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !strings.HasPrefix(network, "tcp") || at.Port() != t.port {
				return fmt.Errorf("%w: %s %s", ErrRefused, network, address)
			}
			return c.mayDial(t, at.Addr())
		}}
	return &http.Transport{
		Proxy: nil, DialContext: dialer.DialContext, DisableCompression: true, DisableKeepAlives: true,
		MaxResponseHeaderBytes: maxHeader,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.opts.Roots},
	}
}
