package outbound

import (
	"net/netip"
	"strconv"
	"strings"

	"latchkey"
)

// Purpose is what a call is for.
type Purpose string

// The purposes of calls.
const (
	PurposeKeys   Purpose = "jwks"               // key sets of clients
	PurposeLogout Purpose = "backchannel-logout" // logout endpoints of clients
	// PurposeMetadata is reading what an identity provider says of itself, for an
	// administrator who names its address.
	PurposeMetadata Purpose = "metadata"
)

var purposes = []Purpose{PurposeKeys, PurposeLogout, PurposeMetadata}

// Allowance is what an operator allows besides https on port 443 of public
// addresses: one host or network, at one port, by https or by http.
type Allowance struct {
	Purpose Purpose      // empty: every purpose
	Plain   bool         // http instead of https
	Host    string       // a name in lower case; empty: Network counts
	Network netip.Prefix // of addresses, whatever name led to them
	Port    uint16
}

// ParseAllowance reads an allowance as it is configured:
// [PURPOSE=][http://]HOST-OR-NETWORK[:PORT], as in 10.0.0.0/8,
// app.internal:8443, [fd00::/8]:8443 or
// backchannel-logout=http://app.internal:3000.
func ParseAllowance(text string) (Allowance, error) {
	wrong := latchkey.Invalid("outbound-allow", "%q is no address that calls may go to. It has the form 10.0.0.0/8, app.internal:8443, "+
		"[fd00::/8]:8443 or backchannel-logout=http://app.internal:3000; what stands before = is jwks, backchannel-logout or metadata.", text)
	a := Allowance{Port: 443}
	rest := strings.TrimSpace(text)
	if purpose, after, ok := strings.Cut(rest, "="); ok {
		a.Purpose, rest = Purpose(purpose), after
		known := false
		for _, p := range purposes {
			known = known || p == a.Purpose
		}
		if !known {
			return Allowance{}, wrong
		}
	}
	rest = strings.ToLower(rest)
	if after, ok := strings.CutPrefix(rest, "http://"); ok {
		a.Plain, a.Port, rest = true, 80, after
	} else {
		rest = strings.TrimPrefix(rest, "https://")
	}
	host, port := splitPort(rest)
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Allowance{}, wrong
		}
		a.Port = uint16(n)
	}
	if p, err := netip.ParsePrefix(host); err == nil {
		if p.Addr().Is4In6() || p.Bits() == 0 {
			return Allowance{}, wrong
		}
		a.Network = p.Masked()
		return a, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		a.Network = netip.PrefixFrom(ip, ip.BitLen())
		return a, nil
	}
	if !hostName(host) {
		return Allowance{}, wrong
	}
	a.Host = host
	return a, nil
}

// splitPort cuts the port off, where there is one: behind brackets, or behind
// the only colon.
func splitPort(s string) (host, port string) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		host, after, closed := strings.Cut(inner, "]")
		if !closed || (after != "" && (after[0] != ':' || after == ":")) {
			return "", ""
		}
		return host, strings.TrimPrefix(after, ":")
	}
	if host, port, ok := strings.Cut(s, ":"); ok && port != "" && !strings.Contains(port, ":") {
		return host, port
	}
	return s, ""
}

// hostName says whether the text is a plain name of a host: labels of letters,
// digits and hyphens, in ASCII. A name that ends in a label of digits, or in
// 0x, is no name: some would read it as an address (WHATWG URL 3.5).
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	last := strings.ToLower(labels[len(labels)-1])
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}
