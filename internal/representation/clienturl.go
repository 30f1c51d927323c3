package representation

import (
	"net/url"
	"slices"
	"strings"

	"latchkey"
)

// ClientURL is an address among what is said of a client.
type ClientURL struct {
	Field string // rootUrl, attributes.logoUri, ...
	Name  string // what Keycloak's sentences call it
	Of    func(*latchkey.Client) string
}

// ClientURLs are the addresses that browsers, or this server, are sent to.
var ClientURLs = []ClientURL{
	{"rootUrl", "Root URL", func(c *latchkey.Client) string { return c.RootURL }},
	{"baseUrl", "Base URL", func(c *latchkey.Client) string { return c.BaseURL }},
	{"adminUrl", "Admin URL", func(c *latchkey.Client) string { return c.AdminURL }},
	urlAttribute("logoUri", "Logo URL"),
	urlAttribute("policyUri", "Policy URL"),
	urlAttribute("tosUri", "Terms of service URL"),
	urlAttribute(latchkey.AttributeBackchannelURL, "Backchannel logout URL"),
	urlAttribute("frontchannel.logout.url", "Front-channel logout URL"),
	urlAttribute("jwks.url", "JWKS URL"),
	urlAttribute("initiate.login.uri", "Initiate login URL"),
}

func urlAttribute(key, name string) ClientURL {
	return ClientURL{join("attributes", key), name, func(c *latchkey.Client) string { return c.Attribute(key) }}
}

// NamesURL says whether errors with the field say themselves which address of a
// client they are about.
func NamesURL(field string) bool {
	return field == "redirectUris" || slices.ContainsFunc(ClientURLs, func(u ClientURL) bool { return u.Field == field })
}

// checkURLs refuses addresses that are none, and those that run script: they
// come to be links on pages.
func (r *Client) checkURLs() error {
	given := &latchkey.Client{RootURL: Value(r.RootURL), BaseURL: Value(r.BaseURL), AdminURL: Value(r.AdminURL), Attributes: r.Attributes}
	var faults []error
	for _, one := range ClientURLs {
		u, err := url.Parse(strings.TrimSpace(one.Of(given)))
		switch {
		case err != nil:
			faults = append(faults, latchkey.Invalid(one.Field, "%s is not a valid URL", one.Name))
		case RunsScript(u.Scheme):
			faults = append(faults, latchkey.Invalid(one.Field, "%s uses an illegal scheme", one.Name))
		}
	}
	return Join(faults...)
}
