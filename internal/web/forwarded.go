package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// forwarded is what trusted proxies say of a request.
type forwarded struct {
	trusted bool // the peer is a trusted proxy
	ips     []string
	protos  []string
	hosts   []string
}

// forwarded reads the headers of the configured kind when the peer is a
// trusted proxy, and nothing else.
func (s *Site) forwarded(r *http.Request) forwarded {
	peer, ok := peerAddr(r)
	if !ok || !s.trusts(peer) {
		return forwarded{}
	}
	f := forwarded{trusted: true}
	if !s.Forwarded {
		f.ips = listHeader(r, "X-Forwarded-For")
		f.protos = listHeader(r, "X-Forwarded-Proto")
		f.hosts = listHeader(r, "X-Forwarded-Host")
		return f
	}
	for _, element := range splitOutsideQuotes(strings.Join(r.Header.Values("Forwarded"), ","), ',') {
		// An element without for= still stands for a hop.
		pairs := map[string]string{}
		for _, pair := range splitOutsideQuotes(element, ';') {
			k, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
			pairs[strings.ToLower(strings.TrimSpace(k))] = unquote(strings.TrimSpace(v))
		}
		f.ips = append(f.ips, pairs["for"])
		if v := pairs["proto"]; v != "" {
			f.protos = append(f.protos, v)
		}
		if v := pairs["host"]; v != "" {
			f.hosts = append(f.hosts, v)
		}
	}
	return f
}

// ClientIP is the address of whoever sent the request, without zone, IPv4 in
// its own form. Behind trusted proxies it is the nearest address in their chain
// that is none of them; what stands left of it may be a lie. Empty when
// the request has no address, as over a Unix socket.
func (s *Site) ClientIP(r *http.Request) string {
	ip, ok := peerAddr(r)
	if !ok {
		return ""
	}
	chain := s.forwarded(r).ips
	for i := len(chain) - 1; i >= 0 && s.trusts(ip); i-- {
		next, ok := parseHop(chain[i])
		if !ok {
			break // "unknown", an obfuscated name, or rubbish: nothing left of it counts
		}
		ip = next
	}
	return ip.String()
}

func (s *Site) trusts(ip netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func peerAddr(r *http.Request) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	return clean(ap.Addr()), true
}

func clean(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

// parseHop reads 192.0.2.1, 192.0.2.1:1234, 2001:db8::1, [2001:db8::1] and
// [2001:db8::1]:1234.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return clean(ip), true
	}
	host, _, err := net.SplitHostPort(s)
	if err != nil {
		return netip.Addr{}, false
	}
	ip, err := netip.ParseAddr(host)
	return clean(ip), err == nil
}

func listHeader(r *http.Request, name string) []string {
	var out []string
	for _, v := range r.Header.Values(name) {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// splitOutsideQuotes splits at sep where it does not stand in a quoted-string
// (RFC 9110 5.6.4).
func splitOutsideQuotes(s string, sep byte) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
