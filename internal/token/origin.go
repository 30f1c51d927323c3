package token

import (
	"net/url"
	"slices"
	"strings"

	"latchkey"
)

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
			add(originOf(client.ResolveURI(base, uri)))
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
