package realm

import (
	"net/url"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
)

// clientNumbers are the attributes of a client that are whole numbers:
// lifespans in seconds, and times.
var clientNumbers = []string{"access.token.lifespan", "client.session.idle.timeout", "client.session.max.lifespan",
	"client.offline.session.idle.timeout", "client.offline.session.max.lifespan", "default.max.age"}

// checkChange refuses new values of a client that mean nothing: an import keeps
// them, and what is there already may be given back as it is. Before is nil for
// a new client.
func checkChange(snap *latchkey.Snapshot, before, c *latchkey.Client) error {
	if before == nil {
		before = &latchkey.Client{}
	}
	var faults []error
	for _, u := range representation.ClientURLs {
		if text := u.Of(c); text != u.Of(before) && !isURL(c, text) {
			faults = append(faults, latchkey.Invalid(u.Field, "%s is not a valid URL", u.Name))
		}
	}
	if c.RootURL != before.RootURL && strings.Contains(c.RootURL, "#") {
		faults = append(faults, latchkey.Invalid("rootUrl", "Root URL must not contain an URL fragment"))
	}
	for _, name := range clientNumbers {
		value := c.Attribute(name)
		if value == "" || value == before.Attribute(name) {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 32); err != nil || n < -1 { // -1: the realm's, as consoles write it
			faults = append(faults, latchkey.Invalid("attributes."+name, "Expected a whole number."))
		}
	}
	for _, kind := range []string{"browser", "direct_grant"} {
		id := c.FlowBindings[kind]
		if f := snap.Flow(id); f != nil && id != before.FlowBindings[kind] && !latchkey.CanBind(kind, f) {
			faults = append(faults, latchkey.Invalid("authenticationFlowBindingOverrides."+kind, "%s", latchkey.WhyNotBound(kind, f)))
		}
	}
	return representation.Join(faults...)
}

// isURL says whether an address, after the variables of Keycloak and the root
// URL have been put in, is a whole one.
func isURL(c *latchkey.Client, text string) bool {
	const server = "https://server.invalid"
	whole := strings.NewReplacer("${authBaseUrl}", server, "${authAdminUrl}", server).Replace(strings.TrimSpace(text))
	switch {
	case whole == "":
		return true
	case strings.HasPrefix(whole, "/"):
		whole = server + whole // below the root URL, or below this server
	}
	if text != c.RootURL {
		whole = strings.Replace(whole, "${rootUrl}", server, 1)
	}
	u, err := url.Parse(whole)
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "" || u.Path != "")
}
