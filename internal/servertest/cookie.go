package servertest

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Jar keeps a browser's cookies as browsers do: by host, whatever the port,
// and until the test's clock says that they are over.
type Jar struct {
	// Off makes a browser that keeps no cookies.
	Off bool
	now func() time.Time

	mu   sync.Mutex
	kept []*kept
}

type kept struct {
	http.Cookie
	host string
	over time.Time // zero: with the browser
}

// SetCookies takes what an answer set.
func (j *Jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	if j.Off {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		if c.Secure && u.Scheme != "https" {
			continue // of no use to us: every server of a test speaks http
		}
		k := &kept{Cookie: *c, host: u.Hostname()}
		if k.Path == "" || k.Path[0] != '/' {
			k.Path = "/"
		}
		if c.MaxAge > 0 {
			k.over = j.now().Add(time.Duration(c.MaxAge) * time.Second)
		}
		list := j.kept[:0:0]
		for _, old := range j.kept {
			if old.host != k.host || old.Name != k.Name || old.Path != k.Path {
				list = append(list, old)
			}
		}
		if c.MaxAge >= 0 {
			list = append(list, k)
		}
		j.kept = list
	}
}

// Cookies gives what goes to the address.
func (j *Jar) Cookies(u *url.URL) []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []*http.Cookie
	for _, k := range j.kept {
		path := strings.TrimSuffix(k.Path, "/")
		under := u.Path == path || strings.HasPrefix(u.Path, path+"/") || path == ""
		if k.host == u.Hostname() && under && (k.over.IsZero() || j.now().Before(k.over)) {
			out = append(out, &http.Cookie{Name: k.Name, Value: k.Value})
		}
	}
	return out
}

// Get gives the value of a cookie by its name, of whatever host.
func (j *Jar) Get(name string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, k := range j.kept {
		if k.Name == name && (k.over.IsZero() || j.now().Before(k.over)) {
			return k.Value
		}
	}
	return ""
}

// Remove takes away every cookie whose name begins so; "" takes all.
func (j *Jar) Remove(prefix string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.kept[:0:0]
	for _, k := range j.kept {
		if !strings.HasPrefix(k.Name, prefix) {
			list = append(list, k)
		}
	}
	j.kept = list
}

// Copy makes a jar with the same cookies: what a thief of them has.
func (j *Jar) Copy() *Jar {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := &Jar{now: j.now}
	for _, k := range j.kept {
		one := *k
		out.kept = append(out.kept, &one)
	}
	return out
}

// Close closes the browser: cookies that have no age go.
func (j *Jar) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.kept[:0:0]
	for _, k := range j.kept {
		if !k.over.IsZero() {
			list = append(list, k)
		}
	}
	j.kept = list
}
