package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func site(t testing.TB, base string, proxies ...string) *Site {
	t.Helper()
	s, err := NewSite(base)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proxies {
		s.TrustedProxies = append(s.TrustedProxies, netip.MustParsePrefix(p))
	}
	return s
}

// clock moves one millisecond with every look at it.
func clock() func() time.Time {
	var looks atomic.Int64
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return func() time.Time { return start.Add(time.Duration(looks.Add(1)) * time.Millisecond) }
}

func ask(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	setHeaders(r, headers)
	return r
}

func post(target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	setHeaders(r, headers)
	return r
}

func setHeaders(r *http.Request, headers []string) {
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		switch k {
		case "Host":
			r.Host = v
		case "Remote":
			r.RemoteAddr = v
		default:
			r.Header.Add(k, v)
		}
	}
}
