package token

import (
	"net/url"
	"slices"
	"strings"

	"latchkey"
)

// ResolveURI makes a URI of a client absolute: one that begins with a slash
// lies below the client's root URL, or below base, the server's own address,
// when it has none. The placeholders ${authBaseUrl} and ${authAdminUrl} of
// Keycloak's own clients stand for base.
func ResolveURI(client *latchkey.Client, base, uri string) string {
	uri = strings.NewReplacer("${authBaseUrl}", base, "${authAdminUrl}", base).Replace(uri)
	if !strings.HasPrefix(uri, "/") {
		return uri
	}
	root := strings.NewReplacer("${authBaseUrl}", base, "${authAdminUrl}", base).Replace(client.RootURL)
	if root == "" {
		root = base
	}
	return strings.TrimRight(root, "/") + uri
}

// WebOrigins gives the origins that the client's pages are at; "+" stands for
// those of its redirect URIs, "*" for any.
func WebOrigins(client *latchkey.Client, base string) []string {
	var out []string
	add := func(o string) {
		if o != "" && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	for _, o := range client.WebOrigins {
		if o != "+" {
			add(strings.TrimRight(o, "/"))
			continue
		}
		for _, uri := range client.RedirectURIs {
			add(originOf(ResolveURI(client, base, uri)))
		}
	}
	return out
}

// originOf gives scheme and host of an http(s) URI; empty for any other.
func originOf(uri string) string {
	u, err := url.Parse(strings.TrimSuffix(uri, "*"))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
