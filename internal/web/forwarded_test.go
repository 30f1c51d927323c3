package web

import (
	"net/netip"
	"strings"
	"testing"
)

// forwarded headers count only when a trusted proxy sent them.
func TestClientIP(t *testing.T) {
	const proxy, stranger = "Remote: 10.0.0.1:4711", "Remote: 203.0.113.9:4711"
	tests := []struct {
		name      string
		forwarded bool
		headers   []string
		want      string
	}{
		{"no proxy", false, []string{stranger}, "203.0.113.9"},
		{"a stranger's lie", false, []string{stranger, "X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4", "X-Real-IP: 1.2.3.4"}, "203.0.113.9"},
		{"proxy says", false, []string{proxy, "X-Forwarded-For: 198.51.100.7"}, "198.51.100.7"},
		{"proxy says nothing", false, []string{proxy}, "10.0.0.1"},
		{"a lie before the truth", false, []string{proxy, "X-Forwarded-For: 1.2.3.4, 198.51.100.7"}, "198.51.100.7"},
		{"in two headers", false, []string{proxy, "X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 198.51.100.7"}, "198.51.100.7"},
		{"two proxies", false, []string{proxy, "X-Forwarded-For: 1.2.3.4, 198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		{"only proxies", false, []string{proxy, "X-Forwarded-For: 10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"rubbish", false, []string{proxy, "X-Forwarded-For: 1.2.3.4, evil, 10.0.0.2"}, "10.0.0.2"},
		{"the other kind", false, []string{proxy, "Forwarded: for=1.2.3.4"}, "10.0.0.1"},
		{"with port", false, []string{proxy, "X-Forwarded-For: 198.51.100.7:99"}, "198.51.100.7"},
		{"IPv6", false, []string{proxy, "X-Forwarded-For: [2001:db8::7]:99"}, "2001:db8::7"},
		{"v4-mapped", false, []string{"Remote: [::ffff:10.0.0.1]:1", "X-Forwarded-For: ::ffff:198.51.100.7"}, "198.51.100.7"},
		{"zone", false, []string{"Remote: [fe80::1%eth0]:1"}, "fe80::1"},
		{"no address", false, []string{"Remote: @"}, ""},
		{"RFC 7239", true, []string{proxy, `Forwarded: for=1.2.3.4, For="[2001:db8::7]:99";proto=https;by=10.0.0.1`}, "2001:db8::7"},
		{"RFC 7239, the other kind", true, []string{proxy, "X-Forwarded-For: 1.2.3.4"}, "10.0.0.1"},
		{"RFC 7239, unknown", true, []string{proxy, "Forwarded: for=1.2.3.4, for=unknown"}, "10.0.0.1"},
		{"RFC 7239, hop without for", true, []string{proxy, "Forwarded: for=1.2.3.4, proto=https"}, "10.0.0.1"},
		{"RFC 7239, comma in quotes", true, []string{proxy, `Forwarded: for=1.2.3.4;x="a,for=5.6.7.8"`}, "1.2.3.4"},
		{"RFC 7239, quoted quote", true, []string{proxy, `Forwarded: x="a\",b";for=1.2.3.4`}, "1.2.3.4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := site(t, "https://id.example.test", "10.0.0.0/8")
			s.Forwarded = tt.forwarded
			if got := s.ClientIP(ask("GET", "/", tt.headers...)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzClientIP(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.2", false)
	f.Add(`for="[::1]";proto=https, for=x`, true)
	f.Add(`for="\`, true)
	f.Add(",,,", false)
	f.Add("::ffff:1.2.3.4%eth0", false)
	f.Fuzz(func(t *testing.T, header string, kind bool) {
		s := site(t, "https://id.example.test", "10.0.0.0/8")
		s.Forwarded = kind
		r := ask("GET", "/", "Remote: 10.0.0.1:1")
		r.Header["X-Forwarded-For"] = []string{header}
		r.Header["X-Forwarded-Proto"] = []string{header}
		r.Header["Forwarded"] = []string{header}
		ip, err := netip.ParseAddr(s.ClientIP(r))
		if err != nil || ip.Zone() != "" || ip.Is4In6() {
			t.Fatalf("%v, %v", ip, err)
		}
		s.forwarded(r)
		if ip != netip.MustParseAddr("10.0.0.1") && !strings.ContainsAny(header, "0123456789abcdefABCDEF:") {
			t.Fatalf("%v came from nowhere", ip)
		}
		r.RemoteAddr = "203.0.113.9:1" // whatever a stranger says counts for nothing
		if got := s.ClientIP(r); got != "203.0.113.9" {
			t.Fatalf("a stranger became %s", got)
		}
	})
}
