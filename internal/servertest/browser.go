package servertest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

const maxHops = 10

// Browser is one profile of a browser: its cookies, and how it names itself.
// It follows redirects, and runs no script. It is used by one goroutine; see
// Copy for more.
type Browser struct {
	Jar       *Jar
	UserAgent string
	Language  string
	// Follow is whether redirects are followed; New sets it.
	Follow bool
	// Headers are sent with every request beside a browser's own, as
	// "Name: value": what a proxy adds on the way.
	Headers []string

	t      testing.TB
	client *http.Client
	at     *url.URL // the page that is shown, for Referer and Origin
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// Browser opens a new profile.
func (s *Server) Browser() *Browser {
	return &Browser{Jar: &Jar{now: s.Clock.Now}, UserAgent: firefox, Language: "en", Follow: true, t: s.t, client: s.client()}
}

// Via lets the browser talk to another node from now on.
func (b *Browser) Via(s *Server) *Browser {
	b.client = s.client()
	return b
}

// Copy opens a profile with the same cookies, for another goroutine.
func (b *Browser) Copy() *Browser {
	c := *b
	c.Jar = b.Jar.Copy()
	return &c
}

// client sends requests for the server's hostname to this server, whatever
// node the name belongs to.
func (s *Server) client() *http.Client {
	c := dialing(s.t, s.Site().Base.Host, s.Addr("public"), s.roots)
	if s.see != nil {
		c.Transport = watching{c.Transport, s.see}
	}
	return c
}

// Hop is one answer on the way to a page.
type Hop struct {
	Method   string
	URL      string
	Status   int
	Location string
	Header   http.Header
}

// Page is what the browser shows, and the way to it.
type Page struct {
	URL    *url.URL
	Status int
	Header http.Header
	Body   string
	Hops   []Hop // the last one is the page itself

	b   *Browser
	doc *html.Node
}

// Get opens an address, as when it is typed or opened from a mail program.
func (b *Browser) Get(address string) *Page {
	b.t.Helper()
	b.at = nil
	return b.Do(http.MethodGet, address, nil)
}

// Do sends a request with a form, as a browser does from the page that it
// shows, with further headers ("Name: value"), which replace the browser's.
func (b *Browser) Do(method, address string, form url.Values, headers ...string) *Page {
	b.t.Helper()
	p, err := b.Try(method, address, form, headers...)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, address, err)
	}
	return p
}

// Try is Do for goroutines other than the test's: it gives the error.
func (b *Browser) Try(method, address string, form url.Values, headers ...string) (*Page, error) {
	p := &Page{b: b}
	from := b.at
	for {
		resp, err := b.send(method, address, form, from, headers)
		if err != nil {
			return nil, err
		}
		hop := Hop{Method: method, URL: address, Status: resp.status, Location: resp.header.Get("Location"), Header: resp.header}
		p.Hops = append(p.Hops, hop)
		p.URL, p.Status, p.Header, p.Body = resp.url, resp.status, resp.header, resp.body
		if hop.Location == "" || resp.status < 300 || resp.status > 399 || !b.Follow {
			break
		}
		if len(p.Hops) > maxHops {
			return nil, fmt.Errorf("more than %d redirects: %v", maxHops, p.Hops)
		}
		next, err := resp.url.Parse(hop.Location)
		if err != nil {
			return nil, err
		}
		address, headers = next.String(), nil
		if method != http.MethodHead {
			method = http.MethodGet
		}
		form = nil
	}
	b.at = p.URL
	doc, err := html.Parse(strings.NewReader(p.Body))
	p.doc = doc
	return p, err
}

type response struct {
	url    *url.URL
	status int
	header http.Header
	body   string
}

func (b *Browser) send(method, address string, form url.Values, from *url.URL, headers []string) (*response, error) {
	var body io.Reader
	if form != nil && method != http.MethodGet {
		body = strings.NewReader(form.Encode())
		if slices.Contains(headers, "Content-Type: "+multipart) {
			body = strings.NewReader(inParts(form))
		}
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, body)
	if err != nil {
		return nil, err
	}
	if form != nil && method == http.MethodGet {
		r.URL.RawQuery = form.Encode()
	}
	b.dress(r, from)
	for _, h := range append(slices.Clone(b.Headers), headers...) {
		k, v, _ := strings.Cut(h, ": ")
		if r.Header.Del(k); v != "" {
			r.Header.Set(k, v)
		}
	}
	for _, c := range b.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	resp, err := b.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	b.Jar.SetCookies(r.URL, resp.Cookies())
	return &response{url: r.URL, status: resp.StatusCode, header: resp.Header, body: string(data)}, nil
}

// The content type of a form that is sent in parts (RFC 7578), as those with
// files are.
const (
	boundary  = "0c9f5e1d"
	multipart = "multipart/form-data; boundary=" + boundary
)

func inParts(form url.Values) string {
	var b strings.Builder
	for name, list := range form {
		for _, value := range list {
			b.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n")
		}
	}
	return b.String() + "--" + boundary + "--\r\n"
}

// dress gives a request the headers that a browser gives it.
func (b *Browser) dress(r *http.Request, from *url.URL) {
	h := r.Header
	h.Set("User-Agent", b.UserAgent)
	h.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	h.Set("Accept-Language", b.Language)
	h.Set("Sec-Fetch-Mode", "navigate")
	h.Set("Sec-Fetch-Dest", "document")
	h.Set("Sec-Fetch-Site", site(from, r.URL))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		origin := "null"
		if from != nil {
			origin = from.Scheme + "://" + from.Host
		}
		h.Set("Origin", origin)
	}
}

// site is the value of Sec-Fetch-Site. Ports do not make a site.
func site(from, to *url.URL) string {
	switch {
	case from == nil:
		return "none"
	case from.Scheme == to.Scheme && from.Host == to.Host:
		return "same-origin"
	case from.Scheme == to.Scheme && from.Hostname() == to.Hostname():
		return "same-site"
	}
	return "cross-site"
}
