package latchkey

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ResolveURI makes a URI of a client absolute: one that begins with a slash
// lies below the client's root URL, or below base, the server's own address,
// when it has none. The placeholders ${authBaseUrl} and ${authAdminUrl} of
// Keycloak's own clients stand for base.
func (c *Client) ResolveURI(base, uri string) string {
	own := strings.NewReplacer("${authBaseUrl}", base, "${authAdminUrl}", base)
	uri = own.Replace(uri)
	if !strings.HasPrefix(uri, "/") {
		return uri
	}
	root := own.Replace(c.RootURL)
	if root == "" {
		root = base
	}
	return strings.TrimRight(root, "/") + uri
}

func (c *Client) resolveAll(base string, uris []string) []string {
	out := make([]string, len(uris))
	for i, u := range uris {
		out[i] = c.ResolveURI(base, u)
	}
	return out
}

// StartURL is where people begin in the application when no request of it
// waits: its initiate_login_uri with the issuer to sign in at (OpenID Connect
// Core 4), else its base URL, else its root URL; empty when it has none of
// them that is a web address.
func (c *Client) StartURL(base, issuer string) string {
	if u, ok := webURL(c.Attribute("initiate.login.uri")); ok {
		q := u.Query()
		q.Set("iss", issuer)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for _, own := range []string{c.BaseURL, c.RootURL} {
		if own == "" {
			continue
		}
		if u, ok := webURL(c.ResolveURI(base, own)); ok {
			return u.String()
		}
	}
	return ""
}

func webURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
	return u, ok
}

// AllowsRedirect says whether the application may be answered at uri: whether
// it is one of the client's redirect URIs. The rules:
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
// base is the server's own address, which relative URIs lie below.
func (c *Client) AllowsRedirect(uri, base string) bool {
	return c.allows(c.resolveAll(base, c.RedirectURIs), uri)
}

// AllowsPostLogout says whether people may go to uri after signing out. The
// match is that of [Client.AllowsRedirect].
func (c *Client) AllowsPostLogout(uri, base string) bool {
	return c.allows(c.postLogoutURIs(base), uri)
}

// postLogoutURIs gives where the client's people may go after signing out: its
// attribute post.logout.redirect.uris with "##" between values, where "+", as
// an empty one, stands for its redirect URIs and "-" for none (Keycloak).
func (c *Client) postLogoutURIs(base string) []string {
	attribute := c.Attribute("post.logout.redirect.uris")
	if attribute == "" {
		attribute = "+"
	}
	var uris []string
	for u := range strings.SplitSeq(attribute, "##") {
		switch u = strings.TrimSpace(u); u {
		case "", "-":
		case "+":
			uris = append(uris, c.RedirectURIs...)
		default:
			uris = append(uris, u)
		}
	}
	return c.resolveAll(base, uris)
}

func (c *Client) allows(registered []string, uri string) bool {
	asked, ok := parseRedirect(uri)
	if !ok {
		return false
	}
	for _, r := range registered {
		if matchRedirect(r, c.PublicClient, asked) {
			return true
		}
	}
	return false
}

// MaxRedirectURI is how long a redirect URI may be, in bytes: keycloak-js sends
// whole deep links.
const MaxRedirectURI = 4096

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
	if uri == "" || len(uri) > MaxRedirectURI || !visible(uri) {
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

// RegistrableRedirect says whether an application may register the URI by
// itself: one exact address, by https, by http on this machine
// (RFC 8252 7.3), or by a private scheme that is a domain's (RFC 8252 7.1),
// without a fragment and without Keycloak's "*".
func RegistrableRedirect(uri string) bool {
	if strings.ContainsAny(uri, "#*") {
		return false
	}
	asked, ok := parseRedirect(uri)
	if !ok || climbs(asked.url) {
		return false
	}
	switch scheme := strings.ToLower(asked.url.Scheme); scheme {
	case "https":
		return true
	case "http":
		return loopback(asked.url.Hostname())
	default:
		return strings.Contains(scheme, ".")
	}
}

// Loopback says whether a host name or address is this machine itself.
func Loopback(host string) bool { return loopback(host) }

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
