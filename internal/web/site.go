package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"latchkey"
)

// Site is where this server is, by configuration and never by what a request
// says.
type Site struct {
	// Base is the configured address: scheme, host, and a path when the server
	// lives below one; without a slash at the end.
	Base *url.URL
	// TrustedProxies are the networks whose forwarded headers are believed.
	TrustedProxies []netip.Prefix
	// Forwarded says that the proxies speak RFC 7239's Forwarded. Else they
	// speak X-Forwarded-For, -Proto and -Host. Only the chosen kind is read: a
	// proxy passes the other kind on as the client sent it.
	Forwarded bool
}

// NewSite makes a Site from the configured address. It refuses what cannot be
// a base: another scheme than http or https, no host, a query, a fragment or a
// user.
func NewSite(base string) (*Site, error) {
	u, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		return nil, latchkey.Invalid("hostname", "The hostname is a whole address such as https://id.example.com.")
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.ContainsAny(base, "?#@") {
		return nil, latchkey.Invalid("hostname", "The hostname is an address without user, query or fragment, such as https://id.example.com.")
	}
	u.Host = normalHost(u.Host, u.Scheme)
	return &Site{Base: u}, nil
}

// URL joins Base and the parts with one slash between them. The parts are taken
// as they are; they may have slashes, and the last one a query.
func (s *Site) URL(parts ...string) string { return join(s.Base.String(), parts) }

// Path is the path part of [Site.URL]: for links within our own pages and for
// the Path of forms.
func (s *Site) Path(parts ...string) string { return join(s.Base.Path, parts) }

func join(base string, parts []string) string {
	var b strings.Builder
	b.WriteString(strings.TrimRight(base, "/"))
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(strings.TrimPrefix(p, "/"))
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

// Issuer is the OpenID issuer of a realm.
func (s *Site) Issuer(realm string) string { return s.URL("realms", realm) }

// RealmURL is an address below the realm's issuer.
func (s *Site) RealmURL(realm, path string) string { return s.URL("realms", realm, path) }

// Secure says whether people reach the server by https.
func (s *Site) Secure() bool { return s.Base.Scheme == "https" }

// Loopback says whether the configured host is this machine's own: then plain
// http is allowed.
func (s *Site) Loopback() bool { return IsLoopback(s.Base.Hostname()) }

// IsLoopback says whether a host name or address is always this machine:
// localhost and names below it (RFC 6761), 127.0.0.0/8, ::1.
func IsLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// normalHost is the host in lower case, without a dot at its end and without
// the scheme's own port.
func normalHost(host, scheme string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.Trim(host, "[]"), ""
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if (scheme == "http" && port == "80") || (scheme == "https" && port == "443") {
		port = ""
	}
	if port != "" {
		return net.JoinHostPort(name, port)
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

// admit checks that a request came to the configured address. It answers what
// did not, and says whether to go on.
func (s *Site) admit(w http.ResponseWriter, r *http.Request, class Class) (ok bool, err error) {
	fwd := s.forwarded(r)
	here := normalHost(r.Host, s.Base.Scheme) == s.Base.Host
	for _, h := range fwd.hosts {
		here = here || normalHost(h, s.Base.Scheme) == s.Base.Host
	}
	navigates := (r.Method == http.MethodGet || r.Method == http.MethodHead) && class != ClassJSON
	switch {
	case here && s.Secure() && plain(r, fwd):
		if navigates {
			return false, s.redirectHere(w, r)
		}
		return false, &Failure{Status: http.StatusForbidden, Code: latchkey.CodeForbidden,
			Message: "This address answers over https only: " + s.URL()}
	case here:
		return true, nil
	case s.Loopback() && IsLoopback(hostname(r.Host)):
		// Another name of this machine. A page would lose its cookies there; a
		// program is served, since nothing in its answer depends on the host.
		if class == ClassJSON {
			return true, nil
		}
		if navigates {
			return false, s.redirectHere(w, r)
		}
	}
	return false, &Failure{Status: http.StatusMisdirectedRequest, Code: latchkey.CodeInvalid,
		Message: "This server answers at " + s.URL() + " only. Open that address, or have the proxy pass the host on."}
}

// plain says that the request came without TLS: neither to us nor, as far as a
// trusted proxy says, to it.
func plain(r *http.Request, fwd forwarded) bool {
	if r.TLS != nil {
		return false
	}
	if !fwd.trusted {
		return true
	}
	return len(fwd.protos) > 0 && !contains(fwd.protos, "https")
}

func contains(list []string, want string) bool {
	for _, v := range list {
		if strings.EqualFold(v, want) {
			return true
		}
	}
	return false
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// redirectHere sends to the same path at the configured address.
func (s *Site) redirectHere(w http.ResponseWriter, r *http.Request) error {
	target := *r.URL
	target.Scheme, target.Host, target.User = s.Base.Scheme, s.Base.Host, nil
	return Redirect(w, r, target.String())
}
