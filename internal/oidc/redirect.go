package oidc

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/token"
)

const maxRedirectURI = 4096 // bytes; keycloak-js sends whole deep links

// redirectAllowed says whether the application may be answered at uri: whether
// it is one of the registered URIs. The rules:
//
//   - text for text, after a fragment of the requested one was set aside
//     (keycloak-js sends the page's own address);
//   - a public client whose registered URI is http on loopback may come from
//     any port (RFC 8252 7.3);
//   - a registered URI that ends in "*" stands for all that begin with what is
//     before it, on the same scheme, host and port, and without a path that
//     could mean another (Keycloak's rule, kept for imported clients);
//   - "*" alone stands for any http or https URI, as in Keycloak.
//
// registered are resolved already, see [registered].
func redirectAllowed(registered []string, native bool, uri string) bool {
	asked, ok := parseRedirect(uri)
	if !ok {
		return false
	}
	for _, r := range registered {
		if matchRedirect(r, native, asked) {
			return true
		}
	}
	return false
}

// registered gives the client's redirect URIs with the relative ones made
// absolute.
func registered(client *latchkey.Client, base string, uris []string) []string {
	out := make([]string, len(uris))
	for i, u := range uris {
		out[i] = token.ResolveURI(client, base, u)
	}
	return out
}

// askedURI is a requested redirect URI that is well formed.
type askedURI struct {
	text string // without its fragment
	url  *url.URL
}

// dangerous are schemes that a browser runs or opens itself.
var dangerous = []string{"javascript", "data", "vbscript", "about", "blob", "file", "filesystem", "view-source", "ws", "wss"}

// answerParameters are what our answers say. A URI that has one already could
// make the application read it instead of ours.
var answerParameters = []string{"code", "state", "iss", "session_state", "error", "error_description", "id_token", "access_token", "response"}

// parseRedirect refuses what two readers could understand in two ways:
// anything but visible ASCII, backslashes, a user before the host, an odd host
// or port, a scheme that browsers run, parameters that only answers have.
func parseRedirect(uri string) (askedURI, bool) {
	if uri == "" || len(uri) > maxRedirectURI || !visible(uri) {
		return askedURI{}, false
	}
	text, _, _ := strings.Cut(uri, "#")
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.User != nil || slices.Contains(dangerous, strings.ToLower(u.Scheme)) {
		return askedURI{}, false
	}
	if web := u.Scheme == "http" || u.Scheme == "https"; web && (u.Hostname() == "" || u.Opaque != "") {
		return askedURI{}, false
	}
	if _, port, err := net.SplitHostPort(u.Host); err == nil && strings.Trim(port, "0123456789") != "" {
		return askedURI{}, false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return askedURI{}, false
	}
	for _, name := range answerParameters {
		if query.Has(name) {
			return askedURI{}, false
		}
	}
	return askedURI{text: text, url: u}, true
}

func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte("\\\"<>^`{|}", s[i]) >= 0 {
			return false
		}
	}
	return true
}

func matchRedirect(registered string, native bool, asked askedURI) bool {
	if registered == asked.text {
		return true
	}
	if prefix, wild := strings.CutSuffix(registered, "*"); wild {
		return matchWild(prefix, asked)
	}
	return native && matchLoopback(registered, asked)
}

// matchWild matches Keycloak's trailing "*": the same scheme, host and port,
// and a path below. Only on this machine may the port be what the star stands
// for ("http://localhost:*"), as developers' realms have it.
func matchWild(prefix string, asked askedURI) bool {
	u := asked.url
	web := u.Scheme == "http" || u.Scheme == "https"
	if prefix == "" {
		return web
	}
	below, err := url.Parse(prefix)
	if err != nil || below.Scheme != u.Scheme || strings.ContainsAny(prefix, "?*") || climbs(u) {
		return false
	}
	if web && below.Host != u.Host && (below.Path != "" || below.Hostname() != u.Hostname() || !loopback(u.Hostname())) {
		return false
	}
	path, _, _ := strings.Cut(asked.text, "?")
	return strings.HasPrefix(path, prefix) || path == strings.TrimSuffix(prefix, "/")
}

// climbs says that a path could mean one that it does not begin with: dots
// that climb, doubled or encoded slashes and dots, encoded controls.
func climbs(u *url.URL) bool {
	path := strings.ToLower(u.EscapedPath())
	for _, s := range []string{"/../", "/./", "//", "%2e", "%2f", "%5c", "%25", "%00", ";"} {
		if strings.Contains(path, s) {
			return true
		}
	}
	return strings.HasSuffix(path, "/..") || strings.HasSuffix(path, "/.")
}

// matchLoopback matches an http URI on this machine whatever its port.
func matchLoopback(registered string, asked askedURI) bool {
	r, err := url.Parse(registered)
	if err != nil || r.Scheme != "http" || !strings.HasPrefix(asked.text, "http://") || r.User != nil || r.Fragment != "" {
		return false
	}
	host := r.Hostname()
	if host != asked.url.Hostname() || !loopback(host) {
		return false
	}
	return r.EscapedPath() == asked.url.EscapedPath() && r.RawQuery == asked.url.RawQuery && r.ForceQuery == asked.url.ForceQuery
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || ip == netip.IPv6Loopback())
}

// postLogoutURIs gives where the client's people may go after signing out:
// its attribute post.logout.redirect.uris with "##" between values, where "+",
// as an empty one, stands for its redirect URIs and "-" for none (Keycloak).
func postLogoutURIs(client *latchkey.Client, base string) []string {
	attribute := client.Attribute("post.logout.redirect.uris")
	if attribute == "" {
		attribute = "+"
	}
	var uris []string
	for uri := range strings.SplitSeq(attribute, "##") {
		switch uri = strings.TrimSpace(uri); uri {
		case "", "-":
		case "+":
			uris = append(uris, client.RedirectURIs...)
		default:
			uris = append(uris, uri)
		}
	}
	return registered(client, base, uris)
}
